"""Anchors: distributions of a template that move last of all, and how far the held binaries let them move."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cache

import msgspec
from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from podfit.catalogue.table import table
from podfit.model import Bound, Evidence, Template


class Allowance(msgspec.Struct, frozen=True):
    """What the binary of a held distribution of some versions (PEP 440) allows of an anchor, why, on what evidence."""

    held: str
    versions: str
    specifier: str
    reason: str
    evidence: Evidence


class Anchor(msgspec.Struct, frozen=True):
    """A distribution that moves only where a need cannot be had otherwise: why, on what evidence, and how far."""

    name: str
    reason: str
    evidence: Evidence
    allows: tuple[Allowance, ...] = ()


@cache
def anchors() -> tuple[Anchor, ...]:
    """Return the anchors of anchors.toml."""
    return msgspec.convert(table("anchors")["anchor"], tuple[Anchor, ...])


def anchored(template: Template, held: Collection[str]) -> tuple[str, ...]:
    """Return the anchors that a template has and that are not held anyway."""
    return tuple(each.name for each in anchors() if each.name in template.distributions and each.name not in held)


def anchor_bounds(template: Template, held: Collection[str]) -> Iterator[Bound]:
    """Yield what the held distributions' binaries allow of the anchors.

    What was read from the template's own torch (the fact numpy_abi) speaks before what its version says. An anchor that
    the template has in another version than that is left as it is.
    """
    for anchor in anchors():
        present = template.distributions.get(anchor.name)
        for allowance in anchor.allows:
            there = template.distributions.get(allowance.held)
            if there is None or allowance.held not in held:
                continue
            if present is not None and not _is_in(present.version, allowance.specifier):
                continue
            fact = template.facts.torch.numpy_abi if template.facts.torch is not None else None
            if fact is not None and (anchor.name, allowance.held) == ("numpy", "torch"):
                if fact.value == 1:
                    yield Bound(anchor.name, allowance.reason, fact.evidence, allowance.specifier)
            elif _is_in(there.version, allowance.versions):
                yield Bound(anchor.name, allowance.reason, allowance.evidence, allowance.specifier)


def _is_in(version: str, specifier: str) -> bool:
    """Tell whether a version without its local part is in a specifier, pre-releases included."""
    try:
        return SpecifierSet(specifier).contains(Version(version).public, prereleases=True)
    except InvalidVersion:
        return False
