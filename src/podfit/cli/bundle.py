"""`podfit bundle`: a plan's files and what installs them, for a machine without a network."""

from __future__ import annotations

from pathlib import Path

import click

from podfit.cli.answers import format_option, show
from podfit.cli.pipes import reader_may_leave


@click.command("bundle")
@click.argument("plan", metavar="PLAN.json")
@click.option(
    "--out",
    "-o",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Where the bundle goes: a new directory, or an earlier bundle. Default: bundle-NAME beside PLAN.json.",
)
@click.option(
    "--index-url",
    "index_urls",
    metavar="URL",
    multiple=True,
    help="An index whose files want credentials, and that has build tools.",
)
@click.option("--quiet", "-q", is_flag=True, help="No progress and no warnings.")
@format_option()
def bundle_command(plan: str, out: Path | None, index_urls: tuple[str, ...], quiet: bool, shape: str) -> int:
    """Bundle the files of PLAN.json for a machine that has no network, such as a Kaggle notebook.

    Fetched are exactly the plan's files for the template, one per distribution, each checked by its hash. Beside them
    lie lock.txt, plan.json, verify_env.py, a manifest, and install.sh: the one command for the machine. What has no
    wheel goes as source, with the wheels that its build asks for in tools/, and is named; so is what no file can bring
    (commits, the project's own) and a build whose tools have no wheels. Nothing of it runs here. Exit code 0: all that
    the machine needs is in it, 1: something is left out, 2: a bad call, or a file cannot be fetched.

    \b
    Examples:
      podfit bundle podfit-out/plan-kaggle-gpu.json
      podfit bundle plan.json -o wheelhouse
      sh wheelhouse/install.sh                          there; no network is asked for anything
    """  # noqa: D301
    from podfit.cli.apply import read_plan
    from podfit.cli.reporter import TerminalReporter
    from podfit.index import Index
    from podfit.index.addresses import default_index_urls
    from podfit.pod.bundle import answer, make_bundle
    from podfit.writers.plain import file_part

    given = read_plan(plan)
    directory = out or Path(plan).parent / f"bundle-{file_part(given.template.name)}"
    with TerminalReporter(quiet=quiet) as reporter:
        index = Index((*index_urls, *default_index_urls()), reporter=reporter)
        made = make_bundle(given, directory, index, reporter, index_urls and (*index_urls, *default_index_urls()))
    exit_code = 0 if made.whole else 1
    with reader_may_leave(exit_code):
        show(answer(given, made), shape)
    return exit_code
