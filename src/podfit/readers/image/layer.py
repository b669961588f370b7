"""Reads the layers of an image as they come, and lays one over the other."""

from __future__ import annotations

import tarfile
from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple

from podfit.readers.image.blob import Bounded, Checked, Readable, unpacked
from podfit.readers.image.errors import BombError, DamagedError
from podfit.readers.image.filesystem import FILE, OTHER, FileSystem, Folder, Link, Node, parts_of
from podfit.readers.image.limits import LARGEST_UNPACKED, MOST_ENTRIES, MOST_NAMES
from podfit.readers.image.source import Layer
from podfit.readers.image.store import Store
from podfit.readers.image.tarstream import Forward, entries
from podfit.readers.image.wanted import most_of, wanted

_WHITEOUT = ".wh."
_OPAQUE = ".wh..wh..opq"


class Hidden(Enum):
    """What a whiteout takes away: a file or a whole directory, or all that lower layers have in a directory."""

    ALL = "all"
    CONTENT = "content"


class HardLink(NamedTuple):
    """Another name of a file."""

    target: str


class Step(NamedTuple):
    """What one entry of a layer does: node is put at path; a Hidden takes away what lower layers have there."""

    path: str
    node: Node | HardLink | Hidden


class LayerReader:
    """Reads the layers of one image: what they do, step by step, and into store the bytes of what is kept.

    also are further files to keep, by absolute path. entries, unpacked and named (the characters of names) count over
    all layers.
    """

    def __init__(self, store: Store, also: frozenset[str] = frozenset()) -> None:
        self.entries = 0
        self.unpacked = 0
        self.named = 0
        self._store = store
        self._also = also

    def read(self, source: Readable, layer: Layer) -> list[Step]:
        """Return what a layer does.

        Raises DamagedError for what is no layer, or another one than it should be: that is told before anything else.
        Where the digest of its bytes is not known, that of what they unpack to is looked at.
        """
        packed = Checked(source, digest=layer.digest, size=layer.size)
        content = Bounded(unpacked(packed), lambda: packed.count, self._spend)
        whole = Checked(content, digest="" if layer.digest else layer.diff_id)
        try:
            steps = [step for entry, stream in entries(whole) if (step := self._step(entry, stream)) is not None]
            whole.finish()
        except BombError:
            raise
        except DamagedError:
            (packed if layer.digest else whole).finish()
            raise
        packed.finish()
        return steps

    def _spend(self, count: int) -> None:
        """Count unpacked bytes."""
        self.unpacked += count
        if self.unpacked > LARGEST_UNPACKED:
            raise BombError(f"the image unpacks to more than {LARGEST_UNPACKED >> 30} GiB: it looks like a bomb")

    def _step(self, entry: tarfile.TarInfo, stream: Forward) -> Step | None:
        """Return what one entry does."""
        self.entries += 1
        if self.entries > MOST_ENTRIES:
            raise BombError(f"the image has more than {MOST_ENTRIES:,} entries: it looks like a bomb")
        self.named += len(entry.name) + len(entry.linkname)
        if self.named > MOST_NAMES:
            raise BombError(f"its names have more than {MOST_NAMES:,} characters: it looks like a bomb")
        if entry.size < 0:
            raise DamagedError(f"{entry.name[:120]!a} in it claims {entry.size} bytes")
        path = entry.name.rstrip("/")
        parts_of(path)
        folder, _, name = path.rpartition("/")
        if any(part.startswith(_WHITEOUT) for part in folder.split("/")):
            return None  # aufs' own notes (`.wh..wh.plnk/`)
        if name == _OPAQUE:
            return Step(folder, Hidden.CONTENT)
        if name.startswith(_WHITEOUT):
            hidden = name[len(_WHITEOUT) :]
            if hidden in ("", ".", ".."):
                raise DamagedError(f"{path[:120]!a} in it hides {hidden!a}, which is no file")
            return None if hidden.startswith(_WHITEOUT) else Step(f"{folder}/{hidden}", Hidden.ALL)
        if entry.issym():
            return Step(path, Link(entry.linkname))
        if entry.islnk():
            return Step(path, HardLink(entry.linkname))
        if entry.isdir():
            return Step(path, Folder())
        return Step(path, self._file(entry, stream) if entry.isreg() else OTHER)

    def _file(self, entry: tarfile.TarInfo, stream: Forward) -> Node:
        """Return a regular file; of what the readers may ask for, its bytes are kept."""
        if entry.sparse or entry.size > most_of(entry.name) or not wanted(entry.name.lstrip("./"), self._also):
            return FILE  # whoever asks for its bytes is told that they were not kept
        stream.seek(entry.offset_data)
        return self._store.add(stream.some, entry.size)


def lay(files: FileSystem, steps: Iterable[Step]) -> None:
    """Lay a layer over the files of those below it. Raises DamagedError for a hard link to nothing."""
    files.next_layer()
    for path, node in steps:
        if node is Hidden.ALL:
            files.hide(path)
        elif node is Hidden.CONTENT:
            files.hide_content(path)
        elif isinstance(node, HardLink):
            files.put_hard_link(path, node.target)
        elif isinstance(node, Folder):
            files.put(path, Folder())  # a layer may be there twice
        elif not isinstance(node, Hidden):
            files.put(path, node)
