#!/usr/bin/env python3
"""Build src/podfit/catalogue/templates/*.json from catalogue_sources/ and the package index.

    .dev/py311/bin/python tools/build_catalogue.py [NAME ...]

A source with `[steps]` is reconstructed the way its Dockerfile would have built it: the system's distributions, the
pinned torch family, the copies that PyTorch's index served, then what `pip install` of the steps adds, resolved by
podfit's own solver with the index as of the build date. A source with `freeze` is a published list. A source with
`base` is another source's template on which a Dockerfile ran `uv pip install`: uv resolves its requirements with the
base's versions as preferences, and looks at nothing else that is installed, as `uv pip install` does. Requires-Dist
comes from the index's metadata of exactly these versions. The same sources give the same bytes.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import tomllib
from msgspec import to_builtins
from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, parse_sdist_filename, parse_wheel_filename
from packaging.version import Version

from podfit.catalogue.held import is_held
from podfit.index import Index, default_cache
from podfit.model import (
    Distribution,
    Evidence,
    EvidenceKind,
    Facts,
    Interpreter,
    Need,
    Origin,
    Platform,
    PodfitError,
    Template,
    canonical,
)
from podfit.model.facts_json import facts_from_json
from podfit.model.manifest import manifest_from_template
from podfit.model.requirement import Markers
from podfit.solve import Uv, solve_overlay
from podfit.solve.template_index import flat_index, offer, resolver_platform
from podfit.solve.uv import Question, Refusal

PYPI = "https://pypi.org/simple/"
ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "catalogue_sources"
TEMPLATES = ROOT / "src" / "podfit" / "catalogue" / "templates"


class Terminal:
    """Tells what is going on."""

    def step(self, text: str) -> None:
        """Print a step."""
        print(text, file=sys.stderr)

    def warn(self, text: str) -> None:
        """Print a warning."""
        print(f"warning: {text}", file=sys.stderr)


def main(names: list[str]) -> None:
    """Build the named templates, all without a name."""
    index = Index((PYPI,))
    TEMPLATES.mkdir(parents=True, exist_ok=True)
    for path in sorted(SOURCES.glob("*.toml")):
        source = tomllib.loads(path.read_text())
        if "title" not in source or (names and path.stem not in names):
            continue
        build = published if "freeze" in source else layered if "base" in source else reconstructed
        template = build(path, source, index)
        write(template, TEMPLATES / f"{path.stem}.json")
        print(f"{path.stem}: {len(template.distributions)} distributions")


def write(template: Template, path: Path) -> None:
    """Write a manifest with one distribution per line, for readable differences."""
    data = manifest_from_template(template)
    distributions = data.pop("distributions")
    head = json.dumps(data, indent=1, ensure_ascii=False)[:-2]
    lines = ",\n".join("  " + json.dumps(entry, ensure_ascii=False) for entry in distributions)
    path.write_text(f'{head},\n "distributions": [\n{lines}\n ]\n}}\n', encoding="utf-8")


def facts(source: dict[str, Any], evidence: Evidence) -> Facts:
    """Return what the source states of torch and CUDA; evidence is that of the template, and of torch's version."""
    said = Evidence(EvidenceKind.PUBLISHED, source.get("facts_from", "PyTorch's release notes and the image's tag"))
    stated: dict[str, Any] = {}
    for key in ("torch", "cuda"):
        if key in source:
            beside = {f"{k}_evidence": to_builtins(said) for k in source[key] if k != "version"}
            stated[key] = {**source[key], **beside}
    return facts_from_json(stated, evidence)


def skeleton(
    path: Path, source: dict[str, Any], system: dict[str, Any], evidence: Evidence, origin: Origin
) -> Template:
    """Return the template without distributions."""
    return Template(
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
    )


