"""Files onto the disk: all of them or none."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from podfit.model import InputError, Where

_LOOKED_AT = 1 << 20
"""Bytes at a file's beginning, and at its end, in which podfit's name is looked for."""


def write_files(files: Mapping[str, str], directory: Path, *, stale: Iterable[str] = ()) -> tuple[Path, ...]:
    """Write files (name to text, UTF-8) into directory and return their paths, in the mapping's order.

    The directory is made when it is missing. Everything is written under temporary names in it first and flushed to
    the disk, and only then renamed, each file at once: a full disk or a signal on the way leaves the earlier files
    as they were and nothing temporary. Files of the names in stale that are not among files are removed after that;
    without files, no directory is made. Raises InputError when the directory takes no files or a name is taken by a
    directory; ValueError for a name that is more than one path component.
    """
    for name in files:
        if name in ("", ".", "..") or Path(name).name != name:
            raise ValueError(f"{name!r} is not the name of a file in a directory")
        try:
            taken = (directory / name).is_dir()
        except OSError as error:  # a name or a path that is too long, a directory that may not be searched
            raise InputError(
                f"cannot be written: {error.strerror or error}",
                where=Where(str(directory / name)),
                remedy="name a directory that takes files",
            ) from None
        if taken:
            raise InputError("is a directory", where=Where(str(directory / name)), remedy="write somewhere else")
    made = _make(directory) if files else []
    waiting: list[tuple[Path, Path]] = []
    try:
        for name, text in files.items():
            handle, temporary = tempfile.mkstemp(prefix=f".{name[:40]}.", suffix=".tmp", dir=directory)
            waiting.append((Path(temporary), directory / name))
            # A file name that is not UTF-8 reaches here as a lone surrogate; its escape is valid JSON, too.
            with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).chmod(_mode(directory / name))
        for temporary_path, path in waiting:
            temporary_path.replace(path)
        for name in stale:
            if name not in files:
                (directory / name).unlink(missing_ok=True)
    except BaseException as error:
        for temporary_path, _ in waiting:
            temporary_path.unlink(missing_ok=True)
        for folder in made:
            _remove_empty(folder)
        if isinstance(error, OSError):
            raise InputError(
                f"cannot be written to: {error.strerror or error}",
                where=Where(str(directory)),
                remedy="name a directory that takes files",
            ) from None
        raise
    return tuple(path for _, path in waiting)


def refuse_others(names: Iterable[str], directory: Path) -> None:
    """Raise InputError where a file of one of these names is in directory that podfit did not write.

    What podfit writes names it. An empty file is nobody's loss.
    """
    for name in names:
        if is_anothers(directory / name):
            raise InputError(
                "is there, and podfit did not write it",
                where=Where(str(directory / name)),
                remedy="write somewhere else (--out DIR), or take it away",
            )


def is_anothers(path: Path) -> bool:
    """Tell whether what lies at a path is no directory, holds something, and nowhere names podfit."""
    try:
        kind = path.stat().st_mode
        if stat.S_ISDIR(kind):
            return False
        if not stat.S_ISREG(kind):
            return True
        with path.open("rb") as file:
            start = file.read(_LOOKED_AT)
            file.seek(max(len(start), path.stat().st_size - _LOOKED_AT))
            return bool(start) and b"podfit" not in start.lower() and b"podfit" not in file.read(_LOOKED_AT).lower()
    except FileNotFoundError:
        return path.is_symlink()
    except OSError:
        return False  # whoever writes there tells what stands against it


def _make(directory: Path) -> list[Path]:
    """Make directory with its parents; return those that were missing, innermost first."""
    missing = [folder for folder in (directory, *directory.parents) if not folder.exists()]
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        for folder in missing:
            _remove_empty(folder)
        raise InputError(
            f"cannot be made: {error.strerror or error}",
            where=Where(str(directory)),
            remedy="name a directory that takes files",
        ) from None
    return missing


def _remove_empty(folder: Path) -> None:
    """Remove a directory that is empty; leave another one, or none, alone."""
    try:
        folder.rmdir()
    except OSError:
        return


def _mode(path: Path) -> int:
    """Return the permissions of the file that path replaces, or the usual ones of a new file."""
    try:
        return path.stat().st_mode & 0o777
    except OSError:
        return 0o644
