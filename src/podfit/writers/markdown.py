"""The matrix as Markdown, in the shape of the hand-written comparison of templates that podfit replaces."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from podfit.model import Action, Decision, Finding, Plan, Verdict
from podfit.writers import rows as view
from podfit.writers.rows import Group, Remark, Row
from podfit.writers.text import held_decisions, held_summary, human_bytes, listed, plain, plural, provenance

_SYMBOL = {Action.KEEP: "✅", Action.INSTALL: "🔴", Action.CHANGE: "⚠️", Action.CONFLICT: "❌", Action.SKIP: "➖"}
_VERDICT = {Verdict.OK: "✅", Verdict.WARNING: "⚠️", Verdict.FAILED: "❌", Verdict.UNKNOWN: "❔"}
_HEAD = ("torch", "numpy")


def escape(text: str) -> str:
    """Return text so that Markdown shows it as it is, on one line and inside a table's cell."""
    escaped = re.sub(r"([\\`*|<~\[\]])", r"\\\1", plain(text))
    return re.sub(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])", r"\\_", escaped)


def code(text: str) -> str:
    """Return text as a code span that also holds inside a table's cell."""
    return f"`{plain(text).replace('`', chr(39)).replace('|', '/')}`"


def matrix_markdown(plans: Sequence[Plan], refused: Mapping[str, str] | None = None) -> str:
    """Return the comparison of the plans of one project: the table, what to know of it, and the evidence.

    refused names the templates for which there is no plan at all, each with the reason.
    """
    project = next((plan.project for plan in plans), "") or "This project"
    parts = [
        [f"# {escape(project)}: dependency matrix", ""],
        _verdict(plans, refused or {}),
        ["## Templates compared", "", *_table(plans)],
        _remarks("Conflicts", "What the project asks and cannot have:", view.conflicts(plans), plans),
        _remarks(
            "Changes to the templates",
            "Distributions of a template that have to be replaced, each with the conflict that forces it:",
            view.changes(plans),
            plans,
        ),
        _drift(plans),
        _sizes(plans),
        _checks(plans),
        _evidence(plans),
        _templates(plans),
    ]
    lines = [line for part in parts for line in ([*part, ""] if part and part[-1] else part)]
    return "\n".join(lines).rstrip("\n") + "\n"


def _verdict(plans: Sequence[Plan], refused: Mapping[str, str]) -> list[str]:
    """Return one line per template: does it fit, and at what price."""
    lines = []
    for plan in plans:
        counts = view.counts(plan)
        words = [
            plural(counts[Action.INSTALL], "distribution") + " to install",
            plural(counts[Action.CHANGE], "change"),
            plural(counts[Action.CONFLICT], "conflict"),
        ]
        symbol = "✅" if plan.feasible else "❌"
        lines.append(f"- {symbol} {escape(plan.template.name)}: {listed(words)}; {_download(plan)}")
    lines += [f"- ❌ {escape(name)}: no plan: {escape(reason)}" for name, reason in refused.items()]
    return [*lines, ""]


def _download(plan: Plan) -> str:
    """Return the words about what is fetched."""
    return f"{human_bytes(plan.download_bytes)} to download"


def _line(cells: Iterable[str]) -> str:
    """Return one line of a table."""
    return f"| {' | '.join(cells)} |"


def _table(plans: Sequence[Plan]) -> list[str]:
    """Return the document's table."""
    heads = ["Package", "Local", *(escape(plan.template.name) for plan in plans), "Install needed?"]
    rows = view.rows(plans)
    by_name = {row.name: row for row in rows}
    empty = _line("" for _ in heads)
    lines = [_line(heads), _line("---" for _ in heads)]
    python, cuda, *_ = view.facts(plans)
    lines.append(_fact(python))
    for name in _HEAD:
        if name in by_name:
            lines.append(_row(by_name[name], plans))
    lines += [_fact(cuda)]
    for group in (Group.HELD, Group.DIRECT, Group.CHANGE, Group.DEPENDENCY):
        chosen = [row for row in rows if row.group is group and row.name not in _HEAD]
        nvidia = [row for row in chosen if group is Group.HELD and _merely_kept(row)]
        block = [_row(row, plans) for row in chosen if row not in nvidia]
        if nvidia:
            block.append(_nvidia(nvidia, plans))
        if block:
            lines += [empty, *block]
    legend = "✅ keep the template's, 🔴 install, ⚠️ change the template's, ❌ conflict, ➖ not needed."
    rest = [row for row in rows if row.group in (Group.KEPT, Group.SKIPPED) and row.name not in _HEAD]
    lines += ["", legend]
    for group, words in ((Group.KEPT, "stay as the template has them"), (Group.SKIPPED, "are local and not needed")):
        names = [escape(row.name) for row in rest if row.group is group]
        if names:
            lines += [
                "",
                f"<details><summary>{plural(len(names), 'distribution')} not in the table: they {words}</summary>",
                "",
                ", ".join(names),
                "",
                "</details>",
            ]
    return lines