def reconstructed(path: Path, source: dict[str, Any], index: Index) -> Template:
    """Return a template built again from its Dockerfile's facts."""
    system = tomllib.loads((SOURCES / f"{source['system']}.toml").read_text())
    captured = source["captured"]
    evidence = resolved_again(source)
    template = skeleton(path, source, system, evidence, Origin.RECONSTRUCTED)
    base = {d.name: d for d in system_distributions(system)}
    pins = Evidence(EvidenceKind.PUBLISHED, source["dockerfile"], "the versions that the Dockerfile names")
    copies = Evidence(
        EvidenceKind.ASSUMED, "https://download.pytorch.org/whl/", f"the copies it served around {captured}"
    )
    for name, version in source["pins"].items():
        base[name] = Distribution(name, version, pins)
    for name, version in source["mirrored"].items():
        base[canonical(name)] = Distribution(canonical(name), version, copies)
    base = with_metadata(base, source, index)
    for name, version in exact_requirements(base["torch"], template):
        found = Evidence(EvidenceKind.METADATA, f"torch {base['torch'].version}", f"Requires-Dist: {name}=={version}")
        base.setdefault(name, Distribution(name, version, found))
    base = with_metadata(base, source, index)
    tools = ["pip"] if source.get("externally_managed") else ["pip", "setuptools", "wheel"]
    asked = [*source["steps"]["install"], *(tool for tool in tools if tool not in base)]
    needs = []
    for line in asked:
        name, _, version = line.partition("==")
        needs.append(Need(canonical(name), (evidence,), f"=={version}" if version else ""))
    template = replace(template, distributions=base)
    overlay = solve_overlay(
        template,
        needs,
        Uv(default_cache(), reporter=Terminal()),
        held=[name for name, each in base.items() if is_held(name, each.version)],
        preferences={},
        exclude_newer=f"{captured}T23:59:59Z",
        index_arguments=("--default-index", PYPI),
        reporter=Terminal(),
    )
    for refused in overlay.refused:
        sys.exit(f"{path.name}: {refused}")
    added = {
        name: Distribution(name, package.version, evidence, installer="pip")
        for name, package in overlay.packages.items()
        if name not in base or Version(package.version) != Version(base[name].version)
    }
    everything = with_metadata({**base, **added}, source, index)
    note = reconstruction_note(source, "The date is")
    return replace(template, distributions=everything, notes=(note, *template.notes))


def published(path: Path, source: dict[str, Any], index: Index) -> Template:
    """Return a template from the freeze that its vendor publishes, with the additions that its source names."""
    system = tomllib.loads((SOURCES / f"{source['system']}.toml").read_text())
    evidence = Evidence(EvidenceKind.PUBLISHED, source["published"], source["captured"])
    origin = Origin(source.get("origin", "published"))
    template = skeleton(path, source, system, evidence, origin)
    found: dict[str, Distribution] = {}
    for line in (SOURCES / source["freeze"]).read_text().splitlines():
        name, _, version = line.partition("#")[0].strip().partition("==")
        if version:
            found[canonical(name)] = Distribution(canonical(name), version.strip(), evidence)
        elif " @ " in name:
            name, _, url = name.partition(" @ ")
            version = version_of_file(unquote(urlsplit(url).path.rpartition("/")[2]))
            found[canonical(name)] = Distribution(canonical(name), version, evidence, direct_url=url.strip())
    for name, entry in source.get("versions", {}).items():
        if canonical(name) in found:
            found[canonical(name)] = replace(found[canonical(name)], version=entry)
    return replace(template, distributions=with_metadata(found, source, index))


def resolved_again(source: dict[str, Any]) -> Evidence:
    """Return the evidence for what a Dockerfile's steps resolve to."""
    return Evidence(EvidenceKind.ASSUMED, source["dockerfile"], f"resolved with the index as of {source['captured']}")


def reconstruction_note(source: dict[str, Any], what: str) -> str:
    """Return what every output about a reconstructed template repeats; what begins the sentence on the date."""
    note = f"Reconstructed from {source['dockerfile']}, with the index as of {source['captured']}; not probed."
    return f"{note} {what} {source['date_from']}."


