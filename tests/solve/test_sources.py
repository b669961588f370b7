"""Planning builds nothing: what has no wheel is offered by its metadata, judged by the wheels that its project has."""

import io
import tarfile

from solve_support import need, only, registry, template

from podfit.index import Index
from podfit.model import Bound, Evidence, EvidenceKind
from podfit.model.steps import finish
from podfit.solve import Uv, solve_overlay
from podfit.solve.ahead import read_ahead
from podfit.solve.answer import Refusal
from podfit.solve.said import asked_for
from podfit.solve.sources import MOST_OFFERS, Sources


def _sdist(directory, name, version, *, info="", pyproject="", setup="exec('raise SystemExit(1)')", more=()):
    directory.mkdir(parents=True, exist_ok=True)
    stem = f"{name}-{version}"
    files = {
        "PKG-INFO": info or f"Metadata-Version: 1.2\nName: {name}\nVersion: {version}\n",
        "pyproject.toml": pyproject,
        "setup.py": f"open({str(directory / 'RAN')!r}, 'w')\n{setup}\n",
        **(more if isinstance(more, dict) else dict.fromkeys(more, "")),
    }
    with tarfile.open(directory / f"{stem}.tar.gz", "w:gz") as archive:
        for path, text in files.items():
            data = text.encode()
            member = tarfile.TarInfo(f"{stem}/{path}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))


def _other_python(directory, name, version):
    """A wheel for another Python alone."""
    path = registry(directory, {(name, version): []}) / f"{name}-{version}-py3-none-any.whl"
    path.rename(directory / f"{name}-{version}-cp38-cp38-manylinux_2_17_x86_64.whl")


def _solve(tmp_path, needs, **more):
    wheels = more.pop("wheels", tmp_path) / "wheels"
    pod = template(more.pop("pins", {}))
    index = Index([], find_links=[str(wheels)], cache=tmp_path / "cache")
    overlay = solve_overlay(
        pod,
        needs,
        Uv(tmp_path / "cache"),
        held=(),
        preferences=more.pop("preferences", {}),
        index_arguments=only(wheels),
        bounds=more.pop("bounds", ()),
        anchors=[name for name in pod.distributions if name == "numpy"],
        sources=Sources(index, pod, tmp_path / "cache", **more),
    )
    assert not (wheels / "RAN").exists()
    return overlay


STATIC = "Metadata-Version: 2.2\nName: {0}\nVersion: {1}\nRequires-Dist: six\n"


def test_a_release_without_a_wheel_resolves_by_its_final_metadata_and_is_a_source_build(tmp_path):
    wheels = registry(tmp_path / "wheels", {("six", "1.0"): []})
    _sdist(wheels, "old", "1.0", info=STATIC.format("old", "1.0"))
    overlay = _solve(tmp_path, [need("old")])
    assert {name: package.version for name, package in overlay.packages.items()} == {"old": "1.0", "six": "1.0"}
    (build,) = overlay.builds
    assert (build.name, build.chance, build.requires_dist) == ("old", "likely", ("six",))
    assert "nothing in it is compiled" in build.reason
    assert [(file.kind, file.filename) for file in overlay.packages["old"].artefacts] == [("sdist", "old-1.0.tar.gz")]


def test_a_version_with_a_wheel_is_preferred_to_the_laptops_that_has_none(tmp_path):
    wheels = registry(tmp_path / "wheels", {("app", "1.0"): []})
    _sdist(wheels, "app", "2.0")
    overlay = _solve(tmp_path, [need("app")], preferences={"app": "2.0"})
    assert (overlay.packages["app"].version, overlay.builds) == ("1.0", ())


def test_an_exact_pin_asks_for_the_source_and_hears_what_has_a_wheel(tmp_path):
    wheels = registry(tmp_path / "wheels", {("app", "1.0"): ["six"], ("six", "1.0"): []})
    _sdist(wheels, "app", "2.0")
    overlay = _solve(tmp_path, [need("app", "==2.0")])
    (build,) = overlay.builds
    assert (build.version, build.chance, build.with_wheel) == ("2.0", "likely", "1.0")
    assert build.requires_dist == ("six",)
    assert "taken to require what 1.0 requires" in build.evidence.detail
    assert "six" in overlay.packages


def test_an_early_release_is_not_offered_instead_of_a_final_one(tmp_path):
    wheels = registry(tmp_path / "wheels", {("app", "1.0.dev5"): []})
    _sdist(wheels, "app", "2.0")
    (build,) = _solve(tmp_path, [need("app", "==2.0")]).builds
    assert build.with_wheel == ""


def test_a_source_older_than_its_projects_wheels_for_this_python_is_a_conflict_that_says_what_has_one(tmp_path):
    wheels = registry(tmp_path / "wheels", {("num", "2.0"): []})
    _other_python(wheels, "num", "1.0")
    _sdist(wheels, "num", "1.0")
    overlay = _solve(tmp_path, [need("num", "<2")])
    (refused,) = overlay.refused
    assert (refused.name, refused.fitting) == ("num", "2.0")
    assert "num 1.0 has no wheel for Python 3.11, only for others" in refused.message
    assert "2.0 is the nearest with a wheel" in refused.message


def test_what_only_a_dependency_needs_is_offered_too(tmp_path):
    wheels = registry(tmp_path / "wheels", {("app", "1.0"): ["deep>=1,<2"], ("deep", "2.0"): []})
    _sdist(wheels, "deep", "1.5")
    overlay = _solve(tmp_path, [need("app")])
    assert [(build.name, build.version) for build in overlay.builds] == [("deep", "1.5")]
    assert not overlay.refused


def _stated(wheels, name, versions, *lines):
    for version in versions:
        told = "".join(f"Requires-Dist: {line}\n" for line in lines)
        _sdist(wheels, name, version, info=f"Metadata-Version: 2.2\nName: {name}\nVersion: {version}\n{told}")


def test_a_metapackage_means_its_own_version_of_what_has_no_wheel(tmp_path):
    wheels = registry(tmp_path / "wheels", {("app", "1.0"): ["meta==1.5"]})
    _stated(wheels, "meta", ["1.5", "2.0"], "part")
    _stated(wheels, "part", ["1.0", "1.5", "2.0"])
    overlay = _solve(tmp_path, [need("app")])
    assert {build.name: build.version for build in overlay.builds} == {"meta": "1.5", "part": "1.5"}


def _begun(monkeypatch):
    """Count what uv is asked before anybody waits for it, and what of that is left: needs and what is assumed."""
    begun, left = [], []
    begin, leave = Uv.begin, Uv.leave
    monkeypatch.setattr(Uv, "begin", lambda uv, one, after=0.0: (begun.append(one), begin(uv, one, after))[1])
    monkeypatch.setattr(Uv, "leave", lambda uv, every: (left.extend(every), leave(uv, every))[1])
    return begun, left


def test_the_resolver_begins_before_all_that_is_likely_was_read(tmp_path, monkeypatch):
    registry(tmp_path / "wheels", {("app", "1.0"): ["one"], ("one", "1.0"): ["two"], ("two", "1.0"): []})
    begun, left = _begun(monkeypatch)
    assert set(_solve(tmp_path, [need("app")]).packages) == {"app", "one", "two"}
    assert len({question.key() for question in begun if "app==1.0" in question.constraints}) == 1
    assert left == []


def test_what_has_no_wheel_far_down_is_known_before_the_answer_counts(tmp_path, monkeypatch):
    wheels = registry(tmp_path / "wheels", {("app", "1.0"): ["one"], ("one", "1.0"): ["two"], ("two", "1.0"): ["deep"]})
    _sdist(wheels, "deep", "1.5", info=STATIC.format("deep", "1.5"))
    registry(wheels, {("six", "1.0"): []})
    begun, left = _begun(monkeypatch)
    overlay = _solve(tmp_path, [need("app")])
    assert [(build.name, build.version) for build in overlay.builds] == [("deep", "1.5")]
    assert left
    assert {question.assumed for question in left} == {None}
    assert {question.assumed for question in begun if question not in left} != {None}


def test_what_follows_a_refusal_begins_beside_the_question_and_is_left_where_none_comes(tmp_path, monkeypatch):
    registry(tmp_path / "wheels", {("app", "1.0"): ["one>=2"], ("one", "2.0"): [], ("one", "1.0"): []})
    begun, left = _begun(monkeypatch)
    # the question without pins: it begins beside the first, and is what is asked after the refusal
    overlay = _solve(tmp_path / "refused", [need("app"), need("one", "<2")], pins={"two": ("1.0", [])}, wheels=tmp_path)
    assert overlay.refused
    bare = {one.key() for one in begun if not any(line.startswith("two") for line in one.constraints)}
    assert bare - {one.key() for one in left}
    begun.clear()
    left.clear()
    assert "app" in _solve(tmp_path / "had", [need("app")], pins={"two": ("1.0", [])}, wheels=tmp_path).packages
    bare = {one.key() for one in begun if not any(line.startswith("two") for line in one.constraints)}
    assert bare <= {one.key() for one in left}


class _Seeking:
    """Stands in for the server that shows indexes: what it is told to seek, read at once."""

    def __init__(self, index):
        self.index = index
        self.sought = {}

    def seek(self, name, files, enough):
        read = self.sought[name] = []
        for file in files():
            read.append(file.filename.split("-")[1])
            if enough(self.index.metadata_of(file, name)):
                break


def test_whether_a_pin_leaves_room_for_something_newer_the_index_tells(tmp_path):
    wheels = registry(tmp_path / "wheels", {("app", version): [] for version in ("1.0", "1.1", "2.0")})
    pod = template({})
    sources = Sources(Index([], find_links=[str(wheels)], cache=tmp_path / "cache"), pod, tmp_path / "cache")
    asked = (("1.0", "==1.0"), ("1.0", "==1.*"), ("1.1", "==1.*,!=3"), ("2.0", ">=1"), ("2.0", ""))
    found = [finish(sources.may_be_newer("app", *each)) for each in asked]
    assert found == [False, True, False, True, True]


def test_of_what_stands_against_a_pin_older_releases_are_sought_until_one_goes_with_it(tmp_path):
    wheels = registry(
        tmp_path / "wheels",
        {
            ("app", "1.0"): ["part>=1", "lock>=9"],
            ("part", "2.2"): ["lock>=4"],
            ("part", "2.1"): ["lock>=3"],
            ("part", "2.0"): ["lock>=2; python_version > '3'"],
            ("part", "1.0"): [],
            ("part", "0.9"): [],
        },
    )
    pod = template({"lock": ("1.0", []), "free": ("1.0", [])})
    index = Index([], find_links=[str(wheels)], cache=tmp_path / "cache")
    sources = Sources(index, pod, tmp_path / "cache")
    seeking = _Seeking(index)

    def foreseen():
        yield from ()
        return {"lock": "1.0"}

    finish(read_ahead(sources, pod, {"app": "1.0"}, {}, {"app": ("",)}, foreseen, seeking))
    assert seeking.sought == {"part": ["2.2", "2.1", "2.0"]}, "the need itself has its version; markers are not read"


def _parsers(tmp_path):
    """A package of which every release in question needs a parser that is published as source alone."""
    wheels = registry(
        tmp_path / "wheels",
        {
            ("app", "1.0"): [],
            ("app", "1.3.2"): ["parser==4.9.*"],
            ("app", "1.4.0rc1"): ["parser>=4.11", "conf>=2.4.0rc1"],
            ("parser", "4.11"): [],
            ("conf", "2.3"): [],
            ("conf", "2.4.0rc1"): [],
        },
    )
    _sdist(wheels, "parser", "4.9.3")


def test_no_pre_release_is_taken_for_want_of_a_wheel_elsewhere(tmp_path):
    _parsers(tmp_path)
    overlay = _solve(tmp_path, [need("app", ">=1.3")])
    assert {n: p.version for n, p in overlay.packages.items()} == {"app": "1.3.2", "parser": "4.9.3"}
    assert [(build.name, build.chance) for build in overlay.builds] == [("parser", "likely")]


def test_no_old_release_is_taken_for_want_of_a_wheel_elsewhere(tmp_path):
    _parsers(tmp_path)
    assert _solve(tmp_path, [need("app")]).packages["app"].version == "1.3.2"


def test_the_tested_version_stays_when_a_dependency_of_it_is_likely_to_build(tmp_path):
    _parsers(tmp_path)
    registry(tmp_path / "wheels", {("app", "1.5"): []})
    assert _solve(tmp_path, [need("app")], preferences={"app": "1.3.2"}).packages["app"].version == "1.3.2"
    assert _solve(tmp_path, [need("app")]).packages["app"].version == "1.5"


def test_a_pre_release_is_taken_where_it_is_asked_for_and_where_there_is_nothing_else(tmp_path):
    _parsers(tmp_path)
    asked = _solve(tmp_path, [need("app", ">=1.4.0rc1")])
    assert (asked.packages["app"].version, asked.packages["conf"].version) == ("1.4.0rc1", "2.4.0rc1")
    registry(tmp_path / "wheels", {("beta", "0.5b0"): []})
    assert _solve(tmp_path, [need("beta")]).packages["beta"].version == "0.5b0"


def test_a_pre_release_that_a_final_release_asks_for_stays(tmp_path):
    registry(tmp_path / "wheels", {("sdk", "1.0"): ["api==2.0b1"], ("api", "2.0b1"): [], ("api", "1.0"): []})
    assert _solve(tmp_path, [need("sdk")]).packages["api"].version == "2.0b1"


def test_a_pre_release_stays_where_no_final_one_can_be_had(tmp_path):
    wheels = registry(tmp_path / "wheels", {("app", "2.0b1"): [], ("app", "1.0"): ["gone>=9"], ("gone", "1.0"): []})
    assert wheels.is_dir()
    assert _solve(tmp_path, [need("app")]).packages["app"].version == "2.0b1"


def test_a_pre_release_is_not_taken_where_what_was_learned_keeps_out_the_final_ones(tmp_path):
    registry(tmp_path / "wheels", {("app", "2.0b1"): [], ("app", "1.0"): [], ("app", "0.9"): [], ("tool", "1.0"): []})
    seen = Evidence(EvidenceKind.BINARY, "app 1.0", "raises with Python 3.11")
    overlay = _solve(tmp_path, [need("app"), need("tool")], bounds=[Bound("app", "app 1.0 raises", seen, ">1.0")])
    assert (set(overlay.packages), [refused.name for refused in overlay.refused]) == ({"tool"}, ["app"])
    asked = _solve(tmp_path, [need("app", ">=2.0b1")], bounds=[Bound("app", "app 1.0 raises", seen, ">1.0")])
    assert asked.packages["app"].version == "2.0b1"


def test_a_pre_release_that_final_ones_left_behind_is_not_taken_where_none_of_them_can_be_had(tmp_path):
    releases = {("app", "0.0.0.dev0"): [], ("app", "1.0"): ["gone>=9"], ("gone", "1.0"): [], ("tool", "1.0"): []}
    registry(tmp_path / "wheels", releases)
    overlay = _solve(tmp_path, [need("app"), need("tool")])
    assert set(overlay.packages) == {"tool"}
    (refused,) = overlay.refused
    assert refused.name == "app"
    assert "gone" in refused.message


def test_a_source_release_that_cannot_build_on_this_python_is_a_conflict(tmp_path):
    wheels = registry(tmp_path / "wheels", {("app", "2.0"): []})
    _sdist(wheels, "app", "1.0", setup="print 'Python 2'")
    (refused,) = _solve(tmp_path, [need("app", "<2")]).refused
    assert "app 1.0 has no wheel for Python 3.11 and will not build there: " in refused.message
    assert "its setup.py is not Python 3" in refused.message
    assert "2.0 is the nearest with a wheel" in refused.message
    assert refused.fitting == "2.0"


def test_what_is_compiled_and_imported_by_a_build_is_named_and_never_a_silent_fit(tmp_path):
    wheels = tmp_path / "wheels"
    setup = "import torch\nfrom torch.utils.cpp_extension import CUDAExtension"
    _sdist(wheels, "attn", "1.0", info=STATIC.format("attn", "1.0"), setup=setup, more=("csrc/a.cpp", "csrc/b.cu"))
    registry(wheels, {("six", "1.0"): []})
    (build,) = _solve(tmp_path, [need("attn")]).builds
    assert (build.chance, build.hidden, build.requires_dist) == ("unknown", ("torch",), ("six",))
    assert "it needs torch while it is built" in build.reason
    assert "--no-build-isolation on the pod" in build.reason
    assert "compiles C++ and CUDA and needs a C++ compiler and CUDA's compiler nvcc" in build.reason
    assert [ground.source for ground in build.grounds] == ["attn-1.0.tar.gz"]


def test_a_source_distribution_that_raises_as_it_is_imported_is_a_placeholder(tmp_path):
    wheels = registry(tmp_path / "wheels", {("six", "1.0"): []})
    _sdist(wheels, "empty", "0.1", more={"empty/__init__.py": "raise ImportError('see https://x.example')\n"})
    _sdist(wheels, "full", "0.1", more={"full/tests/__init__.py": "raise ImportError('not from here')\n"})
    overlay = _solve(tmp_path, [need("empty"), need("full")])
    assert [build.name for build in overlay.builds] == ["full"]
    (refused,) = overlay.refused
    assert refused.name == "empty"
    assert "it is a placeholder that cannot be imported: raise ImportError" in refused.message
    assert "(empty/__init__.py:1)" in refused.message


def test_a_version_at_the_end_of_a_sentence_of_uv_is_read_without_its_full_stop():
    message = "Because omegaconf==2.1 depends on antlr==4.9. And because x depends on antlr==4.8.1 and"
    assert asked_for("antlr", message, ["omegaconf"]) == ["==4.9", "==4.8.1"]


def test_of_many_source_releases_the_newest_few_are_fetched(tmp_path, monkeypatch):
    wheels = registry(tmp_path / "wheels", {("six", "1.0"): []})
    for minor in range(8):
        _sdist(wheels, "old", f"1.{minor}", info=STATIC.format("old", f"1.{minor}"))
    pod, index = template({}), Index([], find_links=[str(wheels)], cache=tmp_path / "cache")
    fetched = []
    whole = index.source_files
    monkeypatch.setattr(index, "source_files", lambda file: fetched.append(file.version) or whole(file))
    refusal = Refusal(" and ".join(f"old>1.{minor - 1},<=1.{minor}" for minor in range(1, 8)), ("old",))
    sources = Sources(index, pod, tmp_path / "cache")
    assert finish(sources.learn(refusal, ()))
    assert sorted(fetched) == [f"1.{minor}" for minor in range(8)][-MOST_OFFERS:]
    assert {version for _, version in sources.offers} == set(fetched)


def test_an_older_source_release_is_found_that_the_template_meets(tmp_path):
    wheels = registry(tmp_path / "wheels", {("numpy", "2.0.0"): []})
    for version in ("1.0.0", "2.0.0", "2.1.0", "2.1.1", "2.1.2", "2.2.0", "2.2.1"):
        info = STATIC.format("array", version).replace("six", "numpy>=2" if version > "2.0.0" else "numpy")
        _sdist(wheels, "array", version, info=info)
    overlay = _solve(tmp_path, [need("array")], pins={"numpy": ("1.26.4", [])})
    assert [build.version for build in overlay.builds] == ["2.0.0"]
    assert "numpy" not in overlay.packages or overlay.packages["numpy"].version == "1.26.4"
