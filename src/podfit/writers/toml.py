"""The part of TOML 1.0 that a lock file needs, written with one inline table per line so that diffs stay small."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timezone


def string(text: str) -> str:
    """Return a basic string on one line; what is not printable stands as its escape, so that no terminal acts on it."""
    quoted = json.dumps(text, ensure_ascii=False)  # its escapes are TOML's, too
    if quoted.isprintable():
        return quoted
    return "".join(char if char.isprintable() else f"\\U{ord(char):08x}" for char in quoted)


def key(name: str) -> str:
    """Return a key, bare where TOML allows it."""
    bare = name.isascii() and name.replace("-", "a").replace("_", "a").isalnum()
    return name if bare else string(name)


def value(item: object) -> str:
    """Return a value on one line. item is a string, a boolean, an integer, an aware datetime, a list or a mapping."""
    if isinstance(item, str):
        return string(item)
    if isinstance(item, bool):
        return "true" if item else "false"
    if isinstance(item, int):
        return str(item)
    if isinstance(item, datetime):
        return item.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")
    if isinstance(item, Mapping):
        return f"{{ {', '.join(f'{key(k)} = {value(v)}' for k, v in item.items())} }}" if item else "{}"
    if isinstance(item, list | tuple):
        return f"[{', '.join(value(one) for one in item)}]"
    raise TypeError(f"TOML has no {type(item).__name__}")


def pairs(table: Mapping[str, object]) -> list[str]:
    """Return the lines `key = value` of a table; a list of tables takes one line per element."""
    lines = []
    for name, item in table.items():
        if isinstance(item, list | tuple) and item and all(isinstance(one, Mapping) for one in item):
            lines += [f"{key(name)} = [", *(f"    {value(one)}," for one in item), "]"]
        else:
            lines.append(f"{key(name)} = {value(item)}")
    return lines
