"""A release's core metadata, from whatever of its files tells it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from packaging.version import Version

from podfit.index.archives import walk
from podfit.index.setup_py import stated_requirements
from podfit.model import Evidence, EvidenceKind, canonical
from podfit.model.versions import same_version

_DEPENDENCY_FIELDS = frozenset({"requires-dist", "provides-extra"})
_EGG_FILES = ("requires.txt", "SOURCES.txt", "top_level.txt")
_OUTERMOST = ("PKG-INFO", "pyproject.toml", "setup.py")
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_STATIC = Version("2.2")
"""The Metadata-Version from which a source distribution says which of its fields are final (PEP 643)."""


@dataclass(frozen=True, slots=True)
class CoreMetadata:
    """What one release says about itself.

    name is normalized (PEP 503), version as the metadata writes it. requires_dist holds Requires-Dist lines
    (PEP 508) as they stand, requires_python a specifier, provides_extra names of extras. evidence says which file
    it was read from and how. summary, classifiers and keywords are what it says of its purpose.
    """

    name: str
    version: str
    requires_dist: tuple[str, ...]
    requires_python: str
    provides_extra: tuple[str, ...]
    evidence: Evidence
    summary: str = ""
    classifiers: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()


def parse_metadata(data: bytes, source: str, detail: str) -> CoreMetadata:
    """Return the metadata of a METADATA or PKG-INFO file; source and detail become its evidence.

    Lenient, as PyPI's older files need it: a field that cannot be read counts as absent. Raises ValueError when
    there is no name or version.
    """
    from packaging.metadata import parse_email

    raw, _ = parse_email(_BLANK_LINE.split(data, maxsplit=1)[0])  # after it comes the description, for people
    name, version = raw.get("name", ""), raw.get("version", "")
    if not name or not version:
        raise ValueError("it has no Name or no Version")
    return CoreMetadata(
        name=canonical(name),
        version=version,
        requires_dist=tuple(raw.get("requires_dist", ())),
        requires_python=raw.get("requires_python", ""),
        provides_extra=tuple(raw.get("provides_extra", ())),
        evidence=Evidence(EvidenceKind.METADATA, source, detail),
        summary=" ".join(raw.get("summary", "").split()),
        classifiers=tuple(raw.get("classifiers", ())),
        keywords=tuple(word for word in map(str.strip, raw.get("keywords", ())) if word),
    )


def is_of(metadata: CoreMetadata, name: str, version: str) -> bool:
    """Tell whether metadata speaks of this release."""
    return metadata.name == name and same_version(metadata.version, version)


def from_sdist(data: bytes, filename: str, source: str) -> CoreMetadata:
    """Return the metadata of a source distribution without building it.

    In this order: PKG-INFO where its Metadata-Version promises final dependencies (2.2, PEP 643); PKG-INFO's name
    and version with the static dependencies of pyproject.toml (PEP 621 binds the build to them); requires.txt as
    setuptools wrote it when the file was made; the Requires-Dist lines of an older PKG-INFO; what setup.py states in
    so many words. The evidence tells which. Raises ValueError when none of them says anything.
    """
    members = _sdist_members(data, filename, until=_promised)
    info = members.get("PKG-INFO")
    if info is None:
        raise ValueError("it has no PKG-INFO")
    static = parse_metadata(info, source, "PKG-INFO")
    if promised := _promised(info):
        return _with(static, f"PKG-INFO, Metadata-Version {promised}, dependencies not dynamic")
    project = _static_project(members.get("pyproject.toml", b""))
    if project is not None:
        return _with(static, "pyproject.toml of the source distribution, dependencies not dynamic", *project)
    if "requires.txt" in members or "SOURCES.txt" in members:
        lines = _requires_of_egg(members)
        extras = tuple(dict.fromkeys(_sections(members.get("requires.txt", b""))))
        return _with(
            static,
            "egg-info/requires.txt, as it was when the source distribution was made; a build may differ",
            lines,
            extras,
        )
    if static.requires_dist:
        return _with(static, "PKG-INFO of the source distribution, not promised to be final; a build may differ")
    stated = stated_requirements(members.get("setup.py", b""))
    if stated is not None:
        under = tuple(_under_extra(line, extra) for extra, lines in stated[1].items() for line in lines)
        detail = "setup.py of the source distribution, where they are written out; a build may differ"
        return _with(static, detail, (*stated[0], *under), tuple(stated[1]))
    raise ValueError("its dependencies are known only after a build")


def _promised(info: bytes) -> str:
    """Return the Metadata-Version of a PKG-INFO whose dependencies are final (PEP 643), empty where they are not."""
    from packaging.metadata import parse_email

    raw, _ = parse_email(_BLANK_LINE.split(info, maxsplit=1)[0])
    dynamic = {field.lower() for field in raw.get("dynamic", ())}
    version = raw.get("metadata_version", "1.0")
    return version if Version(version) >= _STATIC and not dynamic & _DEPENDENCY_FIELDS else ""


def sdist_import_names(data: bytes, filename: str) -> tuple[str, ...]:
    """Return the names in a source distribution's top_level.txt. Raises ValueError when it has none."""
    listed = _sdist_members(data, filename).get("top_level.txt")
    if listed is None:
        raise ValueError("it has no top_level.txt")
    names = listed.decode("utf-8", "replace").split()
    return tuple(sorted(name.replace("/", ".") for name in names))


