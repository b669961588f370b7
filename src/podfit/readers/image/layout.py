"""An image in a directory: an OCI image layout, as skopeo, buildah and `docker buildx` write it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from podfit.readers.image import documents
from podfit.readers.image.blob import Readable, digest_of
from podfit.readers.image.documents import Descriptor
from podfit.readers.image.errors import DamagedError, ImageError
from podfit.readers.image.limits import LARGEST_DOCUMENT
from podfit.readers.image.source import Image, Layer
from podfit.readers.plain_file import read_bounded

_DEEPEST = 3
"""Indexes that may lie in one another."""

_NAME = "org.opencontainers.image.ref.name"


def is_layout(path: Path) -> bool:
    """Tell whether a directory is an OCI image layout."""
    try:
        return (path / "oci-layout").is_file() and (path / "index.json").is_file()
    except OSError:
        return False


class LayoutSource:
    """The image of a layout. path is as the person gave it, folder where it is."""

    def __init__(self, path: str, folder: Path) -> None:
        self.label = path
        self._folder = folder
        self._layers: tuple[Descriptor, ...] = ()

    def image(self, machine: str) -> Image:
        """Return the image that the layout holds."""
        try:
            index = read_bounded(self._folder / "index.json", LARGEST_DOCUMENT, pipes=False)
            found, self._layers = image_of_index(index, self._document, machine, self.label)
        except DamagedError as error:
            raise ImageError(self.label, str(error)) from None
        except OSError as error:
            raise ImageError(self.label, f"its index.json cannot be read: {error.strerror or error}") from None
        return found

    def layers(self) -> Iterator[tuple[tuple[int, ...], AbstractContextManager[Readable]]]:
        """Yield the layers, lowest first."""
        for number, descriptor in enumerate(self._layers):
            path = self._path(descriptor.digest)
            try:
                regular = path.is_file()
                opened = path.open("rb") if regular else None
            except OSError as error:
                raise DamagedError(f"its layer {descriptor.digest[:19]}... cannot be read: {error.strerror}") from None
            if opened is None:
                raise DamagedError(f"it lacks the layer {descriptor.digest[:19]}...")
            yield (number,), opened

    def _path(self, digest: str) -> Path:
        """Return where the bytes of a digest are."""
        algorithm, _, number = digest.partition(":")
        return self._folder / "blobs" / algorithm / number

    def _document(self, descriptor: Descriptor) -> bytes:
        """Return the bytes of a document."""
        try:
            return read_bounded(self._path(descriptor.digest), LARGEST_DOCUMENT, pipes=False)
        except OSError as error:
            reason = error.strerror or error
            raise DamagedError(f"{descriptor.digest[:19]}... of it cannot be read: {reason}") from None


def image_of_index(
    index: bytes, blob: Callable[[Descriptor], bytes], machine: str, label: str
) -> tuple[Image, tuple[Descriptor, ...]]:
    """Return the image for a machine that an index leads to, and its layers; blob returns the bytes of a document.

    Raises DamagedError for what is damaged or lacking, ImageError where the index names several images.
    """
    listed = documents.images_in(index)
    name = ""
    for _ in range(_DEEPEST):
        names = sorted({each.annotations.get(_NAME, "") for each in listed})
        if len(names) > 1:
            raise ImageError(label, f"has several images ({', '.join(names)[:300]})", remedy="save one image alone")
        name = name or (names[0] if names else "")
        descriptor = documents.chosen(listed, machine)
        data = checked(blob(descriptor), descriptor)
        kind = documents.kind_of(data, descriptor.media_type)
        if kind in documents.MANIFESTS:
            found, layers = image_of_manifest(data, blob, machine)
            return Image(name, descriptor.digest, found.config, found.layers), layers
        if kind not in documents.INDEXES:
            raise DamagedError(f"podfit cannot read a manifest of the media type {kind[:80]!a}")
        listed = documents.images_in(data)
    raise DamagedError("its indexes lead to further indexes without end")


def image_of_manifest(
    data: bytes, blob: Callable[[Descriptor], bytes], machine: str
) -> tuple[Image, tuple[Descriptor, ...]]:
    """Return the image of a manifest, without a name, and its layers. Raises DamagedError."""
    manifest = documents.manifest(data)
    config = documents.config(checked(blob(manifest.config), manifest.config))
    if config.machine and config.machine != machine:
        raise DamagedError(f"it is for linux/{config.machine[:40]}, not for linux/{machine}")
    diff_ids = config.diff_ids if len(config.diff_ids) == len(manifest.layers) else ("",) * len(manifest.layers)
    layers = tuple(
        Layer(each.digest, each.size, diff_id) for each, diff_id in zip(manifest.layers, diff_ids, strict=True)
    )
    return Image("", digest_of(data), config, layers), manifest.layers


def checked(data: bytes, descriptor: Descriptor) -> bytes:
    """Return data. Raises DamagedError when its size or its digest are not those of its descriptor."""
    if len(data) > LARGEST_DOCUMENT:
        raise DamagedError(f"a document of it has more than {LARGEST_DOCUMENT >> 20} MiB")
    algorithm = descriptor.digest.partition(":")[0]
    if len(data) != descriptor.size or digest_of(data, algorithm) != descriptor.digest:
        raise DamagedError(f"the bytes of {descriptor.digest[:19]}... are not those: it was damaged or exchanged")
    return data
