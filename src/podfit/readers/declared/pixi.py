"""pixi's manifest: `[pypi-dependencies]`, and `[dependencies]` of conda with the names that PyPI has for them.

See https://pixi.sh/latest/reference/pixi_manifest. A pyproject.toml may hold the same below `[tool.pixi]`. Tables of
features and of targets other than Linux are not read.
"""

from __future__ import annotations

from podfit.readers.declared import poetry
from podfit.readers.declared import requirement as pep508
from podfit.readers.declared.conda_lines import Told, declaration_of
from podfit.readers.declared.interface import Reading, Source
from podfit.readers.declared.toml_document import TomlDocument
from podfit.readers.environment.conda_names import known_as

LINUX = ("unix", "linux", "linux-64")
"""Targets that a template of Linux belongs to."""

_TOOLS = frozenset({"python", "pip", "setuptools", "wheel"})


def read(source: Source, reading: Reading) -> None:
    """Add what a pixi.toml asks for to reading. Raises InputError for what is no TOML, and for a wrong entry."""
    document = TomlDocument(source)
    reading.files.append(source.shown)
    read_tables(document, reading)


def read_tables(document: TomlDocument, reading: Reading, base: tuple[str, ...] = ()) -> None:
    """Read what pixi asks for in the tables below base, those for Linux included.

    Raises InputError for a wrong entry.
    """
    told = Told()
    for path in (base, *((*base, "target", target) for target in LINUX)):
        with reading.tolerant():
            poetry.dependencies(document, reading, (*path, "pypi-dependencies"))
        with reading.tolerant():
            _conda(document, reading, (*path, "dependencies"), told)
    told.notices(document.source, reading)


def _conda(document: TomlDocument, reading: Reading, path: tuple[str, ...], told: Told) -> None:
    """Read one table of conda packages."""
    for name, value in document.table(*path).items():
        if name.lower() in _TOOLS:
            continue
        found = known_as(name)
        if not told.of(name, found):
            continue
        text = value.get("version", "*") if isinstance(value, dict) else value
        with reading.tolerant():
            if not isinstance(text, str):
                raise document.error("has no version", *path, name)
            where = document.source.where(document.line(*path, name))
            try:
                limits = poetry.specifier(text)
            except ValueError:
                limits = ""
                reading.notice(f"{where.path}: any version of {name} is taken, for PEP 508 cannot say {text!r}")
            reading.add(declaration_of(found, pep508.normalized(f"{found.pypi}{limits}"), where))
