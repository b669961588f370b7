"""Without a network: what was fitted once works again, what was never seen ends in one sentence."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cli_support import Ran, make_index, served, write

Call = Callable[..., Ran]

PROJECT = {"p/main.py": "import alpha\n", "p/requirements.txt": "alpha>=1\n"}


@pytest.fixture
def own_caches(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Caches that are empty at first, below the directory that is returned."""
    monkeypatch.setenv("PODFIT_CACHE_DIR", str(tmp_path / "caches" / "podfit"))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "caches" / "uv"))
    return tmp_path / "caches"


def plan(folder: Path) -> dict[str, Any]:
    """Return the plan that was written, without the moment of its making and without who answered (`answered`)."""
    data = json.loads((folder / "plan-runpod-pytorch-2.4.json").read_text(encoding="utf-8"))
    data.pop("created")
    data["provenance"].pop("offline")
    data["provenance"].pop("from_cache")
    return dict(data)


def answered(folder: Path) -> tuple[bool, list[str]]:
    """Return whether nobody was asked, and what the cache stood in for."""
    made = json.loads((folder / "plan-runpod-pytorch-2.4.json").read_text(encoding="utf-8"))["provenance"]
    return made["offline"], made["from_cache"]


def said(ran: Ran) -> str:
    """Return what a call answered, without the commands that come next: they name the directory of its files."""
    return ran.out.partition("\nNext\n")[0]


@pytest.mark.slow
def test_what_was_fitted_once_works_again_without_the_index(
    call: Call, own_caches: Path, index: Path, tmp_path: Path
) -> None:
    write(tmp_path, PROJECT)
    words = ("fit", tmp_path / "p", "-t", "runpod-pytorch-2.4", "--local", "none")
    with served(index) as url:
        first = call(*words, "--index-url", url, "--out", tmp_path / "first")
    assert first.code == 0
    assert {d["name"] for d in plan(tmp_path / "first")["decisions"] if d["action"] == "install"} == {"alpha", "beta"}

    offline = call(*words, "--index-url", url, "--offline", "--out", tmp_path / "offline")
    assert (offline.code, said(offline)) == (0, said(first))
    assert "warning" not in offline.err
    assert plan(tmp_path / "offline") == plan(tmp_path / "first")

    recent = call(*words, "--index-url", url, "--out", tmp_path / "recent")
    assert (recent.code, said(recent)) == (0, said(first)), "asked less than ten minutes ago: the index is not needed"
    assert "warning" not in recent.err

    refreshed = call(*words, "--index-url", url, "--refresh", "--out", tmp_path / "refreshed")
    assert (refreshed.code, said(refreshed)) == (0, said(first))
    host = url.split("/")[2]
    assert f"warning: the package index at {host} was not asked (connection refused): the cache's" in refreshed.err
    assert refreshed.err.count("warning") == 1, "uv is shown podfit's pages"
    assert plan(tmp_path / "refreshed") == plan(tmp_path / "first")
    assert answered(tmp_path / "first") == answered(tmp_path / "recent") == (False, [])
    assert answered(tmp_path / "offline") == (True, [])
    assert answered(tmp_path / "refreshed") == (False, [host])


@pytest.mark.parametrize("network", ["there", "gone"])
def test_offline_with_empty_caches(network: str, call: Call, own_caches: Path, index: Path, tmp_path: Path) -> None:
    """--offline asks nobody, whether somebody would answer or not."""
    write(tmp_path, PROJECT)
    words = (
        "fit",
        tmp_path / "p",
        "-t",
        "runpod-pytorch-2.4",
        "--local",
        "none",
        "--out",
        tmp_path / "out",
        "--offline",
    )
    with served(index) as url:
        said = call(*words, "--index-url", url).sentence if network == "there" else ""
    said = said or call(*words, "--index-url", url).sentence
    assert said == (
        "no network may be used or reached, and the cache lacks alpha; run once with the network, without --offline"
    )
    assert not (tmp_path / "out").exists()


def test_offline_needs_nothing_where_the_template_has_everything(call: Call, own_caches: Path, tmp_path: Path) -> None:
    write(tmp_path, {"p/main.py": "import numpy, torch\n"})
    ran = call("matrix", tmp_path / "p", "-t", "runpod-pytorch-2.4", "--local", "none", "--offline", "--format", "json")
    assert ran.code == 0
    counts = json.loads(ran.out)["templates"][0]["counts"]
    assert (counts["install"], counts["change"], counts["conflict"]) == (0, 0, 0)


@pytest.mark.slow
def test_refresh_sees_what_was_released_a_moment_ago(call: Call, own_caches: Path, tmp_path: Path) -> None:
    write(tmp_path, PROJECT)
    releases: dict[tuple[str, str], list[str]] = {("alpha", "1.0"): []}
    words = ("matrix", tmp_path / "p", "-t", "runpod-pytorch-2.4", "--local", "none", "--format", "json")

    def planned(*more: str) -> str:
        rows = json.loads(call(*words, "--index-url", url, *more).out)["rows"]
        return next(row["cells"][0]["planned"] for row in rows if row["name"] == "alpha")

    with served(make_index(tmp_path / "index", releases)) as url:
        assert planned() == "1.0"
        make_index(tmp_path / "index", {**releases, ("alpha", "1.1"): []})
        assert planned() == "1.0", "an answer of the last ten minutes is not asked for again"
        assert planned("--refresh") == "1.1"
        assert planned() == "1.1"
