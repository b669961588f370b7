"""`podfit recommend`: which template suits a project best, before any money is spent."""

from __future__ import annotations

from typing import Any

import click

from podfit.cli.answers import format_option, show, tell
from podfit.cli.fitting import fit_options, fitted
from podfit.cli.pipes import reader_may_leave


@click.command("recommend", no_args_is_help=True)
@fit_options
@format_option()
def recommend_command(shape: str, gpu: str, driver: str, **given: Any) -> int:
    """Rank templates for PROJECT: does it fit, does torch run on the GPU and the driver, and what does it cost.

    Without --template, all of the catalogue. The order: what works first; then the fewest changes to the template,
    builds from source, bytes to fetch, and how true the template's list is. Each place has its reason in one line.

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
    from podfit.fit.pace import measured_pace
    from podfit.plan.recommend import recommend
    from podfit.report.recommend import recommend_answer

    card = capability_of(gpu) if gpu else None
    if driver and not numbers(driver):
        raise click.UsageError(f"{driver[:40]!a} is no driver; give a version such as 570 or 550.54.14")
    # GPU and driver are points of the ranking of their own here, not findings that a plan fails for.
    outcome = fitted({**given, "gpu": "", "driver": ""}, whole_catalogue=True)
    if not given["quiet"]:
        for notice in outcome.notices:
            tell(f"note: {notice}")
    refused = {each.template.name: (each.template, str(each.refusal)) for each in outcome.results if each.refusal}
    speed = measured_pace(outcome.session.cache) or pace("uv")
    ranked = recommend(outcome.plans, refused, pace=speed, gpu=card, driver=driver)
    asked = [f"{card.name or gpu} ({card.capability})"] if card is not None else []
    asked += [f"driver {driver}"] if driver else []
    exit_code = 0 if ranked and ranked[0].fits else 1
    with reader_may_leave(exit_code):
        answer = recommend_answer(outcome.reading.project.title, ranked, asked, speed)
        show(answer, shape, details=given["details"])
    return exit_code
