"""What a document claims of two distributions beside each other."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Claim:
    """What a document says of two releases: where, the versions of each as a specifier, whether it works.

    use is what is said to raise (`import torch`), empty for the pair as a whole; error what it is said to raise.
    """

    where: str
    text: str
    one: str
    other: str
    works: bool
    use: str = ""
    error: str = ""
