"""The journal: stopped at every single step, by a kill and by an error, an environment comes back as it was."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from apply_support import changes, tree

from podfit.far.apply import files, inplace, places, records
from podfit.far.apply.journal import Journal
from podfit.far.apply.lock import Area
from podfit.far.apply.talk import RefusedError, Talk

STEPS = ("rename", "replace", "unlink", "rmdir", "mkdir", "utime", "chmod", "fsync")
"""The system calls after any of which a kill may come."""


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def record(site: Path, name: str, version: str, paths: list[str]) -> Path:
    info = site / f"{name}-{version}.dist-info"
    write(info / "METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    rows = [*paths, f"{info.name}/METADATA", f"{info.name}/RECORD"]
    write(info / "RECORD", "".join(f"{row},,\n" for row in rows))
    return info


class Scene:
    """An environment with a distribution to replace, one to keep, and a staged successor."""

    def __init__(self, root: Path) -> None:
        self.root = root / "env"
        self.site = self.root / "lib" / "site-packages"
        self.scripts = self.root / "bin"
        for name in ("__init__.py", "core.py", "old/gone.py", "both/a.py"):
            write(self.site / "pack" / name, f"# old {name}\n")
        write(self.site / "pack" / "__pycache__" / "core.cpython-311.pyc", "old bytecode")
        write(self.site / "pack" / "own" / "cache.txt", "a file that somebody else put there")
        write(self.site / "turns.py", "a module that becomes a package\n")
        write(self.site / "becomes" / "__init__.py", "a package that becomes a module\n")
        write(self.scripts / "pack", "#!/bin/sh\nold\n").chmod(0o755)
        owned = ["pack/__init__.py", "pack/core.py", "pack/old/gone.py", "pack/both/a.py", "turns.py"]
        record(self.site, "pack", "1.0", [*owned, "becomes/__init__.py", "../../bin/pack"])
        write(self.site / "kept" / "__init__.py", "kept\n")
        write(self.site / "kept" / "__pycache__" / "__init__.cpython-311.pyc", "kept bytecode")
        record(self.site, "kept", "1.0", ["kept/__init__.py"])
        write(self.site / "loose.py", "belongs to nobody\n")
        (self.site / "link.py").symlink_to("loose.py")
        (self.site / "pack" / "both").chmod(0o750)
        self.work = self.root / "lib" / ".podfit-apply" / "work"
        self.journal = Journal(str(self.work))
        self.before = tree(self.root)

    @property
    def roots(self) -> list[str]:
        return [str(self.site)]

    def stage(self) -> tuple[list[str], list[tuple[str, str]]]:
        """Stage version 2; return removals and moves."""
        staged = Path(self.journal.staging)
        for name in ("__init__.py", "core.py", "both/b.py", "new/deep/er.py"):
            write(staged / "site" / "pack" / name, f"# new {name}\n")
        write(staged / "site" / "turns" / "__init__.py", "now a package\n")
        write(staged / "site" / "becomes", "now a file\n")
        write(staged / "site" / "loose.py", "in the way of what belongs to nobody\n")
        write(staged / "site" / "fresh" / "__init__.py", "fresh\n")
        record(staged / "site", "pack", "2.0", ["pack/__init__.py"])
        write(staged / "bin" / "pack", "#!/bin/sh\nnew\n").chmod(0o755)
        entry = places.distributions(str(self.site))["pack"]
        removals = records.owned_files(entry, [str(self.site), str(self.scripts)])
        return removals, [(str(staged / "site"), str(self.site)), (str(staged / "bin"), str(self.scripts))]

    def change(self) -> None:
        removals, moves = self.stage()
        self.journal.perform(self.journal.prepare(self.roots, removals, moves), lambda: None)

    def put_back(self) -> list[str]:
        left = self.journal.restore(lambda: None) if self.journal.pending else []
        self.journal.forget()
        files.remove(str(self.work.parent))
        return left


def dies_at(step: int, work: Callable[[], Any]) -> bool:
    """Run work in a child that dies, as by kill -9, before its system call number step; False when it came through."""
    child = os.fork()
    if child == 0:
        try:
            count = iter(range(1, 1 << 30))

            def counting(function: Callable[..., Any]) -> Callable[..., Any]:
                def call(*arguments: Any, **named: Any) -> Any:
                    if next(count) == step:
                        os._exit(9)
                    return function(*arguments, **named)

                return call

            for name in STEPS:
                setattr(os, name, counting(getattr(os, name)))
            work()
            os._exit(0)
        except BaseException:
            os._exit(70)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    assert code in (0, 9), "the work itself failed"
    return code == 9


def steps(work: Callable[[int], bool]) -> Iterator[int]:
    """Yield each step at which work(step) died, until it comes through."""
    for step in range(1, 10_000):
        if not work(step):
            return
        yield step


def test_the_change_is_made(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.change()
    assert (scene.site / "pack" / "core.py").read_text() == "# new core.py\n"
    assert not (scene.site / "pack" / "old").exists()
    assert not (scene.site / "pack-1.0.dist-info").exists()
    assert not (scene.site / "pack" / "__pycache__").exists()
    assert (scene.site / "pack" / "own" / "cache.txt").exists()
    assert (scene.site / "turns" / "__init__.py").exists()
    assert (scene.site / "becomes").is_file()
    assert (scene.scripts / "pack").read_text().endswith("new\n")
    assert (scene.site / "kept" / "__init__.py").read_text() == "kept\n"


def test_undone_it_is_as_before_times_of_folders_included(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    folders = {path: path.stat().st_mtime_ns for path in [scene.site, *scene.site.rglob("*")] if path.is_dir()}
    scene.change()
    assert changes(scene.before, tree(scene.root))
    assert scene.put_back() == []
    assert changes(scene.before, tree(scene.root)) == []
    assert {path: path.stat().st_mtime_ns for path in folders} == folders


@pytest.mark.slow
def test_killed_at_every_step_of_the_change(tmp_path: Path) -> None:
    died = 0
    for step in range(1, 10_000):
        scene = Scene(tmp_path / str(step))
        through = not dies_at(step, scene.change)
        assert scene.put_back() == [], step
        assert changes(scene.before, tree(scene.root)) == [], step
        shutil.rmtree(scene.root)
        if through:
            break
        died += 1
    assert died > 30  # Python 3.10 takes 33 steps, 3.11 some more


@pytest.mark.slow
def test_killed_at_every_step_of_the_way_back_too(tmp_path: Path) -> None:
    """From three states: in the middle of the removals, in the middle of the moves, and from the finished change."""
    total = 0
    for where in ("removals", "moves", "end"):
        for step in range(1, 10_000):
            scene = Scene(tmp_path / where / str(step))
            removals, moves = scene.stage()
            journal = scene.journal.prepare(scene.roots, removals, moves)
            stop = {"removals": 4, "moves": len(journal["removals"]) + 3, "end": 1 << 30}[where]
            with pytest.raises(StopIteration) if where != "end" else _nothing():
                beats = iter(range(stop))
                scene.journal.perform(journal, lambda beats=beats: next(beats) and None)  # type: ignore[misc]
            through = not dies_at(step, scene.put_back)
            assert scene.put_back() == [], (where, step)
            assert changes(scene.before, tree(scene.root)) == [], (where, step)
            shutil.rmtree(scene.root)
            if through:
                break
            total += 1
    assert total > 100


class _nothing:  # noqa: N801 - reads as a statement
    def __enter__(self) -> None: ...
    def __exit__(self, *_: object) -> None: ...


@pytest.mark.parametrize("name", STEPS)
def test_an_error_at_every_step_is_undone(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full or failing disk: the nth call of one kind fails once, for every n."""
    real = getattr(os, name)
    for nth in range(1, 10_000):
        scene = Scene(tmp_path / str(nth))
        count = iter(range(1, 1 << 30))

        def failing(*arguments: Any, count: Iterator[int] = count, nth: int = nth, **named: Any) -> Any:
            if next(count) == nth:
                raise OSError(errno.ENOSPC, "No space left on device", str(arguments[0]))
            return real(*arguments, **named)

        failed = False
        monkeypatch.setattr(os, name, failing)
        try:
            scene.change()
        except OSError:
            failed = True
        monkeypatch.setattr(os, name, real)
        scene.put_back()
        assert changes(scene.before, tree(scene.root)) == [], nth
        if next(count) <= nth and not failed:
            break
        shutil.rmtree(scene.root)


