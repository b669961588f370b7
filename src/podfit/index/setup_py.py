"""What a setup.py states of its requirements in so many words: read from its source, nothing of it runs.

A source distribution that distutils made has no egg-info, so that no file beside setup.py says what it asks for
(pybars4 0.9.13: `install_requires=["PyMeta3>=0.5.1"]`).
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

from podfit.model.syntax import UNPARSED, dotted, syntax_tree

_MOST_BYTES = 1 << 20
"""A longer setup.py is not read."""


def stated_requirements(source: bytes) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]] | None:
    """Return the requirements that a setup.py states, and those of each extra; None where they are computed.

    Stated is a list of texts in the one call of `setup`, or a name that is bound once to such a list and used there
    alone. A call without any requires nothing where it may be distutils' `setup`: others read further files.
    """
    try:
        tree = syntax_tree(source) if len(source) <= _MOST_BYTES else None
    except UNPARSED:
        return None
    nodes = list(ast.walk(tree)) if tree is not None else []
    calls = [node for node in nodes if isinstance(node, ast.Call) and dotted(node.func).split(".")[-1] == "setup"]
    if len(calls) != 1 or any(keyword.arg is None for keyword in calls[0].keywords):
        return None
    given = {keyword.arg: keyword.value for keyword in calls[0].keywords}
    plain = any(isinstance(node, ast.ImportFrom) and node.module == "distutils.core" for node in nodes)
    if "pbr" in given or ("install_requires" not in given and not plain):
        return None
    bound = _bound_once(nodes)
    lines = _texts(_meant(given.get("install_requires"), bound))
    extras = _meant(given.get("extras_require"), bound)
    if lines is None or not isinstance(extras, (ast.Dict, type(None))):
        return None
    named: dict[str, tuple[str, ...]] = {}
    for key, value in zip(extras.keys, extras.values, strict=True) if extras is not None else ():
        texts = _texts(_meant(value, bound))
        if not isinstance(key, ast.Constant) or not isinstance(key.value, str) or ":" in key.value or texts is None:
            return None  # behind a colon stands a marker, which only setuptools reads
        named[key.value] = texts
    return lines, named


def _bound_once(nodes: Iterable[ast.AST]) -> dict[str, ast.expr]:
    """Return by name what is assigned to it, of names that stand twice in a source: there, and where they are used."""
    seen: dict[str, int] = {}
    values: dict[str, ast.expr] = {}
    for node in nodes:
        if isinstance(node, ast.Name):
            seen[node.id] = seen.get(node.id, 0) + 1
        elif isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            values[node.targets[0].id] = node.value
    return {name: value for name, value in values.items() if seen[name] == 2}


def _meant(node: ast.expr | None, bound: dict[str, ast.expr]) -> ast.expr | None:
    """Return what an expression stands for: of a name that is bound once, its value."""
    return bound.get(node.id, node) if isinstance(node, ast.Name) else node


def _texts(node: ast.expr | None) -> tuple[str, ...] | None:
    """Return the texts of a list of them, none for no expression; None for what is anything else."""
    if node is None or (isinstance(node, ast.Constant) and node.value is None):
        return ()
    items = node.elts if isinstance(node, (ast.List, ast.Tuple)) else [node]
    texts = [item.value for item in items if isinstance(item, ast.Constant) and isinstance(item.value, str)]
    lines = [line.strip() for text in texts for line in text.splitlines()]
    return tuple(line for line in lines if line) if len(texts) == len(items) else None
