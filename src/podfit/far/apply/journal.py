"""Change an environment under a write-ahead journal, and put it back from whatever moment it was left at.

The order of things, each step finished before the next begins:

1. The new files lie complete in `staging`, on the same file system, as renames are all that follows.
2. `snapshot.json.z` lists the environment; `journal.json` lists what will happen; both are on the disk (fsync).
3. Every file to remove or replace is renamed into `backup`.
4. Every staged file or directory is renamed to its place, where now nothing is.
5. podfit verifies. `journal.json` is renamed to `committed.json`: from here on there is no way back.

`Journal.restore` needs no notes about how far that came, as the file system itself tells: a backup that exists was
taken; creations can only exist once all backups are there; and restoring removes creations before it returns the
first backup. So it can be interrupted and repeated too.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable
from typing import Any

from . import files
from .talk import RefusedError

SCHEMA = "podfit.journal/1"


class Journal:
    """One change to one environment, in folder (which is on the environment's file system)."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.staging = os.path.join(folder, "staging")
        self.backup = os.path.join(folder, "backup")
        self.path = os.path.join(folder, "journal.json")
        self.committed = os.path.join(folder, "committed.json")
        self._snapshot = os.path.join(folder, "snapshot.json.z")
        self._made = os.path.join(folder, "made.json.z")

    @property
    def pending(self) -> bool:
        """Whether a change began and was neither committed nor put back."""
        return files.exists(self.path)

    def prepare(self, roots: list[str], removals: list[str], moves: list[tuple[str, str]]) -> dict[str, Any]:
        """Write snapshot and journal; return the journal.

        roots are the trees to remember whole (the package directories), removals the files that belong to what gets
        replaced, moves the pairs (staged, final) as `plan_moves` starts from them. Nothing of the environment is
        touched yet. Raises RefusedError when something that is not podfit's to replace is in the way.
        """
        snapshot = files.snapshot(roots)
        gone = dict.fromkeys(removals)
        emptied = _emptied(list(gone), roots)
        pairs: list[tuple[str, str]] = []
        for staged, final in moves:
            _plan(staged, final, gone, emptied, pairs)
        folders: dict[str, list[int]] = {}
        for path in [*gone, *emptied, *(final for _, final in pairs)]:
            for folder in (path, os.path.dirname(path)):
                if folder not in folders and os.path.isdir(folder) and not os.path.islink(folder):
                    status = os.lstat(folder)
                    folders[folder] = [status.st_mode & 0o7777, status.st_atime_ns, status.st_mtime_ns]
        journal = {
            "schema": SCHEMA,
            "roots": roots,
            "removals": [[path, os.path.join(self.backup, str(number))] for number, path in enumerate(gone)],
            "emptied": emptied,
            "moves": pairs,
            "folders": folders,
        }
        os.makedirs(self.backup, exist_ok=True)
        files.write_json(self._snapshot, snapshot, compress=True)
        files.write_json(self._made, _made(pairs), compress=True)
        files.write_json(self.path, journal)
        return journal

    def perform(self, journal: dict[str, Any], beat: Callable[[], None]) -> None:
        """Carry the journal out; beat is called between the steps and may raise to stop it."""
        for path, backup in journal["removals"]:
            files.move(path, backup)
            beat()
        for folder in journal["emptied"]:
            os.rmdir(folder)
        for staged, final in journal["moves"]:
            files.move(staged, final)
            beat()

    def commit(self) -> None:
        """Make the change final; what is left in folder may be removed afterwards."""
        os.rename(self.path, self.committed)
        files.sync_folder(self.folder)

    def restore(self, beat: Callable[[], None]) -> list[str]:
        """Put the environment back and return sentences about what is not as it was, for reasons that podfit has not.

        Files that somebody else made or changed meanwhile are left alone and named; bytecode is the exception, which
        every import makes: what the snapshot does not know of it is removed. Raises RefusedError, with nothing touched,
        when the journal is damaged.
        """
        journal = self._read()
        if journal is None:
            return []
        snapshot = files.read_note(self._snapshot, compress=True)
        made = files.read_note(self._made, compress=True)
        if all(files.exists(backup) for _, backup in journal["removals"]):
            for staged, final in reversed(journal["moves"]):
                # What still lies in staging was never moved: what is in its place came after podfit.
                if not files.exists(staged) or not _same_disk(staged, final):
                    _take_away(final, made)
                files.remove(final + files.MOVING)
                beat()
        for folder in journal["emptied"]:
            os.makedirs(folder, exist_ok=True)
        for path, backup in journal["removals"]:
            # What lies there already was put there after the interruption, and stays; bytecode is made anew.
            if files.exists(backup) and (not files.exists(path) or _is_bytecode(path)):
                os.makedirs(os.path.dirname(path), exist_ok=True)
                files.move(backup, path)
                beat()
            files.remove(path + files.MOVING)
        cleaned = _remove_bytecode(journal["roots"], snapshot) if snapshot is not None else []
        for folder in cleaned:
            if snapshot and folder in snapshot:
                mtime = snapshot[folder][3]
                journal["folders"].setdefault(folder, [snapshot[folder][1], mtime, mtime])
        for folder in sorted(journal["folders"], key=len, reverse=True):
            mode, atime, mtime = journal["folders"][folder]
            if os.path.isdir(folder):
                os.chmod(folder, mode)
                os.utime(folder, ns=(atime, mtime))
        if snapshot is None:
            return [f"{self._snapshot} is damaged, so that nobody knows what else changed meanwhile"]
        return files.differences(snapshot, files.snapshot(journal["roots"]))

    def _read(self) -> dict[str, Any] | None:
        """Return the journal, None when there is none. Raises RefusedError when it is damaged."""
        try:
            found = files.read_json(self.path)
            if found is None:
                return None
            pairs = [*found["removals"], *found["moves"]]
            texts = [*found["roots"], *found["emptied"], *found["folders"], *(text for pair in pairs for text in pair)]
            if not all(len(pair) == 2 for pair in pairs) or not all(isinstance(text, str) for text in texts):
                raise ValueError("it is cut short")
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise RefusedError(
                f"{self.path}, the journal of an interrupted apply, is damaged: podfit cannot put the environment back",
                f"what was replaced lies in {self.backup}; remove {self.folder} to go on with the environment as it is",
            ) from None
        journal: dict[str, Any] = found
        return journal

    def forget(self) -> None:
        """Remove the journal, then everything beside it; only after `restore` or `commit`."""
        files.remove(self.path)
        files.sync_folder(self.folder)
        files.remove(self.folder)


def _made(moves: list[tuple[str, str]]) -> dict[str, list[Any]]:
    """Return what is about to be put into the environment, by its final path, as `files.describe` tells of it."""
    found: dict[str, list[Any]] = {}
    for staged, final in moves:
        for path, entry in files.snapshot([staged]).items():
            found[final + path[len(staged) :]] = entry
    return found


def _same_disk(one: str, other: str) -> bool:
    """Tell whether two paths lie on one file system, where a move is a single step."""
    return os.lstat(os.path.dirname(one)).st_dev == os.lstat(os.path.dirname(other)).st_dev


def _take_away(path: str, made: dict[str, list[Any]] | None) -> None:
    """Remove what podfit put at path, a file or a tree; what somebody else wrote there since stays.

    Where it is not known what podfit put there (made is None), everything goes. Bytecode goes with its source.
    """
    if made is None or not files.exists(path):
        files.remove(path)
        return
    folders: list[str] = []
    for found in list(files.walk(path)):
        if not files.exists(found):
            continue
        entry, known = files.describe(found), made.get(found)
        if entry[0] != "d":
            if known is not None and known[0] == entry[0] and (entry[0] == "l" or known[2:4] == entry[2:4]):
                files.remove(found)
        elif os.path.basename(found) == "__pycache__":
            files.remove(found)
        elif known is not None:
            folders.append(found)
    for folder in sorted(folders, key=len, reverse=True):
        with contextlib.suppress(OSError):  # it holds what is not podfit's
            os.rmdir(folder)


def _plan(staged: str, final: str, gone: dict[str, None], emptied: list[str], pairs: list[tuple[str, str]]) -> None:
    """Add the moves that bring a staged file or tree to its place: the largest pieces whose place is free then.

    What lies there and belongs to nobody that is being replaced is added to gone, if it is a file.
    """
    if not files.exists(final) or final in gone or final in emptied:
        pairs.append((staged, final))
    elif os.path.isdir(staged) and not os.path.islink(staged):
        if not os.path.isdir(final):
            raise RefusedError(f"{final} is in the way: a directory has to be made there")
        for name in sorted(os.listdir(staged)):
            _plan(os.path.join(staged, name), os.path.join(final, name), gone, emptied, pairs)
    elif os.path.isdir(final) and not os.path.islink(final):
        raise RefusedError(f"{final} is in the way: it is a directory, and a file has to be made there")
    else:
        gone[final] = None
        pairs.append((staged, final))


def _emptied(removals: list[str], roots: list[str]) -> list[str]:
    """Return the directories under roots that hold nothing once removals are gone, deepest first."""
    gone = set(removals)
    candidates = {os.path.dirname(path) for path in removals}
    found: list[str] = []
    while candidates:
        folder = max(candidates, key=lambda path: path.count(os.sep))
        candidates.discard(folder)
        inside = any(folder.startswith(root + os.sep) for root in roots)
        if inside and all(os.path.join(folder, name) in gone for name in os.listdir(folder)):
            gone.add(folder)
            found.append(folder)
            candidates.add(os.path.dirname(folder))
    return found


_OTHER_BYTECODE = re.compile(r".*\.py[co](\.\d+)?")


def _is_bytecode(path: str) -> bool:
    """Tell whether a path is the one of a file that imports write."""
    folder, name = os.path.split(path)
    return os.path.basename(folder) == "__pycache__" and bool(_OTHER_BYTECODE.fullmatch(name))


def _remove_bytecode(roots: list[str], snapshot: dict[str, list[Any]]) -> list[str]:
    """Remove the bytecode that snapshot does not know; return the directories that were changed by it."""
    changed: list[str] = []
    for root in roots:
        for path in list(files.walk(root)):
            folder, name = os.path.split(path)
            if path in snapshot or not files.exists(path):
                continue
            if name == "__pycache__" or _is_bytecode(path):
                files.remove(path)
                changed.append(folder)
    return changed
