"""Sources without the bodies of functions: what is left says the same of an import."""

import ast
import sysconfig
from pathlib import Path

import pytest

from podfit.audit.at_import import done_at_import
from podfit.audit.exports import exports, given_by_star
from podfit.model.syntax import outline, syntax_tree

LIBRARY = Path(sysconfig.get_path("stdlib"))
SOURCES = sorted(
    path
    for folder in ("asyncio", "email", "json", "logging", "unittest")
    for path in LIBRARY.joinpath(folder).glob("*.py")
)


def without_bodies(source: bytes) -> ast.Module:
    """The syntax tree of a source, with `pass` for the body of each function and no text over several lines."""
    tree = syntax_tree(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "\n" in node.value:
            node.value = ""
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            node.body = [ast.Pass()]
    return tree


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_what_is_left_is_all_but_the_bodies(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = path.read_bytes()
    assert ast.dump(without_bodies(outline(source))) == ast.dump(without_bodies(source))
    short = [*done_at_import(source, "a.b")], exports(source), given_by_star(source)
    monkeypatch.setattr("podfit.audit.at_import.outline", lambda text: text)
    assert short == ([*done_at_import(source, "a.b")], exports(source), given_by_star(source))


def test_most_of_a_library_s_text_is_bodies() -> None:
    texts = [path.read_bytes() for path in SOURCES]
    assert sum(len(outline(text)) for text in texts) < sum(map(len, texts)) / 2


@pytest.mark.parametrize(
    "source",
    [
        'def f():\n    """A string\nimport left\n    """\nimport right\n',
        "def f():\n    '''A string\nimport left\n'''\nimport right\n",
        "def f(a, b={1:\n    2}):\n    import left\nimport right\n",
        "def f(\n    a,\n    b={1:\n       2},\n) -> {1:\n    2}:\n    import left\nimport right\n",
        "def f(): return 1\nimport right\n",
        "def f():\n    x = 1 + \\\n2\nimport right\n",
        "def f():\n# a comment\n    import left\n\n\n    # another\nimport right\n",
        "class A:\n    def f(self):\n        import left\n    import right\n",
        "if True:\n\tdef f():\n\t\timport left\nimport right\n",
        "async def f():  # a comment\n    import left\nimport right\r\n",
        'def f():\n    pass; x = """\n"""\nimport right\n',
        "@decorator(\n    1)\ndef f():\n    import left\nimport right",
    ],
)
def test_where_a_body_ends_elsewhere_it_is_left_whole(source: str) -> None:
    short = syntax_tree(outline(source.encode()))
    assert ast.dump(without_bodies(outline(source.encode()))) == ast.dump(without_bodies(source.encode()))
    (line,) = [
        node.lineno for node in ast.walk(short) if isinstance(node, ast.Import) and node.names[0].name == "right"
    ]
    assert "right" in source.replace("\r", "").split("\n")[line - 1]


def test_a_source_that_repeats_itself_costs_no_more_than_it_is_long() -> None:
    for piece in (b"def f(\n", b"    def f():\n", b"def f():\n \n", b" " * 400 + b"\n", b'def f(:\n    """\n'):
        assert len(outline(piece * 20_000)) > 0
