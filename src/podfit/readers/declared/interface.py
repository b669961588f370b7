"""The contract of a reader of declarations: a source goes in, everything it says is collected in a reading.

A new format is one new module with a function `read(source, reading)` and one line in `discover.KINDS`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Protocol

from podfit.model import Declaration, InputError, Where
from podfit.readers.declared.text import decode, decode_utf8, without_credentials, without_endless_lines
from podfit.readers.plain_file import read_bounded

LARGEST = 32 * 1024 * 1024
"""Bytes past which a file declares no requirements: a limit that podfit sets, assumed."""


@dataclass(frozen=True)
class Source:
    """One file to read: root is the project directory, path the file, group what its requirements belong to.

    named tells that a person (or another file) named the file, so that nothing is guessed from its looks.
    """

    root: Path
    path: Path
    group: str = ""
    named: bool = False

    @cached_property
    def shown(self) -> str:
        """The path as evidence prints it: relative to the root with `/`, absolute for a file outside it."""
        return relative(self.path, self.root)

    @cached_property
    def data(self) -> bytes:
        """The file's bytes. Raises InputError when there is no such file or it cannot be read."""
        try:
            data = read_bounded(self.path, LARGEST)
        except FileNotFoundError:
            raise self.error("there is no such file", remedy="check the path") from None
        except IsADirectoryError:
            raise self.error("this is a directory, not a file of requirements", remedy="name the file") from None
        except OSError as error:
            raise self.error(f"cannot be read: {error.strerror or error}") from None
        except ValueError as error:  # a NUL character in the path
            raise self.error(f"is no path: {error}") from None
        if len(data) > LARGEST:
            raise self.error(
                f"larger than {LARGEST >> 20} MiB: no file that declares requirements",
                remedy="leave what is none out of it",
            )
        return data

    @cached_property
    def text(self) -> str:
        """The text of a file of requirements, whatever its encoding, as pip reads it; no line is endless."""
        return without_endless_lines(decode(self.data))

    @cached_property
    def utf8(self) -> str:
        """The file's text, which its format wants in UTF-8. Raises InputError at the first line that is not."""
        try:
            return decode_utf8(self.data)
        except UnicodeDecodeError as error:
            line = self.data.count(b"\n", 0, error.start) + 1
            raise self.error("this line is not UTF-8 text", line, remedy="save the file as UTF-8") from None

    def where(self, line: int = 0) -> Where:
        """Return the place of line (counted from 1, 0 for the whole file), as declarations carry it."""
        return Where(self.shown, line)

    def error(self, message: str, line: int = 0, remedy: str = "") -> InputError:
        """Return the error for line: its place is the path as the person would open it from here."""
        return InputError(
            without_credentials(message), where=Where(str(self.path), line), remedy=without_credentials(remedy)
        )


@dataclass(frozen=True)
class OwnExtras:
    """The project asks for itself with extras (`-e .[dev]`, `moola[dev]`): they are needed where it stands."""

    extras: tuple[str, ...]
    group: str


@dataclass
class Reading:
    """What has been read so far; the readers of single files add to it. Names are normalized.

    faults are what a lenient reading passed over: files that nobody named may be wrong without ending a run.
    """

    declarations: dict[Declaration, None] = field(default_factory=dict)
    own_extras: list[OwnExtras] = field(default_factory=list)
    requires_python: str = ""
    name: str = ""
    extras: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    index_urls: list[str] = field(default_factory=list)
    find_links: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    freezes: list[Path] = field(default_factory=list)
    lenient: bool = False
    faults: list[InputError] = field(default_factory=list)
    included: set[tuple[Path, str, bool]] = field(default_factory=set)
    """Absolute paths of the requirement files that were read, with their group, and whether they are constraints."""
    base_files: frozenset[Path] = frozenset()
    """Absolute paths of the requirement files that are read for themselves, as what is always needed."""

    @contextmanager
    def tolerant(self) -> Iterator[None]:
        """What cannot be read inside is kept as a fault where the reading is lenient, and the rest is read on."""
        try:
            yield
        except InputError as error:
            if not self.lenient:
                raise
            self.faults.append(error)

    def add(self, declaration: Declaration) -> None:
        """Keep declaration unless the same one stands there already (a file that two others include)."""
        self.declarations.setdefault(declaration)

    def notice(self, sentence: str) -> None:
        """Keep a sentence about something that was read in an unexpected way, once; it must not show credentials."""
        _once(self.notices, without_credentials(" ".join(sentence.split())))

    def freeze(self, source: Source, reason: str) -> None:
        """Note that source is a freeze or a lock: no declaration, but a local environment."""
        if source.path not in self.freezes:
            self.freezes.append(source.path)
            self.notice(f"{source.shown} is taken as a local environment and not as what the project needs: {reason}")

    def index(self, url: str) -> None:
        """Keep the address of an extra package index; the default one needs no mention."""
        if url.rstrip("/") not in ("https://pypi.org/simple", "https://pypi.python.org/simple"):
            _once(self.index_urls, url)

    def links(self, place: str) -> None:
        """Keep a `--find-links` address or directory."""
        _once(self.find_links, place)

    def note_group(self, name: str) -> None:
        """Note that a group exists, even if it is empty."""
        _once(self.groups, name)

    def note_extra(self, name: str) -> None:
        """Note that an extra exists, even if it is empty."""
        _once(self.extras, name)


class Reader(Protocol):
    """What a module that reads one kind of file offers."""

    def read(self, source: Source, reading: Reading) -> None:
        """Add what source declares to reading. Raises InputError, one sentence with the line, for a wrong file."""


def relative(path: Path, root: Path) -> str:
    """Return path as text relative to root with `/` between its parts, or absolute when it lies outside."""
    there = os.path.abspath(path)  # noqa: PTH100 - pathlib's resolve() would follow links, and so rename the file
    inside = os.path.relpath(there, root)
    return Path(there if inside.startswith("..") else inside).as_posix()


def _once(items: list[str], item: str) -> None:
    if item and item not in items:
        items.append(item)
