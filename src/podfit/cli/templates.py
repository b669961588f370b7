"""`podfit templates`: what the catalogue holds, and where each fact comes from."""

from __future__ import annotations

import click

from podfit.cli.answers import format_option, show, tell


@click.command("templates")
@click.argument("name", required=False)
@format_option()
def templates_command(name: str | None, shape: str) -> None:
    """List the templates that podfit knows, or show the one called NAME with its provenance.

    NAME may also be a manifest, a freeze or an interpreter, as for podfit fit --template. Exit code 0: shown,
    2: a bad call, or there is no such template.

    \b
    Examples:
      podfit templates
      podfit templates runpod-pytorch-2.4
      podfit templates colab-gpu --format json
    """  # noqa: D301
    if name is None:
        from podfit.catalogue.store import template_summaries
        from podfit.report.templates import catalogue_answer

        show(catalogue_answer(template_summaries()), shape)
        if shape == "text":
            tell("podfit templates NAME shows one; podfit probe -o FILE makes one of your own.")
        return
    from podfit.readers.template import read_template
    from podfit.report.templates import template_answer

    show(template_answer(read_template(name)), shape)
