"""What a release says beside its requirements decides which one is planned: named extras, compiled modules."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from fit_support import Told, World, project, template, wheels

from podfit.fit.older import MOST_TOLD, leading_to
from podfit.fit.options import Options
from podfit.fit.session import fit_templates
from podfit.index import Index
from podfit.model import Action, Distribution, Evidence, EvidenceKind, Verdict
from podfit.solve import Uv

COMPILED = "cp311-cp311-manylinux_2_17_x86_64"
NUMPY_2_HEADERS = """
const char *_umath2 = "numpy._core._multiarray_umath", *_umath = "numpy.core._multiarray_umath", *_api = "_ARRAY_API";
const char *_text = "module was compiled against NumPy C-API version 0x%x (NumPy {least}) but the running NumPy";
int PyInit_{name}(void) {{ return 0; }}
"""
"""A stand-in for a module: the texts that NumPy 2's import_array() leaves in what is compiled with it."""
NUMPY_1_HEADERS = """
const char *_umath = "numpy.core._multiarray_umath", *_api = "_ARRAY_API";
const char *_text = "module compiled against API version 0x%x but this version of numpy is 0x%x";
int PyInit_{name}(void) {{ return 0; }}
"""
"""The same of NumPy 1's headers."""


def _fit(world: World, requirements: list[str], pod, options: Options | None = None):
    told = Told()
    (result,) = fit_templates(
        project(*requirements),
        (),
        [pod],
        index=world.index,
        uv=world.uv,
        options=options or world.options,
        reporter=told,
    )
    return result.plan, told


def _planned(plan) -> dict[str, str]:
    return {d.name: d.planned for d in plan.with_action(Action.INSTALL, Action.CHANGE)}


@pytest.fixture
def hub(tmp_path):
    """Releases of a library that says in an extra which torch it works with."""
    return World(
        tmp_path,
        {
            ("hub", version): [f'torch>={least}; extra == "torch"', 'torch>=9; extra == "dev"', "tokens"]
            for version, least in (("1.0", "2.0"), ("1.1", "2.2"), ("1.2", "2.4"), ("2.0", "2.6"), ("2.1", "2.8"))
        }
        | {("tokens", "1.0"): []},
    )


def test_the_newest_release_whose_extra_admits_the_held_torch_is_planned(hub):
    plan, told = _fit(hub, ["hub"], template("pod", {"torch": ("2.4.1+cu124", [])}))
    assert _planned(plan) == {"hub": "1.2", "tokens": "1.0"}
    assert plan.feasible
    (bound,) = plan.bounds
    assert (bound.name, bound.specifier, bound.evidence.kind) == ("hub", "<=1.2", EvidenceKind.METADATA)
    assert "hub 2.1 works with torch>=2.8 (its extra torch), not 2.4.1+cu124" in bound.reason
    assert len([step for step in told.steps if "learned" in step]) == 1, "one round for the whole range"


def test_a_release_that_its_extra_admits_stays(hub):
    plan, _ = _fit(hub, ["hub"], template("pod", {"torch": ("2.9.0", [])}))
    assert _planned(plan)["hub"] == "2.1"
    assert not plan.bounds


def test_without_that_distribution_an_extra_bounds_nothing(hub):
    plan, _ = _fit(hub, ["hub"], template("pod", {}))
    assert _planned(plan)["hub"] == "2.1"


def test_where_the_project_excludes_what_would_do_the_advice_is_a_warning(hub):
    plan, _ = _fit(hub, ["hub>=2"], template("pod", {"torch": ("2.4.1", [])}))
    assert _planned(plan)["hub"] == "2.1", "what the project asks for is no maintainer's to refuse"
    (finding,) = (f for f in plan.findings if f.check == "extra")
    assert finding.verdict is Verdict.WARNING
    assert "hub 2.1 works with torch>=2.8 (its extra torch), not 2.4.1" in finding.message
    assert plan.feasible
    assert not plan.bounds


@pytest.mark.parametrize(("asked", "planned"), [(["many"], "2.0"), (["many", "tensorflow"], "1.0")])
def test_of_several_frameworks_one_that_the_release_works_with_is_enough_unless_the_project_uses_the_other(
    tmp_path, asked, planned
):
    world = World(
        tmp_path,
        {
            ("many", "1.0"): [
                'torch>=2; extra == "torch"',
                'tensorflow>=2; extra == "tf"',
                'ruff==0.1; extra == "ruff"',
            ],
            ("many", "2.0"): [
                'torch>=2; extra == "torch"',
                'tensorflow>=9; extra == "tf"',
                'ruff==0.2; extra == "ruff"',
            ],
        },
    )
    pod = template("pod", {"torch": ("2.4.1", []), "tensorflow": ("2.19.0", []), "ruff": ("0.9", [])})
    plan, _ = _fit(world, asked, pod)
    assert _planned(plan) == {"many": planned}
    assert plan.feasible


