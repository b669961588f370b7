"""`podfit audit`: the findings alone, of a project's plans, of an environment, or of wheels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from podfit.cli.answers import format_option, show, tell
from podfit.cli.fitting import fitted, plan_options

if TYPE_CHECKING:
    from podfit.report.audit import Audited


@click.command("audit", no_args_is_help=True)
@click.argument("targets", metavar="[PROJECT|ENV|WHEEL]...", nargs=-1, type=click.Path())
@plan_options
@format_option(judged=True)
def audit_command(targets: tuple[str, ...], shape: str, **given: Any) -> int:
    """Tell what stands against a plan of PROJECT over templates, an environment as it is, or wheels.

    An environment is a directory with a Python in it, its site-packages or its python: its files are read, nothing of
    it is run. Wheels are held against --template; without one, what their compiled files ask for is told.

    Exit code 0: nothing failed, 1: a finding failed, or a template has no plan, 2: a bad call or input.

    \b
    Examples:
      podfit audit . -t runpod-pytorch-2.4
      podfit audit .venv
      podfit audit dist/*.whl -t pod.json --gpu "RTX 5090"
    """  # noqa: D301
    from podfit.model import Verdict
    from podfit.readers.installed import is_environment
    from podfit.report.audit import audit_answer

    whole = list(targets or (".",))
    on_disk = [target for target in whole if target.endswith(".whl") or is_environment(target)]
    if on_disk and len(on_disk) < len(whole):
        raise click.UsageError("name a project, or wheels and environments, not both")
    if len(whole) > 1 and not on_disk:
        raise click.UsageError("name one project")
    found, refused = (_of_files(on_disk, given), False) if on_disk else _of_project(whole[0], given)
    show(audit_answer(found), shape, details=given["details"])
    failed = any(finding.verdict is Verdict.FAILED for one in found for finding in one.findings)
    return 1 if failed or refused else 0


def _of_files(paths: list[str], given: dict[str, Any]) -> list[Audited]:
    """Return what was found in wheels and environments."""
    from podfit.audit.asked import binary_facts
    from podfit.fit.inspect import inspect_all
    from podfit.fit.library import read_templates
    from podfit.fit.machines import on_machine
    from podfit.report.audit import Audited

    templates = read_templates(
        given["templates"], python=given["python"], machine=given["machine"], glibc=given["glibc"]
    )
    found = []
    for template in templates or (None,):
        pod = None if template is None else on_machine(template, given["gpu"], given["driver"])
        for one in inspect_all(paths, pod, gpu=given["gpu"], driver=given["driver"]):
            facts = tuple(binary_facts(one.binaries, one.tags)) if one.release is not None else ()
            where = f" on {pod.name}" if pod is not None and one.release is not None else ""
            found.append(Audited(f"{one.name}{where}", facts, one.findings))
    return found


def _of_project(project: str, given: dict[str, Any]) -> tuple[list[Audited], bool]:
    """Return what the plans of a project say, and whether a template has none."""
    from pathlib import Path

    from podfit.report.audit import Audited

    outcome = fitted({**given, "project": Path(project)})
    for reason in outcome.refused.values():
        tell(f"error: {reason}")
    plans = [Audited(f"{plan.project} on {plan.template.name}", (), plan.findings) for plan in outcome.plans]
    return plans, bool(outcome.refused)
