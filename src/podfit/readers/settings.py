"""What a project's pyproject.toml says to podfit itself: `[tool.podfit]`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from podfit.model import InputError, Reporter, SilentReporter
from podfit.model.check import ignorable
from podfit.model.choice import PREFERABLE
from podfit.model.words import did_you_mean, listed
from podfit.readers.declared.interface import Source
from podfit.readers.declared.toml_document import TomlDocument
from podfit.readers.plain_file import exists

_TABLE = ("tool", "podfit")
_LISTS = ("templates", "requirements", "hold", "release", "exclude", "extras", "groups")
_TEXTS = ("local", "gpu", "driver", "prefer", "python", "glibc", "machine", "exclude-newer")
_FLAGS = ("slim", "only-imported", "include-optional", "include-tests")
KEYS = (*_LISTS, *_TEXTS, *_FLAGS, "ignore")
"""What may stand in the table: the options of `podfit fit` that decide a plan.

Missing on purpose: what a file of the project must not decide for the machine that plans (an index, what is built
here), and what belongs to one call (offline, refresh, how the answer looks).
"""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a call of podfit means in a project where it does not say otherwise.

    templates, local and requirements are as `--template`, `--local` and `--requirements` take them, paths from the
    project's directory on, but no path of an interpreter; hold, release, exclude, extras and groups add to what a call
    names, slim, only_imported, include_optional and include_tests hold where either says so; the others stand where it
    names none. ignore maps the codes of checks that the project ignores to its reasons.
    """

    templates: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    local: str = ""
    hold: tuple[str, ...] = ()
    release: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    gpu: str = ""
    driver: str = ""
    prefer: str = ""
    python: str = ""
    glibc: str = ""
    machine: str = ""
    exclude_newer: str = ""
    slim: bool = False
    only_imported: bool = False
    include_optional: bool = False
    include_tests: bool = False
    ignore: Mapping[str, str] = field(default_factory=dict)


def read_settings(root: Path, *, reporter: Reporter | None = None) -> Settings:
    """Return what `[tool.podfit]` of the pyproject.toml in root says; reporter is warned of keys that podfit lacks.

    Raises InputError, with its line, for a value of another kind, for a path of a program, for a check that there is
    not or that cannot be ignored, and for an ignored check without a reason.
    """
    path = root / "pyproject.toml"
    if not path.is_file():
        return Settings()
    source = Source(root, path)
    if b"podfit" not in source.data:
        return Settings()
    document = TomlDocument(source)
    for key in document.table(*_TABLE):
        if key not in KEYS:
            meant = did_you_mean(key, KEYS, most=1) or f"the settings are {listed(KEYS)}"
            place = source.where(document.line(*_TABLE, key))
            (reporter or SilentReporter()).warn(f"{place}: podfit has no setting {key!a}, it is passed over; {meant}")
    lists = {key: tuple(document.strings(*_TABLE, key)) for key in _LISTS}
    texts = {key: document.text(*_TABLE, key) for key in _TEXTS}
    flags = {key: _flag(document, key) for key in _FLAGS}
    if texts["prefer"] not in ("", *PREFERABLE):
        remedy = f"take {' or '.join(PREFERABLE)}"
        raise document.error(f"is no choice: {texts['prefer']!a}", *_TABLE, "prefer", remedy=remedy)
    return Settings(
        templates=tuple(_from(document, name, "templates") for name in lists["templates"]),
        requirements=tuple(str(root / name) for name in lists["requirements"]),
        local=_from(document, texts["local"], "local"),
        hold=lists["hold"],
        release=lists["release"],
        exclude=lists["exclude"],
        extras=lists["extras"],
        groups=lists["groups"],
        gpu=texts["gpu"],
        driver=texts["driver"],
        prefer=texts["prefer"],
        python=texts["python"],
        glibc=texts["glibc"],
        machine=texts["machine"],
        exclude_newer=texts["exclude-newer"],
        slim=flags["slim"],
        only_imported=flags["only-imported"],
        include_optional=flags["include-optional"],
        include_tests=flags["include-tests"],
        ignore=_ignored(document),
    )


def has_templates(root: Path) -> bool:
    """Tell whether a call in this directory needs no word about templates; what cannot be read says no."""
    try:
        return bool(read_settings(root).templates)
    except (InputError, OSError):
        return False


def _flag(document: TomlDocument, key: str) -> bool:
    """Return what a key says that is true or false, false where it is not there. Raises InputError otherwise."""
    found = document.get(*_TABLE, key)
    if found is None or isinstance(found, bool):
        return bool(found)
    raise document.error("is neither true nor false", *_TABLE, key)


def _from(document: TomlDocument, name: str, key: str) -> str:
    """Return what a setting names: a file or directory of the project as its path, everything else as it is.

    Raises InputError for a path that a call would start as an interpreter: planning runs nothing that a project names.
    """
    beside = document.source.root / name
    inside = bool(name) and exists(beside)
    found = str(beside) if inside else name
    if (inside or "/" in name) and _is_started(found):
        option = f"--{key.removesuffix('s')}"
        message = f"names a program, {name!a}, and what a file of the project names is not run"
        raise document.error(message, *_TABLE, key, value=name, remedy=f"name it with {option}, or a list made of it")
    return found


def _is_started(path: str) -> bool:
    """Tell whether a call would start the interpreter that a path names."""
    from podfit.readers.environment.interpreter import find_interpreter

    try:
        return find_interpreter(path) is not None
    except InputError:  # a directory without one: an image, or a mistake that its reader names
        return False


def _ignored(document: TomlDocument) -> Mapping[str, str]:
    """Return the codes of the checks whose failures are ignored, each with its reason."""
    table = (*_TABLE, "ignore")
    found: dict[str, str] = {}
    for code in document.table(*table):
        try:
            ignorable(code)
        except InputError as error:
            raise InputError(
                error.message, where=document.source.where(document.line(*table, code)), remedy=error.remedy
            ) from None
        found[code] = document.text(*table, code).strip()
        if not found[code]:
            raise document.error("has no reason", *table, code, remedy="say why it is ignored")
    return found
