"""A requirements file whose index wants a token: planned with it, written without it, applied with it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from apply_support import make_wheel, run
from guarded_support import PASSWORD, Guarded

from podfit.cli.main import run as podfit
from podfit.model.serial import plan_from_dict
from podfit.pod.apply import ApplyError, Options, apply
from podfit.pod.machine import LocalMachine


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Guarded]:
    """An index of one package, for one user alone."""
    make_wheel(tmp_path / "served", "acme_losses", "1.4.0", {"acme_losses.py": "v = 1\n"})
    found = Guarded(tmp_path / "served")
    yield found
    found.close()


@pytest.fixture
def fitted(
    make_venv: Callable[..., str], guarded: Guarded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], tuple[int, str, Path]]:
    """Return a function that plans the project onto an environment: exit code, its Python, and where the files are."""
    for name in ("PODFIT_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, place in (("PODFIT_CACHE_DIR", "cache"), ("UV_CACHE_DIR", "uv"), ("NETRC", "netrc")):
        monkeypatch.setenv(name, str(tmp_path / place))
    monkeypatch.setenv("NO_PROXY", "*")
    (tmp_path / "empty").mkdir()
    project = tmp_path / "project"
    project.mkdir()
    address = f"http://me:${{ACME_TOKEN}}@{guarded.host}/simple"
    (project / "requirements.txt").write_text(f"--extra-index-url {address}\nacme-losses>=1.3\n")
    (project / "t.py").write_text("import acme_losses\n")
    python = make_venv()

    def fit() -> tuple[int, str, Path]:
        out = tmp_path / "out"
        words = ["fit", str(project), "-t", python, "--local", "none", "--index-url", str(tmp_path / "empty")]
        return podfit([*words, "--out", str(out)]), python, out

    return fit


def test_it_is_planned_and_no_file_holds_the_token(
    fitted: Callable[[], tuple[int, str, Path]],
    guarded: Guarded,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("ACME_TOKEN", PASSWORD)
    code, python, out = fitted()
    told = capsys.readouterr()
    assert code == 0, told
    assert PASSWORD not in told.out + told.err
    assert any(said for _, said in guarded.asked), "the index was asked with the token"
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) > 10
    assert [path for path in written if PASSWORD.encode() in path.read_bytes()] == []
    (plan_file,) = out.glob("plan-*.json")
    plan = plan_from_dict(json.loads(plan_file.read_text()), where=str(plan_file))
    with pytest.raises(ApplyError, match="401") as caught:
        apply(LocalMachine(python), plan, Options(overlay=str(tmp_path / "mine")))
    assert "--index-url" in str(caught.value)
    address = f"http://me:{os.environ['ACME_TOKEN']}@{guarded.host}/simple"
    apply(LocalMachine(python), plan, Options(overlay=str(tmp_path / "mine"), index_urls=(address,)))
    assert run(str(tmp_path / "mine" / "bin" / "python"), "import acme_losses; print(acme_losses.v)") == "1"


def test_a_token_that_is_not_set_is_named(
    fitted: Callable[[], tuple[int, str, Path]],
    guarded: Guarded,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("ACME_TOKEN", raising=False)
    code, _, _ = fitted()
    told = " ".join(capsys.readouterr().out.split())
    assert code == 1
    assert f"{guarded.host} was not asked: ${{ACME_TOKEN}}" in told
    assert guarded.asked == []
