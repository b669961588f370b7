"""A bad call or input: one sentence that says what, where and what to do; exit code 2; nothing written."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from cli_support import Ran, podfit, served, tree, write

Call = Callable[..., Ran]

GOOD = {
    "p/main.py": "import alpha\n",
    "p/requirements.txt": "alpha\n",
    "p/pyproject.toml": '[project]\nname = "p"\nversion = "1"\n',
}
CATALOGUE = ("-t", "runpod-pytorch-2.4")
NO_LOCAL = ("--local", "none")
SENTENCE = re.compile(r"[^;\n]+; [^\n]+[^.\n]")
"""What is wrong, and after a semicolon what to do."""


class Case(NamedTuple):
    """files beside a good project `p`, the words after `podfit`, and how the sentence begins."""

    files: dict[str, str]
    words: tuple[str, ...]
    begins: str


def fit(*words: str) -> tuple[str, ...]:
    """Return the words of `podfit fit p` onto a template of the catalogue."""
    return ("fit", "p", *CATALOGUE, *NO_LOCAL, *words)


CALLS = {
    "no such project": Case({}, ("fit", "nowhere", *CATALOGUE), "nowhere: the project does not exist; "),
    "the project is a file": Case({}, ("fit", "p/main.py", *CATALOGUE), "p/main.py: the project is a file"),
    "no such local file": Case({}, ("fit", "p", *CATALOGUE, "--local", "a.txt"), "a.txt: there is no such file; "),
    "no such template file": Case({}, ("fit", "p", *NO_LOCAL, "-t", "pod.json"), "pod.json: there is no such file; "),
    "no such requirements": Case({}, fit("-r", "needs.txt"), "needs.txt: there is no such file; "),
    "unknown template": Case(
        {}, ("fit", "p", *NO_LOCAL, "-t", "runpod-pytorch-24"),
        "there is no template 'runpod-pytorch-24' in the catalogue, and no such file; did you mean runpod-pytorch-2.4 ",
    ),
    "unknown template, nothing near": Case(
        {}, ("templates", "zzz"), "there is no template 'zzz' in the catalogue, and no such file; `podfit templates` "
    ),
    "nothing for a project": Case({}, ("fit", "", *CATALOGUE), "argument 1 of fit is empty; give it a value"),
    "nothing for an option": Case({}, fit("--gpu", " "), "--gpu is empty; give it a value"),
    "nothing after an option's sign": Case({}, fit("--hold="), "--hold is empty; give it a value"),
    "no template": Case({}, ("fit", "p"), "name at least one template with --template, or in [tool.podfit]"),
    "two templates of one name": Case(
        {"a/pod.txt": "six==1.16.0\n", "b/pod.txt": "six==1.16.0\n"},
        ("fit", "p", *NO_LOCAL, "-t", "a/pod.txt", "-t", "b/pod.txt", "--python", "3.11"),
        "two templates are called pod; ",
    ),
    "a freeze without --python": Case(
        {"pod.txt": "six==1.16.0\n"}, ("fit", "p", *NO_LOCAL, "-t", "pod.txt"),
        "pod.txt: pip freeze does not tell the template's Python version; add --python 3.10",
    ),
    "--python that is none": Case({}, fit("--python", "3.x"), "'3.x' is no python for a template; "),
    "--python that contradicts": Case({}, fit("--python", "3.12"), "runpod-pytorch-2.4: "),
    "--glibc that is none": Case({}, fit("--glibc", "9.9"), "'9.9' is no glibc for a template; "),
    "--exclude-newer that is no date": Case({}, fit("--exclude-newer", "May"), "--exclude-newer 'May' is no date; "),
    "unknown extra": Case({}, fit("--extra", "gpu"), "p: the project has no extra 'gpu'; "),
    "unknown group": Case({}, fit("--group", "dev"), "p: the project has no group 'dev'; "),
    "index of another scheme": Case({}, fit("--index-url", "ftp://a"), "'ftp://a' is not the URL of a package index; "),
    "index directory that is not there": Case(
        {}, fit("--index-url", "simple"), "simple: there is no such directory of packages; "
    ),
    "unknown command": Case({}, ("fti", "p"), "there is no command 'fti'; did you mean fit?"),
    "unknown command, nothing near": Case({}, ("xyzzy",), "there is no command 'xyzzy'; the commands are fit, "),
    "unknown option": Case({}, fit("--tmplate", "x"), "there is no option --tmplate; did you mean --template?"),
    "unknown option, nothing near": Case({}, fit("--xyzzy"), "no such option '--xyzzy'; see `podfit fit --help`"),
    "unknown choice": Case({}, fit("--format", "xml"), "invalid value for '--format': 'xml' is not one of 'text', "),
    "option without its value": Case({}, ("matrix", "-t"), "option '-t' requires an argument; see `podfit matrix "),
    "unknown shell": Case({}, ("completion", "tcsh"), "invalid value for '{bash|zsh|fish}': 'tcsh' is not one of "),
    "no shell": Case({}, ("completion",), "missing argument '{bash|zsh|fish}'. Choose from: bash, zsh, fish; see "),
    "a word too many": Case({}, ("templates", "a", "b"), "give one name, or `diff` and two; see `podfit templates"),
}  # fmt: skip

DECLARED = {
    ("pyproject.toml", ""): ('[project]\nname = "q"\ndependencies = [\n  "alpha"\n  "beta"\n]\n', 5),
    ("pyproject.toml", ", requirement"): (
        '[project]\nname = "q"\nversion = "1"\ndependencies = [\n  "alpha=>1",\n]\n',
        5,
    ),
    ("requirements.txt", ""): ("beta\nalpha=>1\n", 2),
    ("requirements-extra.in", ""): ("# a comment\n\nalpha ==1 ==2\n", 3),
    ("setup.cfg", ""): ("[metadata]\nname = q\n[options\ninstall_requires = alpha\n", 3),
    ("setup.cfg", ", requirement"): ("[options]\ninstall_requires =\n  beta\n  alpha=>1\n", 4),
    ("setup.py", ""): ('from setuptools import setup\nsetup(install_requires=["alpha",)\n', 2),
    ("environment.yml", ""): ("name: q\ndependencies:\n  - pip:\n    - alpha\n   - beta\n", 5),
    ("environment.yml", ", requirement"): ("name: q\ndependencies:\n  - pip:\n    - alpha=>1\n", 4),
}
"""A file that declares something, by its name, and the line that is wrong."""

LISTED = {
    "uv.lock": ('version = 1\n[[package]]\nname = "alpha"\nversion = \n', 4),
    "poetry.lock": ('[[package]]\nname = "alpha"\nversion = "1\n', 3),
    "pylock.toml": ('lock-version = "1.0"\n[[packages]]\nname = "alpha"\nversion = 1.0.0\n', 4),
    "Pipfile.lock": ('{\n "_meta": {},\n "default": {"alpha": {"version": "==1.0"},}\n}\n', 3),
    "environment.yml": ("name: q\ndependencies:\n  - pip:\n    - alpha==1.0\n   - beta==1.0\n", 5),
    "inspect.json": ('{"version": "1",\n "installed": [\n {"metadata": {"name": "alpha",}}]}\n', 3),
    "list.json": ('[{"name": "alpha", "version": "1.0"},\n {"name": "beta" "version": "1.0"}]\n', 2),
    "template.json": ('{"schema": "podfit.template/1",\n "name": "pod",\n "distributions": [\n}\n', 4),
    "freeze.txt": ("alpha==1.0\nthis is no line of it ==\n", 2),
}
"""A file that lists distributions, by its name, and the line that is wrong."""

SYNTAX = {
    f"declared in {file}{what}": Case(
        {f"q/{file}": text}, ("fit", "q", *CATALOGUE, *NO_LOCAL, "-r", f"q/{file}"), f"q/{file}:{line}: "
    )
    for (file, what), (text, line) in DECLARED.items()
}
for name, (text, line) in LISTED.items():
    files = {name: text}
    SYNTAX[f"local {name}"] = Case(files, ("fit", "p", *CATALOGUE, "--local", name), f"{name}:{line}: ")
    SYNTAX[f"template {name}"] = Case(
        files, ("fit", "p", *NO_LOCAL, "--python", "3.11", "-t", name), f"{name}:{line}: "
    )
    SYNTAX[f"shown {name}"] = Case(files, ("templates", name), f"{name}:{line}: ")


@pytest.mark.parametrize("name", [*CALLS, *SYNTAX])
def test_one_sentence_with_what_where_and_what_to_do(
    name: str, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = {**CALLS, **SYNTAX}[name]
    monkeypatch.chdir(tmp_path)
    write(tmp_path, {**GOOD, **case.files})
    before = tree(tmp_path)
    words = [*case.words, "--out", "out"] if case.words[0] == "fit" else case.words
    sentence = call(*words).sentence
    assert sentence.startswith(case.begins)
    assert SENTENCE.fullmatch(sentence), sentence
    assert tree(tmp_path) == before, "nothing is written"


def closed_port() -> int:
    """Return a port of 127.0.0.1 on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize(("file", "what"), DECLARED)
