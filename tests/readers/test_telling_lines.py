"""Statements without a telling line are passed over, and nothing is found less for it."""

from __future__ import annotations

from pathlib import Path

import pytest

import podfit
from podfit.model.syntax import syntax_tree
from podfit.readers.imports.scan import _telling_lines
from podfit.readers.imports.statements import Aliases, Statements

PIECES = {
    "else": "if a:\n    x = 1\nelse:\n    import y\n",
    "flag": "try:\n    import a\nexcept ImportError:\n    HAS = False\nif HAS:\n    import b\n",
    "flag without import": "try:\n    run()\nexcept Exception:\n    HAS = None\nif HAS:\n    import b\n",
    "spec": "HAS = importlib.util.find_spec('x') is not None\nif HAS:\n    import x\n",
    "in a function": "def f():\n    def g():\n        if 1:\n            from a.b import (\n  c,\n  )\n",
    "called": "def main():\n    import a\nif __name__ == '__main__':\n    main()\n",
    "with": "with contextlib.suppress(ImportError):\n    import a\n",
    "match": "match a:\n    case 1:\n        import b\n",
    "assert": "import torch\ndef f():\n    assert torch.__version__ >= '2.0'\n",
    "decorated": "@a\n@b(\n  c)\nclass D:\n    import e\n",
    "split": "x = 1; import a; y = 2\nfrom b \\\n  import c\n",
    "late": "def f():\n" + "    x = 1\n" * 50 + "    import a\n",
}


def collected(data: bytes, lines: list[int] | None) -> tuple[object, ...]:
    """Return what is collected from a source."""
    statements = Statements("x.py", frozenset(), Aliases(), expressions=False, lines=lines)
    statements.module(syntax_tree(data).body)
    return statements.found, statements.calls, statements.checks, statements.aliases.modules


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("name", PIECES)
def test_nothing_is_missed(name: str, end: str) -> None:
    data = ("# ä\n\n'''doc\n'''\n" + PIECES[name] + "z = 1\n").replace("\n", end).encode()
    lines = _telling_lines(data)
    assert lines
    found = collected(data, lines)
    assert found == collected(data, None)
    assert found[0]


def test_in_podfits_own_sources() -> None:
    paths = sorted(Path(podfit.__file__).parent.joinpath("readers").rglob("*.py"))
    assert len(paths) > 50
    for path in paths:
        data = path.read_bytes()
        assert collected(data, _telling_lines(data)) == collected(data, None), path


def test_where_words_may_look_otherwise_every_line_counts() -> None:
    assert _telling_lines("# coding: utf-7\n+AGkAbQBwAG8AcgB0 os\n".encode("ascii")) is None
    assert _telling_lines(b"x = 1\n# coding\n") is None
    assert _telling_lines(b"x = 1\n") == []
