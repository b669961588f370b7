"""Pipenv's Pipfile: `[packages]` are needed, every other table of packages is a group.

Its constraints are PEP 440's, with `*` for any version (https://github.com/pypa/pipfile), so that Poetry's reader does.
"""

from __future__ import annotations

from podfit.model import canonical
from podfit.readers.declared import poetry
from podfit.readers.declared.interface import Reading, Source
from podfit.readers.declared.toml_document import TomlDocument

_OTHER = frozenset({"packages", "source", "requires", "scripts", "pipenv"})
_DEV = "dev-packages"


def read(source: Source, reading: Reading) -> None:
    """Add what a Pipfile asks for to reading. Raises InputError for what is no TOML, and for a wrong entry."""
    document = TomlDocument(source)
    reading.files.append(source.shown)
    poetry.dependencies(document, reading, ("packages",))
    for name, table in document.data.items():
        if name not in _OTHER and isinstance(table, dict):
            group = "dev" if name == _DEV else canonical(name)
            reading.note_group(group)
            poetry.dependencies(document, reading, (name,), group=f"group:{group}")
    python = document.get("requires", "python_version")
    if isinstance(python, str):  # pipenv makes an environment with it, and elsewhere only warns
        place = source.where(document.line("requires", "python_version"))
        said = f"python_version {python} is the Python of this environment; the template brings its own"
        reading.notice(f"{place}: {said}")
    sources = document.get("source")
    for each in sources if isinstance(sources, list) else ():
        if isinstance(each, dict) and isinstance(each.get("url"), str):
            reading.index(each["url"])
