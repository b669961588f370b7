"""Where apply takes its files from: a real index on loopback that wants a password, and a real wheelhouse."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from apply_support import Recipe, changes, make_wheel, run, template_of, tree
from guarded_support import PASSWORD, Guarded

from podfit.model import Artefact, Plan
from podfit.pod.apply import ApplyError, Options, apply
from podfit.pod.machine import LocalMachine


@pytest.fixture(autouse=True)
def _nothing_else(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in (
        "PODFIT_INDEX_URL",
        "UV_DEFAULT_INDEX",
        "UV_INDEX_URL",
        "PIP_INDEX_URL",
        "PIP_EXTRA_INDEX_URL",
        "PIP_FIND_LINKS",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Guarded]:
    make_wheel(tmp_path / "served", "inner", "1.0", {"inner.py": "v = 1\n"})
    found = Guarded(tmp_path / "served")
    yield found
    found.close()


def plan_of(python: str, guarded: Guarded) -> Plan:
    """Return the plan whose one file lies on the guarded index."""
    (wheel,) = guarded.folder.glob("*.whl")
    plan = Recipe(template_of(python), [wheel]).plan()
    (local,) = plan.artefacts["inner"]
    there = Artefact(local.filename, f"http://{guarded.host}/files/{wheel.name}", local.hashes, "wheel", local.size)
    return replace(plan, artefacts={"inner": (there,)})


def test_without_credentials_it_says_where_they_go(
    make_venv: Callable[..., str], guarded: Guarded, tmp_path: Path
) -> None:
    python = make_venv()
    with pytest.raises(ApplyError, match="401") as caught:
        apply(LocalMachine(python), plan_of(python, guarded), Options(overlay=str(tmp_path / "mine")))
    assert "netrc there, a keyring, or with --index-url here" in str(caught.value)
    assert not (tmp_path / "mine").exists()


def make_keyring(folder: Path, host: str) -> None:
    """Make a `keyring` command that knows one user of one host and answers as the real one: `keyring get URL USER`."""
    folder.mkdir()
    answer = f'case "$*" in "get "*{host}*" me") echo "$TEST_PASSWORD";; *) exit 1;; esac'
    (folder / "keyring").write_text(f"#!/bin/sh\n{answer}\n")
    (folder / "keyring").chmod(0o755)


@pytest.mark.parametrize("how", ["option", "variable", "named variable", "netrc", "keyring"])
def test_credentials_come_from(
    how: str, make_venv: Callable[..., str], guarded: Guarded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = make_venv()
    address, given = f"http://me:{PASSWORD}@{guarded.host}/simple/", ()
    if how == "option":
        given = (address,)
    elif how == "variable":
        monkeypatch.setenv("PIP_EXTRA_INDEX_URL", address)
    elif how == "named variable":
        monkeypatch.setenv("UV_INDEX", f"corp=http://{guarded.host}/simple/")
        monkeypatch.setenv("UV_INDEX_CORP_USERNAME", "me")
        monkeypatch.setenv("UV_INDEX_CORP_PASSWORD", PASSWORD)
    elif how == "keyring":
        make_keyring(tmp_path / "bin", guarded.host)
        given = (f"http://me@{guarded.host}/simple/",)
        monkeypatch.setenv("TEST_PASSWORD", PASSWORD)
        monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    else:
        (tmp_path / "netrc").write_text(f"machine 127.0.0.1 login me password {PASSWORD}\n")
        (tmp_path / "netrc").chmod(0o600)
    options = Options(overlay=str(tmp_path / "mine"), index_urls=given)
    assert apply(LocalMachine(python), plan_of(python, guarded), options).outcome == "applied"
    assert run(str(tmp_path / "mine" / "bin" / "python"), "import inner; print(inner.v)") == "1"
    written = [
        path for path in tmp_path.rglob("*") if path.is_file() and path.name != "netrc" and "uv" not in path.parts
    ]
    assert [path for path in written if PASSWORD.encode() in path.read_bytes()] == [], "no file holds the secret"


def test_pip_gets_them_too(make_venv: Callable[..., str], guarded: Guarded, tmp_path: Path) -> None:
    python = make_venv(pip=True)
    url = f"http://me:{PASSWORD}@{guarded.host}/simple/"
    options = Options(overlay=str(tmp_path / "mine"), index_urls=(url,), installer="pip")
    assert apply(LocalMachine(python), plan_of(python, guarded), options).outcome == "applied"
    assert run(str(tmp_path / "mine" / "bin" / "python"), "import inner; print(inner.v)") == "1"


@pytest.mark.slow
@pytest.mark.parametrize("in_place", [False, True])
@pytest.mark.parametrize("installer", ["auto", "pip"])
def test_a_wheelhouse_is_enough(
    in_place: bool, installer: str, make_venv: Callable[..., str], guarded: Guarded, tmp_path: Path
) -> None:
    python = make_venv(pip=installer == "pip")
    plan, asked = plan_of(python, guarded), len(guarded.asked)
    place = "" if in_place else str(tmp_path / "mine")
    options = Options(
        in_place=in_place, overlay=place, installer=installer, find_links=(str(guarded.folder),), no_index=True
    )
    done = apply(LocalMachine(python), plan, options)
    assert done.outcome == "applied"
    assert run(done.python, "import inner; print(inner.v)") == "1"
    assert guarded.asked[asked:] == []


def test_what_a_wheelhouse_lacks_is_named_and_nothing_is_fetched(
    make_venv: Callable[..., str], guarded: Guarded, tmp_path: Path
) -> None:
    python = make_venv()
    plan, before = plan_of(python, guarded), tree(Path(python).parent.parent)
    other = make_wheel(tmp_path / "other", "inner", "1.0", {"inner.py": "v = 'somebody else'\n"})
    for place, told in (
        (other.parent, r"lacks inner-1\.0-py3-none-any\.whl"),
        (tmp_path / "no", "is no directory of wheels"),
    ):
        options = Options(overlay=str(tmp_path / "mine"), find_links=(str(place),), no_index=True)
        with pytest.raises(ApplyError, match=told):
            apply(LocalMachine(python), plan, options)
    assert guarded.asked == []
    assert not (tmp_path / "mine").exists()
    assert changes(before, tree(Path(python).parent.parent)) == []
    json.dumps(before)
