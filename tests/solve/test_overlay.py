"""The solver on worlds small enough to read."""

import hashlib
import http.server
import threading
import time

import pytest
from solve_support import need, only, registry, template

from podfit.fit.drive import finish_all
from podfit.model import Bound, Evidence, EvidenceKind, InputError
from podfit.model.steps import finish
from podfit.solve import Earlier, Uv, overlay_steps, solve_overlay
from podfit.solve.settings import as_link
from podfit.solve.template_index import flat_index, offer, resolver_platform
from podfit.solve.uv import Question


@pytest.fixture
def solve(tmp_path):
    """Return a function that solves needs over a template in a world of releases."""
    uv = Uv(tmp_path / "cache")

    def run(pod, needs, releases, *, held=(), preferences=None, constraints=(), **more):
        arguments = only(registry(tmp_path / "wheels", releases))
        return solve_overlay(
            pod,
            needs,
            more.pop("uv", uv),
            held=held,
            preferences=preferences or {},
            constraints=constraints,
            index_arguments=arguments,
        )

    run.uv = uv
    return run


def _versions(overlay):
    return {name: package.version for name, package in overlay.packages.items()}


def test_what_the_template_has_is_never_fetched_even_when_no_index_knows_it(solve):
    pod = template({"torch": ("2.4.0+cu124", ["sympy", "numpy; extra == 'never'"]), "sympy": ("1.12", [])})
    overlay = solve(pod, [need("lightning")], {("lightning", "2.0"): ["torch>=2.1"]}, held=["torch"])
    assert _versions(overlay) == {"lightning": "2.0", "torch": "2.4.0+cu124", "sympy": "1.12"}
    assert overlay.changes == ()


def test_private_builds_count_as_what_they_are(solve):
    pod = template({"torch": ("2.6.0a0+ecf3bae40a.nv25.01", [])})
    overlay = solve(pod, [need("add-on")], {("add-on", "1.0"): ["torch>=2.5"]}, held=["torch"])
    assert _versions(overlay)["torch"] == "2.6.0a0+ecf3bae40a.nv25.1"


def test_the_versions_tested_locally_are_taken_where_they_fit(solve):
    releases = {("click", v): [] for v in ("8.0", "8.1", "8.2")} | {("typer", v): ["click"] for v in ("0.1", "0.2")}
    overlay = solve(template({}), [need("typer")], releases, preferences={"click": "8.1", "typer": "0.1"})
    assert _versions(overlay) == {"click": "8.1", "typer": "0.1"}


def test_the_python_is_the_templates(solve):
    releases = {("scipy", "1.16.1"): ([], ">=3.11"), ("scipy", "1.15.3"): ([], ">=3.10")}
    old = solve(template({}, python="3.10.12"), [need("scipy")], releases, preferences={"scipy": "1.16.1"})
    new = solve(template({}, python="3.11.9"), [need("scipy")], releases, preferences={"scipy": "1.16.1"})
    assert (_versions(old), _versions(new)) == ({"scipy": "1.15.3"}, {"scipy": "1.16.1"})


def test_one_pin_goes_and_the_conflict_is_told(solve):
    pod = template({"typing-extensions": ("4.4.0", []), "six": ("1.16", [])})
    releases = {("typing-extensions", "4.12"): [], ("pydantic", "2.7"): ["typing-extensions>=4.6"]}
    overlay = solve(pod, [need("pydantic"), need("six")], releases)
    (change,) = overlay.changes
    assert (change.name, change.before, change.after) == ("typing-extensions", "4.4.0", "4.12")
    assert "pydantic" in change.conflict


def test_what_relies_on_a_changed_distribution_stays_satisfied(solve):
    pod = template({"numpy": ("1.24.1", []), "vision": ("1.0", ["numpy<1.26"])})
    releases = {("numpy", v): [] for v in ("1.25.0", "1.26.0", "2.0.0")} | {("app", "1.0"): ["numpy>=1.25"]}
    overlay = solve(pod, [need("app")], releases)
    assert [(c.name, c.after) for c in overlay.changes] == [("numpy", "1.25.0")]


