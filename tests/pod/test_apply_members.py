"""The project's own distributions: read, planned, carried to a real environment, built there; or all is as it was."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from apply_support import (
    OLD,
    PODFIT,
    Notes,
    Recipe,
    changes,
    chosen,
    install,
    kill_family,
    run,
    template_of,
    tree,
    wait_until,
    wheelhouse,
)
from pod_support import Sshd

from podfit.model import Content, Evidence, EvidenceKind, Finding, InputError, Plan, Verdict
from podfit.model.serial import plan_from_dict, plan_to_dict
from podfit.plan.members import planned_members
from podfit.pod.apply import ApplyError, Options, apply
from podfit.pod.apply.members import carry
from podfit.pod.machine import LocalMachine
from podfit.pod.verify.run import verifier
from podfit.readers.project import read_project

# One after another: the machines of these tests share a home, and what lies in its cache is looked at.
pytestmark = [pytest.mark.network, pytest.mark.xdist_group("members")]

TOOLS = ("setuptools==75.6.0", "pip==24.0", "wheel==0.45.1")
SLOW_SETUP = (
    "import os, time\nfrom setuptools import setup\n"
    "time.sleep(60 * bool(os.environ.get('PODFIT_TEST_SLOW')))\nsetup()\n"
)
FAILED = Finding("import", "plain", Verdict.FAILED, "no such thing", Evidence(EvidenceKind.MEASURED, "test"))
FILES = {
    "requirements.txt": "-e ./libs/plain\n./libs/fast\n",
    "main.py": "import plain, fast\n",
    "libs/plain/pyproject.toml": '[build-system]\nrequires = ["setuptools>=61"]\n'
    'build-backend = "setuptools.build_meta"\n'
    '[project]\nname = "plain"\nversion = "1.2"\n[project.scripts]\nplainly = "plain:main"\n'
    '[tool.setuptools]\npackages = ["plain"]\n',
    "libs/plain/plain/__init__.py": "import toolz\ndef main():\n    print('plain', toolz.__version__)\n",
    "libs/fast/setup.py": "from setuptools import Extension, setup\n"
    "setup(name='fast', version='0.3', ext_modules=[Extension('fast', ['fast.c'])])\n",
    "libs/fast/fast.c": "#include <Python.h>\n"
    "static PyObject *six(PyObject *self, PyObject *none) { return PyLong_FromLong(6); }\n"
    'static PyMethodDef methods[] = {{"six", six, METH_NOARGS, ""}, {0}};\n'
    'static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "fast", "", -1, methods};\n'
    "PyMODINIT_FUNC PyInit_fast(void) { return PyModule_Create(&module); }\n",
}


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return wheelhouse(tmp_path_factory.getbasetemp() / "apply-wheels", [*OLD, *TOOLS, "click==8.1.7"])


@pytest.fixture
def python(make_venv: Callable[..., str], wheels: Path) -> str:
    found = make_venv(name="template")
    install(found, wheels, [*OLD, *TOOLS])
    return found


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return folder


def plan_of(python: str, project: Path, wheels: list[Path]) -> Plan:
    """Return the plan that installs wheels and has the project's members."""
    plan = Recipe(template_of(python), wheels).plan()
    members, findings = planned_members(read_project(project, local="none").project, plan)
    made = replace(plan, members=members, findings=findings, directory=str(project))
    return plan_from_dict(json.loads(json.dumps(plan_to_dict(made))), where="here")


def compiler() -> None:
    if shutil.which("cc") is None and shutil.which("gcc") is None:
        pytest.skip("there is no C compiler")


