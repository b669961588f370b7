"""What `podfit recommend` answers: the templates in order, each with the reason for its place in one line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from podfit.model import Origin
from podfit.model.pace import Pace
from podfit.model.words import listed
from podfit.plan.recommend import Answer as Found
from podfit.plan.recommend import Ranked
from podfit.report.answer import Answer
from podfit.report.model import Column, Paragraph, Report, Section, Span, Style, Table, items, section, text
from podfit.report.template import origin_in_short
from podfit.report.words import human_bytes, plural

SCHEMA = "podfit.recommend/1"

_STYLE = {Found.YES: Style.OK, Found.UNKNOWN: Style.UNKNOWN, Found.NO: Style.FAILED}
_LIST = {
    Origin.PROBED: "probed",
    Origin.IMAGE: "read from the image",
    Origin.PUBLISHED: "published",
    Origin.GIVEN: "given",
    Origin.RECONSTRUCTED: "reconstructed",
}


def recommend_answer(project: str, ranked: Sequence[Ranked], asked: Sequence[str], pace: Pace) -> Answer:
    """Return the answer; asked are the words for what the templates were ranked for (`RTX 4090`, `driver 570`)."""
    return Answer(
        "podfit recommend",
        lambda details: _report(project, ranked, asked, pace, details=details),
        lambda: _report(project, ranked, asked, pace, details=True),
        lambda: {
            "schema": SCHEMA,
            "project": project,
            "asked": list(asked),
            "pace": msgspec.to_builtins(pace),
            "templates": [_data(place, each) for place, each in enumerate(ranked, 1)],
        },
    )


def _data(place: int, each: Ranked) -> dict[str, Any]:
    """Return one template for programs."""
    return {
        "place": place,
        "template": each.template.name,
        "fits": each.fits,
        "why": why(each),
        "points": [
            {
                "asked": point.asked,
                "answer": point.answer.value,
                "said": point.said,
                "evidence": msgspec.to_builtins(point.evidence),
            }
            for point in each.points
        ],
        "given_way": list(each.given_way),
        "changes": each.changes,
        "installs": each.installs,
        "builds": each.builds,
        "download_bytes": each.download,
        "seconds": round(each.seconds, 1),
        "origin": each.template.origin.value,
        "incomplete": each.template.incomplete,
        "captured": each.template.captured,
    }


def why(each: Ranked) -> str:
    """Return in one line why a template stands where it does."""
    against = [point.said for point in each.points if point.answer is Found.NO]
    if against:
        return "; ".join(against)
    said = [point.said for point in each.points if point.answer is Found.UNKNOWN]
    done = (
        "nothing to install" if not each.installs and not each.changes else f"{plural(each.installs, 'package')} more"
    )
    work = [done, f"{plural(each.changes, 'package')} of the template replaced" if each.changes else "nothing replaced"]
    work += [f"{plural(each.builds, 'package')} built from source"] if each.builds else []
    machine = [point.said for point in each.points if point.answer is Found.YES and point.asked != "plan"]
    return "; ".join([*said, *each.given_way, ", ".join(work), *machine])


def _report(project: str, ranked: Sequence[Ranked], asked: Sequence[str], pace: Pace, *, details: bool) -> Report:
    """Return the order as a table, and the reasons below it."""
    heads = ("template", "Python", "fits", "changes", "to fetch", "about", "list")
    numbers = {"changes", "to fetch", "about"}
    columns = tuple(Column(text(head), lead=head == "template", number=head in numbers) for head in heads)
    lines, reasons = [], []
    for place, each in enumerate(ranked, 1):
        name = Span(each.template.name, Style.NAME)
        answers = [point.answer for point in each.points]
        worst = Found.NO if Found.NO in answers else Found.UNKNOWN if Found.UNKNOWN in answers else Found.YES
        planned = each.plan is not None
        lines.append(
            (
                text(name),
                text(each.template.interpreter.series),
                text(Span({Found.NO: "no", Found.UNKNOWN: "perhaps", Found.YES: "yes"}[worst], _STYLE[worst])),
                text(str(each.changes) if planned else "–"),
                text(human_bytes(each.download) if planned else "–"),
                text(f"{each.seconds:.0f} s" if planned else "–"),
                text("incomplete" if each.template.incomplete else _LIST[each.template.origin]),
            )
        )
        reason: list[str | Span] = [f"{place}. ", name, f": {why(each)}"]
        if details:
            proof = "; ".join(str(point.evidence) for point in each.points)
            reason.append(Span(f" [{proof}; {origin_in_short(each.template)}]", Style.ASIDE))
        reasons.append(text(*reason))
    wanted = f" for {listed(asked)}" if asked else ""
    sections: list[Section] = [*section("", Table(columns, tuple(lines)))]
    sections += section("Why", *items(*reasons))
    model = (
        f"Seconds are {pace.installer}'s for the bytes to fetch [{pace.evidence}]; builds from source come on top. "
        "Order: what works, then pins that give way, changes to the template, builds, bytes, and how true the list is."
    )
    sections += section("", Paragraph(text(Span(model, Style.ASIDE))))
    return Report(text(f"Templates for {project}{wanted}"), tuple(sections))
