"""Imports that nobody declares and that a planned distribution of their name brings: nothing is left to ask.

langgraph requires langgraph-sdk, whose wheel has langgraph_sdk; a project that declares langgraph imports both. Before
anything is solved nobody knows that, and the import is an open question. Two signs answer it: the name, and the wheel.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from podfit.audit import Subject
from podfit.fit.binaries import added_wheel
from podfit.fit.listings import listings_of
from podfit.model import Finding, OpenQuestion, Verdict, canonical
from podfit.model.steps import Steps, Wait
from podfit.model.words import shortened

if TYPE_CHECKING:
    from podfit.index import Index


def brought(
    index: Index, subject: Subject, questions: Sequence[OpenQuestion]
) -> Steps[tuple[tuple[OpenQuestion, ...], tuple[Finding, ...]]]:
    """Return the questions that a solution leaves open, and a warning for each module that comes with it."""
    asked = {question.subject: canonical(question.subject) for question in questions}
    files = {
        module: file
        for module, name in asked.items()
        if name in subject.added and (file := added_wheel(subject, name)) is not None
    }
    if not files:
        return tuple(questions), ()
    listings = yield Wait(lambda: listings_of(index, files))
    there = {module for module, listing in listings.items() if module in listing.modules}
    told = tuple(
        _told(subject, question, asked[question.subject]) for question in questions if question.subject in there
    )
    return tuple(question for question in questions if question.subject not in there), told


def _told(subject: Subject, question: OpenQuestion, name: str) -> Finding:
    """Return what is said in the place of a question that the distribution of that name answers."""
    askers = [asker for asker, targets in sorted(subject.walk.edges.items()) if name in targets]
    along = f"it comes with {shortened(askers, 3)}, which may do without it one day" if askers else "it is planned"
    message = f"imported but not declared: {along}"
    return Finding("imports", name, Verdict.WARNING, message, question.evidence[0], f"declare {name}")
