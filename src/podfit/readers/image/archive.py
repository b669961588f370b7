"""An image in a tar: what `docker save`, `podman save` and skopeo write, and OCI layouts that somebody packed.

The tar may itself be packed (gzip, zstd). It is read from its beginning to its end: once for its documents, and once
for the layers, in the order in which they lie in it.
"""

from __future__ import annotations

import os
import posixpath
import stat
import tarfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import IO

from podfit.readers.image import documents
from podfit.readers.image.blob import Bounded, Readable, digest_of, is_digest, unpacked
from podfit.readers.image.documents import Config, Descriptor
from podfit.readers.image.errors import BombError, DamagedError, ImageError
from podfit.readers.image.filesystem import parts_of
from podfit.readers.image.layout import image_of_index
from podfit.readers.image.limits import CHUNK, LARGEST_DOCUMENT, LARGEST_UNPACKED, MOST_LAYERS, MOST_LINKS
from podfit.readers.image.source import Image, Layer
from podfit.readers.image.tarstream import Forward, entries

_MOST_MEMBERS = 20 * MOST_LAYERS
_MAGIC = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd")


def is_archive(path: Path) -> bool:
    """Tell whether a file looks like a tar, or like gzip or zstd."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return False
        with path.open("rb") as file:
            head = file.read(512)
    except OSError:
        return False
    return head.startswith(_MAGIC) or head[257:262] == b"ustar"


class ArchiveSource:
    """The image of an archive. path is as the person gave it, file where it is."""

    def __init__(self, path: str, file: Path) -> None:
        self.label = path
        self._file = file
        self._documents: dict[str, bytes] = {}
        self._links: dict[str, str] = {}
        self._members: set[str] = set()
        self._names: tuple[str, ...] = ()

    def image(self, machine: str) -> Image:
        """Return the image that the archive holds. Raises ImageError for several, for none, and for a damaged one."""
        try:
            self._read_documents()
            if "oci-layout" in self._documents and "index.json" in self._documents:
                found, descriptors = image_of_index(self._documents["index.json"], self._blob, machine, self.label)
                self._names = tuple(_blob_name(each.digest) for each in descriptors)
                return found
            return self._saved(machine)
        except DamagedError as error:
            raise ImageError(self.label, str(error)) from None
        except OSError as error:
            raise ImageError(self.label, f"cannot be read: {error.strerror or error}") from None

    def layers(self) -> Iterator[tuple[tuple[int, ...], AbstractContextManager[Readable]]]:
        """Yield the layers as they lie in the archive."""
        numbers: dict[str, list[int]] = {}
        for number, name in enumerate(self._names):
            numbers.setdefault(self._resolved(name), []).append(number)
        with self._opened() as tar:
            for entry, stream in entries(tar):
                found = numbers.pop(_member(entry.name), None) if entry.isreg() else None
                if found:
                    yield tuple(found), nullcontext(_Part(stream, entry.size))
        if numbers:
            raise DamagedError(f"it lacks the layer {next(iter(numbers))[:120]!a}")

    def _read_documents(self) -> None:
        """Read the names of the members, and the bytes of those that may be documents."""
        with self._opened() as tar:
            for count, (entry, stream) in enumerate(entries(tar)):
                if count > _MOST_MEMBERS:
                    raise DamagedError(f"it has more than {_MOST_MEMBERS} members: no image")
                self._note(entry, stream)

    def _note(self, entry: tarfile.TarInfo, stream: Forward) -> None:
        """Note one member. Docker writes links for layers that it has under another name."""
        name = _member(entry.name)
        if entry.issym() or entry.islnk():
            folder = posixpath.dirname(name) if entry.issym() else ""
            target = posixpath.normpath(posixpath.join(folder, entry.linkname))
            if entry.linkname.startswith("/") or target.startswith(".."):
                raise DamagedError(f"{name[:120]!a} in it is a link that leads out of it")
            self._links[name] = target
        elif entry.isreg():
            self._members.add(name)
            may_be = name.endswith(".json") or name == "oci-layout" or name.startswith("blobs/")
            if may_be and entry.size <= LARGEST_DOCUMENT:
                head = stream.read(min(1, entry.size)) if not entry.sparse else b""
                if head in (b"{", b"["):
                    pieces = [head]
                    while (left := entry.size - sum(map(len, pieces))) > 0 and (piece := stream.some(min(left, CHUNK))):
                        pieces.append(piece)
                    self._documents[name] = b"".join(pieces)
        elif not entry.isdir():
            raise DamagedError(f"{name[:120]!a} in it is neither a file nor a directory: no image")

    def _saved(self, machine: str) -> Image:
        """Return the image of Docker's own list."""
        listed = self._documents.get("manifest.json")
        if listed is None:
            raise ImageError(
                self.label,
                "is no image: it has neither manifest.json nor index.json",
                remedy="write one with `docker save IMAGE -o image.tar`",
            )
        found = documents.saved_images(listed)
        configs = [(each, self._config(each.config)) for each in found]
        fitting = [(each, config) for each, config in configs if config.machine == machine or not config.machine]
        if len(fitting) != 1:
            tags = ", ".join(tag for each in found for tag in each.repo_tags or ()) or "none has a name"
            problem = "several images" if fitting else f"no image for linux/{machine}"
            raise ImageError(self.label, f"has {problem} ({tags[:300]})", remedy="save one image alone")
        saved, config = fitting[0]
        if len(saved.layers) > MOST_LAYERS:
            raise DamagedError(f"it has {len(saved.layers)} layers, more than {MOST_LAYERS}")
        if len(config.diff_ids) != len(saved.layers):
            raise DamagedError(
                f"it lists {len(saved.layers)} layers and its configuration has digests of {len(config.diff_ids)}"
            )
        self._names = tuple(_member(name) for name in saved.layers)
        for name in self._names:
            if self._resolved(name) not in self._members:
                raise DamagedError(f"it lacks the layer {name[:120]!a}")
        layers = tuple(Layer("", -1, diff_id) for diff_id in config.diff_ids)
        return Image((saved.repo_tags or ("",))[0], "", config, layers)

    def _config(self, name: str) -> Config:
        """Return a configuration; its name is the digest of its bytes. Raises DamagedError where it is not."""
        name = _member(name)
        data = self._documents.get(name)
        if data is None:
            raise DamagedError(f"it lacks the configuration {name[:120]!a}")
        stated = posixpath.basename(name).removesuffix(".json")
        if len(stated) == 64 and digest_of(data) != f"sha256:{stated}":
            raise DamagedError(
                f"the bytes of {name[:120]!a} in it are not those of its name: it was damaged or exchanged"
            )
        config = documents.config(data)
        if not all(map(is_digest, config.diff_ids)):
            raise DamagedError("its configuration has digests that are none")
        return config

    def _blob(self, descriptor: Descriptor) -> bytes:
        """Return the bytes of a document of an OCI layout."""
        data = self._documents.get(_blob_name(descriptor.digest))
        if data is None:
            raise DamagedError(f"it lacks {descriptor.digest[:19]}..., or that is no JSON")
        return data

    def _resolved(self, name: str) -> str:
        """Return the member that a name leads to. Raises DamagedError for a loop of links."""
        for _ in range(MOST_LINKS):
            if name not in self._links:
                return name
            name = self._links[name]
        raise DamagedError(f"its links lead in a loop ({name[:120]!a})")

    @contextmanager
    def _opened(self) -> Iterator[Readable]:
        """Open the archive, unpacked, at its beginning."""
        with self._file.open("rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise OSError("it is not a regular file")
            count = 0

            def spend(more: int) -> None:
                nonlocal count
                count += more
                if count > LARGEST_UNPACKED:
                    raise BombError(f"it unpacks to more than {LARGEST_UNPACKED >> 30} GiB: it looks like a bomb")

            packed = file.read(len(_MAGIC[1])).startswith(_MAGIC)
            file.seek(0)
            yield Bounded(unpacked(file), file.tell, spend) if packed else _Plain(file)


class _Plain:
    """A file that is read on, and can leave out what nobody reads."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._size = os.fstat(file.fileno()).st_size

    def read(self, size: int, /) -> bytes:
        """Return up to size bytes."""
        return self._file.read(size)

    def skip(self, size: int) -> int:
        """Leave out up to size bytes; return how many."""
        size = min(size, self._size - self._file.tell())
        self._file.seek(size, os.SEEK_CUR)
        return max(size, 0)


class _Part:
    """The bytes of one member."""

    def __init__(self, stream: Forward, size: int) -> None:
        self._stream = stream
        self._left = size

    def read(self, size: int, /) -> bytes:
        """Return up to size bytes. Raises DamagedError where the archive ends before the member."""
        data = self._stream.some(min(size, self._left)) if self._left else b""
        if self._left and size and not data:
            raise DamagedError("it ends in the middle of a file")
        self._left -= len(data)
        return data


def _member(name: str) -> str:
    """Return the name of a member without what says nothing. Raises DamagedError for one that leads out."""
    if name.startswith("/"):
        raise DamagedError(f"{name[:120]!a} in it is an absolute name, which no image has")
    return "/".join(parts_of(name))


def _blob_name(digest: str) -> str:
    """Return where an OCI layout has the bytes of a digest."""
    algorithm, _, number = digest.partition(":")
    return f"blobs/{algorithm}/{number}"
