"""`podfit schema`: the JSON Schema of what podfit writes for programs."""

from __future__ import annotations

import json

import click

from podfit.cli.answers import say
from podfit.cli.pipes import reader_may_leave


@click.command("schema", no_args_is_help=True)
@click.argument("name", metavar="NAME", type=click.Choice(["plan", "matrix", "report", "bloat"]))
def schema_command(name: str) -> int:
    """Print the JSON Schema (draft 2020-12) of plan-T.json (plan), fit's and matrix's JSON (matrix), report or bloat.

    Keys may be added within a version; none changes its meaning. Exit code 0: printed, 2: a bad call.

    \b
    Examples:
      podfit schema matrix > matrix.schema.json
      podfit fit . -t colab --format json | check-jsonschema --schemafile matrix.schema.json -
    """  # noqa: D301
    from podfit.report.schema import schema

    with reader_may_leave():
        say(json.dumps(schema(name), indent=1) + "\n")
    return 0
