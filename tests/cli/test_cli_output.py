"""What the commands print: pure JSON, Markdown, text of any width, help, completion, and into a pipe that breaks."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cli_support import Ran, make_index, podfit, write
from rich.cells import cell_len

from podfit.catalogue.store import template_names
from podfit.cli.main import podfit as group
from podfit.model.manifest import template_from_manifest

Call = Callable[..., Ran]

PROJECT = {
    "p/main.py": "import alpha\nimport torch\n\n\ndef f():\n    import numpy\n",
    "p/broken.py": "def f(:\n",
    "p/requirements.txt": "alpha>=1\n",
    "local.txt": "# python: 3.12.2\nalpha==1.0\nbeta==1.0\ntorch==2.2.2\nnotneeded==3.0\n-e ./somewhere\n",
}
COMMANDS = (
    *("fit", "matrix", "bloat", "report", "why", "recommend", "templates", "image", "audit", "compat", "probe"),
    *("apply", "bundle", "prove", "verify", "diagnose", "check", "schema", "cache", "completion"),
)


@pytest.fixture
def words(tmp_path: Path, index: Path) -> tuple[object, ...]:
    """A call of `matrix` that has something to warn and to note about."""
    write(tmp_path, PROJECT)
    templates = ("-t", "runpod-pytorch-2.2", "-t", "runpod-pytorch-2.4")
    return ("matrix", tmp_path / "p", *templates, "--local", tmp_path / "local.txt", "--index-url", index)


def test_json_is_all_of_standard_output(call: Call, words: tuple[object, ...]) -> None:
    ran = call(*words, "--format", "json", "--verbose")
    matrix = json.loads(ran.out)
    assert matrix["schema"] == "podfit.matrix/1"
    assert [each["name"] for each in matrix["templates"]] == ["runpod-pytorch-2.2", "runpod-pytorch-2.4"]
    alpha = next(row for row in matrix["rows"] if row["name"] == "alpha")
    assert (alpha["group"], alpha["local"], alpha["install_needed"]) == ("direct", "1.0", "must install")
    assert [cell["planned"] for cell in alpha["cells"]] == ["1.0", "1.0"], "the local environment's version is kept"
    for said in ("solving over runpod-pytorch-2.2 ...", "warning: ", "note: broken.py:1: "):
        assert said in ran.err
    assert ran.code == 0


def test_a_file_of_the_persons_stays_as_it_is(call: Call, words: tuple[object, ...], tmp_path: Path) -> None:
    out = tmp_path / "p"
    (out / "matrix.md").write_text("| mine |\n")
    ran = call("fit", *words[1:], "--out", out)
    assert ran.code == 2
    assert "matrix.md: is there, and podfit did not write it; write somewhere else" in ran.err
    assert (out / "matrix.md").read_text() == "| mine |\n"
    assert not list(out.glob("plan-*"))
    (out / "matrix.md").unlink()
    assert call("fit", *words[1:], "--out", out).code == call("fit", *words[1:], "--out", out).code == 0


def test_places_with_spaces_commas_and_other_scripts(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """uv splits the words of some options at commas and pip those of requirement files at spaces."""
    home = tmp_path / "größe, 100% & 'mehr'"
    wheels = make_index(home / "my wheels, all", {("alpha", "1.0"): ["beta"], ("beta", "1.0"): []})
    links = make_index(home / "linked, too", {("gamma", "1.0"): []}) / "gamma"
    monkeypatch.setenv("PODFIT_CACHE_DIR", str(home / "cache, podfit's"))
    monkeypatch.setenv("UV_CACHE_DIR", str(home / "cache, uv's"))
    requirements = f'--find-links "{links}"\nalpha\ngamma\n'
    write(home, {"p, q/requirements.txt": requirements, "t x.txt": "# python: 3.11.9\nbeta==1.0\n"})
    place = home / "out, here"
    ran = call(
        *("fit", home / "p, q", "-t", home / "t x.txt", "--local", "none", "--index-url", wheels, "--out", place),
        *("--format", "json", "--quiet"),
    )
    assert (ran.code, ran.err) == (0, "")
    cells = {row["name"]: row["cells"][0] for row in json.loads(ran.out)["rows"]}
    assert {name: (cell["action"], cell["planned"]) for name, cell in cells.items()} == {
        "alpha": ("install", "1.0"),
        "beta": ("keep", "1.0"),
        "gamma": ("install", "1.0"),
    }
    assert (place / "lock-t-x.txt").is_file()


def test_quiet_leaves_standard_error_empty(call: Call, words: tuple[object, ...]) -> None:
    ran = call(*words, "--format", "json", "--quiet")
    assert (ran.code, ran.err) == (0, "")
    assert json.loads(ran.out)["feasible"] is True


def test_fit_prints_what_it_writes(call: Call, words: tuple[object, ...], tmp_path: Path) -> None:
    out = tmp_path / "out"
    for shape, name in (("json", "matrix.json"), ("markdown", "matrix.md")):
        ran = call("fit", *words[1:], "--out", out, "--format", shape)
        assert ran.code == 0
        assert ran.out == (out / name).read_text(encoding="utf-8")
    told = re.search(rf"wrote (\d+) files to {re.escape(str(out))}/: (.*)\n", ran.err)
    assert told
    assert int(told[1]) == len(list(out.iterdir()))
    assert told[2].split(", ") == sorted(path.name for path in out.iterdir())


def test_markdown_is_a_table_per_template(call: Call, words: tuple[object, ...]) -> None:
    ran = call(*words, "--format", "markdown")
    assert ran.out.startswith("# p: dependency matrix\n")
    assert "| Package | Local | runpod-pytorch-2.2 | runpod-pytorch-2.4 | Install needed? |" in ran.out
    assert re.search(
        r"^\| \*\*alpha\*\* \| 1\.0 \| .*install.*1\.0.* \| .*install.*1\.0.* \| .*[Mm]ust install", ran.out, re.M
    )


@pytest.mark.parametrize("columns", [40, 80, 240])
def test_text_keeps_to_the_width_and_loses_nothing(
    columns: int, call: Call, words: tuple[object, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    ran = call(*words)
    assert ran.code == 0
    assert max(cell_len(line) for line in ran.out.splitlines()) <= columns
    assert "\x1b" not in ran.out, "no terminal, no colours"
    for name in ("runpod-pytorch-2.2", "runpod-pytorch-2.4", "alpha", "numpy", "torch"):
        assert name in ran.out
    squeezed = re.sub(r"\s+", "", ran.out)
    assert "keep2.2.0" in squeezed
    assert "keep2.4.1+cu124" in squeezed


def test_details_show_dependencies_reasons_and_evidence(call: Call, words: tuple[object, ...]) -> None:
    calls = [*words[:6], "--local", "none", *words[8:]]
    short, long = call(*calls).out, call(*calls, "--details").out
    assert re.search(r"^alpha +- +install 2\.0", short, re.MULTILINE)
    assert not re.search(r"^beta\b", short, re.MULTILINE)
    assert re.search(r"^beta +- +install 2\.0", long, re.MULTILINE)
    assert "Reasons and evidence" in long


def test_templates_lists_the_catalogue(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "140")
    ran = call("templates")
    assert ran.code == 0
    listed = [line.split()[0] for line in ran.out.splitlines() if line.strip()]
    assert [name for name in listed if name in template_names()] == list(template_names())
    row = next(line.split() for line in ran.out.splitlines() if line.startswith("runpod-pytorch-2.2 "))
    assert row[1:4] == ["3.10.12", "2.2.0", "12.1"]
    data = json.loads(call("templates", "--format", "json").out)
    assert data["schema"] == "podfit.templates/1"
    assert [each["name"] for each in data["templates"]] == list(template_names())


def test_a_template_is_shown_with_its_provenance(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "140")
    ran = call("templates", "runpod-pytorch-2.2")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("runpod-pytorch-2.2: ")
    words = " ".join(ran.out.split())
    for said in ("origin reconstructed, as of 2024-", "Python cpython 3.10.12", "glibc 2.35", "Dockerfile"):
        assert said in words
    assert re.search(r"^ *torch +2\.2\.0 +held +\S", ran.out, re.MULTILINE)
    assert re.search(r"^ *numpy +1\.26\.4 +assumed", ran.out, re.MULTILINE), "numpy may change: it is not held"
    data = json.loads(call("templates", "runpod-pytorch-2.2", "--format", "json").out)
    assert data["schema"] == "podfit.template/1"
    again = template_from_manifest(data, where="printed")
    assert again.distributions["torch"].version == "2.2.0"
    assert len(again.distributions) == len(data["distributions"])


def test_a_shown_template_is_one_to_fit_onto(call: Call, words: tuple[object, ...], tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_text(call("templates", "runpod-pytorch-2.4", "--format", "json").out)
    from_catalogue = json.loads(call(*words, "--format", "json").out)
    calls = [*words[:2], "-t", tmp_path / "mine.json", *words[6:]]
    from_file = json.loads(call(*calls, "--format", "json").out)
    assert [row["cells"][0] for row in from_file["rows"]] == [
        row["cells"][1] for row in from_catalogue["rows"] if row["cells"][1]
    ]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_examples_and_exit_codes(command: str, call: Call) -> None:
    ran = call(command, "--help")
    assert (ran.code, ran.err) == (0, "")
    text = " ".join(ran.out.split())
    assert f"Examples: podfit {command}" in text
    assert re.search(r"Exit code 0: .*2: ", text)
    assert ran.out == call(command, "-h").out


def test_help_of_podfit_itself(call: Call) -> None:
    assert tuple(group.list_commands(None)) == COMMANDS  # type: ignore[arg-type]
    ran = call("--help")
    assert "Exit codes: 0 good, 1 a plan or a check that cannot work, 2 a bad call or input." in " ".join(
        ran.out.split()
    )
    assert all(re.search(rf"^  {command} +\S", ran.out, re.MULTILINE) for command in COMMANDS)


def test_fit_and_matrix_alone_show_their_help(call: Call) -> None:
    for command in ("fit", "matrix"):
        ran = call(command)
        assert (ran.code, ran.out) == (2, "")
        assert ran.err == call(command, "--help").out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_are_sound(shell: str, call: Call, tmp_path: Path) -> None:
    ran = call("completion", shell)
    assert (ran.code, ran.err) == (0, "")
    assert f"_PODFIT_COMPLETE={shell}_complete" in ran.out
    if shutil.which(shell):
        script = tmp_path / "script"
        script.write_text(ran.out)
        subprocess.run([shell, "-n", str(script)], check=True)


def completions(*typed: str) -> list[str]:
    """Return what bash is offered for the last word typed."""
    words = " ".join(("podfit", *typed))
    ran = podfit(_PODFIT_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=str(len(typed)))
    return [line.partition(",")[2] for line in ran.out.splitlines()]


@pytest.mark.slow
def test_completion_offers_commands_options_and_templates() -> None:
    assert completions("ma") == ["matrix"]
    assert completions("fit", ".", "--exclude-n") == ["--exclude-newer"]
    assert completions("fit", ".", "-t", "runpod-pytorch-2.") == [
        name for name in template_names() if name.startswith("runpod-pytorch-2.")
    ]
    assert completions("completion", "z") == ["zsh"]


def into_a_broken_pipe(*words: object) -> tuple[int, str]:
    """Run podfit with standard output on a pipe that nobody reads any more; return exit code and standard error."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        command = [sys.executable, "-m", "podfit", *map(str, words)]
        done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    finally:
        os.close(writing)
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    "words",
    [("templates",), ("templates", "--format", "json"), ("templates", "runpod-pytorch-2.4"), ("completion", "bash"),
     ("--help",), ("matrix", "--help"), ("--version",)],
)  # fmt: skip
def test_a_reader_that_leaves_is_no_failure(words: tuple[str, ...]) -> None:
    code, err = into_a_broken_pipe(*words)
    assert code == 0
    assert not [line for line in err.splitlines() if "podfit templates NAME" not in line]


