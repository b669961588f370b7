"""Grades by place: which files only show how the project is used, which only test it."""

from __future__ import annotations

from collections.abc import Iterable

from podfit.model import Grade

_EXAMPLES = frozenset(
    {"example", "examples", "demo", "demos", "sample", "samples", "tutorial", "tutorials", "cookbook", "cookbooks"}
) | {"benchmark", "benchmarks", "playground", "quickstart"}
_SHOWING = ("demo", "example", "tutorial", "quickstart", "walkthrough")


class Places:
    """Tells the grade of a file's imports by where the file lies.

    sources and notebooks are all files that are read, aside those that test or build the project. A project that
    consists of examples alone is those examples.
    """

    def __init__(self, sources: Iterable[str], notebooks: Iterable[str], aside: Iterable[str]) -> None:
        code = [path for path in sources if path.endswith(".py") and not _in_examples(path)]
        self._aside = frozenset(aside)
        self._code = any(path not in self._aside for path in code)
        self._other = self._code or any(not _in_examples(path) for path in notebooks)

    def grade(self, path: str) -> Grade | None:
        """Return the grade that the place gives to every import of a file, None where the statement decides."""
        if path in self._aside:
            return Grade.TEST
        if self._other and _in_examples(path):
            return Grade.EXAMPLE
        name = path.rpartition("/")[2].lower()
        if self._code and name.endswith(".ipynb") and name.startswith(_SHOWING):
            return Grade.EXAMPLE
        return None


def _in_examples(path: str) -> bool:
    """Return whether a file lies below a directory of examples."""
    return any(part.lower() in _EXAMPLES for part in path.split("/")[:-1])
