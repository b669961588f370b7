"""`podfit prove`: does the plan run? On a stand-in of the template, on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from podfit.cli.answers import format_option, show, tell
from podfit.cli.fitting import FittingCommand, fit_options, fitted
from podfit.cli.reporter import TerminalReporter


@click.command("prove", cls=FittingCommand)
@fit_options
@click.option(
    "--out", "-o", metavar="DIR", type=click.Path(path_type=Path), help="Write the files of the plan that runs."
)
@click.option(
    "--timeout",
    type=click.FloatRange(0.0, 1e6, min_open=True),
    default=180.0,
    show_default=True,
    metavar="S",
    help="Seconds for one check.",
)
@format_option(judged=True)
def prove_command(out: Path | None, timeout: float, shape: str, **given: Any) -> int:
    """Run the plan of PROJECT on a stand-in of the template, here, and learn from what fails.

    The stand-in has the template's distributions from the index, torch's CUDA build on the CPU; what could not be
    had is said. It is made once per template and kept in podfit's cache (gigabytes: podfit cache). The plan goes over
    it as an overlay; what the project imports is imported as it is written there, each need in a process of its own,
    and the functional checks of podfit verify are run. A failure is put down to the distribution that it lies in, an
    older release is planned, and so on until all runs or nothing is left.

    This installs packages and runs their code, which podfit fit never does: in an environment, a home and a directory
    for temporary files of its own, without the variables of this session, but as your user and with your network. The
    project's own modules are not run. Python of the template's series has to be on this machine.

    Exit code 0: it runs, 1: it does not, or there is no plan, 2: a bad call or input.

    \b
    Examples:
      podfit prove . -t runpod-pytorch-2.4
      podfit prove . -t pod.json -o podfit-out          write the plan that runs
    """  # noqa: D301
    from podfit.fit.indexes import index_arguments
    from podfit.model import InputError
    from podfit.pod.prove.answer import answer
    from podfit.pod.prove.replan import of_session
    from podfit.pod.prove.run import prove
    from podfit.writers.files import refuse_others, write_files
    from podfit.writers.registry import all_files

    if len(given["templates"]) > 1:
        raise InputError(f"{len(given['templates'])} templates are named", remedy="prove one at a time")
    outcome = fitted(given)
    (first,) = outcome.results
    if first.plan is None or not first.plan.feasible:
        why = first.refusal if first.plan is None else first.plan.problems()[0]
        tell(f"error: nothing to prove: {why}")
        return 1
    plan, reading, session = first.plan, outcome.reading, outcome.session
    with TerminalReporter(verbose=given["verbose"], quiet=given["quiet"]) as reporter:
        replan, index, options = of_session(session, reading, first.template)
        proof = prove(
            plan,
            reading.project,
            replan,
            index,
            cache=session.cache,
            index_words=list(index_arguments(options)),
            timeout=timeout,
            reporter=reporter,
        )
    if out is not None and proof.ending.runs:
        files = all_files((proof.ending.plan,), {})
        refuse_others(files, out)
        write_files(files, out, stale=set())
    show(answer(proof, str(out or "")), shape)
    return 0 if proof.ending.runs else 1
