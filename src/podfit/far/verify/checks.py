"""The checks of every machine: each yields findings."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from ..protocol import VerifyFinding, VerifyNeed
from ..text import canonical, counted
from ..tree.files import HERE
from ..tree.torch import numpy_headers
from .environment import Environment
from .explain import explain, last_line, old_numpy, tells_of_old_numpy, trouble
from .findings import FAILED, OK, UNKNOWN, WARNING, finding
from .installed import HASH_LIMIT
from .owners import files_in, owners
from .processes import Children, Outcome
from .requirements import same_version

HASH_TIMEOUT = 1800.0
"""Seconds for reading the files of one held distribution, which may be gigabytes on a network volume."""
FUNCTIONS: tuple[tuple[str, str, tuple[str, ...], dict[str, str]], ...] = (
    ("torch <-> NumPy", "torch_numpy", ("torch", "numpy"), {}),
    ("DataLoader", "dataloader", ("torch", "numpy"), {}),
    ("torchvision", "torchvision", ("torch", "torchvision"), {}),
    ("pyarrow <-> pandas", "arrow_pandas", ("pyarrow", "pandas"), {}),
    ("scikit-learn fit", "sklearn", ("scikit-learn", "numpy"), {}),
    ("xgboost on CPU", "xgboost", ("xgboost", "numpy"), {"device": "cpu"}),
    ("lightgbm on CPU", "lightgbm", ("lightgbm", "numpy"), {}),
)
"""Checks beyond importing: title, child, the distributions that must be there, arguments."""


def check_python(state: Environment) -> Iterable[VerifyFinding]:
    """Compare the interpreter's series with the plan's."""
    planned, have = state.plan["python"], state.python["version"]
    same = planned.split(".")[:2] == have.split(".")[:2]
    message = have if same else f"{have}; the plan is for {planned}"
    remedy = "" if same else "name the template's interpreter, or fit again for this one"
    yield finding("python", "Python", OK if same else FAILED, message, state.python["executable"], remedy=remedy)


def check_versions(state: Environment) -> Iterable[VerifyFinding]:
    """Compare every distribution's version with the plan's: wrong ones one by one, the right ones together."""
    right = 0
    used, held = set(state.plan["used"]), state.plan["held"]
    for name, planned in sorted(state.plan["versions"].items()):
        have = state.version(name)
        present = name in state.distributions
        if present and ("://" in planned or not planned or same_version(planned, have)):
            right += 1
            continue
        matters = name in used or name in held
        message = (
            f"{have} is installed, the plan has {planned}"
            if present
            else f"not installed, the plan has {planned or 'it'}"
        )
        remedy = "podfit apply PLAN.json installs what is planned"
        if name in held:
            remedy = "the template's own build was replaced: start from the template's image again"
        elif not matters:
            message, remedy = f"the template has changed: {message}", "fit again: podfit fit"
        source = state.distributions[name]["info"] if present else "importlib.metadata"
        yield finding("version", name, FAILED if matters else WARNING, message, source, remedy=remedy, kind="metadata")
    if right:
        total = len(state.plan["versions"])
        message = f"{right} of {counted(total, 'distribution')} have the planned version"
        yield finding("version", "versions", OK, message, "importlib.metadata", kind="metadata")
    for name in state.plan["conflicts"]:
        message = "the plan has a conflict about it: not checked"
        yield finding("version", name, UNKNOWN, message, "the plan", kind="metadata")


def check_import(state: Environment, need: VerifyNeed, children: Children) -> list[VerifyFinding]:
    """Import the modules of one need."""
    name = need["name"]
    version = state.version(name)
    source = f"import {', '.join(need['imports']) or name}"
    info = state.distributions[name]["info"]
    written = need.get("statements") or []
    outcome = children.run(
        "import", state.options.timeout, name=name, info=info, modules=need["imports"], statements=written
    )

    files = files_in(outcome)

    def told(verdict: str, message: str, detail: str = "", remedy: str = "") -> list[VerifyFinding]:
        """Return the finding; a failure tells whose files it ran through."""
        whose = owners(files, state.distributions, name) if verdict == FAILED and outcome.how != "hang" else []
        more = {"detail": detail, "remedy": remedy, "seconds": outcome.seconds, "owners": whose}
        return [finding("import", name, verdict, f"{version}{message}", source, **more)]  # type: ignore[arg-type]

    if outcome.how != "done":
        text, detail, remedy = trouble(outcome, state)
        return told(FAILED, f": the import fails: {text}", detail, remedy)
    imported, failed = outcome.result["imported"], outcome.result["failed"]
    source = f"import {', '.join(imported) or name}"
    if failed and not (outcome.result["derived"] and imported):
        where, files = failed[0]["where"], failed[0]["files"]
        text, remedy = explain(failed[0], outcome.log, state)
        source = f"{where}: import {failed[0]['module']}" if where else f"import {failed[0]['module']}"
        return told(FAILED, f": import {failed[0]['module']} fails: {text}", failed[0]["place"], remedy)
    if tells_of_old_numpy(outcome.log, state):
        text, remedy = old_numpy("", outcome.log, state)
        return told(WARNING, f": imports with a warning: {text}", last_line(outcome.log), remedy)
    if not imported:
        return told(OK, " (it has nothing to import)")
    others = [module for module in imported if canonical(module) != name]
    return told(OK, f" (import {', '.join(others)})" if others else "")


def check_function(
    state: Environment, title: str, child: str, arguments: Mapping[str, Any], children: Children
) -> list[VerifyFinding]:
    """Run one check that does more than import."""
    outcome = children.run(child, state.options.timeout, **arguments)
    source = f"podfit verify: {title}"
    if outcome.how == "done":
        if outcome.result.get("skip"):
            return []
        return [finding("function", title, OK, outcome.result["message"], source, seconds=outcome.seconds)]
    text, detail, remedy = trouble(outcome, state)
    if child in ("torch_numpy", "dataloader") and "C-ABI" in text:
        detail = torch_numpy_abi(state) or detail
    whose = owners(files_in(outcome), state.distributions)
    more = {"detail": detail, "remedy": remedy, "seconds": outcome.seconds, "owners": whose}
    return [finding("function", title, FAILED, text, source, **more)]  # type: ignore[arg-type]


def torch_numpy_abi(state: Environment) -> str:
    """Return which NumPy headers torch was built with, read from its library; empty when the bytes do not tell."""
    folder = Path(state.distributions["torch"]["info"]).parent / "torch"
    with contextlib.suppress(OSError, ValueError):
        name = numpy_headers(HERE, str(folder))
        return f"libtorch_python.so looks for {name}" if name else ""
    return ""


def check_held(state: Environment, children: Children, pool: ThreadPoolExecutor) -> Iterable[VerifyFinding]:
    """Compare the files of held distributions with their RECORDs: wrong ones one by one, the right ones together."""
    deep = state.options.deep
    present = [name for name in sorted(state.plan["held"]) if name in state.distributions]
    seconds = max(HASH_TIMEOUT, state.options.timeout)

    def look(name: str) -> Outcome:
        """Run the child for one distribution."""
        info = state.distributions[name]["info"]
        return children.run("held", seconds, name=name, info=info, record=state.plan["held"][name], deep=deep)

    right, files, hashed, large, unknown, took = 0, 0, 0, 0, 0, 0.0
    for name, outcome in [(name, pool.submit(look, name)) for name in present]:
        one = outcome.result()
        took += one.seconds
        subject = f"{name} {state.version(name)}"
        source = f"{state.distributions[name]['info']}/RECORD"
        again = "start from the template's image again"
        if one.how != "done":
            text, detail, _ = trouble(one, state)
            yield finding("template", subject, FAILED, f"its files cannot be read: {text}", source, detail=detail)
            continue
        result = one.result
        if result["wrong"]:
            path, what = result["wrong"][0]
            more = len(result["wrong"]) - 1
            message = f"changed since it was installed: {path} {what}" + (f", and {more} more" if more else "")
            listed = "; ".join(f"{path} {what}" for path, what in result["wrong"][:10])
            yield finding("template", subject, FAILED, message, source, detail=listed, remedy=again)
        if result["record"] == "different":
            message = "its RECORD is not the template's: it was installed again or edited"
            yield finding("template", subject, FAILED, message, source, remedy=again)
        if result["record"] == "absent":
            message = "it has no RECORD of its files: nothing to compare"
            yield finding("template", subject, UNKNOWN, message, source)
        elif not result["wrong"] and result["record"] != "different":
            right, files, hashed = right + 1, files + result["files"], hashed + result["hashed"]
            large, unknown = large + len(result["large"]), unknown + (result["record"] == "unknown")
    if right:
        message = f"{counted(right, 'held distribution')} unchanged: {counted(files, 'file')}, SHA-256 of {hashed:,}"
        if large:
            message += f"; {large:,} over {HASH_LIMIT >> 20} MiB by size only (--deep reads them)"
        if unknown:
            message += f"; the template's own RECORD is not known for {unknown}"
        yield finding("template", "template", OK, message, "RECORD of each", seconds=took)


def check_metadata(state: Environment, children: Children) -> Iterable[VerifyFinding]:
    """Judge every requirement of every installed distribution; what the template breaks already is a warning."""
    extras = {need["name"]: need["extras"] for need in state.plan["needs"] if need["extras"]}
    outcome = children.run("metadata", state.options.timeout, distributions=state.distributions, extras=extras)
    total = counted(len(state.distributions), "distribution")
    if outcome.how != "done":
        message = f"the requirements of {total} could not be judged: {trouble(outcome, state)[0]}"
        yield finding("metadata", "metadata", FAILED, message, "Requires-Dist", kind="metadata")
        return
    known = {tuple(entry) for entry in state.plan["known"]}
    result = outcome.result
    failed = 0
    for broken in result["broken"]:
        name, version = broken["name"], state.version(broken["name"])
        there = f"{broken['target']} is {broken['present']}" if broken["present"] else f"{broken['target']} is missing"
        old = (name, version, broken["target"]) in known
        failed += not old
        message = f"{version} requires {broken['requirement']}, and {there}"
        if old:
            message = f"in the template as it is: {message}"
        remedy = "podfit leaves it so" if old else "podfit apply PLAN.json installs what is planned"
        source = state.distributions[name]["info"]
        yield finding("metadata", name, WARNING if old else FAILED, message, source, remedy=remedy, kind="metadata")
    if not failed:
        message = f"{counted(result['judged'], 'requirement')} of {total} judged" + (
            ": no other is broken" if result["broken"] else ": all hold"
        )
        source = "Requires-Dist and Requires-Python of each"
        yield finding("metadata", "metadata", OK, message, source, kind="metadata", seconds=outcome.seconds)
