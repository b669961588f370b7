"""A report as one HTML file: no network, no other file, readable without its script. Nothing is decided but looks."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from html import escape as quoted
from importlib.resources import files
from itertools import count

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
    Section,
    Span,
    Style,
    Table,
    Text,
    Tile,
    Tiles,
)
from podfit.writers.interface import Screen
from podfit.writers.plain import kept_spaces, plain
from podfit.writers.treemap import squarified

_HUES = 9
"""So many colours the tiles of a treemap have, as in page.css; the catalogue has as many categories."""
_LEAST_LABEL = 0.004
"""A tile with a smaller share of the whole has no room for its name; its title and the list beside it have it."""
_BOX, _GAP = (150, 26), (60, 14)
"""Width and height of a name in a drawing of layers, and the gaps between them, in pixels."""


def write(answer: Answer, _screen: Screen) -> str:
    """Return the page of answer, else its document, as HTML."""
    return draw((answer.page or answer.document)())


def draw(report: Report) -> str:
    """Return report as the text of an HTML file. Whatever stands in it is text: nothing of it is read as markup."""
    title = quoted("".join(plain(span.text) for span in report.title) or "podfit")
    parts = [section for section in report.sections if section.blocks or section.title]
    counter = count(1)  # regions that can be scrolled have names of their own, for whoever hears the page
    body = re.sub(
        r'(role="region" aria-label="[A-Z][a-z]+)"', lambda m: f'{m[1]} {next(counter)}"', "\n".join(_sections(parts))
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
        "script-src 'unsafe-inline'; img-src data:\">\n"
        f"<title>{title}</title>\n<style>\n{_part('page.css')}</style>\n</head>\n<body>\n"
        f'<a class="skip" href="#content">To the content</a>\n<header><h1>{title}</h1>\n{_contents(parts)}</header>\n'
        f'<main id="content">\n{body}\n</main>\n<script>\n{_part("page.js")}</script>\n</body>\n</html>\n'
    )


def _part(name: str) -> str:
    """Return a part of the page that lies beside this module."""
    return (files("podfit.writers") / name).read_text(encoding="utf-8")


def _contents(parts: list[Section]) -> str:
    """Return links to the sections."""
    links = [
        f'<li><a href="#s{number}">{_plain(part.title)}</a></li>'
        for number, part in enumerate(parts)
        if part.title and part.level == 2
    ]
    return f'<nav aria-label="Sections"><ul>{"".join(links)}</ul></nav>\n' if links else ""


def _sections(parts: list[Section]) -> Iterator[str]:
    """Yield every section; what stands before the first heading is the verdict.

    A landmark is what the contents lead to, each by a name of its own: sections within are found by their headings.
    """
    named: set[str] = set()
    for number, part in enumerate(parts):
        level = min(max(part.level, 2), 6)
        title = _plain(part.title)
        landmark = bool(title) and level == 2 and title not in named
        name = f' aria-labelledby="s{number}"' if landmark else "" if title else ' class="opening"'
        named.add(title)
        head = f'<h{level} id="s{number}">{_text(part.title)}</h{level}>\n' if part.title else ""
        yield f"<section{name}>\n{head}{''.join(map(_block, part.blocks))}</section>"


def _plain(text: Text) -> str:
    """Return text without its styles, for HTML."""
    return quoted(" ".join(plain(span.text) for span in text))


def _text(text: Text) -> str:
    """Return text for HTML."""
    return "".join(map(_span, text))


def _span(span: Span) -> str:
    """Return a piece of text in its style."""
    words = quoted(plain(span.text).strip())
    before = " " if span.text[:1].isspace() else ""
    after = " " if words and span.text[-1:].isspace() else ""
    words = f"{before}{words}{after}"
    if span.style is Style.PLAIN:
        return words
    if span.style is Style.CODE:
        return f"<code>{words}</code>"
    tag = "strong" if span.style is Style.NAME else "span"
    return f'<{tag} class="{span.style.value}">{words}</{tag}>'


def _block(block: Block) -> str:
    """Return a block as HTML."""
    if isinstance(block, Table):
        return _table(block)
    if isinstance(block, Explained):
        return _explained(block)
    if isinstance(block, Items):
        return "<ul>\n" + "".join(f"<li>{_text(item.text)}</li>\n" for item in block.items) + "</ul>\n"
    if isinstance(block, Paragraph):
        return f"<p>{_text(block.text)}</p>\n"
    if isinstance(block, Fold):
        inner = "".join(map(_block, block.blocks))
        return f"<details><summary>{_text(block.summary)}</summary>\n{inner}</details>\n"
    if isinstance(block, Literal):
        lines = "\n".join(quoted(kept_spaces(line)) for line in block.lines)
        return f'<pre tabindex="0">{lines}</pre>\n'
    if isinstance(block, Commands):
        return "".join(_command(words) for words in block.commands)
    if isinstance(block, Bars):
        return _bars(block)
    return _tiles(block) if isinstance(block, Tiles) else _layers(block)


def _command(words: tuple[str, ...]) -> str:
    """Return a command with a button that copies it (the script shows the button)."""
    line = quoted(" ".join(shlex.quote(plain(word)) for word in words))
    return f'<div class="command"><pre tabindex="0"><code>{line}</code></pre><button hidden>Copy</button></div>\n'


def _table(table: Table) -> str:
    """Return a table that the script can sort."""
    heads = "".join(_head(table, number) for number in range(len(table.columns)))
    lines = "".join(f"<tr>{''.join(_cells(table, line))}</tr>\n" for line in table.lines if line)
    return (
        '<div class="wide" tabindex="0" role="region" aria-label="Table">'
        f'<table class="sortable"><thead><tr>{heads}</tr></thead>\n<tbody>\n{lines}</tbody></table></div>\n'
    )


def _head(table: Table, number: int) -> str:
    """Return the head of a column."""
    column = table.columns[number]
    said = _text(column.title) or '<span class="unseen">Name</span>'
    return f'<th scope="col"{_number(table, number)}>{said}</th>'


def _number(table: Table, number: int) -> str:
    return ' class="number"' if table.columns[number].number else ""


def _cells(table: Table, line: tuple[Text, ...]) -> Iterator[str]:
    """Yield the cells of a line, its first the line's head."""
    for number, cell in enumerate(line):
        if number == 0:
            yield f'<th scope="row">{_text(cell)}</th>'
        else:
            yield f"<td{_number(table, number)}>{_text(cell)}</td>"


