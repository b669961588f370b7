"""Exceptions in a log: their type, words, frames, and how they hang together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from podfit.diagnose.model import Line

MOST_MESSAGE = 60
"""So many lines of an exception's words are looked at."""

_HEAD = "Traceback (most recent call last)"
_FRAME = re.compile(
    r"""^\s*(?:File\s+"(?P<plain>[^"]{1,400})",\sline\s(?P<number>\d{1,7})(?:,\sin\s(?P<function>\S{1,200}))?"""
    r"""|File\s+(?P<note>[^\s"<][^"<>|]{0,300}?):(?P<note_number>\d{1,7})(?:,\sin\s(?P<note_function>[\w.<>]{1,200}).*|$)"""
    r"""|(?:Cell|Input)\s(?:In\s?)?\[\d{1,5}\],?\s.*|<ipython-input-\S+>\sin\s.*"""
    r"""|(?P<old>(?:[A-Za-z]:)?[~/\\][^\s:]{1,300}\.(?:py|pyx|pxd|so))(?::(?P<old_number>\d{1,7}))?\sin\s(?P<old_function>[\w.<>]{1,200}).*)"""
)
_NAMED = re.compile(
    r"^(?P<type>(?:[A-Za-z_]\w*\.){0,8}[A-Za-z_]\w*(?:Error|Exception|Interrupt|Exit|Failure|Fault|Conflict|NotFound|"
    r"Timeout|TimedOut|Denied|Invalid|Refused|Closed|Unavailable|Impossible|Empty|Stop\w*|Issue|Abort(?:ed)?))"
    r"(?:: ?(?P<message>.*))?$"
)
_WARNING = re.compile(r"^(?:[\w./\\:~-]{1,300}:\d{1,7}: )?(?:\w+\.){0,6}\w*Warning: ")
_TYPE = re.compile(r"^(?P<type>(?:[A-Za-z_]\w*\.){0,8}[A-Za-z_]\w*)(?:: ?(?P<message>.*))?$")
_CHAIN = ("During handling of the above exception", "The above exception was the direct cause")
_NOTEBOOK = re.compile(r"^(?P<type>(?:\w+\.){0,6}\w+)\s+" + re.escape(_HEAD))
_PROMPT = re.compile(
    r"^(?:\([\w.-]+\) ?)?(?:[\w.-]+@[\w.-]+[:~ ][^$#]{0,80})?[$%#] \S|^(?:PS )?[A-Za-z]:\\[^>]{0,100}> ?\S|^In \[\d+\]:|^>>> "
)


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame of a traceback: a file, a line there, a function; line is the frame's index in the log."""

    path: str
    function: str
    line: int


@dataclass(slots=True)
class Raised:
    """One exception. start and end are indices of lines, end exclusive; line is that of its type and words.

    chained tells how it follows from the one before: "" (it does not), "handling" or "cause".
    """

    type: str
    message: str
    frames: tuple[Frame, ...]
    start: int
    line: int
    end: int
    chained: str = ""
    group: int = 0
    after: list[int] = field(default_factory=list)


def raised(lines: Sequence[Line]) -> list[Raised]:
    """Return the exceptions of the lines of one stream, in order; those of one chain share their group."""
    found: list[Raised] = []
    index, group, chained = 0, 0, ""
    while index < len(lines):
        text = lines[index].text
        if any(words in text for words in _CHAIN):
            chained = "cause" if _CHAIN[1] in text else "handling"
            index += 1
            continue
        one = _with_traceback(lines, index) if _HEAD in text else _bare(lines, index)
        if one is None:
            index += 1
            continue
        if not chained or not found:
            group += 1
        one.group, one.chained = group, chained if found else ""
        chained = ""
        found.append(one)
        index = max(one.end, index + 1)
    return found


def _with_traceback(lines: Sequence[Line], start: int) -> Raised | None:
    """Return the exception whose traceback's heading is on a line."""
    frames: list[Frame] = []
    index = start + 1
    last_frame = start
    while index < len(lines):
        text = lines[index].text
        if _HEAD in text or any(words in text for words in _CHAIN) or _PROMPT.match(text):
            break
        frame = _frame(text, index)
        if frame is not None:
            frames.append(frame)
            last_frame = index
        elif text and not text[0].isspace() and _is_last(text, last_frame, index):
            kind, message = _parted(text)
            return Raised(kind, message, tuple(frames), start, index, _message_end(lines, index + 1))
        if index - last_frame > 200:
            break
        index += 1
    named = _NOTEBOOK.match(lines[start].text)
    if not frames and not named:
        return None
    return Raised(named["type"] if named else "", "", tuple(frames), start, start, index)


def _is_last(text: str, last_frame: int, index: int) -> bool:
    """Tell whether a line that begins at the margin is a traceback's last: an exception's type and words."""
    if text.startswith(("-->", "---", "==>", "***", "└", "...")) or re.match(r"\d+ ", text) or _WARNING.match(text):
        return False
    if _NAMED.match(text):
        return True
    bare = _TYPE.match(text)
    return (
        bool(bare) and index - last_frame <= 4 and (":" in text or text.strip().isidentifier()) and text != "Traceback"
    )


def _bare(lines: Sequence[Line], index: int) -> Raised | None:
    """Return an exception that is told without a traceback: its type at the beginning of a line."""
    text = lines[index].text
    stripped = text.strip() if len(text) - len(text.lstrip()) <= 12 else ""
    match = _NAMED.match(stripped)
    if match is None or _WARNING.match(stripped) or (match["message"] is None and "." not in match["type"]):
        return None
    first = index
    frames: list[Frame] = []
    while first > 0 and index - first < 400:  # frames above it whose heading is cut off
        above = lines[first - 1].text
        frame = _frame(above, first - 1)
        if frame is not None:
            frames.insert(0, frame)
        elif not (above.startswith("    ") and above.strip()):
            break
        first -= 1
    first = frames[0].line if frames else index
    kind, message = _parted(stripped)
    return Raised(kind, message, tuple(frames), first, index, _message_end(lines, index + 1))


def _parted(text: str) -> tuple[str, str]:
    """Return the type and the words of an exception's line."""
    match = _NAMED.match(text) or _TYPE.match(text)
    return (match["type"], match["message"] or "") if match else ("", text)


def _message_end(lines: Sequence[Line], index: int) -> int:
    """Return where an exception's words end: before the next traceback, prompt, or a gap after a while."""
    start = index
    blank = 0
    while index < len(lines) and index - start < MOST_MESSAGE:
        text = lines[index].text
        if _HEAD in text or _PROMPT.match(text) or any(words in text for words in _CHAIN) or _NAMED.match(text):
            break
        if _frame(text, index):
            break
        blank = blank + 1 if not text.strip() else 0
        if blank >= 3:
            break
        index += 1
    return index


def _frame(text: str, index: int) -> Frame | None:
    """Return the frame that a line tells of, None for another line."""
    if "line " not in text and " in " not in text and ":" not in text and "[" not in text:
        return None
    match = _FRAME.match(text)
    if match is None:
        return None
    path = match["plain"] or match["note"] or match["old"] or "<cell>"
    return Frame(path, match["function"] or match["note_function"] or match["old_function"] or "", index)
