"""Run the checks of verify_env.py on a machine and read what they found."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from podfit.far import frame
from podfit.far.pack import pack
from podfit.far.protocol import VerifyFacts
from podfit.far.verify.checks import HASH_TIMEOUT
from podfit.far.verify.main import SCHEMA
from podfit.far.verify.processes import TIMEOUT
from podfit.model import Finding, InputError, Plan, Reporter, SilentReporter, Verdict, Where
from podfit.model.check import checks
from podfit.model.words import shortened
from podfit.pod.machine import Machine
from podfit.readers.processes import Completed
from podfit.writers.verify_env import verify_facts

OLDEST = (3, 8)
"""The oldest Python that runs the checks."""
_STEP = "podfit-step: "


@dataclass(frozen=True, slots=True)
class Report:
    """What came of verifying: findings in the order in which they are shown, and how long each took.

    took holds seconds per finding, in the same order, owners the distributions whose files a failure ran through, the
    nearest to its cause first. seconds is the time of the whole run over there. python is the interpreter that was
    looked at: its `version`, `executable` and `prefix`.
    """

    project: str
    template: str
    findings: tuple[Finding, ...]
    took: tuple[float, ...]
    seconds: float
    python: Mapping[str, str] = field(default_factory=dict)
    owners: tuple[tuple[str, ...], ...] = ()

    @property
    def passed(self) -> bool:
        """Whether no check failed; warnings and what could not be decided do not count."""
        return not any(finding.verdict is Verdict.FAILED for finding in self.findings)


def verify(
    machine: Machine,
    plan: Plan,
    *,
    python: str | None = None,
    timeout: float = TIMEOUT,
    deep: bool = False,
    require_gpu: bool = False,
    reporter: Reporter | None = None,
) -> tuple[Finding, ...]:
    """Return the findings of `examine`."""
    return examine(
        machine, plan, python=python, timeout=timeout, deep=deep, require_gpu=require_gpu, reporter=reporter
    ).findings


def verifier(machine: Machine, python: str, plan: Plan, reporter: Reporter) -> tuple[Finding, ...]:
    """Verify as `podfit apply` wants it done: python is the path of the finished environment's interpreter."""
    return verify(machine, plan, python=python, reporter=reporter)


def examine(
    machine: Machine,
    plan: Plan,
    *,
    python: str | None = None,
    timeout: float = TIMEOUT,
    deep: bool = False,
    require_gpu: bool = False,
    reporter: Reporter | None = None,
    facts: VerifyFacts | None = None,
) -> Report:
    """Check the environment of python (a path on machine; default: the machine's own) against plan.

    The script travels through standard input; only temporary files are written there. timeout is in seconds and for
    one check. deep hashes the large files of held distributions too; require_gpu makes a missing GPU a failure. facts
    are what the checks are told, where that is not what the plan says (`verify_facts`). Raises InputError when the
    machine cannot be reached, has no such Python, or answers with something else than a report.
    """
    reporter = reporter or SilentReporter()
    python = python or machine.python
    where = Where(machine.label.replace(machine.python, python))
    reporter.step(f"verifying {where}")
    word = frame.nonce()
    argv = [python, "-B", "-", "--frame", word, "--progress", "--timeout", str(timeout)]
    argv += ["--deep"] if deep else []
    argv += ["--require-gpu"] if require_gpu else []

    def heard(line: str) -> None:
        """Pass on what is being checked."""
        if line.startswith(_STEP):
            reporter.step(f"checking {line[len(_STEP) :]}")

    facts = facts or verify_facts(plan)
    script = pack("verify", facts).encode("utf-8")
    done = machine.run(argv, stdin=script, timeout=_limit(facts, timeout), on_line=heard)
    data = frame.answer(done.stdout, word) if done.returncode in (0, 1) else None
    if data is None or data.get("schema") != SCHEMA:
        raise _failure(machine, python, done, where)
    _known(data.get("findings"), where)
    try:
        report = Report(
            project=str(data["project"]),
            template=str(data["template"]),
            findings=tuple(msgspec.convert(entry, Finding) for entry in data["findings"]),
            took=tuple(float(entry.get("seconds", 0.0)) for entry in data["findings"]),
            seconds=float(data["seconds"]),
            python={str(key): str(value) for key, value in data["python"].items()},
            owners=tuple(tuple(map(str, entry.get("owners", ()))) for entry in data["findings"]),
        )
    except (AttributeError, KeyError, TypeError, ValueError, msgspec.ValidationError):
        raise InputError("the answer of the checks is no report: something else answered", where=where) from None
    if missing := _missing(report.findings, facts):
        text = f"the answer of the checks says nothing about {shortened(missing)}: it is not the whole report"
        raise InputError(text, where=where, remedy="run verify_env.py there to see what it says")
    return report


def _missing(findings: Sequence[Finding], facts: VerifyFacts) -> list[str]:
    """Return what was asked to be checked and no finding is about: a verification passes on the full set alone."""
    told = {(finding.check, finding.subject) for finding in findings}
    made = {check for check, _ in told}
    missing = [check for check in ("python", "version", "metadata") if check not in made]
    needs = [need["name"] for need in facts["needs"]]
    missing += [name for name in needs if not told & {("import", name), ("version", name)}]
    if facts["held"] and "template" not in made:
        missing += [name for name in sorted(facts["held"]) if ("version", name) not in told]
    return missing


def _known(entries: Any, where: Where) -> None:
    """Raise InputError when the answer speaks of a check that this podfit does not have."""
    names = [entry.get("check") for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    known = {check.name for check in checks()}
    for name in names:
        if isinstance(name, str) and name not in known:
            raise InputError(
                f"the answer is about a check that this podfit does not know, {name[:40]!a}",
                where=where,
                remedy="verify with the podfit that made the script",
            )


def _limit(facts: VerifyFacts, timeout: float) -> float:
    """Return a bound in seconds for the whole run, should every single check need all of its time."""
    return 60.0 + timeout * (len(facts["needs"]) + 16) + HASH_TIMEOUT * (1 + len(facts["held"]))


def _failure(machine: Machine, python: str, done: Completed, where: Where) -> InputError:
    """Return the error for a run without a report: no such Python, one that is too old, or what it said last."""
    give = "give the interpreter's path with --python"
    if done.returncode in (126, 127):
        problem = "there is no such Python interpreter" if done.returncode == 127 else "that is no Python interpreter"
        return InputError(problem, where=where, remedy=give)
    if done.timed_out:
        return InputError("the checks did not end", where=where, remedy="run verify_env.py there to see where it waits")
    ask = "import sys; sys.stdout.write('%d.%d' % sys.version_info[:2])"
    answer = machine.run([python, "-B", "-c", ask], timeout=30.0).stdout.decode("ascii", "replace")
    found = re.search(r"(\d+)\.(\d+)\s*$", answer)
    if found is None:
        return InputError("that is no working Python interpreter", where=where, remedy=give)
    if (int(found[1]), int(found[2])) < OLDEST:
        return InputError(f"Python {found[0].strip()} is too old: the checks need 3.8 or newer", where=where)
    words = [line for line in done.stderr.decode("utf-8", "replace").splitlines() if not line.startswith(_STEP)]
    said = next((line.strip() for line in reversed(words) if line.strip()), f"exit status {done.returncode}")
    return InputError(f"the checks did not run: {said.replace('error: ', '', 1)}", where=where)