def test_a_dependant_moves_along_when_there_is_no_other_way(solve):
    pod = template({"numpy": ("1.24.1", []), "vision": ("1.0", ["numpy<1.26"])})
    releases = {("numpy", "2.0.0"): [], ("app", "1.0"): ["numpy>=2"], ("vision", "2.0"): ["numpy>=2"]}
    overlay = solve(pod, [need("app")], releases)
    assert [(c.name, c.after) for c in overlay.changes] == [("numpy", "2.0.0"), ("vision", "2.0")]


def test_held_distributions_do_not_move_and_the_need_is_refused(solve):
    pod = template({"numpy": ("1.24.1", []), "torch": ("2.1.0+cu118", ["numpy<2"])})
    releases = {("numpy", "2.0.0"): [], ("app", "2.0"): ["numpy>=2"], ("app", "1.0"): ["numpy"]}
    overlay = solve(pod, [need("app", ">=2")], releases, held=["torch"])
    (refused,) = overlay.refused
    assert (refused.name, refused.fitting) == ("app", "1.0")
    assert "torch" in refused.message


def test_an_exact_pin_on_a_held_distribution_gives_way_and_a_range_does_not(solve):
    pod = template({"torch": ("2.4.0+cu124", [])})
    overlay = solve(pod, [need("torch", "==2.2.2")], {}, held=["torch"])
    assert (overlay.ignored_pins, overlay.refused) == ({"torch": "==2.2.2"}, ())
    overlay = solve(pod, [need("torch", ">=2.5")], {}, held=["torch"])
    assert [refused.name for refused in overlay.refused] == ["torch"]


def test_a_broken_template_is_left_as_it_is(solve):
    pod = template(
        {
            "torch": ("2.4.0", ["nvidia-cublas-cu12==12.1.3.1", "typing-extensions>=4.8"]),
            "typing-extensions": ("4.4.0", []),
        }
    )
    overlay = solve(pod, [need("app")], {("app", "1.0"): ["torch"]}, held=["torch"])
    assert _versions(overlay) == {"app": "1.0", "torch": "2.4.0"}
    assert {(b.name, b.present) for b in overlay.broken} == {("torch", ""), ("torch", "4.4.0")}


def test_the_projects_constraints_limit_without_asking(solve):
    releases = {("click", v): [] for v in ("7.0", "8.0")} | {("typer", "1.0"): ["click"]}
    overlay = solve(template({}), [need("typer")], releases, constraints=["click<8", "absent==9"])
    assert _versions(overlay) == {"click": "7.0", "typer": "1.0"}


def test_a_constraint_against_the_held_is_dropped_and_told(solve):
    pod = template({"torch": ("2.4.0+cu124", [])})
    overlay = solve(pod, [need("torch")], {}, held=["torch"], constraints=["torch==2.2.2"])
    assert overlay.changes == ()
    assert "torch==2.2.2 is not applied" in overlay.notes[0]


def test_extras_of_a_template_distribution_are_installed(solve):
    pod = template({"uvicorn": ("0.30", ["httptools; extra == 'standard'", "click"]), "click": ("8.1", [])})
    releases = {("httptools", "0.6"): []}
    overlay = solve(pod, [need("uvicorn", extras=("standard",))], releases)
    assert _versions(overlay) == {"uvicorn": "0.30", "click": "8.1", "httptools": "0.6"}


def test_a_second_solve_knows_the_conflicts(solve):
    pod = template({"a": ("1.0", []), "b": ("1.0", [])})
    releases = {("a", "2.0"): [], ("b", "2.0"): [], ("app", "1.0"): ["a>=2", "b>=2"]}
    first, second = (solve(pod, [need("app")], releases) for _ in range(2))
    assert first.runs > 1
    assert second.runs == 5, "the fewest changes, the need's best version, none better, the smallest steps, their fixes"
    assert first.changes == second.changes


