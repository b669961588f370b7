"""One template in a few words, and what the index says of its file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import msgspec

from podfit.model import Template
from podfit.model.manifest import template_from_manifest


@dataclass(frozen=True, slots=True)
class Summary:
    """One template in a few words; torch and cuda are versions, empty where the template has none.

    origin is `probed`, `published` or `reconstructed`, captured the ISO date of the list, distributions their number.
    checked says how many lines of lists seen on machines agree (`107 of 108`), empty where nobody compared; pushes is
    how often the tag was pushed, as far as known; aliases are its further names. incomplete tells that the list is
    known to lack distributions that are there, withdrawn that nobody can start it any more.
    """

    name: str
    title: str
    python: str
    torch: str
    cuda: str
    origin: str
    captured: str
    distributions: int
    family: str = ""
    checked: str = ""
    pushes: int = 0
    aliases: tuple[str, ...] = ()
    incomplete: bool = False
    withdrawn: bool = False


class Entry(msgspec.Struct, frozen=True):
    """What the index says of one manifest: its size in bytes, and the fields of its summary but for the name."""

    bytes: int
    title: str
    python: str
    torch: str
    cuda: str
    origin: str
    captured: str
    distributions: int
    family: str = ""
    checked: str = ""
    pushes: int = 0
    aliases: tuple[str, ...] = ()
    incomplete: bool = False
    withdrawn: bool = False

    def summary(self, name: str) -> Summary:
        """Return the summary of the template that is called so."""
        return Summary(name, *(getattr(self, field.name) for field in fields(Summary) if field.name != "name"))


def entry_of(summary: Summary, size: int) -> dict[str, Any]:
    """Return the line of an index for a manifest of so many bytes."""
    told = {field.name: getattr(summary, field.name) for field in fields(Summary) if field.name != "name"}
    return {
        "bytes": size,
        **{key: value for key, value in told.items() if value not in ("", 0, (), False)},
        **_needed(told),
    }


def _needed(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that an entry has whatever they are."""
    return {name: told[name] for name in Entry.__struct_fields__ if name in told and name not in _OPTIONAL}


_OPTIONAL = frozenset({"family", "checked", "pushes", "aliases", "incomplete", "withdrawn"})


def summary_of(manifest: Mapping[str, Any]) -> Summary:
    """Return one manifest in a few words. Raises InputError when it is none."""
    return summary_of_template(template_from_manifest(manifest, where=f"catalogue: {manifest.get('name', '')}"))


def summary_of_template(template: Template) -> Summary:
    """Return one template in a few words."""
    torch = template.distributions.get("torch")
    checked = [f"{each.agree} of {each.of}" for each in template.agreement]
    return Summary(
        name=template.name,
        title=template.title,
        python=template.interpreter.version,
        torch=torch.version if torch else "",
        cuda=str(template.cuda or ""),
        origin=template.origin.value,
        captured=template.captured,
        distributions=len(template.distributions),
        family=template.family,
        checked=", ".join(checked),
        pushes=len(template.pushed),
        aliases=template.aliases,
        incomplete=template.incomplete,
        withdrawn=template.withdrawn,
    )
