"""When two versions are the same: asked in one way everywhere."""

from __future__ import annotations

from functools import lru_cache

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version


def same_version(one: str, other: str) -> bool:
    """Tell whether two versions are equal as PEP 440 compares them: `1.0` and `1.0.0` are.

    Local parts count: `2.4.0` is not `2.4.0+cu124`. What PEP 440 cannot read is compared as text.
    """
    return one == other or _key(one) == _key(other)


def same_release(one: str, other: str) -> bool:
    """Tell whether two versions name one release: equal but for a local part (`2.4.0` and `2.4.0+cu124`)."""
    return one == other or _public(one) == _public(other)


@lru_cache(maxsize=1 << 12)
def admits(requires_python: str, python: str) -> bool:
    """Tell whether a requires-python admits a Python; what cannot be read limits nothing."""
    try:
        return SpecifierSet(requires_python).contains(python, prereleases=True)
    except InvalidSpecifier:
        return True


def within(specifier: str, version: str) -> bool:
    """Tell whether a version is there (not empty), one that PEP 440 can read, and in specifier; pre-releases count."""
    key = parsed(version) if version else None
    return key is not None and SpecifierSet(specifier).contains(key, prereleases=True)


def read_version(text: str) -> Version:
    """Return a version as PEP 440 reads it; thousands are read again and again. Raises ValueError where it cannot."""
    key = _key(text)
    if isinstance(key, str):
        raise InvalidVersion(f"Invalid version: {text!r}")
    return key


def same_or_newer(version: str, since: str) -> bool:
    """Tell whether a version is since or newer; one that PEP 440 cannot read is not."""
    one, other = parsed(version), parsed(since)
    return one is not None and other is not None and one >= other


def public(text: str) -> str:
    """Return a version without its local part, which stands beside == and != alone (PEP 440): for >, <, >= and <=."""
    read = parsed(text)
    return text if read is None or read.local is None else read.public


def parsed(text: str) -> Version | None:
    """Return a version as PEP 440 reads it, None where it cannot."""
    key = _key(text)
    return None if isinstance(key, str) else key


@lru_cache(maxsize=1 << 15)
def _key(text: str) -> Version | str:
    """Return what versions are compared by: the text itself where PEP 440 cannot read it."""
    try:
        return Version(text)
    except ValueError:  # InvalidVersion, and a number of more digits than Python reads
        return text


@lru_cache(maxsize=1 << 14)
def _public(text: str) -> Version | str:
    """Return the same without a local part."""
    key = _key(text)
    return key if isinstance(key, str) or key.local is None else Version(key.public)