@pytest.mark.slow
def test_two_members_are_read_planned_built_and_imported(python: str, wheels: Path, tmp_path: Path) -> None:
    compiler()
    project = write(tmp_path / "project", FILES)
    plan = plan_of(python, project, chosen(wheels, ["click==8.1.7"]))
    said = {member.name: (member.content, member.editable, member.fetched, member.tools) for member in plan.members}
    assert said == {
        "plain": (Content.PURE, True, (), ()),
        "fast": (Content.COMPILED, False, (), ("a C compiler",)),
    }
    assert [(one.check, one.subject, one.verdict) for one in plan.findings] == [("member", "fast", Verdict.WARNING)]
    assert plan.feasible
    root, place, mine = Path(python).parent.parent, tmp_path / "mine", tree(project)
    before = tree(root)
    done = apply(LocalMachine(python), plan, Options(overlay=str(place)), verifier=verifier)
    assert done.outcome == "applied"
    assert changes(before, tree(root)) == [], "not even the bytecode that its own .pth file makes Python write"
    assert set(done.installed) == {"click", "plain", "fast"}
    imported = {one.subject: one.verdict for one in done.findings if one.check == "import"}
    assert imported == {"click": Verdict.OK, "plain": Verdict.OK, "fast": Verdict.OK}
    own = str(place / "bin" / "python")
    assert run(own, "import fast, plain, click; print(fast.six()); plain.main()") == "6\nplain 0.12.0"
    assert run(own, "import plain; print(plain.__file__)").startswith(str(place))
    script = subprocess.run([str(place / "bin" / "plainly")], capture_output=True, text=True, check=False, timeout=60)
    assert script.stdout == "plain 0.12.0\n", script.stderr
    assert tree(project) == mine
    assert sorted(path.name for path in tmp_path.glob(".podfit-apply-*")) == []
    again = apply(LocalMachine(python), plan, Options(overlay=str(place)), verifier=verifier)
    assert again.outcome == "unchanged"
    (project / "libs/plain/plain/__init__.py").write_text("new = True\n")
    assert apply(LocalMachine(python), plan, Options(overlay=str(place))).outcome == "applied"
    assert run(own, "import plain; print(plain.new)") == "True"


@pytest.mark.slow
def test_in_place_they_are_built_aside_and_moved_in_under_the_journal(
    python: str, wheels: Path, tmp_path: Path
) -> None:
    project = write(tmp_path / "project", {key: value for key, value in FILES.items() if "fast" not in key})
    (project / "requirements.txt").write_text("-e ./libs/plain\n")
    plan, root = plan_of(python, project, chosen(wheels, ["click==8.1.7"])), Path(python).parent.parent
    before, in_place = tree(root), Options(in_place=True)
    with pytest.raises(ApplyError, match="verification"):
        apply(LocalMachine(python), plan, in_place, verifier=lambda *_: [FAILED])  # type: ignore[list-item]
    assert [path for path in changes(before, tree(root)) if "_distutils_hack/__pycache__" not in path] == []
    done = apply(LocalMachine(python), plan, in_place)
    assert set(done.installed) == {"click", "plain"}
    assert run(python, "import plain, click; plain.main()") == "plain 0.12.0"
    assert apply(LocalMachine(python), plan, in_place).outcome == "unchanged"
    (project / "libs/plain/plain/__init__.py").write_text("new = True\n")
    assert set(apply(LocalMachine(python), plan, in_place).installed) == {"plain"}
    assert run(python, "import plain; print(plain.new)") == "True"


def test_a_build_that_fails_leaves_everything_as_it_was(python: str, wheels: Path, tmp_path: Path) -> None:
    project = write(tmp_path / "project", {key: value for key, value in FILES.items() if "fast" not in key})
    (project / "requirements.txt").write_text("-e ./libs/plain\n")
    plan = plan_of(python, project, chosen(wheels, ["click==8.1.7"]))
    place, root = tmp_path / "mine", Path(python).parent.parent
    apply(LocalMachine(python), plan, Options(overlay=str(place)))
    before = tree(place), tree(root)
    write(project, {"libs/plain/setup.py": "raise SystemExit('no way to build this')\n"})
    with pytest.raises(ApplyError, match=r"plain, the project's own, cannot be built.*no way to build this"):
        apply(LocalMachine(python), plan, Options(overlay=str(place)))
    assert (tree(place), tree(root)) == before
    assert sorted(path.name for path in tmp_path.glob(".podfit-apply-*")) == []


@pytest.mark.slow
def test_pip_builds_them_where_there_is_no_uv(python: str, wheels: Path, tmp_path: Path) -> None:
    compiler()
    project = write(tmp_path / "project", FILES)
    place = tmp_path / "mine"
    done = apply(LocalMachine(python), plan_of(python, project, []), Options(overlay=str(place), installer="pip"))
    assert set(done.installed) == {"plain", "fast"}
    assert run(str(place / "bin" / "python"), "import fast, plain; print(fast.six())") == "6"


@pytest.mark.slow
def test_over_ssh_they_are_carried_and_nothing_of_them_stays_behind(
    python: str, wheels: Path, sshd: Sshd, tmp_path: Path
) -> None:
    project = write(tmp_path / "project", FILES)
    (project / "requirements.txt").write_text("./libs/plain\n")
    place, notes = tmp_path / "mine", Notes()
    with sshd.machine(python) as machine:
        plan = plan_of(python, project, [])
        done = apply(machine, plan, Options(overlay=str(place)), reporter=notes, verifier=verifier)
    assert done.outcome == "applied"
    assert any(step.startswith("carrying plain") for step in notes.steps)
    assert run(str(place / "bin" / "python"), "import plain; plain.main()") == "plain 0.12.0"
    assert list(Path("~/.cache/podfit").expanduser().glob("member-plain-*")) == []


