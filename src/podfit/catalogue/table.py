"""The tables of this folder: TOML files, which people edit, each with a copy in JSON, which is read faster.

A copy says of which bytes it was made. Where that is not the TOML file as it stands, the TOML file is read: a copy that
nobody renewed (tools/build_tables.py) costs time and changes nothing.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec


@cache
def table(name: str) -> Mapping[str, Any]:
    """Return the table of that name (`held`, `symptoms/numpy2_abi`), as TOML's types. Nobody may change it."""
    folder = files(__package__)
    source = folder.joinpath(*f"{name}.toml".split("/")).read_bytes()
    copy = folder.joinpath("tables").joinpath(*f"{name}.json".split("/"))
    if copy.is_file():
        made_of, read = _sides(copy.read_bytes())
        if made_of == digest(source):
            return read
    return from_toml(source)


def from_toml(source: bytes) -> dict[str, Any]:
    """Return what the bytes of a TOML file say."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    found: dict[str, Any] = tomllib.loads(source.decode("utf-8"))
    return found


def digest(source: bytes) -> str:
    """Return what a copy keeps of the bytes that it was made of."""
    return hashlib.blake2b(source, digest_size=16).hexdigest()


def _sides(copy: bytes) -> tuple[str, dict[str, Any]]:
    """Return of which bytes a copy was made, and the table; no digest for a file that is no such copy."""
    try:
        found = msgspec.json.decode(copy)
        return found["made_of"], found["table"]
    except (ValueError, TypeError, KeyError):
        return "", {}
