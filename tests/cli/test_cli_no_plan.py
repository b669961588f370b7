"""A plan that cannot work: exit code 1 with the reason, and the other templates are shown all the same."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from cli_support import Ran, make_index, write

Call = Callable[..., Ran]

FUTURE = "# python: 3.12.4\ntorch==99.1\nnumpy==2.3.0\n"
OLD = "# python: 3.10.12\ntorch==2.2.0\nnumpy==1.26.3\n"
CASES = {
    "a held distribution": (
        {"p/requirements.txt": "torch>=99\nalpha\n"},
        "conflict torch",
        "the project needs torch>=99 (requirements.txt:1); the template's 2.2.0 is never changed. No template of the",
    ),
    "Python": (
        {"p/pyproject.toml": '[project]\nname = "p"\nrequires-python = ">=3.12"\ndependencies = ["alpha"]\n'},
        "failed p",
        "the project requires Python >=3.12, the template has 3.10.12; choose a template with that Python",
    ),
    "two needs that exclude each other": (
        {"p/requirements.txt": "alpha>=2 ; python_version < '3.11'\nbeta<2\n"},
        "conflict ",
        "alpha>=2",
    ),
}


def words(tmp_path: Path, index: Path, *more: str) -> list[str]:
    """Return the call over a template that does not fit and one that does."""
    return [
        *("fit", str(tmp_path / "p"), "--local", "none", "--index-url", str(index), "--out", str(tmp_path / "out")),
        *("-t", str(tmp_path / "old.txt"), "-t", str(tmp_path / "future.txt"), *more),
    ]


@pytest.mark.parametrize("name", CASES)
def test_the_reason_is_told_and_the_other_template_fits(name: str, call: Call, index: Path, tmp_path: Path) -> None:
    files, subject, reason = CASES[name]
    write(tmp_path, {**files, "old.txt": OLD, "future.txt": FUTURE})
    ran = call(*words(tmp_path, index))
    assert ran.code == 1
    text = " ".join(ran.out.split())
    assert "old does not fit" in text
    assert "future fits" in text
    assert subject in text
    assert reason in text
    requirements = (tmp_path / "out" / "requirements-old.txt").read_text()
    assert "THIS PLAN DOES NOT WORK AS IT STANDS" in requirements
    assert "DOES NOT WORK" not in (tmp_path / "out" / "requirements-future.txt").read_text()
    matrix = json.loads((tmp_path / "out" / "matrix.json").read_text())
    assert matrix["feasible"] is False
    assert {each["name"]: each["feasible"] for each in matrix["templates"]} == {"old": False, "future": True}
    assert call(*words(tmp_path, index, "--format", "json")).code == 1


def test_torch_that_runpods_template_does_not_have(call: Call, index: Path, tmp_path: Path) -> None:
    write(tmp_path, {"p/requirements.txt": "torch>=99\n"})
    ran = call("matrix", tmp_path / "p", "-t", "runpod-pytorch-2.4", "--local", "none", "--index-url", index)
    assert ran.code == 1
    assert "torch>=99 (requirements.txt:1); the template's 2.4.1+cu124 is never changed" in " ".join(ran.out.split())


@pytest.fixture
def hard_to_find(monkeypatch: pytest.MonkeyPatch) -> None:
    """No solution at all for one template: reaching the limit of resolutions gives a plan, so this is by decree."""
    from podfit.model import NoPlanError
    from podfit.solve.search import Search

    exactly = Search.exactly

    def refuse(search: Search, most: int) -> object:
        if search.template.name == "old":
            raise NoPlanError("nothing fits old: so it was decreed", remedy="take another template")
        return exactly(search, most)

    monkeypatch.setattr(Search, "exactly", refuse)


def test_a_template_without_any_plan_stands_beside_the_others(
    hard_to_find: None, call: Call, index: Path, tmp_path: Path
) -> None:
    pinned = "# python: 3.11.9\nbeta==1.0\n"
    earlier = {"out/requirements-old.txt": "", "out/pylock.old.toml": "", "out/lock-older.txt": ""}
    write(tmp_path, {"p/requirements.txt": "alpha>=2\n", "old.txt": pinned, "future.txt": FUTURE, **earlier})
    ran = call(*words(tmp_path, index, "--format", "json", "--quiet"))
    assert ran.code == 1
    error = r"error: (nothing fits old: [^\n]+; take another template)\n"
    told = re.fullmatch(error, ran.err)
    assert told, ran.err
    matrix = json.loads(ran.out)
    assert matrix["feasible"] is False
    assert [each["name"] for each in matrix["templates"]] == ["future"]
    assert matrix["templates"][0]["feasible"] is True
    assert matrix["refused"] == [{"template": "old", "reason": told[1]}]
    assert json.loads((tmp_path / "out" / "matrix.json").read_text()) == matrix
    assert "old: no plan: nothing fits old" in (tmp_path / "out" / "matrix.md").read_text()
    assert not list((tmp_path / "out").glob("*[-.]old.*")), "no file of a plan that is none, nor of an earlier run"
    assert (tmp_path / "out" / "lock-older.txt").exists(), "what belongs to another template stays"
    assert list((tmp_path / "out").glob("*-future.*"))


def test_no_template_has_a_plan(hard_to_find: None, call: Call, index: Path, tmp_path: Path) -> None:
    write(tmp_path, {"p/requirements.txt": "alpha>=2\n", "old.txt": "# python: 3.11.9\nbeta==1.0\n"})
    ran = call(*words(tmp_path, index, "--format", "json")[:-4], "-t", tmp_path / "old.txt", "--format", "json")
    assert ran.code == 1
    assert json.loads(ran.out)["feasible"] is False
    assert not (tmp_path / "out").exists()
    write(tmp_path, {"out/matrix.md": "", "out/plan-old.json": "", "out/notes.md": ""})
    assert call(*words(tmp_path, index)[:-4], "-t", tmp_path / "old.txt").code == 1
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["notes.md"]


def pod(name: str, **changes: object) -> str:
    """Return a manifest of a template that has nothing but Python."""
    place = {"machine": "x86_64", "glibc": "2.35"}
    return json.dumps(
        {
            "schema": "podfit.template/1",
            "name": name,
            "interpreter": {"version": "3.13.1"},
            "platform": place,
            "distributions": [],
            **changes,
        }
    )


COMPILED = "compiled-1.0-cp313-cp313-manylinux2014_x86_64.whl"
NO_GIL = ["cp313-cp313t-linux_x86_64", "cp313-cp313t-manylinux_2_35_x86_64", "py3-none-any"]
PLATFORMS = {
    "free-threaded by its tags": (
        {"platform": {"glibc": "2.35", "tags": NO_GIL}},
        "free runs the free-threaded Python 3.13t",
    ),
    "free-threaded as it says": (
        {"interpreter": {"version": "3.13.1", "free_threaded": True}},
        "free runs the free-threaded Python 3.13t",
    ),
    "PyPy": ({"interpreter": {"version": "3.10.14", "implementation": "pypy"}}, "free runs pypy"),
    "musl": ({"platform": {"glibc": "", "libc": "musl"}}, "free has the C library musl"),
    "glibc not known": (
        {"platform": {"glibc": ""}},
        f"free does not state its glibc, and compiled 1.0 is published for one ({COMPILED})",
    ),
}


@pytest.fixture
def compiled(tmp_path: Path) -> Path:
    """An index with a release whose only wheel is for CPython 3.13 with the GIL on a glibc, and a pure one."""
    folder = make_index(tmp_path / "compiled", {("compiled", "1.0"): [], ("pure", "1.0"): []})
    (made,) = folder.rglob("compiled-1.0-*.whl")
    page = made.with_name("index.html")
    page.write_text(page.read_text(encoding="utf-8").replace(made.name, COMPILED), encoding="utf-8")
    made.rename(made.with_name(COMPILED))
    return folder


@pytest.mark.parametrize("name", PLATFORMS)
def test_a_platform_that_cannot_be_planned_for_has_no_plan(
    name: str, call: Call, compiled: Path, tmp_path: Path
) -> None:
    """Not a plan with nothing to install, which `podfit apply` would refuse."""
    changes, reason = PLATFORMS[name]
    templates = {"free.json": pod("free", **changes), "usual.json": pod("usual")}
    write(tmp_path, {"p/requirements.txt": "compiled\n", **templates})
    given = ("fit", tmp_path / "p", "--local", "none", "--index-url", compiled, "--out", tmp_path / "out")
    ran = call(*given, "-t", tmp_path / "free.json", "-t", tmp_path / "usual.json", "--format", "json", "--quiet")
    assert ran.code == 1
    matrix = json.loads(ran.out)
    assert [each["name"] for each in matrix["templates"]] == ["usual"]
    assert matrix["templates"][0]["feasible"] is True
    (refused,) = matrix["refused"]
    assert refused["template"] == "free"
    assert reason in refused["reason"]
    assert reason in ran.err
    assert "Traceback" not in ran.err


def test_a_glibc_that_is_not_known_matters_only_to_what_needs_one(call: Call, compiled: Path, tmp_path: Path) -> None:
    unknown = pod("unknown", platform={"glibc": ""})
    write(tmp_path, {"p/requirements.txt": "pure\n", "q/requirements.txt": "compiled\n", "unknown.json": unknown})
    given = ("--local", "none", "--index-url", compiled, "-t", tmp_path / "unknown.json", "--format", "json")
    assert call("fit", tmp_path / "p", *given, "--out", tmp_path / "out").code == 0
    assert call("fit", tmp_path / "q", *given, "--out", tmp_path / "out").code == 1
    ran = call("fit", tmp_path / "q", *given, "--out", tmp_path / "out", "--glibc", "2.31")
    assert ran.code == 0, ran.err
