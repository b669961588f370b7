"""The templates that podfit knows: one manifest each (docs/template-manifest.md), in `templates/`.

`templates/index.json` says what a listing needs, so that it opens no manifest. A manifest that is not in it, or whose
size is another than the index says, is opened: one may be put there by hand. Lists that the user took in later
(`podfit templates --update`) lie in his data directory and stand before the shipped ones of the same name where they
are not older.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import msgspec

from podfit.catalogue import updates
from podfit.catalogue.shared import completed, shipped_records
from podfit.catalogue.summary import Entry, Summary, summary_of
from podfit.model import InputError
from podfit.model.words import did_you_mean

if TYPE_CHECKING:
    from importlib.abc import Traversable

__all__ = [
    "Summary",
    "forget",
    "known_names",
    "leading_names",
    "load_manifest",
    "template_aliases",
    "template_names",
    "template_summaries",
]

INDEX = "index.json"


@dataclass(frozen=True, slots=True)
class _Place:
    """Where one template's manifest lies; origin says which list it came with, empty for podfit's own."""

    file: Traversable
    summary: Summary
    origin: str = ""


@cache
def _places() -> Mapping[str, _Place]:
    """Return where each template's manifest lies, by name, sorted."""
    found = {name: _Place(file, summary) for name, (file, summary) in _shipped().items()}
    for taken in updates.taken():
        own = found.get(taken.summary.name)
        if own is None or taken.summary.captured >= own.summary.captured:
            found[taken.summary.name] = _Place(taken.file, taken.summary, taken.origin)
    return dict(sorted(found.items()))


def _shipped() -> dict[str, tuple[Traversable, Summary]]:
    """Return the manifests that came with podfit, with what the index says of each."""
    folder = files("podfit.catalogue").joinpath("templates")
    index = folder.joinpath(INDEX)
    known = msgspec.json.decode(index.read_bytes(), type=dict[str, Entry]) if index.is_file() else {}
    found = {}
    for file in folder.iterdir():
        name = file.name.removesuffix(".json")
        if not file.name.endswith(".json") or file.name == INDEX:
            continue
        entry = known.get(name)
        fresh = entry is not None and _size(file) == entry.bytes
        found[name] = (file, entry.summary(name) if entry is not None and fresh else summary_of(_read(file, name)))
    return found


def _size(file: Traversable) -> int:
    """Return a file's size in bytes; that of what it holds where it lies in an archive."""
    stat = getattr(file, "stat", None)
    return int(stat().st_size) if stat is not None else len(file.read_bytes())


def _read(file: Traversable, name: str) -> dict[str, Any]:
    """Return a manifest as it lies there, under the name of its file."""
    try:
        if not file.is_file():
            raise OSError("it is no file")
        data: dict[str, Any] = msgspec.json.decode(file.read_bytes(), type=dict[str, Any])
    except (OSError, ValueError) as error:
        message = f"{file}, the manifest of {name}, cannot be read: {error}"
        raise InputError(message, remedy="take it in again with podfit templates --update") from None
    return {**data, "name": name}


@cache
def template_names() -> tuple[str, ...]:
    """Return the names of all templates, sorted; no manifest of the index is opened."""
    return tuple(_places())


@cache
def template_aliases() -> Mapping[str, str]:
    """Return the further names of templates, each with the name that it stands for. A template's own name comes first.

    Where two templates claim one, the newer has it.
    """
    found: dict[str, Summary] = {}
    for place in _places().values():
        for alias in place.summary.aliases:
            if alias in found and found[alias].captured > place.summary.captured:
                continue
            found[alias] = place.summary
    return {alias: summary.name for alias, summary in sorted(found.items()) if alias not in _places()}


def known_names() -> tuple[str, ...]:
    """Return all names and aliases, sorted."""
    return tuple(sorted((*template_names(), *template_aliases())))


def leading_names() -> tuple[str, ...]:
    """Return the template that stands for each family, the one that answers to the family's name, sorted."""
    return tuple(sorted(name for alias, name in template_aliases().items() if _places()[name].summary.family == alias))


def load_manifest(name: str) -> dict[str, Any]:
    """Return the manifest of one template, whole, by its name or one of its aliases.

    Raises InputError for an unknown name, offering the nearest ones.
    """
    place = _places().get(template_aliases().get(name, name))
    if place is None:
        hint = did_you_mean(name, known_names(), cutoff=0.4) or "`podfit templates` lists them"
        raise InputError(f"there is no template {name!r} in the catalogue", remedy=hint)
    data = _read(place.file, place.summary.name)
    data["distributions"] = completed(data.get("distributions", ()), shipped_records())
    if place.origin:
        data["notes"] = [*data.get("notes", ()), f"This list was taken in from {place.origin}."]
    return data


def template_summaries() -> tuple[Summary, ...]:
    """Return all templates in a few words, in the order of `template_names`."""
    return tuple(place.summary for place in _places().values())


def well_known_first() -> tuple[Summary, ...]:
    """Return every template in a few words: the leading ones first, then those with the oldest torch."""
    leading = frozenset(leading_names())
    return tuple(sorted(template_summaries(), key=lambda each: (each.name not in leading, _torch(each), each.name)))


def _torch(summary: Summary) -> tuple[int, ...]:
    """Return a template's torch release to order by; none comes last."""
    numbers = summary.torch.partition("+")[0].split(".")
    return tuple(int(number) if number.isdigit() else 0 for number in numbers) if summary.torch else (9999,)


def forget() -> None:
    """Look again at what there is: lists were taken in."""
    _places.cache_clear()
    template_names.cache_clear()
    template_aliases.cache_clear()
