"""An image in a registry: tokens, documents and blobs over the protocol of the OCI distribution specification."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from podfit.readers.image import documents
from podfit.readers.image.blob import Readable, digest_of, is_digest
from podfit.readers.image.documents import Descriptor
from podfit.readers.image.errors import DamagedError, ImageError
from podfit.readers.image.layout import image_of_index, image_of_manifest
from podfit.readers.image.limits import CHUNK, LARGEST_DOCUMENT
from podfit.readers.image.reference import SCHEME, Reference
from podfit.readers.image.source import Image
from podfit.readers.image.web import Web

if TYPE_CHECKING:
    from types import TracebackType

    from urllib3.response import BaseHTTPResponse

_TIMES = 4
"""How often the rest of a layer is asked for again where the connection breaks off."""

_ACCEPT = ", ".join((*documents.MANIFESTS, *documents.INDEXES))


class RegistrySource:
    """The image that a reference names."""

    def __init__(self, reference: Reference) -> None:
        self.reference = reference
        self.label = f"{SCHEME}{reference}"
        self._web = Web(reference, self.label)
        self._layers: tuple[Descriptor, ...] = ()

    @property
    def requests(self) -> int:
        """How many requests were made so far."""
        return self._web.requests

    def image(self, machine: str) -> Image:
        """Return the image for a machine: two or three small requests, no layer among them."""
        reference = self.reference
        try:
            data, kind = self._manifest(reference.digest or reference.tag, reference.digest)
            if kind in documents.INDEXES:
                found, self._layers = image_of_index(data, self._document, machine, self.label)
            elif kind in documents.MANIFESTS:
                found, self._layers = image_of_manifest(data, self._document, machine)
            else:
                raise DamagedError(f"podfit cannot read a manifest of the media type {kind[:80]!a}")
        except DamagedError as error:
            raise ImageError(self.label, str(error)) from None
        tag = f":{reference.tag}" if reference.tag else ""
        name = f"{reference.registry}/{reference.repository}{tag}@{found.digest}"
        return Image(name, found.digest, found.config, found.layers)

    def layers(self) -> Iterator[tuple[tuple[int, ...], AbstractContextManager[Readable]]]:
        """Yield the layers, lowest first, each once."""
        numbers: dict[str, list[int]] = {}
        for number, descriptor in enumerate(self._layers):
            numbers.setdefault(descriptor.digest, []).append(number)
        for digest, where in numbers.items():
            yield tuple(where), _Blob(self._web, f"blobs/{digest}", self._layers[where[0]].size)

    def _manifest(self, name: str, digest: str) -> tuple[bytes, str]:
        """Return the manifest or index of a tag or digest, with its media type; a digest that is known is checked."""
        data, headers = self._web.document(f"manifests/{name}", _ACCEPT)
        stated = digest or headers.get("docker-content-digest", "")
        if stated and is_digest(stated) and digest_of(data, stated.partition(":")[0]) != stated:
            raise DamagedError(f"its manifest is not that of {stated[:19]}...: it was damaged or exchanged")
        return data, documents.kind_of(data, headers.get("content-type", ""))

    def _document(self, descriptor: Descriptor) -> bytes:
        """Return the manifest or the configuration of a digest."""
        if descriptor.size > LARGEST_DOCUMENT:
            raise DamagedError(f"a document of it has {descriptor.size} bytes, more than {LARGEST_DOCUMENT >> 20} MiB")
        if descriptor.media_type in (*documents.MANIFESTS, *documents.INDEXES):
            return self._web.document(f"manifests/{descriptor.digest}", _ACCEPT)[0]
        return self._web.document(f"blobs/{descriptor.digest}", "*/*")[0]


class _Blob:
    """The bytes of a layer. Where the connection breaks off, the rest is asked for. A context manager."""

    def __init__(self, web: Web, path: str, size: int) -> None:
        self._web = web
        self._path = path
        self._size = size
        self._count = 0
        self._left = _TIMES
        self._answer: BaseHTTPResponse | None = None
        self._waited = 0.0

    def __enter__(self) -> Readable:
        self._open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._answer is not None:
            self._answer.close()

    def read(self, size: int, /) -> bytes:
        """Return up to size bytes, none at the end. Raises ImageError where the registry fails for good."""
        from urllib3.exceptions import HTTPError

        begun = time.monotonic()
        while True:
            try:
                data: bytes = self._answer.read1(min(size, CHUNK)) if self._answer is not None else b""
            except (HTTPError, OSError) as error:
                self._again(error)
                continue
            if not data and self._count < self._size and self._left:
                self._again(None)
                continue
            self._count += len(data)
            self._waited += time.monotonic() - begun
            self._web.hurry(time.monotonic() - self._waited, self._count)
            return data

    def _again(self, error: Exception | None) -> None:
        """Ask for the rest."""
        if not self._left:
            raise self._web.broken(error)
        self._left -= 1
        if self._answer is not None:
            self._answer.close()
        self._open()

    def _open(self) -> None:
        """Begin, or go on where it ended. What a registry without ranges sends again is read past."""
        headers = {"Range": f"bytes={self._count}-"} if self._count else {}
        self._answer = answer = self._web.stream(self._path, headers)
        begins = re.match(r"bytes (\d+)-", answer.headers.get("content-range", "")) if answer.status == 206 else None
        skip = self._count - (int(begins[1]) if begins else 0)
        while skip > 0:
            data = answer.read1(min(skip, CHUNK))
            if not data:
                break
            skip -= len(data)
