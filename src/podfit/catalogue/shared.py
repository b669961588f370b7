"""What releases require, once for all templates: `metadata.bin`, zlib over JSON, keyed `name version`.

Sixty templates name the same releases again and again. A manifest of the catalogue leaves `requires_dist` out where the
shared record says it; one that is there counts, null included (nobody knows). tools/build_catalogue.py writes both.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

import msgspec

Record = tuple[tuple[str, ...], str]
"""Requires-Dist lines and Requires-Python of one release."""

NAME = "metadata.bin"
MOST_BYTES = 64 << 20
"""More than this unpacked is no file of podfit's: the whole catalogue takes a tenth of it."""

_RECORD = msgspec.json.Decoder(Record)


def pack(records: Mapping[str, Record]) -> bytes:
    """Return the file for these records; the same ones give the same bytes."""
    return zlib.compress(msgspec.json.encode(dict(sorted(records.items()))), 9)


def unpack(data: bytes) -> Mapping[str, msgspec.Raw]:
    """Return the records of a file, each still as JSON. Raises ValueError for what is no such file, or too large."""
    inflate = zlib.decompressobj()
    try:
        text = inflate.decompress(data, MOST_BYTES)
    except zlib.error as error:
        raise ValueError(f"it is not packed as podfit packs: {error}") from None
    if not inflate.eof:
        raise ValueError("it ends early, or is larger than podfit reads")
    return msgspec.json.decode(text, type=dict[str, msgspec.Raw])


def completed(entries: Iterable[Mapping[str, Any]], records: Mapping[str, msgspec.Raw]) -> list[dict[str, Any]]:
    """Return a manifest's distributions with what the records know of those that leave `requires_dist` out."""
    whole = []
    for entry in entries:
        entry = dict(entry)
        if "requires_dist" not in entry:
            found = records.get(f"{entry.get('name')} {entry.get('version')}")
            lines, python = _RECORD.decode(found) if found is not None else (None, "")
            entry["requires_dist"] = lines
            if python:
                entry.setdefault("requires_python", python)
        whole.append(entry)
    return whole


@lru_cache(maxsize=1)
def shipped_records() -> Mapping[str, msgspec.Raw]:
    """Return the records that came with podfit; none where the file is not there."""
    source = files(__package__).joinpath(NAME)
    return unpack(source.read_bytes()) if source.is_file() else {}
