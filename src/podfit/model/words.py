"""Words for people that every room needs: a list that stays short, a name that was perhaps meant."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence


def shortened(names: Iterable[str], most: int = 5) -> str:
    """Return names with commas, cut after most: `a`, `a, b`, `a, b and 3 more`. Their order is the caller's."""
    words = list(names)
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(words[:most]) + more


_HEAD = re.compile(r"(?:[^():]|\([^()]*\)|:(?! ))*")


def head_of(text: str) -> str:
    """Return an explanation up to its first colon; one in parentheses, where a place stands, does not count."""
    found = _HEAD.match(text)
    return found[0] if found is not None and text.startswith(": ", found.end()) else text.partition(": ")[0]


def in_short(text: str, most: int = 900) -> str:
    """Return a long explanation by its beginning, up to a colon, and its last sentences, about most signs in all.

    What follows from everything before stands last in a resolver's explanation.
    """
    if len(text) <= most:
        return text
    head = head_of(text)[: most // 3]
    kept: list[str] = []
    for sentence in reversed(re.split(r"(?<=[.]) (?=[A-Z(])", text)):
        if kept and sum(map(len, kept)) + len(sentence) > most - len(head):
            break
        kept.insert(0, sentence)
    return f"{head}: ... {' '.join(kept)}"


def listed(names: Iterable[str]) -> str:
    """Return names as a sentence has them: `a`, `a and b`, `a, b and c`; empty for none. The order is the caller's."""
    *head, last = list(names) or [""]
    return f"{', '.join(head)} and {last}" if head else last


def near(name: str, known: Iterable[str], *, most: int = 3, cutoff: float = 0.5) -> list[str]:
    """Return the names most like a misspelled one, the nearest first; case does not count.

    cutoff is how alike they must be, from 0 (anything) to 1 (equal).
    """
    import difflib  # not at the top: only a mistake needs it

    spelled: dict[str, str] = {}
    for word in known:
        spelled.setdefault(word.lower(), word)
    return [spelled[word] for word in difflib.get_close_matches(name.lower(), spelled, n=most, cutoff=cutoff)]


def did_you_mean(name: str, known: Sequence[str], *, most: int = 3, cutoff: float = 0.5) -> str:
    """Return `did you mean a or b?` for a misspelled name, empty where none is near."""
    found = near(name, known, most=most, cutoff=cutoff)
    return f"did you mean {' or '.join(found)}?" if found else ""