def test_a_package_that_does_not_exist_is_one_sentence_with_its_place(solve):
    overlay = solve(template({}), [need("no-such-thing")], {("click", "1.0"): []}, uv=solve.uv)
    (refused,) = overlay.refused
    assert (refused.name, refused.fitting) == ("no-such-thing", "")
    assert "(pyproject.toml:7): the package no-such-thing does not exist" in refused.message
    assert "--index-url" in refused.message


def test_nothing_is_left_to_relax(solve):
    pod = template({"six": ("1.0", [])})
    releases = {("app", "1.0"): ["six>=2"], ("six", "1.5"): []}
    overlay = solve(pod, [need("app")], releases)
    assert [(r.name, r.fitting) for r in overlay.refused] == [("app", "")]


def test_an_index_that_cannot_be_reached_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    arguments = ("--default-index", "http://user:secret@127.0.0.1:9/simple/")
    with pytest.raises(InputError) as caught:
        solve_overlay(
            template({}), [need("pod-only")], Uv(tmp_path), held=(), preferences={}, index_arguments=arguments
        )
    assert "127.0.0.1:9 cannot be reached" in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_offline_with_an_empty_cache_says_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    with pytest.raises(InputError, match="the cache lacks click"):
        solve_overlay(template({}), [need("click")], Uv(tmp_path, offline=True), held=(), preferences={})


@pytest.mark.slow
def test_when_the_network_goes_the_cache_answers_with_a_warning(tmp_path, monkeypatch):
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    root = tmp_path / "served"
    registry(root / "files", {("click", "8.0"): []})
    (root / "simple" / "click").mkdir(parents=True)
    name = "click-8.0-py3-none-any.whl"
    digest = hashlib.sha256((root / "files" / name).read_bytes()).hexdigest()
    page = f'<a href="/files/{name}#sha256={digest}">{name}</a>'
    (root / "simple" / "click" / "index.html").write_text(page)

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments):
            super().__init__(*arguments, directory=str(root))

        def end_headers(self):
            self.send_header("Cache-Control", "no-cache")
            super().end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    told = []

    class Told:
        def step(self, text):
            pass

        def warn(self, text):
            told.append(text)

    arguments = ("--default-index", f"http://127.0.0.1:{server.server_port}/simple/")
    uv = Uv(tmp_path / "podfit", refresh=True, reporter=Told())
    more = {"held": (), "preferences": {}, "index_arguments": arguments}
    first = solve_overlay(template({}), [need("click")], uv, **more)
    server.shutdown()
    server.server_close()
    second = solve_overlay(template({}), [need("click")], uv, **more)
    assert _versions(first) == _versions(second) == {"click": "8.0"}
    assert len(told) == 1
    assert "what the cache holds was used instead" in told[0]


def test_the_template_index_is_made_once_and_changes_with_its_content(tmp_path):
    pod = template({"torch": ("2.4.0+cu124", ["sympy"]), "sympy": ("1.12", []), "odd": ("not a version", [])})
    offered = offer(pod, ["torch"])
    first = flat_index(pod, offered, tmp_path)
    wheels = sorted(path.name for path in first.iterdir())
    assert wheels == [
        "sympy-1.12-cp311-cp311-manylinux_2_35_x86_64.whl",
        "torch-2.4.0+cu124-cp311-cp311-manylinux_2_35_x86_64.whl",
    ]
    assert offered.left_out == ("odd",)
    before = first.stat().st_mtime_ns
    time.sleep(0.01)
    assert flat_index(pod, offered, tmp_path) == first
    assert first.stat().st_mtime_ns == before
    other = template({"torch": ("2.4.0+cu124", ["sympy<2"]), "sympy": ("1.12", [])})
    assert flat_index(other, offer(other, []), tmp_path) != first
    assert not list((tmp_path / "templates").glob(".making-*"))


