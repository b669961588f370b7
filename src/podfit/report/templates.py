"""What `podfit templates` answers: the catalogue in a table, or one template with the evidence of each distribution."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from podfit.catalogue.held import is_held
from podfit.catalogue.store import Summary
from podfit.model import Fact, Template
from podfit.model.manifest import manifest_from_template
from podfit.model.words import listed
from podfit.report.answer import Answer
from podfit.report.model import Column, Report, Section, Span, Style, Table, items, section, text
from podfit.report.template import checked

_TITLES = {
    "name": "template",
    "python": "Python",
    "cuda": "CUDA",
    "distributions": "packages",
    "origin": "known from",
    "captured": "as of",
    "checked": "seen lines",
}
"""The titles of a summary's fields, where the field's own name is none."""

_NOT_SHOWN = frozenset({"title", "family", "pushes", "aliases", "incomplete", "withdrawn"})
"""Fields of a summary that a listing shows in another way, or not."""

_MONTH = len("2026-01")
_VERSION = re.compile(r"\d[\w.]*\+[\w.]+")
_CHECKED = "seen lines: how many lines of a list that was seen on a machine agree; none: nobody compared"
_PUSHED = "* its tag was pushed more than once: a machine may have an older image"

_FEW = 20
"""So many values of a fact are listed; torch has code for a dozen kinds of GPU, a system has hundreds of libraries."""


def catalogue_answer(summaries: Sequence[Summary]) -> Answer:
    """Return the answer about all templates of the catalogue."""
    return Answer(
        "podfit templates",
        lambda _details: Report((), tuple(_catalogue(summaries))),
        lambda: Report(text("Templates"), tuple(_catalogue(summaries))),
        lambda: {"schema": "podfit.templates/1", "templates": msgspec.to_builtins(summaries)},
    )


def _catalogue(summaries: Sequence[Summary]) -> Iterator[Section]:
    """Yield a table of the templates, kin beside each other, the aliases, and what the signs mean.

    The day of a list is cut to its month; the column of comparisons is there where there is one.
    """
    names = [field.name for field in dataclasses.fields(Summary) if field.name not in _NOT_SHOWN]
    names = [name for name in names if name != "checked" or any(each.checked for each in summaries)]
    columns = (
        Column(text(_TITLES.get(name, name)), number=name == "distributions", whole=name == "name") for name in names
    )
    lines = []
    for each in sorted(summaries, key=lambda each: (each.family or each.name, each.name)):
        values = {name: _in_short(str(getattr(each, name))) for name in names}
        values["origin"] = "partial" if each.incomplete else values["origin"]
        values["captured"] = values["captured"][:_MONTH] + "*" * (each.pushes > 1)
        lines.append(tuple(text(values[name]) for name in names))
    yield from section("", Table(tuple(columns), tuple(lines)))
    said = [
        f"{listed(aliases)}: {name}"
        for name, aliases in sorted((each.name, each.aliases) for each in summaries if each.aliases)
    ]
    said += [_CHECKED] if "checked" in names else []
    said += [_PUSHED] if any(each.pushes > 1 for each in summaries) else []
    if said:
        yield from section("", *items(*map(text, said)))


def _in_short(value: str) -> str:
    """Return a version without its local part, which another column says or a vendor gave; ROCm's alone says more."""
    public, _, local = value.partition("+")
    return public if _VERSION.fullmatch(value) and not local.startswith("rocm") else value


def template_answer(template: Template) -> Answer:
    """Return the answer about one template."""
    return Answer(
        "podfit templates",
        lambda _details: _template(template),
        lambda: _template(template),
        lambda: manifest_from_template(template),
    )


def stated_facts(template: Template) -> Iterator[tuple[str, str]]:
    """Yield the CUDA of template with its evidence, then each group of single facts: its name, its facts as text."""
    cuda = template.cuda
    if cuda is not None:
        yield "CUDA", f"{cuda} [{cuda.evidence}]"
    for label in template.facts.__struct_fields__:
        group = getattr(template.facts, label)
        said = []
        for name in group.__struct_fields__ if isinstance(group, msgspec.Struct) else ():
            fact = getattr(group, name)
            if isinstance(fact, Fact):
                said.append(f"{name} {_value(fact.value)}")
        if said:
            yield label, ", ".join(said)


def _value(value: object) -> str:
    """Return a fact's value for a line: what is there many times is counted."""
    if isinstance(value, (tuple, Mapping)) and (isinstance(value, Mapping) or len(value) > _FEW):
        return f"{len(value)} known"
    if isinstance(value, tuple):
        return " ".join(value)
    return "none" if value == "" else str(value)


def _template(template: Template) -> Report:
    """Return a template: what is known of it, its distributions, and where each is known from."""
    platform = template.platform
    captured = f", as of {template.captured}" if template.captured else ""
    said = f"{', incomplete' * template.incomplete}{', withdrawn' * template.withdrawn}"
    facts = [
        ("image", template.image),
        ("origin", f"{template.origin.value}{said}{captured}"),
        ("evidence", str(template.evidence)),
        ("checked", checked(template)),
        ("also called", ", ".join(template.aliases)),
        ("Python", f"{template.interpreter.implementation} {template.interpreter.version}"),
        ("platform", f"{platform.machine} {platform.system}, glibc {platform.glibc}"),
        *stated_facts(template),
        ("variables", ", ".join(f"{name}={value}" for name, value in sorted(template.environment.items()))),
        *(("note", note) for note in template.notes),
    ]
    known = Table((Column(), Column()), tuple((text(label), text(value)) for label, value in facts if value))
    title = f"{template.name}: {template.title}" if template.title else template.name
    marks: dict[str, str] = {str(template.evidence): ""}
    lines = []
    for name, each in sorted(template.distributions.items()):
        mark = marks.setdefault(str(each.evidence), f" [{len(marks)}]")
        held = text(Span("held", Style.KEEP)) if is_held(name, each.version) else ()
        lines.append((text(name), text(each.version), held, text(f"{each.evidence.kind.value}{mark}")))
    heads = ("distribution", "version", "held", "evidence")
    listed = Table(tuple(Column(text(head)) for head in heads), tuple(lines))
    sources = items(*(text(f"{mark.strip()} {evidence}") for evidence, mark in marks.items() if mark))
    return Report((), (*section(text(title), known, level=3), *section("", *((listed,) if lines else ()), *sources)))
