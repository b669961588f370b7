"""Work on any input is bounded: what would take for ever is refused with a sentence, or is linear.

Nothing here looks at a clock: without the bounds, these inputs would need minutes, gigabytes or the whole stack.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from podfit.model import InputError
from podfit.model.requirement import parse_requires_dist
from podfit.model.versions import same_version
from podfit.readers.declared import read_declared
from podfit.readers.declared.interface import Reading
from podfit.readers.declared.pyproject import _expanded
from podfit.readers.imports import files, scan_imports
from podfit.readers.imports.notebook import python_of
from podfit.readers.project import read_project
from podfit.readers.submodules import missing_submodules

DEEP = 1500


def declared(tmp_path: Path, texts: dict[str, str]) -> list[str]:
    """Return the requirements that a project of these files declares."""
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    return sorted({str(Requirement(each.requirement)) for each in read_declared(tmp_path).declarations})


def test_groups_that_include_each_other_twice_are_read_once_each(tmp_path: Path) -> None:
    groups = "".join(f'g{i}=[{{include-group="g{i + 1}"}},{{include-group="g{i + 1}"}}]\n' for i in range(64))
    (tmp_path / "pyproject.toml").write_text(f'[dependency-groups]\n{groups}g64=["alpha"]\n')
    found = read_declared(tmp_path, groups=("g0",))
    assert {each.requirement for each in found.declarations} == {"alpha"}


@pytest.mark.slow
def test_a_long_chain_of_groups_is_no_recursion(tmp_path: Path) -> None:
    groups = "".join(f'g{i}=[{{include-group="g{i + 1}"}}]\n' for i in range(DEEP))
    (tmp_path / "pyproject.toml").write_text(f'[dependency-groups]\n{groups}g{DEEP}=["alpha"]\n')
    assert read_declared(tmp_path, groups=("g0",)).declarations


def test_each_group_is_looked_through_a_fixed_number_of_times() -> None:
    looks = 0

    class Counted(list[tuple[str, str]]):
        def __iter__(self) -> Iterator[tuple[str, str]]:
            nonlocal looks
            looks += 1
            return super().__iter__()

    chain = {f"g{i}": Counted([("", f"g{i + 1}"), ("", f"g{i + 1}")]) for i in range(DEEP)}
    chain[f"g{DEEP}"] = Counted([("alpha", f"g{DEEP}")])
    copies = _expanded(None, {name: name for name in chain}, chain, Reading())  # type: ignore[arg-type]
    assert all(copies[name] == {("alpha", f"g{DEEP}"): None} for name in chain)
    assert looks == 2 * len(chain)


def test_groups_that_ask_for_more_than_anybody_installs_are_refused(tmp_path: Path) -> None:
    inner = ",".join(f'"a{i}"' for i in range(100))
    groups = "".join(f'g{i}=[{{include-group="all"}}]\n' for i in range(300))
    (tmp_path / "pyproject.toml").write_text(f"[dependency-groups]\nall=[{inner}]\n{groups}")
    with pytest.raises(InputError, match="asks for more than 20000 requirements, its includes counted each time"):
        read_declared(tmp_path)


def test_extras_that_ask_for_each_other_without_measure_are_refused(tmp_path: Path) -> None:
    extras = "".join(f'e{i} = ["x[e{i + 1}]"]\n' for i in range(700))
    text = f'[project]\nname = "x"\nversion = "1"\n[project.optional-dependencies]\n{extras}e700 = ["alpha"]\n'
    (tmp_path / "pyproject.toml").write_text(text)
    with pytest.raises(InputError, match="its extras ask for each other and stand for more than 200000 requirements"):
        read_declared(tmp_path)


def test_files_that_include_each_other_twice_are_read_once_each(tmp_path: Path) -> None:
    texts = {f"r{i}.txt": f"-r r{i + 1}.txt\n-r r{i + 1}.txt\n" for i in range(40)}
    texts |= {"requirements.txt": "-r r0.txt\n-r r0.txt\n", "r40.txt": "alpha\n"}
    assert declared(tmp_path, texts) == ["alpha"]


def test_a_file_that_is_included_for_two_reasons_counts_for_both(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("-r inner.txt\n-c inner.txt\n")
    (tmp_path / "inner.txt").write_text("alpha<2\n")
    assert sorted(each.constraint for each in read_declared(tmp_path).declarations) == [False, True]


@pytest.mark.slow
def test_a_long_chain_of_files_is_refused(tmp_path: Path) -> None:
    texts = {f"r{i}.txt": f"-r r{i + 1}.txt\n" for i in range(DEEP)}
    with pytest.raises(InputError, match="is included through more than 50 files"):
        declared(tmp_path, {**texts, "requirements.txt": "-r r0.txt\n", f"r{DEEP}.txt": "alpha\n"})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("alpha" + ",".join(f"!=1.{i}" for i in range(20_000)), "longer than any requirement: over 16384"),
        ("alpha" + ",".join(f"!=1.{i}" for i in range(1000)), "has 1000 comparisons, more than 256"),
        ("alpha==" + "1" * 5000, "has a version of more than 255 characters"),
        ("alpha>=1." + "1" * 5000, "has a version of more than 255 characters"),
        ("a" * 1000, "has a name of 1000 characters, more than 128"),
        ("alpha[" + "[" * 10_000, "is not a requirement"),
        ("alpha; " + "(" * 5000 + "os_name=='x'" + ")" * 5000, "is nested too deeply|is not a requirement"),
    ],
    ids=["comparisons", "fewer", "pin", "bound", "name", "brackets", "marker"],
)
def test_a_requirement_without_measure_is_one_sentence(text: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=told) as caught:
        declared(tmp_path, {"requirements.txt": text + "\n"})
    assert str(caught.value).startswith(f"{tmp_path}/requirements.txt:1: ")
    assert len(str(caught.value)) < 600
    assert parse_requires_dist(text) is None, "of another distribution, it limits nobody"


def test_a_line_without_end_is_left_out_and_the_rest_read(tmp_path: Path) -> None:
    endless = "b" * 3_000_000
    text = f"alpha\n{endless}\ngamma # {endless}\n" + "delta \\\n" * 60_000 + "\nepsilon\n"
    (tmp_path / "requirements.txt").write_text(text)
    begun = time.process_time()
    read = read_declared(tmp_path, lenient=True)
    assert time.process_time() - begun < 3
    assert [each.requirement for each in read.declarations] == ["alpha", "gamma", "epsilon"]
    assert [question.subject for question in read.questions] == ["requirements.txt:2", "requirements.txt:4"]
    assert "longer than any requirement" in read.questions[0].message
    assert "goes on for over 262144 characters" in read.questions[1].message


def test_a_file_that_is_too_large_is_a_question(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("podfit.readers.declared.interface.LARGEST", 1 << 20)
    (tmp_path / "requirements.txt").write_text("beta\n" * 300_000)
    (tmp_path / "pyproject.toml").write_text('[project]\nname="x"\nversion="1"\ndependencies=["alpha"]\n')
    read = read_declared(tmp_path, lenient=True)
    assert [each.requirement for each in read.declarations] == ["alpha"]
    (question,) = read.questions
    assert "larger than 1 MiB" in question.message
    assert question.remedy == "leave what is none out of it"


def test_a_version_of_more_digits_than_python_reads_is_compared_as_text() -> None:
    digits = "1" * 5000
    assert same_version(digits, digits)
    assert not same_version(digits, "1")


@pytest.mark.parametrize(
    "line",
    [" " * 200_000 + "x", "a" + " " * 200_000, "a " * 100_000, "a" * 200_000 + "!", "%time " + "-a " * 50_000],
    ids=["blanks", "a", "pairs", "word", "options"],
)
def test_a_line_of_a_notebook_is_read_in_linear_time(line: str) -> None:
    assert len(python_of(f"!ls\n{line}\ndef f(:")) >= 0


def test_assignments_from_shell_lines_are_still_understood() -> None:
    assert python_of("  a, b['x'] = !ls\n") == "  a, b['x'] = None"
    assert python_of("a=%time f()\n") == "a = None"


def test_many_words_in_one_line_and_many_empty_lines_are_linear(tmp_path: Path) -> None:
    (tmp_path / "long.py").write_text(f'x = "{"import " * 50_000}"\n')
    (tmp_path / "empty.py").write_text("\n" * 300_000 + "print 'x'\n")
    found = scan_imports(tmp_path)
    assert found.notices == ("empty.py:300001: Python 2 code, not read",)


@pytest.mark.parametrize("name", ["requirements.txt", "pyproject.toml", "setup.cfg", "setup.py", "main.py", "n.ipynb"])
def test_a_pipe_in_a_project_is_not_waited_for(name: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / name)
    os.mkfifo(tmp_path / ".gitmodules")
    try:
        read_declared(tmp_path)
    except InputError as error:
        assert name in str(error)
    scan_imports(tmp_path)
    assert missing_submodules(tmp_path) == {}


def test_the_whole_file_system_is_no_project() -> None:
    with pytest.raises(InputError, match=r"^/: the project is the whole file system; name the directory"):
        read_project(Path("/"), local="none")


def test_a_tree_without_measure_is_read_in_part_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(6):
        (tmp_path / f"m{number}").mkdir()
        (tmp_path / f"m{number}" / "a.py").write_text(f"import x{number}\n")
    monkeypatch.setattr(files, "MOST_FILES", 4)
    found = scan_imports(tmp_path)
    assert {site.module for site in found.imports} == {"x0", "x1", "x2", "x3"}
    assert found.notices[0].startswith(
        "only the first 4 files of code were read, up to m4/a.py; name the project's own"
    )
    for number in range(6):
        (tmp_path / "m0" / f"{number}.yaml").write_text(f"_target_: y{number}.Y\n")
    monkeypatch.setattr(files, "MOST_FILES", 5)
    found = scan_imports(tmp_path)
    assert {site.module for site in found.imports} == {*(f"x{n}" for n in range(5)), *(f"y{n}" for n in range(5))}
    monkeypatch.setattr(files, "MOST_ENTRIES", 13)
    found = scan_imports(tmp_path)
    assert {site.module for site in found.imports} == {"x0", *(f"y{n}" for n in range(5))}
    assert found.notices[0].startswith("only the first 13 files were looked at, up to m1; ")
