"""Overrides of uv and PDM: what a project asks for instead of what is declared, whoever declares it.

https://docs.astral.sh/uv/concepts/resolution/#dependency-overrides, https://pdm-project.org/latest/usage/dependency/.
Of the project's own declarations they take the place. What other distributions require stays in force: pip has none.
"""

from __future__ import annotations

from packaging.requirements import Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from podfit.model import Declaration, canonical
from podfit.readers.declared import requirement as pep508
from podfit.readers.declared.interface import Reading
from podfit.readers.declared.toml_document import TomlDocument

_UV = ("tool", "uv", "override-dependencies")
_PDM = ("tool", "pdm", "resolution", "overrides")


def overrides_of(document: TomlDocument, reading: Reading) -> dict[str, Requirement]:
    """Return what the file overrides, by normalized name; a notice tells what of it holds here."""
    found: dict[str, Requirement] = {}
    for text in document.strings(*_UV):
        with reading.tolerant():
            try:
                asked = pep508.parse(text)
            except ValueError as error:
                raise document.error(f"is wrong: {error}", *_UV, value=text) from None
            found[canonical(asked.name)] = asked
    for name, version in document.table(*_PDM).items():
        limits = _limits(version) if isinstance(version, str) else None
        if limits is not None:
            found[canonical(name)] = Requirement(f"{name}{limits}")
    for path in (_UV, _PDM):
        there = document.get(*path)
        if there:
            place = document.source.where(document.line(*path))
            names = ", ".join(str(found[name]) for name in map(canonical, _names(there)) if name in found)
            reading.notice(
                f"{place}: overrides take the place of what the project declares itself, and of nothing that other "
                f"distributions require, for pip has none: {names}"
            )
    return found


def overridden(declaration: Declaration, overrides: dict[str, Requirement]) -> Declaration:
    """Return a declaration with what overrides it, itself where nothing does."""
    if not overrides or declaration.constraint:
        return declaration
    parsed = pep508.parse(declaration.requirement)
    instead = overrides.get(canonical(parsed.name))
    if instead is None:
        return declaration
    if instead.marker is not None:  # it holds on some platforms: which of them, the template tells later
        return declaration
    parsed.specifier, parsed.url = instead.specifier, instead.url
    return Declaration(str(parsed), declaration.where, declaration.group, declaration.hashes)


def _names(there: object) -> list[str]:
    """Return the names that a list or a table of overrides has."""
    if isinstance(there, dict):
        return list(there)
    names = []
    for text in there if isinstance(there, list) else ():
        try:
            names.append(pep508.parse(text).name)
        except ValueError:
            continue
    return names


def _limits(text: str) -> SpecifierSet | None:
    """Return a version or a range of PDM's as a specifier, None for an address."""
    try:
        return SpecifierSet(text if text[:1] in "<>=!~" else f"=={text}")
    except InvalidSpecifier:
        return None
