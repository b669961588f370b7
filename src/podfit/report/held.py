"""What of a template is held, in the order and the families of the catalogue."""

from __future__ import annotations

from collections import Counter

from podfit.catalogue.shown import LAST, held_family, held_rank
from podfit.model import Action, Decision, Plan, Template
from podfit.model.words import listed
from podfit.report.words import plural

_MOST_NAMED = 6
"""So many held distributions are named; a family counts as one word."""


def held_decisions(plan: Plan) -> tuple[Decision, ...]:
    """Return the held distributions that the template has: in the catalogue's order, then by name."""
    return tuple(
        sorted((d for d in plan.decisions if d.held and d.template), key=lambda d: (held_rank(d.name), d.name))
    )


def leading(template: Template) -> str:
    """Return the template's distribution that comes first among what is held by default, empty without one."""
    names = [name for name in template.distributions if held_rank(name) != LAST]
    return min(names, key=lambda name: (held_rank(name), name), default="")


def families(names: list[str]) -> dict[str, int]:
    """Return the families of which at least two of names are members, with how many are."""
    counted = Counter(filter(None, map(held_family, names)))
    return {family: count for family, count in counted.items() if count > 1}


def held_summary(plan: Plan) -> str:
    """Return `a 2.4.0+cu124, b 3.0.0 and 12 c-*: kept`, empty when nothing is held.

    Members of a family are counted; of the others, those after the sixth are.
    """
    held = held_decisions(plan)
    if not held:
        return ""
    together = families([d.name for d in held])
    named = [d for d in held if held_family(d.name) not in together]
    words = [f"{d.name} {d.template}" for d in named[:_MOST_NAMED]]
    if len(named) > _MOST_NAMED:
        words.append(plural(len(named) - _MOST_NAMED, "other"))
    words += [f"{count} {family}" for family, count in together.items()]
    kept = all(d.action in (Action.KEEP, Action.SKIP) for d in held)
    return f"{listed(words)}: {'kept' if kept else 'held, yet the project asks otherwise'}"
