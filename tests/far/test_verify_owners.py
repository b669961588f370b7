"""Whose files a failure ran through: from exceptions and stacks to distributions, the nearest to the cause first."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from podfit.far.verify.errors import MOST_FILES, describe_error, files_of
from podfit.far.verify.installed import run_statement
from podfit.far.verify.owners import files_in, owners
from podfit.far.verify.processes import Outcome


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory of packages on sys.path; what is imported from there is forgotten."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]


def put(site: Path, name: str, **modules: str) -> None:
    """Write a distribution of modules with its RECORD."""
    for module, code in modules.items():
        (site / f"{module}.py").write_text(code)
    info = site / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "RECORD").write_text("".join(f"{module}.py,sha256=x,1\n" for module in modules))


def blamed(site: Path, module: str, *names: str, last: str = "") -> list[str]:
    """Return the owners of what importing a module raises."""
    found = {info.name.partition("-")[0]: {"info": str(info)} for info in site.glob("*.dist-info")}
    with pytest.raises(Exception) as caught:
        run_statement(module, names)
    return owners(describe_error(caught.value)["files"], found, last)


def test_the_innermost_frame_comes_first(site: Path) -> None:
    put(site, "outer", outer="import middle\n")
    put(site, "middle", middle="import inner\n")
    put(site, "inner", inner="raise ValueError('no')\n")
    assert blamed(site, "outer") == ["inner", "middle", "outer"]
    assert blamed(site, "outer", last="other") == ["inner", "middle", "outer"]  # other is not installed


def test_who_asks_for_a_name_comes_before_who_lacks_it(site: Path) -> None:
    put(site, "asks", asks="from lacks import name\n")
    put(site, "lacks", lacks="")
    assert blamed(site, "asks") == ["asks", "lacks"]


def test_a_library_that_cannot_be_loaded_comes_before_who_loads_it(site: Path) -> None:
    put(site, "loads", loads=f"raise ImportError('no symbol', path={str(site / 'core.so')!r})\n")
    info = site / "core-1.0.dist-info"
    info.mkdir()
    (info / "RECORD").write_text("core.so,sha256=x,1\n")
    assert blamed(site, "loads") == ["core", "loads"]


def test_a_cause_comes_before_what_was_raised_from_it_and_a_first_attempt_after(site: Path) -> None:
    put(site, "cause", cause="raise ImportError('deep')\n")
    put(
        site, "lazy", lazy="try:\n    import cause\nexcept ImportError as e:\n    raise RuntimeError('failed') from e\n"
    )
    assert blamed(site, "lazy") == ["cause", "lazy"]
    put(site, "attempt", attempt="raise ImportError('not there')\n")
    put(site, "real", real="raise ValueError('the fault')\n")
    put(site, "both", both="try:\n    import attempt\nexcept ImportError:\n    import real\n")
    assert blamed(site, "both") == ["real", "both", "attempt"]


def test_what_is_imported_is_asked_for_when_no_file_tells(site: Path) -> None:
    put(site, "tool", tool="")
    assert blamed(site, "tool", "absent", last="tool") == ["tool"]
    assert blamed(site, "nothing_of_that_name") == []


def test_names_and_submodules_are_what_a_statement_takes(site: Path) -> None:
    package = site / "package"
    package.mkdir()
    (package / "__init__.py").write_text("name = 1\n")
    (package / "part.py").write_text("import nothing_of_that_name\n")
    run_statement("package", ["name", "*"])
    with pytest.raises(ModuleNotFoundError, match="nothing_of_that_name"):
        run_statement("package", ["part"])
    with pytest.raises(ImportError, match=r"cannot import name 'other' from 'package' \(.*__init__.py\)"):
        run_statement("package", ["other"])


def test_a_crash_tells_by_its_stack(site: Path) -> None:
    put(site, "tool", tool="")
    stack = f'  File "{site}/tool.py", line 1 in <module>\n  File "/x.py", line 2 in y\n'
    log = f"Fatal Python error: Segmentation fault\n{stack}"
    outcome = Outcome("crash", {}, {}, -11, log, 0.1)
    assert files_in(outcome) == [f"{site}/tool.py", "/x.py"]
    assert owners(files_in(outcome), {"tool": {"info": str(site / "tool-1.0.dist-info")}}) == ["tool"]
    assert files_in(outcome._replace(how="hang")) == []


def test_circles_and_depth_end() -> None:
    one, two = ValueError("one"), ValueError("two")
    one.__cause__, two.__cause__ = two, one
    assert list(files_of(one)) == []

    def deep(number: int) -> None:
        """Raise from far below, a file a frame."""
        if number:
            exec(compile("call(n - 1)", f"/deep/{number}.py", "exec"), {"call": deep, "n": number})
        raise ValueError("deep")

    with pytest.raises(ValueError, match="deep") as caught:
        deep(MOST_FILES + 50)
    assert len(describe_error(caught.value)["files"]) == MOST_FILES
    importlib.invalidate_caches()
