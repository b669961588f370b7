"""`podfit fit` and `podfit matrix`: one project, any number of templates, one matrix."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from podfit.cli.answers import format_option, show, tell
from podfit.cli.fitting import FittingCommand, Outcome, fit_options, fitted, project_folder
from podfit.cli.pipes import reader_may_leave

if TYPE_CHECKING:
    from podfit.report.ahead import Ahead


@click.command("fit", cls=FittingCommand)
@fit_options
@click.option(
    "--out",
    "-o",
    metavar="DIR",
    type=click.Path(path_type=Path),
    default=Path("podfit-out"),
    show_default=True,
    help="Where the files go.",
)
@format_option(judged=True)
def fit_command(out: Path, shape: str, **given: Any) -> int:
    """Fit PROJECT onto each template: solve, print the matrix, write the files.

    For each template: requirements-T.txt (ranges, for pip install -r ... -c ...), constraints-T.txt (the template's
    pins), lock-T.txt (exact, hashed), pylock.T.toml (PEP 751), plan-T.json (for podfit apply and verify) and
    verify_env-T.py; where something is built from source, build-constraints-T.txt (for pip's --build-constraint); of a
    plan that fits, Dockerfile.T (lines over the template's image), cell-T.py (a notebook's cell that installs it) and
    start-T.sh (attaches apply's overlay when a pod starts); and the matrix as matrix.md and matrix.json. A template
    without a plan loses the files of an earlier run.

    Exit code 0: every template has a plan that works, 1: one has none, 2: a bad call or input.

    \b
    Examples:
      podfit fit . -t runpod-pytorch-2.4
      podfit fit . -t runpod-pytorch-2.2 -t runpod-pytorch-2.4 --local freeze.txt
      podfit fit . -t pod.json                          a template that podfit probe wrote
      podfit fit . -t freeze.txt --python 3.11          a template given as a freeze
    """  # noqa: D301
    from podfit.report.ahead import Ahead
    from podfit.writers.files import is_anothers, refuse_others, write_files
    from podfit.writers.registry import all_files, comparison_names, file_names

    quiet = given["quiet"]
    outcome = fitted(given)
    plans = outcome.plans
    files = all_files(plans, outcome.refused) if plans else {}
    stale = {name for template in outcome.refused for name in (*file_names(template).values(), *comparison_names())}
    stale |= {name for plan in plans for name in file_names(plan.template.name).values()}
    refuse_others(files, out)
    written = write_files(files, out, stale={name for name in stale if not is_anothers(out / name)})
    if written and not quiet:
        tell(f"wrote {len(written)} files to {out}/: {', '.join(sorted(path.name for path in written))}")
    names = {plan.template.name: file_names(plan.template.name) for plan in plans}
    with reader_may_leave(outcome.exit_code):
        _show(
            outcome,
            shape,
            Ahead(str(out), names, project=project_folder(given["project"])),
            details=given["details"],
            quiet=quiet,
        )
    return outcome.exit_code


@click.command("matrix", cls=FittingCommand)
@fit_options
@format_option(judged=True)
def matrix_command(shape: str, **given: Any) -> int:
    """Print the matrix of PROJECT over templates and write nothing.

    Without --template, the project is compared over the newest template of each family of the catalogue.

    Exit code 0: every template has a plan that works, 1: one has none, 2: a bad call or input.

    \b
    Examples:
      podfit matrix .
      podfit matrix . -t runpod-pytorch-2.2 -t colab --details
      podfit matrix . --format json | jq .
    """  # noqa: D301
    from podfit.catalogue.store import leading_names
    from podfit.report.ahead import Ahead

    outcome = fitted(given, choose=lambda _: leading_names())
    with reader_may_leave(outcome.exit_code):
        _show(
            outcome,
            shape,
            Ahead(call=outcome.fit_call(given), project=project_folder(given["project"])),
            details=given["details"],
            quiet=given["quiet"],
        )
    return outcome.exit_code


def _show(outcome: Outcome, shape: str, ahead: Ahead, *, details: bool, quiet: bool) -> None:
    """Print what there is to say on standard error, and then the comparison on standard output."""
    from podfit.report.comparison import comparison

    if not quiet:
        for notice in outcome.notices:
            tell(f"note: {notice}")
    for reason in outcome.refused.values():
        tell(f"error: {reason}")
    show(comparison(outcome.plans, outcome.refused, ahead), shape, details=details)
