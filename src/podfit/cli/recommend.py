"""`podfit recommend`: which template suits a project best, before any money is spent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from podfit.cli.answers import format_option, show, tell
from podfit.cli.fitting import fit_options, fitted
from podfit.cli.pipes import reader_may_leave

if TYPE_CHECKING:
    from podfit.model import Project


@click.command("recommend", no_args_is_help=True)
@fit_options
@format_option()
def recommend_command(shape: str, gpu: str, driver: str, **given: Any) -> int:
    """Rank templates for PROJECT: does it fit, does torch run on the GPU and the driver, and what does it cost.

    Without --template, of each family of the catalogue the newest that suits by its Python, its torch, the GPU and the
    driver, and where it has no plan the next one with another Python. The order: what works first; then the fewest
    exact pins of the project that give way to what the template holds, changes to the template, builds from source,
    bytes to fetch, and how true the template's list is. Each place has its reason in one line.

    Exit code 0: at least one template suits, 1: none does, 2: a bad call or input.

    \b
    Examples:
      podfit recommend .
      podfit recommend . --gpu "RTX 5090" --driver 570
      podfit recommend . -t runpod-pytorch-2.4 -t docker://team/image:1 --format json
    """  # noqa: D301
    from podfit.catalogue.drivers import numbers
    from podfit.catalogue.gpus import capability_of
    from podfit.catalogue.pace import pace
    from podfit.fit.candidates import candidates, others
    from podfit.fit.pace import measured_pace
    from podfit.plan.recommend import recommend
    from podfit.report.recommend import recommend_answer

    card = capability_of(gpu) if gpu else None
    if driver and not numbers(driver):
        raise click.UsageError(f"{driver[:40]!a} is no driver; give a version such as 570 or 550.54.14")
    # GPU and driver are points of the ranking of their own here, not findings that a plan fails for.
    given = {**given, "gpu": "", "driver": ""}
    chosen: list[str] = []

    def choose(project: Project) -> tuple[str, ...]:
        chosen.extend(candidates(project, gpu=card, driver=driver))
        return tuple(chosen)

    outcome = fitted(given, choose=choose)
    results = outcome.results
    failed = [each.template.name for each in results if each.plan is None or not each.plan.feasible]
    again = others(outcome.reading.project, failed, gpu=card, driver=driver) if chosen else ()
    if again:
        results = (*results, *outcome.further(again))
    if not given["quiet"]:
        for notice in outcome.notices:
            tell(f"note: {notice}")
        if chosen:
            count = len(results)
            tell(f"note: looked at {count} of the catalogue's templates, at least one of each family; -t names others")
    refused = {each.template.name: (each.template, str(each.refusal)) for each in results if each.refusal}
    speed = measured_pace(outcome.session.cache) or pace("uv")
    ranked = recommend(
        [each.plan for each in results if each.plan is not None], refused, pace=speed, gpu=card, driver=driver
    )
    asked = [f"{card.name or gpu} ({card.capability})"] if card is not None else []
    asked += [f"driver {driver}"] if driver else []
    exit_code = 0 if ranked and ranked[0].fits else 1
    with reader_may_leave(exit_code):
        answer = recommend_answer(outcome.reading.project.title, ranked, asked, speed)
        show(answer, shape, details=given["details"])
    return exit_code
