"""What was read of an image, kept under its digest: the same bytes are the same template."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from podfit.index.cache import Cache
from podfit.model.manifest import SCHEMA
from podfit.readers.image.source import Image

_ROOM = "images-1"
"""The folder of the cache; another number whenever the same image would be read as another manifest."""

_KIND = "manifests"


class Kept:
    """Manifests of images below a cache directory. An image without a digest is never kept."""

    def __init__(self, cache: Path) -> None:
        self._cache = Cache(cache / _ROOM)

    def read(self, image: Image, python: str | None) -> dict[str, Any] | None:
        """Return the manifest that was read of these bytes for this choice of an interpreter; None without one."""
        if not image.digest:
            return None
        body = self._cache.read(_KIND, _key(image, python))
        if body is None:
            return None
        try:
            found = json.loads(body)
        except ValueError:
            return None
        return found if isinstance(found, dict) and found.get("schema") == SCHEMA else None

    def write(self, image: Image, python: str | None, manifest: dict[str, Any]) -> None:
        """Keep the manifest of an image."""
        if image.digest:
            self._cache.write(_KIND, _key(image, python), json.dumps(manifest).encode("utf-8"))


def _key(image: Image, python: str | None) -> str:
    """Return the name of an entry: the reference stands in the manifest, so that it is part of the question."""
    asked = json.dumps([image.reference, image.digest, image.config.machine, python or ""])
    return hashlib.sha256(asked.encode("utf-8")).hexdigest()
