"""pyproject.toml: PEP 621 metadata, PEP 735 groups, and the tables of setuptools, Hatch, PDM and uv.

Poetry's tables have a language of their own and so a module of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

from podfit.model import Declaration, canonical
from podfit.model.toml_text import toml_table
from podfit.readers.declared import poetry
from podfit.readers.declared import requirement as pep508
from podfit.readers.declared.interface import Reading, Source
from podfit.readers.declared.overrides import overridden, overrides_of
from podfit.readers.declared.own_name import name_of_directory
from podfit.readers.declared.toml_document import TomlDocument
from podfit.readers.plain_file import is_file, read_bounded


def read(source: Source, reading: Reading) -> None:
    """Add everything that the pyproject.toml declares to reading.

    Raises InputError for a syntax error, a table of another shape, an invalid requirement, and a file of
    requirements that it names and that is not there.
    """
    document = TomlDocument(source)
    reading.files.append(source.shown)
    own = Reading(lenient=reading.lenient, faults=reading.faults)
    for part in (_project, _flit, _groups, _pdm, _uv):
        with reading.tolerant():
            part(document, own)
    instead: dict[str, Requirement] = {}
    with reading.tolerant():
        instead = overrides_of(document, own)
    direct: dict[str, tuple[str, bool]] = {}
    with reading.tolerant():
        direct = _uv_sources(document, own)
    for declaration in own.declarations:
        with reading.tolerant():
            try:
                reading.add(_redirected(overridden(declaration, instead), direct))
            except ValueError as error:
                raise source.error(f"tool.uv.sources: {error}", declaration.where.line) from None
    _merge(own, reading)
    poetry.read(document, reading)
    if "pixi" in document.table("tool"):
        from podfit.readers.declared import pixi

        pixi.read_tables(document, reading, ("tool", "pixi"))


def _merge(own: Reading, reading: Reading) -> None:
    """Add everything of own but its declarations to reading."""
    reading.name = reading.name or own.name
    reading.requires_python = reading.requires_python or own.requires_python
    reading.own_extras += own.own_extras
    for add, items in (
        (reading.note_extra, own.extras),
        (reading.note_group, own.groups),
        (reading.index, own.index_urls),
        (reading.links, own.find_links),
        (reading.notice, own.notices),
    ):
        for item in items:
            add(item)
    reading.files += [name for name in own.files if name not in reading.files]


def _project(document: TomlDocument, reading: Reading) -> None:
    """Read the `[project]` table (PEP 621)."""
    if document.get("project") is None:
        return
    if name := document.text("project", "name"):
        reading.name = canonical(name)
    with reading.tolerant():
        if python := document.text("project", "requires-python"):
            reading.requires_python = document.python(python, "project", "requires-python")
    with reading.tolerant():
        for text in document.strings("project", "dependencies"):
            document.require(text, reading, "project", "dependencies")
    for extra in document.table("project", "optional-dependencies"):
        reading.note_extra(canonical(extra))
        path = ("project", "optional-dependencies", extra)
        with reading.tolerant():
            for text in document.strings(*path):
                document.require(text, reading, *path, group=f"extra:{canonical(extra)}")
    dynamic = document.strings("project", "dynamic")
    if "dependencies" in dynamic:
        with reading.tolerant():
            _dynamic_dependencies(document, reading)
    if "optional-dependencies" in dynamic:
        _dynamic_extras(document, reading)


def _dynamic_dependencies(document: TomlDocument, reading: Reading) -> None:
    """Follow `dynamic = ["dependencies"]` to the files that setuptools or Hatch's plugin would read."""
    known = (
        ("tool", "setuptools", "dynamic", "dependencies", "file"),
        ("tool", "hatch", "metadata", "hooks", "requirements_txt", "files"),
        ("tool", "poetry", "dependencies"),
    )
    found = [path for path in known if document.get(*path) is not None]
    for path in found[:1]:
        if path[-1] != "dependencies":
            _requirement_files(document, reading, path, group="")
    root = document.source.path.parent
    if not found and not (root / "setup.py").is_file() and not (root / "setup.cfg").is_file():
        line = document.line("project", "dynamic")
        reading.notice(
            f"{document.source.where(line)}: the dependencies are computed when the project is built; "
            "podfit does not run that and knows only what the code imports"
        )


def _dynamic_extras(document: TomlDocument, reading: Reading) -> None:
    """Follow `dynamic = ["optional-dependencies"]`."""
    setuptools = ("tool", "setuptools", "dynamic", "optional-dependencies")
    hatch = ("tool", "hatch", "metadata", "hooks", "requirements_txt", "optional-dependencies")
    for extra in document.table(*setuptools):
        reading.note_extra(canonical(extra))
        _requirement_files(document, reading, (*setuptools, extra, "file"), group=f"extra:{canonical(extra)}")
    for extra in document.table(*hatch):
        reading.note_extra(canonical(extra))
        _requirement_files(document, reading, (*hatch, extra), group=f"extra:{canonical(extra)}")


