"""An answer that cannot be taken for what else a machine prints: between marks that hold a number used once.

Login scripts greet, shells say `logout`, a sitecustomize prints JSON. Whoever asks names a nonce, and the answer comes
as `podfit-answer NONCE LENGTH`, a line break and LENGTH bytes; an event comes as a line `podfit-event NONCE JSON`.
"""

from __future__ import annotations

import json
import re
import secrets
from typing import Any

_ANSWER = "podfit-answer"
_EVENT = "podfit-event"


def nonce() -> str:
    """Return a new word to ask with."""
    return secrets.token_hex(8)


def framed(text: str, word: str) -> bytes:
    """Return an answer with its marks; without a word, for a person, the text alone and a line break."""
    data = text.encode("utf-8", "replace")
    return b"\n%s %s %d\n%s\n" % (_ANSWER.encode(), word.encode(), len(data), data) if word else data + b"\n"


def unframed(output: bytes, word: str) -> bytes | None:
    """Return the answer to word in what a machine printed, None when there is none or it was cut off."""
    found = re.search(rb"^%s %s (\d{1,10})\n" % (_ANSWER.encode(), re.escape(word.encode())), output, re.MULTILINE)
    if found is None:
        return None
    data = output[found.end() : found.end() + int(found[1])]
    return data if len(data) == int(found[1]) else None


def answer(output: bytes, word: str) -> dict[str, Any] | None:
    """Return the JSON object that is the answer to word, None when there is none."""
    data = unframed(output, word)
    try:
        found = None if data is None else json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def event_line(event: dict[str, Any], word: str) -> str:
    """Return the line that tells an event, without its end."""
    return f"{_EVENT} {word} {json.dumps(event)}"


def is_event(line: str, word: str) -> bool:
    """Tell whether a line tells an event, be it one that was cut off."""
    return line.startswith(f"{_EVENT} {word} ")


def event_of(line: str, word: str) -> dict[str, Any] | None:
    """Return the event that a line tells, None for any other line."""
    head = f"{_EVENT} {word} "
    try:
        event = json.loads(line[len(head) :]) if line.startswith(head) else None
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) and isinstance(event.get("event"), str) else None
