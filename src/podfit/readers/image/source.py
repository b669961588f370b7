"""Where an image comes from, as whoever reads it sees it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from podfit.readers.image.blob import Readable
from podfit.readers.image.documents import Config


class Layer(NamedTuple):
    """One layer: the digest and the size of its bytes as they are stored, and the digest of what they unpack to.

    An empty digest and a size of -1 are not known.
    """

    digest: str
    size: int
    diff_id: str


@dataclass(frozen=True, slots=True)
class Image:
    """What is known of an image before its layers are read.

    reference names it for people (`docker.io/library/python:3.11@sha256:...`), digest is its manifest's, empty where an
    archive has none. layers are the lowest first.
    """

    reference: str
    digest: str
    config: Config
    layers: tuple[Layer, ...]


class Source(Protocol):
    """An image that can be opened. label names it in messages."""

    @property
    def label(self) -> str:
        """How messages name the image."""

    def image(self, machine: str) -> Image:
        """Return the image for a machine (`x86_64`), its configuration checked. Raises ImageError."""

    def layers(self) -> Iterator[tuple[tuple[int, ...], AbstractContextManager[Readable]]]:
        """Yield what opens the bytes of each layer, with its number (or several: a layer may be there twice).

        In any order; each is read before the next is asked for.

        Raises ImageError or DamagedError.
        """
