"""Credentials that are not shown."""

from __future__ import annotations

import re

_SECRET_NAME = re.compile(r"(^|[_.-])(token|password|passwd|secret|apikey|key|credentials?|username)($|[_.-])", re.I)
_USERINFO = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,30}://)[^\s/?#]*@")
_BARE_USERINFO = re.compile(r"(^|\s)[^\s/@:]+:[^\s/@]+@(?=[^\s/@]+)")
_SECRET_QUERY = re.compile(r"([?&](?:[\w.-]*(?:token|password|secret|key|signature|sig))=)[^&#\s]+", re.I)
_MASK = "****"


def mask(text: str) -> str:
    """Return text with the credentials of every URL in it replaced by asterisks."""
    return _SECRET_QUERY.sub(r"\g<1>" + _MASK, _USERINFO.sub(r"\g<1>" + _MASK + "@", text))


def mask_setting(name: str, value: str) -> str:
    """Return the value of a variable or configuration key as it may be shown: never a token or a password."""
    if _SECRET_NAME.search(name):
        return _MASK
    value = mask(value)
    return _BARE_USERINFO.sub(r"\g<1>" + _MASK + "@", value) if "proxy" in name.lower() else value
