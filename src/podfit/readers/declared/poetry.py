"""Poetry's tables in pyproject.toml, translated to PEP 508 and PEP 440.

The language of constraints is described at https://python-poetry.org/docs/dependency-specification/.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from podfit.model import Declaration, canonical
from podfit.readers.declared import requirement as pep508
from podfit.readers.declared.interface import Reading
from podfit.readers.declared.toml_document import TomlDocument

_PART = re.compile(r"(\^|~=|~|===|==|=|!=|<=|>=|<|>)?\s*([0-9A-Za-z.*+!_-]+)")
_SCP = re.compile(r"^[\w.-]+@[\w.-]+:(?!//)")


class AlternativesError(ValueError):
    """The constraint joins ranges by `||`, which PEP 440 cannot say."""


def specifier(text: str) -> str:
    """Return Poetry's constraint as a PEP 440 specifier, empty for any version.

    Raises AlternativesError for `||`, and ValueError when text is no constraint.
    """
    if "|" in text:
        raise AlternativesError(f"{text!r} joins ranges by ||")
    found: list[str] = []
    rest = text.strip()
    while rest:
        match = _PART.match(rest)
        if not match:
            raise ValueError(f"{text!r} is no version constraint")
        found += _part(match.group(1) or "", match.group(2), text)
        rest = rest[match.end() :].lstrip(" ,\t")
    try:
        return str(SpecifierSet(",".join(found)))
    except InvalidSpecifier:
        raise ValueError(f"{text!r} is no version constraint") from None


def _part(operator: str, version: str, whole: str) -> list[str]:
    """Return the PEP 440 clauses of one operator and version."""
    if version in ("*", "x", "X") and operator in ("", "=", "==", ">="):
        return []
    version = re.sub(r"\.[xX]$", ".*", version)
    if operator in ("^", "~"):
        if version.endswith(".*"):
            version = version[:-2]
        return [f">={version}", f"<{_ceiling(operator, version, whole)}"]
    return [f"{'==' if operator in ('', '=') else operator}{version}"]


def _ceiling(operator: str, version: str, whole: str) -> str:
    """Return the first version that `^version` or `~version` excludes."""
    try:
        parts = list(Version(version).release)
    except InvalidVersion:
        raise ValueError(f"{whole!r} is no version constraint") from None
    if operator == "~":
        kept = 1 if len(parts) == 1 else 2
    else:  # the first part that is not zero may not grow; all zeros: the last one written
        kept = next((index + 1 for index, part in enumerate(parts) if part), len(parts))
    head = parts[:kept]
    head[-1] += 1
    return ".".join(str(part) for part in head + [0] * (len(parts) - kept)) if len(parts) > 1 else str(head[0])


def git_address(url: str, entry: Mapping[str, Any]) -> str:
    """Return the PEP 508 address of a git repository: rev, tag or branch and subdirectory come from entry."""
    if _SCP.match(url):
        host, _, path = url.partition(":")
        url = f"ssh://{host}/{path}"
    address = url if url.startswith("git+") else f"git+{url}"
    revision = next((entry[key] for key in ("rev", "ref", "tag", "branch") if isinstance(entry.get(key), str)), "")
    subdirectory = entry.get("subdirectory")
    address = f"{address}@{revision}" if revision else address
    return f"{address}#subdirectory={subdirectory}" if isinstance(subdirectory, str) else address


def read(document: TomlDocument, reading: Reading) -> None:
    """Add what `[tool.poetry]` declares to reading.

    Where the file's `[project]` table names dependencies, Poetry 2 takes from its own table only where each comes
    from, and so does this reader.
    """
    base = ("tool", "poetry")
    if document.get(*base) is None:
        return
    reading.name = reading.name or canonical(document.text(*base, "name"))
    told_by_project = document.get("project", "dependencies") is not None
    wanted_by: dict[str, list[str]] = {}
    for extra in document.table(*base, "extras"):
        reading.note_extra(canonical(extra))
        for name in document.strings(*base, "extras", extra):
            wanted_by.setdefault(canonical(name), []).append(f"extra:{canonical(extra)}")
    dependencies(document, reading, (*base, "dependencies"), wanted_by=wanted_by, only_direct=told_by_project)
    if document.get(*base, "dev-dependencies") is not None:
        reading.note_group("dev")
        dependencies(document, reading, (*base, "dev-dependencies"), group="group:dev")
    groups = document.table(*base, "group")
    for name in groups:
        reading.note_group(canonical(name))
        for member in (name, *document.strings(*base, "group", name, "include-groups")):
            path = (*base, "group", next((key for key in groups if canonical(key) == canonical(member)), member))
            if document.get(*path) is None:
                raise document.error(f"includes the group {member!r}, which is not there", *base, "group", name)
            dependencies(document, reading, (*path, "dependencies"), group=f"group:{canonical(name)}")
    sources = document.get(*base, "source")
    for source in sources if isinstance(sources, list) else ():
        if isinstance(source, dict) and isinstance(source.get("url"), str):
            reading.index(source["url"])


def dependencies(
    document: TomlDocument,
    reading: Reading,
    path: tuple[str, ...],
    group: str = "",
    wanted_by: Mapping[str, list[str]] | None = None,
    only_direct: bool = False,
) -> None:
    """Read one table of dependencies; an optional one belongs to the extras in wanted_by that name it."""
    for name, value in document.table(*path).items():
        if name.lower() == "python":
            if isinstance(value, str) and not group and not reading.requires_python:
                with reading.tolerant():
                    reading.requires_python = _python(document, reading, path, name, value)
            continue
        for entry in value if isinstance(value, list) else [value]:
            if isinstance(entry, str):
                entry = {"version": entry}
            with reading.tolerant():
                if not isinstance(entry, dict):
                    raise document.error("is neither a version nor a table", *path, name)
                text = _requirement(document, reading, path, name, entry)
                if only_direct and " @ " not in text:
                    continue
                groups = (wanted_by or {}).get(canonical(name), []) if entry.get("optional") else [group]
                for each in groups:
                    where = document.source.where(document.line(*path, name))
                    reading.add(Declaration(text, where, group=each, editable=bool(entry.get("develop"))))


def _python(document: TomlDocument, reading: Reading, path: tuple[str, ...], name: str, value: str) -> str:
    """Return Poetry's range of Python versions as a PEP 440 specifier."""
    try:
        return specifier(value)
    except AlternativesError:
        place = document.source.where(document.line(*path, name))
        reading.notice(f"{place}: the range of Python versions {value!r} is not checked, for it joins ranges by ||")
        return ""
    except ValueError as error:
        raise document.error(f"is wrong: {error}", *path, name) from None


