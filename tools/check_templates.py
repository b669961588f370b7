#!/usr/bin/env python3
"""Say how far templates agree with lists that people published of the same images.

    .dev/py311/bin/python tools/check_templates.py                  # all seen lists and published ones
    .dev/py311/bin/python tools/check_templates.py TEMPLATE LIST    # one list of your own

A list is what podfit reads as one (a freeze, pip list, pip inspect, conda list). Exit code 1 where less than --least
per cent of its lines, each a name and a version, agree.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from catalogue_build.facts import read_toml
from catalogue_build.seen import said, seen_of

from podfit.catalogue.store import template_names
from podfit.model import Evidence, EvidenceKind
from podfit.model.agreement import Agreement, compared
from podfit.readers.environment.document import open_document
from podfit.readers.environment.registry import read_document
from podfit.readers.template import read_template

SOURCES = Path(__file__).resolve().parent.parent / "catalogue_sources"


def main(words: list[str]) -> int:
    """Print a line for each comparison, then the lines that differ; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("template", nargs="?", help="a name of the catalogue, or a manifest")
    parser.add_argument("list", nargs="?", help="a list of the same image")
    parser.add_argument("--least", type=float, default=98.0, help="per cent that have to agree (98)")
    given = parser.parse_args(words)
    if bool(given.template) != bool(given.list):
        parser.error("give a template and a list, or neither")
    pairs = [(given.template, Path(given.list))] if given.list else list(known_pairs(SOURCES))
    worst = 100.0
    for name, path in pairs:
        agreement = agreement_with(name, path)
        share = 100 * agreement.agree / agreement.of if agreement.of else 0.0
        worst = min(worst, share)
        print(f"{share:6.1f} %  {agreement.agree:4} of {agreement.of:4}  {name}  {path.name} [{agreement.evidence}]")
        for line in agreement.differs:
            print(f"            {line}")
    return int(worst < given.least)


def known_pairs(sources: Path) -> Iterator[tuple[str, Path]]:
    """Yield the templates with the lists that are kept of their images: seen on machines, or the vendor's own."""
    for name in template_names():
        yield from ((name, path) for path in seen_of(sources / "seen", name))
        file = sources / f"{name}.toml"
        source = read_toml(file) if file.is_file() else {}
        for key in ("freeze", "conda"):
            if key in source:
                yield name, sources / source[key]


def agreement_with(name: str, path: Path) -> Agreement:
    """Return how far a template agrees with a list: each distribution that the list gives a version of."""
    listing = read_document(open_document(str(path)))
    source = said(path.read_text(encoding="utf-8"), "source")
    evidence = Evidence(EvidenceKind.MEASURED, source) if source else Evidence(EvidenceKind.PUBLISHED, path.name)
    seen = [(each.name, each.version) for each in listing.distributions.values() if each.version]
    template = read_template(name)
    there = ((each.name, each.version) for each in template.distributions.values())
    return compared(there, seen, evidence)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
