"""What a format has to offer: a name, and a function from what it shows to its text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from podfit.writers.plain import file_part

if TYPE_CHECKING:
    from podfit.model import Plan
    from podfit.report.answer import Answer


def _always(_plan: Plan) -> bool:
    """Tell that every plan has a file."""
    return True


@dataclass(frozen=True, slots=True)
class FileFormat:
    """One kind of file that podfit writes per template.

    write is pure: it looks at nothing but the plan and returns the file's whole text, ending in a line break. The
    file is named prefix + the template's name + suffix; dots tells whether that name may keep its dots. wanted tells
    whether a plan has this file at all.
    """

    prefix: str
    suffix: str
    write: Callable[[Plan], str]
    dots: bool = True
    wanted: Callable[[Plan], bool] = _always

    @property
    def kind(self) -> str:
        """What the file is, in one word: `lock`, `plan`."""
        return self.prefix.rstrip("-.")

    def file_name(self, template: str) -> str:
        """Return the name of the file for the template of that name: one path component, in ASCII."""
        return f"{self.prefix}{file_part(template, dots=self.dots)}{self.suffix}"


@dataclass(frozen=True, slots=True)
class Screen:
    """Where a text is printed: columns, rich's name of its colours (None without), whether all details are wanted."""

    width: int = 100
    colors: str | None = None
    details: bool = False


@dataclass(frozen=True, slots=True)
class AnswerFormat:
    """One way to write down what a command answers; name is what --format takes.

    write returns the whole text, ending in a line break; it may look at the screen, others than `text` do not. With a
    suffix, `podfit fit` writes the comparison of all templates as a file in this format, too, unless the format is one
    that is written only where it is asked for. judged formats show the findings behind a verdict, so that only commands
    that give one offer them.
    """

    name: str
    write: Callable[[Answer, Screen], str]
    suffix: str = ""
    judged: bool = False
    asked: bool = False
