"""setup.py, read without running it: what its call of `setup()` says in literals.

What `setup_literals` follows is read; of what is computed besides, the literals are, and a notice tells of the rest.
"""

from __future__ import annotations

import ast
import re

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from podfit.model import Declaration, canonical
from podfit.model.syntax import syntax_tree
from podfit.readers.declared import requirement as pep508
from podfit.readers.declared.interface import Reading, Source
from podfit.readers.declared.setup_files import MOST_FOLLOWED, read_files
from podfit.readers.declared.setup_literals import (
    ComputedError,
    Names,
    bindings,
    items_of,
    known_strings,
    setup_call,
    strings,
    text_of,
)

_LIST = re.compile(r"\.(?:txt|in)\s*$")
_PYTHON_2 = re.compile(rb"^\s*print\s+[^(=\s]|^\s*except\s+[\w.]+\s*,\s*\w+\s*:", re.MULTILINE)


def read(source: Source, reading: Reading) -> None:
    """Add what setup.py declares in literals to reading. Raises InputError for a syntax error or a bad requirement."""
    try:
        tree = syntax_tree(source.data)
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
    call, names = setup_call(tree), bindings(tree)
    base = bindings(tree, whole=False)
    if call is None:
        return
    arguments = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    if not reading.name and "name" in arguments:
        reading.name = canonical(text_of(arguments["name"], names))
    if not reading.requires_python and (python := text_of(arguments.get("python_requires"), names)):
        with reading.tolerant():
            try:
                reading.requires_python = str(SpecifierSet(python))
            except InvalidSpecifier:
                line = arguments["python_requires"].lineno
                raise source.error(f"python_requires is no range of Python versions: {python!r}", line) from None
    if "install_requires" in arguments:
        _requirements(source, reading, "install_requires", arguments["install_requires"], names, "", base=base)
    elif any(keyword.arg is None for keyword in call.keywords):
        place = source.where(call.lineno)
        reading.notice(f"{place}: setup() takes its arguments from a variable; podfit does not run setup.py")
    if "extras_require" in arguments:
        _extras(source, reading, arguments["extras_require"], names, base)


def _requirements(
    source: Source,
    reading: Reading,
    what: str,
    node: ast.expr,
    names: Names,
    group: str,
    marker: str = "",
    base: Names | None = None,
    follow: bool = True,
) -> None:
    try:
        found = strings(node, names)
    except ComputedError:
        place = source.where(node.lineno)
        said = f"{place}: {what} is computed when setup.py runs; podfit does not run it"
        read = read_files(source, reading, node, group) if follow else []
        found = [] if read else [one for one in known_strings(node, base or names) if not _LIST.search(one[0])]
        if found:
            reading.notice(f"{said}, and takes the {len(found)} that are literals")
        elif read:
            reading.notice(f"{said}, and reads the file that it names: {', '.join(read)}")
        else:
            reading.notice(f"{said} and leaves it out")
    for string, first in found:
        for offset, text in enumerate(string.split("\n")):
            text = pep508.without_comment(text)
            if not text:
                continue
            line = first + offset if "\n" in string else first
            with reading.tolerant():
                try:
                    parsed = pep508.parse(text)
                    if marker:
                        both = f"({parsed.marker}) and ({marker})" if parsed.marker else marker
                        parsed = pep508.parse(f"{text.partition(';')[0]} ; {both}")
                except ValueError as error:
                    raise source.error(f"{what}: {error}", line) from None
                reading.add(Declaration(str(parsed), source.where(line), group=group))


def _extras(source: Source, reading: Reading, node: ast.expr, names: Names, base: Names) -> None:
    """Read extras_require; a key may be `extra:marker`, or `:marker` for what is always needed."""
    try:
        items = items_of(node, names)
    except ComputedError:
        said = f"{source.where(node.lineno)}: extras_require is computed when setup.py runs; podfit does not run it"
        try:
            items = items_of(node, base)
        except ComputedError:
            reading.notice(said)
            return
        reading.notice(f"{said}, and takes what of it is literal")
    for number, (key, value) in enumerate(items):
        extra, _, marker = key.partition(":")
        extra = canonical(extra.strip())
        if extra:
            reading.note_extra(extra)
        group = f"extra:{extra}" if extra else ""
        _requirements(
            source,
            reading,
            f"extras_require[{key!r}]",
            value,
            names,
            group,
            marker.strip(),
            base,
            number < MOST_FOLLOWED,
        )
