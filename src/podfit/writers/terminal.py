"""The matrix on a terminal: at any width from 60 columns, with and without colour."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from podfit.model import Action, Decision, Plan, Verdict
from podfit.writers import rows as view
from podfit.writers.rows import Group, Remark, Row
from podfit.writers.text import (
    held_decisions,
    held_summary,
    human_bytes,
    listed,
    origin_in_short,
    plain,
    plural,
    provenance,
)

if TYPE_CHECKING:
    from rich.console import Console

_STYLE = {
    Action.KEEP: "green",
    Action.INSTALL: "bold cyan",
    Action.CHANGE: "bold yellow",
    Action.CONFLICT: "bold red",
    Action.SKIP: "dim",
}
_VERDICT = {Verdict.OK: "green", Verdict.WARNING: "yellow", Verdict.FAILED: "bold red", Verdict.UNKNOWN: "magenta"}
_REMARK_WIDTH = 34
"""A column of remarks narrower than this is harder to read than a list under the table."""

_MOST_FINDINGS = 8
"""So many findings that did not fail are shown without details."""

_Cells = tuple[tuple[str, str], ...]
"""The texts of a line with their styles."""


def print_matrix(plans: Sequence[Plan], console: Console, *, details: bool = False) -> None:
    """Print the matrix of the plans of one project on console, then a summary per template.

    Nothing is read as rich markup. Templates that do not fit beside each other are printed one block after another.
    With details come dependencies, the names of what is held, reasons and evidence, and all findings.
    """
    lines = list(_lines(plans, details=details))
    first = view.prominent(plans)
    drifts = [remark for remark in view.drifts(plans) if details or remark.name in first]
    remarks = (*view.conflicts(plans), *view.changes(plans), *drifts)
    heads = [plan.template.name for plan in plans]
    beside = _fits(heads, lines, console.width - _REMARK_WIDTH) if remarks else False
    for chosen in [range(len(plans))] if beside else _blocks(heads, lines, console.width):
        _table(console, heads, lines, chosen, remarks if beside else (), plans)
    # Conflicts and changes are told again by the summaries, where there is no column for them.
    if not beside and drifts:
        _section(console, "Drift from the local environment")
        for remark in drifts:
            _item(console, f"{remark.name}{_where(remark, plans)}", remark.text, "bold")
        console.print()
    for plan in plans:
        _summary(console, plan, details=details)
    _findings(console, plans, details=details)
    if details:
        _reasons(console, plans)


def _lines(plans: Sequence[Plan], *, details: bool) -> Iterator[tuple[str, str, _Cells]]:
    """Yield the table's lines: label, local version, and text and style per template."""
    python, cuda, *_ = view.facts(plans)
    everything = view.rows(plans)
    numpy = next((row for row in everything if row.name == "numpy"), None)
    yield "Python", python.local, tuple((value, "") for value in python.values)
    yield from _torch(everything, plans)
    if any(cuda.values):
        yield "CUDA", "", tuple((value or "not known", "") for value in cuda.values)
    if numpy is not None:
        yield _line(numpy)
    moving = (Action.INSTALL, Action.CHANGE, Action.CONFLICT)
    for row in everything:
        if row is numpy or row.name == "torch":
            continue
        # Held on one template, to be installed on another: a companion of torch that only one of them has.
        shown = {
            Group.HELD: any(c.action in moving and (c.direct or c.action is not Action.INSTALL) for c in row.decided),
            Group.DIRECT: True,
            Group.CHANGE: True,
            # A dependency that cannot be had concerns everybody, details or not.
            Group.DEPENDENCY: any(c.action is Action.CONFLICT for c in row.decided),
        }.get(row.group, False)
        if shown or (details and any(c.action in moving for c in row.decided)):
            yield _line(row)


def _torch(everything: Sequence[Row], plans: Sequence[Plan]) -> Iterator[tuple[str, str, _Cells]]:
    """Yield the line about torch and, where there is more, one that counts what else is held."""
    torch = next((row for row in everything if row.name == "torch"), None)
    cells = torch.cells if torch else (None,) * len(plans)
    yield ("torch", torch.local if torch else "", tuple(map(_cell, cells)))
    others = [len([d for d in held_decisions(plan) if d.name != "torch"]) for plan in plans]
    if any(others):
        counts = tuple((f"keep {count}", _STYLE[Action.KEEP]) if count else ("-", "dim") for count in others)
        yield ("also held", "", counts)


