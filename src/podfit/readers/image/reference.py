"""The name of an image in a registry, as Docker writes and reads it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from podfit.model import InputError
from podfit.readers.image.blob import is_digest

SCHEME = "docker://"
"""How a template's name says that it is an image in a registry (as skopeo and podman have it)."""

DOCKER_HUB = "docker.io"
_DOCKER_HUB_SERVER = "registry-1.docker.io"
_REGISTRY = re.compile(r"(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:]+\])(?::\d{1,5})?", re.IGNORECASE)
_REPOSITORY = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*")
_TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
_LOOPBACK = re.compile(r"(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?")


@dataclass(frozen=True, slots=True)
class Reference:
    """An image in a registry. registry is its name for people and for credentials, tag or digest may be empty."""

    registry: str
    repository: str
    tag: str
    digest: str

    @property
    def server(self) -> str:
        """The host that answers for the registry."""
        return _DOCKER_HUB_SERVER if self.registry == DOCKER_HUB else self.registry

    @property
    def plain(self) -> bool:
        """Whether the registry is on this machine, where Docker and podfit speak HTTP without TLS."""
        return is_loopback(self.registry)

    def __str__(self) -> str:
        """Return `registry/repository:tag@digest`."""
        tag, digest = self.tag and f":{self.tag}", self.digest and f"@{self.digest}"
        return f"{self.registry}/{self.repository}{tag}{digest}"


def is_loopback(host: str) -> bool:
    """Tell whether a host, with or without a port, is this machine."""
    return _LOOPBACK.fullmatch(host) is not None


def parse_reference(spec: str) -> Reference:
    """Return the image that `docker://[REGISTRY/]NAME[:TAG][@DIGEST]` means.

    As for Docker, the first part is a registry where it has a dot or a port or is `localhost`; without one it is
    docker.io, whose images without a slash lie below `library/`; without tag and digest the tag is `latest`. Raises
    InputError for what is no such name; it never shows a password that somebody wrote in.
    """
    rest = spec.removeprefix(SCHEME)
    rest, at, digest = rest.partition("@")
    if at and not is_digest(digest):
        raise _wrong("what follows the `@` is no digest such as sha256:...")
    first, slash, remainder = rest.partition("/")
    named = slash and ("." in first or ":" in first or first == "localhost")
    registry, name = (first, remainder) if named else (DOCKER_HUB, rest)
    last = name.rpartition("/")[2]
    tag = last.partition(":")[2] if ":" in last else ""
    repository = name[: len(name) - len(tag) - 1] if ":" in last else name
    registry = DOCKER_HUB if registry in ("index.docker.io", _DOCKER_HUB_SERVER) else registry
    if registry == DOCKER_HUB and "/" not in repository:
        repository = f"library/{repository}"
    if not _REGISTRY.fullmatch(registry):
        raise _wrong(f"{registry[:60]!a} is no host of a registry")
    if not _REPOSITORY.fullmatch(repository) or len(repository) > 255:
        raise _wrong(f"{repository[:60]!a} is no name of an image (lower case letters, digits, dots and dashes)")
    if (tag or ":" in last) and not _TAG.fullmatch(tag):
        raise _wrong(f"{tag[:60]!a} is no tag")
    return Reference(registry, repository, tag or ("" if digest else "latest"), digest)


def _wrong(problem: str) -> InputError:
    """Return the error for a name that is none."""
    return InputError(f"no image is meant: {problem}", remedy="write docker://REGISTRY/NAME:TAG")
