"""A bundle of templates from outside: read as hostile input, whole or not at all.

One JSON object: `{"schema": "podfit.catalogue/1", "templates": [manifest, ...], "metadata": {"name version":
[lines, requires_python]}}`; a manifest that leaves `requires_dist` out means the metadata of the bundle. One manifest
alone is a bundle too. tools/build_catalogue.py --bundle writes one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from podfit.catalogue.shared import Record, completed
from podfit.model import InputError, Template, Where
from podfit.model.manifest import SCHEMA as MANIFEST
from podfit.model.manifest import template_from_manifest

SCHEMA = "podfit.catalogue/1"
MOST_BYTES = 64 << 20
"""Bytes of a bundle: podfit's own limit. All of its catalogue is a tenth of it."""

MOST_TEMPLATES = 1000
MOST_DISTRIBUTIONS = 20_000
"""Distributions of one template: podfit's own limit; the largest image known has a thousand."""

LONGEST_TEXT = 2000
"""Characters of a title, a note, an image: podfit's own limit."""

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,98}[a-z0-9])?", re.ASCII)
_RESERVED = frozenset({"index", "diff"})


@dataclass(frozen=True, slots=True)
class Bundle:
    """Templates that may be taken in, at least one, each name once."""

    templates: tuple[Template, ...]


def read_bundle(data: bytes, where: str) -> Bundle:
    """Return the bundle in a file's bytes; where names it for errors. Raises InputError for anything else."""

    def refuse(message: str) -> InputError:
        remedy = "nothing was taken in; ask who made the file for another"
        return InputError(message, where=Where(where), remedy=remedy)

    if len(data) > MOST_BYTES:
        raise refuse(f"it is larger than {MOST_BYTES >> 20} MiB")
    try:
        found = msgspec.json.decode(data)
    except (ValueError, RecursionError):
        raise refuse("it is no JSON") from None
    if not isinstance(found, dict) or found.get("schema") not in (SCHEMA, MANIFEST):
        raise refuse(f"it is neither a bundle of templates ({SCHEMA}) nor a manifest ({MANIFEST})")
    manifests = [found] if found["schema"] == MANIFEST else found.get("templates")
    records = _records(found.get("metadata", {}) if found["schema"] == SCHEMA else {}, refuse)
    if not isinstance(manifests, list) or not 0 < len(manifests) <= MOST_TEMPLATES:
        raise refuse(f"it has no list of 1 to {MOST_TEMPLATES} templates")
    templates: dict[str, Template] = {}
    for number, manifest in enumerate(manifests, 1):
        template = _template(manifest, records, f"{where}: template {number}")
        if template.name in templates:
            raise refuse(f"it has two templates that are called {template.name}")
        templates[template.name] = template
    return Bundle(tuple(templates.values()))


def _records(found: Any, refuse: Any) -> Mapping[str, msgspec.Raw]:
    """Return the metadata of a bundle, each record as JSON."""
    try:
        checked = msgspec.convert(found, dict[str, Record])
    except (msgspec.ValidationError, RecursionError):
        raise refuse("its metadata is not a table of requirements by name and version") from None
    return {key: msgspec.Raw(msgspec.json.encode(record)) for key, record in checked.items()}


def _template(manifest: Any, records: Mapping[str, msgspec.Raw], where: str) -> Template:
    """Return one template. Raises InputError for a wrong shape, name, version or length."""
    if not isinstance(manifest, dict):
        raise InputError("it is no object", where=Where(where))
    entries = manifest.get("distributions")
    if not isinstance(entries, list) or len(entries) > MOST_DISTRIBUTIONS:
        raise InputError(f"it has no list of at most {MOST_DISTRIBUTIONS} distributions", where=Where(where))
    if not all(isinstance(entry, dict) for entry in entries):
        raise InputError("a distribution of it is no object", where=Where(where))
    template = template_from_manifest({**manifest, "distributions": completed(entries, records)}, where=where)
    for name in (template.name, *template.aliases, *((template.family,) if template.family else ())):
        if not _NAME.fullmatch(name) or ".." in name or name in _RESERVED:
            message = f"{name[:60]!a} is no name for a template: lower case letters, digits, dots and dashes"
            raise InputError(message, where=Where(where))
    for text in (template.title, template.image, template.captured, *template.notes, *template.pushed):
        if len(text) > LONGEST_TEXT or not text.isprintable():
            raise InputError(f"a text of it is too long or not printable: {text[:60]!a}", where=Where(where))
    return template
