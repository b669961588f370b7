"""A published list as a template: a freeze that the vendor or the image's lock states."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from packaging.requirements import Requirement
from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, parse_sdist_filename, parse_wheel_filename

from catalogue_build.facts import skeleton, system_of
from catalogue_build.metadata import Metadata, with_metadata
from podfit.catalogue.held import is_held
from podfit.model import Distribution, Evidence, EvidenceKind, Origin, Template, canonical
from podfit.readers.environment.document import open_document
from podfit.readers.environment.registry import read_document


def published(path: Path, source: dict[str, Any], index: Metadata) -> Template:
    """Return a template from the list that its source names, with the additions that it names."""
    system = system_of(path, source)
    evidence = Evidence(EvidenceKind(source.get("evidence", "published")), source["published"], source["captured"])
    template = skeleton(path, source, system, evidence, Origin(source.get("origin", "published")))
    if "conda" in source:
        file = path.parent / source["conda"]
        found = {
            name: replace(each, evidence=evidence)
            for name, each in read_document(open_document(str(file))).distributions.items()
        }
    else:
        found = {each.name: each for each in listed((path.parent / source["freeze"]).read_text("utf-8"), evidence)}
    for name, version in source.get("versions", {}).items():
        if canonical(name) in found:
            found[canonical(name)] = replace(found[canonical(name)], version=version)
    known = with_metadata(found, source, index)
    return replace(template, distributions=without_contradictions(known) if source.get("rebuilt") else known)


def without_contradictions(found: dict[str, Distribution]) -> dict[str, Distribution]:
    """Return the distributions, unknown what a held one requires where PyPI's metadata contradict the list.

    Who builds torch and its companions himself, as conda does, ties them in his own way: a torchvision whose
    wheel on PyPI is for another torch than the one beside it is another build, whose metadata nobody published.
    """
    versions = {name: each.version for name, each in found.items()}
    return {
        name: replace(each, requires_dist=None, requires_python="") if _contradicted(each, versions) else each
        for name, each in found.items()
    }


def _contradicted(each: Distribution, versions: dict[str, str]) -> bool:
    """Tell whether a held distribution requires something at a version that the list does not have."""
    if not is_held(each.name, each.version):
        return False
    for line in each.requires_dist or ():
        asked = Requirement(line)
        there = versions.get(canonical(asked.name), "")
        if asked.marker is None and there and not asked.specifier.contains(there, prereleases=True):
            return True
    return False


def listed(text: str, evidence: Evidence) -> list[Distribution]:
    """Return the distributions of a list: `name==version` or `name @ URL` lines, `#` for comments."""
    found = []
    for line in text.splitlines():
        name, _, version = line.partition("#")[0].strip().partition("==")
        if version:
            found.append(Distribution(canonical(name.strip()), version.strip(), evidence))
        elif " @ " in name:
            name, _, url = name.partition(" @ ")
            version = version_of_file(unquote(urlsplit(url).path.rpartition("/")[2]))
            found.append(Distribution(canonical(name), version, evidence, direct_url=url.strip()))
    return found


def version_of_file(filename: str) -> str:
    """Return the version that a wheel's or an sdist's file name states, empty when it is neither."""
    try:
        parse = parse_wheel_filename if filename.endswith(".whl") else parse_sdist_filename
        return str(parse(filename)[1])
    except (InvalidWheelFilename, InvalidSdistFilename):
        return ""
