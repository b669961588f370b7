"""Whose files a failure runs through: from frames and libraries to distributions, by their RECORDs."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from typing import Any

from ..tree.files import HERE
from ..tree.records import record
from .processes import Outcome

_STACK = re.compile(r'File "(/[^"\n]+)", line \d+ in ')
"""A frame as faulthandler writes it, the innermost first."""


def files_in(outcome: Outcome) -> list[str]:
    """Return the files that a child's failure speaks of, the nearest to its cause first.

    Where one that did not end stood when it was stopped says nothing: a slow machine is nobody's fault.
    """
    if outcome.how == "hang":
        return []
    if outcome.how == "error":
        return list(outcome.error.get("files", ()))
    return _STACK.findall(outcome.log)


def owners(files: Iterable[str], distributions: Mapping[str, Mapping[str, Any]], last: str = "") -> list[str]:
    """Return the distributions that installed files, in the order of the files, each once.

    Files of none (the standard library's, the project's, podfit's own) are passed over. last, where it is installed,
    is added as the one that was asked for in the first place.
    """
    found: dict[str, None] = {}
    for file in files:
        owner = _owner(file, distributions)
        if owner:
            found.setdefault(owner)
    if last in distributions:
        found.setdefault(last)
    return list(found)


def _owner(file: str, distributions: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the distribution whose RECORD lists a file, empty when none does."""
    for name, one in distributions.items():
        folder = os.path.dirname(one["info"])
        if not file.startswith(folder + "/"):
            continue
        path = file[len(folder) + 1 :].encode("utf-8", "surrogateescape")
        lines = b"\n" + (record(HERE, one["info"]) or b"")
        if b"\n" + path + b"," in lines or b'\n"' + path + b'",' in lines:
            return name
    return ""
