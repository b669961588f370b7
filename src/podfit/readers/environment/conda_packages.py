"""What conda lists, put into a listing: Python's distributions by PyPI's names, the rest named in a notice."""

from __future__ import annotations

from podfit.model import canonical
from podfit.model.words import shortened
from podfit.readers.environment.builder import SHOWN, Builder
from podfit.readers.environment.conda_names import on_pypi
from podfit.readers.environment.interface import Listing


class CondaPackages:
    """The packages of one list on their way into a builder; the package python tells the environment's Python."""

    def __init__(self, builder: Builder) -> None:
        self._builder = builder
        self._other: list[str] = []
        self._python = ""

    def add(self, line: int, name: str, version: str, build: str = "", *, installer: str = "conda") -> None:
        """Take a package of conda, of line in the file; build is its build string, empty where the list has none."""
        found = on_pypi(name, build)
        if name == "python":
            self._python = version
        elif found:
            detail = "" if found == canonical(name) else f"conda's package {name}"
            self._builder.add(line, found, version, detail=detail, installer=installer)
        else:
            self.leave_out(name)

    def leave_out(self, name: str) -> None:
        """Take a package that is no Python distribution."""
        self._other.append(name)

    def listing(self, *, installed: bool = True) -> Listing:
        """Return the listing, with a notice of what was left out; installed as `Builder.listing` has it."""
        if self._other:
            self._builder.notice(f"left out as no Python distributions: {shortened(self._other, SHOWN)}")
        return self._builder.listing(installed=installed, python_version=self._python)