def _line(row: Row) -> tuple[str, str, _Cells]:
    """Return the line of a distribution."""
    return row.name, row.local, tuple(map(_cell, row.cells))


def _cell(decision: Decision | None) -> tuple[str, str]:
    """Return the text and the style of one decision; none is a dash."""
    return ("-", "dim") if decision is None else (_text(decision), _STYLE[decision.action])


def _text(decision: Decision) -> str:
    """Return `install 2.3.3`."""
    return f"{decision.action.value} {view.version_text(decision)}".rstrip()


def _widths(
    heads: Sequence[str], lines: Sequence[tuple[str, str, _Cells]], chosen: Sequence[int]
) -> tuple[int, int, list[int]]:
    """Return how wide the columns want to be: package, local, and the chosen templates."""
    package = max(len("Package"), *(len(label) for label, _, _ in lines))
    local = max(len("Local"), *(len(text) for _, text, _ in lines))
    return (
        min(package, 26),
        min(local, 14),
        [min(26, max(12, min(len(heads[n]), 20), *(len(cells[n][0]) for _, _, cells in lines))) for n in chosen],
    )


def _fits(heads: Sequence[str], lines: Sequence[tuple[str, str, _Cells]], width: int) -> bool:
    """Tell whether all templates fit beside each other in so many columns."""
    package, local, templates = _widths(heads, lines, range(len(heads)))
    return package + local + sum(templates) + 2 * (2 + len(templates)) <= width


def _blocks(heads: Sequence[str], lines: Sequence[tuple[str, str, _Cells]], width: int) -> list[list[int]]:
    """Return which templates are printed beside each other: as many as fit, at least one."""
    package, local, templates = _widths(heads, lines, range(len(heads)))
    blocks: list[list[int]] = []
    room = 0
    for number, needed in enumerate(templates):
        if not blocks or room < needed + 2:
            blocks.append([])
            room = width - package - local - 4
        blocks[-1].append(number)
        room -= needed + 2
    return blocks


