"""What differs between two templates: distributions that one lacks, versions that changed; what is held comes first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from podfit.catalogue.held import is_held
from podfit.model import Template
from podfit.model.versions import same_version
from podfit.report.answer import Answer
from podfit.report.model import Column, Report, Section, Span, Style, Table, items, section, text
from podfit.report.words import plural


@dataclass(frozen=True, slots=True)
class Difference:
    """One distribution that differs: its version in each template, empty where it is not there; held in either."""

    name: str
    before: str
    after: str
    held: bool

    @property
    def kind(self) -> str:
        """`added`, `removed` or `changed`."""
        return "changed" if self.before and self.after else "added" if self.after else "removed"


def differences(before: Template, after: Template) -> tuple[Difference, ...]:
    """Return what differs, what is held first, then by name; versions that PEP 440 calls equal are one."""
    found = []
    for name in before.distributions.keys() | after.distributions.keys():
        one, other = (
            (each.distributions[name].version or _NO_VERSION) if name in each.distributions else ""
            for each in (before, after)
        )
        if not (one and other and same_version(one, other)):
            found.append(Difference(name, one, other, is_held(name, one) or is_held(name, other)))
    return tuple(sorted(found, key=lambda each: (not each.held, each.name)))


_NO_VERSION = "no version"


def difference_answer(before: Template, after: Template) -> Answer:
    """Return the answer about what differs between two templates."""
    return Answer(
        "podfit templates diff",
        lambda _details: Report((), tuple(_sections(before, after))),
        lambda: Report(text(f"{before.name} and {after.name}"), tuple(_sections(before, after))),
        lambda: _data(before, after),
    )


def _facts(before: Template, after: Template) -> Iterator[tuple[str, str, str]]:
    """Yield what each template is, where the two differ."""
    for label, one, other in (
        ("Python", before.interpreter.version, after.interpreter.version),
        ("glibc", before.platform.glibc, after.platform.glibc),
        ("machine", before.platform.machine, after.platform.machine),
        ("CUDA", str(before.cuda or ""), str(after.cuda or "")),
        ("image", before.image, after.image),
        ("as of", before.captured, after.captured),
        ("known from", before.origin.value, after.origin.value),
    ):
        if one != other:
            yield label, one or "-", other or "-"


def _sections(before: Template, after: Template) -> Iterator[Section]:
    """Yield the facts that differ, the distributions that differ, and their numbers."""
    heads = (text(""), text(before.name), text(after.name))
    facts = tuple((text(label), text(one), text(other)) for label, one, other in _facts(before, after))
    if facts:
        yield from section("", Table(tuple(map(Column, heads)), facts))
    found = differences(before, after)
    if found:
        columns = tuple(map(Column, (text("distribution"), *heads[1:], text(""))))
        lines = tuple(
            (
                text(each.name),
                text(each.before or "-"),
                text(each.after or "-"),
                text(Span("held", Style.KEEP)) if each.held else (),
            )
            for each in found
        )
        yield from section("", Table(columns, lines))
    yield from section("", *items(text(_sum(before, after, found))))


def _sum(before: Template, after: Template, found: tuple[Difference, ...]) -> str:
    """Return how many distributions of each kind differ, as a sentence."""
    if not found:
        return f"{before.name} and {after.name} have the same distributions."
    kinds = [each.kind for each in found]
    said = ", ".join(f"{kinds.count(kind)} {kind}" for kind in ("added", "removed", "changed"))
    held = plural(sum(each.held for each in found), "held one")
    return f"From {before.name} to {after.name}: {said}; {held} among them."


def _data(before: Template, after: Template) -> dict[str, Any]:
    """Return the same for programs."""
    found = differences(before, after)
    return {
        "schema": "podfit.difference/1",
        "before": before.name,
        "after": after.name,
        "facts": [{"name": label, "before": one, "after": other} for label, one, other in _facts(before, after)],
        "differences": [
            {"name": d.name, "kind": d.kind, "before": d.before, "after": d.after, "held": d.held} for d in found
        ],
    }
