"""What a source states of its template beside the list: interpreter, platform, torch, CUDA, image, notes."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from msgspec import to_builtins

from podfit.model import (
    Distribution,
    Evidence,
    EvidenceKind,
    Facts,
    Interpreter,
    Origin,
    Platform,
    Template,
    canonical,
)
from podfit.model.facts_json import facts_from_json

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def read_toml(path: Path) -> dict[str, Any]:
    """Return a TOML file."""
    return tomllib.loads(path.read_text(encoding="utf-8"))


def facts(source: dict[str, Any], evidence: Evidence) -> Facts:
    """Return what the source states of torch and CUDA; evidence is that of the template, and of torch's version.

    Its keys `torch_from` and `cuda_from` say where it has them from, `facts_from` both. Without them that is the
    published list; of an image that somebody lists nowhere, PyTorch's release notes and the tag.
    """
    usual = source.get("facts_from", source.get("published", "PyTorch's release notes and the image's tag"))
    stated: dict[str, Any] = {}
    for key in ("torch", "cuda"):
        if key in source:
            said = Evidence(EvidenceKind.PUBLISHED, source.get(f"{key}_from", usual))
            beside = {f"{k}_evidence": to_builtins(said) for k in source[key] if k != "version"}
            stated[key] = {**source[key], **beside}
    return facts_from_json(stated, evidence)


def system_of(path: Path, source: dict[str, Any]) -> dict[str, Any]:
    """Return the operating system of a source: the file beside it that its key `system` names."""
    return read_toml(path.parent / f"{source['system']}.toml")


def skeleton(
    path: Path, source: dict[str, Any], system: dict[str, Any], evidence: Evidence, origin: Origin
) -> Template:
    """Return the template without distributions."""
    template = Template(
        name=path.stem,
        interpreter=Interpreter(source["python"], externally_managed=source.get("externally_managed", False)),
        platform=Platform(glibc=system["glibc"], glibcxx=system["glibcxx"]),
        distributions={},
        origin=origin,
        evidence=evidence,
        title=source["title"],
        image=source["image"],
        captured=source["captured"],
        environment=source.get("environment", {}),
        facts=facts(source, evidence),
        notes=tuple(source.get("notes", ())),
        family=source.get("family", ""),
        aliases=tuple(source.get("aliases", ())),
        pushed=tuple(source.get("pushed", ())),
        incomplete=source.get("incomplete", False),
        withdrawn=source.get("withdrawn", False),
    )
    return replace(template, notes=(*pushes_note(source), *template.notes))


def pushes_note(source: dict[str, Any]) -> Iterator[str]:
    """Yield the warning about a tag that was pushed more than once; what was pulled before is another image."""
    pushed = source.get("pushed", ())
    if len(pushed) > 1:
        image = source["image"].partition("@")[0]
        which = f" ({source['image'].partition('@')[2]})" if "@" in source["image"] else ""
        yield (
            f"The tag {image} was pushed more than once ({', '.join(pushed)}): this list is of the last one{which}; "
            "a machine that pulled it before has another."
        )


def system_distributions(system: dict[str, Any], versions: Mapping[str, str]) -> Iterator[Distribution]:
    """Yield the operating system's own Python distributions; versions are those of another day than the system's."""
    evidence = Evidence(EvidenceKind.PUBLISHED, system["evidence"])
    for name, entry in system.get("distributions", {}).items():
        yield Distribution(
            canonical(name),
            versions.get(name, entry["version"]),
            evidence,
            installer="debian",
            location="system",
            uninstallable=not entry.get("distutils", False),
        )
