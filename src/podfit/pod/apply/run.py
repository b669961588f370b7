"""Apply a plan: look, check, let the agent act, verify, decide."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from types import FrameType
from typing import Any, NoReturn, cast

from podfit.far.protocol import Order
from podfit.model import Disk, Finding, InputError, Plan, PodfitError, Reporter, SilentReporter, Verdict, Where
from podfit.model.words import shortened
from podfit.pod.apply.agent import Agent, Running, provide_uv
from podfit.pod.apply.checks import check
from podfit.pod.apply.credentials import with_credentials
from podfit.pod.apply.members import carry, luggage
from podfit.pod.apply.order import with_members, work_order
from podfit.pod.apply.outcome import Applied, ApplyError, Options, StoppedError, Verifier
from podfit.pod.machine import Machine

_ROLLBACK_SECONDS = 900.0
_LAST_WORDS_SECONDS = 10.0
"""How long an agent that cannot be told anything has to say that it has ended."""
_GATE_SECONDS = 600.0
"""How long the agent waits for the checks: longer than the probe's own limit."""


def apply(
    machine: Machine,
    plan: Plan,
    options: Options | None = None,
    *,
    reporter: Reporter | None = None,
    verifier: Verifier | None = None,
) -> Applied:
    """Make plan true for machine's Python: in an overlay environment, or in place.

    Whatever an earlier apply left unfinished is put back first. verifier decides before the change becomes final.
    Raises ApplyError when checks, installation or verification fail, StoppedError for INT, TERM and HUP, each with the
    environment as it was; InputError when the machine cannot be reached or the plan cannot be used.
    """
    options = options or Options()
    reporter = reporter or SilentReporter()
    started = time.monotonic()
    mode = "in-place" if options.in_place else "overlay"
    problems = plan.problems()
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        text = f"the plan has conflicts or failed checks: {problems[0]}{more}"
        raise ApplyError(text, remedy="see the matrix: podfit matrix")
    carried = carry(plan, options.project)
    for each in carried:
        if each.left:
            reporter.warn(f"{each.member.name}: too large to be code, left out: {shortened(each.left, 3)}")
    agent = Agent(machine)
    order = _with(
        with_members(work_order(plan), carried), mode=mode, overlay=options.overlay, installer=options.installer
    )
    order = _with(order, wheelhouse=list(options.find_links), no_index=options.no_index)
    look = options.installer != "pip" and not agent.local
    status = agent.ask(_with(order, action="status", look_for_uv=look))
    _raise_refusal(status)
    if status["settled"]:
        return _unchanged(mode, status, started)
    if status["busy"]:
        text = f"another podfit apply (process {status['busy']}) works on this environment"
        raise ApplyError(text, remedy="wait until it is done", where=Where(machine.label))
    if options.in_place and plan.changes:
        names = shortened([f"{each.name} {each.before} by {each.after}" for each in plan.changes], 6)
        reporter.warn(f"the template's own are replaced: {names}; an overlay (the default) leaves them as they are")
    recovered = False
    if status["unfinished"]:
        recovered = recover(machine, plan, options, reporter=reporter).outcome == "recovered"
        reporter.warn("an earlier apply was interrupted; the environment was put back as it was before it")
    findings: tuple[Finding, ...] | None = None
    if options.dry_run or _place_is_open(status, options):
        findings, disks = _look(machine, plan, options, reporter)
        if _place_is_open(status, options):
            home = str(status["home"])
            place = _persistent(disks, home) + str(status["environment"])[len(_default(home)) :]
            if place != status["environment"]:
                order["overlay"] = place
                again = agent.ask(_with(order, action="status"))
                if again["settled"]:
                    return _unchanged(mode, again, started)
                status = {**again, "uv": status["uv"]}
    seconds = {"look": time.monotonic() - started}
    if options.dry_run:
        return Applied(
            "dry-run",
            mode,
            status["environment"],
            status["python"],
            (*order["packages"], *(each.member.name for each in carried)),
            (),
            findings or (),
        )
    uv = "" if options.installer == "pip" else provide_uv(agent, status, reporter)
    order = _with(
        order,
        action="apply",
        uv=uv,
        verify=verifier is not None,
        break_system_packages=options.break_system_packages,
        install_seconds=options.install_seconds,
        verify_seconds=options.verify_seconds,
        gate=0 if findings is not None else _GATE_SECONDS,
    )
    checks = None if findings is not None else (lambda: _look(machine, plan, options, reporter)[0])
    only = {"archives": luggage(carried, reporter), "indexes": with_credentials(options.index_urls)}
    answer, checked, verified = _carry_out(agent, order, only, plan, reporter, checks, verifier)
    seconds.update(answer["seconds"])
    _tell_kept(answer, reporter)
    seconds["total"] = time.monotonic() - started
    return Applied(
        "applied",
        mode,
        answer["environment"],
        answer["python"],
        tuple(answer["installed"]),
        tuple(answer["replaced"]),
        (*(findings or ()), *checked, *verified),
        seconds,
        recovered or bool(answer.get("recovered")),
    )


