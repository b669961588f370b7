"""Secrets in addresses: what a plan, a file or a message may show of a URL.

User names and passwords go, and so do parameters that carry a token; the address stays one that works where the
credentials come from netrc or the like. The values that a requirements file took from the environment (`${TOKEN}`) into
an address stand for their variables again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from podfit.model.provenance import may_be_secret

_USERINFO = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,30}://|https?:/(?!/))([^\s/?#'\"<>]*)@")
_QUOTED = re.compile(r"(?i)(https?%3A(?:/|%2F){1,3})([^\s/?#'\"<>]{0,4096}?)%40")
"""The same within another address, where signs are written by their numbers."""
_QUERY = re.compile(r"(://[^\s?#'\"<>]{0,4096})\?([^\s#'\"<>]*[^\s#'\"<>;,.)])")
"""Both bounded: a long text without an address would be read again from each of its letters. An address that was taken
for a path has lost one of its slashes."""
_SECRET_NAME = re.compile(
    r"token|passw|(^|[_.-])pwd?($|[_.-])|secret|key|signature|(^|[_.-])sig($|[_.-])|auth|credential|session", re.I
)
_SHORTEST = 4
"""Characters below which a variable's value is no secret, but a word that stands in many places."""

_LEFT_OUT = "Credentials were left out"

NOTE = (
    f"{_LEFT_OUT} of the addresses in this plan: pip and uv take a host's user and password from netrc, uv from a "
    "keyring, too."
)
"""What a plan says whose addresses had secrets in them."""


def needs_credentials(hosts: Sequence[str]) -> str:
    """Return what a plan says of hosts that give its files only to who has a user and password."""
    return (
        f"{_LEFT_OUT}: {', '.join(hosts)} may give files of this plan only to who has a user and password. pip and uv "
        "take them from netrc, uv from a keyring (UV_KEYRING_PROVIDER) or its index variables, podfit apply from "
        "--index-url, too."
    )


def is_about_credentials(note: str) -> bool:
    """Tell whether a note of a plan says that it needs credentials: files that are installed from repeat it."""
    return note.startswith(_LEFT_OUT)


_filled: dict[str, str] = {}
"""What stands for a value that came from the environment of this process, by the value."""


def filled_in(name: str, value: str) -> None:
    """Note that the value of an environment variable was put into an address: from now on `${NAME}` stands for it."""
    if len(value) >= _SHORTEST and not value.startswith("/"):
        _filled[value] = f"${{{name}}}"


def hidden(text: str) -> str:
    """Return text without the secrets of the addresses in it, and without the values that `filled_in` was told of."""
    for value in sorted(_filled, key=len, reverse=True):
        if value in text:
            text = text.replace(value, _filled[value])
    if ":/" not in text:
        return text
    text = _QUOTED.sub(r"\1", text) if "%40" in text else text
    return _QUERY.sub(_plain_query, _USERINFO.sub(_plain_userinfo, text))


def _plain_userinfo(match: re.Match[str]) -> str:
    """Return the scheme alone; ssh's user name is no secret."""
    return match[0] if "ssh" in match[1] and ":" not in match[2] else match[1]


def _plain_query(match: re.Match[str]) -> str:
    """Return an address with the parameters that carry no secret."""
    kept = [part for part in match[2].split("&") if not _is_secret(*part.partition("=")[::2])]
    return f"{match[1]}?{'&'.join(kept)}" if kept else match[1]


def _is_secret(name: str, value: str) -> bool:
    """Tell whether a parameter of a URL may carry a secret: by its name, or by the shape of its value."""
    return bool(value and (_SECRET_NAME.search(name) or may_be_secret(value))) or (not value and may_be_secret(name))
