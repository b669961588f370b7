"""The matrix as rows and columns, before anybody prints it: one row per package, one cell per template."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from podfit.model import Action, Decision, Evidence, Finding, Plan, Verdict
from podfit.writers.text import listed


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


@dataclass(frozen=True, slots=True)
class Remark:
    """A sentence on one distribution that holds on some templates, by their place among the plans."""

    name: str
    text: str
    plans: tuple[int, ...]
    evidence: tuple[Evidence, ...] = ()
    action: Action | None = None


def rows(plans: Sequence[Plan]) -> tuple[Row, ...]:
    """Return a row for every distribution that some plan decides, by group and name."""
    by_plan = [{d.name: d for d in plan.decisions} for plan in plans]
    names = sorted({name for decisions in by_plan for name in decisions})
    made = [_row(name, tuple(decisions.get(name) for decisions in by_plan)) for name in names]
    order = list(Group)
    return tuple(sorted(made, key=lambda row: (order.index(row.group), row.name)))


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


def _gather(
    plans: Sequence[Plan],
    pick: Callable[[Decision], str],
    wanted: Callable[[Decision], bool],
    evidence_of: Callable[[Decision], tuple[Evidence, ...]] = lambda decision: decision.evidence,
) -> tuple[Remark, ...]:
    """Return the sentences that pick takes from wanted decisions, equal ones of several templates made one."""
    found: dict[tuple[str, str, tuple[Evidence, ...], Action], list[int]] = {}
    for number, plan in enumerate(plans):
        for decision in plan.decisions:
            if wanted(decision) and (text := pick(decision)):
                found.setdefault((decision.name, text, evidence_of(decision), decision.action), []).append(number)
    remarks = [Remark(name, text, tuple(n), evidence, action) for (name, text, evidence, action), n in found.items()]
    return tuple(sorted(remarks, key=lambda remark: (remark.name, remark.plans)))


def reasons(plans: Sequence[Plan], wanted: Callable[[Decision], bool]) -> tuple[Remark, ...]:
    """Return why each wanted decision was taken, with its evidence."""
    return _gather(plans, lambda d: d.reason, wanted)


def conflicts(plans: Sequence[Plan]) -> tuple[Remark, ...]:
    """Return what cannot be had, and why."""
    return reasons(plans, lambda d: d.action is Action.CONFLICT)


def drifts(plans: Sequence[Plan]) -> tuple[Remark, ...]:
    """Return the sentences about versions that differ from the local ones, direct needs and dependencies alike.

    The evidence is the decision's, which `reasons` has: one sentence is one drift, whatever each list rests on.
    """
    return _gather(
        plans, lambda d: d.drift.removeprefix(f"{d.name} "), lambda d: d.action is not Action.SKIP, lambda _: ()
    )


def prominent(plans: Sequence[Plan]) -> frozenset[str]:
    """Return the distributions of which the differences matter first: direct needs and what is held or replaced."""
    shown = (Group.HELD, Group.DIRECT, Group.CHANGE)
    return frozenset(row.name for row in rows(plans) if row.group in shown)


def changes(plans: Sequence[Plan]) -> tuple[Remark, ...]:
    """Return the template distributions that are replaced, with the conflict that forced each."""
    found: dict[tuple[str, str], list[int]] = {}
    for number, plan in enumerate(plans):
        for change in plan.changes:
            text = f"{change.before or '?'} -> {change.after or '?'}: {change.conflict}"
            found.setdefault((change.name, text), []).append(number)
    return tuple(Remark(name, text, tuple(n), action=Action.CHANGE) for (name, text), n in sorted(found.items()))


def counts(plan: Plan) -> dict[Action, int]:
    """Return how many distributions each action concerns, every action named."""
    counted = Counter(decision.action for decision in plan.decisions)
    return {action: counted[action] for action in Action}


@dataclass(frozen=True, slots=True)
class CheckSummary:
    """The findings of one check in a plan: how many of each verdict, and the worst of them."""

    check: str
    verdicts: dict[Verdict, int]

    @property
    def worst(self) -> Verdict:
        """Failed before unknown before warning before ok."""
        severity = (Verdict.FAILED, Verdict.UNKNOWN, Verdict.WARNING, Verdict.OK)
        return next(verdict for verdict in severity if self.verdicts.get(verdict))

    def __str__(self) -> str:
        """Return `consistency: ok (212)`, `numpy-abi: failed (1 failed, 14 ok)`."""
        parts = [f"{count} {verdict.value}" for verdict, count in self.verdicts.items()]
        return f"{self.check}: {self.worst.value} ({', '.join(parts)})"


def checks(findings: Sequence[Finding]) -> tuple[CheckSummary, ...]:
    """Return one summary per check, in the order in which they were made."""
    found: dict[str, dict[Verdict, int]] = {}
    for finding in findings:
        verdicts = found.setdefault(finding.check, {})
        verdicts[finding.verdict] = verdicts.get(finding.verdict, 0) + 1
    return tuple(CheckSummary(check, verdicts) for check, verdicts in found.items())