def recover(
    machine: Machine, plan: Plan | None = None, options: Options | None = None, *, reporter: Reporter | None = None
) -> Applied:
    """Put back whatever an interrupted apply left on machine for this interpreter: in place, and of overlays.

    Files that somebody else made or changed in between are left alone and named to reporter. Raises ApplyError while
    another apply is at work.
    """
    options = options or Options()
    reporter = reporter or SilentReporter()
    order: Order = work_order(plan) if plan is not None else {}
    answer = Agent(machine).ask(_with(order, action="recover", overlay=options.overlay), timeout=_ROLLBACK_SECONDS)
    _raise_refusal(answer)
    _tell_differences(answer.get("differs", []), reporter)
    where = ", ".join(answer["environments"])
    return Applied(answer["outcome"], "recover", where, machine.python, recovered=answer["outcome"] == "recovered")


def _with(order: Order, **more: Any) -> Order:
    """Return an order that says more."""
    return cast(Order, {**order, **more})


def _unchanged(mode: str, status: dict[str, Any], started: float) -> Applied:
    """Return the result for a plan that is true already."""
    seconds = {"total": time.monotonic() - started}
    return Applied("unchanged", mode, status["environment"], status["python"], seconds=seconds)


def _place_is_open(status: dict[str, Any], options: Options) -> bool:
    """Tell whether the overlay's place still depends on the volumes that the machine has."""
    known = options.in_place or bool(options.overlay)
    return not known and str(status["environment"]).startswith(_default(str(status["home"])))


def _default(home: str) -> str:
    """Return the directory for overlays under a home directory."""
    return f"{home}/.local/share/podfit/overlays/"


def _look(
    machine: Machine, plan: Plan, options: Options, reporter: Reporter
) -> tuple[tuple[Finding, ...], Sequence[Disk]]:
    """Probe the machine and check the plan against it; return the findings and the machine's disks.

    Raises ApplyError when a finding forbids to go on.
    """
    from podfit.model.manifest import template_from_manifest
    from podfit.pod.probe import probe

    reality = template_from_manifest(probe(machine, reporter=reporter), where=machine.label)
    findings = check(plan, reality, unasked=options.in_place and not options.break_system_packages)
    failed = [finding for finding in findings if finding.verdict is Verdict.FAILED]
    if failed:
        more = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
        raise ApplyError(
            failed[0].message + more, where=Where(machine.label), remedy=failed[0].remedy, findings=findings
        )
    for finding in findings:
        if finding.verdict is Verdict.WARNING:
            reporter.warn(finding.message)
    return tuple(findings), reality.facts.disks or ()


