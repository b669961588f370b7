"""An open question: what podfit cannot decide by itself, while the rest is planned."""

from __future__ import annotations

from dataclasses import dataclass

from podfit.model.evidence import Evidence


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """What only a person can answer: the thing asked about, what is not known of it, where it was seen, what to do.

    subject is a module, a distribution or a file, as the person wrote it; message is a sentence without the subject
    in front; evidence are the places that raise the question; remedy says how to answer it, and may be empty.
    """

    subject: str
    message: str
    evidence: tuple[Evidence, ...]
    remedy: str = ""
