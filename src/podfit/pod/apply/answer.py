"""What `podfit apply` answers: what was done, as a few lines, as data."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

import msgspec

from podfit.model import PodfitError
from podfit.pod.apply.loaded import in_notebook, restart
from podfit.pod.apply.run import Applied, ApplyError
from podfit.report.answer import Answer, Judged
from podfit.report.model import Literal, Report, section

SCHEMA = "podfit.apply/1"


def answer(done: Applied, ssh: str = "") -> Answer:
    """Return the answer about what was applied; ssh is the machine's address, empty for this one."""
    lines = tuple(_lines(done, ssh))
    return Answer(
        "podfit apply",
        lambda _details: Report((), section("", Literal(lines))),
        lambda: Report((), section("", Literal(lines))),
        lambda: {"schema": SCHEMA, **msgspec.to_builtins(done)},
        lambda: tuple(Judged(done.environment, finding) for finding in done.findings),
        done.seconds.get("total", 0.0),
    )


def failure(error: PodfitError) -> Answer:
    """Return the answer about what could not be applied, for programs."""
    outcome = "failed" if error.exit_code == 1 else "interrupted" if error.exit_code > 128 else "error"
    found = error.findings if isinstance(error, ApplyError) else ()
    shown = Report((), section("", Literal((f"{outcome}: {error}",))))
    return Answer(
        "podfit apply",
        lambda _details: shown,
        lambda: shown,
        lambda: {
            "schema": SCHEMA,
            "outcome": outcome,
            "message": str(error),
            "findings": msgspec.to_builtins(tuple(found)),
        },
        lambda: tuple(Judged(outcome, finding) for finding in found),
    )


def _lines(done: Applied, ssh: str) -> Iterator[str]:
    """Yield the result for people."""
    if done.outcome == "clean":
        yield "nothing to recover"
        return
    if done.outcome == "recovered":
        yield f"put back as it was: {done.environment}"
        return
    count = len(done.installed)
    total = done.seconds.get("total", 0.0)
    if done.outcome == "unchanged":
        yield f"nothing to do: {done.environment} is as planned ({total:.2f} s)"
    elif done.outcome == "dry-run":
        yield f"would install {count} packages into {done.environment}: {', '.join(done.installed) or 'none'}"
    else:
        yield f"applied: {count} packages in {done.environment} ({total:.1f} s)"
        yield from (f"  replaced {name}" for name in done.replaced)
        told = restart(done.replaced, notebook=not ssh and in_notebook()) if done.mode == "in-place" else ""
        yield from ([told] if told else [])
    if done.mode == "overlay" and done.outcome != "dry-run":
        there = f"on {ssh}: " if ssh else ""
        yield f"activate it: {there}source {shlex.quote(done.environment + '/bin/activate')}"
        yield f"or run:      {there}{shlex.quote(done.python)} ..."
