"""A report as Markdown. Nothing is decided here but looks."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator

from podfit.report.answer import Answer
from podfit.report.model import (
    Bars,
    Block,
    Commands,
    Explained,
    Fold,
    Items,
    Layers,
    Literal,
    Paragraph,
    Report,
    Span,
    Style,
    Table,
    Text,
    Tile,
    Tiles,
)
from podfit.writers.interface import Screen
from podfit.writers.plain import kept_spaces, plain


def write(answer: Answer, _screen: Screen) -> str:
    """Return the document of answer as Markdown."""
    return draw(answer.document())


def draw(report: Report) -> str:
    """Return report as the text of a Markdown file."""
    lines = [f"# {_text(report.title)}", ""] if report.title else []
    for section in report.sections:
        if section.title:
            lines += [f"{'#' * section.level} {_text(section.title)}", ""]
        for block in section.blocks:
            lines += [*_block(block), ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def escape(text: str) -> str:
    """Return text so that Markdown shows it as it is, on one line and inside a table's cell."""
    escaped = re.sub(r"([\\`*|<~\[\]])", r"\\\1", plain(text))
    return re.sub(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])", r"\\_", escaped)


def code(text: str) -> str:
    """Return text as a code span that also holds inside a table's cell."""
    return f"`{plain(text).replace('`', chr(39)).replace('|', '/')}`"


def _text(text: Text) -> str:
    """Return text on one line."""
    return " ".join("".join(map(_span, text)).split())


def _span(span: Span) -> str:
    """Return a piece of text, with the spaces at its ends."""
    words = span.text.strip()
    before, _, after = span.text.partition(words) if words else (span.text, "", "")
    inner = code(words) if span.style is Style.CODE else escape(words)
    if not words or not inner:
        return before
    return f"{before}{f'**{inner}**' if span.style is Style.NAME else inner}{after}"


def _row(cells: Iterable[str]) -> str:
    """Return one line of a table."""
    return f"| {' | '.join(cells)} |"


def _table(table: Table) -> Iterator[str]:
    """Yield the lines of a table."""
    yield _row(_text(column.title) for column in table.columns)
    yield _row("---:" if column.number else "---" for column in table.columns)
    for line in table.lines:
        yield _row(map(_text, line) if line else ("" for _ in table.columns))


def _block(block: Block) -> Iterator[str]:
    """Yield the lines of a block, without the empty line after it."""
    if isinstance(block, Explained):
        block = block.table
    if isinstance(block, Table):
        yield from _table(block)
    elif isinstance(block, Items):
        yield from (f"- {_text(item.text)}" for item in block.items)
    elif isinstance(block, Paragraph):
        yield _text(block.text)
    elif isinstance(block, Fold):
        yield f"<details><summary>{_text(block.summary)}</summary>"
        for inner in block.blocks:
            yield ""
            yield from _block(inner)
        yield ""
        yield "</details>"
    elif isinstance(block, Literal):
        yield "```"
        yield from (kept_spaces(line).replace("```", "'''") for line in block.lines)
        yield "```"
    elif isinstance(block, Commands):
        yield "```sh"
        yield from (" ".join(shlex.quote(plain(word)) for word in command) for command in block.commands)
        yield "```"
    elif isinstance(block, Bars):
        yield from (f"- {_text(bar.label)}: {escape(bar.shown)}" for bar in block.bars)
    elif isinstance(block, Tiles):
        yield from _tiles(block.tiles)
    else:
        yield "```mermaid"
        yield from mermaid(block)
        yield "```"


def mermaid(block: Layers) -> Iterator[str]:
    """Yield a drawing of layers in Mermaid's words (https://mermaid.js.org/syntax/flowchart.html)."""
    names = [name for layer in block.layers for name in layer]
    number = {name: f"n{place}" for place, name in enumerate(names)}
    yield "graph TD"
    yield from (f'    {number[name]}["{_quoted(name)}"]' for name in names)
    yield from (f"    {number[one]} --> {number[other]}" for one, other in block.arrows if {one, other} <= set(number))
    if block.chain:
        yield f"    class {','.join(number[name] for name in block.chain if name in number)} chain"
        yield "    classDef chain stroke-width:3px"


def _quoted(name: str) -> str:
    """Return a name for the inside of Mermaid's quotes."""
    return plain(name).replace('"', "#quot;")


def _tiles(tiles: Iterable[Tile], depth: int = 0) -> Iterator[str]:
    """Yield a nested list of quantities."""
    for tile in tiles:
        about = f" ({escape(tile.about)})" if tile.about else ""
        yield f"{'  ' * depth}- {escape(tile.label)}: {escape(tile.shown)}{about}"
        yield from _tiles(tile.parts, depth + 1)
