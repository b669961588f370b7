"""What a command answers: one report for screens, one for documents, the data for programs, and what was judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from podfit.model import Finding, Where
from podfit.report.model import Report


class Judged(msgspec.Struct, frozen=True):
    """A finding in an answer: what it belongs to (`PROJECT on TEMPLATE`), and the seconds that its check took.

    place is the file and line to look at, relative to the working directory; None without one.
    """

    suite: str
    finding: Finding
    seconds: float = 0.0
    place: Where | None = None


class Answer(msgspec.Struct, frozen=True):
    """An answer that every format can write. Each part is made only when a format asks for it.

    command is the call that answers (`podfit verify`). screen takes whether all details are wanted. data returns an
    object of JSON values with the key `schema`. page is the document for whoever can open, sort and search it; without
    one it is the document. judged are the findings behind a verdict, None where the command gives
    none; seconds is what all of it took.
    """

    command: str
    screen: Callable[[bool], Report]
    document: Callable[[], Report]
    data: Callable[[], Mapping[str, Any]]
    judged: Callable[[], tuple[Judged, ...]] | None = None
    seconds: float = 0.0
    page: Callable[[], Report] | None = None
