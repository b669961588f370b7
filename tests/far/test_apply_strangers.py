"""What somebody put into an overlay is seen, and kept by whatever replaces the overlay; killed at any step, too."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from apply_support import tree
from test_apply_journal import dies_at, steps, write

from podfit.far.apply import files, overlay, strangers
from podfit.far.apply.lock import Area


def make(path: Path, text: str) -> Path:
    """Make an overlay as podfit leaves it."""
    write(path / "pyvenv.cfg", "home = /usr/bin\n")
    write(path / "bin" / "activate", "x\n")
    write(path / "lib" / "site-packages" / "alpha" / "__init__.py", text)
    write(path / "podfit-state.json", '{"schema": "podfit.state/1", "mode": "overlay"}')
    strangers.write_list(str(path))
    return path


def test_an_overlay_as_podfit_left_it_holds_nothing_else(tmp_path: Path) -> None:
    path = make(tmp_path / "o", "1")
    write(path / "lib" / "site-packages" / "alpha" / "__pycache__" / "a.cpython-311.pyc", "bytecode")
    assert strangers.is_overlay(str(path))
    assert strangers.found_in(str(path)) == []


def test_what_was_added_or_edited_is_found(tmp_path: Path) -> None:
    path = make(tmp_path / "o", "1")
    write(path / "notes.txt", "mine")
    write(path / "lib" / "site-packages" / "userpkg" / "deep" / "x.py", "mine")
    write(path / "lib" / "site-packages" / "alpha" / "__init__.py", "edited")
    (path / "bin" / "mine").symlink_to("python")
    assert strangers.found_in(str(path)) == [
        "bin/mine",
        "lib/site-packages/alpha/__init__.py",
        "lib/site-packages/userpkg",
        "notes.txt",
    ]


@pytest.mark.parametrize("data", [b"{}", b'{"mode": "in-place"}', b"[]", b'{"sch', b""])
def test_a_directory_with_a_file_of_that_name_is_no_overlay(tmp_path: Path, data: bytes) -> None:
    write(tmp_path / "mine" / "thesis.txt", "mine")
    (tmp_path / "mine" / "podfit-state.json").write_bytes(data)
    assert not strangers.is_overlay(str(tmp_path / "mine"))
    write(tmp_path / "mine" / "pyvenv.cfg", "a virtual environment of somebody\n")
    assert not strangers.is_overlay(str(tmp_path / "mine"))


def test_an_overlay_whose_state_is_damaged_is_still_one(tmp_path: Path) -> None:
    path = make(tmp_path / "o", "1")
    (path / "podfit-state.json").write_bytes(b'{"sch')
    assert strangers.is_overlay(str(path))
    (path / strangers.LIST_NAME).write_bytes(b"")
    assert strangers.found_in(str(path)) is None


def replace(path: Path, place: Area) -> None:
    """Put a new overlay, made in place, over path, and keep what somebody wrote into the one there."""
    files.write_json(overlay._keep_note(place), {"inode": os.lstat(path).st_ino, "kept": str(path) + ".before"})
    overlay._swap(place, str(path))


@pytest.mark.parametrize("exchanges", [True, False])
def test_killed_at_every_step_nothing_of_it_is_lost(
    tmp_path: Path, exchanges: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not exchanges:
        monkeypatch.setattr(files, "exchange", lambda *_paths: False)

    def scene(step: int) -> bool:
        root = tmp_path / f"{step}"
        path, place = make(root / "o", "old"), overlay.area(str(root / "o"))
        write(path / "thesis.txt", "mine")
        old = tree(path)
        make(Path(overlay._new(place)), "new")
        new = tree(overlay._new(place))
        died = dies_at(step, lambda: replace(path, place))
        overlay.recover(place, str(path))
        kept = Path(f"{path}.before")
        assert (tree(path), kept.exists() and tree(kept)) in ((old, False), (new, old)), step
        assert not os.path.lexists(place.work)
        assert not os.path.lexists(overlay._keep_note(place))
        return died

    assert len(list(steps(scene))) > 4