def test_an_ignored_check_teaches_nothing_and_is_shown(hub):
    options = replace(hub.options, ignore={"PF109": "we never use that part"})
    plan, _ = _fit(hub, ["hub"], template("pod", {"torch": ("2.4.1", [])}), options)
    assert _planned(plan)["hub"] == "2.1"
    assert plan.feasible
    (finding,) = (f for f in plan.findings if f.check == "extra")
    assert finding.ignored == "we never use that part"


def _compiled(tmp_path: Path, every: list[tuple[str, str, str]]) -> World:
    """Return releases (name, version, NumPy) whose module was compiled for that NumPy, none for 1, with the wheels."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler here")
    empty, links = tmp_path / "index", tmp_path / "wheels"
    empty.mkdir()
    wheels(links, {("numpy", "1.26.4"): [], ("numpy", "2.1.0"): [], ("newer", "1.0"): ["numpy>=2"]})
    for name, version, least in every:
        headers = NUMPY_2_HEADERS if least else NUMPY_1_HEADERS
        (tmp_path / "m.c").write_text(headers.format(least=least, name=f"_{name}"))
        subprocess.run([compiler, "-shared", "-fPIC", "-o", "m.so", "m.c"], cwd=tmp_path, check=True)
        path = links / f"{name}-{version}-{COMPILED}.whl"
        with zipfile.ZipFile(path, "w") as wheel:
            wheel.write(tmp_path / "m.so", f"{name}/_{name}.cpython-311-x86_64-linux-gnu.so")
            wheel.writestr(f"{name}/numpy_glue.h", "")
            info = f"{name}-{version}.dist-info"
            wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
            wheel.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: {COMPILED}\n")
            wheel.writestr(f"{info}/RECORD", "")
    world = World.__new__(World)
    world.cache = tmp_path / "cache"
    world.options = Options(index_url=str(empty), find_links=(str(links),))
    world.index = Index([str(empty)], cache=world.cache, find_links=[str(links)])
    world.uv = Uv(world.cache)
    return world


@pytest.fixture
def compiled(tmp_path):
    """Releases of arrays whose module was compiled for ever newer NumPys, which no metadata tells."""
    every = [("arrays", *each) for each in (("1.0", "1.20"), ("1.1", "1.23"), ("2.0", "2.0"), ("2.1", "2.0"))]
    return _compiled(tmp_path, [*every, ("arrays", "2.2", "2.1"), ("frames", "1.4", ""), ("frames", "1.5", "")])


@pytest.mark.parametrize("oldest", ["2.0", ""])
def test_of_a_pinned_release_that_is_too_old_newer_ones_are_looked_into_as_well(tmp_path, oldest):
    every = [("frames", "1.0", oldest), ("frames", "1.1", ""), ("frames", "1.2", ""), ("frames", "1.3", "")]
    world = _compiled(tmp_path, [*every, ("frames", "2.0", "2.0"), ("frames", "2.1", "2.0")])
    held = replace(world.options, hold=("numpy",))
    plan, _ = _fit(world, ["frames==1.2"], template("pod", {"numpy": ("2.1.0", [])}), held)
    (problem,) = plan.problems()
    assert "Without its own limit frames 2.1 would fit" in problem
    (bound,) = [each for each in plan.bounds if "the first after it that does" in each.reason]
    assert ("1.0 is the newest before it that fits" in bound.reason) is bool(oldest)


def test_the_newest_release_that_was_compiled_for_the_templates_numpy_is_planned(compiled):
    plan, _ = _fit(compiled, ["arrays"], template("pod", {"numpy": ("1.26.4", [])}))
    assert _planned(plan) == {"arrays": "1.1"}
    (bound,) = plan.bounds
    assert (bound.specifier, bound.evidence.kind) == ("<=1.1", EvidenceKind.BINARY)
    assert "compiled for NumPy 2.1 or newer and refuses 1.26.4" in bound.reason
    assert plan.feasible


def test_with_a_numpy_that_is_new_enough_the_newest_release_is_planned(compiled):
    plan, _ = _fit(compiled, ["arrays"], template("pod", {"numpy": ("2.1.0", [])}))
    assert _planned(plan) == {"arrays": "2.2"}
    assert not [f for f in plan.findings if f.check == "numpy" and f.verdict is not Verdict.OK]


@pytest.mark.parametrize("asked", ["frames", "frames==1.5", "frames<1.5"])
def test_numpy_goes_back_for_what_no_release_of_runs_with_the_templates(compiled, asked):
    plan, _ = _fit(compiled, [asked, "arrays"], template("pod", {"numpy": ("2.1.0", [])}))
    version = "1.4" if "<" in asked else "1.5"
    assert _planned(plan) == {"frames": version, "arrays": "1.1", "numpy": "1.26.4"}
    (bound,) = [bound for bound in plan.bounds if bound.name == "numpy"]
    assert bound.specifier == "<2"
    assert "it was compiled for NumPy 1 and refuses 2.1.0" in bound.reason
    assert plan.feasible


def test_numpy_stays_where_something_else_wants_it(compiled):
    plan, _ = _fit(compiled, ["frames", "newer"], template("pod", {"numpy": ("2.1.0", [])}))
    assert _planned(plan) == {"newer": "1.0"}
    assert [decision.name for decision in plan.with_action(Action.CONFLICT)] == ["frames"]
    held = replace(compiled.options, hold=("numpy",))
    plan, _ = _fit(compiled, ["frames"], template("pod", {"numpy": ("2.1.0", [])}), held)
    assert [decision.name for decision in plan.with_action(Action.CONFLICT)] == ["frames"]


def test_what_was_read_once_is_kept_for_the_bytes(compiled, monkeypatch):
    pod = template("pod", {"numpy": ("1.26.4", [])})
    opened: list[str] = []
    whole = Index.open_wheel

    def counted(index, file):
        opened.append(file.filename)
        return whole(index, file)

    monkeypatch.setattr(Index, "open_wheel", counted)
    first, _ = _fit(compiled, ["arrays"], pod)
    assert opened
    assert len(set(opened)) == len(opened), "no wheel twice"
    opened.clear()
    second, _ = _fit(compiled, ["arrays"], pod)
    assert (opened, _planned(second)) == ([], _planned(first))


def test_a_wheel_that_cannot_be_read_is_unknown_not_good(compiled):
    for path in Path(compiled.options.find_links[0]).glob("arrays-*.whl"):
        with zipfile.ZipFile(path) as wheel:
            members = {name: wheel.read(name) for name in wheel.namelist()}
        with zipfile.ZipFile(path, "w") as wheel:
            for name, data in members.items():
                wheel.writestr(name, b"\x7fELF and nothing of one" if name.endswith(".so") else data)
    plan, _ = _fit(compiled, ["arrays"], template("pod", {"numpy": ("1.26.4", [])}))
    (finding,) = (f for f in plan.findings if f.check == "numpy")
    assert finding.verdict is Verdict.UNKNOWN
    assert "arrays" in finding.message


def test_what_stands_against_every_older_release_is_learned_in_one_round(tmp_path):
    versions = [f"13.{number}.0" for number in range(12)]
    releases = {("nvidia-cuda-nvrtc", version): () for version in versions}
    world = World(tmp_path, {**releases, ("app", "1.0"): (), ("app", "2.0"): ["nvidia-cuda-nvrtc"]})
    plan, told = _fit(world, ["app"], template("pod", {"torch": ("2.4.1+cu124", [])}))
    assert _planned(plan) == {"app": "1.0"}
    (learned,) = [step for step in told.steps if "learned" in step]
    assert all(f"!={version}" in learned for version in versions)
    assert "so it is of the 11 before it" in learned


@pytest.mark.parametrize(
    ("lines", "planned"),
    [
        (['torch>=2.7; extra == "cuda"', 'torch>=2.7; extra == "cpu"', 'torch==2.5; extra == "npu"'], "1.0"),
        (['torch>=2.7; extra == "cuda"', 'torch>=2; extra == "cpu"'], "2.0"),
        (['torch>=2.7; extra == "exporting"'], "2.0"),
        (['torch>=2.7; extra == "cu12"', 'numpy>=9; extra == "cpu"'], "1.0"),
    ],
)
def test_extras_for_hardware_that_all_ask_for_another_torch_are_advice(tmp_path, lines, planned):
    made = World(tmp_path, {("core", "1.0"): [], ("core", "2.0"): lines})
    plan, _ = _fit(made, ["core"], template("pod", {"torch": ("2.4.1+cu124", [])}))
    assert _planned(plan) == {"core": planned}
    pinned, _ = _fit(made, ["core==2.0"], template("pod", {"torch": ("2.4.1+cu124", [])}))
    assert _planned(pinned) == {"core": "2.0"}
    assert len([each for each in pinned.findings if each.check == "extra"]) == (planned == "1.0")


@pytest.mark.parametrize(
    ("there", "specifier"),
    [
        (None, "<=1.0"),
        ("1.2", "<=1.0"),
        ("1.3", "<=1.0"),
        ("no version", "<=1.0"),
        ("5.0", "!=1.3,!=1.2,!=1.1"),
    ],
)
def test_the_way_to_an_older_release_leaves_a_newer_one_of_the_template(there, specifier):
    has = Distribution("lib", there, Evidence(EvidenceKind.MEASURED, "pip list")) if there else None
    assert leading_to("1.0", ["1.2", "1.1"], "1.3", has) == specifier
    assert leading_to("1.0", [f"2.{minor}" for minor in range(MOST_TOLD)], "3.0", has) == "<=1.0"
