"""What a project directory calls itself."""

from __future__ import annotations

import configparser
from pathlib import Path

from podfit.model import canonical
from podfit.model.toml_text import toml_table
from podfit.readers.declared.setup_literals import literal_name
from podfit.readers.plain_file import read_bounded


def name_of_directory(path: Path) -> tuple[str, bool]:
    """Return the normalized name of the project in the directory path, and whether the project itself says so.

    Asked in this order: pyproject.toml, setup.cfg, a literal in setup.py; else the directory's own name. Nothing is
    raised: a broken file says nothing.
    """
    for ask in (_from_pyproject, _from_setup_cfg, _from_setup_py):
        try:
            name = ask(path)
        except (OSError, ValueError, configparser.Error, RecursionError):
            continue
        if isinstance(name, str) and name.strip():
            return canonical(name.strip()), True
    return canonical(path.name) if path.name.strip(".") else "", False


def _from_pyproject(path: Path) -> object:
    data = toml_table(read_bounded(path / "pyproject.toml", pipes=False).decode("utf-8"))
    for table in (data.get("project"), _get(data.get("tool"), "poetry")):
        if name := _get(table, "name"):
            return name
    return ""


def _get(table: object, key: str) -> object:
    return table.get(key) if isinstance(table, dict) else None


def _from_setup_cfg(path: Path) -> object:
    config = configparser.RawConfigParser()
    config.read_string(read_bounded(path / "setup.cfg", pipes=False).decode("utf-8"))
    return config.get("metadata", "name", fallback="")


def _from_setup_py(path: Path) -> object:
    return literal_name(read_bounded(path / "setup.py", pipes=False))
