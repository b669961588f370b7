"""`moola`: train, serve, show the settings."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from loguru import logger

app = typer.Typer(help="Find the card payments that their holders will dispute.", no_args_is_help=True)

Overrides = Annotated[
    list[str] | None, typer.Argument(help="hydra overrides, such as training.epochs=5 or network=deep")
]
Folder = Annotated[Path, typer.Option("--folder", "-o", help="where the run leaves its files")]
LATEST = Path("runs/latest")


@app.command()
def train(
    overrides: Overrides = None,
    folder: Folder = LATEST,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="warnings only")] = False,
) -> None:
    """Make the data where it is missing, train the network and both baselines, and record the run."""
    from moola import config, pipeline

    logger.remove()
    logger.add(sys.stderr, level="WARNING" if quiet else "INFO", format="<level>{level: <8}</level> {message}")
    folder.mkdir(parents=True, exist_ok=True)
    metrics = pipeline.run(config.load(overrides or []), folder)
    for name, value in sorted(metrics.items()):
        typer.echo(f"{name:30} {value:.4f}")


@app.command()
def settings(overrides: Overrides = None) -> None:
    """Print the settings that a run would have, as JSON."""
    from moola import config

    typer.echo(config.load(overrides or []).model_dump_json(indent=2))


@app.command()
def serve(
    folder: Folder = LATEST,
    port: Annotated[int, typer.Option(help="TCP port on the loopback interface")] = 8000,
) -> None:
    """Serve the metrics of a run over HTTP (needs the extra `api`)."""
    from moola import api

    api.serve(folder, port)


def main() -> None:
    """Entry point of the `moola` script."""
    app(prog_name="moola")