def _explained(block: Explained) -> str:
    """Return a table with a search field, a choice of kinds, and a panel for the reasons behind a cell."""
    table = block.table
    kinds = list(dict.fromkeys(block.kinds))
    boxes = "".join(
        f'<label><input type="checkbox" value="{n}"{"" if kind in block.closed else " checked"}>'
        f" {quoted(kind)} ({block.kinds.count(kind)})</label>\n"
        for n, kind in enumerate(kinds)
    )
    heads = "".join(_head(table, number) for number in range(len(table.columns)))
    lines = []
    for line, kind, behind in zip(table.lines, block.kinds, block.behind, strict=True):
        cells = "".join(_explained_cell(cell, n, behind[n]) for n, cell in enumerate(line))
        lines.append(f'<tr data-kind="{kinds.index(kind)}">{cells}</tr>\n')
    told: dict[str, int] = {}  # each paragraph once: many cells share most of theirs
    reasons = [[told.setdefault(_text(said), len(told)) for said in reason] for reason in block.reasons]
    packed = json.dumps({"told": list(told), "reasons": reasons}, separators=(",", ":"))
    return (
        '<div class="matrix">\n<div class="controls" hidden>\n'
        '<label>Search <input type="search" placeholder="part of a name"></label>\n'
        f"<fieldset><legend>Show</legend>\n{boxes}</fieldset>\n"
        '<p class="count" role="status" aria-live="polite"></p>\n</div>\n'
        '<div class="wide" tabindex="0" role="region" aria-label="Matrix">'
        f'<table class="sortable"><thead><tr>{heads}</tr></thead>\n<tbody>\n{"".join(lines)}</tbody></table></div>\n'
        '<dialog aria-label="Why"><h3></h3><div class="why"></div><form method="dialog"><button>Close</button></form>'
        f'</dialog>\n<script type="application/json" class="reasons">{_harmless(packed)}</script>\n</div>\n'
    )


def _explained_cell(cell: Text, number: int, reason: int) -> str:
    """Return a cell; one with a reason is a button."""
    if number == 0:
        return f'<th scope="row">{_text(cell)}</th>'
    return f'<td><button data-why="{reason}">{_text(cell)}</button></td>' if reason >= 0 else f"<td>{_text(cell)}</td>"


