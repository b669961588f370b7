"""setup.cfg: setuptools' declarative configuration.

https://setuptools.pypa.io/en/latest/userguide/declarative_config.html says how its lists are written.
"""

from __future__ import annotations

import configparser

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from podfit.model import Declaration, canonical
from podfit.readers.declared import requirement as pep508
from podfit.readers.declared.interface import Reading, Source
from podfit.readers.plain_file import is_file


def read(source: Source, reading: Reading) -> None:
    """Add what setup.cfg declares to reading. Raises InputError for a syntax error or an invalid requirement."""
    config = _parsed(source)
    reading.files.append(source.shown)
    reading.name = reading.name or canonical(config.get("metadata", "name", fallback="").strip())
    python = config.get("options", "python_requires", fallback="").strip()
    if python and not reading.requires_python:
        with reading.tolerant():
            try:
                reading.requires_python = str(SpecifierSet(python))
            except InvalidSpecifier:
                line = _line(source, "options", "python_requires")
                raise source.error(f"python_requires is no range of Python versions: {python!r}", line) from None
    if config.has_option("options", "install_requires"):
        _requirements(source, reading, "options", "install_requires", config.get("options", "install_requires"), "")
    if config.has_section("options.extras_require"):
        for extra, value in config.items("options.extras_require"):
            reading.note_extra(canonical(extra))
            _requirements(source, reading, "options.extras_require", extra, value, f"extra:{canonical(extra)}")


def _parsed(source: Source) -> configparser.RawConfigParser:
    config = configparser.RawConfigParser()
    try:
        config.read_string(source.utf8)
    except configparser.Error as error:
        line = getattr(error, "lineno", None)
        if line is None and (errors := getattr(error, "errors", None)):
            line = errors[0][0]
        kinds = {
            "MissingSectionHeaderError": "stands before any [section]",
            "DuplicateOptionError": "sets an option for the second time",
            "DuplicateSectionError": "opens a section for the second time",
        }
        raise source.error(
            f"this line {kinds.get(type(error).__name__, 'is neither a [section] nor an option')}",
            line or 0,
            remedy="correct that line",
        ) from None
    except (AttributeError, ValueError) as error:  # configparser trips over some continuation lines
        raise source.error(f"is not a configuration file: {error}") from None
    return config


def _requirements(source: Source, reading: Reading, section: str, option: str, value: str, group: str) -> None:
    """Add the requirements of one option: one a line, or on a single line with `;` between, or `file:` names."""
    start = _line(source, section, option)
    if value.strip().startswith("file:"):
        from podfit.readers.declared import requirements_txt

        for name in filter(None, (part.strip() for part in value.strip().removeprefix("file:").split(","))):
            path = source.path.parent / name
            with reading.tolerant():
                if not is_file(path):
                    raise source.error(f"{option} names {name!r}, which is not there", start)
                requirements_txt.read(Source(source.root, path, group, named=True), reading)
        return
    for text in value.splitlines() if "\n" in value else value.split(";"):
        written, text = text.strip(), pep508.without_comment(text)
        if not text:
            continue
        line = _line(source, section, option, written)
        with reading.tolerant():
            try:
                requirement = pep508.normalized(text)
            except ValueError as error:
                raise source.error(f"{option}: {error}", line) from None
            reading.add(Declaration(requirement, source.where(line), group=group))


def _line(source: Source, section: str, option: str, value: str = "") -> int:
    """Return the line, from 1, of option in section, or of value below it."""
    inside, found = False, 0
    for number, line in enumerate(source.utf8.splitlines(), start=1):
        stripped = line.strip()
        if stripped.startswith("[") and not line[:1].isspace():
            if found:
                return found
            inside = stripped.startswith(f"[{section}]")
        elif inside and not found and not line[:1].isspace() and _option(stripped) == option.lower():
            found = number
        if found and value and (stripped == value if number > found else value in stripped.partition("=")[2]):
            return number
    return found


def _option(line: str) -> str:
    """Return the name of the option that line sets."""
    return line.replace(":", "=").partition("=")[0].strip().lower()
