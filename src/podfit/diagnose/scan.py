"""One pass over a long log: where known words are, with what stands around them, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

from ahocorasick_rs import BytesAhoCorasick, Implementation

from podfit.catalogue.symptoms import symptoms

BLOCK = 1 << 20
"""So many bytes are read at once."""
EDGE = 128 << 10
"""So many bytes of beginning and end are kept."""
BEFORE, AFTER = 12 << 10, 6 << 10
"""So many bytes before and after a place are kept with it."""
FIRST, LAST = 2, 3
"""So many places of one literal are kept: the first ones, and the last ones of the last blocks."""
MOST = 6 << 20
"""So many bytes are kept of a log in all; of more the last ones of each literal."""

_Piece = tuple[int, int, int, bytes]
"""Where a piece begins and ends in the log, the number of its first line, its bytes."""


def scan(head: bytes, stream: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield the kept pieces of a log, in order, each with the number of its first line.

    head was read already; what follows it is read from stream, once. Pieces that overlap are joined.
    """
    literals = sorted({literal.encode() for row in symptoms("log") for literal in row["literals"]})
    automaton = BytesAhoCorasick(literals, implementation=Implementation.DFA)
    first: list[list[_Piece]] = [[] for _ in literals]
    last: list[list[_Piece]] = [[] for _ in literals]
    longest = max(map(len, literals))
    data, base, line, done = head, 0, 1, 0
    end = False
    edges = [(0, EDGE, 1, head[: head.find(b"\n", EDGE) + 1 or EDGE])]
    while True:
        limit = len(data) if end else max(done, len(data) - AFTER)
        chosen = _chosen(automaton.find_matches_as_indexes(data[max(0, done - longest) : limit]), first)
        start = max(0, done - longest)
        for at, which, is_first in _numbered(chosen, start):
            piece = _piece(data, at, base)
            if is_first:
                first[which].append(piece)
            else:
                last[which] = [*last[which][1 - LAST :], piece]
        _count_lines(first, last, data, base, line)
        if end:
            edges.append(_numbered_piece(data, max(0, len(data) - EDGE), len(data), base, line))
            break
        cut = max(0, limit - EDGE)
        line += data.count(b"\n", 0, cut)
        base, done, rest = base + cut, limit - cut, data[cut:]
        block = stream.read(BLOCK)
        end = not block
        data = rest + block
    yield from _joined(edges, first, last)


def _chosen(matches: list[tuple[int, int, int]], first: list[list[_Piece]]) -> dict[int, list[tuple[int, bool]]]:
    """Return for each literal its places of a block that count: the first ones ever, and the last one of the block."""
    found: dict[int, list[tuple[int, bool]]] = {}
    latest: dict[int, int] = {}
    for which, at, _ in matches:
        places = found.setdefault(which, [])
        if len(first[which]) + len(places) < FIRST:
            places.append((at, True))
        else:
            latest[which] = at
    for which, at in latest.items():
        found[which].append((at, False))
    return found


def _numbered(chosen: dict[int, list[tuple[int, bool]]], start: int) -> Iterator[tuple[int, int, bool]]:
    """Yield places (in the data), literals, whether they are first ones; in the order of places."""
    yield from sorted((at + start, which, is_first) for which, places in chosen.items() for at, is_first in places)


def _piece(data: bytes, at: int, base: int) -> _Piece:
    """Return the piece around a place, from line to line where lines are short enough; its number is still open."""
    low = max(0, at - BEFORE)
    low = low if low == 0 else (data.find(b"\n", low, at) + 1 or low)
    high = data.find(b"\n", min(len(data), at + AFTER // 2), at + AFTER)
    high = min(len(data), at + AFTER) if high < 0 else high + 1
    return base + low, base + high, 0, data[low:high]


def _count_lines(first: list[list[_Piece]], last: list[list[_Piece]], data: bytes, base: int, line: int) -> None:
    """Give the new pieces the numbers of their first lines, counting line breaks once."""
    new = sorted(
        (piece[0], kind, which, index)
        for kind, group in enumerate((first, last))
        for which, pieces in enumerate(group)
        for index, piece in enumerate(pieces)
        if not piece[2]
    )
    at, number = 0, line
    for start, kind, which, index in new:
        number += data.count(b"\n", at, start - base)
        at = max(at, start - base)
        group = (first, last)[kind]
        begin, end, _, text = group[which][index]
        group[which][index] = (begin, end, number, text)


def _numbered_piece(data: bytes, low: int, high: int, base: int, line: int) -> _Piece:
    """Return a piece of the data, from the beginning of a line."""
    low = low if low == 0 else (data.find(b"\n", low) + 1 or low)
    return base + low, base + high, line + data.count(b"\n", 0, low), data[low:high]


def _joined(edges: list[_Piece], first: list[list[_Piece]], last: list[list[_Piece]]) -> Iterator[tuple[int, bytes]]:
    """Yield pieces in order, those that overlap as one, no more than MOST bytes."""
    ranked = [*edges, *(pieces[-1] for pieces in last if pieces), *(pieces[0] for pieces in first if pieces)]
    ranked += [piece for pieces in (*last, *first) for piece in pieces]
    kept: list[_Piece] = []
    room = MOST
    for piece in dict.fromkeys(ranked):
        if len(piece[3]) <= room:
            kept.append(piece)
            room -= len(piece[3])
    whole: list[_Piece] = []
    for start, end, number, text in sorted(kept):
        if whole and start <= whole[-1][1]:
            begin, before, known, already = whole[-1]
            whole[-1] = (begin, max(before, end), known, already + text[before - start :] if end > before else already)
        else:
            whole.append((start, end, number, text))
    for _, _, number, text in whole:
        yield number, text
