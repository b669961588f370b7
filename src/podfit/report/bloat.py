"""What `podfit bloat` answers: sizes, categories, what dropping each root frees, and the evidence of each category."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import msgspec

from podfit.model.weight import Total, Weight
from podfit.model.words import shortened
from podfit.plan.bloat import Bloat, Surplus
from podfit.report.answer import Answer
from podfit.report.model import (
    Block,
    Column,
    Paragraph,
    Report,
    Section,
    Span,
    Style,
    Table,
    Text,
    Tile,
    Tiles,
    items,
    section,
    text,
)
from podfit.report.words import human_bytes, plural

SCHEMA = "podfit.bloat/1"
_MOST_ROOTS = 15
"""So many roots are shown without details."""
_MOST_NAMES = 6
_HEADS = ("", "distributions", "to fetch", "on disk")


def bloat_answer(found: Bloat) -> Answer:
    """Return the answer about the bloat of one local environment."""
    return Answer(
        "podfit bloat",
        lambda details: Report((), bloat_sections(found, details=details)),
        lambda: Report(
            text(f"{found.project}: what {found.template} does not need"), bloat_sections(found, details=True)
        ),
        lambda: bloat_data(found),
    )


def bloat_data(found: Bloat) -> dict[str, Any]:
    """Return the bloat for programs (schema `podfit.bloat/1`, docs/plan-format.md)."""
    plain: dict[str, Any] = msgspec.to_builtins(found)
    plain["categories"] = [
        {"name": name, "title": title, "total": msgspec.to_builtins(weight)} for name, title, weight in found.categories
    ]
    return {"schema": SCHEMA, **plain}


def bloat_sections(
    found: Bloat, *, details: bool, drawn: bool = False, before: Collection[Surplus] = ()
) -> tuple[Section, ...]:
    """Return all there is to say about one local environment, the largest first.

    drawn: the members of each category stand beside it in `bloat_tiles`, and the table names the largest alone. before
    are those that were listed with their reasons above, for another template.
    """
    return (
        *section(bloat_title(found), *_totals(found), *_unweighed(found)),
        *section("By category", *_categories(found, details=details and not drawn), level=3),
        *section("What dropping one thing frees", *_savings(found, details=details), level=3),
        *(section("Each distribution, and why it stands there", *_listing(found, before), level=3) if details else ()),
    )


def bloat_title(found: Bloat) -> str:
    """Return the heading of what is said about one local environment."""
    return f"What {found.project} does not need on {found.template}"


def bloat_tiles(found: Bloat) -> Tiles:
    """Return the bytes on disk of what is not needed: a tile for each category, a part for each distribution."""
    tiles = []
    for name, title, weight in found.categories:
        parts = [
            Tile(one.name, float(one.weight.disk), human_bytes(one.weight.disk), _dragged(one))
            for one in found.surplus
            if one.category.name == name and one.weight is not None and one.weight.disk
        ]
        parts.sort(key=lambda part: (-part.value, part.label))
        tiles.append(Tile(title, float(weight.disk), human_bytes(weight.disk), "", tuple(parts)))
    return Tiles(tuple(sorted(tiles, key=lambda tile: -tile.value)))


def _dragged(one: Surplus) -> str:
    """Return who drags a distribution in, in words; empty for a root."""
    return "" if one.is_root else f"dragged in by {one.dragged_by or shortened(one.roots, 3)}"


def _totals(found: Bloat) -> Iterator[Block]:
    """Yield the environment, what is needed of it, and the rest."""
    lines = (
        _line("the local environment", found.everything),
        _line("needed on the pod", found.needed),
        _line("not needed there", found.rest),
    )
    yield Table(_columns(), lines)


def _categories(found: Bloat, *, details: bool) -> Iterator[Block]:
    """Yield the table of categories, each with its largest members."""
    lines = []
    for name, title, weight in found.categories:
        members = [one for one in found.surplus if one.category.name == name]
        members.sort(key=lambda one: (-(one.weight.disk or 0) if one.weight else 0, one.name))
        names = [one.name for one in members]
        shown = ", ".join(names) if details else shortened(names, _MOST_NAMES)
        lines.append((*_line(title, weight), text(shown)))
    if lines:
        yield Table((*_columns(), Column(text("the largest first"))), tuple(lines))


def _savings(found: Bloat, *, details: bool) -> Iterator[Block]:
    """Yield a sentence per root: what goes with it; and what several ask for, which no single one frees."""
    lines = []
    shown = found.savings if details else found.savings[:_MOST_ROOTS]
    for one in shown:
        others = [name for name in one.falls if name != one.name]
        taken = f", {shortened(others, _MOST_NAMES)} among them" if others else ""
        freed = f": {plural(one.total.count, 'distribution')}, {human_bytes(one.total.disk)}{taken}"
        lines.append(text("drop ", Span(one.name, Style.NAME), freed))
    yield from items(*lines)
    if len(found.savings) > len(shown):
        rest = f"and {plural(len(found.savings) - len(shown), 'root')} more that free less: --details shows them"
        yield Paragraph(text(Span(rest, Style.ASIDE)))
    freed_alone = {name for one in found.savings for name in one.falls}
    shared = [one for one in found.surplus if one.name not in freed_alone]
    if shared:
        words = f"{plural(len(shared), 'distribution')} go only when everything that asks for them goes: "
        yield Paragraph(text(words, shortened([one.name for one in shared], _MOST_NAMES)))


def _listing(found: Bloat, before: Collection[Surplus]) -> Iterator[Block]:
    """Yield every distribution that is not needed, without those that were listed before with the same reason."""
    listed = {_told(one) for one in before}
    lines = tuple(_row(one) for one in found.surplus if _told(one) not in listed)
    if before:
        said = f"{plural(len(found.surplus) - len(lines), 'distribution')} stand under a template above."
        yield Paragraph(text(said))
    if not lines:
        return
    heads = ("distribution", "version", "category", "evidence", "dragged in by", "on disk")
    columns = tuple(Column(text(head), number=head == "on disk") for head in heads)
    yield Table(columns, lines)


def _told(one: Surplus) -> tuple[str, ...]:
    """Return what the list says of a distribution, its weight apart."""
    return (one.name, one.version, one.category.title, str(one.category.evidence), one.dragged_by, *one.roots)


def _row(one: Surplus) -> tuple[Text, ...]:
    by = one.dragged_by or ("" if one.is_root else shortened(one.roots, 3))
    cells = (one.name, one.version, one.category.title, str(one.category.evidence), by or "–", _disk(one.weight))
    return tuple(map(text, cells))


def _unweighed(found: Bloat) -> Iterator[Block]:
    """Yield what the figures rest on."""
    said = (
        "Bytes are predicted: of the wheels that the template's platform would get, from the index's sizes and the "
        "wheels' own directories, without compiled byte code. Requirements are read under the template's markers."
    )
    yield Paragraph(text(Span(said, Style.ASIDE)))
    if found.everything.unweighed:
        names = shortened(found.everything.unweighed, _MOST_NAMES)
        yield Paragraph(
            text(Span(f"Weight unknown, in part or whole, and counted as far as known: {names}", Style.ASIDE))
        )


def _columns() -> tuple[Column, ...]:
    return tuple(Column(text(head), lead=not head, number=bool(head)) for head in _HEADS)


def _line(title: str, weight: Total) -> tuple[Text, ...]:
    return tuple(map(text, (title, str(weight.count), human_bytes(weight.download), human_bytes(weight.disk))))


def _disk(weight: Weight | None) -> str:
    return "unknown" if weight is None or weight.disk is None else human_bytes(weight.disk)