def layered(path: Path, source: dict[str, Any], index: Index) -> Template:
    """Return a template whose Dockerfile installs packages with uv on another source's template."""
    base_path = SOURCES / f"{source['base']}.toml"
    base_source = tomllib.loads(base_path.read_text())
    base = published(base_path, base_source, index)
    captured = source["captured"]
    steps = source["steps"]
    evidence = resolved_again(source)
    below = Evidence(EvidenceKind.ASSUMED, f"catalogue: {base.name}", "the base; the Dockerfile leaves it so")
    offered = offer(base, ())
    kept = [f"{name}=={version}" for name, version in offered.pins.items() if re.search(steps["keep"], name)]
    question = Question(
        requirements=(*kept, *steps["install"]),
        constraints=(),
        preferences=offered.pins,
        python_version=base.interpreter.version,
        platform=resolver_platform(base),
        find_links=flat_index(base, offered, default_cache()),
        index_arguments=("--default-index", PYPI),
        exclude_newer=f"{captured}T23:59:59Z",
        build_constraints=offered.build_constraints,
    )
    answer = Uv(default_cache(), reporter=Terminal()).compile(question)
    if isinstance(answer, Refusal):
        sys.exit(f"{path.name}: {answer.message}")
    found = {name: replace(each, evidence=below) for name, each in base.distributions.items()}
    for name, package in answer.items():
        if name not in found or Version(package.version) != Version(found[name].version):
            found[name] = Distribution(name, package.version, evidence, installer="uv")
    for name in steps.get("uninstall", ()):
        del found[name]
    note = reconstruction_note(source, "The base image and the date are")
    return replace(
        base,
        name=path.stem,
        title=source["title"],
        image=source["image"],
        captured=captured,
        origin=Origin.RECONSTRUCTED,
        evidence=evidence,
        distributions=with_metadata(found, source, index),
        notes=(note, *source.get("notes", ())),
    )


def version_of_file(filename: str) -> str:
    """Return the version that a wheel's or an sdist's file name states, empty when it is neither."""
    try:
        parse = parse_wheel_filename if filename.endswith(".whl") else parse_sdist_filename
        return str(parse(filename)[1])
    except (InvalidWheelFilename, InvalidSdistFilename):
        return ""


def system_distributions(system: dict[str, Any]) -> Iterator[Distribution]:
    """Yield the operating system's own Python distributions."""
    evidence = Evidence(EvidenceKind.PUBLISHED, system["evidence"])
    for name, entry in system["distributions"].items():
        yield Distribution(
            canonical(name),
            entry["version"],
            evidence,
            installer="debian",
            location="system",
            uninstallable=not entry.get("distutils", False),
        )


def with_metadata(found: dict[str, Distribution], source: dict[str, Any], index: Index) -> dict[str, Distribution]:
    """Return the distributions with Requires-Dist from the source or the index, where one has the version."""
    completed = dict(found)
    for name, lines in source.get("metadata", {}).items():
        if name in completed and completed[name].requires_dist is None:
            completed[name] = replace(completed[name], requires_dist=tuple(lines))
    missing = [d for d in completed.values() if d.requires_dist is None and d.version]
    index.prefetch([(d.name, d.version.partition("+")[0]) for d in missing])
    for each in missing:
        try:
            metadata = index.metadata(each.name, each.version.partition("+")[0])
        except PodfitError as error:
            print(f"  {each.name} {each.version}: {error.message}", file=sys.stderr)
            continue
        lines = tuple(adapted(each.name, metadata.requires_dist, source))
        completed[each.name] = replace(each, requires_dist=lines, requires_python=metadata.requires_python)
    return completed


def adapted(name: str, lines: Iterable[str], source: dict[str, Any]) -> Iterator[str]:
    """Yield Requires-Dist lines as the template's build of a release states them, where it differs from PyPI's."""
    without = tuple(source.get("metadata_without", {}).get(name, ()))
    instead = source.get("metadata_instead", {}).get(name)
    marker = ' ; platform_system == "Linux" and platform_machine == "x86_64"'
    for line in lines:
        if (without and line.startswith(without)) or (instead and line.startswith(("nvidia-", "cuda-"))):
            continue
        yield line
    for other, version in (instead or {}).items():
        yield f"{other}=={version}{marker}"


def exact_requirements(distribution: Distribution, template: Template) -> Iterator[tuple[str, str]]:
    """Yield what torch pins on this platform: its CUDA libraries and triton."""
    for asked in Markers(template.marker_environment).active(distribution.requires_dist or ()):
        pins = [each.version for each in asked.requirement.specifier if each.operator == "=="]
        if pins:
            yield asked.target, pins[0]


if __name__ == "__main__":
    main(sys.argv[1:])
