"""Where a plan comes from: what made it, what was asked, and what steered it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

_LONG = 16
_VERY_LONG = 32
HIDDEN = "***"
"""What stands for a part of an address that may be a secret."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a plan was made with: two plans of the same provenance and inputs differ in their date alone.

    podfit, uv and python are the versions that made it; indexes and find_links are what was asked, in order, without
    secrets (`shown_address`). options are the words that steer the plan, as the command takes them. exclude_newer is
    the date after which files do not exist, captured the template's own date; both may be empty. offline tells that
    nobody was asked; from_cache names what the cache answered for because it could not be reached.
    """

    podfit: str
    uv: str
    python: str
    indexes: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    exclude_newer: str = ""
    captured: str = ""
    offline: bool = False
    from_cache: tuple[str, ...] = ()

    @property
    def sentences(self) -> tuple[str, ...]:
        """The same for people."""
        said = [f"podfit {self.podfit}, uv {self.uv}, Python {self.python}"]
        said += [f"indexes: {', '.join(self.indexes)}"] if self.indexes else []
        said += [f"files beside them: {', '.join(self.find_links)}"] if self.find_links else []
        said += [f"options: {' '.join(self.options)}"] if self.options else []
        said += [f"files after {self.exclude_newer} do not count"] if self.exclude_newer else []
        said += [f"template as of {self.captured}"] if self.captured else []
        said += ["offline: everything is from the cache"] if self.offline else []
        if self.from_cache:
            said.append(f"the cache stood in for what could not be reached: {', '.join(self.from_cache)}")
        return tuple(said)


def shown_address(text: str) -> str:
    """Return a URL without user, password, query and fragment, and without what looks like a token in its path.

    A path of this machine stays as it is. What is hidden reads `***`.
    """
    if "://" not in text:
        return text
    try:
        parts = urlsplit(text)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return HIDDEN
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    path = "/".join(HIDDEN if may_be_secret(part) else part for part in parts.path.split("/"))
    if parts.scheme == "file":
        path = parts.path
    return urlunsplit((parts.scheme, host + port, path, "", ""))


def may_be_secret(part: str) -> bool:
    """Tell whether a part of a path may be a token: long, and not a word."""
    if len(part) < _LONG:
        return bool(re.search(r"[:@]|%40|%3a", part, re.IGNORECASE))
    digits, mixed = re.search(r"\d", part), part != part.lower() and part != part.upper()
    return bool(digits or mixed or len(part) >= _VERY_LONG or re.search(r"[:@=%]", part))
