"""The files of an image: its layers laid one over the other, as a container would see them."""

from __future__ import annotations

import contextlib
import mmap
from collections.abc import Iterator

from podfit.far.tree.files import Tree
from podfit.readers.image.errors import BombError, DamagedError
from podfit.readers.image.limits import DEEPEST, LONGEST_NAME, MOST_LINKS, MOST_METADATA, MOST_STEPS
from podfit.readers.image.store import Kept, Store


class Folder:
    """A directory: what is in it, by name."""

    __slots__ = ("entries",)

    def __init__(self) -> None:
        self.entries: dict[str, Node] = {}


class Link:
    """A symbolic link, with its target as it is written."""

    __slots__ = ("target",)

    def __init__(self, target: str) -> None:
        self.target = target


class File:
    """A regular file whose bytes were not kept."""

    __slots__ = ()


class Other:
    """A device, a FIFO or a socket: it is there, and is neither a file nor a directory."""

    __slots__ = ()


Node = Folder | Link | File | Other | Kept
FILE, OTHER = File(), Other()


def parts_of(path: str) -> list[str]:
    """Return the names in a path of a layer; an absolute one means a place inside the image, as for runtimes.

    Raises DamagedError for one that leads out (`..`), is empty of names in between, or is longer than Linux allows.
    """
    if len(path) > LONGEST_NAME:
        raise DamagedError(f"a name in it has {len(path)} characters")
    if "\0" in path:
        raise DamagedError("a name in it contains a NUL character")
    parts = [part for part in path.split("/") if part and part != "."]
    if ".." in parts:
        raise DamagedError(f"{path[:120]!a} in it leads out of the image")
    if len(parts) > DEEPEST:
        raise DamagedError(f"a name in it is {len(parts)} directories deep")
    return parts


class FileSystem:
    """Takes the entries of one layer after the other.

    A whiteout takes away what lower layers brought, never what its own layer brings, whichever comes first in the tar
    (OCI image specification, "Whiteouts"). Links are followed inside the image alone. steps counts what paths led
    through. refused is why it answers no more, with BombError: readers that go on after an error come to an end.
    """

    def __init__(self) -> None:
        self.root = Folder()
        self.steps = 0
        self.refused = ""
        self._own: set[str] = set()
        self._emptied: set[str] = set()

    def next_layer(self) -> None:
        """Begin the next layer: what is there is below it from now on."""
        self._own, self._emptied = set(), set()

    def spend(self, steps: int) -> None:
        """Count steps. Raises BombError past `MOST_STEPS`, and wherever it answers no more."""
        self.steps += steps
        if self.steps > MOST_STEPS:
            self.refuse(f"its paths lead through more than {MOST_STEPS:,} directories and links: it looks like a bomb")
        if self.refused:
            raise BombError(self.refused)

    def refuse(self, why: str) -> None:
        """Answer no more. Raises BombError."""
        self.refused = self.refused or why
        raise BombError(self.refused)

    def put(self, path: str, node: Node) -> None:
        """Put an entry in its place; a directory that is there already stays. Raises DamagedError for a bad path."""
        parts = parts_of(path)
        if not parts:
            return  # the root itself
        folder, place = self._made(parts[:-1])
        self._set(folder, place, parts[-1], node)

    def put_hard_link(self, path: str, target: str) -> None:
        """Give a file that is there another name. Raises DamagedError when the target is no file of the image."""
        parts = parts_of(target)
        folder = self.find("/" + "/".join(parts[:-1])) if parts else None
        node = folder.entries.get(parts[-1]) if isinstance(folder, Folder) else None
        if node is None or isinstance(node, Folder):
            raise DamagedError(
                f"{path[:120]!a} in it is a hard link to {target[:120]!a}, which is no file of the image"
            )
        self.put(path, node)

    def hide(self, path: str) -> None:
        """Take away what lower layers have at a path: a whiteout."""
        parts = parts_of(path)
        folder = self.find("/" + "/".join(parts[:-1]))
        if parts and isinstance(folder, Folder) and parts[-1] in folder.entries:
            place = self.real("/" + "/".join(parts[:-1])).rstrip("/")
            if self._left_of(folder.entries[parts[-1]], f"{place}/{parts[-1]}"):
                return
            del folder.entries[parts[-1]]

    def hide_content(self, path: str) -> None:
        """Take away what lower layers have in a directory: an opaque whiteout."""
        where = "/" + "/".join(parts_of(path))
        folder = self.find(where)
        if isinstance(folder, Folder):
            self._left_of(folder, self.real(where).rstrip("/"))

    def _left_of(self, node: Node, place: str) -> bool:
        """Take what lower layers brought out of a node; tell whether something of this layer is left."""
        own = place in self._own
        if isinstance(node, Folder):
            if place in self._emptied:  # by an earlier whiteout of this layer: what is left is the layer's own
                return own or bool(node.entries)
            self._emptied.add(place)
            self.spend(len(node.entries))
            for name in [name for name, each in node.entries.items() if not self._left_of(each, f"{place}/{name}")]:
                del node.entries[name]
            return own or bool(node.entries)
        return own

    def _set(self, folder: Folder, place: str, name: str, node: Node) -> None:
        """Put a node into a folder that lies at place."""
        self._own.add(f"{place}/{name}")
        if not (isinstance(node, Folder) and isinstance(folder.entries.get(name), Folder)):
            folder.entries[name] = node

    def _made(self, parts: list[str]) -> tuple[Folder, str]:
        """Return the directory of a path and where it really is; what is missing is made, links are followed."""
        folder, place = self.root, ""
        for part in parts:
            node = folder.entries.get(part)
            if isinstance(node, Link):
                try:
                    real = self.real(f"{place}/{part}")
                except OSError:
                    real = ""
                found = self.find(real) if real else None
                if isinstance(found, Folder):
                    folder, place = found, real.rstrip("/")
                    continue
                node = None  # it leads nowhere: a directory takes its place
            if not isinstance(node, Folder):
                node = Folder()
                folder.entries[part] = node
            folder, place = node, f"{place}/{part}"
        if place.count("/") > DEEPEST:  # links may lead deeper than names do
            raise DamagedError(f"links in it lead {place.count('/')} directories deep")
        return folder, place

    def resolve(self, path: str) -> tuple[str, Node | None]:
        """Return the path that this one leads to, all links followed inside the image, and what is there.

        Raises OSError for a loop of links.
        """
        self.spend(1)
        done: list[tuple[str, Folder]] = [("", self.root)]
        rest, followed = [part for part in path.split("/")[::-1] if part and part != "."], 0
        while rest:
            part = rest.pop()
            if part == "..":
                if len(done) > 1:
                    done.pop()
                continue
            place, folder = done[-1]
            node = folder.entries.get(part)
            if isinstance(node, Link):
                followed += 1
                if followed > MOST_LINKS:
                    raise OSError(f"{path}: too many links")
                if node.target.startswith("/"):
                    del done[1:]
                rest += [piece for piece in node.target.split("/")[::-1] if piece and piece != "."]
                self.spend(len(rest))
            elif isinstance(node, Folder):
                done.append((f"{place}/{part}", node))
            else:
                left = [piece for piece in rest[::-1] if piece != ".."]
                return "/".join([f"{place}/{part}", *left]), None if left else node
        return done[-1][0] or "/", done[-1][1]

    def real(self, path: str) -> str:
        """Return the path inside the image that this one leads to. Raises OSError for a loop of links."""
        return self.resolve(path)[0]

    def find(self, path: str) -> Node | None:
        """Return what a path leads to, None where nothing is, or a loop of links."""
        try:
            return self.resolve(path)[1]
        except OSError:
            return None

    def folders(self, named: str) -> Iterator[str]:
        """Yield the paths of all directories of a name, without following links, sorted within each directory."""
        waiting = [("", self.root)]
        while waiting:
            place, folder = waiting.pop()
            below = [(f"{place}/{name}", node) for name, node in folder.entries.items() if isinstance(node, Folder)]
            for path, _ in sorted(below, key=lambda each: each[0]):
                if path.rpartition("/")[2] == named:
                    yield path
            waiting += sorted(below, key=lambda each: each[0], reverse=True)


