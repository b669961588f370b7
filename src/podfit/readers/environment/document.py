"""A file as the formats see it: its text, and that text as JSON, TOML or YAML nodes, parsed once."""

from __future__ import annotations

import codecs
import json
import re
import sys
from functools import cached_property
from pathlib import Path
from typing import Any

from podfit.model import InputError, Where
from podfit.model.toml_text import toml_table
from podfit.readers.plain_file import LARGEST, read_bounded

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_WRITE_AGAIN = "write the file again with the tool that made it"
_UTF16 = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_JSON_START = re.compile(r"\s*(\{|\[\s*(\{|\]|$))")
_TOML_START = re.compile(r'^\[\[packages?\]\]\s*(#.*)?$|^lock-version\s*=\s*"', re.MULTILINE)
_YAML_START = re.compile(r"^(?:dependencies|package):\s*(#.*)?$", re.MULTILINE)


class Document:
    """The text of one file. path is as the person gave it; it begins every piece of evidence."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text.replace("\r\n", "\n")

    @property
    def name(self) -> str:
        """The file's name without its directories, in lower case."""
        return Path(self.path).name.lower()

    @cached_property
    def lines(self) -> list[str]:
        """The lines of the text; line 1 is at index 0."""
        return self.text.split("\n")

    def where(self, line: int = 0) -> Where:
        """Return the place of a line counted from 1 (0: the file as a whole)."""
        return Where(self.path, line)

    @cached_property
    def json(self) -> Any:
        """The JSON value, None when the text does not start like one. Raises InputError for a syntax error."""
        if not _JSON_START.match(self.text):
            return None
        try:
            return json.loads(self.text)
        except json.JSONDecodeError as error:
            raise InputError(
                f"not valid JSON: {error.msg}", where=self.where(error.lineno), remedy=_WRITE_AGAIN
            ) from None
        except (ValueError, RecursionError):
            raise InputError("not valid JSON: a number or a nesting without end", where=self.where()) from None

    @cached_property
    def toml(self) -> dict[str, Any] | None:
        """The TOML table, None when the text does not look like a lock file's. Raises InputError for a syntax error."""
        if not _TOML_START.search(self.text):
            return None
        try:
            table: dict[str, Any] = toml_table(self.text)
        except tomllib.TOMLDecodeError as error:
            message, line = _toml_place(str(error), len(self.lines))
            raise InputError(f"not valid TOML: {message}", where=self.where(line), remedy=_WRITE_AGAIN) from None
        except ValueError:
            raise InputError("not valid TOML: a number, a key or a nesting without end", where=self.where()) from None
        return table

    @cached_property
    def nodes(self) -> Any:
        """The root yaml.Node; None without `dependencies:` or `package:`. Raises InputError for a syntax error."""
        if not _YAML_START.search(self.text):
            return None
        import yaml

        try:
            return yaml.compose(self.text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = mark.line + 1 if mark else 0
            reason = error.problem or error.context
            raise InputError(f"not valid YAML: {reason}", where=self.where(line), remedy="correct that line") from None
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            raise InputError(f"not valid YAML: {type(error).__name__}", where=self.where()) from None


def _toml_place(message: str, last: int) -> tuple[str, int]:
    """Return the message of a TOML error without its place, and its line (last, when it is the end)."""
    match = re.fullmatch(r"(.*) \(at (?:line (\d+), column \d+|end of document)\)", message, re.DOTALL)
    if not match:
        return message, 0
    return match[1], int(match[2]) if match[2] else last


def _without_mark(data: bytes) -> str:
    """Return the encoding of a file without UTF-16's mark: UTF-16 where every other of its first bytes is NUL."""
    head = data[:64]
    if len(head) >= 4 and len(data) % 2 == 0:
        for encoding, nul, said in (("utf-16-le", head[1::2], head[::2]), ("utf-16-be", head[::2], head[1::2])):
            if not any(nul) and all(said):
                return encoding
    return "utf-8-sig"


def open_document(path: str) -> Document:
    """Return the document in a file: UTF-8, or UTF-16 with or without its mark, as PowerShell's `>` writes it.

    Raises InputError when the file is missing, unreadable or not text.
    """
    try:
        data = read_bounded(path, LARGEST)
    except FileNotFoundError:
        raise InputError("there is no such file", where=Where(path), remedy="check the path") from None
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror or error}", where=Where(path)) from None
    except ValueError:
        raise InputError("not the name of a file", where=Where(path.replace("\0", "\\0"))) from None
    if len(data) > LARGEST:
        raise InputError(f"larger than {LARGEST >> 20} MiB: no list of distributions", where=Where(path))
    encoding = _UTF16.get(data[:2]) or _without_mark(data)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"not text: byte {error.start} is no {encoding.removesuffix('-sig').upper()}",
            where=Where(path, line),
            remedy="save the file as UTF-8",
        ) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise InputError("not text: it contains NUL bytes", where=Where(path, line))
    return Document(path, text)
