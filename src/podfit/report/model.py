"""The shape of a report: frozen, without markup. Whoever draws it decides on nothing but its looks."""

from __future__ import annotations

from enum import Enum

import msgspec


class Style(str, Enum):
    """What a piece of text is; how that looks is the drawing's matter, and a drawing may ignore it."""

    PLAIN = "plain"
    NAME = "name"
    """What a sentence is about."""
    CODE = "code"
    """Text of a machine: an image, a file, a version as it is typed."""
    ASIDE = "aside"
    """Less important than what stands beside it."""
    KEEP = "keep"
    INSTALL = "install"
    CHANGE = "change"
    CONFLICT = "conflict"
    SKIP = "skip"
    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Span(msgspec.Struct, frozen=True):
    """A piece of text of one style. It may hold any characters: drawings make it harmless."""

    text: str
    style: Style = Style.PLAIN


Text = tuple[Span, ...]
"""Pieces of text in a row, nothing between them."""


def text(*pieces: str | Span) -> Text:
    """Return pieces as one text, without those that are empty."""
    spans = (Span(piece) if isinstance(piece, str) else piece for piece in pieces)
    return tuple(span for span in spans if span.text)


class Column(msgspec.Struct, frozen=True):
    """A column of a table.

    lead: where a table is cut in pieces to fit, each piece has it again. number: its cells are numbers. least: so many
    characters are taken at least, so that tables below each other stand in line. whole: its cells are names that
    somebody copies, which no line break parts while they take no more than half of the room.
    """

    title: Text = ()
    lead: bool = False
    number: bool = False
    least: int = 0
    whole: bool = False


class Table(msgspec.Struct, frozen=True):
    """Lines of cells, as many in each as there are columns; a line without cells parts two groups of lines."""

    columns: tuple[Column, ...]
    lines: tuple[tuple[Text, ...], ...]


class Item(msgspec.Struct, frozen=True):
    """One statement. brief: a drawing of limited width may cut it after one line."""

    text: Text
    brief: bool = False


class Items(msgspec.Struct, frozen=True):
    """Statements below each other."""

    items: tuple[Item, ...]


class Paragraph(msgspec.Struct, frozen=True):
    """Running text."""

    text: Text


class Fold(msgspec.Struct, frozen=True):
    """What a reader may open: a line, and the blocks behind it. A drawing that cannot fold shows both."""

    summary: Text
    blocks: tuple[Block, ...]


class Literal(msgspec.Struct, frozen=True):
    """Lines that are aligned already and stay as they are."""

    lines: tuple[str, ...]


class Commands(msgspec.Struct, frozen=True):
    """Command lines to copy, each as its words: a drawing quotes them for a shell."""

    commands: tuple[tuple[str, ...], ...]


class Bar(msgspec.Struct, frozen=True):
    """A quantity beside others: its length is value, shown is how people read it."""

    label: Text
    value: float
    shown: str


class Bars(msgspec.Struct, frozen=True):
    """Quantities of one kind, to be compared."""

    bars: tuple[Bar, ...]


class Tile(msgspec.Struct, frozen=True):
    """A quantity that is the sum of its parts, as far as it has any. about says what it is."""

    label: str
    value: float
    shown: str
    about: str = ""
    parts: tuple[Tile, ...] = ()


class Tiles(msgspec.Struct, frozen=True):
    """Quantities and what they are made of."""

    tiles: tuple[Tile, ...]


class Layers(msgspec.Struct, frozen=True):
    """Names in layers, each resting on earlier ones, the arrows between them (what is required, what requires it).

    chain are the names of the chain that is told apart.
    """

    layers: tuple[tuple[str, ...], ...]
    arrows: tuple[tuple[str, str], ...]
    chain: tuple[str, ...] = ()


class Explained(msgspec.Struct, frozen=True):
    """A table whose cells have reasons, for whoever can open them; others draw the table alone.

    kinds says of each line what it is (`needed by the project itself`), so that lines can be chosen; a line whose kind
    is in closed is not shown before it is asked for. reasons are paragraphs, equal ones once; behind[line][column] is
    the place of a cell's paragraphs among them, -1 for none.
    """

    table: Table
    kinds: tuple[str, ...]
    reasons: tuple[tuple[Text, ...], ...]
    behind: tuple[tuple[int, ...], ...]
    closed: frozenset[str] = frozenset()


Block = Table | Items | Paragraph | Fold | Literal | Commands | Bars | Tiles | Layers | Explained


class Section(msgspec.Struct, frozen=True):
    """Blocks under a heading, which may be empty. level is 2 for a section, 3 for a part of the one before."""

    title: Text
    blocks: tuple[Block, ...]
    level: int = 2


class Report(msgspec.Struct, frozen=True):
    """A whole report; its title may be empty."""

    title: Text
    sections: tuple[Section, ...]


def section(title: str | Text, *blocks: Block, level: int = 2) -> tuple[Section, ...]:
    """Return a section, nothing when it has no block."""
    heading = text(title) if isinstance(title, str) else title
    return (Section(heading, blocks, level),) if blocks else ()


def items(*lines: Text, brief: bool = False) -> tuple[Items, ...]:
    """Return a block of statements, nothing when there are none."""
    return (Items(tuple(Item(line, brief) for line in lines)),) if lines else ()
