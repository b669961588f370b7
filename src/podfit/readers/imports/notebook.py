"""Notebooks (nbformat 3 and 4): code cells as Python source, with what only IPython understands taken out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from podfit.model.syntax import UNPARSED, syntax_tree

_MAGIC = re.compile(r"^\s*(?:[%!?]|[\w.]+\?{1,2}\s*$)")
_ASSIGNED = re.compile(r"^(\s*)([\w,.\[\]'\"](?:[\w\s,.\[\]'\"]*[\w,.\[\]'\"])?)\s*=\s*[%!]")
_PYTHON_LINE = re.compile(r"^(\s*)%(?:time|timeit|prun|memit|mprun|lprun)\s+(?:-\S+\s+)*(?=[^\s-])(.*)$")
# Cell magics whose cell is Python all the same (IPython's own, ipython-autotime, memory_profiler).
_PYTHON_CELLS = frozenset({"time", "timeit", "capture", "prun", "memit", "mprun", "lprun", "python3", "py", "debug"})
_INSTALL = re.compile(r"^\s*[!%]\s*(?:python3?\s+-m\s+)?(?:uv\s+)?(?:pip3?|conda|mamba)\s+install\b")


@dataclass(frozen=True, slots=True)
class Cell:
    """A code cell. number counts all cells of the notebook from 1; source is its text as written."""

    number: int
    source: str


class _Cell(msgspec.Struct):
    """The keys of a cell that matter; everything else (outputs are megabytes) is skipped unread."""

    cell_type: str = ""
    source: str | list[str] = ""
    input: str | list[str] = ""


class _Sheet(msgspec.Struct):
    cells: list[_Cell] = []


class _Notebook(msgspec.Struct):
    cells: list[_Cell] = []
    worksheets: list[_Sheet] = []
    metadata: dict[str, Any] = {}


class NotebookError(ValueError):
    """What a file has that is no notebook, in one sentence, and the line of the fault, 0 where none is known."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


def cells_of(data: bytes) -> tuple[str, list[Cell]]:
    """Return the notebook's language (`python` where it says nothing) and its code cells.

    Raises NotebookError when data is no notebook.
    """
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
    try:
        notebook = msgspec.json.decode(data, type=_Notebook)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        # Python writes NaN and Infinity into outputs, which strict JSON refuses.
        try:
            notebook = msgspec.convert(json.loads(data), _Notebook)
        except (ValueError, RecursionError) as error:
            text = error.msg if isinstance(error, json.JSONDecodeError) else str(error).splitlines()[0]
            raise NotebookError(f"not a notebook: {text}", getattr(error, "lineno", 0)) from None
    cells = notebook.cells or [cell for sheet in notebook.worksheets for cell in sheet.cells]
    code = [
        Cell(number, _text(cell.source) or _text(cell.input))
        for number, cell in enumerate(cells, 1)
        if cell.cell_type == "code"
    ]
    return _language(notebook.metadata), code


def python_of(source: str) -> str:
    """Return the Python of a cell, line for line, with magics, shell lines and help requests made harmless.

    Empty when the cell is in another language (`%%bash`). Source that parses already is returned unchanged, so that
    nothing inside a string is touched.
    """
    try:
        syntax_tree(source)
        return source
    except UNPARSED:
        pass
    lines = source.splitlines()
    first = next((number for number, line in enumerate(lines) if line.strip() and not line.lstrip().startswith("#")), 0)
    if lines and lines[first].lstrip().startswith("%%"):
        name = lines[first].lstrip()[2:].split(maxsplit=1)
        if not name or name[0].lower() not in _PYTHON_CELLS:
            return ""
        lines[first] = ""
    return "\n".join(_plain(lines))


def installs(source: str) -> bool:
    """Return whether a cell installs something with pip or conda."""
    return any(_INSTALL.match(line) for line in source.splitlines())


def _plain(lines: list[str]) -> Iterator[str]:
    continued = ""
    for line in lines:
        if continued:
            yield continued
            continued = continued if line.rstrip().endswith("\\") else ""
        elif timed := _PYTHON_LINE.match(line):
            yield f"{timed[1]}{timed[2]}"
        elif assigned := _ASSIGNED.match(line):
            yield f"{assigned[1]}{assigned[2]} = None"
            continued = f"{assigned[1]}pass" if line.rstrip().endswith("\\") else ""
        elif _MAGIC.match(line):
            plain = re.match(r"\s*", line)[0] + "pass"  # type: ignore[index]  # matches the empty string at least
            yield plain
            continued = plain if line.rstrip().endswith("\\") else ""
        else:
            yield line


def _text(source: str | list[str]) -> str:
    return source if isinstance(source, str) else "".join(source)


def _language(metadata: dict[str, Any]) -> str:
    for key, name in (("kernelspec", "language"), ("language_info", "name")):
        entry = metadata.get(key)
        if isinstance(entry, dict) and isinstance(entry.get(name), str) and entry[name]:
            return str(entry[name]).lower()
    return "python"
