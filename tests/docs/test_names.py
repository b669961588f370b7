"""Every module, name and file of podfit that a document, a docstring or a comment mentions is there."""

from __future__ import annotations

import ast
import importlib
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from podfit.model.syntax import syntax_tree

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md")]
PROGRAMS = [ROOT / "dev.py"]
for folder in ("src", "benchmarks", "tools", "catalogue_sources"):
    PROGRAMS += ROOT.glob(f"{folder}/**/*.py")
    DOCUMENTS += [*ROOT.glob(f"{folder}/**/*.toml"), *ROOT.glob(f"{folder}/**/*.md")]

NAME = re.compile(r"(?<![\w./-])podfit(?:\.[A-Za-z_]\w*)+(?![\w/]|\.\w)")
"""`podfit.plan.build`; not the formats `podfit.plan/1`, which have a slash, and no file names."""
PLACE = re.compile(r"(?<![\w./-])(?:src|tests|docs|benchmarks|tools|examples|catalogue_sources)/[\w./-]*\w")
INVENTED = re.compile(r"[A-Z]{2}")
"""`src/podfit/catalogue/templates/NAME.json` stands for any."""
FILES = {"podfit.toml", "podfit.json"}


def texts_of_program(source: str) -> Iterator[str]:
    """Yield the strings, docstrings among them, and the comments of a program; of f-strings nothing."""
    tree = syntax_tree(source)
    filled = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in filled:
            yield node.value
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.string


def mentioned(path: Path) -> tuple[set[str], set[str]]:
    """Return the dotted names and the paths that a file mentions."""
    text = path.read_text(encoding="utf-8")
    if path.name == "CONTRIBUTING.md":  # its recipes make files, and test_contributing.py carries them out
        text = re.sub(r"^```\w+\n.*?^```|^New file .*?$", "", text, flags=re.MULTILINE | re.DOTALL)
    texts = list(texts_of_program(text)) if path.suffix == ".py" else [text]
    names = {name for each in texts for name in NAME.findall(each)} - FILES
    places = {place for each in texts for place in PLACE.findall(each) if not INVENTED.search(place)}
    return names, set() if path.suffix == ".toml" else places  # those name other people's files as their sources


def resolve(name: str) -> object:
    """Return what a dotted name means: the longest module, then its attributes."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        module = ".".join(parts[:length])
        try:
            found: object = importlib.import_module(module)
        except ModuleNotFoundError as error:
            if error.name is None or not f"{module}.".startswith(f"{error.name}."):
                raise
            continue
        for part in parts[length:]:
            found = getattr(found, part)
        return found
    raise AssertionError("podfit itself is missing")


@pytest.fixture(scope="module")
def mentions() -> dict[str, tuple[set[str], set[str]]]:
    """The dotted names and the paths that each file mentions, by the file's path."""
    return {path.relative_to(ROOT).as_posix(): mentioned(path) for path in sorted({*DOCUMENTS, *PROGRAMS})}


@pytest.mark.slow
@pytest.mark.xdist_group("names")
def test_the_names_mean_something(mentions: dict[str, tuple[set[str], set[str]]]) -> None:
    wrong = []
    for file, (names, _) in mentions.items():
        for name in sorted(names):
            try:
                resolve(name)
            except AttributeError as error:
                wrong.append(f"{file}: {name}: {error}")
    assert sum(len(names) for names, _ in mentions.values()) > 100
    assert not wrong


@pytest.mark.slow
@pytest.mark.xdist_group("names")
def test_the_files_exist(mentions: dict[str, tuple[set[str], set[str]]]) -> None:
    absent = [
        f"{file}: {place}"
        for file, (_, places) in mentions.items()
        for place in sorted(places)
        if not any((base / place).exists() for base in (ROOT, (ROOT / file).parent))
    ]
    assert sum(len(places) for _, places in mentions.values()) > 100
    assert not absent


def test_the_security_page_names_tests_that_there_are() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", (ROOT / "SECURITY.md").read_text(encoding="utf-8"))
    assert len(named) > 10
    for file, test in named:
        assert re.search(rf"^(?:async )?def {test}\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE), test


def test_the_search_sees_what_it_should() -> None:
    text = "`podfit.model.serial`, (podfit.fit), podfit.plan/1, podfit.toml. podfit.readers.local.read_local."
    assert set(NAME.findall(text)) - FILES == {"podfit.model.serial", "podfit.fit", "podfit.readers.local.read_local"}
    assert PLACE.findall("see src/podfit/model/plan.py, `tests/solve` and docs/decisions/0001-x.md.") == [
        "src/podfit/model/plan.py",
        "tests/solve",
        "docs/decisions/0001-x.md",
    ]
