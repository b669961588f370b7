"""The bytes of a bundle of templates, from a file or an address; no more than a bundle may have."""

from __future__ import annotations

from urllib.parse import urlsplit

from podfit.catalogue.bundle import MOST_BYTES
from podfit.model import InputError, Where
from podfit.model.secrets import hidden
from podfit.readers.plain_file import read_bounded

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def bundle_bytes(source: str) -> bytes:
    """Return what lies at source, a path or an https address (http on this machine alone).

    Raises InputError for what cannot be read or reached, for other schemes, and for more than a bundle may have.
    """
    if "://" not in source:
        return _from_file(source)
    where = hidden(source)
    _protected(source, where)
    from podfit.index.transport import TooLargeError, Transport, split_credentials, status_text

    url, host, credentials = split_credentials(source)
    try:
        reply = Transport({host: credentials} if credentials else None).get(url, limit=MOST_BYTES)
    except TooLargeError:
        raise InputError(f"it is larger than {MOST_BYTES >> 20} MiB", where=Where(where)) from None
    if reply.status != 200:
        raise InputError(f"the server answered {status_text(reply.status)}", where=Where(where))
    _protected(reply.url, where)
    return reply.body


def _protected(url: str, where: str) -> None:
    """Raise InputError for an address whose answer anybody on the way could have written."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        message = f"lists are taken in from https addresses and files, not from {parts.scheme[:20]}://"
        raise InputError(message, where=Where(where), remedy="fetch the file yourself and name it")


def _from_file(path: str) -> bytes:
    """Return a file's bytes."""
    try:
        data = read_bounded(path, MOST_BYTES)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"it cannot be read: {reason}", where=Where(path)) from None
    return data
