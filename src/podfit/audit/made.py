"""Modules that a package makes as it is imported: they lie in no file of its wheel.

geomstats 2.8.0 puts an importer for geomstats.backend onto `sys.meta_path`; others put what they make into
`sys.modules`. Their sources write out what it is called.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from podfit.audit.at_import import Read, done_at_import, follow, modules_of_wheel, package_of, with_parents

_MAKES = (b"sys.meta_path", b"sys.modules")

_MOST_MODULES = 120
"""So many modules of a wheel are read at most."""


def made(paths: Iterable[str], wanted: Collection[str], read: Read) -> frozenset[str]:
    """Return those of some dotted modules that a wheel of these paths makes where its package is imported.

    Their names stand in a module that is imported with the package and that changes what there is to be imported.
    """
    modules = modules_of_wheel(paths)
    found: set[str] = set()

    def visit(name: str, path: str, source: bytes) -> Iterator[str]:
        if any(each in source for each in _MAKES):
            found.update(module for module in wanted if _is_written(module, source))
        for kind, text, _ in done_at_import(source, package_of(name, path)):
            if kind == "module":
                yield from with_parents(text)

    follow(modules, {module.partition(".")[0] for module in wanted}, read, visit, _MOST_MODULES)
    return frozenset(found)


def _is_written(module: str, source: bytes) -> bool:
    """Tell whether a source has a module's name as a text: whole, or from its first dot on after a name's place."""
    top, _, inside = module.partition(".")
    text = rf"""["'](?:{re.escape(top)}|\{{\w+\}})?\.{re.escape(inside)}["']"""
    return re.search(text.encode(), source) is not None
