"""Logs as people paste them, without what terminals, notebooks, launchers and chats put around the lines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from podfit.diagnose.model import Line

WIDEST = 8000
"""So many characters of a line are kept, from its two ends: no message that a rule knows is longer."""
MOST_PARTS = 40
"""So many parts of a line that carriage returns divide are looked at, the last ones."""

_ESCAPE = re.compile(
    r"\x1b\[[0-9;:?<=>!]{0,40}[ -/]{0,4}[@-~]"  # colours, cursor moves
    r"|\x1b\][^\x07\x1b]{0,2000}(?:\x07|\x1b\\)?"  # titles, links
    r"|\x1b[()*+#%][0-9A-Za-z]|\x1b[=>78A-Za-z]"
)
_LITERAL_ESCAPE = re.compile(
    r"(?:\\x1b|\\u001b|\\033|\^\[|\u2190|␛)\[[0-9;]{0,20}m|(?<![\w\[\]])\[(?:\d{1,3};)*\d{1,3}m"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b\u200e\u200f\u2028-\u202e\ufeff]")
_STREAM = re.compile(
    r"^\s{0,8}(?:"
    r"\[(?P<rank>rank\d{1,5}|default\d{1,5}|\d{1,3},\d{1,5})\](?:<std(?:err|out)>)?:?"
    r"|\((?P<worker>[\w.:-]{1,60} (?:rank=\d{1,5}[, ]*)?(?:TP\d+ )?pid=\d{1,9}(?:, ip=[\d.]{1,20})?)\)"
    r"|(?P<host>[\w.-]{1,60}):\s(?=\[rank\d)"
    r"|(?P<numbered>\d{1,4}):(?=\s)"
    r"|(?P<service>[A-Za-z][\w./-]{0,60}?[-_]\d{1,4})\s{1,20}\|(?=\s|$)"
    r"|(?P<std>std(?:err|out)):(?=\s)"
    r") ?"
)
_CLOCK = re.compile(
    r"^\s{0,4}\[?(?:[A-Z]+ +)?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?\]?[ \t:|-]?[ \t]?(?:(?:stderr|stdout) F )?"
)
_BUILDKIT = re.compile(r"^#\d{1,4} \d{1,6}\.\d{1,4} |^ > \[[^\]]{1,80}\] ?|^\d{1,4}\.\d{2,4} (?=\S|\s)")
_VLLM = re.compile(
    r"^(?:ERROR|WARNING|INFO) \d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? (?:\[[\w./]{1,60}(?::\d{1,6})?\]|[\w./]{1,60}:\d{1,6}\]) ?"
)
_BOX = re.compile(r"^\s{0,20}[│║┃╭╰├└┌]\s?|\s{0,200}[│║┃]\s{0,4}$")
_PYTEST = re.compile(r"^E {3,7}(?=\S)")
_SAGEMAKER = re.compile(r'^ErrorMessage "(?P<text>.{1,8000}?)"?$')
"""How SageMaker's toolkit hands on what ended a script."""
_QUOTE = re.compile(r"^(?:(?:>|&gt;) ?){1,4}")
_DOCKER_JSON = re.compile(r'^\{"log": ?"(?P<log>(?:[^"\\]|\\.){0,8000})"')
_QUOTED_LINE = re.compile(r'^\s{1,12}"(?P<text>(?:[^"\\]|\\.){1,8000}?)(?:\\n)?",?$')
_ENTITIES = {"&gt;": ">", "&lt;": "<", "&amp;": "&", "&quot;": '"', "&#39;": "'"}
_PROGRESS = re.compile(
    r"\d{1,3}%\s?\||[━█▏▎▍▌▋▊▉#=]{6}|\b\d+(?:\.\d+)?/\d+(?:\.\d+)? ?[kMG]?i?B\b|\bETA\b|\d it/s|it/s\b|s/it\b"
)


def normalised(lines: Iterable[tuple[int, str]]) -> Iterator[Line]:
    """Yield the lines of numbered raw lines; a raw line becomes none, one, or as many as its carriage returns part."""
    for number, raw in lines:
        text = _shortened(raw.rstrip("\n"))
        for part in _parts(text):
            yield _line(number, part)


def _shortened(text: str) -> str:
    """Return the two ends of a line that is too long."""
    return text if len(text) <= WIDEST else f"{text[: WIDEST // 2]} ... {text[-WIDEST // 2 :]}"


def _parts(text: str) -> list[str]:
    """Return what a line's carriage returns part, without progress that the next part overwrote."""
    wrapped = _DOCKER_JSON.match(text) or _QUOTED_LINE.match(text)
    if wrapped:
        text = _unquoted(wrapped[1]).rstrip("\n")
        return [
            part for piece in text.split("\n")[:MOST_PARTS] for part in (_parts(piece) if "\r" in piece else [piece])
        ]
    if "\r" not in text:
        return [text]
    parts = [part for part in text.split("\r") if part.strip()][-MOST_PARTS:]
    kept = [part for part in parts[:-1] if not _PROGRESS.search(part)]
    return kept + parts[-1:] if parts else [""]


def _unquoted(text: str) -> str:
    """Return what a JSON string's text stands for, as far as line breaks, tabs and quotes go."""
    names = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\", "/": "/"}

    def one(found: re.Match[str]) -> str:
        if found[1][0] == "u":
            return chr(int(found[1][1:], 16))
        return names.get(found[1], found[0])

    return re.sub(r"\\(u[0-9a-fA-F]{4}|.)", one, text)


def _line(number: int, text: str) -> Line:
    """Return one line, bare."""
    if "\x1b" in text:
        text = _ESCAPE.sub("", text)
    if "m" in text and "[" in text:
        text = _LITERAL_ESCAPE.sub("", text)
    text = _CONTROL.sub("", text).replace("\xa0", " ").replace("\t", "    ")
    if "&" in text:
        for entity, character in _ENTITIES.items():
            text = text.replace(entity, character)
    stream = ""
    for _ in range(4):
        before = text
        found = _STREAM.match(text)
        if found:
            named = next((value for value in found.groups() if value), "")
            stream = stream or ("" if found["std"] else named)
            text = text[found.end() :]
        for pattern in (_CLOCK, _BUILDKIT, _VLLM):
            text = pattern.sub("", text, count=1)
        if text == before:
            break
    text = _QUOTE.sub("", text, count=1) if not text.startswith(">>>") else text
    text = _PYTEST.sub("", text)
    reported = _SAGEMAKER.match(text)
    text = reported["text"] if reported else text
    if text.lstrip()[:1] in ("│", "║", "┃", "╭", "╰") and not text.lstrip().startswith(("╰─>", "│ exit code")):
        text = _BOX.sub("", text)
    return Line(number, text.rstrip(), stream)