def test_what_cannot_be_read_of_a_file_that_nobody_named_is_a_question_and_the_rest_is_planned(
    file: str, what: str, call: Call, index: Path, tmp_path: Path
) -> None:
    text, line = DECLARED[file, what]
    write(tmp_path, {f"q/{file}": text, "q/requirements-base.txt": "alpha\n"})
    ran = call("matrix", tmp_path / "q", *CATALOGUE, *NO_LOCAL, "--index-url", index, "--format", "json")
    assert ran.code == 0, ran.err
    matrix = json.loads(ran.out)
    subjects = [question["subject"] for question in matrix["templates"][0]["questions"]]
    assert subjects == [f"{file}:{line}"]
    planned = {row["name"] for row in matrix["rows"] if row["group"] == "direct"}
    readable = {("requirements.txt", ""), ("setup.cfg", ", requirement")}
    assert planned == {"alpha", *(["beta"] if (file, what) in readable else [])}


@pytest.mark.parametrize("file", ["uv.lock", "poetry.lock", "pylock.toml", "Pipfile.lock"])
def test_a_lock_that_nobody_named_and_that_cannot_be_read_costs_its_versions_only(
    file: str, call: Call, index: Path, tmp_path: Path
) -> None:
    text, line = LISTED[file]
    write(tmp_path, {f"q/{file}": text, "q/requirements.txt": "alpha\n"})
    ran = call("matrix", tmp_path / "q", *CATALOGUE, "--index-url", index)
    assert ran.code == 0
    assert f"a list of what is installed that cannot be read: {tmp_path}/q/{file}:{line}: " in ran.err
    assert re.search(r"^alpha +- +install 2\.0", ran.out, re.MULTILINE)


