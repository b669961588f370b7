"""Sources are parsed one at a time, and what would take the parser minutes is not."""

from __future__ import annotations

import ast
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from podfit.model.syntax import MOST_DOTS, UNPARSED, dotted, ending, syntax_tree, told
from podfit.readers.imports import scan_imports

ENDLESS = "import a" + ".a" * 200_000 + "\n"


def test_many_threads_get_whole_trees() -> None:
    source = Path(__file__).read_bytes()
    with ThreadPoolExecutor(8) as pool:
        trees = list(pool.map(lambda _: ast.dump(syntax_tree(source)), range(64)))
    assert set(trees) == {ast.dump(ast.parse(source))}


@pytest.mark.parametrize("source", ["x = (", "\0", "(" * 5000, ENDLESS, ENDLESS.replace(".a", " \\\n .a")])
def test_what_cannot_be_parsed_raises_one_of_its_errors(source: str) -> None:
    for each in (source, source.encode()):
        with pytest.raises(UNPARSED):
            syntax_tree(each)


DEEP = "x" + ".a" * 2400
"""A dotted name that can be parsed, and that no function which calls itself for each part comes to the end of."""


def test_a_long_dotted_name_is_read() -> None:
    (node,) = syntax_tree(DEEP).body
    assert isinstance(node, ast.Expr)
    assert dotted(node.value) == DEEP
    assert dotted(ast.parse("f().a", mode="eval").body) == ""


@pytest.mark.parametrize(
    ("source", "text"),
    [("raise Gone('away')", "raise Gone("), (f"raise {DEEP}", "a statement that is nested too deeply")],
)
def test_the_end_of_a_module_is_told_however_deep(source: str, text: str) -> None:
    end = ending(syntax_tree(source))
    assert end is not None
    assert told(end, 11 if "Gone" in source else 120).startswith(text)


def test_a_lost_count_is_parsed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    tree, failures = ast.parse("x = 1"), [SystemError("AST constructor recursion depth mismatch")] * 2

    def parse(_: object) -> ast.Module:
        if failures:
            raise failures.pop()
        return tree

    monkeypatch.setattr("podfit.model.syntax.ast.parse", parse)
    assert syntax_tree("x = 1") is tree
    failures += [SystemError("AST constructor recursion depth mismatch")] * 9
    with pytest.raises(ValueError, match="lost count"):
        syntax_tree("x = 1")


def test_a_project_with_an_endless_import_is_read(tmp_path: Path) -> None:
    tmp_path.joinpath("main.py").write_text(ENDLESS)
    tmp_path.joinpath("other.py").write_text("import requests\n" + "x.y.z\n" * MOST_DOTS)
    found = scan_imports(tmp_path)
    assert [each.module for each in found.imports] == ["requests"]
    assert any("main.py: cannot be parsed (an import has a dotted name without end)" in each for each in found.notices)
