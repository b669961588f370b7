"""`podfit compat`: which releases of two distributions work together."""

from __future__ import annotations

import click

from podfit.cli.answers import format_option, show


@click.command("compat", no_args_is_help=True)
@click.argument("one")
@click.argument("other")
@click.option(
    "--document", metavar="FILE", default="", help="Hold what a Markdown document says of the two against it."
)
@click.option("--offline", is_flag=True, help="Ask no index: runs and binaries that the catalogue knows alone.")
@click.option("--details", is_flag=True, help="A row for each release.")
@format_option()
def compat_command(one: str, other: str, document: str, shape: str, *, offline: bool, details: bool) -> int:
    """Show which releases of ONE work with which of OTHER, each cell with the grade of its evidence.

    torch with numpy is measured: both were run together, each use tried; where they were not, torch's binary tells. Of
    any other two the index's metadata tells what each requires of the other.

    Exit code 0: shown, 1: the document says something wrong, 2: a bad call or input.

    \b
    Examples:
      podfit compat torch numpy
      podfit compat torch numpy --document dependency-matrix.md
      podfit compat torch torchvision --format markdown
    """  # noqa: D301
    from podfit.fit.compat import compat_grid
    from podfit.index import Index
    from podfit.model import canonical
    from podfit.plan.compat import judge
    from podfit.readers.claims import read_claims
    from podfit.report.compat import compat_answer

    first, second = canonical(one), canonical(other)
    found = read_claims(document, first, second) if document else ()
    grid = compat_grid(one, other, None if offline else Index())
    judged = [judge(claim, grid) for claim in found]
    show(compat_answer(grid, judged, document), shape, details=details)
    return 1 if any(each.right is False for each in judged) else 0
