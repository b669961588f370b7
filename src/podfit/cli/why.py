"""`podfit why`: the whole story of one decision."""

from __future__ import annotations

from typing import Any

import click

from podfit.cli.answers import format_option, show, tell
from podfit.cli.fitting import fit_options, fitted
from podfit.model import InputError


@click.command("why", no_args_is_help=True)
@click.argument("package", metavar="PACKAGE")
@fit_options
@format_option()
def why_command(package: str, shape: str, **given: Any) -> int:
    """Tell how the decision on PACKAGE came about when PROJECT is fitted onto a template.

    Who asks for it, with files and lines; what the template and the laptop have; what was chosen; which versions were
    not taken, for which reason and on what evidence; and what it would be with the fewest changes to the template.
    PACKAGE may also be what the project imports. With --details the resolver's own explanations are shown.

    Exit code 0: told, 1: a template has no plan, 2: a bad call or input, or no plan knows PACKAGE.

    \b
    Examples:
      podfit why vllm . -t runpod-pytorch-2.8
      podfit why filelock . -t runpod-pytorch-2.8 --details
      podfit why cv2 . -t colab --format json
    """  # noqa: D301
    from podfit.model.words import did_you_mean
    from podfit.report.why import names_in, story, why_answer

    outcome = fitted(given)
    for reason in outcome.refused.values():
        tell(f"error: {reason}")
    found = [told for plan in outcome.plans if (told := story(plan, package)) is not None]
    if outcome.plans and not found:
        raise InputError(
            f"neither the project, what it needs, the local environment nor a template has {package!a}",
            remedy=did_you_mean(package, names_in(outcome.plans)) or "name a distribution, or what the project imports",
        )
    if found:
        show(why_answer(found), shape, details=given["details"])
    return 1 if outcome.refused else 0
