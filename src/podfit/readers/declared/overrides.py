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
    of_uv: dict[str, Requirement] = {}
    for text in document.strings(*_UV):
        with reading.tolerant():
            try:
                asked = pep508.parse(text)
            except ValueError as error:
                raise document.error(f"is wrong: {error}", *_UV, value=text) from None
            of_uv[canonical(asked.name)] = asked
    of_pdm: dict[str, Requirement] = {}
    for name, version in document.table(*_PDM).items():
        limits = _limits(version) if isinstance(version, str) else None
        if limits is not None:
            of_pdm[canonical(name)] = Requirement(f"{name}{limits}")
    for path, found in ((_UV, of_uv), (_PDM, of_pdm)):
        if document.get(*path):
            place = document.source.where(document.line(*path))
            reading.notice(
                f"{place}: overrides take the place of what the project declares itself, and of nothing that other "
                f"distributions require, for pip has none: {', '.join(map(str, found.values()))}"
            )
    return of_uv | of_pdm


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


def _limits(text: str) -> SpecifierSet | None:
    """Return a version or a range of PDM's as a specifier, None for an address."""
    try:
        return SpecifierSet(text if text[:1] in "<>=!~" else f"=={text}")
    except InvalidSpecifier:
        return None
