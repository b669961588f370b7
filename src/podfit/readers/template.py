"""The template: from the catalogue, a manifest, a report, a freeze with its Python, a live one, an image."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from podfit.model import (
    Evidence,
    EvidenceKind,
    InputError,
    Interpreter,
    Origin,
    Platform,
    Reporter,
    SilentReporter,
    Template,
    Where,
)
from podfit.model.manifest import template_from_manifest
from podfit.model.words import did_you_mean
from podfit.readers.environment import manifest as manifest_format
from podfit.readers.environment.document import open_document
from podfit.readers.environment.interface import Listing
from podfit.readers.environment.interpreter import find_interpreter, probe_interpreter, warnings_of
from podfit.readers.environment.registry import detect, read_document

_LISTS = (".txt", ".json", ".toml", ".lock", ".yml", ".yaml", ".freeze", ".list")
SUFFIXES = (*_LISTS, ".tar", ".tar.gz", ".tgz", ".tar.zst")
"""Endings that make a template's name a file's name."""

GLIBC = "2.35"
"""The glibc assumed where a list does not tell it: Ubuntu 22.04's, on which RunPod's and most CUDA images build."""


def read_template(
    spec: str,
    *,
    python: str | None = None,
    machine: str | None = None,
    glibc: str | None = None,
    name: str | None = None,
    reporter: Reporter | None = None,
) -> Template:
    """Return the template that spec names.

    `docker://NAME` is an image in a registry. A spec with a slash or one of the endings in `SUFFIXES` is a file, an
    interpreter, an environment's directory or an image (what `docker save` wrote, an OCI layout), never a name of the
    catalogue. Any other spec is a name or an alias of the catalogue if there is one, even where a file of
    that name lies in the working directory (write `./NAME` for the file); else a file, a directory or a `python3.X`
    command; else an error that offers the nearest names.

    python (`3.10` or `3.10.12`; `3.13t` for a free-threaded one), machine (`x86_64`) and glibc (`2.35`) say what the
    source does not; name replaces the template's name, which otherwise follows from the file's. A list that states
    neither Python nor platform needs python; glibc is then assumed, and a note says so. Raises InputError for an
    unknown name, a missing file, a wrong line, a lock file (no environment), a missing python, and for options that
    contradict the source. Of an image python picks the interpreter, and machine the platform.
    """
    reporter = reporter or SilentReporter()
    for option, value, pattern in (
        ("python", python, r"\d{1,3}\.\d{1,3}(\.\d{1,3})?t?"),
        ("machine", machine, r"[a-z0-9_]{1,40}"),
        ("glibc", glibc, r"2\.\d{1,3}"),
    ):
        if value is not None and not re.fullmatch(pattern, value, re.ASCII):
            raise InputError(f"{value!a} is no {option} for a template", remedy=_EXAMPLE[option])
    template = _read(spec, python, machine, glibc, reporter)
    if name is not None:
        if not name or safe_name(name) != name:
            message = f"{name!a} is no name for a template: lower case letters, digits, dots and dashes"
            raise InputError(message, remedy=f"try {safe_name(name)!r}")
        template = replace(template, name=name)
    return template


_EXAMPLE = {
    "python": "give a version such as 3.10 or 3.10.12",
    "machine": "give a machine such as x86_64 or aarch64",
    "glibc": "give a version such as 2.35",
}


def safe_name(text: str) -> str:
    """Return text as a template's name, `[a-z0-9.-]+`."""
    return re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-.") or "template"


def _read(spec: str, python: str | None, machine: str | None, glibc: str | None, reporter: Reporter) -> Template:
    """Return the template of spec, its name not yet replaced."""
    is_path = "/" in spec or spec.lower().endswith(SUFFIXES)
    if not is_path:
        from podfit.catalogue.store import known_names, load_manifest, template_aliases

        names = known_names()
        if spec in names:
            name = template_aliases().get(spec, spec)
            reporter.step(f"template {spec}{'' if name == spec else f' is {name}'} from the catalogue")
            template = template_from_manifest(load_manifest(name), where=f"catalogue: {name}")
            return _checked(template, spec, python, machine, glibc)
        if not _exists(spec) and find_interpreter(spec) is None:
            raise _unknown(spec, names)
    if is_path and not spec.lower().endswith(_LISTS):
        image = _image(spec, python, machine, glibc, reporter)
        if image is not None:
            return image
    interpreter = find_interpreter(spec)
    if interpreter is not None:
        return _live(spec, interpreter, python, machine, glibc, reporter)
    document = open_document(spec)
    stem = safe_name(re.sub(r"\.[A-Za-z]+$", "", Path(spec).name))
    if detect(document) is manifest_format.FORMAT:
        reporter.step(f"template from the manifest {spec}")
        return _checked(manifest_format.parse(document), spec, python, machine, glibc)
    listing = read_document(document)
    for notice in listing.notices:
        reporter.warn(notice)
    template = _given(listing, stem, python, machine, glibc)
    reporter.step(f"template from {spec} ({listing.format}): {len(template.distributions)} distributions")
    return template


def _exists(spec: str) -> bool:
    """Tell whether there is a file or a directory of this name."""
    try:
        return Path(spec).exists()
    except (OSError, ValueError):
        return False


def _unknown(spec: str, names: tuple[str, ...]) -> InputError:
    """Return the error for a name that is neither in the catalogue nor a file."""
    offer = did_you_mean(spec, names, cutoff=0.4)
    message = f"there is no template {spec[:80]!a} in the catalogue, and no such file"
    return InputError(message, remedy=f"{offer} `podfit templates` lists all names".strip())


