"""What a wheel's Python code does as it is imported: read from its source, nobody runs it.

Followed are the modules that the import of its packages runs: statements of a module's own, one after the other, the
bodies of classes and decorators, never those of functions, and nothing that a try, an if, a loop or a with guards. A
try whose handlers all raise (`raise ImportError("install gevent")`) guards nothing. So what is found happens at every
import, and what is not found may happen nevertheless. What such a module imports inside a try that catches whatever an
import may raise is told apart: it does without. A module of which a wheel
carries a copy (`setuptools/_vendor/jaraco/`) is its own: it is put onto the path as it is imported.
"""

from __future__ import annotations

import ast
import contextlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from podfit.audit.refused_pythons import refused_defaults, refused_pythons
from podfit.catalogue.moved_names import called_names, class_keywords
from podfit.model.syntax import UNPARSED, dotted, outline, syntax_tree, told

MOST_MODULES = 120
"""So many modules of a wheel are read at most."""

_MOST_SAID = 120
"""So much of a statement is told."""

MOST_SOURCE = 2 << 20
"""A longer module is not read."""

_ENTRY = re.compile(r"(\.?[A-Za-z_]\w*(?:\.\w+)*):\w+\Z")
"""A text that names a module and a name of it."""

_COPIES = frozenset(
    {"3rd_party", "3rdparty", "bundled", "extern", "external", "externals", "third_party", "thirdparty"}
)
"""Folders in which projects carry copies of other projects; those called after vendoring beside them."""

Read = Callable[[Sequence[str]], Mapping[str, bytes]]
"""Returns the content of members of a wheel by their paths."""

Visit = Callable[[str, str, bytes], Iterable[str]]
"""Gets a module's dotted name, its path and its source, and yields the modules that it leads to.

What it takes of a package by a from-import, and what may be a module, is `package:name`.
"""


@dataclass(frozen=True, slots=True)
class Used:
    """A name that an import asks for, dotted, and the place that does: `imgaug/imgaug.py:34`."""

    name: str
    place: str


@dataclass(frozen=True, slots=True)
class AtImport:
    """What an import of a wheel's packages asks for: modules that are not its own, and attributes of NumPy.

    lazy are modules of its own that a root imports only when it is asked for a name (its `__getattr__`).
    raises is where it ends in an error whatever is there (a placeholder). guarded are modules that it does without
    where they cannot be imported; names are what it imports from modules that are not its own, and what it makes
    classes from (`werkzeug.urls:url_quote`, of `class A(anyio.Mixin)` `anyio:Mixin`), with keywords and calls that the
    catalogue knows of some (`typing_extensions:TypedDict(closed)`, `google.protobuf.descriptor:Descriptor()`). pythons
    are versions of Python with which it ends in an error
    (`>=3.12`, PEP 440).
    """

    modules: tuple[Used, ...] = ()
    numpy: tuple[Used, ...] = ()
    guarded: tuple[Used, ...] = ()
    names: tuple[Used, ...] = ()
    raises: tuple[Used, ...] = ()
    lazy: tuple[str, ...] = ()
    pythons: tuple[Used, ...] = ()


def at_import(paths: Iterable[str], roots: Sequence[str], read: Read) -> AtImport:
    """Return what importing roots (dotted names) does, of a wheel that has these paths."""
    modules = modules_of_wheel(paths)
    own = {name.partition(".")[0] for name in (*roots, *modules)}
    carried = carried_names(modules)
    found: dict[str, Used] = {}
    numpy: dict[str, Used] = {}
    guarded: dict[str, Used] = {}
    names: dict[str, Used] = {}
    raises: list[Used] = []
    lazy: list[str] = []
    pythons: dict[str, Used] = {}
    kinds = {"numpy": numpy, "guarded": guarded, "name": names, "python": pythons}

    def visit(name: str, path: str, source: bytes) -> Iterator[str]:
        package = package_of(name, path)
        if name in roots and b"def __getattr__" in source:
            lazy.extend(each for each in _lazily(source, package) if each in modules)
        for kind, text, line in done_at_import(source, package):
            used = Used(text, f"{path}:{line}")
            if kind in kinds:
                kinds[kind].setdefault(text, used)
            elif kind == "raises":
                raises.append(used)
            elif kind == "part":
                yield part_of(name, *text.split(":"))
            elif text.partition(".")[0] in own:
                yield from with_parents(text)
            elif text.partition(".")[0] not in carried:
                found.setdefault(text, used)

    seen = follow(modules, roots, read, visit, MOST_MODULES)
    return AtImport(
        modules=tuple(found.values()),
        numpy=tuple(numpy.values()),
        guarded=tuple(guarded.values()),
        names=tuple(names.values()),
        raises=tuple(raises),
        lazy=tuple(dict.fromkeys(each for each in lazy if each not in seen)),
        pythons=tuple(pythons.values()),
    )


