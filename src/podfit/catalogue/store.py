"""The templates that podfit knows: one manifest each (docs/template-manifest.md), in `templates/`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

from podfit.model import InputError
from podfit.model.manifest import template_from_manifest
from podfit.model.words import did_you_mean


@dataclass(frozen=True, slots=True)
class Summary:
    """One template in a few words; torch and cuda are versions, empty where the template has none.

    origin is `probed`, `published` or `reconstructed`, captured the ISO date of the list, distributions their number.
    """

    name: str
    title: str
    python: str
    torch: str
    cuda: str
    origin: str
    captured: str
    distributions: int


@cache
def template_names() -> tuple[str, ...]:
    """Return the names of all templates, sorted; no manifest is opened."""
    directory = files("podfit.catalogue").joinpath("templates")
    names = (entry.name for entry in directory.iterdir())
    return tuple(sorted(name.removesuffix(".json") for name in names if name.endswith(".json")))


def load_manifest(name: str) -> dict[str, Any]:
    """Return the manifest of one template, whose name is its file's.

    Raises InputError for an unknown name, offering the nearest ones.
    """
    if name not in template_names():
        hint = did_you_mean(name, template_names(), cutoff=0.4) or "`podfit templates` lists them"
        raise InputError(f"there is no template {name!r} in the catalogue", remedy=hint)
    data: dict[str, Any] = msgspec.json.decode(
        files("podfit.catalogue").joinpath("templates").joinpath(f"{name}.json").read_bytes()
    )
    return {**data, "name": name}


def template_summaries() -> tuple[Summary, ...]:
    """Return all templates in a few words, in the order of `template_names`."""
    return tuple(_summary(load_manifest(name)) for name in template_names())


def _summary(manifest: dict[str, Any]) -> Summary:
    """Return one manifest in a few words."""
    template = template_from_manifest(manifest, where=f"catalogue: {manifest.get('name', '')}")
    torch = template.distributions.get("torch")
    return Summary(
        name=template.name,
        title=template.title,
        python=template.interpreter.version,
        torch=torch.version if torch else "",
        cuda=str(template.cuda or ""),
        origin=template.origin.value,
        captured=template.captured,
        distributions=len(template.distributions),
    )