def _fact(fact: view.Fact) -> str:
    """Return the row of a fact about the environments."""
    values = [escape(value) or "not known" for value in fact.values]
    return _line([f"**{fact.label}**", escape(fact.local) or "–", *values, "no, use the template's"])


def _row(row: Row, plans: Sequence[Plan]) -> str:
    """Return the row of a distribution."""
    name = {"torch": "PyTorch", "numpy": "NumPy"}.get(row.name, row.name)
    cells = [_cell(cell) for cell in row.cells]
    needed = escape(view.install_needed(row, [plan.template.name for plan in plans]))
    return _line([f"**{escape(name)}**", escape(row.local) or "–", *cells, needed])


def _cell(decision: Decision | None) -> str:
    """Return what the table says about a distribution on one template."""
    if decision is None:
        return "–"
    words = {
        Action.KEEP: "",
        Action.INSTALL: "install",
        Action.CHANGE: "change",
        Action.CONFLICT: "conflict",
        Action.SKIP: "not needed",
    }[decision.action]
    version = escape(view.version_text(decision, arrow="→"))
    joined = ": " if decision.action is Action.CONFLICT and version else " "
    return f"{_SYMBOL[decision.action]} {joined.join(filter(None, (words, version)))}".rstrip()


def _merely_kept(row: Row) -> bool:
    """Tell whether a row is about an NVIDIA library that stays wherever it is: these make one row together."""
    return row.name.startswith("nvidia-") and all(c.action in (Action.KEEP, Action.SKIP) for c in row.decided)


def _nvidia(held: Sequence[Row], plans: Sequence[Plan]) -> str:
    """Return the one row that stands for the NVIDIA libraries that all stay."""
    counts = [len([row for row in held if (cell := row.cells[n]) and cell.template]) for n in range(len(plans))]
    cells = [f"✅ {count} kept" if count else "–" for count in counts]
    return _line(["**nvidia-\\***", "–", *cells, "no, use the template's"])


def _where(remark: Remark, plans: Sequence[Plan]) -> str:
    """Return ` on NAME` where a remark does not hold on every template."""
    if len(remark.plans) == len(plans):
        return ""
    return f" on {listed(escape(plans[number].template.name) for number in remark.plans)}"


def _remarks(heading: str, opening: str, remarks: Sequence[Remark], plans: Sequence[Plan]) -> list[str]:
    """Return a section of sentences, nothing when there are none."""
    if not remarks:
        return []
    return [f"## {heading}", "", opening, "", *(_remark(remark, plans) for remark in remarks)]


def _remark(remark: Remark, plans: Sequence[Plan]) -> str:
    """Return the line of a sentence."""
    return f"- **{escape(remark.name)}**{_where(remark, plans)}: {escape(remark.text)}"


def _drift(plans: Sequence[Plan]) -> list[str]:
    """Return how versions differ from the local ones: direct needs in sight, the rest behind a line to open."""
    drifts, first = view.drifts(plans), view.prominent(plans)
    if not drifts:
        return []
    lines = ["## Drift from the local environment", ""]
    lines += ["Versions that differ from what the project was tested with locally:", ""]
    lines += [_remark(remark, plans) for remark in drifts if remark.name in first]
    rest = [_remark(remark, plans) for remark in drifts if remark.name not in first]
    if rest:
        names = {remark.name for remark in drifts if remark.name not in first}
        summary = f"{plural(len(names), 'distribution')} that the project does not name itself"
        lines += ["", f"<details><summary>{summary}</summary>", "", *rest, "", "</details>"]
    return lines