def follow(modules: Mapping[str, str], start: Iterable[str], read: Read, visit: Visit, most: int) -> set[str]:
    """Visit the modules of a wheel (dotted names to their paths) that start leads to; return their names.

    They are read wave by wave, each once; no wave begins when there are more than most. What is only taken of a package
    that sets names of its own as it runs is none of its modules (`gives_names`).
    """
    waiting = [name for name in dict.fromkeys(start) if name in modules]
    seen = set(waiting)
    parts: set[str] = set()
    giving: set[str] = set()
    while waiting and len(seen) <= most:
        sources = _sources(modules, waiting, read)
        giving.update(name for name, source in sources.items() if gives_names(source))
        passed = {name for name in waiting if name in parts and name.rpartition(".")[0] in giving}
        seen -= passed
        wave = [each for name in waiting if name not in passed for each in visit(name, modules[name], sources[name])]
        sure = {each for each in wave if ":" not in each}
        parts = {each.replace(":", ".") for each in wave if ":" in each} - sure
        waiting = [each.replace(":", ".") for each in dict.fromkeys(wave)]
        waiting = [name for name in dict.fromkeys(waiting) if name in modules and name not in seen]
        waiting = [name for name in waiting if name not in parts or name.rpartition(".")[0] not in giving]
        seen.update(waiting)
    return seen


def _sources(modules: Mapping[str, str], names: Iterable[str], read: Read) -> dict[str, bytes]:
    """Return the source of modules by their names, empty for what was not read."""
    paths = {name: modules[name] for name in names}
    found = read([*paths.values()])
    return {name: found.get(path, b"") for name, path in paths.items()}


def part_of(module: str, package: str, name: str) -> str:
    """Return what a Visit yields for a name that a module takes of a package: of itself, a package takes modules."""
    return f"{package}.{name}" if package == module else f"{package}:{name}"


def gives_names(source: bytes) -> bool:
    """Tell whether a module sets names of its own by what it finds as it runs: `setattr(sys.modules[__name__], ...)`.

    deepxde.backend and dgl.backend do, with those of the one framework that they load: `from deepxde.backend import
    jax` imports none of the module deepxde.backend.jax.
    """
    return b"setattr(" in source and b"sys.modules[__name__]" in source


def modules_of_wheel(paths: Iterable[str]) -> dict[str, str]:
    """Return the path of each module in source, by its dotted name."""
    found = {}
    for path in paths:
        if path.endswith(".py") and ".dist-info/" not in path and ".data/" not in path:
            found[path[:-3].replace("/", ".").removesuffix(".__init__")] = path
    return found


def carried_names(modules: Iterable[str]) -> set[str]:
    """Return the top-level names of what stands in folders of copies, of modules by their dotted names."""
    found: set[str] = set()
    for name in modules:
        parts = name.split(".")
        folders = (part.strip("_").lower() for part in parts[:-1])
        pairs = zip(folders, parts[1:], strict=True)
        found.update(below for folder, below in pairs if folder in _COPIES or "vendor" in folder)
    return found


def with_parents(name: str) -> list[str]:
    """Return a dotted name after its parents: importing `a.b.c` imports `a` and `a.b`."""
    parts = name.split(".")
    return [".".join(parts[:length]) for length in range(1, len(parts) + 1)]


