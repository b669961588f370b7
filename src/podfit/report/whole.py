"""The whole report: the comparison, and for each template the sizes, the bloat and the order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from podfit.model import Plan
from podfit.plan.bloat import Bloat, Surplus
from podfit.plan.order import circles, critical_chain, layers
from podfit.plan.sizes import Sizes, added
from podfit.report.ahead import Ahead, next_steps
from podfit.report.answer import Answer
from podfit.report.bloat import bloat_data, bloat_sections, bloat_tiles, bloat_title
from podfit.report.data import matrix_data
from podfit.report.document import document
from podfit.report.model import Paragraph, Report, Section, Span, Style, section, text
from podfit.report.order import order_section
from podfit.report.page import explained, verdicts
from podfit.report.sizes import size_sections

SCHEMA = "podfit.report/1"


@dataclass(frozen=True, slots=True)
class Weighed:
    """One plan with what its ways cost and what of the local environment it leaves out (None: no such environment)."""

    plan: Plan
    sizes: Sizes
    bloat: Bloat | None


def whole_answer(weighed: Sequence[Weighed], refused: Mapping[str, str], ahead: Ahead) -> Answer:
    """Return the answer that says everything about one project on any number of templates.

    refused names the templates without any plan, with the reason; ahead says which commands come next.
    """
    plans = [each.plan for each in weighed]
    return Answer(
        "podfit report",
        lambda details: Report((), tuple(_more(weighed, details=details))),
        lambda: _document(plans, refused, ahead, _more(weighed, details=True)),
        lambda: _data(weighed, plans, refused),
        page=lambda: page(weighed, refused, ahead),
    )


def _document(plans: Sequence[Plan], refused: Mapping[str, str], ahead: Ahead, more: Sequence[Section]) -> Report:
    """Return the comparison, the commands that come next, and more (sizes, bloat and order) before the checks."""
    compared = document(plans, refused)
    titles = [each.title for each in compared.sections]
    place = titles.index(text("Checks")) if text("Checks") in titles else len(titles)
    first = 0 if compared.sections and compared.sections[0].title else 1
    parts = (
        *compared.sections[:first],
        *next_steps(plans, ahead),
        *compared.sections[first:place],
        *more,
        *compared.sections[place:],
    )
    return Report(compared.title, parts)


def page(weighed: Sequence[Weighed], refused: Mapping[str, str], ahead: Ahead) -> Report:
    """Return the document in which every distribution stands in the matrix, its reasons behind each cell."""
    plans = [each.plan for each in weighed]
    whole = _document(plans, refused, ahead, _more(weighed, details=True, drawn=True))
    parts: list[Section] = [*section("", *verdicts(plans, refused))]
    for each in whole.sections:
        if each.title == text("Templates compared"):
            parts += section(each.title, explained(plans)) if plans else ()
        elif each.title and each.title != text("Reasons and evidence"):
            parts.append(_with_tiles(each, weighed))
    return Report(whole.title, tuple(parts))


def _with_tiles(part: Section, weighed: Sequence[Weighed]) -> Section:
    """Return a section, that of a template's bloat with its treemap."""
    for each in weighed:
        if each.bloat is not None and part.title == text(bloat_title(each.bloat)):
            return Section(part.title, (*part.blocks, bloat_tiles(each.bloat)), part.level)
    return part


def _more(weighed: Sequence[Weighed], *, details: bool, drawn: bool = False) -> list[Section]:
    """Return what the comparison does not say.

    drawn: for a page with pictures, where the sections of each of several templates lie under its name.
    """
    parts: list[Section] = []
    listed: list[Surplus] = []
    for each in weighed:
        of_one = [*size_sections(each.sizes, details=details)]
        if each.bloat is not None:
            of_one += bloat_sections(each.bloat, details=details, drawn=drawn, before=listed if drawn else ())
            listed += each.bloat.surplus
        of_one += order_section(each.plan)
        if drawn and len(weighed) > 1:
            parts.append(Section(text(each.plan.template.name), ()))
            of_one = [Section(part.title, part.blocks, part.level + 1) for part in of_one]
        parts += of_one
    nothing = Paragraph(text(Span("No template has a plan: there is nothing to weigh.", Style.FAILED)))
    return parts or list(section("", nothing))


def _data(weighed: Sequence[Weighed], plans: Sequence[Plan], refused: Mapping[str, str]) -> dict[str, Any]:
    """Return everything for programs (schema `podfit.report/1`, docs/plan-format.md)."""
    return {
        "schema": SCHEMA,
        "matrix": matrix_data(plans, refused),
        "sizes": [msgspec.to_builtins(each.sizes) for each in weighed],
        "bloat": [bloat_data(each.bloat) for each in weighed if each.bloat is not None],
        "order": [_order(each.plan) for each in weighed],
    }


def _order(plan: Plan) -> dict[str, Any]:
    """Return in which order what a plan installs rests on each other."""
    names = set(added(plan))
    return {
        "template": plan.template.name,
        "layers": [list(layer) for layer in layers(names, plan.edges)],
        "chain": list(critical_chain(names, plan.edges)),
        "circles": [list(circle) for circle in circles(names, plan.edges)],
        "before_builds": {build.name: list(build.hidden) for build in plan.builds if build.hidden},
    }
