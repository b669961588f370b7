"""`podfit check`: does a plan still hold on its template as it is now? Made for CI."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from podfit.cli.answers import format_option, show
from podfit.cli.pipes import reader_may_leave

if TYPE_CHECKING:
    from podfit.model import Plan


@click.command("check")
@click.argument("plan", metavar="PLAN.json")
@click.option(
    "--template",
    "-t",
    "template",
    metavar="T",
    help="The template as it is now: whatever podfit fit takes, such as a newer manifest of podfit probe, or an image "
    "(docker://NAME:TAG). Default: what the catalogue has under its name, or the image's tag as it is now.",
)
@click.option("--python", metavar="X.Y[.Z]", help="The Python of a template given as a freeze.")
@click.option("--details", is_flag=True, help="Show the evidence of every finding.")
@click.option("--quiet", "-q", is_flag=True, help="No progress and no warnings.")
@format_option(judged=True)
def check_command(plan: str, template: str | None, python: str | None, details: bool, quiet: bool, shape: str) -> int:
    """Check whether PLAN.json still holds on its template as it is now.

    Looked at is what the plan leans on: Python and platform, the chosen wheels, what is held, what was to stay, torch's
    CUDA, and every requirement of the environment that the plan would lead to now. Nothing is solved again, and no
    index is asked. Exit code 0: the plan holds, 1: it does not, with what changed, 2: a bad call.

    \b
    Examples:
      podfit check podfit-out/plan-colab-gpu.json
      podfit check plan.json -t pod.json                what podfit probe wrote today
      podfit check plan.json -t docker://team/image:1 --format github
    """  # noqa: D301
    from podfit.cli.apply import read_plan
    from podfit.cli.reporter import TerminalReporter
    from podfit.plan.recheck import recheck
    from podfit.readers.template import read_template
    from podfit.report.check import check_answer
    from podfit.report.findings import holds

    given = read_plan(plan)
    with TerminalReporter(quiet=quiet) as reporter:
        now = read_template(template or _same(given), python=python, reporter=reporter)
    findings = recheck(given, now)
    exit_code = 0 if holds(findings) else 1
    with reader_may_leave(exit_code):
        show(check_answer(given, now, findings), shape, details=details)
    return exit_code


def _same(plan: Plan) -> str:
    """Return what names the plan's template as it is now. Raises click.UsageError where only a person can tell."""
    from podfit.catalogue.store import template_names
    from podfit.model import Origin

    template = plan.template
    if template.origin is Origin.IMAGE and template.evidence.source == template.image and template.image:
        return f"docker://{template.image.partition('@')[0]}"
    if template.name in template_names():
        return template.name
    raise click.UsageError(
        f"the catalogue has no template {template.name}; name it as it is now with --template, "
        "such as a manifest that podfit probe writes there"
    )
