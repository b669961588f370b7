"""What names, versions, hashes and text from a file or from another machine may be before podfit works with them.

Everything here is bounded: no input makes the work grow faster than its own length.
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from packaging.requirements import Requirement

LONGEST_NAME = 128
"""Characters of a distribution's name: a limit that podfit sets, assumed to be far above any real name."""

LONGEST_VERSION = 255
"""Characters of a version. Python itself refuses to read a number of more than 4,300 digits."""

LONGEST_REQUIREMENT = 16384
"""Characters of one requirement: a limit that podfit sets, assumed to be far above any real line."""

MOST_SPECIFIERS = 256
"""Comparisons of one requirement: work on two of them is done for each pair. Podfit's own limit, assumed."""

DEEPEST = 64
"""Levels of a JSON document: a limit that podfit sets."""

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?", re.ASCII)
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.!+_~-]*", re.ASCII)
_HASH = re.compile(r"[a-z0-9_]{2,20}:[0-9a-f]{1,128}", re.ASCII)
_IP_LITERAL = re.compile(r"\[([^\]]*)\]")
"""What stands for a host by its number (RFC 3986, 3.2.2)."""
_LONE = re.compile("[\ud800-\udfff]")


def is_name(text: object) -> bool:
    """Tell whether text is a distribution's name (PEP 508), of bounded length."""
    return isinstance(text, str) and len(text) <= LONGEST_NAME and bool(_NAME.fullmatch(text))


def is_version(text: str) -> bool:
    """Tell whether text can be an exact version, PEP 440's or an older spelling, of bounded length."""
    return len(text) <= LONGEST_VERSION and bool(_VERSION.fullmatch(text))


def requirement_problem(requirement: Requirement) -> str:
    """Return what is out of bounds in a parsed requirement, the end of a sentence that begins with it; else empty."""
    if len(requirement.name) > LONGEST_NAME:
        return f"has a name of {len(requirement.name)} characters, more than {LONGEST_NAME}"
    if len(requirement.specifier) > MOST_SPECIFIERS:
        return f"has {len(requirement.specifier)} comparisons, more than {MOST_SPECIFIERS}"
    if any(len(each.version) > LONGEST_VERSION for each in requirement.specifier):
        return f"has a version of more than {LONGEST_VERSION} characters"
    if requirement.url and not is_address(requirement.url):
        return "has an address that is none"
    return ""


def is_hash(text: str) -> bool:
    """Tell whether text is `algorithm:hexdigest`."""
    return bool(_HASH.fullmatch(text))


def is_address(text: str) -> bool:
    """Tell whether text can be a URL or a path on one line: printable, no blank but the space, of bounded length."""
    try:
        host = urlsplit(text).netloc
        if literal := _IP_LITERAL.search(host):
            ip_address(literal[1].partition("%")[0])  # Python itself looks from 3.11.4 on
    except ValueError:  # an open bracket in the host, or no address of the Internet between two
        return False
    return len(text) <= LONGEST_REQUIREMENT and text.isprintable()


def shown(value: object) -> str:
    """Return value as a message shows it: quoted, ASCII, short."""
    text = ascii(value)
    return text if len(text) <= 60 else text[:57] + "..."


def readable(text: str) -> str:
    """Return text with each lone surrogate as its escape: a file name that is not UTF-8 arrives with some.

    The result can be written as UTF-8, and into JSON that any program reads.
    """
    return text.encode("utf-8", "backslashreplace").decode("utf-8") if _LONE.search(text) else text


def readable_data(data: Any) -> Any:
    """Return a JSON value with all of its text readable; the value itself where it is so already.

    Raises ValueError for one that is nested deeper than any document of podfit.
    """
    return _rewritten(data) if _has_lone(data) else data


def _has_lone(data: Any) -> bool:
    """Tell whether a lone surrogate stands anywhere in data. Raises ValueError when it is nested too deeply."""
    level, found = [data], False
    for _ in range(DEEPEST):
        below: list[Any] = []
        for value in level:
            if isinstance(value, str):
                found = found or (not value.isascii() and bool(_LONE.search(value)))
            elif isinstance(value, dict):
                below += value.keys()
                below += value.values()
            elif isinstance(value, (list, tuple)):
                below += value
        if not below:
            return found
        level = below
    raise ValueError(f"it is nested deeper than {DEEPEST} levels")


def _rewritten(data: Any) -> Any:
    """Return data, known not to be deep, with its text readable."""
    if isinstance(data, str):
        return readable(data)
    if isinstance(data, dict):
        return {readable(key) if isinstance(key, str) else key: _rewritten(value) for key, value in data.items()}
    return [_rewritten(value) for value in data] if isinstance(data, (list, tuple)) else data
