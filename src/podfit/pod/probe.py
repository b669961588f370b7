"""Probe a machine: run the one-file probe there and check that what comes back is a template."""

from __future__ import annotations

import re
from typing import Any

from podfit.far import frame
from podfit.far.pack import pack
from podfit.model import InputError, Reporter, SilentReporter, Where
from podfit.model.manifest import SCHEMA, template_from_manifest
from podfit.model.valid import readable_data
from podfit.pod.machine import Runner
from podfit.readers.environment.interpreter import warnings_of
from podfit.readers.processes import Completed

OLDEST = (3, 8)
"""The oldest Python that runs the probe."""


def probe_script() -> bytes:
    """Return the source of the probe: one file, standard library only."""
    return pack("probe").encode("utf-8")


def probe(
    machine: Runner, *, quick: bool = False, reporter: Reporter | None = None, timeout: float = 300.0
) -> dict[str, Any]:
    """Return the manifest (docs/template-manifest.md) of machine's interpreter and of the machine itself.

    The script travels through standard input: nothing is written there. quick leaves out CUDA, torch's files, GPUs
    and disks. The probe's warnings go to reporter as well. Raises InputError when the machine cannot be reached, has
    no such Python, has one older than 3.8, or answers with something else than a manifest within timeout seconds.
    """
    reporter = reporter or SilentReporter()
    reporter.step(f"probing {machine.label}")
    where = Where(machine.label)
    word = frame.nonce()
    # -B: what site imports at the start (setuptools' .pth does) leaves no bytecode in the environment.
    argv = [machine.python, "-B", "-", "--frame", word, *(["--quick"] if quick else [])]
    done = machine.run(argv, stdin=probe_script(), timeout=timeout)
    if done.timed_out:
        raise InputError(f"the probe did not end within {timeout:.0f} seconds", where=where, remedy="try --quick")
    if done.returncode != 0:
        raise _failure(machine, done)
    manifest = _readable(frame.answer(done.stdout, word), where)
    if manifest is None or manifest.get("schema") != SCHEMA or not isinstance(manifest.get("evidence"), dict):
        raise InputError("the probe's answer is no manifest: it was cut off, or something else answered", where=where)
    manifest["evidence"] = {**manifest["evidence"], "source": f"podfit probe of {machine.label}"}
    template_from_manifest(manifest, where=machine.label)
    for warning in warnings_of(manifest):
        reporter.warn(warning)
    return manifest


def _readable(answer: dict[str, Any] | None, where: Where) -> dict[str, Any] | None:
    """Return the answer with all of its text readable. Raises InputError when it is nested without end."""
    try:
        found: dict[str, Any] | None = readable_data(answer)
    except ValueError as error:
        raise InputError(f"the probe's answer is no manifest: {error}", where=where) from None
    return found


def _failure(machine: Runner, done: Completed) -> InputError:
    """Return the error for a probe that failed: no such Python, one that is too old, or what it said last."""
    where = Where(machine.label)
    if done.returncode in (126, 127):
        problem = "there is no such Python interpreter" if done.returncode == 127 else "that is no Python interpreter"
        return InputError(problem, where=where, remedy="give the interpreter's path with --python")
    ask = "import sys; sys.stdout.write('%d.%d' % sys.version_info[:2])"
    answer = machine.run([machine.python, "-B", "-c", ask], timeout=30.0).stdout.decode("ascii", "replace")
    match = re.fullmatch(r"(\d+)\.(\d+)", answer.strip().splitlines()[-1] if answer.strip() else "")
    if not match:
        return InputError("that is no Python interpreter", where=where, remedy="give its path with --python")
    if (int(match[1]), int(match[2])) < OLDEST:
        return InputError(f"Python {match[0]} is too old for the probe, which needs 3.8 or newer", where=where)
    return InputError(f"the probe failed: {done.last_words or f'exit status {done.returncode}'}", where=where)
