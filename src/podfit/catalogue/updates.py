"""Lists that the user took in after podfit's release: `podfit templates --update`.

They lie in podfit's data directory, one directory for each state; the file `current` names the one that counts and is
replaced as the last step, so that a state is there whole or not at all.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import msgspec

from podfit.catalogue.bundle import Bundle
from podfit.catalogue.summary import Entry, Summary, entry_of, summary_of, summary_of_template
from podfit.model import InputError, Template
from podfit.model.manifest import manifest_from_template

_CURRENT = "current"
_INDEX = "index.json"


@dataclass(frozen=True, slots=True)
class Taken:
    """One template that was taken in: its manifest's file, its summary, and where and when it came from."""

    file: Path
    summary: Summary
    origin: str


class _Line(msgspec.Struct, frozen=True):
    """One line of a state's index."""

    entry: Entry
    origin: str


def data_directory() -> Path:
    """Return podfit's data directory: PODFIT_DATA_DIR, else the platform's place for data."""
    chosen = os.environ.get("PODFIT_DATA_DIR", "")
    if chosen:
        return Path(chosen)
    from platformdirs import user_data_path

    return user_data_path("podfit")


def taken() -> Iterator[Taken]:
    """Yield what was taken in; nothing where nobody did: it never ends a run.

    A damaged index is made again from the manifests beside it. A manifest that is gone or damaged is still yielded:
    who asks for it is told its file.
    """
    state = _state()
    if state is None:
        return
    try:
        lines = msgspec.json.decode((state / _INDEX).read_bytes(), type=dict[str, _Line])
    except (OSError, ValueError):
        yield from _found(state)
        return
    for name, line in sorted(lines.items()):
        yield Taken(state / f"{name}.json", line.entry.summary(name), line.origin)


def _found(state: Path) -> Iterator[Taken]:
    """Yield the manifests that can be read in a state whose index cannot."""
    for file in sorted(state.glob("*.json")):
        try:
            if file.name != _INDEX and file.is_file():
                data = msgspec.json.decode(file.read_bytes(), type=dict[str, Any])
                yield Taken(file, summary_of({**data, "name": file.stem}), "a list whose index is damaged")
        except (OSError, ValueError, KeyError, TypeError, InputError):
            continue


def _state() -> Path | None:
    """Return the directory of the state that counts; where nobody can tell any more, that of the newest one."""
    try:
        folder = data_directory() / "catalogue"
        current = folder / _CURRENT
        name = current.read_bytes().decode("ascii", "replace").strip() if current.is_file() else ""
        if name.isalnum() and (folder / name).is_dir():
            return folder / name
        found = [each for each in folder.iterdir() if each.is_dir() and each.name.isalnum() and each.name != _CURRENT]
        return max(found, key=lambda each: each.stat().st_mtime, default=None)
    except (OSError, RuntimeError):
        return None


def take(bundle: Bundle, origin: str) -> tuple[str, ...]:
    """Keep the templates of a bundle, beside those taken in before; return their names.

    origin is where the bundle came from, without secrets. Raises InputError when the data directory cannot be written;
    then everything is as it was.
    """
    day = datetime.now(timezone.utc).date().isoformat()
    folder = data_directory() / "catalogue"
    before = {each.summary.name: each for each in taken()}
    work = folder / secrets.token_hex(16)
    try:
        work.mkdir(parents=True)
        lines: dict[str, Any] = {}
        for name, each in before.items():
            if not each.file.is_file():
                continue
            shutil.copyfile(each.file, work / f"{name}.json")
            lines[name] = {"entry": entry_of(each.summary, each.file.stat().st_size), "origin": each.origin}
        for template in bundle.templates:
            data = _text(template)
            (work / f"{template.name}.json").write_bytes(data)
            entry = entry_of(summary_of_template(template), len(data))
            lines[template.name] = {"entry": entry, "origin": f"{origin} on {day}"}
        (work / _INDEX).write_bytes(msgspec.json.encode(lines))
        _become(folder, work)
    except OSError as error:
        shutil.rmtree(work, ignore_errors=True)
        message = f"podfit's data directory cannot be written: {error.strerror or error}"
        raise InputError(message, remedy="free room, or name another with PODFIT_DATA_DIR") from None
    return tuple(template.name for template in bundle.templates)


def _become(folder: Path, work: Path) -> None:
    """Make a finished directory the state that counts, and drop the others."""
    pointer = folder / f".{secrets.token_hex(8)}.tmp"
    pointer.write_text(work.name + "\n", encoding="ascii")
    pointer.replace(folder / _CURRENT)
    for other in folder.iterdir():
        if other.is_dir() and other.name != work.name:
            with contextlib.suppress(OSError):
                shutil.rmtree(other)


def _text(template: Template) -> bytes:
    """Return a template's manifest as a file."""
    data: Mapping[str, Any] = manifest_from_template(template)
    return msgspec.json.encode(data)