def _image(
    spec: str, python: str | None, machine: str | None, glibc: str | None, reporter: Reporter
) -> Template | None:
    """Return the template of an image, None where spec means none."""
    from podfit.index import default_cache
    from podfit.readers.image.kept import Kept
    from podfit.readers.image.read import read_image, source_of
    from podfit.readers.image.reference import SCHEME

    source = source_of(spec)
    if source is None:
        return None
    last = Path(spec).name.partition("@")[0]
    name = safe_name(re.sub(r"(\.tar)?(\.gz|\.zst|\.tgz|\.tar)?$", "", last))
    kept = Kept(default_cache()) if spec.startswith(SCHEME) else None  # what lies on a disk is read again
    data = read_image(source, name=name, machine=machine, python=python, reporter=reporter, kept=kept)
    return _checked(template_from_manifest(data, where=source.label), spec, python, machine, glibc)


def _live(
    spec: str, interpreter: str, python: str | None, machine: str | None, glibc: str | None, reporter: Reporter
) -> Template:
    """Return the template of an environment on this machine."""
    reporter.step(f"probing {interpreter}")
    data = probe_interpreter(interpreter)
    for warning in warnings_of(data):
        reporter.warn(warning)
    template = template_from_manifest(data, where=interpreter)
    return _checked(template, spec, python, machine, glibc)


def _checked(template: Template, spec: str, python: str | None, machine: str | None, glibc: str | None) -> Template:
    """Return template with a glibc that it does not state itself. Raises InputError when the options contradict it."""
    version = template.interpreter.version + ("t" if template.target.free_threaded else "")
    stated = (
        ("--python", python, version),
        ("--machine", machine, template.platform.machine),
        ("--glibc", glibc, template.target.glibc),
    )
    for option, given, fact in stated:
        _agree(option, given, fact, spec)
    if not glibc or template.target.glibc or template.target.musl:
        return template
    note = f"{template.name} does not state its glibc: it was given as {glibc}."
    return replace(template, platform=replace(template.platform, glibc=glibc), notes=(*template.notes, note))


def _agree(option: str, given: str | None, fact: str, source: str) -> None:
    """Raise InputError when an option contradicts a fact; `3.10` agrees with `3.10.12`, `3.13t` with `3.13.1t`."""
    if not given or not fact or given == fact:
        return
    (one, one_ends), (other, other_ends) = (_split(text) for text in (given, fact))
    if one_ends != other_ends or not (one == other or one.startswith(other + ".") or other.startswith(one + ".")):
        message = f"{option} {given} contradicts the source, which states {fact}"
        raise InputError(message, where=Where(source), remedy=f"leave {option} out")


def _split(text: str) -> tuple[str, str]:
    """Return a version and its `t`, if it ends so (free-threaded Python)."""
    digits = text.rstrip("t") if text[:1].isdigit() else text
    return digits, text[len(digits) :]


def _given(listing: Listing, name: str, python: str | None, machine: str | None, glibc: str | None) -> Template:
    """Return the template of a list that somebody handed over."""
    where = Where(listing.path)
    if not listing.installed:
        message = f"{listing.format} locks a project for any machine; it does not list what a template has installed"
        raise InputError(message, where=where, remedy="run `pip inspect` or `podfit probe` in the template instead")
    if listing.system not in ("", "linux"):
        raise InputError(f"templates run Linux, and this was written on {listing.system}", where=where)
    for option, given, fact in (
        ("--python", (python or "").rstrip("t"), listing.python_version),  # no list tells of the GIL
        ("--machine", machine, listing.machine),
        ("--glibc", glibc, listing.glibc),
    ):
        _agree(option, given, fact, listing.path)
    notes: list[str] = []
    version = max((python or "").rstrip("t"), listing.python_version, key=len)
    if not version:
        message = f"{listing.format} does not tell the template's Python version"
        remedy = "add --python 3.10 (the template's), or a line `# python: 3.10.12` in the file"
        raise InputError(message, where=where, remedy=remedy)
    series = re.match(r"\d+\.\d+(\.\d+)?", version)
    if series is None:
        raise InputError(f"{version[:40]!a} is no Python version", where=where)
    version, free_threaded = series[0], (python or "").endswith("t")
    if version.count(".") == 1:
        notes.append(f"Python {version} was given without its third number: {version}.0 is assumed.")
        version += ".0"
    if not (glibc or listing.glibc):
        notes.append(f"The list does not tell the template's glibc: {GLIBC} is assumed.")
    if not (machine or listing.machine):
        notes.append("The list does not tell the template's machine: x86_64 is assumed.")
    if all(distribution.requires_dist is None for distribution in listing.distributions.values()):
        notes.append(f"{listing.format} states names and versions only: what they require was not seen.")
    notes.extend(listing.notices)
    count = len(listing.distributions)
    return Template(
        name=name,
        interpreter=Interpreter(version, listing.implementation or "cpython", free_threaded=free_threaded),
        platform=Platform(machine=machine or listing.machine or "x86_64", glibc=glibc or listing.glibc or GLIBC),
        distributions=listing.distributions,
        origin=Origin.GIVEN,
        evidence=Evidence(EvidenceKind.METADATA, listing.path, listing.format),
        title=f"Python {version} with {count} distributions, from {Path(listing.path).name}",
        notes=tuple(notes),
    )
