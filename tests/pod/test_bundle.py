"""`podfit bundle`: exactly the plan's files, and an environment without a network that installs from them."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from apply_support import Notes, Recipe, artefact, make_wheel, run, template_of
from by_pip_support import backend, small_plan
from index_support import LocalIndex, build_sdist, build_wheel
from writers_support import DECLARED

from podfit.cli.main import main
from podfit.index import Index
from podfit.index.sources import SourceFiles
from podfit.model import Action, Artefact, Content, Decision, InputError, Need, Plan, PlannedMember, SourceBuild
from podfit.model.errors import PodfitError
from podfit.model.serial import plan_to_dict
from podfit.pod.bundle import Bundle, BundledTool, answer, make_bundle
from podfit.pod.tools import build_requires
from podfit.writers.interface import Screen
from podfit.writers.registry import write_answer

OWN_BACKEND = b'[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'


@pytest.fixture
def index() -> Iterator[LocalIndex]:
    found = LocalIndex()
    yield found
    found.close()


@pytest.fixture
def bundle(index: LocalIndex, tmp_path: Path) -> Callable[[Plan], Bundle]:
    """A function that bundles a plan into one directory."""

    def make(plan: Plan) -> Bundle:
        return make_bundle(plan, tmp_path / "b", Index([index.url], cache=tmp_path / "cache"), Notes())

    return make


def test_it_holds_exactly_the_files_of_the_plan_and_names_what_is_built(
    index: LocalIndex, bundle: Callable[[Plan], Bundle], tmp_path: Path
) -> None:
    plan = small_plan(index)
    made = bundle(plan)
    there = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (tmp_path / "b/wheels").iterdir()}
    assert there == {each.filename: each.sha256 for each in made.files}
    assert there == {file.filename: file.hashes[0][7:] for (file,) in plan.artefacts.values()}
    data = json.loads((tmp_path / "b/manifest.json").read_text())
    assert data["schema"] == "podfit.bundle/1"
    assert {(each["name"], each["kind"]) for each in data["files"]} == {("six", "wheel"), ("made-here", "sdist")}
    assert [(tool.build, tool.name, tool.version) for tool in made.tools] == [("made-here", "helper", "1.0")]
    beside = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (tmp_path / "b/tools").iterdir()}
    assert beside == {tool.filename: tool.sha256 for tool in made.tools}
    assert data["tools"] == [{"build": "made-here", "name": "helper", "version": "1.0", **_file(made.tools[0])}]
    said = write_answer("text", answer(plan, made), Screen(width=1000))
    assert "1 wheel and 1 source distribution" in said
    assert "no wheel: made-here 1.0 goes as source; it is built there with helper 1.0, which lie" in said
    assert made.whole
    assert f"sh {tmp_path}/b/install.sh" in said.replace("\\\n", "").replace("      ", "")


def _file(tool: BundledTool) -> dict[str, object]:
    return {"filename": tool.filename, "sha256": tool.sha256, "bytes": tool.bytes}


def test_a_build_whose_tools_have_no_wheel_is_named_and_the_bundle_is_not_whole(
    index: LocalIndex, bundle: Callable[[Plan], Bundle], tmp_path: Path
) -> None:
    plan = small_plan(index)
    index.files["helper"] = {"helper-1.0.tar.gz": build_sdist("helper", "1.0", {"pyproject.toml": b""})}
    made = bundle(plan)
    assert not made.whole
    assert [each.name for each in made.unequipped] == ["made-here"]
    said = write_answer("text", answer(plan, made), Screen(width=1000))
    assert "its build there needs helper, which cannot be bundled: " in said
    assert not (tmp_path / "b/tools").exists()


def test_tools_of_another_plan_go(index: LocalIndex, bundle: Callable[[Plan], Bundle], tmp_path: Path) -> None:
    plan = small_plan(index)
    bundle(plan)
    stale = tmp_path / "b/tools/helper-0.9-py3-none-any.whl"
    stale.write_bytes(b"")
    bundle(plan)
    assert [path.name for path in (tmp_path / "b/tools").iterdir()] == ["helper-1.0-py3-none-any.whl"]
    less = replace(plan, decisions=plan.decisions[1:], builds=(), needs=plan.needs[:1])
    bundle(replace(less, artefacts={"six": plan.artefacts["six"]}))
    assert not (tmp_path / "b/tools").exists()


@pytest.mark.parametrize(
    ("pyproject", "lines"),
    [
        ("", ("setuptools>=40.8.0", "wheel")),
        ("[tool.black]\n", ("setuptools>=40.8.0", "wheel")),
        ("[build-system]\nrequires = []\n", ()),
        ('[build-system]\nrequires = ["flit_core>=3"]\n', ("flit_core>=3",)),
        ("[build-system\n", ("setuptools>=40.8.0", "wheel")),
    ],
)
def test_what_a_build_asks_for_is_what_its_source_says(pyproject: str, lines: tuple[str, ...]) -> None:
    assert build_requires(SourceFiles("", pyproject, (), ())) == lines


def test_what_is_there_is_not_fetched_again_and_what_is_not_planned_goes(
    index: LocalIndex, bundle: Callable[[Plan], Bundle], tmp_path: Path
) -> None:
    plan = small_plan(index)
    bundle(plan)
    before = index.asked("six-1.16.0")
    damaged = tmp_path / "b/wheels/six-1.16.0-py3-none-any.whl"
    bundle(plan)
    assert index.asked("six-1.16.0") == before
    damaged.write_bytes(b"cut")
    bundle(plan)
    assert index.asked("six-1.16.0") == before + 1
    less = replace(plan, decisions=plan.decisions[1:], builds=(), needs=plan.needs[:1])
    less = replace(less, artefacts={"six": plan.artefacts["six"]})
    bundle(less)
    assert [path.name for path in (tmp_path / "b/wheels").iterdir()] == [damaged.name]


@pytest.mark.parametrize("ranges", [True, False])
def test_a_large_file_comes_in_pieces(
    ranges: bool, index: LocalIndex, bundle: Callable[[Plan], Bundle], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("podfit.index.download.PIECE", 100)
    index.ranges = ranges
    made = bundle(small_plan(index))
    size = next(each.bytes for each in made.files if each.name == "six")
    assert index.asked("six-1.16.0") == (-(-size // 100) if ranges else 1)


def test_other_bytes_than_the_plan_s_are_refused_and_leave_no_bundle(
    index: LocalIndex, bundle: Callable[[Plan], Bundle], tmp_path: Path
) -> None:
    plan = small_plan(index)
    index.files["six"]["six-1.16.0-py3-none-any.whl"] += b"more"
    with pytest.raises(PodfitError, match=r"six-1\.16\.0-py3-none-any\.whl cannot be had \(its sha256 is"):
        bundle(plan)
    assert not (tmp_path / "b/manifest.json").exists()
    assert not [path for path in (tmp_path / "b/wheels").iterdir() if "six" in path.name]


def test_a_directory_with_something_else_in_it_is_left_alone(
    index: LocalIndex, bundle: Callable[[Plan], Bundle], tmp_path: Path
) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "mine.txt").write_text("x")
    with pytest.raises(InputError, match="holds something else than a bundle"):
        bundle(small_plan(index))
    assert [path.name for path in (tmp_path / "b").iterdir()] == ["mine.txt"]


def test_a_name_that_leads_out_of_the_directory_is_refused(
    index: LocalIndex, bundle: Callable[[Plan], Bundle], tmp_path: Path
) -> None:
    plan = small_plan(index)
    (file,) = plan.artefacts["made-here"]
    outside = replace(file, filename="../../made_here-1.0.tar.gz")
    with pytest.raises(InputError, match="is not the name of a file"):
        bundle(replace(plan, artefacts={**plan.artefacts, "made-here": (outside,)}))
    assert not list(tmp_path.rglob("made_here*"))


def test_what_no_file_can_bring_is_named_and_the_call_says_so(
    index: LocalIndex, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "git+https://example.org/x.git@" + "a" * 40
    plan = small_plan(index)
    commit = Decision("x", Action.INSTALL, "asked", (DECLARED,), planned=url, direct=True)
    member = PlannedMember("own", "libs/own", Content.PURE, DECLARED)
    plan = replace(
        plan,
        decisions=(*plan.decisions, commit),
        artefacts={**plan.artefacts, "x": (Artefact("", url, (), "commit"),)},
        members=(member,),
    )
    (tmp_path / "plan.json").write_text(json.dumps(plan_to_dict(plan)))
    monkeypatch.setenv("PODFIT_CACHE_DIR", str(tmp_path / "cache"))
    with pytest.raises(SystemExit) as ended:
        main(["bundle", str(tmp_path / "plan.json"), "-o", str(tmp_path / "b"), "--index-url", index.url])
    assert ended.value.code == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "left out: x: it is a commit, and no file of an index" in said
    assert "left out: own: it is the project's own, in libs/own" in said


def _alone() -> list[str]:
    """The words before a command that take the network away."""
    spec = importlib.util.spec_from_file_location("chores", Path(__file__).parents[2] / "dev.py")
    assert spec is not None and spec.loader is not None
    chores = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(chores)
    found = chores.without_network()
    if not found:
        pytest.skip("no network namespace can be made here")
    return list(found)


@pytest.mark.slow
def test_an_environment_without_a_network_installs_from_it_and_verifies(
    make_venv: Callable[..., str], tmp_path: Path
) -> None:
    alone = _alone()
    python = make_venv(pip=True)
    old = make_wheel(tmp_path / "old", "tool", "1.0", {"tool.py": "now = False\n"})
    subprocess.run([python, "-m", "pip", "install", "-q", "--no-index", str(old)], check=True, timeout=120)
    wheels = [make_wheel(tmp_path / "new", "tool", "2.0", {"tool.py": "now = True\n"})]
    wheels.append(make_wheel(tmp_path / "new", "other", "1.0", {"other.py": "import tool\n"}))
    plan = _with_source(Recipe(template_of(python), wheels, held={"pip"}).plan(), tmp_path)
    made = make_bundle(plan, tmp_path / "made", Index([], cache=tmp_path / "cache"), Notes())
    assert [each.name for each in made.files if each.kind == "sdist"] == ["made-here"]
    there = tmp_path / "kaggle input"
    shutil.move(tmp_path / "made", there)
    shutil.rmtree(tmp_path / "new")

    script = str(there / "install.sh")
    done = subprocess.run([*alone, "/bin/sh", script, python], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert run(python, "import other, made_here; print(other.tool.now, made_here.seen)") == "True here"
    verified = subprocess.run(
        [*alone, python, str(there / "verify_env.py")], capture_output=True, text=True, timeout=300
    )
    assert verified.returncode == 0, verified.stdout + verified.stderr
    again = subprocess.run([*alone, "/bin/sh", script, python], capture_output=True, text=True, timeout=300)
    assert again.returncode == 0, again.stdout + again.stderr

    wheel = next((there / "wheels").glob("tool-*"))
    wheel.write_bytes(wheel.read_bytes() + b"more")
    subprocess.run([python, "-m", "pip", "uninstall", "-qy", "tool"], check=True, timeout=120)
    refused = subprocess.run([*alone, "/bin/sh", script, python], capture_output=True, text=True, timeout=300)
    assert refused.returncode != 0
    assert "DO NOT MATCH THE HASHES" in refused.stderr
    other = make_venv(name="other")
    elsewhere = subprocess.run([*alone, "/bin/sh", script, other], capture_output=True, text=True, timeout=60)
    assert elsewhere.returncode != 0
    assert "this machine is not what the plan was made for: pip missing and not" in elsewhere.stderr


@pytest.mark.slow
def test_a_build_without_a_network_has_the_tools_that_it_asks_for_and_leaves_none(
    index: LocalIndex, make_venv: Callable[..., str], tmp_path: Path
) -> None:
    alone = _alone()
    python = make_venv(pip=True)
    base = {"base.py": b"word = 'by tools'\n"}
    index.add("base", "base-1.0-py3-none-any.whl", build_wheel("base", "1.0", files=base))
    code = backend("zipfile, base", "by tools")
    helper = build_wheel("helper", "1.0", requires=("base>=1",), files={"helper.py": code})
    index.add("helper", "helper-1.0-py3-none-any.whl", helper)
    (tmp_path / "new").mkdir()
    recipe = Recipe(template_of(python), [make_wheel(tmp_path / "new", "other", "1.0", {"other.py": ""})], held={"pip"})
    asked = b'[build-system]\nrequires = ["helper>=1"]\nbuild-backend = "helper"\n'
    plan = _with_source(recipe.plan(), tmp_path, asked)
    made = make_bundle(plan, tmp_path / "b", Index([index.url], cache=tmp_path / "cache"), Notes(), [index.url])
    assert sorted(tool.name for tool in made.tools) == ["base", "helper"]
    index.close()
    words = [*alone, "/bin/sh", str(tmp_path / "b" / "install.sh"), python]
    done = subprocess.run(words, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert run(python, "import made_here; print(made_here.seen)") == "by tools"
    assert run(python, "import importlib.util as u; print(u.find_spec('helper'), u.find_spec('base'))") == "None None"


@pytest.mark.network
@pytest.mark.slow
def test_a_real_source_distribution_is_built_without_a_network(make_venv: Callable[..., str], tmp_path: Path) -> None:
    alone = _alone()
    python = make_venv(pip=True)
    (tmp_path / "new").mkdir()
    wheels = [make_wheel(tmp_path / "new", "other", "1.0", {"other.py": ""})]
    index = Index(cache=tmp_path / "cache")
    name, version = "antlr4-python3-runtime", "4.9.3"
    file = next(each for each in index.releases(name)[version] if each.kind == "sdist")
    sdist = Artefact(file.filename, file.url, file.hashes, "sdist", file.size)
    plan = _with_sdist(Recipe(template_of(python), wheels, held={"pip"}).plan(), name, version, sdist)
    made = make_bundle(plan, tmp_path / "b", index, Notes())
    assert {"setuptools", "wheel"} <= {tool.name for tool in made.tools}
    words = [*alone, "/bin/sh", str(tmp_path / "b" / "install.sh"), python]
    done = subprocess.run(words, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert run(python, "import antlr4; print(antlr4.__name__)") == "antlr4"


def _with_source(plan: Plan, folder: Path, pyproject: bytes = OWN_BACKEND) -> Plan:
    """The plan with a source distribution, whose backend lies in it."""
    path = folder / "new" / "made_here-1.0.tar.gz"
    path.write_bytes(
        build_sdist("made_here", "1.0", {"pyproject.toml": pyproject, "backend.py": backend("zipfile", "here")})
    )
    return _with_sdist(plan, "made-here", "1.0", replace(artefact(path), kind="sdist"))


def _with_sdist(plan: Plan, name: str, version: str, sdist: Artefact) -> Plan:
    """The plan with a source distribution."""
    build = SourceBuild(name, version, (), "likely", "x", "", sdist, DECLARED)
    decision = Decision(name, Action.INSTALL, "asked", (DECLARED,), planned=version, direct=True)
    decisions = tuple(sorted((*plan.decisions, decision), key=lambda each: each.name))
    need = Need(name, (DECLARED,))
    artefacts = {**plan.artefacts, name: (sdist,)}
    return replace(plan, decisions=decisions, artefacts=artefacts, builds=(build,), needs=(*plan.needs, need))
