"""podfit's own template manifest (docs/template-manifest.md), as `podfit probe` writes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from podfit.model import InputError, Template
from podfit.model.manifest import SCHEMA, template_from_manifest
from podfit.readers.environment.builder import import_map
from podfit.readers.environment.document import Document
from podfit.readers.environment.interface import Format, Listing

NAME = "podfit manifest"


def recognizes(document: Document) -> bool:
    """Tell whether the document is a JSON object with a schema of podfit's templates, whatever its version."""
    found = document.json
    family = SCHEMA.partition("/")[0]
    return isinstance(found, dict) and str(found.get("schema", "")).partition("/")[0] == family


def read(document: Document) -> Listing:
    """Return the listing."""
    return listing_of(document.json, where=document.path)


def listing_of(data: Mapping[str, Any], *, where: str) -> Listing:
    """Return the listing of a parsed manifest; where names its origin. Raises InputError for a wrong shape.

    A manifest of another system than Linux is no template, but a laptop's environment all the same.
    """
    place = data.get("platform")
    stated: Mapping[str, Any] = place if isinstance(place, Mapping) else {}
    template = template_from_manifest({**data, "platform": {**stated, "system": "linux"}}, where=where)
    return Listing(
        format=NAME,
        path=where,
        distributions=template.distributions,
        evidence=template.evidence,
        python_version=template.interpreter.version,
        implementation=template.interpreter.implementation,
        machine=template.platform.machine,
        system=str(stated.get("system", "linux")),
        glibc=template.platform.glibc,
        import_map=import_map(template.distributions.values()),
    )


def parse(document: Document) -> Template:
    """Return the whole template of a manifest document. Raises InputError for a wrong shape."""
    if not isinstance(document.json, Mapping):
        raise InputError("not a template manifest", where=document.where())
    return template_from_manifest(document.json, where=document.path)


FORMAT = Format(NAME, recognizes, read)
