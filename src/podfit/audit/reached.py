"""What the import of some modules of a wheel asks of others: read quickly, from the lines that begin with an import.

And from the heads of classes: `class A(anyio.Mixin)` asks for a name of a module that is imported whole.

Where a plan has a hundred distributions, their modules are too many to be parsed. A line that begins with `import` or
`from` at its very start runs whenever its module is imported, unless it stands in a string: who rests something on it
parses that one module (`is_at_import`). What is indented may be guarded, or never run, and is passed over, but for what
stands in a try whose handlers all raise.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping

from podfit.audit.at_import import (
    MOST_SOURCE,
    AtImport,
    Read,
    Used,
    absolute,
    carried_names,
    done_at_import,
    follow,
    modules_of_wheel,
    package_of,
    parsed_source,
    part_of,
    raises_again,
    with_parents,
)
from podfit.audit.behind import behind
from podfit.catalogue.moved_names import class_keywords

MOST_MODULES = 400
"""So many modules of a wheel are read at most."""

_LINES = re.compile(
    rb"^(?:from[ \t\0]+(?P<base>[.\w]+)[ \t\0]+import[ \t\0]+(?P<names>\([^)]{0,4000}\)|[^\n;#(]+)"
    rb"|import[ \t\0]+(?P<modules>[^\n;#]+)"
    rb"|class[ \t]+\w+\((?P<bases>[^()]{1,400})\))",
    re.MULTILINE,
)
_STARTS = re.compile(rb"\n(?:from|import|class)[ \t\0]")
"""What comes before each of _LINES, which is found many times quicker: most lines are none."""
_MAY_RAISE = re.compile(rb"^except\b[^\n]*\n(?:[ \t][^\n]*\n)*?[ \t]+raise\b", re.MULTILINE)
"""A handler at the very start of its line that may raise: a module that has one is parsed."""
_ATTRIBUTE = re.compile(r"(?<![\w.])([A-Za-z_]\w*)\.([A-Za-z_]\w*)")
_KEYWORD = re.compile(r"\b(\w+)[ \t]*=")
_WORD = re.compile(r"(?<![\w.])[A-Za-z_]\w*(?![\w.])")
_COMMENTS = re.compile(rb"#[^\n]*")
_DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*\Z")


def reached(paths: Iterable[str], entries: Iterable[str], read: Read) -> AtImport:
    """Return the modules of others, and names of them, that importing entries (dotted names) asks for.

    The wheel has these paths. What it does not have itself, nor carries a copy of, counts as others': so it is with
    namespace packages. An entry that is no module may be a name of one, which may come from an import under a condition
    (podfit.audit.behind).
    """
    modules = modules_of_wheel(paths)
    carried = carried_names(modules)
    entries = tuple(entries)
    asked: dict[str, set[str]] = {}
    for module, _, word in (entry.rpartition(".") for entry in entries if entry not in modules):
        asked.setdefault(module, set()).add(word)
    found: dict[str, Used] = {}
    names: dict[str, Used] = {}

    def visit(name: str, path: str, source: bytes) -> Iterator[str]:
        package = package_of(name, path)
        for base, taken, _ in behind(source, package, asked[name]) if name in asked else ():
            if base in modules:
                asked.setdefault(base, set()).add(taken)
                yield from (*with_parents(base), f"{base}:{taken}")
        for base, taken, line in _imports(source, package):
            if base in modules:
                yield from (*with_parents(base), *((part_of(name, base, taken),) if taken else ()))
                continue
            if base.partition(".")[0] in carried:
                continue
            found.setdefault(base, Used(base, f"{path}:{line}"))
            if taken and taken != "*":
                names.setdefault(f"{base}:{taken}", Used(f"{base}:{taken}", f"{path}:{line}"))

    follow(modules, (each for entry in entries for each in with_parents(entry)), read, visit, MOST_MODULES)
    return AtImport(tuple(found.values()), names=tuple(names.values()))


def is_at_import(source: bytes, path: str, used: Used) -> bool:
    """Tell whether the import of a module, by its path in a wheel, does ask for a module or a name (`module:name`)."""
    module = next(iter(modules_of_wheel([path])), "")
    return any(text == used.name for _, text, _ in done_at_import(source, package_of(module, path)))


def _imports(source: bytes, package: str) -> Iterator[tuple[str, str, int]]:
    """Yield the absolute module, the name that is taken of it (empty for none) and the line of each such import."""
    if len(source) > MOST_SOURCE:
        return
    lines = source.replace(b"\0", b" ").replace(b"\r\n", b"\n")
    text = b"\n" + lines.replace(b"\\\n", b"\0")  # a zero is a line that goes on
    bound: dict[str, str] = {}
    taken: dict[str, str] = {}
    line, place = 0, 0
    for match in _lines(text):
        if (bases := match["bases"]) is not None and b"." not in bases and b"=" not in bases:
            continue
        line, place = line + _ends(text, place, match.start()), match.start()
        if match["modules"] is not None:
            for part in _words(match["modules"]):
                yield part, "", line
            bound.update(_bound(match["modules"]))
        elif bases is not None:
            yield from ((module, name, line) for module, name in _asked_by_class(bases, bound, taken))
        else:
            base = _absolute(match["base"].decode("utf-8", "replace"), package)
            for part in _words(match["names"].strip(b"()")) if base and base != "__future__" else ():
                yield base, part, line
                taken[part] = base
    if b"\nexcept" in source and _MAY_RAISE.search(source):
        yield from _in_tries(source, package)


def _in_tries(source: bytes, package: str) -> Iterator[tuple[str, str, int]]:
    """Yield as `_imports` what a module imports in a try whose handlers all raise: it is there, or the import fails."""
    tree = parsed_source(source)
    for node in tree.body if tree is not None else ():
        for part in node.body if isinstance(node, ast.Try) and raises_again(node) else ():
            if isinstance(part, ast.Import):
                yield from ((alias.name, "", part.lineno) for alias in part.names)
            elif isinstance(part, ast.ImportFrom) and (base := absolute(part.module or "", part.level, package)):
                yield from ((base, alias.name, part.lineno) for alias in part.names)


def _lines(text: bytes) -> Iterator[re.Match[bytes]]:
    """Yield the matches of _LINES in a text that begins with the end of a line, none within another."""
    end = 0
    for start in _STARTS.finditer(text):
        match = _LINES.match(text, start.start() + 1) if start.start() >= end - 1 else None
        if match is not None:
            end = match.end()
            yield match


def _asked_by_class(written: bytes, bound: Mapping[str, str], taken: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the module and the name of what a class is made from, by what imports bound and took before it.

    A keyword that the catalogue knows is told with the name that takes it.
    """
    text = _COMMENTS.sub(b"", written).decode("utf-8", "replace")
    yield from ((bound[module], name) for module, name in _ATTRIBUTE.findall(text) if module in bound)
    for keyword in _KEYWORD.findall(text):
        words = [(name, f"{name}({keyword})") for name in _WORD.findall(text)]
        yield from ((taken[name], word) for name, word in words if name in taken and word in class_keywords())


def _ends(text: bytes, start: int, end: int) -> int:
    """Return how many lines end between two places of a text in which a zero is the end of one that goes on."""
    return text.count(b"\n", start, end) + text.count(b"\0", start, end)


def _bound(written: bytes) -> Iterator[tuple[str, str]]:
    """Yield the name that an import gives a module, and that module, of a list with commas."""
    for part in _COMMENTS.sub(b"", written.replace(b"\0", b" ")).decode("utf-8", "replace").split(","):
        module, _, name = (word.strip() for word in part.partition(" as "))
        if _DOTTED.match(module) and (name or "." not in module):
            yield name or module, module


def _words(written: bytes) -> Iterator[str]:
    """Yield the dotted names of a list with commas and, perhaps, other names for them."""
    for part in _COMMENTS.sub(b"", written.replace(b"\0", b" ")).decode("utf-8", "replace").split(","):
        word = part.split(" as ")[0].strip()
        if word == "*" or _DOTTED.match(word):
            yield word


def _absolute(base: str, package: str) -> str:
    """Return the absolute name of what a from-import names; empty for what is no name."""
    name = base.lstrip(".")
    level = len(base) - len(name)
    if name and not _DOTTED.match(name):
        return ""
    return absolute(name, level, package)
