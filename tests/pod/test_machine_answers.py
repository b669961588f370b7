"""What a machine says is data: bounded, told apart from the answer, and one clear sentence where it is no answer."""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from apply_support import Notes
from far_support import add_wheel_like, purelib

from podfit.far.apply import files, overlay
from podfit.model import InputError
from podfit.pod.machine import LocalMachine
from podfit.pod.probe import probe
from podfit.readers import processes
from podfit.readers.environment.interpreter import probe_interpreter


def speaks(folder: Path, text: str) -> LocalMachine:
    """Return a machine whose python is a shell script."""
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return LocalMachine(str(path))


@pytest.mark.parametrize("stream", ["1", "2"])
@pytest.mark.parametrize("word", ["yes", "cat /dev/zero"])
def test_a_flood_is_stopped(word: str, stream: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "OUTPUT_LIMIT", 2**20)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(InputError, match="wrote more than 1 MiB and was stopped"):
        speaks(tmp_path, f"{word} >&{stream}").run([str(tmp_path / "python")], timeout=600.0)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * 2**10  # KiB


def test_an_interpreter_that_floods_is_no_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "OUTPUT_LIMIT", 2**20)
    with pytest.raises(InputError, match="wrote more than 1 MiB and was stopped"):
        probe_interpreter(speaks(tmp_path, "yes").python)


def test_much_is_not_a_flood(tmp_path: Path) -> None:
    done = speaks(tmp_path, "head -c 3000000 /dev/zero").run([str(tmp_path / "python")], timeout=60.0)
    assert (len(done.stdout), done.returncode, done.flooded) == (3_000_000, 0, False)


@pytest.mark.parametrize(
    "answer",
    [
        {"schema": "podfit.template/1", "evidence": {"kind": "measured"}},
        {"schema": "podfit.template/1", "evidence": None},
        [1],
        "x",
    ],
)
def test_a_look_alike_is_no_answer(answer: object, tmp_path: Path) -> None:
    (tmp_path / "answer").write_text(json.dumps(answer))
    with pytest.raises(InputError, match="the probe's answer is no manifest"):
        probe(speaks(tmp_path, f'cat "{tmp_path}/answer"'))


@pytest.mark.parametrize(
    "change",
    [
        'found["evidence"] = None',
        'found["schema"] = "another"',
        'found["distributions"] = [{"name": 5}]',
        'found["interpreter"] = []',
    ],
)
def test_a_wrong_answer_in_our_frame_is_one_sentence(change: str, tmp_path: Path) -> None:
    code = (
        "import json, sys\n"
        "from podfit.far.frame import framed\n"
        "from podfit.far.probe import main\n"
        "main.framed = lambda text, word: framed(json.dumps(changed(json.loads(text))), word)\n"
        f"def changed(found):\n    {change}\n    return found\n"
        "sys.exit(main.main(None, {}, sys.argv[3:]))\n"
    )
    (tmp_path / "code.py").write_text(code)
    with pytest.raises(InputError):
        probe(speaks(tmp_path, f'exec {sys.executable} "{tmp_path}/code.py" "$@"'), quick=True)


def test_podfit_in_the_environment_itself_is_told(make_venv: Callable[..., str]) -> None:
    python = make_venv()
    notes = Notes()
    probe(LocalMachine(python), quick=True, reporter=notes)
    assert not [text for text in notes.warnings if "podfit itself" in text]
    add_wheel_like(purelib(python), "podfit", "0.1.0")
    probe(LocalMachine(python), quick=True, reporter=notes)
    assert [text for text in notes.warnings if "podfit itself is installed in this environment" in text]


@pytest.mark.parametrize("text", ["", '{"pa', "[]", "null", '{"path": 5}', "\x00"])
def test_damaged_notes_are_made_anew(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    home = Path(overlay.home())
    home.mkdir(parents=True)
    for kind in ("where", "begun"):
        (home / f"x.{kind}.json").write_text(text)
    assert overlay.default_path("x") == str(home / "x")
    overlay.noted()
    overlay.drop_notes()
    assert not (home / "x.begun.json").exists()
    assert files.read_note(str(home / "x.where.json")) in (None, {"path": 5})
