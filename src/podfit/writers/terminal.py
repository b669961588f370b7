"""A report on a terminal, at any width, with and without colour. Nothing is decided here but looks."""

from __future__ import annotations

import io
import shlex
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from podfit.report.answer import Answer
from podfit.report.model import (
    Bars,
    Block,
    Commands,
    Explained,
    Fold,
    Item,
    Items,
    Layers,
    Literal,
    Paragraph,
    Report,
    Style,
    Table,
    Text,
    Tile,
    Tiles,
)
from podfit.writers.interface import Screen
from podfit.writers.plain import kept_spaces, plain

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text as RichText

_LOOKS = {
    Style.NAME: "bold",
    Style.ASIDE: "dim",
    Style.KEEP: "green",
    Style.INSTALL: "bold cyan",
    Style.CHANGE: "bold yellow",
    Style.CONFLICT: "bold red",
    Style.SKIP: "dim",
    Style.OK: "bold green",
    Style.WARNING: "yellow",
    Style.FAILED: "bold red",
    Style.UNKNOWN: "magenta",
}
_NARROWEST = 4
"""A column that gives way to another keeps as much."""

_WIDEST = 26
"""A column wants no more than this; longer cells are broken over lines."""


def write(answer: Answer, screen: Screen) -> str:
    """Return what answer shows on a screen, as the characters to send there."""
    from rich.console import Console

    stream = io.StringIO()
    console = Console(
        file=stream,
        width=screen.width,
        force_terminal=screen.colors is not None,
        color_system=screen.colors,  # type: ignore[arg-type]
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    draw(answer.screen(screen.details), console)
    return "".join(line.rstrip() + "\n" for line in stream.getvalue().split("\n")[:-1])


def draw(report: Report, console: Console) -> None:
    """Print report on console. Nothing in it is read as markup, and no control character gets through."""
    if report.title:
        console.print(_line(report.title, "bold"))
        console.print()
    for number, section in enumerate(report.sections):
        if number:
            console.print()
        if section.title:
            console.print(_line(section.title, "bold underline" if section.level == 2 else "bold"))
        for block in section.blocks:
            _block(block, console, indent=2 if section.title else 0)


def _line(text: Text, style: str = "") -> RichText:
    """Return text for rich."""
    from rich.text import Text as RichText

    line = RichText(style=style)
    spans = [(_clean(span.text), _LOOKS.get(span.style, "")) for span in text]
    for words, look in spans:
        line.append(words, style=look)
    return line


def _clean(text: str) -> str:
    """Return text on one line and harmless, its outer spaces kept as one: they part it from its neighbours."""
    inner = plain(text)
    before = " " if text[:1].isspace() else ""
    after = " " if inner and text[-1:].isspace() else ""
    return f"{before}{inner}{after}"


def _block(block: Block, console: Console, *, indent: int) -> None:
    """Print one block."""
    from rich.padding import Padding
    from rich.text import Text as RichText

    if isinstance(block, Explained):
        block = block.table
    if isinstance(block, Table):
        _table(block, console, indent)
    elif isinstance(block, Items):
        for item in block.items:
            _item(item, console, indent=indent)
    elif isinstance(block, Paragraph):
        console.print(Padding(_line(block.text), (0, 0, 0, indent), expand=False))
    elif isinstance(block, Fold):
        console.print(Padding(_line(block.summary), (0, 0, 0, indent), expand=False))
        for inner in block.blocks:
            _block(inner, console, indent=indent + 2)
    elif isinstance(block, Literal):
        for line in block.lines:
            console.print(RichText(kept_spaces(line)), soft_wrap=True)
    elif isinstance(block, Commands):
        for command in block.commands:
            for line in _command(command, console.width - indent):
                console.print(Padding(RichText(line, style="bold"), (0, 0, 0, indent), expand=False))
    else:
        for words in _drawn(block, console.width - indent):
            console.print(Padding(RichText(words), (0, 0, 0, indent), expand=False))


def _drawn(block: Bars | Tiles | Layers, width: int) -> Iterator[str]:
    """Yield the lines of what a terminal has only characters for."""
    if isinstance(block, Bars):
        labels = [_clean("".join(span.text for span in bar.label)) for bar in block.bars]
        widest = max((len(label) for label in labels), default=0)
        most = max((bar.value for bar in block.bars), default=0) or 1
        for label, bar in zip(labels, block.bars, strict=True):
            room = max(4, min(40, width - widest - len(bar.shown) - 4))
            drawn = "█" * max(1 if bar.value else 0, round(room * bar.value / most))
            yield f"{label:{widest}}  {drawn} {_clean(bar.shown)}"
    elif isinstance(block, Tiles):
        yield from _nested(block.tiles)
    else:
        for number, layer in enumerate(block.layers, 1):
            yield f"{number}. {', '.join(map(_clean, layer))}"


def _nested(tiles: Iterable[Tile], depth: int = 0) -> Iterator[str]:
    """Yield quantities and their parts, the parts further in."""
    for tile in tiles:
        yield f"{'  ' * depth}{_clean(tile.label)}: {_clean(tile.shown)}"
        yield from _nested(tile.parts, depth + 1)


def _item(item: Item, console: Console, *, indent: int) -> None:
    """Print a statement, a brief one on one line, and the later lines of a longer one further in."""
    from rich.padding import Padding

    line = _line(item.text)
    if item.brief:
        line.truncate(max(1, console.width - indent), overflow="ellipsis")
    console.print(Padding(line, (0, 0, 0, indent), expand=False))


def _command(words: Sequence[str], width: int) -> Iterator[str]:
    """Yield a command as lines of at most width columns where its words allow, joined as a shell does."""
    parts: list[str] = []
    for word, before in zip(words, ("", *words), strict=False):
        quoted = shlex.quote(plain(word))
        if before.startswith("-") and not word.startswith("-"):
            parts[-1] += f" {quoted}"  # an option's value stays on its line
        else:
            parts.append(quoted)
    line = ""
    for word in parts:
        if line and len(line) + 1 + len(word) + 2 > width:
            yield f"{line} \\"
            line = f"    {word}"
        else:
            line = f"{line} {word}" if line else word
    yield line


def _table(table: Table, console: Console, indent: int) -> None:
    """Print a table; columns that do not fit beside the leading ones follow in further tables below."""
    wanted = [_width(table, number) for number in range(len(table.columns))]
    lead = [number for number, column in enumerate(table.columns) if column.lead]
    others = [number for number in range(len(wanted)) if number not in lead]
    pieces = _pieces(others, lead, wanted, console.width - indent) if lead else [others]
    for number, chosen in enumerate(pieces):
        if number:
            console.print()
        _piece(table, chosen, wanted, console, indent)


def _width(table: Table, number: int) -> int:
    """Return how wide a column wants to be."""
    cells = [table.columns[number].title, *(line[number] for line in table.lines if line)]
    widest = max((_line(cell).cell_len for cell in cells), default=0)
    return max(table.columns[number].least, widest if table.columns[number].whole else min(_WIDEST, widest))


def _pieces(others: Iterable[int], lead: Sequence[int], wanted: Sequence[int], width: int) -> list[list[int]]:
    """Return the columns of each table: the leading ones, and as many others as fit, at least one."""
    pieces: list[list[int]] = []
    room = 0
    for number in others:
        if not pieces or room < wanted[number] + 2:
            pieces.append(list(lead))
            room = width - sum(wanted[n] + 2 for n in lead)
        pieces[-1].append(number)
        room -= wanted[number] + 2
    return pieces or [list(lead)]


def _widths(wanted: Sequence[int], whole: Sequence[bool], room: int) -> list[int | None]:
    """Return the width of each column where one holds names that no line break may part, and there is too little room.

    The widest of the others give way, down to what their cells can be read at; None leaves a width to rich.
    """
    widths = list(wanted)
    names = sum(width for width, keep in zip(widths, whole, strict=True) if keep)
    if not any(whole) or sum(widths) <= room or names > room // 2:
        return [None] * len(widths)
    while sum(widths) > room:
        widest = max((number for number, keep in enumerate(whole) if not keep), key=widths.__getitem__)
        if widths[widest] <= _NARROWEST:
            return [None] * len(widths)
        widths[widest] -= 1
    return list(widths)


def _piece(table: Table, chosen: Sequence[int], wanted: Sequence[int], console: Console, indent: int) -> None:
    """Print some columns of a table."""
    from rich.padding import Padding
    from rich.table import Table as RichTable

    titled = any(table.columns[number].title for number in chosen)
    room = console.width - indent
    gap = 2 if sum(wanted[number] + 2 for number in chosen) - 2 <= room else 1
    widths = _widths([wanted[n] for n in chosen], [table.columns[n].whole for n in chosen], room - gap * len(chosen))
    drawn = RichTable(
        box=None, padding=(0, gap, 0, 0), pad_edge=False, show_edge=False, header_style="bold", show_header=titled
    )
    for number, width in zip(chosen, widths, strict=True):
        column = table.columns[number]
        least = min(wanted[number], max(6, room // 4)) if column.lead or column.least else None
        justify = "right" if column.number else "left"
        drawn.add_column(_line(column.title), overflow="fold", min_width=least, width=width, justify=justify)  # type: ignore[arg-type]
    for line in table.lines:
        drawn.add_row(*(_line(line[number]) for number in chosen) if line else ())
    console.print(Padding(drawn, (0, 0, 0, indent)))