class ImageTree(Tree):
    """The image's files as the readers of `far/tree/` want them. Of most files only the name is known."""

    def __init__(self, files: FileSystem, store: Store) -> None:
        super().__init__()
        self._files = files
        self._store = store
        self._metadata = 0

    def outside(self, path: str) -> str:
        """Raise OSError: no file of an image lies on this machine."""
        raise OSError(f"{path} lies in an image")

    def real(self, path: str) -> str:
        """Return the path inside the image that this one leads to."""
        return self._files.real(path)

    def data(self, path: str, limit: int = -1) -> bytes | None:
        """Return the bytes of a file, at most limit; None without one. Raises OSError where they were not kept."""
        node = self._files.resolve(path)[1]
        if isinstance(node, File):
            raise OSError(f"{path} was not kept")
        if not isinstance(node, Kept):
            return None
        if path.endswith(("/METADATA", "/PKG-INFO")):
            self._metadata += node.size
            if self._metadata > MOST_METADATA:
                most = f"{MOST_METADATA >> 20} MiB"
                self._files.refuse(f"the metadata of its distributions have more than {most}: it looks like a bomb")
        return self._store.data(node, limit)

    def names(self, path: str) -> list[str]:
        """Return what is in a directory, sorted."""
        node = self._files.find(path)
        if not isinstance(node, Folder):
            return []
        self._files.spend(len(node.entries))
        return sorted(node.entries)

    def is_file(self, path: str) -> bool:
        """Tell whether there is a regular file."""
        return isinstance(self._files.find(path), (File, Kept))

    def is_dir(self, path: str) -> bool:
        """Tell whether there is a directory."""
        return isinstance(self._files.find(path), Folder)

    def has_bytes(self, path: str) -> bool:
        """Tell whether there is a regular file whose bytes were kept."""
        return isinstance(self._files.find(path), Kept)

    @contextlib.contextmanager
    def mapped(self, path: str) -> Iterator[mmap.mmap]:
        """Map a file's bytes into memory."""
        node = self._files.resolve(path)[1]
        if not isinstance(node, Kept):
            raise OSError(f"{path} was not kept" if isinstance(node, File) else f"{path}: no such file")
        with self._store.mapped(node) as data:
            yield data