def _harmless(text: str) -> str:
    """Return JSON for the inside of a script element: nothing in it can end that."""
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _bars(block: Bars) -> str:
    """Return quantities as bars."""
    most = max((bar.value for bar in block.bars), default=0.0) or 1.0
    lines = "".join(
        f'<li><span class="label">{_text(bar.label)}</span><span class="amount"><span class="bar" '
        f'style="width:{60 * bar.value / most:.2f}%"></span>'
        f'<span class="shown">{quoted(plain(bar.shown))}</span></span></li>\n'
        for bar in block.bars
    )
    return f'<ul class="bars">\n{lines}</ul>\n'


def _tiles(block: Tiles) -> str:
    """Return quantities as a treemap, and the same as a list."""
    whole = sum(tile.value for tile in block.tiles) or 1.0
    places = squarified([tile.value for tile in block.tiles])
    drawn = []
    for number, (tile, place) in enumerate(zip(block.tiles, places, strict=True)):
        inner = "".join(_inner_tiles(tile, whole))
        drawn.append(
            f'<div class="tile hue{number % _HUES}" style="left:{place.x:.4%};top:{place.y:.4%};'
            f'width:{place.width:.4%};height:{place.height:.4%}" title="{_said(tile)}">'
            f'<span class="label">{quoted(plain(tile.label))}</span><div class="parts">{inner}</div></div>'
        )
    listed = _tile_list(block.tiles)
    return (
        f'<div class="treemap" aria-hidden="true">{"".join(drawn)}</div>\n'
        f"<details><summary>The same as a list</summary>\n{listed}</details>\n"
    )


def _inner_tiles(tile: Tile, whole: float) -> Iterator[str]:
    """Yield the parts of a tile."""
    for part, place in zip(tile.parts, squarified([part.value for part in tile.parts]), strict=True):
        label = quoted(plain(part.label)) if part.value / whole > _LEAST_LABEL else ""
        yield (
            f'<div class="part" style="left:{place.x:.4%};top:{place.y:.4%};width:{place.width:.4%};'
            f'height:{place.height:.4%}" title="{_said(part)}">{label}</div>'
        )


def _said(tile: Tile) -> str:
    """Return a tile in words, for an attribute."""
    return quoted(plain(f"{tile.label}: {tile.shown}" + (f" ({tile.about})" if tile.about else "")))


def _tile_list(tiles: tuple[Tile, ...]) -> str:
    """Return tiles as nested lists."""
    lines = "".join(f"<li>{_said(tile)}{_tile_list(tile.parts) if tile.parts else ''}</li>\n" for tile in tiles)
    return f"<ul>\n{lines}</ul>\n"


def _layers(block: Layers) -> str:
    """Return layers as a drawing: one column each, an arrow from what is required to what requires it."""
    (width, height), (across, down) = _BOX, _GAP
    place = {
        name: (10 + column * (width + across), 10 + row * (height + down))
        for column, layer in enumerate(block.layers)
        for row, name in enumerate(layer)
    }
    right = max((x for x, _ in place.values()), default=0) + width + 10
    bottom = max((y for _, y in place.values()), default=0) + height + 10
    parts = []
    for one, other in block.arrows:
        if one in place and other in place:
            (x1, y1), (x2, y2) = place[one], place[other]
            start, end, middle = (x1 + width, y1 + height // 2), (x2, y2 + height // 2), (x2 - x1 - width) // 2
            chain = ' class="chain"' if one in block.chain and other in block.chain else ""
            parts.append(
                f'<path{chain} d="M{start[0]} {start[1]} C{start[0] + middle} {start[1]} {end[0] - middle} {end[1]} '
                f'{end[0]} {end[1]}"/>'
            )
    for name, (x, y) in place.items():
        chain = ' class="chain"' if name in block.chain else ""
        parts.append(
            f'<g{chain}><rect x="{x}" y="{y}" width="{width}" height="{height}" rx="4"/>'
            f'<text x="{x + 8}" y="{y + 17}">{quoted(plain(name)[:22])}</text></g>'
        )
    said = "; ".join(f"{n}: {', '.join(map(plain, layer))}" for n, layer in enumerate(block.layers, 1))
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="Layers"><svg class="layers" role="img" '
        f'aria-label="Layers, each resting on earlier ones: {quoted(said)}" width="{right}" height="{bottom}" '
        f'viewBox="0 0 {right} {bottom}">{"".join(parts)}</svg></div>\n'
    )
