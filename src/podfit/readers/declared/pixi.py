"""pixi's manifest: `[pypi-dependencies]`, and `[dependencies]` of conda with the names that PyPI has for them.

See https://pixi.sh/latest/reference/pixi_manifest. Tables of features, targets and platforms are not read.
"""

from __future__ import annotations

from podfit.readers.declared import poetry
from podfit.readers.declared import requirement as pep508
from podfit.readers.declared.conda_lines import Told, declaration_of
from podfit.readers.declared.interface import Reading, Source
from podfit.readers.declared.toml_document import TomlDocument
from podfit.readers.environment.conda_names import known_as

_TOOLS = frozenset({"python", "pip", "setuptools", "wheel"})


def read(source: Source, reading: Reading) -> None:
    """Add what a pixi.toml asks for to reading. Raises InputError for what is no TOML, and for a wrong entry."""
    document = TomlDocument(source)
    reading.files.append(source.shown)
    poetry.dependencies(document, reading, ("pypi-dependencies",))
    told = Told()
    for name, value in document.table("dependencies").items():
        if name.lower() in _TOOLS:
            continue
        found = known_as(name)
        if not told.of(name, found):
            continue
        text = value.get("version", "*") if isinstance(value, dict) else value
        with reading.tolerant():
            if not isinstance(text, str):
                raise document.error("has no version", "dependencies", name)
            try:
                limits = poetry.specifier(text)
            except ValueError:
                limits = ""
                reading.notice(f"{source.shown}: any version of {name} is taken, for PEP 508 cannot say {text!r}")
            where = source.where(document.line("dependencies", name))
            reading.add(declaration_of(found, pep508.normalized(f"{found.pypi}{limits}"), where))
    told.notices(source, reading)