@pytest.mark.parametrize("harm", ["vanished", "cut short", "altered", "a stranger", "no list"])
def test_a_template_index_that_was_harmed_is_mended_before_use(tmp_path, harm):
    pod = template({"torch": ("2.4.0", ["sympy"]), "sympy": ("1.12", [])})
    directory = flat_index(pod, offer(pod, ["torch"]), tmp_path)
    whole = {path.name: path.read_bytes() for path in directory.iterdir()}
    victim = directory / "sympy-1.12-cp311-cp311-manylinux_2_35_x86_64.whl"
    if harm == "vanished":
        victim.unlink()
    elif harm == "no list":
        directory.with_suffix(".json").unlink()
    elif harm == "a stranger":
        (directory / "sympy-2.0-py3-none-any.whl").write_bytes(b"")
    else:
        victim.write_bytes(b"" if harm == "cut short" else whole[victim.name].replace(b"1.12", b"1.13"))
    assert flat_index(pod, offer(pod, ["torch"]), tmp_path) == directory
    assert {path.name: path.read_bytes() for path in directory.iterdir()} == whole


@pytest.mark.parametrize(
    ("glibc", "platform"),
    [("2.35", "manylinux_2_35"), ("2.27", "manylinux_2_17"), ("2.50", "manylinux_2_40"), ("", "manylinux_2_17")],
)
def test_the_platform_is_never_newer_than_the_templates(glibc, platform):
    assert resolver_platform(template({}, glibc=glibc)) == f"x86_64-{platform}"


def test_a_questions_key_depends_on_all_that_is_asked(tmp_path):
    base = Question(("a",), (), {}, "3.11", "x", tmp_path)
    others = [
        Question(("b",), (), {}, "3.11", "x", tmp_path),
        Question(("a",), ("a<2",), {}, "3.11", "x", tmp_path),
        Question(("a",), (), {"a": "1"}, "3.11", "x", tmp_path),
        Question(("a",), (), {}, "3.10", "x", tmp_path),
        Question(("a",), (), {}, "3.11", "x", tmp_path, exclude_newer="2026-01-01"),
    ]
    assert len({question.key() for question in (base, *others)}) == 6