def test_a_killed_apply_leaves_nothing_of_them_behind(python: str, wheels: Path, tmp_path: Path) -> None:
    """What is carried lies in no file of its own; what was unpacked goes with the next run."""
    project = write(tmp_path / "project", {**FILES, "libs/plain/setup.py": SLOW_SETUP})
    (project / "requirements.txt").write_text("./libs/plain\n")
    home = tmp_path / "home"
    home.mkdir()
    environment = {**os.environ, "HOME": str(home), "UV_CACHE_DIR": str(tmp_path / "uv"), "PODFIT_TEST_SLOW": "1"}
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps(plan_to_dict(plan_of(python, project, []))))
    words = [*PODFIT, str(plan), "--overlay", str(tmp_path / "far" / "mine"), "--python", python, "--no-verify"]
    process = subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    built = tmp_path / "far" / ".podfit-apply-mine" / "work" / "members" / "0" / "source" / "setup.py"
    wait_until(built.exists, 120)
    kill_family(process)
    assert built.exists()
    assert [path for path in home.rglob("*") if "member" in path.name] == []
    recovery = [*PODFIT, "--recover", "--python", python]
    done = subprocess.run(recovery, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout.startswith("put back as it was: "), done.stderr
    assert list((tmp_path / "far").iterdir()) == []


def test_the_command_says_where_the_project_has_to_be(python: str, wheels: Path, tmp_path: Path) -> None:
    project = write(tmp_path / "project", FILES)
    (project / "requirements.txt").write_text("./libs/plain\n")
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps(plan_to_dict(plan_of(python, project, []))))
    project.rename(tmp_path / "moved")
    words = [*PODFIT, str(plan), "--overlay", str(tmp_path / "mine"), "--python", python]
    first = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)
    assert first.returncode == 2
    assert "name the project's directory with --project DIR" in first.stderr
    moved = [*words, "--project", str(tmp_path / "moved")]
    second = subprocess.run(moved, capture_output=True, text=True, check=False, timeout=120)
    assert second.returncode == 0, second.stderr
    assert second.stdout.startswith("applied: 1 packages in")


def test_what_stays_at_home(python: str, wheels: Path, tmp_path: Path) -> None:
    files = {
        **FILES,
        "requirements.txt": "./libs/plain\n",
        "libs/plain/.env": "TOKEN=x\n",
        "libs/plain/.gitignore": "secret.txt\n",
        "libs/plain/secret.txt": "x",
        "libs/plain/data/rows.csv": "1,2\n",
        "libs/plain/plain/data/table.csv": "1,2\n",
        "libs/plain/venv/pyvenv.cfg": "",
        "libs/plain/venv/lib/x.py": "",
        "libs/plain/build/lib/plain.py": "",
        "libs/plain/plain/__pycache__/x.pyc": "",
        "outside.txt": "x",
    }
    project = write(tmp_path / "project", files)
    subprocess.run(["git", "init", "-q", str(project)], check=True, timeout=60)
    with (project / "libs/plain/plain/large.bin").open("wb") as file:
        file.truncate(11 * 2**20)
    (project / "libs/plain/plain/alias.py").symlink_to("__init__.py")
    (project / "libs/plain/plain/round").symlink_to("..")
    plan = plan_of(python, project, [])
    (carried,) = carry(plan, "")
    with tarfile.open(fileobj=BytesIO(carried.archive)) as bundle:
        names = set(bundle.getnames())
    kept = {"pyproject.toml", "plain/__init__.py", "plain/alias.py", "plain/data/table.csv"}
    assert names == kept
    assert carried.left == ["plain/large.bin"]
    assert carry(plan, "")[0].sha256 == carried.sha256
    (project / "libs/plain/plain/out.txt").symlink_to("../../../outside.txt")
    with pytest.raises(InputError, match=r"the link leads out of plain, to \.\./\.\./\.\./outside.txt"):
        carry(plan, "")
    (project / "libs/plain/plain/out.txt").unlink()
    (project / "libs/plain/pyproject.toml").write_text('[project]\nname = "other"\nversion = "1"\n')
    with pytest.raises(InputError, match="the plan takes plain from this directory, which is other"):
        carry(plan, str(project))


