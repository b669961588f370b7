"""Imports under a condition that a name shows to have run: it is asked for, and nothing else gives it.

`try: from .dataset_pyg import PygDataset` with `except ImportError: pass` does without, as long as nobody asks the
module for PygDataset. Whoever does needs what dataset_pyg imports. A module that imports what it is asked for tells in
its imports for type checkers from where that comes (`_LazyModule` of transformers, a `__getattr__`).
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator

from podfit.audit.at_import import absolute, parsed_source

_BLOCK = re.compile(rb"^(?:try|if|with)\b", re.MULTILINE)

_LAZY = re.compile(rb"\b_?LazyModule\(|^def __getattr__\(|\blazy_loader\b|\battach_stub\(", re.MULTILINE)
"""What a module does that imports what it is asked for."""

Taken = tuple[str, str, int]
"""The absolute module that is imported from, the name that is taken of it, and the line."""


def behind(source: bytes, package: str, names: Collection[str]) -> list[Taken]:
    """Return the imports in blocks of a module that alone give names which are asked of it.

    Not what also is given elsewhere in it (`X = None` where the import fails), nor what only type checkers import,
    unless the module imports it when it is asked for it.
    """
    asked = [name for name in names if name.encode() in source]
    tree = parsed_source(source) if asked and _BLOCK.search(source) else None
    if tree is None:
        return []
    given = Counter(_given(tree.body))
    typed = _LAZY.search(source) is not None
    return [
        (absolute(node.module or "", node.level, package), alias.name, node.lineno)
        for node in _in_blocks(tree.body, typed=typed)
        for alias in node.names
        if (alias.asname or alias.name) in asked and given[alias.asname or alias.name] == 1
    ]


def _blocks(node: ast.stmt) -> Iterator[list[ast.stmt]]:
    """Yield the blocks of a statement that run at most once, where it has some."""
    if isinstance(node, (ast.Try, ast.If, ast.With)):
        yield node.body
    if isinstance(node, (ast.Try, ast.If)):
        yield node.orelse
    if isinstance(node, ast.Try):
        yield from (handler.body for handler in node.handlers)
        yield node.finalbody


def _in_blocks(body: Iterable[ast.stmt], *, typed: bool, inside: bool = False) -> Iterator[ast.ImportFrom]:
    """Yield the from-imports that stand in blocks of a body; typed: those for type checkers, too."""
    for node in body:
        if isinstance(node, ast.ImportFrom) and inside:
            yield node
        elif typed or not (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)):
            for block in _blocks(node):
                yield from _in_blocks(block, typed=typed, inside=True)


def _given(body: Iterable[ast.stmt]) -> Iterator[str]:
    """Yield each name as often as statements of a module give it."""
    for node in body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from (alias.asname or alias.name for alias in node.names)
        elif isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name
        else:
            for block in _blocks(node):
                yield from _given(block)
            if not isinstance(node, (ast.Try, ast.If, ast.With)):
                stores = (part for part in ast.walk(node) if isinstance(part, ast.Name))
                yield from (part.id for part in stores if isinstance(part.ctx, ast.Store))
