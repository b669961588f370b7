"""A held module that something else hides is seen without importing either."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from test_apply_journal import record, write

from podfit.far.verify.installed import child_held


@pytest.mark.parametrize(
    ("first", "wrong"),
    [
        ({"heldmod/__init__.py": "evil"}, ["heldmod/__init__.py"]),
        ({"heldmod.py": "evil"}, ["heldmod/__init__.py"]),
        ({"heldfile.py": "evil"}, ["heldfile.py"]),
        ({"heldfile.py": "held"}, []),
        ({"other.py": "x"}, []),
    ],
)
def test_what_hides_it_is_told(
    tmp_path: Path, first: dict[str, str], wrong: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    site, before = tmp_path / "site", tmp_path / "before"
    for path in ("heldmod/__init__.py", "heldfile.py"):
        write(site / path, "held")
    info = record(site, "held", "1.0", ["heldmod/__init__.py", "heldfile.py"])
    for path, text in first.items():
        write(before / path, text)
    monkeypatch.setattr(sys, "path", [str(before), str(site), *sys.path])
    found = child_held({"info": str(info), "record": "", "deep": False})["wrong"]
    assert [path for path, _ in found] == wrong
    assert all(reason.startswith(f"is hidden by {before}") for _, reason in found)