def _requirement_files(document: TomlDocument, reading: Reading, path: tuple[str, ...], group: str) -> None:
    """Read the requirement file or files whose names stand under path."""
    from podfit.readers.declared import requirements_txt

    names = document.get(*path)
    for name in [names] if isinstance(names, str) else document.strings(*path):
        file = document.source.path.parent / name
        with reading.tolerant():
            if not is_file(file):
                raise document.error(f"names {name!r}, which is not there", *path, value=name)
            requirements_txt.read(Source(document.source.root, file, group, named=True), reading)


def _flit(document: TomlDocument, reading: Reading) -> None:
    """Read Flit's table of before PEP 621 (https://flit.pypa.io/en/stable/pyproject_toml.html#old-style-metadata)."""
    top = ("tool", "flit", "metadata")
    if document.get(*top) is None or document.get("project") is not None:
        return
    if name := document.text(*top, "dist-name") or document.text(*top, "module"):
        reading.name = reading.name or canonical(name)
    with reading.tolerant():
        if python := document.text(*top, "requires-python"):
            reading.requires_python = reading.requires_python or document.python(python, *top, "requires-python")
    for text in document.strings(*top, "requires"):
        document.require(text, reading, *top, "requires")
    for extra in document.table(*top, "requires-extra"):
        reading.note_extra(canonical(extra))
        for text in document.strings(*top, "requires-extra", extra):
            document.require(text, reading, *top, "requires-extra", extra, group=f"extra:{canonical(extra)}")


def _groups(document: TomlDocument, reading: Reading) -> None:
    """Read `[dependency-groups]` (PEP 735); a group that includes another holds copies of its lines."""
    groups = document.table("dependency-groups")
    if not groups:
        return
    from packaging.dependency_groups import DependencyGroupInclude, DependencyGroupResolver
    from packaging.errors import ExceptionGroup

    written = {canonical(name): name for name in groups}
    for name, items in groups.items():
        for item in items if isinstance(items, list) else ():
            if isinstance(item, str):
                document.require(item, Reading(), "dependency-groups", name)  # for the line of its error
    try:
        resolver = DependencyGroupResolver(groups)
    except ExceptionGroup as error:
        raise document.error(f"is wrong: {error.exceptions[0]}", "dependency-groups") from None
    entries: dict[str, list[_Item]] = {}
    for name, key in written.items():
        entries[name] = []
        with reading.tolerant():
            try:
                parsed = resolver.lookup(name)
            except ExceptionGroup as error:
                raise document.error(f"is wrong: {error.exceptions[0].args[0]}", "dependency-groups", key) from None
            entries[name] = [
                ("", canonical(item.include_group)) if isinstance(item, DependencyGroupInclude) else (raw, key)
                for raw, item in zip(groups[key], parsed, strict=True)
            ]
    copies = _expanded(document, written, entries, reading)
    for name in written:
        reading.note_group(name)
        for text, at in copies[name]:
            document.require(text, reading, "dependency-groups", at, group=f"group:{name}")


_Item = tuple[str, str]
"""An element of a group: a requirement and the group's name as written, or an empty text and an included group."""

_MOST_GROUP_LINES = 20_000
"""Requirements of all groups, those of included ones counted for each group that includes them."""


def _expanded(
    document: TomlDocument, written: Mapping[str, str], items: Mapping[str, list[_Item]], reading: Reading
) -> dict[str, dict[_Item, None]]:
    """Return each group's requirements, those of what it includes in their place, each of them once (PEP 735).

    Each group is expanded once, what it includes before it: the work grows with the file and with what is returned.
    Raises InputError for a circle, for a group that is not there, and for more than `_MOST_GROUP_LINES` of all; where
    the reading is lenient, a group of the first two kinds is empty, and the others are what they are.
    """
    done: dict[str, dict[_Item, None]] = {}
    count = 0
    for first, key in written.items():
        path = {} if first in done else {first: iter(items[first])}
        while path:
            group = next(reversed(path))
            other = next((other for text, other in path[group] if not text and other not in done), "")
            if not other:
                del path[group]
                inner = ({(text, other): None} if text else done[other] for text, other in items[group])
                done[group] = {item: None for part in inner for item in part}
                count += len(done[group])
                if count > _MOST_GROUP_LINES:
                    message = f"asks for more than {_MOST_GROUP_LINES} requirements, its includes counted each time"
                    raise document.error(message, "dependency-groups")
            elif other in path or other not in items:
                names = list(path)
                circle = " -> ".join([*names[-5:], other])
                wrong = (
                    f"Cyclic dependency group include: {circle}"
                    if other in path
                    else f"Dependency group '{other}' not found"
                )
                done.update((name, {}) for name in (names[names.index(other) :] if other in path else [group]))
                with reading.tolerant():
                    raise document.error(f"is wrong: {wrong}", "dependency-groups", key)
                path = {name: left for name, left in path.items() if name not in done}
            else:
                path[other] = iter(items[other])
    return done