def _persistent(disks: Sequence[Disk], home: str) -> str:
    """Return the directory for overlays: on the volume that outlives the container, else under the home directory."""
    mounts = [disk.mount for disk in disks if disk.persistent is True]
    mounts = [mount for mount in mounts if mount != "/" and not f"{home}/".startswith(f"{mount.rstrip('/')}/")]
    if mounts:
        roomy = max(mounts, key=lambda mount: next(d.free_bytes for d in disks if d.mount == mount))
        return f"{roomy}/podfit/overlays/"
    return _default(home)


def _carry_out(
    agent: Agent,
    order: Order,
    only: dict[str, Any],
    plan: Plan,
    reporter: Reporter,
    look: Callable[[], tuple[Finding, ...]] | None,
    verifier: Verifier | None,
) -> tuple[dict[str, Any], tuple[Finding, ...], tuple[Finding, ...]]:
    """Let the agent act, verify in between; return its answer and the findings of look and verifier.

    only is what this order alone says, none before and after: archives and credentials. look, the checks before, runs
    while the agent fetches and unpacks aside; the environment is not touched until it has returned.
    """
    control = ""
    checked: tuple[Finding, ...] = ()
    verified: tuple[Finding, ...] = ()
    timeout = float(order["install_seconds"]) + float(order["verify_seconds"]) + _ROLLBACK_SECONDS
    with _signals(reporter):
        running = agent.start(_with(order, **only), timeout=timeout)
        try:
            if look is not None:
                checked = look()
            ended: dict[str, Any] | None = None
            while True:
                event = ended or running.next(0.2)
                if event is None:
                    continue
                if event["event"] == "end":
                    break
                if event["event"] == "control":
                    control = str(event["path"])
                    if look is not None:
                        ended = _tell(agent, running, b"go", control)
                elif event["event"] == "step":
                    reporter.step(str(event["text"]))
                elif event["event"] == "differs":
                    _tell_differences(event["paths"], reporter)
                elif event["event"] == "ready" and verifier is not None:
                    reporter.step("verifying")
                    verified = tuple(verifier(agent.machine, str(event["python"]), plan, reporter))
                    bad = [finding for finding in verified if finding.verdict is Verdict.FAILED]
                    ended = _tell(agent, running, b"rollback" if bad else b"commit", control)
        except BaseException as error:
            answer = _call_off(agent, order, running, control, reporter)
            if isinstance(error, StoppedError) and answer.get("outcome") == "applied":
                text = f"{error.message}, too late: the plan was applied to {answer['environment']}"
                raise StoppedError(error.number, text) from None
            if isinstance(error, InputError):  # the machine fell silent after the call had proved good
                text = f"{error.message}; everything was put back"
                raise ApplyError(text, where=error.where, remedy=error.remedy) from None
            raise
    if "error" in event:
        _after_death(agent, order, event["error"], reporter)
    answer = event["answer"]
    if answer["outcome"] != "applied" and control:
        # What podfit said may have been written after the agent had gone, and lies there now.
        _tidy(agent, order, reporter)
    bad = [finding for finding in verified if finding.verdict is Verdict.FAILED]
    if answer["outcome"] != "applied" and bad:
        more = f" (and {len(bad) - 1} more)" if len(bad) > 1 else ""
        raise ApplyError(
            f"verification failed, so everything was put back: {bad[0].subject}: {bad[0].message}{more}",
            where=Where(agent.machine.label),
            remedy=bad[0].remedy,
            findings=verified,
        )
    _raise_refusal(answer, where=Where(agent.machine.label))
    return answer, checked, verified


def _tell(agent: Agent, running: Running, word: bytes, control: str) -> dict[str, Any] | None:
    """Write a word for the agent. An agent that ended before takes its place for words along: return its end then.

    Raises InputError when the word cannot be written and the agent has not ended either.
    """
    try:
        agent.machine.put(word, control)
    except InputError:
        deadline = time.monotonic() + _LAST_WORDS_SECONDS
        while time.monotonic() < deadline:
            event = running.next(0.2)
            if event is not None and event["event"] == "end":
                return event
        raise
    return None


