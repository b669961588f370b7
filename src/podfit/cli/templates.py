"""`podfit templates`: what the catalogue holds, and where each fact comes from."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from podfit.model import Fact

if TYPE_CHECKING:
    from podfit.model import Template


@click.command("templates")
@click.argument("name", required=False)
@click.option("--format", "shape", type=click.Choice(["text", "json"]), default="text", help="json: for machines.")
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
        _list(shape)
        return
    from podfit.model.manifest import manifest_from_template
    from podfit.readers.template import read_template

    template = read_template(name)
    if shape == "json":
        click.echo(json.dumps(manifest_from_template(template), indent=1, ensure_ascii=False))
    else:
        _show(template)


def _list(shape: str) -> None:
    """Print one line per template of the catalogue."""
    import msgspec

    from podfit.catalogue.store import template_summaries

    summaries = template_summaries()
    if shape == "json":
        click.echo(json.dumps({"schema": "podfit.templates/1", "templates": msgspec.to_builtins(summaries)}, indent=1))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")  # 80 columns hold all of it
    for title in ("template", "Python", "torch", "CUDA", "packages", "known from", "as of"):
        table.add_column(title, justify="right" if title == "packages" else "left", no_wrap=True)
    for each in summaries:
        count = str(each.distributions)
        table.add_row(each.name, each.python, each.torch, each.cuda, count, each.origin, each.captured[:7])
    Console(file=sys.stdout, highlight=False).print(table)
    click.echo("podfit templates NAME shows one; podfit probe -o FILE makes one of your own.", err=True)


def stated_facts(template: Template) -> Iterator[tuple[str, str]]:
    """Yield the CUDA of template with its evidence, then torch, CUDA and driver: a group and its facts as text."""
    cuda = template.cuda
    if cuda is not None:
        yield "CUDA", f"{cuda} [{cuda.evidence}]"
    for label in ("torch", "cuda", "driver"):
        group = getattr(template.facts, label)
        said = []
        for field in dataclasses.fields(group) if group is not None else ():
            fact = getattr(group, field.name)
            if isinstance(fact, Fact) and field.name != "libraries":
                value = " ".join(fact.value) if isinstance(fact.value, tuple) else fact.value
                said.append(f"{field.name} {'none' if value == '' else value}")
        if said:
            yield label, ", ".join(said)


def _show(template: Template) -> None:
    """Print a template with the evidence of each distribution."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    console = Console(file=sys.stdout, highlight=False, markup=False)
    console.print(f"{template.name}: {template.title}" if template.title else template.name, soft_wrap=True)
    facts = [
        ("image", template.image),
        (
            "origin",
            f"{template.origin.value}, as of {template.captured}" if template.captured else template.origin.value,
        ),
        ("evidence", str(template.evidence)),
        ("Python", f"{template.interpreter.implementation} {template.interpreter.version}"),
        ("platform", f"{template.platform.machine} {template.platform.system}, glibc {template.platform.glibc}"),
    ]
    facts.extend(stated_facts(template))
    for label, value in facts:
        if value:
            console.print(f"  {label:9} {value}", soft_wrap=True)
    for note in template.notes:
        console.print(f"  note      {note}", soft_wrap=True)
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for title in ("distribution", "version", "held", "evidence"):
        table.add_column(title, overflow="fold")
    from podfit.catalogue.held import is_held

    marks: dict[str, str] = {str(template.evidence): ""}
    for name, each in sorted(template.distributions.items()):
        mark = marks.setdefault(str(each.evidence), f" [{len(marks)}]")
        table.add_row(
            name, each.version, "held" if is_held(name, each.version) else "", each.evidence.kind.value + mark
        )
    console.print(table)
    for evidence, mark in marks.items():
        if mark:
            console.print(f"{mark.strip()} {evidence}", soft_wrap=True)
