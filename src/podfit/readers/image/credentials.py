"""Who asks a registry: what `docker login`, `podman login` and netrc left on this machine. Nothing is run for it."""

from __future__ import annotations

import base64
import binascii
import json
import os
from pathlib import Path
from typing import Any, NamedTuple

from podfit.index.home import expanded
from podfit.index.transport import from_netrc
from podfit.readers.image.reference import DOCKER_HUB
from podfit.readers.plain_file import read_bounded

_LARGEST = 2**20
_HUB_KEYS = ("https://index.docker.io/v1/", "index.docker.io", "docker.io", "registry-1.docker.io")


class Credentials(NamedTuple):
    """User and password, or an identity token; all empty where nothing is known.

    helper names the program that keeps them where podfit does not look (a `credsStore` or a `credHelpers` of Docker).
    """

    user: str = ""
    password: str = ""
    identity: str = ""
    helper: str = ""

    def __repr__(self) -> str:
        """Return what may be shown."""
        return f"Credentials({'known' if self.user or self.identity else 'none'})"


def credentials_for(registry: str) -> Credentials:
    """Return the credentials for a registry (`docker.io`, `host:port`): of Docker's file, podman's, or netrc."""
    helper = ""
    for path in _files():
        data = _read(path)
        keys = _HUB_KEYS if registry == DOCKER_HUB else (registry, f"https://{registry}", f"http://{registry}")
        entries = data.get("auths")
        for key in keys:
            entry = entries.get(key) if isinstance(entries, dict) else None
            found = _of_entry(entry) if isinstance(entry, dict) else None
            if found is not None:
                return found
        helpers = data.get("credHelpers")
        named = helpers.get(registry) if isinstance(helpers, dict) else data.get("credsStore")
        helper = helper or (named if isinstance(named, str) else "")
    user, password = from_netrc(registry)
    return Credentials(user, password, "", helper)


def _files() -> list[Path]:
    """Return the files in which credentials may be, the first counts."""
    docker = os.environ.get("DOCKER_CONFIG", "")
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    named = os.environ.get("REGISTRY_AUTH_FILE", "")
    return [
        *([Path(named)] if named else []),
        (Path(docker) if docker else expanded("~/.docker")) / "config.json",
        *([Path(runtime) / "containers" / "auth.json"] if runtime else []),
        expanded("~/.config/containers/auth.json"),
    ]


def _read(path: Path) -> dict[str, Any]:
    """Return the JSON object of a file; an empty one where there is none: others complain about it."""
    try:
        data = json.loads(read_bounded(path, _LARGEST, pipes=False))
    except (OSError, ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _of_entry(entry: dict[str, Any]) -> Credentials | None:
    """Return the credentials of one entry of `auths`, None where it has none."""
    identity = entry.get("identitytoken")
    try:
        pair = base64.b64decode(str(entry.get("auth") or ""), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return None
    user, _, password = pair.rstrip("\0").partition(":")
    if isinstance(identity, str) and identity:
        return Credentials(user, "", identity)
    return Credentials(user, password) if user else None
