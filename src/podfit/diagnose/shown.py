"""A diagnosis as people see it, as JSON, and as annotations of a GitHub workflow."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from podfit.diagnose.model import Cause, Checked, Diagnosis
from podfit.report.answer import Answer
from podfit.report.model import Block, Paragraph, Report, Section, Span, Style, items, text

SCHEMA = "podfit.diagnosis/1"
"""The JSON's schema."""
_SURE = ((0.75, "sure"), (0.5, "likely"), (0.0, "a guess"))
_STYLES = {Checked.CONFIRMED: Style.OK, Checked.CONTRADICTED: Style.WARNING, Checked.UNCHECKED: Style.ASIDE}


def answer(diagnosis: Diagnosis, source: str) -> Answer:
    """Return the answer of a diagnosis; source names the log."""
    return Answer(
        command="podfit diagnose",
        screen=lambda details: report(diagnosis, source, details=details),
        document=lambda: report(diagnosis, source, details=True),
        data=lambda: data(diagnosis, source),
    )


def data(diagnosis: Diagnosis, source: str) -> Mapping[str, Any]:
    """Return the JSON object."""
    return {"schema": SCHEMA, "log": source, **diagnosis.to_json()}


def report(diagnosis: Diagnosis, source: str, *, details: bool) -> Report:
    """Return what is shown: the first cause whole, the others in a line each, unless details are wanted."""
    if not diagnosis.causes:
        said = "Nothing in this log is a failure that podfit knows."
        return Report(text(source), (Section((), (Paragraph(text(said)),)),))
    first, *others = diagnosis.causes
    sections = [Section(text(Span(_headline(first), Style.FAILED)), _blocks(first))]
    if others and details:
        sections += [Section(text(_headline(other)), _blocks(other), 3) for other in others]
    elif others:
        lines = [text(other.category, ": ", other.cause) for other in others]
        sections.append(Section(text("Less likely, or what followed from it"), items(*lines)))
    return Report(text(source), tuple(sections))


def _headline(cause: Cause) -> str:
    """Return the heading of a cause."""
    return f"{cause.category} ({sure(cause)})"


def sure(cause: Cause) -> str:
    """Return how sure a cause is, in words."""
    return next(word for least, word in _SURE if cause.confidence >= least)


def _blocks(cause: Cause) -> tuple[Block, ...]:
    """Return what is shown of a cause."""
    shown: list[Block] = [Paragraph(text(_sentence(cause.cause)))]
    evidence = (
        text(Span(f"line {line.number}: ", Style.ASIDE), Span(line.text, Style.CODE)) for line in cause.evidence
    )
    shown += items(*evidence, brief=True)
    if cause.fix:
        shown.append(Paragraph(text("What to do, the best first:")))
        shown += items(*(text("  ", Span(step, Style.NAME)) for step in cause.fix))
    told = f" ({cause.told})" if cause.told else ""
    shown.append(Paragraph(text(Span(cause.checked.value, _STYLES[cause.checked]), told)))
    if cause.source is not None:
        shown.append(Paragraph(text(Span(f"rests on {cause.source}", Style.ASIDE))))
    return tuple(shown)


def _sentence(words: str) -> str:
    """Return words as a sentence; what begins with a file, a module or a version keeps its own letters."""
    first = words.partition(" ")[0]
    begun = words if re.search(r"[._/=+<>0-9]", first.rstrip(".,:;")) else words[:1].upper() + words[1:]
    return begun + ("" if words.endswith(".") else ".")


def workflow_commands(diagnosis: Diagnosis, source: str) -> str:
    """Return workflow commands of GitHub Actions: an error for the first cause, notices for the others."""
    lines = []
    for number, cause in enumerate(diagnosis.causes):
        kind = "error" if number == 0 else "notice"
        said = "\n".join([_sentence(cause.cause), *cause.fix])
        place = f"line {cause.evidence[0].number} of {source}: {cause.evidence[0].text}" if cause.evidence else source
        lines.append(f"::{kind} title={_escaped(cause.category, names=True)}::{_escaped(said + chr(10) + place)}")
    return "".join(f"{line}\n" for line in lines)


def _escaped(words: str, *, names: bool = False) -> str:
    """Return words as workflow commands take them (docs.github.com, workflow commands: percent escapes)."""
    kept = "".join(each for each in words if each.isprintable() or each == "\n")
    found = kept.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return found.replace(":", "%3A").replace(",", "%2C") if names else found