@pytest.mark.slow
@pytest.mark.parametrize("shape", ["text", "json", "markdown"])
@pytest.mark.parametrize(("needs", "code"), [("alpha\n", 0), ("torch>=99\n", 1)])
def test_the_verdict_survives_a_reader_that_leaves(
    shape: str, needs: str, code: int, index: Path, tmp_path: Path
) -> None:
    """`podfit fit ... | head` in a script with pipefail still tells whether the plan works."""
    write(tmp_path, {"p/requirements.txt": needs})
    words = ("fit", tmp_path / "p", "-t", "runpod-pytorch-2.4", "--local", "none", "--index-url", index)
    told, err = into_a_broken_pipe(*words, "--out", tmp_path / "out", "--format", shape)
    assert told == code
    assert re.fullmatch(r"wrote \d+ files to .*\n", err), "told before the answer, so that the answer ends the output"
    assert (tmp_path / "out" / "matrix.json").exists()


def test_head_takes_one_line() -> None:
    line = f"set -o pipefail; {shlex.quote(sys.executable)} -m podfit templates 2>/dev/null | head -n 2"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "torch" in done.stdout


def test_nothing_that_a_project_is_called_acts_on_the_terminal(call: Call, index: Path, tmp_path: Path) -> None:
    """Names of files, templates and options reach all that is printed, without what a terminal obeys."""
    title = "\x1b]0;owned\x07\x1b[2J\u202e\x9b31m"
    write(
        tmp_path,
        {f"{title}/{title}.py": "def f(:\n", f"{title}/requirements.txt": "alpha\n", f"{title}.txt": "torch==2.4.0\n"},
    )
    shared = ("--local", "none", "--index-url", index, "--python", "3.11")
    fitted = call(
        "fit", tmp_path / title, "-t", tmp_path / f"{title}.txt", "--out", tmp_path / title / "out", *shared, "-v"
    )
    assert fitted.code == 0
    assert "owned" in fitted.err
    assert "owned" in fitted.out
    refused = [
        call("fit", tmp_path / f"{title}x", "-t", "runpod-pytorch-2.4", *shared),
        call("fit", tmp_path / title, "-t", title, *shared),
        call("matrix", tmp_path / title, f"--{title}"),
        call(title),
    ]
    assert [ran.code for ran in refused] == [2, 2, 2, 2]
    assert all("owned" in ran.err for ran in refused)
    for ran in (fitted, *refused):
        assert all(c.isprintable() or c == "\n" for c in ran.out + ran.err)
