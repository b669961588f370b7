"""`podfit templates`: what the catalogue holds, where each fact comes from, newer lists, and how two differ."""

from __future__ import annotations

import click

from podfit.cli.answers import format_option, show, tell

_DIFF = "diff"


@click.command("templates")
@click.argument("names", metavar="[NAME | diff A B]", nargs=-1)
@click.option(
    "--update",
    metavar="FILE|URL",
    help="Take in newer lists, or another's: a bundle, or a manifest of `podfit probe`. All of it or nothing.",
)
@format_option()
def templates_command(names: tuple[str, ...], update: str | None, shape: str) -> None:
    """List the templates that podfit knows, show the one called NAME, or what differs between A and B.

    NAME, A and B may also be manifests, freezes or interpreters, as for podfit fit --template. Exit code 0: shown or
    taken in, 2: a bad call, or there is no such template.

    \b
    Examples:
      podfit templates
      podfit templates runpod-pytorch-2.4
      podfit templates colab --format json
      podfit templates diff runpod-2.2 runpod-2.4
      podfit templates --update https://example.org/catalogue.json
    """  # noqa: D301
    if update is not None:
        if names:
            raise click.UsageError("--update takes lists in and shows none; leave the name out")
        _update(update)
    elif not names:
        from podfit.catalogue.store import template_summaries
        from podfit.report.templates import catalogue_answer

        show(catalogue_answer(template_summaries()), shape)
        if shape == "text":
            tell("podfit templates NAME shows one; podfit probe -o FILE makes one of your own.")
    elif names[0] == _DIFF and len(names) == 3:
        from podfit.readers.template import read_template
        from podfit.report.templates_diff import difference_answer

        show(difference_answer(read_template(names[1]), read_template(names[2])), shape)
    elif len(names) == 1 and names[0] != _DIFF:
        from podfit.readers.template import read_template
        from podfit.report.templates import template_answer

        show(template_answer(read_template(names[0])), shape)
    else:
        raise click.UsageError("give one name, or `diff` and two")


def _update(source: str) -> None:
    """Take in what a file or a URL offers."""
    from podfit.catalogue.bundle import read_bundle
    from podfit.catalogue.store import forget
    from podfit.catalogue.updates import data_directory, take
    from podfit.model.secrets import hidden
    from podfit.model.words import shortened
    from podfit.readers.bundle import bundle_bytes
    from podfit.report.words import plural

    where = hidden(source)
    taken = take(read_bundle(bundle_bytes(source), where), where)
    forget()
    tell(
        f"took in {plural(len(taken), 'template')} from {where} into {data_directory()}/: {shortened(sorted(taken), 8)}"
    )
