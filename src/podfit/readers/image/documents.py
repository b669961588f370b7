"""The JSON documents of an image: index, manifest, configuration, and Docker's list of an archive."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from podfit.readers.image.blob import is_digest
from podfit.readers.image.errors import DamagedError
from podfit.readers.image.limits import MOST_LAYERS

INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
CONFIGS = (
    "application/vnd.oci.image.config.v1+json",
    "application/vnd.docker.container.image.v1+json",
)
_LAYER_PREFIXES = (
    "application/vnd.oci.image.layer.v1.tar",
    "application/vnd.oci.image.layer.nondistributable.v1.tar",
    "application/vnd.docker.image.rootfs.diff.tar",
    "application/vnd.docker.image.rootfs.foreign.diff.tar",
)
_LAYER_ENDINGS = ("", "+gzip", "+zstd", ".gzip", ".zstd")

MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
"""Go's names of the machines that images are made for, and Linux' own."""

_Document = TypeVar("_Document")


class Platform(msgspec.Struct, frozen=True):
    """What an image runs on, in Go's words: `linux` and `amd64`."""

    architecture: str = ""
    os: str = ""


class Descriptor(msgspec.Struct, frozen=True, rename={"media_type": "mediaType"}):
    """Where bytes are: their type, digest (`sha256:...`) and size."""

    digest: str
    size: int
    media_type: str = ""
    platform: Platform | None = None
    annotations: Mapping[str, str] = {}

    def __post_init__(self) -> None:
        """Reject a digest that cannot be checked, and a size that is none."""
        if not is_digest(self.digest):
            raise ValueError(f"{self.digest[:80]!a} is no digest such as sha256:...")
        if self.size < 0:
            raise ValueError(f"a size of {self.size} bytes")


class Manifest(msgspec.Struct, frozen=True):
    """One image: its configuration and its layers, lowest first."""

    config: Descriptor
    layers: tuple[Descriptor, ...]


class _Index(msgspec.Struct, frozen=True):
    """Images for several platforms."""

    manifests: tuple[Descriptor, ...]


class Settings(msgspec.Struct, frozen=True, rename="pascal"):
    """How the image's programs are run: variables (`NAME=VALUE`) and the user."""

    env: tuple[str, ...] | None = ()
    user: str | None = ""


class RootFs(msgspec.Struct, frozen=True):
    """The digests of the layers as they unpack."""

    diff_ids: tuple[str, ...] | None = ()


class Config(msgspec.Struct, frozen=True):
    """The configuration of an image."""

    architecture: str = ""
    os: str = ""
    created: str | None = ""
    config: Settings | None = None
    rootfs: RootFs | None = None

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables of the image's programs."""
        pairs = (line.partition("=") for line in (self.config.env or () if self.config else ()))
        return {name: value for name, _, value in pairs if name}

    @property
    def diff_ids(self) -> tuple[str, ...]:
        """The digests of the layers as they unpack; empty where the configuration has none."""
        return (self.rootfs.diff_ids or ()) if self.rootfs else ()

    @property
    def machine(self) -> str:
        """The architecture as Linux names it."""
        return MACHINES.get(self.architecture, self.architecture)


class Saved(msgspec.Struct, frozen=True, rename="pascal"):
    """One image of an archive that `docker save` wrote: names of members."""

    config: str
    layers: tuple[str, ...]
    repo_tags: tuple[str, ...] | None = ()


def decoded(data: bytes, shape: type[_Document], what: str) -> _Document:
    """Return a JSON document. Raises DamagedError when it has another shape; what names it."""
    try:
        return msgspec.json.decode(data, type=shape)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise DamagedError(f"{what} is none ({' '.join(str(error).split())[:160]})") from None


def saved_images(data: bytes) -> tuple[Saved, ...]:
    """Return the images that an archive of `docker save` lists. Raises DamagedError when that is no such list."""
    return decoded(data, tuple[Saved, ...], "its manifest.json")


def kind_of(data: bytes, media_type: str) -> str:
    """Return the media type of a document: the one in it, else the one that came with it.

    Raises DamagedError when the two contradict each other.
    """
    found: dict[str, Any] = decoded(data, dict[str, Any], "its manifest")
    stated = found.get("mediaType")
    sent = media_type.partition(";")[0].strip()
    known = (*INDEXES, *MANIFESTS)
    if isinstance(stated, str) and stated:
        if sent in known and stated != sent:
            raise DamagedError(f"its manifest says that it is {stated[:80]!a} and was sent as {sent!a}")
        return stated
    if sent in known:
        return sent
    if found.get("schemaVersion") == 1:
        return "application/vnd.docker.distribution.manifest.v1+json"
    return INDEXES[0] if "manifests" in found else MANIFESTS[0]


def images_in(data: bytes) -> tuple[Descriptor, ...]:
    """Return what an index lists, without attestations. Raises DamagedError when it is no index."""
    listed = decoded(data, _Index, "its index").manifests
    return tuple(each for each in listed if "vnd.docker.reference.type" not in each.annotations)


def manifest(data: bytes) -> Manifest:
    """Return a manifest. Raises DamagedError for one of something else than an image."""
    found = decoded(data, Manifest, "its manifest")
    if found.config.media_type and found.config.media_type not in CONFIGS:
        raise DamagedError(f"it is no container image: its configuration is {found.config.media_type[:80]!a}")
    if len(found.layers) > MOST_LAYERS:
        raise DamagedError(f"it has {len(found.layers)} layers, more than {MOST_LAYERS}")
    for layer in found.layers:
        if not is_layer(layer.media_type):
            raise DamagedError(f"podfit cannot read a layer of the media type {layer.media_type[:80]!a}")
    return found


def is_layer(media_type: str) -> bool:
    """Tell whether a media type is one of a layer that podfit reads; none at all is taken for one."""
    return not media_type or any(
        media_type == prefix + ending for prefix in _LAYER_PREFIXES for ending in _LAYER_ENDINGS
    )


def config(data: bytes) -> Config:
    """Return a configuration. Raises DamagedError when it is none, or of another system than Linux."""
    found = decoded(data, Config, "its configuration")
    if found.os not in ("", "linux"):
        raise DamagedError(f"templates run Linux, and this image is for {found.os[:40]!a}")
    return found


def chosen(listed: tuple[Descriptor, ...], machine: str) -> Descriptor:
    """Return the image for a machine (`x86_64`) among those of an index.

    Raises DamagedError when there is none; it says which there are.
    """
    fitting = [
        each
        for each in listed
        if each.platform is None
        or (each.platform.os in ("", "linux") and MACHINES.get(each.platform.architecture) == machine)
    ]
    if not fitting:
        there = sorted({f"{each.platform.os}/{each.platform.architecture}" for each in listed if each.platform})
        raise DamagedError(f"it has no image for linux/{machine}; it has {', '.join(there)[:200] or 'none at all'}")
    return fitting[0]