def _call_off(agent: Agent, order: Order, running: Running, control: str, reporter: Reporter) -> dict[str, Any]:
    """Have the agent put everything back, wait for that, and return its answer, empty when there is none."""
    reporter.step("putting everything back")
    end = time.monotonic() + _ROLLBACK_SECONDS
    asked = False
    while time.monotonic() < end:
        if control and not asked:
            asked = True
            # Where the connection is gone, the agent notices that by itself.
            with contextlib.suppress(PodfitError):
                agent.machine.put(b"rollback", control)
        event = running.next(0.2)
        if event is not None and event["event"] == "control":
            control = str(event["path"])
        elif event is not None and event["event"] == "differs":
            _tell_differences(event["paths"], reporter)
        elif event is not None and event["event"] == "end":
            answer = dict(event.get("answer") or {})
            if answer.get("outcome") != "applied":
                _tidy(agent, order, reporter)
            return answer
    reporter.warn("the agent does not answer; when it is gone, run podfit apply --recover")
    return {}


def _tidy(agent: Agent, order: Order, reporter: Reporter) -> None:
    """Recover once more: an agent that died put nothing back, and one that ended left what came after its end."""
    try:
        answer = agent.ask(_with(order, action="recover"), timeout=_ROLLBACK_SECONDS)
        _raise_refusal(answer)
        _tell_differences(answer.get("differs", []), reporter)
    except PodfitError as error:
        reporter.warn(f"run podfit apply --recover: {error}")


def _after_death(agent: Agent, order: Order, error: BaseException, reporter: Reporter) -> NoReturn:
    """Recover after the agent died (the kernel's OOM killer, somebody's kill -9), then raise what happened."""
    try:
        answer = agent.ask(_with(order, action="recover"), timeout=_ROLLBACK_SECONDS)
        _raise_refusal(answer)
        _tell_differences(answer.get("differs", []), reporter)
    except PodfitError as second:
        raise ApplyError(
            f"{error}, and the environment could not be put back: {second}", remedy="run podfit apply --recover"
        ) from None
    if isinstance(error, PodfitError):
        raise ApplyError(f"{error.message}; everything was put back", where=error.where) from None
    raise error


def _raise_refusal(answer: dict[str, Any], where: Where | None = None) -> None:
    """Raise ApplyError for an answer that says that it was not done."""
    if answer["outcome"] == "rolled-back":
        raise ApplyError(f"everything was put back: {answer['message']}", where=where)
    if answer["outcome"] == "refused":
        raise ApplyError(answer["message"], remedy=answer.get("remedy", ""), where=where)


def _tell_kept(answer: dict[str, Any], reporter: Reporter) -> None:
    """Tell what runs at each start from now on, and that an overlay was kept aside for what somebody put into it."""
    if answer.get("starting"):
        names = shortened([str(name) for name in answer["starting"]], 8)
        reporter.warn(f"every Python of this environment runs from now on, when it starts: {names}")
    if answer.get("kept"):
        others = shortened([str(name) for name in answer.get("others", [])], 8)
        reporter.warn(
            f"the overlay held what podfit did not put there ({others}): all of the earlier one is kept in "
            f"{answer['kept']}; take over what you need, then remove it"
        )


def _tell_differences(sentences: Sequence[str], reporter: Reporter) -> None:
    """Name what differs from before for reasons that podfit has not."""
    for sentence in sentences[:20]:
        reporter.warn(f"not podfit's doing, left alone: {sentence}")
    if len(sentences) > 20:
        reporter.warn(f"and {len(sentences) - 20} more such files")


@contextlib.contextmanager
def _signals(reporter: Reporter) -> Iterator[None]:
    """Raise StoppedError, once, for INT, TERM and HUP while the work goes on; only the main thread can."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    seen: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        """Stop the work at the first signal; the way back is not interrupted by a second."""
        seen.append(number)
        if len(seen) == 1:
            raise StoppedError(number)
        reporter.warn("everything is being put back, please wait")

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


__all__ = ["Applied", "ApplyError", "InputError", "Options", "StoppedError", "Verifier", "apply", "recover"]
