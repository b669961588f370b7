"""Which indexes have a planned distribution: a name on two of them may be two distributions (dependency confusion).

The first index that is asked counts for a name alone. That is uv's rule
(https://docs.astral.sh/uv/concepts/indexes/#searching-across-multiple-indexes), and podfit's own client keeps to it.
pip has another one: it takes the newest version of all its indexes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from podfit.catalogue.public_indexes import is_public
from podfit.model import Action, Evidence, EvidenceKind, Finding, Plan, Verdict
from podfit.model.words import listed, shortened

_NAMED = 5
"""How many distributions one sentence names."""


@dataclass(frozen=True, slots=True)
class Home:
    """One index that has a project: its address without secrets, and the sha256 of all files that it lists of it."""

    index: str
    hashes: frozenset[str] = frozenset()


def asked_names(plan: Plan) -> tuple[str, ...]:
    """Return the distributions that a plan takes from indexes, sorted."""
    decided = plan.with_action(Action.INSTALL, Action.CHANGE)
    return tuple(
        sorted(
            each.name
            for each in decided
            if "://" not in each.planned and any(file.kind != "commit" for file in plan.artefacts.get(each.name, ()))
        )
    )


def findings(plan: Plan, homes: Mapping[str, Sequence[Home]]) -> tuple[Finding, ...]:
    """Return what is to be said of the names that several indexes have; homes has the indexes in the order of asking.

    An index that lists the very files of the plan is a mirror, and says the same.
    """
    groups: dict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    for name, found in sorted(homes.items()):
        planned = {text[7:] for file in plan.artefacts.get(name, ()) for text in file.hashes if text[:7] == "sha256:"}
        others = tuple(home.index for home in found[1:] if not planned or not planned <= home.hashes)
        if others:
            groups[found[0].index, others].append(name)
    return tuple(_finding(first, others, names) for (first, others), names in groups.items())


def _finding(first: str, others: Sequence[str], names: Sequence[str]) -> Finding:
    """Return the finding about names that lie on first and on others."""
    who = shortened(names, _NAMED)
    has, them, it = ("have", "these names", "them") if len(names) > 1 else ("has", "that name", "it")
    text = f"{who}: {first} is asked first and counts alone, and {listed(others)} {has} {them}, too, with other files"
    public = [index for index in others if is_public(index)]
    if is_public(first):
        text += f"; anybody may publish on {first}, so that {it} may be somebody else's"
    elif public:
        text += f"; anybody may publish on {listed(public)}: pip takes the newest of all its indexes, and may take that"
    remedy = (
        "see to it that the first is meant; name the index that has it first, or alone, and install from the lock, "
        "whose hashes no other file has"
    )
    source = f"the pages of {listed((first, *others))}"
    evidence = Evidence(EvidenceKind.METADATA, source, "the first index that has a name counts, as with uv")
    return Finding("index", names[0], Verdict.WARNING, text, evidence, remedy)
