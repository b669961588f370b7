"""`podfit cache`: what is old goes, what is in use and what is not podfit's stays."""

import os
import time

import pytest
from click.testing import CliRunner

from podfit.cli.cache import cache_command
from podfit.index.usage import alone, hold


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A cache with one old template (and its list), one young answer, and a file of somebody else's."""
    room = tmp_path / "cache"
    (room / "templates" / "abc").mkdir(parents=True)
    (room / "asked").mkdir()
    old = [room / "templates" / "abc" / "a.whl", room / "templates" / "abc.json"]
    for path in (*old, room / "asked" / "young", room / "mine.txt"):
        path.write_bytes(b"x" * 100)
    for path in old:
        os.utime(path, (time.time() - 40 * 86400,) * 2)
    monkeypatch.setenv("PODFIT_CACHE_DIR", str(room))
    return room


def _run(*words):
    return CliRunner().invoke(cache_command, words, standalone_mode=False)


def test_dir_says_where(cache):
    assert _run("dir").output == f"{cache}\n"


def test_prune_removes_what_is_old_with_its_list_and_says_how_much(cache):
    ran = _run("prune")
    assert (ran.return_value, ran.output) == (0, f"{cache}: 1 entries removed, 200 bytes; 100 bytes are left\n")
    assert sorted(path.name for path in cache.rglob("*") if path.is_file()) == [".in-use", "mine.txt", "young"]


def test_a_dry_run_removes_nothing(cache):
    assert "would be removed, 200 bytes" in _run("prune", "--dry-run").output
    assert (cache / "templates" / "abc" / "a.whl").exists()


def test_a_size_takes_the_oldest_first_and_never_what_is_not_podfits(cache):
    assert "1 entries removed" in _run("prune", "--days", "400", "--max-size", "0.0001").output
    assert (cache / "asked" / "young").exists()
    assert "1 entries removed" in _run("prune", "--days", "0").output
    assert (cache / "mine.txt").exists()


def test_nothing_goes_while_another_run_uses_the_cache(cache):
    hold(cache)
    ran = _run("prune", "--days", "0")
    assert ran.return_value == 1
    assert (cache / "templates" / "abc" / "a.whl").exists()


def test_without_a_cache_there_is_nothing_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("PODFIT_CACHE_DIR", str(tmp_path / "none"))
    assert "there is no cache" in _run("prune").output


def test_one_alone(tmp_path):
    with alone(tmp_path) as first, alone(tmp_path) as second:
        assert (first, second) == (True, False)
