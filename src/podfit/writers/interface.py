"""What a file format of one plan has to offer: a name for its file and a function from the plan to its text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from podfit.model import Plan
from podfit.writers.text import file_part


@dataclass(frozen=True, slots=True)
class FileFormat:
    """One kind of file that podfit writes per template.

    write is pure: it looks at nothing but the plan and returns the file's whole text, ending in a line break. The
    file is named prefix + the template's name + suffix; dots tells whether that name may keep its dots.
    """

    prefix: str
    suffix: str
    write: Callable[[Plan], str]
    dots: bool = True

    def file_name(self, template: str) -> str:
        """Return the name of the file for the template of that name: one path component, in ASCII."""
        return f"{self.prefix}{file_part(template, dots=self.dots)}{self.suffix}"
