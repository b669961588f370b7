"""Extension modules that a project builds itself: what its setup.py calls them, and the Cython files that it has."""

from __future__ import annotations

import ast
import re

from podfit.model.syntax import UNPARSED, syntax_tree

_BUILDER = re.compile(r"ext(?:ension)?$", re.IGNORECASE)


def built_modules(data: bytes) -> frozenset[str]:
    """Return the names by which the extension modules of a setup.py are imported, without running it.

    `Extension("pkg._C", ...)`, `CUDAExtension(name="roi_cuda", ...)` and functions of that kind (`make_cuda_ext`)
    count, each by the last part of its module's name.
    """
    try:
        tree = syntax_tree(data)
    except UNPARSED:
        return frozenset()
    found: set[str] = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        function = node.func
        called = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
        if not _BUILDER.search(str(called)):
            continue
        named = next((keyword.value for keyword in node.keywords if keyword.arg == "name"), None)
        value = named or (node.args[0] if node.args else None)
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            name = value.value.rpartition(".")[2]
            if name.isidentifier():
                found.add(name)
    return frozenset(found)