def _table(
    console: Console,
    heads: Sequence[str],
    lines: Sequence[tuple[str, str, _Cells]],
    chosen: Sequence[int],
    remarks: Sequence[Remark],
    plans: Sequence[Plan],
) -> None:
    """Print one block of the matrix, with a column of remarks when there are any."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, show_edge=False, header_style="bold")
    package, local, _ = _widths(heads, lines, chosen)
    table.add_column("Package", overflow="fold", min_width=package)
    table.add_column("Local", overflow="fold", min_width=min(local, 6))
    for number in chosen:
        table.add_column(Text(plain(heads[number])), overflow="fold")
    if remarks:
        table.add_column("Why", overflow="fold", min_width=_REMARK_WIDTH - 2)
    told: dict[str, list[str]] = {}
    for remark in remarks:
        told.setdefault(remark.name, []).append(
            f"{_where(remark, plans)}{': ' * bool(_where(remark, plans))}{remark.text}"
        )
    labels = {label for label, _, _ in lines}
    extra = [(name, "", tuple(("", "") for _ in heads)) for name in told if name not in labels]
    for label, version, cells in (*lines, *extra):
        row = [Text(plain(label), style="bold"), Text(plain(version) or "-", style="dim" if not version else "")]
        row += [Text(plain(cells[number][0]), style=cells[number][1]) for number in chosen]
        if remarks:
            row.append(Text(plain(" / ".join(text.strip() for text in told.get(label, [])))))
        table.add_row(*row)
    console.print(table)
    console.print()


def _where(remark: Remark, plans: Sequence[Plan]) -> str:
    """Return ` on NAME` where a remark does not hold on every template."""
    if len(remark.plans) == len(plans):
        return ""
    return f" on {listed(plans[number].template.name for number in remark.plans)}"


def _section(console: Console, heading: str) -> None:
    """Print a heading."""
    from rich.text import Text

    console.print(Text(plain(heading), style="bold underline"))


def _item(console: Console, name: str, text: str, style: str = "", *, indent: int = 2) -> None:
    """Print `name: text`, wrapped with its later lines indented."""
    from rich.padding import Padding
    from rich.text import Text

    line = Text()
    if name:
        line.append(plain(name), style=style)
        line.append(": ")
    line.append(plain(text))
    console.print(Padding(line, (0, 0, 0, indent), expand=False))


def _summary(console: Console, plan: Plan, *, details: bool) -> None:
    """Print what the plan for one template comes to."""
    from rich.text import Text

    template = plan.template
    counted = view.counts(plan)
    head = Text(plain(template.name), style="bold underline")
    head.append("  ")
    head.append(
        "fits" if plan.feasible else "does not fit", style=_VERDICT[Verdict.OK if plan.feasible else Verdict.FAILED]
    )
    console.print(head)
    words = [f"{action.value} {count}" for action, count in counted.items() if count]
    _item(console, "", f"{', '.join(words) or 'nothing to decide'}; {human_bytes(plan.download_bytes)} to download")
    if summary := held_summary(plan):
        _item(console, "held", summary, "green")
    if details and (held := held_decisions(plan)):
        _item(console, "held, by name", ", ".join(f"{d.name} {d.template}" for d in held))
    for change in plan.changes:
        text = f"{change.before} -> {change.after}, forced by: {change.conflict}"
        _item(console, f"change {change.name}", text, _STYLE[Action.CHANGE])
    for decision in plan.with_action(Action.CONFLICT):
        _item(console, f"conflict {decision.name}", decision.reason, _STYLE[Action.CONFLICT])
    for check in view.checks(plan.findings):
        _item(console, "check", str(check), _VERDICT[check.worst])
    _item(console, "", provenance(template) if details else origin_in_short(template))
    for note in dict.fromkeys((*template.notes, *plan.notes)):
        _item(console, "note", note)
    installs = len([d for d in plan.with_action(Action.INSTALL) if not d.direct])
    if installs and not details:
        hidden = f"{plural(installs, 'dependency')} to install not in the table: --details shows them"
        _item(console, "", hidden, "dim")
    console.print()


def _findings(console: Console, plans: Sequence[Plan], *, details: bool) -> None:
    """Print what is not ok, failures first, each once for all templates; with details everything, with evidence."""
    order = (Verdict.FAILED, Verdict.WARNING, Verdict.UNKNOWN, *([Verdict.OK] if details else []))
    told: dict[tuple[Verdict, str, str, str], list[int]] = {}
    evidence: dict[tuple[Verdict, str, str, str], dict[str, None]] = {}
    for verdict in order:
        for number, plan in enumerate(plans):
            for finding in plan.findings:
                if finding.verdict is not verdict:
                    continue
                text = f"{finding.message}{f'; {finding.remedy}' if finding.remedy else ''}"
                key = (verdict, finding.check, finding.subject, text)
                if number not in told.setdefault(key, []):
                    told[key].append(number)
                source = str(finding.evidence) if details else finding.evidence.kind.value
                evidence.setdefault(key, {})[source] = None
    if not told:
        return
    _section(console, "Findings")
    failed = sum(1 for verdict, *_ in told if verdict is Verdict.FAILED)
    most = len(told) if details else max(failed, _MOST_FINDINGS)
    for (verdict, check, subject, text), numbers in list(told.items())[:most]:
        remark = Remark(subject, text, tuple(numbers))
        where = "" if subject in {plans[n].template.name for n in numbers} else _where(remark, plans)
        sources = "; ".join(evidence[verdict, check, subject, text])
        _item(console, f"{verdict.value} {subject}{where}", f"{text} [{sources}]", _VERDICT[verdict])
    if len(told) > most:
        _item(console, "", f"and {len(told) - most} more that did not fail: --details shows them", "dim")
    console.print()


def _reasons(console: Console, plans: Sequence[Plan]) -> None:
    """Print the reason and the evidence of every decision but the skipped."""
    _section(console, "Reasons and evidence")
    for remark in view.reasons(plans, lambda d: d.action is not Action.SKIP):
        action = remark.action.value if remark.action else ""
        evidence = "; ".join(str(one) for one in remark.evidence)
        text = f"{action}: {remark.text} [{evidence or 'no evidence given'}]"
        _item(console, f"{remark.name}{_where(remark, plans)}", text, "bold")
    console.print()