def test_another_file_system_is_no_obstacle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a container's lower layer: renames of directories and files fail with EXDEV."""
    real = os.rename

    def crossing(source: str, target: str) -> None:
        if not source.endswith(files.MOVING):
            raise OSError(errno.EXDEV, "Invalid cross-device link", source)
        real(source, target)

    scene = Scene(tmp_path)
    monkeypatch.setattr(os, "rename", crossing)
    scene.change()
    assert (scene.site / "pack" / "core.py").read_text() == "# new core.py\n"
    assert scene.put_back() == []
    monkeypatch.undo()
    assert changes(scene.before, tree(scene.root)) == []


def test_bytecode_made_meanwhile_goes_and_other_peoples_files_stay(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.change()
    write(scene.site / "pack" / "__pycache__" / "core.cpython-311.pyc", "new bytecode")
    write(scene.site / "kept" / "__pycache__" / "other.cpython-311.pyc", "new bytecode")
    write(scene.site / "__pycache__" / "loose.cpython-311.pyc", "new bytecode")
    write(scene.site / "fresh" / "notes.txt", "by hand, inside what podfit brought")
    stranger = write(scene.site / "stranger.py", "installed by hand in between")
    write(scene.site / "kept" / "__init__.py", "edited by hand in between")
    assert scene.put_back() == [
        f"{scene.site / 'fresh'} was not there before",
        f"{scene.site / 'fresh' / 'notes.txt'} was not there before",
        f"{scene.site / 'kept' / '__init__.py'} was changed",
        f"{stranger} was not there before",
    ]
    assert changes(scene.before, tree(scene.root)) == [
        "lib/site-packages/fresh",
        "lib/site-packages/fresh/notes.txt",
        "lib/site-packages/kept/__init__.py",
        "lib/site-packages/stranger.py",
    ]


def test_what_came_after_a_kill_before_the_first_move_stays(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    staged, _ = scene.stage()[1][0]
    scene.journal.prepare(scene.roots, [], [(f"{staged}/fresh", str(scene.site / "fresh"))])
    mine = write(scene.site / "fresh" / "__init__.py", "fresh\n")
    write(scene.site / "fresh" / "mine.txt", "mine")
    assert scene.put_back() == [
        f"{path} was not there before" for path in (mine.parent, mine, mine.with_name("mine.txt"))
    ]
    assert sorted(path.name for path in mine.parent.iterdir()) == ["__init__.py", "mine.txt"]


def test_what_was_installed_over_podfits_files_after_a_kill_stays(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.change()
    write(scene.site / "pack" / "core.py", "# installed by hand since\n")
    write(scene.site / "fresh" / "__init__.py", "edited by hand since\n")
    assert f"{scene.site / 'pack' / 'core.py'} was changed" in scene.put_back()
    assert (scene.site / "pack" / "core.py").read_text() == "# installed by hand since\n"
    assert (scene.site / "fresh" / "__init__.py").read_text() == "edited by hand since\n"
    assert (scene.site / "pack" / "__init__.py").read_text() == "# old __init__.py\n"
    assert not (scene.site / "pack" / "new").exists()


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"{}", b'{"roots": 1}', b"[" * 100_000, b'{"removals": [["a"]]}'])
def test_a_damaged_journal_is_named_with_its_path_and_nothing_is_touched(tmp_path: Path, data: bytes) -> None:
    scene = Scene(tmp_path)
    scene.change()
    Path(scene.journal.path).write_bytes(data)
    before = tree(scene.root)
    with pytest.raises(RefusedError, match="the journal of an interrupted apply, is damaged") as caught:
        scene.journal.restore(lambda: None)
    assert caught.value.message.startswith(scene.journal.path)
    assert scene.journal.backup in caught.value.remedy
    assert tree(scene.root) == before


@pytest.mark.parametrize("name", ["snapshot.json.z", "made.json.z"])
def test_a_damaged_list_beside_the_journal_does_not_keep_from_putting_back(tmp_path: Path, name: str) -> None:
    scene = Scene(tmp_path)
    scene.change()
    (scene.work / name).write_bytes(b"no")
    told = scene.put_back()
    damaged = {"snapshot.json.z": [str(scene.work / name)], "made.json.z": []}[name]
    assert [text.partition(" is damaged")[0] for text in told] == damaged
    assert changes(scene.before, tree(scene.root)) == []


def test_what_is_in_the_way_is_refused_before_anything_is_touched(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    removals, moves = scene.stage()
    staged = Path(scene.journal.staging, "site")
    shutil.rmtree(staged / "becomes", ignore_errors=True)
    write(staged / "kept", "a file where a package stays\n")
    with pytest.raises(RefusedError, match="kept is in the way"):
        scene.journal.prepare(scene.roots, removals, moves)
    scene.put_back()
    assert changes(scene.before, tree(scene.root)) == []


def test_a_distribution_without_a_list_of_files_is_refused(tmp_path: Path) -> None:
    site = tmp_path / "site"
    write(site / "blinker-1.4.egg-info", "Metadata-Version: 1.1\nName: blinker\nVersion: 1.4\n")
    entry = places.distributions(str(site))["blinker"]
    assert entry.version == "1.4"
    with pytest.raises(RefusedError, match="no list of its files"):
        records.owned_files(entry, [str(site)])


def test_files_of_an_egg_and_files_outside_the_environment(tmp_path: Path) -> None:
    site = tmp_path / "env" / "site"
    outside = write(tmp_path / "outside.txt", "not the environment's")
    module = write(site / "mod.py", "x = 1\n")
    info = site / "mod-1.0-py3.11.egg-info"
    write(info / "PKG-INFO", "Name: mod\nVersion: 1.0\n")
    write(info / "installed-files.txt", "../mod.py\n../../../outside.txt\nPKG-INFO\n")
    found = records.owned_files(places.distributions(str(site))["mod"], [str(tmp_path / "env")])
    assert str(module) in found
    assert str(outside) not in found
    assert str(info / "installed-files.txt") in found


def test_after_the_commit_recovery_goes_forward(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    place = Area(str(scene.work.parent))
    with place:
        scene.change()
        after = tree(scene.site)
        files.write_json(f"{place.work}/state.json", {"plan_sha256": "x"})
        scene.journal.commit()
    with place:
        assert inplace.recover(place, Talk()) is None
    assert tree(scene.site) == after
    assert files.read_json(place.state) == {"plan_sha256": "x"}
    assert sorted(found.name for found in Path(place.path).iterdir()) == ["lock", "state.json"]


def test_the_lock_is_held_by_one_and_leaves_nothing(tmp_path: Path) -> None:
    place, second = Area(str(tmp_path / "area")), Area(str(tmp_path / "area"))
    assert place.holder == ""
    with place:
        assert second.holder == str(os.getpid())
        with pytest.raises(RefusedError, match=f"process {os.getpid()}"), second:
            pass
    assert not (tmp_path / "area").exists()
    with second:
        assert place.holder == str(os.getpid())


def test_versions_are_read_from_metadata_where_the_folder_name_differs(tmp_path: Path) -> None:
    write(tmp_path / "Foo_Bar-1.0_2.dist-info" / "METADATA", "Metadata-Version: 2.1\nName: foo.bar\nVersion: 1.0-2\n\n")
    write(tmp_path / "plain.egg-info" / "PKG-INFO", "Name: plain\nVersion: 3\n")
    write(tmp_path / "~roken-1.0.dist-info" / "METADATA", "Name: broken\nVersion: 1.0\n")
    found = places.distributions(str(tmp_path))
    assert set(found) == {"foo-bar", "plain"}
    assert places.has_version(found["foo-bar"], "1.0-2")
    assert places.has_version(found["plain"], "3")
    assert places.has_version(found["plain"], "3.0")
    assert not places.has_version(found["plain"], "3+local")
    assert not places.has_version(found["plain"], "4")
    assert not places.has_version(None, "4")
