"""`moola-data`: make a table of payments, or check one that came from elsewhere."""

from __future__ import annotations

from pathlib import Path

import click
from pandera.errors import SchemaErrors

from moola import config, data


class Share(click.ParamType):
    """A share of one, written as `0.06` or `6%`."""

    name = "share"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the share as a float between 0 and 1."""
        if isinstance(value, float):
            return value
        text = str(value)
        try:
            number = float(text.rstrip("%")) / (100 if text.endswith("%") else 1)
        except ValueError:
            self.fail(f"{text!r} is no share: write 0.06 or 6%", param, ctx)
        if not 0 < number < 1:
            self.fail(f"{text!r} is not between 0 and 1", param, ctx)
        return number


@click.group()
def main() -> None:
    """Work with tables of card payments."""


@main.command()
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--rows", type=click.IntRange(min=1000), default=20_000, show_default=True)
@click.option("--disputed", type=Share(), default=0.06, show_default=True, help="share of disputed payments")
@click.option("--seed", type=int, default=7, show_default=True)
def make(path: Path, rows: int, disputed: float, seed: int) -> None:
    """Make a table of payments and write it to PATH (parquet)."""
    settings = config.load([f"data.rows={rows}", f"data.dispute_rate={disputed}"]).data
    data.store(data.make_payments(settings, seed), path)


@main.command()
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def check(path: Path) -> None:
    """Check the table at PATH; list what is wrong with it and exit with 1 if anything is."""
    try:
        frame = data.read(path)
    except SchemaErrors as errors:
        for _, breach in errors.failure_cases.head(20).iterrows():
            click.secho(f"{breach['column']}: {breach['check']} fails for {breach['failure_case']}", fg="red")
        raise SystemExit(1) from None
    click.echo(f"{len(frame)} payments, {frame['disputed'].mean():.1%} disputed")


if __name__ == "__main__":
    main()
