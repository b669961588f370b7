"""Nobody's home: HOME unset and a user without a passwd entry, as OpenShift runs containers."""

from __future__ import annotations

import pwd
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from podfit.far.apply import overlay
from podfit.far.apply.talk import RefusedError
from podfit.index import home
from podfit.index.home import default_cache
from podfit.solve.variables import resolver_environment


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """Take away HOME and the passwd entry; return the directory of temporary files."""

    def unknown(number: int) -> None:
        raise KeyError(f"getpwuid(): uid not found: {number}")

    for name in ("HOME", "XDG_CACHE_HOME", "UV_CACHE_DIR", "PODFIT_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    monkeypatch.setattr(home.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(home.tempfile, "tempdir", str(tmp_path))
    home.homeless.cache_clear()
    yield tmp_path
    home.homeless.cache_clear()


def test_the_cache_lies_in_a_directory_of_the_users_own(nobody: Path) -> None:
    cache = default_cache()
    assert cache.parent.parent == nobody
    assert stat.S_IMODE(cache.parent.stat().st_mode) == 0o700
    assert resolver_environment()["UV_CACHE_DIR"] == str(cache.parent / "uv")
    home.homeless.cache_clear()
    assert default_cache() == cache, "the next process finds it again"


@pytest.mark.parametrize("kind", ["open to others", "a link"])
def test_a_directory_that_somebody_else_can_write_to_is_not_taken(nobody: Path, kind: str) -> None:
    first = home.homeless()
    first.rmdir()
    if kind == "a link":
        (nobody / "elsewhere").mkdir(mode=0o700)
        first.symlink_to("elsewhere")
    else:
        first.mkdir()
        first.chmod(0o777)
    home.homeless.cache_clear()
    assert home.homeless() != first
    assert home.homeless().parent == nobody


def test_an_overlay_needs_a_place(nobody: Path) -> None:
    with pytest.raises(RefusedError, match="there is no home directory for an overlay"):
        overlay.place_of({"name": "p"})
    assert overlay.place_of({"overlay": str(nobody / "o")}) == str(nobody / "o")
    assert overlay.noted() == []
    overlay.drop_notes()


def test_a_tilde_without_a_home_stays_as_it_is(nobody: Path) -> None:
    assert home.expanded("~/a") == Path("~/a")
    assert not home.has_home()


def test_the_command_runs_without_a_home(nobody: Path) -> None:
    nobody_known = "import pwd\ndef no(number): raise KeyError(number)\npwd.getpwuid = no\n"
    code = nobody_known + "from podfit.cli.main import main\nmain()"
    words = [sys.executable, "-c", code, "cache", "dir"]
    done = subprocess.run(words, env={"TMPDIR": str(nobody)}, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert str(nobody) in done.stdout
