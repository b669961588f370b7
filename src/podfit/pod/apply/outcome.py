"""How to apply, how it ended, and the errors that say why it did not."""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from podfit.model import Finding, Plan, PodfitError, Reporter, Where
from podfit.pod.machine import Machine

Verifier = Callable[[Machine, str, Plan, Reporter], Sequence[Finding]]
"""Looks at the finished environment: machine, path of the environment's python there, plan, reporter."""


class ApplyError(PodfitError):
    """The plan could not be made true; the environment is as it was. Exit code 1.

    findings are the checks or verifications that forbade it.
    """

    exit_code = 1

    def __init__(
        self, message: str, *, where: Where | None = None, remedy: str = "", findings: Sequence[Finding] = ()
    ) -> None:
        super().__init__(message, where=where, remedy=remedy)
        self.findings = tuple(findings)


class StoppedError(PodfitError):
    """A signal stopped the work; the environment is as it was. The exit code is 128 plus the signal's number."""

    def __init__(self, number: int, message: str = "") -> None:
        name = signal.Signals(number).name
        super().__init__(message or f"stopped by {name}")
        self.number = number
        self.exit_code = 128 + number


@dataclass(frozen=True, slots=True)
class Options:
    """How to apply.

    overlay is a directory on the machine, empty for the default place. project is the project's directory here, for a
    plan with members; empty for the one that the plan was made from. index_urls are addresses of indexes whose
    credentials count for the plan's files on their hosts; find_links are directories on the machine whose files are
    taken before any index is asked, and with no_index nothing else is. installer is `auto`, `uv` or `pip`.
    install_seconds and verify_seconds bound the two long parts.
    """

    in_place: bool = False
    overlay: str = ""
    project: str = ""
    index_urls: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    no_index: bool = False
    dry_run: bool = False
    break_system_packages: bool = False
    installer: str = "auto"
    install_seconds: float = 3600.0
    verify_seconds: float = 1800.0


@dataclass(frozen=True, slots=True)
class Applied:
    """How it ended.

    outcome is `applied`, `unchanged` (there was nothing to do), `dry-run`, `recovered` or `clean`. environment is the
    directory of the environment, python its interpreter. installed and replaced name distributions, the latter with
    the version that went. seconds tells how long each part took.
    """

    outcome: str
    mode: str
    environment: str
    python: str
    installed: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    seconds: dict[str, float] = field(default_factory=dict)
    recovered: bool = False
