"""Every file that a run leaves behind, emptied, cut short, overwritten, replaced by a directory: the next run answers
the same, or names the path and what to do in one sentence."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cli_support import STEERING, make_index, served, write

from podfit.cli.main import run

NOISE = bytes(range(256)) * 16


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def noise(path: Path) -> None:
    path.write_bytes(NOISE)


def directory(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "inside").write_text("x")


DAMAGES = (emptied, cut, noise, directory)


class World:
    """A project, a template that was taken in, an index, and all that podfit keeps, below one directory."""

    def __init__(self, room: Path, index: str) -> None:
        self.room = room
        self.index = index
        self.kept = room / "kept"

    def fit(self) -> tuple[int, str]:
        """Run `podfit fit`; return its exit code and the plan, without the day on which it was made."""
        out = self.room / "out"
        shutil.rmtree(out, ignore_errors=True)
        words = ["fit", str(self.room / "project"), "-t", "mine", "--local", "none", "--out", str(out)]
        code = run([*words, "--index-url", self.index, "--quiet"])
        file = out / "plan-mine.json"
        if not file.exists():
            return code, ""
        plan = json.loads(file.read_text())
        plan.pop("created", None)
        plan.pop("provenance", None)
        plan["template"].pop("notes", None)  # they say where the list was taken in from
        return code, json.dumps(plan, sort_keys=True)

    def files(self) -> list[Path]:
        """Return what podfit keeps, but for uv's own cache."""
        return sorted(path.relative_to(self.kept) for path in self.kept.rglob("*") if path.is_file())


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world in which podfit ran once."""
    room = tmp_path_factory.mktemp("world")
    releases = {("alpha", "1.0"): [], ("alpha", "2.0"): ["beta>=1"], ("beta", "1.0"): [], ("gamma", "1.0"): ["alpha"]}
    make_index(room / "index", releases)
    manifest = {
        "schema": "podfit.template/1",
        "name": "mine",
        "title": "mine",
        "origin": "given",
        "captured": "2025-01-01",
        "interpreter": {"version": "3.11.9", "implementation": "cpython"},
        "platform": {"machine": "x86_64", "system": "linux", "glibc": "2.35"},
        "distributions": [{"name": "torch", "version": "2.4.0", "requires_dist": []}],
    }
    write(room / "project", {"requirements.txt": "alpha\ngamma\n", "main.py": "import alpha, gamma\n"})
    (room / "mine.json").write_text(json.dumps(manifest))
    with pytest.MonkeyPatch.context() as patch, served(room / "index") as url:
        for name in STEERING:
            patch.delenv(name, raising=False)
        patch.setenv("PODFIT_CACHE_DIR", str(room / "kept" / "cache"))
        patch.setenv("PODFIT_DATA_DIR", str(room / "kept" / "data"))
        patch.setenv("UV_CACHE_DIR", str(room / "uv"))
        patch.setenv("NO_PROXY", "*")
        made = World(room, url)
        assert run(["templates", "--update", str(room / "mine.json")]) == 0
        assert made.fit()[0] == 0
        yield made


@pytest.mark.slow
@pytest.mark.parametrize("damage", DAMAGES, ids=[each.__name__ for each in DAMAGES])
def test_each_file_damaged_in_turn(
    damage: Callable[[Path], None], world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    from podfit.catalogue.store import forget

    saved = world.room / "saved"
    if saved.exists():  # by a test before, which may have left anything
        shutil.rmtree(world.kept)
        shutil.copytree(saved, world.kept)
    else:
        shutil.copytree(world.kept, saved)
    forget()
    expected = world.fit()
    assert expected[0] == 0
    names = world.files()
    assert len(names) > 8
    capsys.readouterr()
    for name in names:
        forget()
        damage(world.kept / name)
        code, plan = world.fit()
        said = capsys.readouterr()
        if (code, plan) != expected:
            sentence = said.err.strip().splitlines()
            assert code == 2, (name, said.err)
            assert len(sentence) == 1, (name, said.err)
            assert sentence[0].startswith("error: ")
            assert str(world.kept) in sentence[0] or "podfit templates --update" in sentence[0], (name, sentence)
        assert "Traceback" not in said.err
        shutil.rmtree(world.kept)
        shutil.copytree(saved, world.kept, copy_function=shutil.copy2)
    forget()
    assert world.fit() == expected


@pytest.mark.slow
def test_what_may_not_be_written_is_no_hindrance(world: World) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    expected = world.fit()
    for folder in [world.kept, *filter(Path.is_dir, world.kept.rglob("*"))]:
        folder.chmod(0o555)
    try:
        assert world.fit() == expected
    finally:
        for folder in [world.kept, *filter(Path.is_dir, world.kept.rglob("*"))]:
            folder.chmod(0o755)
