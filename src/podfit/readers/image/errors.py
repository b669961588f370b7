"""What can be wrong with an image, each one sentence."""

from __future__ import annotations

from podfit.model import InputError, Where


class ImageError(InputError):
    """An image that cannot be read: exit code 2."""

    def __init__(self, label: str, message: str, *, remedy: str = "") -> None:
        super().__init__(message, where=Where(label), remedy=remedy)
        self.label = label


class DamagedError(Exception):
    """Bytes that are not what they should be; whoever knows the image's name makes an `ImageError` of it."""


class BombError(DamagedError):
    """Bytes that unpack to more than anybody should: nothing more of them is read."""
