"""What the ways onto a pod cost, in a table and as bars, and what each need brings; every figure with its source."""

from __future__ import annotations

from collections.abc import Iterator

from podfit.model.words import shortened
from podfit.plan.sizes import Cost, Sizes, Way
from podfit.report.model import (
    Bar,
    Bars,
    Block,
    Column,
    Paragraph,
    Section,
    Span,
    Style,
    Table,
    Text,
    items,
    section,
    text,
)
from podfit.report.words import human_bytes, plural

_MOST_NEEDS = 12
_MOST_NAMES = 6
_HEADS = ("", "distributions", "there then", "to fetch", "on disk", "time", "replaced")


def size_sections(sizes: Sizes, *, details: bool) -> tuple[Section, ...]:
    """Return the table of ways, the bars of what needs bring, and what the figures rest on."""
    told = [cost for cost in sizes.costs if not cost.refusal]
    return (
        *section(f"Sizes and times on {sizes.template}", *_in_short(told), *_ways(sizes), *_bars(told)),
        *section("What each need brings", *_needs(sizes, details=details), level=3),
        *section("What these figures rest on", *items(*_grounds(sizes)), level=3),
    )


def _in_short(costs: list[Cost]) -> Iterator[Block]:
    """Yield what the plan makes of the local environment, in one line; nothing where there is none."""
    by_way = {cost.way: cost for cost in costs}
    before, after = by_way.get(Way.LOCAL), by_way.get(Way.PLAN)
    if before is not None and after is not None:
        pairs = (
            (str(before.total.count), f"{after.total.count} distributions"),
            (human_bytes(before.total.disk), f"{human_bytes(after.total.disk)} on disk"),
            (human_seconds(before.seconds), human_seconds(after.seconds)),
        )
        moved = ", ".join(f"{one} → {other}" for one, other in pairs)
        yield Paragraph(text(f"From the local environment to podfit's plan: {moved}."))


def human_seconds(seconds: float) -> str:
    """Return a time for people: `8 s`, `2 min 5 s`."""
    whole = round(seconds)
    if whole < 1:
        return "under 1 s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _ways(sizes: Sizes) -> Iterator[Block]:
    """Yield the table: a line for each way."""
    last = len(_HEADS) - 1
    columns = tuple(Column(text(head), lead=not head, number=0 < n < last) for n, head in enumerate(_HEADS))
    yield Table(columns, tuple(_way(cost) for cost in sizes.costs))
    refused = [text(f"{cost.way.value}: no answer: {cost.refusal}") for cost in sizes.costs if cost.refusal]
    yield from items(*refused)


def _way(cost: Cost) -> tuple[Text, ...]:
    """Return the line of one way."""
    if cost.refusal:
        return tuple(map(text, (cost.way.value, *("–",) * (len(_HEADS) - 1))))
    whole = cost.total
    held = [f"{one.name} {one.before} → {one.after}" for one in cost.replaced if one.held]
    others = len(cost.replaced) - len(held)
    said = shortened(held, _MOST_NAMES) if held else ""
    replaced = " and ".join(filter(None, (said, str(others) if others else ""))) or "0"
    return (
        text(cost.way.value),
        text(str(whole.count)),
        text(str(cost.environment)),
        text(human_bytes(whole.download)),
        text(human_bytes(whole.disk)),
        text(human_seconds(cost.seconds)),
        text(Span(replaced, Style.FAILED if held else Style.PLAIN)),
    )


def _bars(costs: list[Cost]) -> Iterator[Block]:
    """Yield the bytes on disk of each way as bars."""
    if costs:
        shown = [Bar(text(c.way.value), float(c.total.disk), human_bytes(c.total.disk)) for c in costs]
        yield Bars(tuple(shown))


def _needs(sizes: Sizes, *, details: bool) -> Iterator[Block]:
    """Yield the bytes that each need brings, the heaviest first."""
    shown = sizes.brought if details else sizes.brought[:_MOST_NEEDS]
    bars = []
    for one in shown:
        others = len(one.brings) - 1
        more = f" with {others} more" if others else ""
        label = text(Span(one.name, Style.NAME), more)
        shown_bytes = f"{human_bytes(one.total.disk)} ({human_bytes(one.total.download)} to fetch)"
        bars.append(Bar(label, float(one.total.disk), shown_bytes))
    if bars:
        yield Bars(tuple(bars))
    if len(sizes.brought) > len(shown):
        rest = f"and {plural(len(sizes.brought) - len(shown), 'need')} that bring less"
        yield Paragraph(text(Span(rest, Style.ASIDE)))


def _grounds(sizes: Sizes) -> Iterator[Text]:
    """Yield the model of time, once for each pace, and what is not known."""
    yield text(
        "Bytes are predicted: the sizes of the wheels that the template's platform gets, and those in the wheels' own "
        "directories, without compiled byte code. What an installer without podfit would come to is resolved with "
        "nothing held, into the template or into a fresh environment; what is declared counts, and nothing that was "
        "tested."
    )
    for pace in dict.fromkeys(cost.pace for cost in sizes.costs if not cost.refusal):
        per_file = f" and {pace.seconds_per_file * 1e6:.0f} µs a file" if pace.seconds_per_file else ""
        ways = "; ".join(cost.way.value for cost in sizes.costs if cost.pace == pace and not cost.refusal)
        rate = f"{human_bytes(int(pace.bytes_per_second))} a second{per_file}"
        yield text(f"Time is predicted at {rate} [{pace.evidence}], for: {ways}.")
    for cost in sizes.costs:
        if cost.total.unweighed:
            names = shortened(cost.total.unweighed, _MOST_NAMES)
            yield text(f"Unknown in part, counted as far as known, in {cost.way.value}: {names}.")