@pytest.mark.parametrize(
    ("files", "content", "words"),
    [
        ({"x/setup.py": "import torch\nfrom setuptools import setup\nfrom torch.utils import cpp_extension as c\n"
          "setup(name='x', ext_modules=[c.CUDAExtension('x', ['x.cu'])], cmdclass={'build_ext': c.BuildExtension})\n",
          "x/x.cu": ""}, None, "the build of x asks for torch, which neither the template nor the plan has"),
        ({"x/README.md": ""}, None, "which nobody can build: neither pyproject.toml nor setup.py is there"),
        ({"x/pyproject.toml": "[build"}, None, "which nobody can build: cannot be read"),
        ({}, None, "asks for x as the directory x, which is not there"),
        ({"x/pyproject.toml": '[project]\nname="x"\nversion="1"\nrequires-python=">=3.99"\n'}, Content.PURE,
         "x requires Python >=3.99, the template has"),
        ({"x/pyproject.toml": '[build-system]\nrequires=["hatchling>1"]\nbuild-backend="hatchling.build"\n'
          '[project]\nname="x"\nversion="1"\n'}, Content.PURE, ""),
        ({"x/pyproject.toml": '[build-system]\nrequires=["maturin>=1"]\nbuild-backend="maturin"\n'
          '[project]\nname="x"\nversion="1"\n', "x/src/lib.rs": ""}, Content.COMPILED,
          "compiles Rust on the pod: cargo"),
        ({"x/setup.py": "from setuptools import setup\nsetup(**make())\n", "x/x.cpp": ""}, Content.UNKNOWN,
         "may compile C++ on the pod: a C++ compiler has to be there"),
    ],
)  # fmt: skip
def test_what_stands_against_a_member(
    python: str, wheels: Path, tmp_path: Path, files: dict[str, str], content: Content | None, words: str
) -> None:
    """A directory that is not there, or that cannot be built, is never said to fit."""
    project = write(tmp_path / "project", {"requirements.txt": "x @ file:./x\n", **files})
    plan = plan_of(python, project, [])
    assert {one.check for one in plan.findings} == ({"member"} if words else set())
    assert words in "".join(one.message for one in plan.findings)
    if content is None:
        assert not plan.feasible
    else:
        assert [member.content for member in plan.members] == [content]
        assert plan.feasible == ("requires Python" not in words)


def test_a_build_that_asks_git_for_its_version_is_told_the_nearest_tag(
    python: str, wheels: Path, tmp_path: Path
) -> None:
    text = '[build-system]\nrequires=["setuptools>=64", "setuptools-scm>=8"]\nbuild-backend="setuptools.build_meta"\n'
    text += '[project]\nname="x"\ndynamic=["version"]\n[tool.setuptools]\npy-modules=["x"]\n[tool.setuptools_scm]\n'
    project = write(tmp_path / "project", {"requirements.txt": "./x\n", "x/pyproject.toml": text, "x/x.py": ""})
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    for words in (["init", "-q"], [*who, "commit", "-q", "--allow-empty", "-m", "a"], ["tag", "v1.4"]):
        subprocess.run(["git", "-C", str(project), *words], check=True, timeout=60)
    place = tmp_path / "mine"
    version = "from importlib.metadata import version; print(version('x'))"
    for expected in ("1.4", "1.4+1"):
        apply(LocalMachine(python), plan_of(python, project, []), Options(overlay=str(place)))
        assert run(str(place / "bin" / "python"), version) == expected
        more = [*who, "commit", "-q", "--allow-empty", "-m", "b"]
        subprocess.run(["git", "-C", str(project), *more], check=True, timeout=60)


def test_what_a_build_alone_needs_is_fetched_for_it_and_never_shipped(
    python: str, wheels: Path, tmp_path: Path
) -> None:
    text = '[build-system]\nrequires=["flit_core>=3.9"]\nbuild-backend="flit_core.buildapi"\n[project]\nname="x"\n'
    files = {"x/pyproject.toml": text + 'version="1"\ndescription="x"\n', "x/x.py": '"""X."""\n'}
    project = write(tmp_path / "project", {"requirements.txt": "./x\n", **files})
    plan = plan_of(python, project, [])
    assert plan.members[0].fetched == ("flit_core>=3.9",)
    place = tmp_path / "mine"
    assert apply(LocalMachine(python), plan, Options(overlay=str(place))).installed == ("x",)
    code = "import importlib.util as u, x; print(u.find_spec('flit_core'), x.__doc__)"
    assert run(str(place / "bin" / "python"), code) == "None X."
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == []
