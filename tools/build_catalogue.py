#!/usr/bin/env python3
"""Build src/podfit/catalogue/templates/*.json from catalogue_sources/ and the package index.

    .dev/py311/bin/python tools/build_catalogue.py [--fresh] [NAME ...]
    .dev/py311/bin/python tools/build_catalogue.py --bundle FILE

The second writes the catalogue as it stands into one file, for `podfit templates --update`. What the catalogue knows of
a release is not asked for again, unless --fresh.

A source with `[[steps]]` is reconstructed: the system's distributions, then each step of the Dockerfile, resolved with
the index as of the step's date (the rules: catalogue_build/steps.py). A source with `freeze` or `conda` is a published
list. A source with `base` has another source's template below its steps. Requires-Dist comes from the index's metadata
of exactly these versions (PEP 658); where none can be had it is null. A list in `seen/` is compared with its
template's. The same sources give the same bytes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from catalogue_build.facts import read_toml, skeleton, system_distributions, system_of
from catalogue_build.lists import published
from catalogue_build.metadata import Metadata, Remembering, with_metadata
from catalogue_build.seen import agreements
from catalogue_build.steps import Ask, Builder, steps_of
from catalogue_build.store import bundle_of, read_all, write_all

from podfit.catalogue.shared import unpack
from podfit.index import Index, default_cache
from podfit.model import Evidence, EvidenceKind, Origin, Template
from podfit.solve import Uv

PYPI = "https://pypi.org/simple/"
ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "catalogue_sources"
TEMPLATES = ROOT / "src" / "podfit" / "catalogue" / "templates"
METADATA = TEMPLATES.parent / "metadata.bin"


class Terminal:
    """Tells what is going on."""

    def step(self, text: str) -> None:
        """Print a step."""
        print(text, file=sys.stderr)

    def warn(self, text: str) -> None:
        """Print a warning."""
        print(f"warning: {text}", file=sys.stderr)


@dataclass(frozen=True, slots=True)
class Workshop:
    """What building needs: the index's metadata, a resolver, a cache directory, uv's options that name the index."""

    index: Metadata
    ask: Ask
    cache: Path
    index_arguments: tuple[str, ...]


def main(words: list[str]) -> None:
    """Build the named templates, all without a name."""
    if words[:1] == ["--bundle"]:
        Path(words[1]).write_bytes(bundle_of(read_all(TEMPLATES, METADATA).values()))
        return
    uv = Uv(default_cache(), reporter=Terminal())
    known = unpack(METADATA.read_bytes()) if METADATA.is_file() and "--fresh" not in words else {}
    index = Remembering(Index((PYPI,)), known)
    shop = Workshop(index, uv.compile, default_cache(), ("--default-index", PYPI))
    build_all(SOURCES, TEMPLATES, METADATA, shop, [word for word in words if word != "--fresh"], print)


def build_all(
    sources: Path, templates: Path, metadata: Path, shop: Workshop, names: list[str], say: Callable[[str], object]
) -> None:
    """Build the manifests of all sources that are shipped, or those named, into a catalogue's directory."""
    shipped = {}
    for path in sorted(sources.glob("*.toml")):
        source = read_toml(path)
        if "title" in source and source.get("shipped", True):
            shipped[path.stem] = (path, source)
    unknown = [name for name in names if name not in shipped]
    if unknown:
        sys.exit(f"there is no source of {', '.join(unknown)} in {sources}")
    built = {}
    for name in names or shipped:
        template = build(*shipped[name], shop)
        built[name] = replace(template, agreement=agreements(sources, template))
        seen = "".join(f"; {each}" for each in built[name].agreement)
        say(f"{name}: {len(template.distributions)} distributions{seen}")
    found = {**read_all(templates, metadata), **built}
    write_all({name: template for name, template in found.items() if name in shipped}, templates, metadata)


def build(path: Path, source: dict[str, Any], shop: Workshop) -> Template:
    """Return the template of one source."""
    return reconstructed(path, source, shop) if "steps" in source else published(path, source, shop.index)


def reconstructed(path: Path, source: dict[str, Any], shop: Workshop) -> Template:
    """Return a template built again from its Dockerfile's facts, over the system or another source's template."""
    evidence = Evidence(EvidenceKind.ASSUMED, source["dockerfile"], f"resolved with the index as of {source['as_of']}")
    if "base" in source:
        base_path = path.parent / f"{source['base']}.toml"
        base = build(base_path, read_toml(base_path), shop)
        below = Evidence(EvidenceKind.ASSUMED, f"catalogue: {base.name}", "the base; the Dockerfile leaves it so")
        source = {**read_toml(base_path), "notes": (), "pushed": (), **source}
        start = {name: replace(each, evidence=below) for name, each in base.distributions.items()}
    else:
        versions = source.get("system_versions", {})
        start = {each.name: each for each in system_distributions(system_of(path, source), versions)}
    template = skeleton(path, source, system_of(path, source), evidence, Origin.RECONSTRUCTED)

    def complete(found: dict[str, Any]) -> dict[str, Any]:
        return with_metadata(found, source, shop.index)

    builder = Builder(
        replace(template, distributions=complete(start)), shop.ask, shop.cache, complete, shop.index_arguments
    )
    for step in steps_of(source, source["as_of"], complete, source.get("installer", "pip")):
        try:
            builder.run(step, replace(evidence, detail=f"resolved with the index as of {step.as_of}"))
        except ValueError as error:
            sys.exit(f"{path.name}: {error}")
    note = (
        f"Reconstructed from {source['dockerfile']}, with the index as of {source['as_of']}; not probed. "
        f"The date is {source['date_from']}."
    )
    return replace(builder.template, notes=(note, *template.notes))


if __name__ == "__main__":
    main(sys.argv[1:])
