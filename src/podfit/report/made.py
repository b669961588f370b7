"""What plans were made with, each sentence once."""

from __future__ import annotations

from collections.abc import Sequence

from podfit.model import Plan
from podfit.report.model import Text, text
from podfit.report.words import where


def made_with(plans: Sequence[Plan]) -> tuple[Text, ...]:
    """Return the sentences of the plans' provenance; what holds on some templates alone names them."""
    found: dict[str, list[int]] = {}
    for number, plan in enumerate(plans):
        for sentence in plan.provenance.sentences if plan.provenance else ():
            found.setdefault(sentence, []).append(number)
    return tuple(text(f"{sentence}{where(numbers, plans)}") for sentence, numbers in found.items())