def done_at_import(source: bytes, package: str) -> Iterator[tuple[str, str, int]]:
    """Yield `module`, `part`, `numpy`, `name`, `guarded`, `raises` or `python`, what it is of, and the line.

    A part is what a package of the same wheel is asked for: `package:name`, which may be a module.
    """
    tree = parsed_source(source)
    if tree is None:
        return
    lazy = any(
        isinstance(node, ast.ImportFrom)
        and node.module == "__future__"
        and any(a.name == "annotations" for a in node.names)
        for node in tree.body
    )
    names: set[str] = set()
    bound: dict[str, str] = {}
    taken: dict[str, tuple[str, str]] = {}
    called: dict[str, str] = {}
    for node in tree.body:
        yield from _guarded(node, package) if isinstance(node, ast.Try) else ()
        yield from (("python", *each) for each in refused_pythons(node)) if isinstance(node, ast.If) else ()
        if isinstance(node, ast.Raise):
            yield "raises", told(node, _MOST_SAID), node.lineno
            break
    yield from (("python", *each) for each in refused_defaults(tree.body)) if b"dataclass" in source else ()
    for node in _statements(tree.body):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield "module", alias.name, node.lineno
                if alias.asname or "." not in alias.name:
                    bound[alias.asname or alias.name] = alias.name
                    called |= _callable_of(alias.name, alias.asname or alias.name)
                if alias.name == "numpy" or (alias.name.startswith("numpy.") and not alias.asname):
                    names.add(alias.asname or "numpy")
        elif isinstance(node, ast.ImportFrom):
            base = _base(node, package)
            if base and base != "__future__":
                yield "module", base, node.lineno
                for alias in node.names:
                    if base == "numpy":
                        yield "numpy", alias.name, node.lineno
                    elif alias.name != "*" and base.partition(".")[0] != package.partition(".")[0]:
                        yield "name", f"{base}:{alias.name}", node.lineno
                        taken[alias.asname or alias.name] = (base, alias.name)
                        called |= _callable_of(f"{base}.{alias.name}", alias.asname or alias.name)
                    elif base.partition(".")[0] == package.partition(".")[0]:
                        yield "part", f"{base}:{alias.name}", node.lineno
        else:
            for made_from in node.bases if isinstance(node, ast.ClassDef) else ():
                module, name = _of_module(made_from, bound)
                if module and module.partition(".")[0] != package.partition(".")[0]:
                    yield "name", f"{module}:{name}", node.lineno
                elif isinstance(made_from, ast.Name):
                    module, name = taken.get(made_from.id, ("", ""))
                words = [f"{name}({each.arg})" for each in node.keywords] if isinstance(node, ast.ClassDef) else []
                yield from (("name", f"{module}:{word}", node.lineno) for word in words if word in class_keywords())
            yield from _calls(node, called) if called and isinstance(node, (ast.Assign, ast.Expr)) else ()
            for part in _evaluated(node, annotations=not lazy):
                if isinstance(part.value, ast.Name) and part.value.id in names:
                    yield "numpy", part.attr, part.lineno


def _callable_of(module: str, name: str) -> dict[str, str]:
    """Return a module by the name that it is bound to, where the catalogue knows something of it that was called."""
    inside = f"{module.partition('.')[2]}."
    return {name: module} if any(inside == key[: key.rindex(".") + 1] for key in called_names()) else {}


def _calls(node: ast.stmt, modules: Mapping[str, str]) -> Iterator[tuple[str, str, int]]:
    """Yield `name`, `module:name()` and the line of each call of something that is known of modules, by their names."""
    for part in ast.walk(node):
        call = part.func if isinstance(part, ast.Call) else None
        if isinstance(call, ast.Attribute) and isinstance(call.value, ast.Name) and call.value.id in modules:
            module = modules[call.value.id]
            if f"{module.partition('.')[2]}.{call.attr}()" in called_names():
                yield "name", f"{module}:{call.attr}()", call.lineno


def _lazily(source: bytes, package: str) -> Iterator[str]:
    """Yield the dotted modules, and what may be one, that a module with a `__getattr__` of its own names in it.

    Imported in that function, or written as `module:name` in a text of the module.
    """
    tree = parsed_source(source, bodies=True)
    for node in tree.body if tree is not None else ():
        inside = isinstance(node, ast.FunctionDef) and node.name == "__getattr__"
        for part in ast.walk(node):
            if isinstance(part, ast.Constant) and isinstance(part.value, str) and (text := _ENTRY.match(part.value)):
                yield f"{package}{text[1]}" if text[1].startswith(".") else text[1]
            elif inside and isinstance(part, ast.ImportFrom) and (base := _base(part, package)):
                yield base
                yield from (f"{base}.{alias.name}" for alias in part.names)