SOLVED = {
    "unreachable index": (
        {"p/requirements.txt": "gamma\n"}, ("--index-url", "http://127.0.0.1:PORT/simple"),
        r"the package index at 127\.0\.0\.1:PORT cannot be reached \(.*\); check the network, --index-url and .*",
    ),
    "unreachable further index": (
        {"p/requirements.txt": "gamma\n"}, ("--index-url", "INDEX", "--extra-index-url", "http://127.0.0.1:PORT/"),
        r"the package index at 127\.0\.0\.1:PORT cannot be reached \(.*\); check the network, --index-url and .*",
    ),
    "the output's name is taken by a file": (
        {"out": "a file\n"}, ("--index-url", "INDEX"), r"out: cannot be made: File exists; name a directory .*"
    ),
    "the output lies below a file": (
        {"out": "a file\n"}, ("--index-url", "INDEX", "--out", "out/deep/er"),
        r"out/deep/er: cannot be made: Not a directory; name a directory that takes files",
    ),
    "an output's name is taken by a directory": (
        {"out/matrix.json/file": ""}, ("--index-url", "INDEX"), r"out/matrix\.json: is a directory; write somewhere .*"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SOLVED)
def test_what_shows_only_while_solving(
    name: str, call: Call, index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files, words, pattern = SOLVED[name]
    port = str(closed_port())
    monkeypatch.chdir(tmp_path)
    write(tmp_path, {**GOOD, **{name: text.replace("PORT", port) for name, text in files.items()}})
    before = tree(tmp_path)
    filled = [word.replace("PORT", port).replace("INDEX", str(index)) for word in words]
    sentence = call("fit", "p", *CATALOGUE, *NO_LOCAL, "--out", "out", *filled).sentence
    assert re.fullmatch(pattern.replace("PORT", port).replace("INDEX", re.escape(str(index))), sentence), sentence
    assert tree(tmp_path) == before, "nothing is written"


ALONE = {
    "a file that is not there": (
        "alpha @ file:///nowhere/alpha-1.0-py3-none-any.whl", "alpha",
        "Distribution not found at: file:///nowhere/alpha-1.0-py3-none-any.whl; correct the address",
    ),
    "an address that is none": (
        "alpha @ http://127.0.0.1:99999/alpha-1.0.zip", "alpha", "Couldn't parse requirement invalid port number",
    ),
    "no such package": (
        "gamma>=1", "gamma",
        "the package gamma does not exist on INDEX; correct its name, or name the index that has it",
    ),
}  # fmt: skip


def test_an_address_that_cannot_be_reached_is_a_question_and_the_rest_is_planned(
    call: Call, index: Path, tmp_path: Path
) -> None:
    address = f"http://127.0.0.1:{closed_port()}/alpha-1.0-py3-none-any.whl"
    write(tmp_path, {**GOOD, "p/requirements.txt": f"beta\nalpha @ {address}\n", "p/main.py": ""})
    ran = call("fit", tmp_path / "p", *CATALOGUE, *NO_LOCAL, "--out", tmp_path / "out", "--index-url", index)
    assert ran.code == 0, ran.err
    plan = json.loads((tmp_path / "out" / "plan-runpod-pytorch-2.4.json").read_text())
    assert {each["name"] for each in plan["decisions"] if each["action"] == "install"} == {"beta"}
    (question,) = plan["questions"]
    assert question["subject"] == "alpha"
    assert "its address cannot be had (" in question["message"]
    assert question["remedy"] == "plan again where it can be reached"
    assert "1 open question" in ran.out


@pytest.mark.parametrize("name", ALONE)
def test_one_bad_need_is_a_conflict_of_its_own_and_the_rest_is_planned(
    name: str, call: Call, index: Path, tmp_path: Path
) -> None:
    line, culprit, text = ALONE[name]
    port = str(closed_port())
    write(tmp_path, {**GOOD, "p/requirements.txt": f"beta\n{line}\n".replace("PORT", port), "p/main.py": ""})
    ran = call("fit", tmp_path / "p", *CATALOGUE, *NO_LOCAL, "--out", tmp_path / "out", "--index-url", index)
    assert ran.code == 1
    plan = json.loads((tmp_path / "out" / "plan-runpod-pytorch-2.4.json").read_text())
    decisions = {each["name"]: each for each in plan["decisions"]}
    assert decisions["beta"]["action"] == "install"
    assert decisions[culprit]["action"] == "conflict"
    assert text.replace("PORT", port).replace("INDEX", str(index)) in decisions[culprit]["reason"]


def test_a_repository_that_cannot_be_reached_is_a_question_and_the_rest_is_planned(
    call: Call, index: Path, tmp_path: Path
) -> None:
    port = str(closed_port())
    address = f"http://127.0.0.1:{port}/alpha.git"
    write(tmp_path, {**GOOD, "p/requirements.txt": f"beta\nalpha @ git+{address}\n", "p/main.py": ""})
    ran = call("fit", tmp_path / "p", *CATALOGUE, *NO_LOCAL, "--out", tmp_path / "out", "--index-url", index)
    assert ran.code == 0, ran.err
    plan = json.loads((tmp_path / "out" / "plan-runpod-pytorch-2.4.json").read_text())
    assert {each["name"] for each in plan["decisions"] if each["action"] == "install"} == {"beta"}
    assert [need["name"] for need in plan["needs"]] == ["beta"]
    (question,) = plan["questions"]
    assert question["subject"] == "alpha"
    assert question["message"].startswith(f"the repository {address} gives no commit for its default branch")
    assert question["remedy"] == "plan again where it can be reached, or state a commit of 40 digits"
    assert question["evidence"][0]["source"] == "requirements.txt:2"
    assert "1 open question" in ran.out


@pytest.mark.parametrize(
    "line",
    [
        "--extra-index-url http://me:s3cr3t@127.0.0.1:PORT/simple",
        "--extra-index-url ftp://nowhere.example/simple",
        "--extra-index-url http://[broken/simple",
        "--extra-index-url simple-that-is-not-there",
        "--find-links http://127.0.0.1:PORT/wheels.html",
    ],
)
def test_an_index_that_the_project_names_and_that_cannot_be_used_is_a_question(
    line: str, call: Call, index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    monkeypatch.setenv("PODFIT_CACHE_DIR", str(tmp_path / "cache"))
    line = line.replace("PORT", str(closed_port()))
    write(tmp_path, {**GOOD, "p/requirements.txt": f"{line}\nalpha\n"})
    with served(index) as url:
        ran = call("matrix", tmp_path / "p", *CATALOGUE, *NO_LOCAL, "--index-url", url, "--format", "json")
    assert ran.code == 0, ran.err
    matrix = json.loads(ran.out)
    (question,) = matrix["templates"][0]["questions"]
    assert "is named as an index of packages and cannot be used" in question["message"]
    assert "s3cr3t" not in ran.out + ran.err
    assert ("alpha", "install") in {(row["name"], row["cells"][0]["action"]) for row in matrix["rows"]}


def test_files_of_an_earlier_run_stay_whole(
    call: Call, index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, GOOD)
    words = ("fit", "p", *CATALOGUE, *NO_LOCAL, "--out", "out", "--index-url", index)
    assert call(*words).code == 0
    before = tree(tmp_path / "out")
    assert "alpha" in before["lock-runpod-pytorch-2.4.txt"].decode()
    write(tmp_path, {"p/requirements.txt": "gamma\n"})
    assert "cannot be reached" in call(*words, "--extra-index-url", f"http://127.0.0.1:{closed_port()}/").sentence
    assert tree(tmp_path / "out") == before


@pytest.mark.parametrize(
    ("file", "text", "note"),
    [
        ("broken.py", "import beta\ndef f(:\n", "broken.py:2: Python 3.N cannot parse this (invalid syntax); "),
        ("old.py", "import beta\nprint 'x'\n", "old.py:2: Python 2 code, not read"),
        ("cut.ipynb", '{"cells": [\n {"cell_type": "code",}\n]}\n', "cut.ipynb:2: not a notebook: "),
        (
            "cell.ipynb",
            json.dumps({"cells": [{"cell_type": "code", "source": ["import beta\n", "def f(:\n"]}], "nbformat": 4}),
            "cell.ipynb[1]:2: Python 3.N cannot parse this (invalid syntax); ",
        ),
    ],
)
def test_code_that_cannot_be_parsed_is_noted_and_the_rest_is_planned(
    file: str, text: str, note: str, call: Call, index: Path, tmp_path: Path
) -> None:
    write(tmp_path, {**GOOD, f"p/{file}": text})
    ran = call("matrix", tmp_path / "p", *CATALOGUE, *NO_LOCAL, "--index-url", index, "--format", "json")
    assert ran.code == 0
    series = ".".join(map(str, sys.version_info[:2]))
    assert f"note: {note}".replace("3.N", series) in ran.err
    direct = [row["name"] for row in json.loads(ran.out)["rows"] if row["group"] == "direct"]
    assert "alpha" in direct
    assert "beta" not in direct, "the imports of what cannot be parsed are not seen, and the note says so"


def test_an_index_directory_may_be_relative(
    call: Call, index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, GOOD)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "simple").symlink_to(index)
    ran = call("matrix", "p", *CATALOGUE, *NO_LOCAL, "--index-url", "simple")
    assert (ran.code, ran.err) == (0, "")
    assert re.search(r"^alpha +- +install 2\.0", ran.out, re.MULTILINE)


def test_a_directory_of_links_that_is_not_there_is_ignored(call: Call, index: Path, tmp_path: Path) -> None:
    write(tmp_path, {**GOOD, "p/requirements.txt": "--find-links /nowhere/wheels\nalpha\n"})
    ran = call("matrix", tmp_path / "p", *CATALOGUE, *NO_LOCAL, "--index-url", index)
    assert ran.code == 0
    assert ran.err == "warning: --find-links /nowhere/wheels is ignored, as pip does: there is no such directory\n"


def test_a_cache_that_cannot_be_written_never_ends_a_run(
    call: Call, index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {**GOOD, "cache": "a file in its place\n"})
    words = ("matrix", tmp_path / "p", *CATALOGUE, *NO_LOCAL, "--index-url", index)
    expected = call(*words).out
    monkeypatch.setenv("PODFIT_CACHE_DIR", str(tmp_path / "cache"))
    ran = call(*words)
    assert (ran.code, ran.out) == (0, expected)
    assert (tmp_path / "cache").read_text() == "a file in its place\n"


@pytest.mark.parametrize("option", ["hold", "release"])
def test_a_name_that_no_template_has_is_told(option: str, call: Call, index: Path, tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    words = ("matrix", tmp_path / "p", *CATALOGUE, *NO_LOCAL, "--index-url", index, f"--{option}")
    ran = call(*words, "nunpy", f"--{option}", "NumPy")
    assert ran.err == f"warning: --{option} nunpy has no effect: no template has a distribution of that name\n"


def test_a_process_says_the_same_without_a_traceback(tmp_path: Path) -> None:
    write(tmp_path, {**GOOD, "laptop.json": '{"version": "1", "installed": [}\n'})
    ran = podfit("fit", "p", *CATALOGUE, "--local", "laptop.json", cwd=tmp_path)
    assert (
        ran.sentence
        == "laptop.json:1: not valid JSON: Expecting value; write the file again with the tool that made it"
    )


def test_ctrl_c_ends_with_a_word_and_130(tmp_path: Path) -> None:
    """The signal comes while uv waits for an index that accepts and never answers."""
    import signal

    write(tmp_path, {"p/requirements.txt": "gamma\n"})
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(60)
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        words = ["fit", "p", *CATALOGUE, *NO_LOCAL, "--index-url", url, "--out", "out"]
        process = subprocess.Popen(
            [sys.executable, "-m", "podfit", *words],
            cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        try:
            asked, _ = silent.accept()
            with asked:
                process.send_signal(signal.SIGINT)
                out, err = process.communicate(timeout=60)
        finally:
            process.kill()
    assert (process.returncode, out, err) == (130, "", "\nstopped\n")
    assert not (tmp_path / "out").exists()