def _with(
    metadata: CoreMetadata, detail: str, requires: tuple[str, ...] | None = None, extras: tuple[str, ...] | None = None
) -> CoreMetadata:
    """Return metadata with another detail, and other dependencies where given."""
    return replace(
        metadata,
        requires_dist=metadata.requires_dist if requires is None else requires,
        provides_extra=metadata.provides_extra if extras is None else extras,
        evidence=Evidence(EvidenceKind.METADATA, metadata.evidence.source, detail),
    )


def _requires_of_egg(members: Mapping[str, bytes]) -> tuple[str, ...]:
    """Return the Requires-Dist lines that the standard library reads from an egg-info's requires.txt."""
    from importlib.metadata import Distribution

    class Egg(Distribution):
        """The one file that counts; PKG-INFO is left empty, so that it alone speaks."""

        def read_text(self, filename: str) -> str | None:
            if filename != "requires.txt":
                return "" if filename == "PKG-INFO" else None
            data = members.get(filename)
            return None if data is None else data.decode("utf-8", "replace")

        def locate_file(self, path: Any) -> Any:
            raise FileNotFoundError(path)

    return tuple(Egg().requires or ())


def _sections(requires: bytes) -> Iterator[str]:
    """Yield the extras that have a section in requires.txt: `[extra]` or `[extra:marker]`."""
    for line in requires.decode("utf-8", "replace").splitlines():
        line = line.strip()
        if line.startswith("[") and line.endswith("]"):
            extra = line[1:-1].partition(":")[0].strip()
            if extra:
                yield extra


def _static_project(pyproject: bytes) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Return Requires-Dist lines and extras of a pyproject.toml that states them for good; None otherwise."""
    from podfit.model.toml_text import toml_table

    try:
        project = toml_table(pyproject.decode("utf-8")).get("project")
    except ValueError:
        return None
    if not isinstance(project, dict) or not isinstance(project.get("dynamic", []), list):
        return None
    dynamic = project.get("dynamic", [])
    if "dependencies" in dynamic or "optional-dependencies" in dynamic or "name" not in project:
        return None
    lines = project.get("dependencies", [])
    optional = project.get("optional-dependencies", {})
    if not isinstance(lines, list) or not isinstance(optional, dict):
        return None
    found = [str(line) for line in lines]
    for extra, wanted in optional.items():
        found += [_under_extra(str(line), extra) for line in wanted]
    return tuple(found), tuple(optional)


def _under_extra(line: str, extra: str) -> str:
    """Return a requirement that holds only with an extra."""
    requirement, semicolon, marker = line.partition(";") if " @ " not in line else line.partition(" ;")
    return (
        f'{requirement.strip()} ; ({marker.strip()}) and extra == "{extra}"'
        if semicolon
        else f'{line} ; extra == "{extra}"'
    )


def _sdist_members(data: bytes, filename: str, until: Callable[[bytes], object] | None = None) -> dict[str, bytes]:
    """Return the files of a source distribution that speak about dependencies, by their last name.

    The outermost of each counts: a vendored library's own egg-info lies deeper. A PKG-INFO of which until says that
    nothing else counts beside it is the last one that is read. Raises ValueError when the archive cannot be read.
    """
    found: dict[str, tuple[int, bytes]] = {}
    for path, read in walk(data, filename):
        parts = path.strip("/").split("/")
        last = parts[-1]
        egg = len(parts) >= 3 and parts[-2].endswith(".egg-info") and last in _EGG_FILES
        if not egg and not (len(parts) == 2 and last in _OUTERMOST):
            continue
        if last not in found or len(parts) < found[last][0]:
            found[last] = (len(parts), read())
            if last == "PKG-INFO" and not egg and until is not None and until(found[last][1]):
                break
    return {last: content for last, (_, content) in found.items()}