def test_links_have_no_comma_for_uv_to_split_at(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert as_link("https://example.org/a,b/c%20d?x=1,2") == "https://example.org/a%2Cb/c%20d?x=1%2C2"
    assert as_link("one, two") == as_link(tmp_path / "one, two") == f"{tmp_path.as_uri()}/one%2C%20two"


@pytest.mark.slow
def test_each_of_several_templates_counts_its_own_resolutions(tmp_path):
    """They are solved side by side over one Uv: what one of them asks is no resolution of another."""
    links = registry(
        tmp_path / "wheels", {("a", "2.0"): [], ("b", "2.0"): [], ("app", "1.0"): ["a>=2", "b>=2"], ("c", "1.0"): []}
    )
    hard, easy = template({"a": ("1.0", []), "b": ("1.0", [])}), template({})

    def job(pod, name, uv):
        return overlay_steps(pod, [need(name)], uv, held=(), preferences={}, index_arguments=only(links))

    alone = [finish(job(pod, name, Uv(tmp_path / name))).runs for pod, name in ((hard, "app"), (easy, "c"))]
    uv = Uv(tmp_path / "together")
    together = finish_all([job(hard, "app", uv), job(easy, "c", uv), job(easy, "c", uv)], 3)
    assert alone[0] > 1
    assert [overlay.runs for overlay in together] == [alone[0], alone[1], alone[1]]


def test_pages_of_an_index_that_tells_no_age_are_fetched_once_for_many_questions(tmp_path, monkeypatch):
    """A server without ETag, Last-Modified or Cache-Control: uv would fetch everything again each time."""
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    links = registry(tmp_path / "wheels", {("alpha", "1.0"): [], ("beta", "1.0"): ["alpha"]})
    fetched = []

    class Plain(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            fetched.append(self.path)
            if self.path.startswith("/simple/"):
                name = self.path.split("/")[2]
                rows = [f'<a href="/files/{f.name}">{f.name}</a>' for f in links.glob(f"{name}-*.whl")]
                data, kind = "".join(rows).encode(), "text/html"
            else:
                data, kind = (links / self.path.rsplit("/", 1)[1]).read_bytes(), "application/octet-stream"
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Plain)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        arguments = ("--default-index", f"http://127.0.0.1:{server.server_port}/simple/")
        uv = Uv(tmp_path / "cache")
        for named in ("beta", "beta>0", "beta>=1"):
            overlay = solve_overlay(
                template({}), [need("beta", named.removeprefix("beta"))], uv, held=(), preferences={},
                index_arguments=arguments,
            )  # fmt: skip
            assert set(overlay.packages) == {"alpha", "beta"}
    finally:
        server.shutdown()
    pages = [path for path in fetched if path.startswith("/simple/")]
    assert sorted(pages) == ["/simple/alpha/", "/simple/beta/"]


def test_what_no_version_of_a_released_distribution_allows_is_refused_without_releasing_more(tmp_path):
    """A vendor's package pins exactly in every version it has, and much else relies on what it pins."""
    wheels = registry(tmp_path / "wheels", {("vendor", "1.0"): ["frames==2.2"], ("frames", "2.3"): []})
    others = {f"other{number}": ("1.0", ["frames>=2"]) for number in range(12)}
    pod = template({"vendor": ("1.0", ["frames==2.2"]), "frames": ("2.2", []), **others})
    overlay = solve_overlay(
        pod, [need("frames", ">=2.3")], Uv(tmp_path / "cache"), held=(), preferences={}, index_arguments=only(wheels)
    )
    (refused,) = overlay.refused
    assert "vendor 1.0 requires frames==2.2" in refused.message
    assert (refused.fitting, overlay.changes) == ("2.2", ())
    assert overlay.runs <= 4


@pytest.mark.slow
def test_a_solution_under_more_bounds_starts_from_what_was_found_under_fewer(solve, tmp_path):
    pod = template({"held": ("1.0", ["mid<2"]), "mid": ("1.0", ["low<2"]), "low": ("1.0", []), "free": ("1.0", [])})
    releases = {("mid", "1.5"): ["low<3"], ("low", "2.5"): [], ("app", "1.0"): ["low>=2"], ("app", "1.1"): ["low>=2"]}
    wants = [need("app"), need("gone"), need("free", ">=9")]
    arguments = only(registry(tmp_path / "wheels", releases))
    earlier = Earlier()
    more = {"held": ["held"], "preferences": {}, "index_arguments": arguments}
    first = finish(overlay_steps(pod, wants, solve.uv, earlier=earlier, **more))
    bound = Bound("app", "a test", Evidence(EvidenceKind.MEASURED, "a test"), "<=1.0")
    alone = solve_overlay(pod, wants, Uv(tmp_path / "other"), bounds=[bound], **more)
    after = finish(overlay_steps(pod, wants, Uv(tmp_path / "again"), bounds=[bound], earlier=earlier, **more))
    assert _versions(first)["app"] == "1.1"
    assert _versions(after) == _versions(alone)
    assert {(each.name, each.fitting) for each in after.refused} == {
        (each.name, each.fitting) for each in alone.refused
    }
    assert {each.name for each in after.refused} == {"gone", "free"}
    assert [each.name for each in after.changes] == [each.name for each in alone.changes] == ["low", "mid"]
    assert after.runs < alone.runs
    earlier.found_under_nothing_else()
    earlier.clear()
    again = finish(overlay_steps(pod, wants, Uv(tmp_path / "third"), bounds=[bound], earlier=earlier, **more))
    assert _versions(again) == _versions(alone)
    assert {each.name for each in again.refused} == {"gone", "free"}
    assert again.runs < alone.runs


def test_what_was_begun_for_the_solution_before_is_stopped(solve, tmp_path, monkeypatch):
    pod = template({"held": ("1.0", [])})
    arguments = only(registry(tmp_path / "wheels", {("app", "1.0"): []}))
    left = []
    monkeypatch.setattr(Uv, "leave", lambda self, questions: left.extend(questions))
    question = Question((), (), {}, "3.11.9", "x86_64-manylinux_2_35", tmp_path)
    earlier = Earlier(begun=[question])
    finish(
        overlay_steps(
            pod, [need("app")], solve.uv, held=["held"], preferences={}, index_arguments=arguments, earlier=earlier
        )
    )
    assert left[:1] == [question]
