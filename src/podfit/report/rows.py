"""The matrix as rows and columns, before anybody prints it: one row per package, one cell per template."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from podfit.catalogue.shown import LAST, first_names, held_rank
from podfit.model import Action, Decision, Plan
from podfit.model.kept import kept_with
from podfit.model.words import listed


class Group(str, Enum):
    """Where a row stands in the matrix, in the order in which groups are printed."""

    HELD = "held"
    """Some template has it and holds it."""
    DIRECT = "direct"
    """The project itself needs it."""
    CHANGE = "change"
    """Some template's version has to be replaced, for a dependency's sake."""
    DEPENDENCY = "dependency"
    """It comes along with a direct need and some template lacks it."""
    KEPT = "kept"
    """It stays as it is wherever it is, and the project does not name it."""
    SKIPPED = "skipped"
    """It is installed locally and needed nowhere."""


@dataclass(frozen=True, slots=True)
class Row:
    """One distribution over all templates. cells follow the plans; None where a plan says nothing about it."""

    name: str
    group: Group
    local: str
    cells: tuple[Decision | None, ...]

    @property
    def decided(self) -> tuple[Decision, ...]:
        """The cells that are there."""
        return tuple(cell for cell in self.cells if cell is not None)


@dataclass(frozen=True, slots=True)
class Fact:
    """One line about the environments themselves (Python, CUDA); texts are empty where it is not known."""

    label: str
    local: str
    values: tuple[str, ...]


def rows(plans: Sequence[Plan]) -> tuple[Row, ...]:
    """Return a row for every distribution that some plan decides, by group and name."""
    return _rows(tuple(plans))


@kept_with
def _rows(plans: tuple[Plan, ...]) -> tuple[Row, ...]:
    by_plan = [{d.name: d for d in plan.decisions} for plan in plans]
    names = sorted({name for decisions in by_plan for name in decisions})
    by_group: dict[Group, list[Row]] = {group: [] for group in Group}
    for name in names:
        row = _row(name, tuple(decisions.get(name) for decisions in by_plan))
        by_group[row.group].append(row)
    return tuple(row for found in by_group.values() for row in found)


def _row(name: str, cells: tuple[Decision | None, ...]) -> Row:
    """Return the row of one distribution."""
    decided = [cell for cell in cells if cell is not None]
    actions = {cell.action for cell in decided}
    if any(cell.held for cell in decided):
        group = Group.HELD
    elif any(cell.direct for cell in decided):
        group = Group.DIRECT
    elif Action.CHANGE in actions:
        group = Group.CHANGE
    elif actions & {Action.INSTALL, Action.CONFLICT}:
        group = Group.DEPENDENCY
    else:
        group = Group.KEPT if Action.KEEP in actions else Group.SKIPPED
    local = next((cell.local for cell in decided if cell.local), "")
    return Row(name, group, local, cells)


def head(everything: Sequence[Row]) -> tuple[tuple[Row, ...], tuple[Row, ...]]:
    """Return the rows that open the matrix: what is held and comes first in the catalogue, and what follows it."""
    held = [row for row in everything if row.group is Group.HELD and held_rank(row.name) != LAST]
    lead = min(held, key=lambda row: (held_rank(row.name), row.name), default=None)
    by_name = {row.name: row for row in everything if row is not lead}
    return (lead,) if lead else (), tuple(by_name[name] for name in first_names() if name in by_name)


def facts(plans: Sequence[Plan]) -> tuple[Fact, ...]:
    """Return the lines about Python, CUDA and the platform."""
    local = next((plan.local_python for plan in plans if plan.local_python), "")
    templates = [plan.template for plan in plans]
    return (
        Fact("Python", local, tuple(t.interpreter.version for t in templates)),
        Fact("CUDA", "", tuple(str(t.cuda or "") for t in templates)),
        Fact("platform", "", tuple(f"{t.platform.machine}, glibc {t.platform.glibc}" for t in templates)),
    )


def install_needed(row: Row, templates: Sequence[str]) -> str:
    """Return the answer of the document's last column: `must install`, `no, use the template's`, or where what.

    templates are the names of the templates, in the order of the row's cells.
    """
    by_action: dict[Action, list[int]] = {}
    for number, cell in enumerate(row.cells):
        if cell is not None:
            by_action.setdefault(cell.action, []).append(number)
    if set(by_action) <= {Action.KEEP, Action.SKIP}:
        return "no, use the template's" if Action.KEEP in by_action else "no, not needed"
    if len(by_action) == 1:
        return {
            Action.INSTALL: "must install",
            Action.CHANGE: "must change",
            Action.CONFLICT: "cannot be had",
        }[next(iter(by_action))]
    words = {
        Action.INSTALL: "must install on",
        Action.CHANGE: "must change on",
        Action.CONFLICT: "cannot be had on",
    }
    return "; ".join(
        f"{words[action]} {listed(templates[n] for n in numbers)}"
        for action, numbers in by_action.items()
        if action in words
    )


def version_text(decision: Decision, *, arrow: str = "->") -> str:
    """Return what a cell shows beside the action: `1.26.4`, `2.0.1 -> 1.26.4`, or nothing."""
    if decision.action is Action.CHANGE:
        return f"{decision.template or '?'} {arrow} {decision.planned or '?'}"
    if decision.action is Action.CONFLICT:
        return f"{decision.template} stays" if decision.template else ""
    if decision.action is Action.SKIP:
        return ""
    return decision.planned or decision.template


def prominent(plans: Sequence[Plan]) -> frozenset[str]:
    """Return the distributions of which the differences matter first: direct needs and what is held or replaced."""
    shown = (Group.HELD, Group.DIRECT, Group.CHANGE)
    return frozenset(row.name for row in rows(plans) if row.group in shown)


def counts(plan: Plan) -> dict[Action, int]:
    """Return how many distributions each action concerns, every action named."""
    counted = Counter(decision.action for decision in plan.decisions)
    return {action: counted[action] for action in Action}
