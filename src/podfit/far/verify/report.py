"""The report for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..text import counted, one_line
from .findings import FAILED, OK, UNKNOWN, WARNING

_MARKS = {OK: "✅", WARNING: "⚠️", FAILED: "❌", UNKNOWN: "❔"}
_PLAIN = {OK: "ok     ", WARNING: "warning", FAILED: "FAILED ", UNKNOWN: "unknown"}
_RULE = "=" * 60


def render(report: Mapping[str, Any], *, plain: bool = False, details: bool = False) -> str:
    """Return the report for people: what is not good, and the verdict; with details a line per check.

    plain uses words for the marks, in ASCII.
    """
    marks = _PLAIN if plain else _MARKS
    wrong = {one["subject"] for one in report["findings"] if one["check"] == "version" and one["verdict"] != OK}
    shown = [
        one
        for one in report["findings"]
        if (details or one["verdict"] != OK)
        and not (one["check"] == "import" and one["verdict"] == OK and one["subject"] in wrong)
    ]
    width = max([20, *(len(one["subject"]) for one in shown if len(one["subject"]) < 32)])
    name = f"podfit verify: {report['project']} on {report['template']}"
    lines = ["", _RULE, name, _RULE] if details else [f"{name} (--details shows every check)"] if shown else []
    for one in shown:
        lines.append(f"{marks[one['verdict']]} {one['subject']:{width}s} {one['message']}".rstrip())
        if one["verdict"] != OK:
            lead = " " * (width + 4)
            lines += [f"{lead}{text}" for text in _more(one)]
    lines += [*([_RULE, ""] if details else []), summary(report, plain=plain)]
    text = "\n".join(lines)
    return text.encode("ascii", "replace").decode("ascii") if plain else text


def _more(one: Mapping[str, Any]) -> Iterable[str]:
    """Yield the lines below a finding that is not good: its evidence and its remedy."""
    if one["evidence"]["detail"]:
        yield f"seen: {one_line(one['evidence']['detail'])}"
    if one["remedy"]:
        yield f"fix: {one['remedy']}"


def summary(report: Mapping[str, Any], *, plain: bool = False) -> str:
    """Return the last line: how many checks failed, or that all passed."""
    marks = _PLAIN if plain else _MARKS
    count = {
        verdict: sum(one["verdict"] == verdict for one in report["findings"])
        for verdict in (OK, WARNING, FAILED, UNKNOWN)
    }
    total = counted(len(report["findings"]), "check")
    notes = [counted(count[WARNING], "warning")] if count[WARNING] else []
    notes += [f"{count[UNKNOWN]} not decided"] if count[UNKNOWN] else []
    notes.append(f"{report['seconds']:.1f} s")
    if count[FAILED]:
        return f"{marks[FAILED].strip()} {count[FAILED]} of {total} failed ({', '.join(notes)})"
    words = "All checks passed" if not count[UNKNOWN] else "No check failed"
    return f"{marks[OK].strip()} {words} ({total}, {', '.join(notes)})"


def exit_code(report: Mapping[str, Any]) -> int:
    """Return 1 when a check failed, else 0."""
    return int(not report["passed"])
