"""setup.py, read without running it: what its call of `setup()` says in literals.

Names bound once at the top of the module and sums of lists are followed; anything else is a notice.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Mapping

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from podfit.model import Declaration, canonical
from podfit.readers.declared import requirement as pep508
from podfit.readers.declared.interface import Reading, Source

_FILE = re.compile(r"require[\w./-]*\.(?:txt|in)$")
_PYTHON_2 = re.compile(rb"^\s*print\s+[^(=\s]|^\s*except\s+[\w.]+\s*,\s*\w+\s*:", re.MULTILINE)
_Names = Mapping[str, ast.expr | None]


class _ComputedError(Exception):
    """The expression is more than a literal."""


def read(source: Source, reading: Reading) -> None:
    """Add what setup.py declares in literals to reading. Raises InputError for a syntax error or a bad requirement."""
    try:
        tree = _tree(source.data)
    except SyntaxError as error:
        if not source.named and _PYTHON_2.search(source.data):
            reading.notice(f"{source.where(error.lineno or 0)}: Python 2 code, not read")
            return
        raise source.error(
            f"this is not Python: {error.msg}",
            error.lineno or 0,
            remedy="correct it, or name the files to read with --requirements",
        ) from None
    except (ValueError, RecursionError, MemoryError, OverflowError) as error:
        raise source.error(f"this is not Python: {error}") from None
    reading.files.append(source.shown)
    call, names = _setup_call(tree), _bindings(tree)
    if call is None:
        return
    arguments = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    if not reading.name and "name" in arguments:
        reading.name = canonical(_text(arguments["name"], names))
    if not reading.requires_python and (python := _text(arguments.get("python_requires"), names)):
        try:
            reading.requires_python = str(SpecifierSet(python))
        except InvalidSpecifier:
            line = arguments["python_requires"].lineno
            raise source.error(f"python_requires is no range of Python versions: {python!r}", line) from None
    if "install_requires" in arguments:
        _requirements(source, reading, "install_requires", arguments["install_requires"], names, "")
    elif any(keyword.arg is None for keyword in call.keywords):
        place = source.where(call.lineno)
        reading.notice(f"{place}: setup() takes its arguments from a variable; podfit does not run setup.py")
    if "extras_require" in arguments:
        _extras(source, reading, arguments["extras_require"], names)


def literal_name(data: bytes) -> str:
    """Return the literal `name` in the call of setup(), empty when there is none. Raises ValueError and SyntaxError."""
    try:
        tree = _tree(data)
    except SyntaxError as error:
        raise ValueError(str(error)) from None
    call = _setup_call(tree)
    found = next((keyword.value for keyword in call.keywords if keyword.arg == "name"), None) if call else None
    return _text(found, _bindings(tree))


def _tree(data: bytes) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # invalid escapes in somebody's setup.py are not podfit's to report
        return ast.parse(data)


def _setup_call(tree: ast.Module) -> ast.Call | None:
    """Return the last call of `setup(...)` or `anything.setup(...)`, None when there is none."""
    found = None
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func
            name = called.id if isinstance(called, ast.Name) else getattr(called, "attr", "")
            if name == "setup":
                found = node
    return found


def _bindings(tree: ast.Module) -> dict[str, ast.expr | None]:
    """Return what each name is bound to at the top of the module; None when that happens more than once."""
    names: dict[str, ast.expr | None] = {}
    for node in ast.walk(tree):
        targets: list[ast.expr] = []
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, (ast.AugAssign, ast.AnnAssign)):
            targets = [node.target]
        for target in targets:
            if isinstance(target, ast.Name):
                plain = node in tree.body and isinstance(node, (ast.Assign, ast.AnnAssign))
                names[target.id] = node.value if plain and target.id not in names else None  # type: ignore[attr-defined]
    for node in ast.walk(tree):  # a list that is changed after all: requires.append(...)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            if isinstance(owner, ast.Name) and node.func.attr in ("append", "extend", "insert", "remove", "update"):
                names[owner.id] = None
    return names


def _text(node: ast.expr | None, names: _Names) -> str:
    """Return the string that node is, empty when it is computed or something else."""
    if node is None:
        return ""
    try:
        items = _strings(node, names)
    except _ComputedError:
        return ""
    return items[0][0].strip() if len(items) == 1 else ""


def _strings(node: ast.expr, names: _Names, depth: int = 0) -> list[tuple[str, int]]:
    """Return the strings of a literal list (or one string), each with its line. Raises _ComputedError."""
    if depth > 20:
        raise _ComputedError
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [(node.value, node.lineno)]
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        return [pair for item in node.elts for pair in _strings(item, names, depth + 1)]
    if isinstance(node, ast.Starred):
        return _strings(node.value, names, depth + 1)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        if isinstance(node.left, ast.Constant) or isinstance(node.right, ast.Constant):
            raise _ComputedError  # a string put together from parts
        return _strings(node.left, names, depth + 1) + _strings(node.right, names, depth + 1)
    if isinstance(node, ast.Name) and (bound := names.get(node.id)) is not None:
        return _strings(bound, names, depth + 1)
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        for key, value in _items(node.value, names, depth + 1):
            if key == node.slice.value:
                return _strings(value, names, depth + 1)
    raise _ComputedError


def _items(node: ast.expr, names: _Names, depth: int = 0) -> list[tuple[str, ast.expr]]:
    """Return the items of a literal dictionary with string keys. Raises _ComputedError."""
    if depth > 20:
        raise _ComputedError
    if isinstance(node, ast.Name) and (bound := names.get(node.id)) is not None:
        return _items(bound, names, depth + 1)
    if not isinstance(node, ast.Dict):
        raise _ComputedError
    found: list[tuple[str, ast.expr]] = []
    for key, value in zip(node.keys, node.values, strict=True):
        if key is None:
            found += _items(value, names, depth + 1)
        elif isinstance(key, ast.Constant) and isinstance(key.value, str):
            found.append((key.value, value))
        else:
            raise _ComputedError
    return found


def _requirements(
    source: Source, reading: Reading, what: str, node: ast.expr, names: _Names, group: str, marker: str = ""
) -> None:
    try:
        strings = _strings(node, names)
    except _ComputedError:
        place = source.where(node.lineno)
        said = f"{place}: {what} is computed when setup.py runs; podfit does not run it"
        read = _files_named(source, reading) if what == "install_requires" else []
        reading.notice(
            f"{said}, and reads the file that it names: {', '.join(read)}" if read else f"{said} and leaves it out"
        )
        return
    for string, first in strings:
        for offset, text in enumerate(string.split("\n")):
            text = text.strip()
            if not text or text.startswith("#"):
                continue
            line = first + offset if "\n" in string else first
            try:
                parsed = pep508.parse(text)
                if marker:
                    both = f"({parsed.marker}) and ({marker})" if parsed.marker else marker
                    parsed = pep508.parse(f"{text.partition(';')[0]} ; {both}")
            except ValueError as error:
                raise source.error(f"{what}: {error}", line) from None
            reading.add(Declaration(str(parsed), source.where(line), group=group))


def _extras(source: Source, reading: Reading, node: ast.expr, names: _Names) -> None:
    """Read extras_require; a key may be `extra:marker`, or `:marker` for what is always needed."""
    try:
        items = _items(node, names)
    except _ComputedError:
        place = source.where(node.lineno)
        reading.notice(f"{place}: extras_require is computed when setup.py runs; podfit does not run it")
        return
    for key, value in items:
        extra, _, marker = key.partition(":")
        extra = canonical(extra.strip())
        if extra:
            reading.note_extra(extra)
        group = f"extra:{extra}" if extra else ""
        _requirements(source, reading, f"extras_require[{key!r}]", value, names, group, marker.strip())


def _files_named(source: Source, reading: Reading) -> list[str]:
    """Read the requirement files that setup.py names in a literal, and return them as they are shown."""
    from podfit.readers.declared import requirements_txt
    from podfit.readers.declared.freeze import freeze_reason

    read = []
    for node in ast.walk(_tree(source.data)):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or len(node.value) > 200:
            continue
        if not _FILE.search(node.value):
            continue
        named = Source(source.root, source.path.parent / node.value)
        if not named.path.is_file() or named.shown in read:
            continue
        if reason := freeze_reason(named.text, named.path, named.data):
            reading.freeze(named, reason)
        else:
            requirements_txt.read(named, reading)
        read.append(named.shown)
    return read
