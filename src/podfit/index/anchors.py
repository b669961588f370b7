"""The links of an HTML page, in time that grows with its length alone.

The standard library's parser reads one tag well, and takes hours for a page of thirty kilobytes that opens ten thousand
tags and closes none (CPython's issue 135462 and its kin). So the tags that count are cut out here, each of bounded
length, and the parser reads one after the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

_LONGEST_TAG = 1 << 16
"""Characters of one tag: a limit that podfit sets, assumed to be far above any link of an index."""

_TAG = re.compile(r"""<(?:a|base)\s(?:[^<>"']|"[^"]{0,65536}"|'[^']{0,65536}'){0,65536}>""", re.IGNORECASE)
_HIDING = re.compile(r"<!--|<script\b|<style\b", re.IGNORECASE)
_ENDS = {"<!--": "-->", "<script": "</script", "<style": "</style"}


def anchors(text: str) -> tuple[list[dict[str, str]], str]:
    """Return the attributes of the anchors of a page that lead somewhere, and the page's base, empty without one."""
    links: list[dict[str, str]] = []
    bases: list[str] = []
    parser = _Tag()
    for piece in _seen(text):
        for match in _TAG.finditer(piece):
            if len(match[0]) > _LONGEST_TAG:
                continue
            tag, attributes = parser.read(match[0])
            if tag == "a" and attributes.get("href"):
                links.append(attributes)
            elif tag == "base" and attributes.get("href"):
                bases.append(attributes["href"])
    return links, next(iter(bases), "")


def _seen(text: str) -> Iterator[str]:
    """Yield the parts of a page that are no comment, script or style; one that does not end hides the rest."""
    lower = text.lower()
    lower = lower if len(lower) == len(text) else text  # a few letters have another length in lower case
    begin = 0
    while match := _HIDING.search(text, begin):
        yield text[begin : match.start()]
        end = lower.find(_ENDS[match[0].lower()], match.end())
        if end == -1:
            return
        begin = end
    yield text[begin:]


class _Tag(HTMLParser):
    """Reads one start tag."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._found: tuple[str, dict[str, str]] = ("", {})

    def read(self, text: str) -> tuple[str, dict[str, str]]:
        """Return the name and the attributes of a tag; the name is empty where the parser sees none."""
        self.reset()
        self._found = ("", {})
        self.feed(text)
        return self._found

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep what the parser found."""
        found: dict[str, str] = {}
        for key, value in attrs:
            found[key] = value or ""
        self._found = (tag, found)