def _guarded(node: ast.Try, package: str) -> Iterator[tuple[str, str, int]]:
    """Yield `guarded`, the dotted name and the line of what a try imports that catches whatever an import may raise."""
    caught: set[str] = set()
    for handler in node.handlers:
        kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
        caught.update("Exception" if kind is None else dotted(kind) for kind in kinds)
    everything = caught & {"Exception", "BaseException"} or {"ImportError", "OSError"} <= caught
    if raises_again(node) or not everything:
        return
    for part in node.body:
        if isinstance(part, ast.Import):
            yield from (("guarded", alias.name, part.lineno) for alias in part.names)
        elif isinstance(part, ast.ImportFrom) and (base := _base(part, package)):
            yield "guarded", base, part.lineno


def _of_module(base: ast.expr, bound: Mapping[str, str]) -> tuple[str, str]:
    """Return the module whose attribute a class is made from, and that, by names that imports bound; else empty."""
    while isinstance(base, ast.Attribute):
        if isinstance(base.value, ast.Name):
            return bound.get(base.value.id, ""), base.attr
        base = base.value
    return "", ""


def parsed_source(source: bytes, *, bodies: bool = False) -> ast.Module | None:
    """Return a syntax tree, None for what is no Python or too long to be read.

    Without bodies, functions may have none.
    """
    if len(source) > MOST_SOURCE:
        return None
    for text in (source,) if bodies else (outline(source), source):
        with contextlib.suppress(*UNPARSED):
            return syntax_tree(text)
    return None


def _base(node: ast.ImportFrom, package: str) -> str:
    """Return the absolute name of the module that a from-import names."""
    return absolute(node.module or "", node.level, package)


def absolute(module: str, level: int, package: str) -> str:
    """Return the absolute name of a module that stands below so many dots in a module of a package (PEP 328)."""
    if not level:
        return module
    parts = package.split(".")
    parts = parts[: len(parts) - level + 1]
    return ".".join([*parts, module] if module else parts)


def package_of(module: str, path: str) -> str:
    """Return the package whose names a module's relative imports begin from: its own where it is one."""
    return module if path.endswith("/__init__.py") else module.rpartition(".")[0]


def _statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements that run whenever a block does, those in classes among them."""
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield node
            yield from _statements(node.body)
        elif isinstance(node, (ast.Raise, ast.Return)):
            return
        elif isinstance(node, ast.Try) and raises_again(node):
            yield from _statements((*node.body, *node.orelse))
        elif not isinstance(node, (ast.Try, ast.If, ast.For, ast.While, ast.With, ast.AsyncFor, ast.AsyncWith)):
            yield node


def raises_again(node: ast.Try) -> bool:
    """Tell whether each handler of a try raises in the end: what it imports has to be there all the same."""
    return bool(node.handlers) and all(
        any(isinstance(each, ast.Raise) for each in handler.body) for handler in node.handlers
    )


def _evaluated(node: ast.stmt, *, annotations: bool) -> Iterator[ast.Attribute]:
    """Yield the attributes that a statement asks for when it runs: of a function its decorators and defaults alone."""
    waiting: list[ast.AST | None] = [node]
    while waiting:
        part = waiting.pop()
        if isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef)):
            waiting += [*part.decorator_list, *part.args.defaults, *part.args.kw_defaults]
            if annotations:
                every = (*part.args.posonlyargs, *part.args.args, *part.args.kwonlyargs)
                waiting += [*(each.annotation for each in every), part.returns]
        elif isinstance(part, ast.ClassDef):
            waiting += [*part.decorator_list, *part.bases, *part.keywords]
        elif isinstance(part, ast.AnnAssign):
            waiting += [part.value, part.annotation if annotations else None]
        elif isinstance(part, (ast.Lambda, ast.IfExp, ast.BoolOp)) or part is None:
            continue  # a part of these may never run
        else:
            if isinstance(part, ast.Attribute):
                yield part
            waiting += ast.iter_child_nodes(part)
