"""The indexes that variables name: pip's, uv's and podfit's own."""

from __future__ import annotations

import os
import re
from urllib.parse import quote, urlsplit

PYPI = "https://pypi.org/simple/"
_URL_VARIABLES = ("PODFIT_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL")
_EXTRA_VARIABLES = ("UV_INDEX", "UV_EXTRA_INDEX_URL", "PIP_EXTRA_INDEX_URL")


def default_index_urls() -> tuple[str, ...]:
    """Return the index to ask when none is named.

    It is the first that is set of PODFIT_INDEX_URL, UV_DEFAULT_INDEX, UV_INDEX_URL and PIP_INDEX_URL, else PyPI.
    """
    for variable in _URL_VARIABLES:
        value = os.environ.get(variable, "").strip()
        if value:
            return (_named_url(value),)
    return (PYPI,)


def environment_index_urls() -> tuple[str, ...]:
    """Return the further indexes that variables name: UV_INDEX, UV_EXTRA_INDEX_URL, PIP_EXTRA_INDEX_URL, in this order.

    uv itself never sees them: podfit hands it the same list that its own client asks.
    """
    words = [word for variable in _EXTRA_VARIABLES for word in os.environ.get(variable, "").split()]
    return tuple(dict.fromkeys(_named_url(word) for word in words))


def _named_url(text: str) -> str:
    """Return the URL of an index that uv allows to be written NAME=URL, with the credentials of UV_INDEX_NAME_*."""
    name, equals, url = text.partition("=")
    if not equals or not name or "/" in name or ":" in name:
        return text
    variable = "UV_INDEX_" + re.sub(r"[^A-Z0-9]", "_", name.upper())
    user, password = (os.environ.get(f"{variable}_{part}", "") for part in ("USERNAME", "PASSWORD"))
    parts = urlsplit(url)
    if not (user or password) or "@" in parts.netloc:
        return url
    return parts._replace(netloc=f"{quote(user, safe='')}:{quote(password, safe='')}@{parts.netloc}").geturl()
