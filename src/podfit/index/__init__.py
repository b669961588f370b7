"""The package index: simple API, metadata, artefacts and their cache.

Everything is imported on first use: a run that the caches of other rooms can answer never pays for a network client.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from podfit.index.addresses import default_index_urls, environment_index_urls
    from podfit.index.client import Index
    from podfit.index.errors import IndexUnreachable, MetadataUnknown, ProjectNotFound
    from podfit.index.files import IndexFile, best_files
    from podfit.index.home import default_cache
    from podfit.index.metadata import CoreMetadata
    from podfit.index.wheel import WheelListing, WheelMember
    from podfit.model.tags import platform_tags

__all__ = [
    "CoreMetadata",
    "Index",
    "IndexFile",
    "IndexUnreachable",
    "MetadataUnknown",
    "ProjectNotFound",
    "WheelListing",
    "WheelMember",
    "best_files",
    "default_cache",
    "default_index_urls",
    "environment_index_urls",
    "platform_tags",
]

_HOMES = {
    "CoreMetadata": "metadata",
    "Index": "client",
    "IndexFile": "files",
    "IndexUnreachable": "errors",
    "MetadataUnknown": "errors",
    "ProjectNotFound": "errors",
    "WheelListing": "wheel",
    "WheelMember": "wheel",
    "best_files": "files",
    "default_cache": "home",
    "default_index_urls": "addresses",
    "environment_index_urls": "addresses",
}


def __getattr__(name: str) -> Any:
    """Import the module that holds name, the first time it is asked for (PEP 562)."""
    if name == "platform_tags":
        from podfit.model.tags import platform_tags

        return platform_tags
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value
