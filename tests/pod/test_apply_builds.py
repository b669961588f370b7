"""Builds from source that want what the template holds: made in sight of it, in an overlay and in place."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from apply_support import OLD, Recipe, changes, install, run, template_of, tree, wheelhouse

from podfit.far.apply.builds import _listed, build_requires
from podfit.index.sources import SourceFiles
from podfit.model import Action, Artefact, Decision, Evidence, EvidenceKind, Need, Plan, Release, SourceBuild
from podfit.model.serial import plan_from_dict, plan_to_dict
from podfit.pod.apply import ApplyError, Options, apply
from podfit.pod.apply.order import builds, work_order
from podfit.pod.machine import LocalMachine
from podfit.solve.builds import judge_build

pytestmark = [pytest.mark.network, pytest.mark.slow]

TOOLS = ("setuptools==75.6.0", "pip==24.0", "wheel==0.45.1")
AGED = "setuptools==65.5.0"
SETUP = """
from setuptools import setup
import toolz

with open("wants.py", "w") as file:
    file.write(f"AGAINST = {toolz.__version__!r}")
setup(name="wants", version="1.5", py_modules=["wants"])
"""
PYPROJECT = '[build-system]\nrequires = [\n  "setuptools>=61",  # to build\n  "toolz%s",\n]\n'
TESTED = (Evidence(EvidenceKind.METADATA, "test"),)


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return wheelhouse(tmp_path_factory.getbasetemp() / "apply-wheels", [*OLD, *TOOLS, AGED])


@pytest.fixture
def python(make_venv: Callable[..., str], wheels: Path) -> str:
    found = make_venv(name="template")
    install(found, wheels, [*OLD, *TOOLS])
    return found


def sdist(folder: Path, files: Mapping[str, str]) -> Path:
    """Write wants-1.5.tar.gz."""
    path = folder / "wants-1.5.tar.gz"
    with tarfile.open(path, "w:gz") as bundle:
        for name, text in {"PKG-INFO": "Metadata-Version: 1.2\nName: wants\nVersion: 1.5\n", **files}.items():
            entry = tarfile.TarInfo(f"wants-1.5/{name}")
            entry.size = len(text.encode())
            bundle.addfile(entry, io.BytesIO(text.encode()))
    return path


def plan_of(python: str, source: Path, files: Mapping[str, str]) -> Plan:
    """Return the plan that builds wants 1.5 on a template that holds toolz, as planning would judge the build."""
    judged = judge_build(SourceFiles(files["setup.py"], files.get("pyproject.toml", ""), (), ()), "3.11")
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    file = Artefact(source.name, source.as_uri(), (f"sha256:{digest}",), "sdist", source.stat().st_size)
    build = SourceBuild(
        "wants",
        "1.5",
        (),
        judged.chance,
        "tested",
        "",
        file,
        TESTED[0],
        judged.hidden,
        judged.limits,
        (),
        judged.requires,
    )
    plan = Recipe(template_of(python), [], held={"toolz"}).plan()
    made = replace(
        plan,
        needs=(Need("wants", TESTED),),
        decisions=(*plan.decisions, Decision("wants", Action.INSTALL, "asked", TESTED, planned="1.5")),
        artefacts={"wants": (file,)},
        builds=(build,),
    )
    return plan_from_dict(json.loads(json.dumps(plan_to_dict(made))), where="here")


HIDDEN = {"setup.py": SETUP}
DECLARED = {"setup.py": SETUP, "pyproject.toml": PYPROJECT % ">=0.10"}


@pytest.mark.parametrize("files", [HIDDEN, DECLARED], ids=["hidden", "declared"])
@pytest.mark.parametrize("installer", ["auto", "pip"])
def test_a_build_sees_the_held_distribution_of_the_template(
    files: dict[str, str], installer: str, python: str, tmp_path: Path
) -> None:
    plan = plan_of(python, sdist(tmp_path, files), files)
    assert plan.problems() == ()
    place, root = tmp_path / "overlay", Path(python).parent.parent
    before = tree(root)
    done = apply(LocalMachine(python), plan, Options(overlay=str(place), installer=installer))
    assert done.installed == ("wants",)
    assert run(str(place / "bin" / "python"), "import wants; print(wants.AGAINST)") == "0.12.0"
    assert [path for path in changes(before, tree(root)) if "_distutils_hack/__pycache__" not in path] == []
    assert not (place / "lib/python3.11/site-packages/toolz").exists()
    assert apply(LocalMachine(python), plan, Options(overlay=str(place), installer=installer)).outcome == "unchanged"


@pytest.mark.parametrize("installer", ["auto", "pip"])
def test_in_place_it_is_built_before_anything_is_touched(installer: str, python: str, tmp_path: Path) -> None:
    plan = plan_of(python, sdist(tmp_path, HIDDEN), HIDDEN)
    done = apply(LocalMachine(python), plan, Options(in_place=True, installer=installer))
    assert done.installed == ("wants",)
    assert run(python, "import wants; print(wants.AGAINST)") == "0.12.0"
    assert apply(LocalMachine(python), plan, Options(in_place=True, installer=installer)).outcome == "unchanged"


def test_a_build_that_asks_for_another_version_of_what_is_held_is_refused(python: str, tmp_path: Path) -> None:
    files = {"setup.py": SETUP, "pyproject.toml": PYPROJECT % "==0.11.2"}
    plan = plan_of(python, sdist(tmp_path, files), files)
    root = Path(python).parent.parent
    before = tree(root)
    words = r"wants 1\.5 asks for toolz==0\.11\.2 while it is built, and the template has 0\.12\.0"
    for options in (Options(overlay=str(tmp_path / "overlay")), Options(in_place=True)):
        with pytest.raises(ApplyError, match=words):
            apply(LocalMachine(python), plan, options)
    assert not (tmp_path / "overlay").exists()
    assert [path for path in changes(before, tree(root)) if "_distutils_hack/__pycache__" not in path] == []


def test_a_source_that_was_changed_on_the_way_is_not_built(python: str, tmp_path: Path) -> None:
    source = sdist(tmp_path, HIDDEN)
    plan = plan_of(python, source, HIDDEN)
    sdist(tmp_path, {"setup.py": SETUP + "# another one\n"})
    with pytest.raises(ApplyError, match="another sha256 than planned"):
        apply(LocalMachine(python), plan, Options(overlay=str(tmp_path / "overlay")))


def commit_plan(python: str, room: Path, files: Mapping[str, str]) -> Plan:
    """Return a plan, as its file has it, of what a Git repository has in its folder py; it is written below room."""
    (room / "py").mkdir(parents=True)
    for name, text in files.items():
        (room / "py" / name).write_text(text)
    git = ["git", "-C", str(room), "-c", "user.name=x", "-c", "user.email=x@example.org"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "one"]):
        subprocess.run([*git, *words], check=True, timeout=60)
    said = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True, timeout=60)
    exact = f"git+{room.as_uri()}@{said.stdout.strip()}"
    plan = Recipe(template_of(python), [], held={"toolz"}).plan()
    made = replace(
        plan,
        needs=(Need("wants", TESTED, url=f"git+{room.as_uri()}#subdirectory=py"),),
        decisions=(*plan.decisions, Decision("wants", Action.INSTALL, "asked", TESTED, planned=exact)),
        artefacts={"wants": (Artefact("", f"{exact}#subdirectory=py", (), "commit"),)},
        releases={"wants": Release("wants", "", None, "", TESTED[0])},  # known once it is built
    )
    return plan_from_dict(json.loads(json.dumps(plan_to_dict(made))), where="here")


def test_old_setuptools_of_the_template_gets_wheel_for_a_build(
    make_venv: Callable[..., str], wheels: Path, tmp_path: Path
) -> None:
    python = make_venv(name="template")
    install(python, wheels, [*OLD, AGED])
    files = {"setup.py": SETUP, "pyproject.toml": '[build-system]\nrequires = ["setuptools"]\n'}
    plan = commit_plan(python, tmp_path / "repository", files)
    done = apply(LocalMachine(python), plan, Options(overlay=str(tmp_path / "overlay")))
    assert run(done.python, "import wants; print(wants.AGAINST)") == "0.12.0"
    assert not list((tmp_path / "overlay").glob("lib/*/site-packages/wheel*"))


def test_a_commit_is_built_in_sight_of_the_template(python: str, tmp_path: Path) -> None:
    plan = commit_plan(python, tmp_path / "repository", {"setup.py": SETUP})
    options = Options(overlay=str(tmp_path / "overlay"))
    done = apply(LocalMachine(python), plan, options)
    assert run(done.python, "import wants; print(wants.AGAINST)") == "0.12.0"
    code = "from importlib.metadata import distribution as d; print(d('wants').read_text('direct_url.json'))"
    assert json.loads(run(done.python, code))["vcs_info"]["commit_id"] in plan.artefacts["wants"][0].url
    assert apply(LocalMachine(python), plan, options).outcome == "unchanged"


def test_only_what_wants_the_held_is_built_in_its_sight_and_all_others_are_limited(python: str, tmp_path: Path) -> None:
    plan = plan_of(python, sdist(tmp_path, HIDDEN), HIDDEN)
    assert [(build["name"], build["fetched"]) for build in builds(plan)] == [("wants", [])]
    plain = {"setup.py": "from setuptools import setup\nsetup(name='wants')\n"}
    order = work_order(plan_of(python, sdist(tmp_path, plain), plain))
    assert order["builds"] == []
    assert "toolz==0.12.0" in order["build_constraints"]


@pytest.mark.parametrize(
    "text",
    [
        PYPROJECT % "",
        '[build-system]\nrequires = ["setuptools>=61", "toolz"]\nbuild-backend = "x"\n[project]\nname = "a"\n',
        '[project]\nrequires = ["no"]\n[build-system]\nbuild-backend = "x"\nrequires=["setuptools>=61","toolz"] #\n',
    ],
)
def test_what_a_build_asks_for_is_read_the_same_without_a_toml_reader(text: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    assert build_requires(str(tmp_path)) == _listed(text) == ["setuptools>=61", "toolz"]