def _pdm(document: TomlDocument, reading: Reading) -> None:
    """Read PDM's own groups and sources; `-e` lines are pip's."""
    for name in document.table("tool", "pdm", "dev-dependencies"):
        reading.note_group(canonical(name))
        path = ("tool", "pdm", "dev-dependencies", name)
        for text in document.strings(*path):
            if text.lstrip().startswith("-"):
                from podfit.readers.declared import requirements_txt

                source = document.source
                filled = document.filled_in(text)
                inner = Source(source.root, source.path, f"group:{canonical(name)}")
                requirements_txt.read_line(inner, document.line(*path, value=text), filled, reading)
            else:
                document.require(text, reading, *path, group=f"group:{canonical(name)}")
    _sources(document, reading, "tool", "pdm", "source")


def _uv(document: TomlDocument, reading: Reading) -> None:
    """Read uv's development dependencies, constraints and indexes."""
    group = ("tool", "uv", "dev-dependencies")
    for text in document.strings(*group):
        reading.note_group("dev")
        document.require(text, reading, *group, group="group:dev")
    constraints = ("tool", "uv", "constraint-dependencies")
    for text in document.strings(*constraints):
        document.require(text, reading, *constraints, constraint=True)
    _sources(document, reading, "tool", "uv", "index")
    for key in ("index-url", "extra-index-url"):
        value = document.get("tool", "uv", key)
        for url in [value] if isinstance(value, str) else document.strings("tool", "uv", key):
            reading.index(url)
    for place in document.strings("tool", "uv", "find-links"):
        reading.links(place)


def _sources(document: TomlDocument, reading: Reading, *path: str) -> None:
    """Note the addresses of an array of tables that describe package indexes."""
    entries = document.get(*path)
    for entry in entries if isinstance(entries, list) else ():
        url = entry.get("url") if isinstance(entry, dict) else None
        if isinstance(url, str):
            flat = entry.get("format") == "flat" or entry.get("type") == "find_links"  # as uv and as PDM write it
            (reading.links if flat else reading.index)(url)


def _uv_sources(document: TomlDocument, reading: Reading) -> dict[str, tuple[str, bool]]:
    """Return, by name, the direct address that `[tool.uv.sources]` gives a dependency, and whether it is editable."""
    found: dict[str, tuple[str, bool]] = {}
    for name, entry in document.table("tool", "uv", "sources").items():
        address = _uv_address(document, entry) if isinstance(entry, dict) else ""
        if not address and isinstance(entry, dict) and entry.get("workspace"):
            address = _workspace(document.source.path.parent).get(canonical(name), "")
        if address:
            found[canonical(name)] = (address, bool(entry.get("editable") or entry.get("workspace")))
        elif not isinstance(entry, dict) or entry.get("workspace"):
            kinds = entry if isinstance(entry, list) else [entry]
            if not all(isinstance(kind, dict) and "index" in kind for kind in kinds):
                line = document.line("tool", "uv", "sources", name)
                reading.notice(
                    f"{document.source.where(line)}: where {name} comes from is left to uv; podfit looks on the index"
                )
    return found


def _workspace(directory: Path) -> dict[str, str]:
    """Return the address of each member of the workspace that directory is the root or a member of, by its name."""
    for root in (directory, *list(directory.absolute().parents)[:3]):
        try:
            text = read_bounded(root / "pyproject.toml", pipes=False).decode("utf-8")
            table = toml_table(text)["tool"]["uv"]["workspace"]
            patterns, excluded = table.get("members", []), table.get("exclude", [])
            folders = {path for pattern in patterns for path in root.glob(pattern)}
            folders -= {path for pattern in excluded for path in root.glob(pattern)}
        except (OSError, ValueError, KeyError, TypeError, AttributeError, NotImplementedError):
            continue
        folders = {path for path in folders if (path / "pyproject.toml").is_file()} | {root}
        return {name_of_directory(path)[0]: pep508.address_of(path) for path in sorted(folders)}
    return {}


def _uv_address(document: TomlDocument, entry: dict[str, Any]) -> str:
    """Return the address of one source of uv, empty when it names an index or a workspace."""
    if isinstance(git := entry.get("git"), str):
        return poetry.git_address(git, entry)
    if isinstance(url := entry.get("url"), str):
        return url
    if isinstance(path := entry.get("path"), str):
        return pep508.address_of(document.source.path.parent / path)
    return ""


def _redirected(declaration: Declaration, direct: dict[str, tuple[str, bool]]) -> Declaration:
    """Return declaration with the address that uv would take, when there is one for its name."""
    if not direct or declaration.constraint:
        return declaration
    parsed = pep508.parse(declaration.requirement)
    address, editable = direct.get(canonical(parsed.name), ("", False))
    if not address or parsed.url:
        return declaration
    text = pep508.direct(parsed.name, address, parsed.extras, str(parsed.marker or ""))
    return Declaration(text, declaration.where, declaration.group, declaration.hashes, editable=editable)