def _requirement(
    document: TomlDocument, reading: Reading, path: tuple[str, ...], name: str, entry: dict[str, Any]
) -> str:
    """Return one dependency as PEP 508 text."""
    extras = entry.get("extras", [])
    if not isinstance(extras, list) or not all(isinstance(extra, str) for extra in extras):
        raise document.error("has extras that are no array of strings", *path, name)
    try:
        marker = " and ".join(f"({part})" for part in _markers(entry))
        address = _address(document, entry)
        if address:
            return pep508.direct(name, address, extras, marker)
        version = entry.get("version", "*")
        if not isinstance(version, str):
            raise ValueError("its version is no string")
        try:
            limits = specifier(version)
        except AlternativesError:
            place = document.source.where(document.line(*path, name))
            reading.notice(f"{place}: any version of {name} is taken, for PEP 508 cannot say {version!r}")
            limits = ""
        brackets = f"[{','.join(extras)}]" if extras else ""
        return pep508.normalized(f"{name}{brackets}{limits}{f' ; {marker}' if marker else ''}")
    except ValueError as error:
        raise document.error(f"is wrong: {error}", *path, name) from None


def _address(document: TomlDocument, entry: Mapping[str, Any]) -> str:
    """Return where a dependency comes from when that is no index, else an empty string."""
    if isinstance(git := entry.get("git"), str):
        return git_address(git, entry)
    if isinstance(url := entry.get("url"), str):
        return url
    for key in ("path", "file"):
        if isinstance(path := entry.get(key), str):
            return pep508.address_of(document.source.path.parent / path)
    return ""


def _markers(entry: Mapping[str, Any]) -> Iterator[str]:
    """Yield the conditions of a dependency as PEP 508 markers."""
    if isinstance(markers := entry.get("markers"), str) and markers.strip():
        yield markers
    if isinstance(platform := entry.get("platform"), str):
        yield f'sys_platform == "{platform}"'
    if isinstance(python := entry.get("python"), str):
        yield " or ".join(f"({alternative})" for alternative in _python_markers(python)) or 'python_version >= "0"'


def _python_markers(text: str) -> Iterator[str]:
    """Yield a marker for each alternative of a constraint on Python."""
    for alternative in re.split(r"\|\|?", text):
        clauses = []
        for clause in SpecifierSet(specifier(alternative)):
            # python_version has two parts only: a third one needs the full version.
            full = len(clause.version.removesuffix(".*").split(".")) > 2 and not clause.version.endswith((".0", ".*"))
            version = clause.version if full else ".".join(clause.version.split(".")[:2])
            variable = "python_full_version" if full else "python_version"
            clauses.append(f'{variable} {clause.operator} "{version.removesuffix(".*")}"')
        if clauses:
            yield " and ".join(sorted(clauses, reverse=True))