def _sizes(plans: Sequence[Plan]) -> list[str]:
    """Return the table of counts and bytes."""
    heads = ["Template", *(action.value for action in Action), "Download"]
    lines = [_line(heads), _line(["---", *("---:" for _ in heads[1:])])]
    for plan in plans:
        counted = view.counts(plan)
        lines.append(
            _line(
                [
                    escape(plan.template.name),
                    *(str(counted[action]) for action in Action),
                    human_bytes(plan.download_bytes),
                ]
            )
        )
    return ["## Counts and sizes", "", *lines]


def _checks(plans: Sequence[Plan]) -> list[str]:
    """Return the verdicts of the checks: a line for each, a table for what is not ok."""
    lines: list[str] = []
    for plan in plans:
        for summary in view.checks(plan.findings):
            lines.append(f"- {_VERDICT[summary.worst]} {escape(plan.template.name)}: {escape(str(summary))}")
    if not lines:
        return []
    bad = [(plan, finding) for plan in plans for finding in plan.findings if finding.verdict is not Verdict.OK]
    if bad:
        lines += ["", _line(["Template", "Check", "Subject", "Verdict", "What", "Evidence", "Remedy"])]
        lines += [_line("---" for _ in range(7)), *(_finding(plan, finding) for plan, finding in bad)]
    return ["## Checks", "", *lines]


def _finding(plan: Plan, finding: Finding) -> str:
    """Return the row of a finding."""
    return _line(
        escape(text) or "–"
        for text in (
            plan.template.name,
            finding.check,
            finding.subject,
            f"{_VERDICT[finding.verdict]} {finding.verdict.value}",
            finding.message,
            str(finding.evidence),
            finding.remedy,
        )
    )


def _evidence(plans: Sequence[Plan]) -> list[str]:
    """Return reason and evidence of every decision in the table, held NVIDIA libraries left to their template."""
    shown = {
        row.name
        for row in view.rows(plans)
        if row.group not in (Group.KEPT, Group.SKIPPED) and not (row.group is Group.HELD and _merely_kept(row))
    }
    lines = []
    for remark in view.reasons(plans, lambda d: d.name in shown):
        action = remark.action.value if remark.action else ""
        known = "; ".join(escape(str(evidence)) for evidence in remark.evidence) or "none given"
        why = escape(remark.text).rstrip(".")
        lines.append(f"- **{escape(remark.name)}**{_where(remark, plans)}: {action}. {why}. Evidence: {known}.")
    needs = {need.name: need for plan in plans for need in plan.needs}
    asked = [
        f"- **{escape(name)}**{escape(need.specifier.replace(' ', ''))}: "
        + ("; ".join(escape(str(evidence)) for evidence in need.evidence) or "none given")
        + (" (optional)" if need.optional else "")
        for name, need in sorted(needs.items())
    ]
    if asked:
        asked = ["## What the project needs, and where that was seen", "", *asked, ""]
    return [*asked, "## Reasons and evidence", "", *lines] if lines else asked


def _templates(plans: Sequence[Plan]) -> list[str]:
    """Return what is known of each template, and how well."""
    lines = ["## The templates", ""]
    for plan in plans:
        template = plan.template
        platform = f"{template.platform.machine}, glibc {template.platform.glibc}"
        lines += [f"### {escape(template.name)}", ""]
        if template.title:
            lines.append(f"- {escape(template.title)}")
        if template.image:
            lines.append(f"- Image: {code(template.image)}")
        count = plural(len(template.distributions), "distribution")
        lines.append(f"- Python {template.interpreter.version}, {escape(platform)}, {count}")
        if summary := held_summary(plan):
            lines.append(f"- Held: {escape(summary)}")
            names = ", ".join(code(f"{d.name} {d.template}") for d in held_decisions(plan))
            lines.append(f"- Held distributions: {names}")
        lines.append(f"- {escape(provenance(template))}")
        lines += [f"- {escape(note)}" for note in (*template.notes, *plan.notes)]
        if plan.created:
            lines.append(f"- Solved {escape(plan.created)}")
        lines.append("")
    return lines
