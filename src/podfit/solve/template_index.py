"""A template as a flat index: one metadata-only wheel per distribution (PEP 427 container, no modules).

The resolver then sees `torch==2.4.0+cu124` or a vendor's private build without any index offering it, with the
requirements that the template's own metadata states, and fetches nothing.
"""

from __future__ import annotations

import atexit
import functools
import hashlib
import io
import json
import os
import re
import secrets
import shutil
import tempfile
import zipfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.version import InvalidVersion, Version

from podfit.model import BrokenRequirement, NoPlanError, Template, canonical
from podfit.model.requirement import Markers, RequiresDist

_FORMAT = "2"
_GLIBC_MINORS = {"x86_64": (17, 28, *range(31, 41)), "aarch64": (17, 28, *range(31, 41))}
"""The glibc 2.x floors that uv knows as platforms, per machine (`uv pip compile --help`, --python-platform)."""

_EXTRA = re.compile(r"""extra\s*==\s*['"]([^'"]+)['"]""")
_STAMP = zipfile.ZipInfo("-").date_time


@dataclass(frozen=True, slots=True)
class OfferedTemplate:
    """A template as the resolver sees it.

    pins maps each name to its exact version. requirements are the Requires-Dist lines that apply on the template,
    parsed, by the distribution that states them, without those that the template itself breaks (broken). left_out
    are the names that no index can express: no version, or one that PEP 440 does not know. askers are the requirements
    by the distribution that they ask for, each with who states it.
    """

    pins: Mapping[str, str]
    requirements: Mapping[str, tuple[RequiresDist, ...]]
    lines: Mapping[str, tuple[str, ...]]
    broken: tuple[BrokenRequirement, ...]
    left_out: tuple[str, ...]
    askers: Mapping[str, tuple[tuple[str, RequiresDist], ...]]

    @property
    def build_constraints(self) -> tuple[str, ...]:
        """Constraints that keep the template's metadata-only wheels out of builds from source."""
        return tuple(f"{name}!={version}" for name, version in self.pins.items())

    def dependants(self, name: str, pinned: Collection[str]) -> Iterator[tuple[str, str]]:
        """Yield what pinned distributions ask of name, as constraint lines (PEP 508), with who asks."""
        for other, asked in self.askers.get(name, ()):
            if asked.requirement.specifier and other in pinned:
                yield f"{name}{asked.requirement.specifier}", other

    def extras_of(self, name: str, pinned: Collection[str]) -> list[str]:
        """Return the extras of name that pinned distributions ask for, normalized and sorted."""
        asked = (each.requirement.extras for other, each in self.askers.get(name, ()) if other in pinned)
        return sorted({canonical(extra) for extras in asked for extra in extras})


def resolver_platform(template: Template) -> str:
    """Return uv's name of the newest platform that is not newer than the template's glibc.

    A template whose glibc is not known counts as glibc 2.17, the oldest that wheels are built for (PEP 599): what then
    has no file that surely fits is found when the plan is built. Raises NoPlanError for a platform that uv cannot be
    told of: another interpreter than CPython with the GIL, musl, another machine, a glibc older than that.
    """
    target = template.target
    if target.unsupported:
        remedy = "take a template with CPython (not free-threaded) and glibc on x86_64 or aarch64"
        raise NoPlanError(f"{template.name} {target.unsupported}", remedy=remedy)
    known = _GLIBC_MINORS[target.machine]
    return f"{target.machine}-manylinux_2_{max(m for m in known if m <= (target.glibc_minor or known[0]))}"


def offer(template: Template, held: Iterable[str]) -> OfferedTemplate:
    """Return what the resolver is told about template.

    A requirement that the template itself breaks is taken out, so that fitting a project never means repairing what
    the vendor shipped: a version out of range for every distribution, an absent distribution for the held ones.
    """
    held = frozenset(held)
    pins: dict[str, str] = {}
    left_out: list[str] = []
    for name, distribution in template.distributions.items():
        try:
            pins[name] = str(Version(distribution.version))
        except InvalidVersion:
            left_out.append(name)
    markers = Markers(template.marker_environment)
    requirements: dict[str, tuple[RequiresDist, ...]] = {}
    lines: dict[str, tuple[str, ...]] = {}
    broken: list[BrokenRequirement] = []
    for name in pins:
        stated = template.distributions[name].requires_dist or ()
        active: list[RequiresDist] = []
        for asked in markers.active(stated):
            present = pins.get(asked.target, "")
            if present and not asked.allows(present):
                broken.append(BrokenRequirement(name, asked.line, present))
            elif not present and name in held and asked.target not in template.distributions:
                broken.append(BrokenRequirement(name, asked.line))
            else:
                active.append(asked)
        requirements[name] = tuple(active)
        lines[name] = (
            *(asked.line for asked in active),
            *(line for line in stated if "extra" in line.partition(";")[2]),
        )
    askers: dict[str, list[tuple[str, RequiresDist]]] = {}
    for name, stated_by in requirements.items():
        for asked in stated_by:
            askers.setdefault(asked.target, []).append((name, asked))
    by_target = {name: tuple(found) for name, found in askers.items()}
    return OfferedTemplate(pins, requirements, lines, tuple(broken), tuple(sorted(left_out)), by_target)


def flat_index(template: Template, offered: OfferedTemplate, cache: Path) -> Path:
    """Return a directory with one metadata-only wheel per offered distribution, once per content, checked before use.

    cache is podfit's cache directory. The directory's name is a hash of everything that goes into it. Where the cache
    cannot be written, the directory is a temporary one that goes with the process.
    """
    tag = wheel_tag(template)
    digest = hashlib.sha256(f"{_FORMAT} {tag}".encode())
    for name, version in sorted(offered.pins.items()):
        digest.update(repr((name, version, offered.lines[name])).encode())
    wheels = {
        wheel_name(name, version, tag): (name, version, offered.lines[name]) for name, version in offered.pins.items()
    }
    return whole_flat_index(cache / "templates" / digest.hexdigest()[:32], wheels, tag)


def whole_flat_index(directory: Path, wheels: Mapping[str, tuple[str, str, tuple[str, ...]]], tag: str) -> Path:
    """Return directory with exactly these wheels, made or mended where a file is missing, cut short or altered.

    wheels maps each file's name to the name, version and Requires-Dist lines that it states. A list of the files with
    the hash of each stands beside the directory. Where it cannot be written, a temporary directory takes its place.
    """
    try:
        _mend(directory, wheels, tag)
    except OSError:  # a cache never ends a run
        directory = _temporary() / directory.name
        _mend(directory, wheels, tag)
    return directory


def _mend(directory: Path, wheels: Mapping[str, tuple[str, str, tuple[str, ...]]], tag: str) -> None:
    """Write the wheels of directory that are not as its list says; each takes its place whole."""
    listing = directory.with_suffix(".json")
    directory.mkdir(parents=True, exist_ok=True)
    known = _listed(listing)
    present = {path.name: path for path in directory.iterdir() if path.suffix == ".whl"}
    for filename in present.keys() - wheels.keys():
        present[filename].unlink(missing_ok=True)
    broken = [
        filename
        for filename in wheels
        if filename not in present or _digest(present[filename].read_bytes()) != known.get(filename, "")
    ]
    if broken or not listing.exists():
        for filename in broken:
            data = _wheel(*wheels[filename], tag)
            known[filename] = _digest(data)
            _replace(directory / filename, data)
        _replace(listing, json.dumps({filename: known[filename] for filename in sorted(wheels)}).encode())
    os.utime(listing)


def _listed(listing: Path) -> dict[str, str]:
    """Return the hash of each file as a list states it; empty when it cannot be read."""
    try:
        stated = json.loads(listing.read_bytes())
    except (OSError, ValueError):
        return {}
    return {str(key): str(value) for key, value in stated.items()} if isinstance(stated, dict) else {}


def _digest(data: bytes) -> str:
    """Return the SHA-256 of data in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def _replace(path: Path, data: bytes) -> None:
    """Write a file whole: who reads it at the same time sees the old one or the new one."""
    temporary = path.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        temporary.write_bytes(data)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@functools.cache
def _temporary() -> Path:
    """Return a directory that is removed when the process ends."""
    folder = Path(tempfile.mkdtemp(prefix="podfit-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def wheel_tag(template: Template) -> str:
    """Return the tag of metadata-only wheels for template: one that uv takes on it."""
    series = template.interpreter.series.replace(".", "")
    minor = resolver_platform(template).rpartition("_")[2]
    return f"cp{series}-cp{series}-manylinux_2_{minor}_{template.target.machine}"


def wheel_name(name: str, version: str, tag: str) -> str:
    """Return the file name of a metadata-only wheel."""
    return f"{_stem(name, version)}-{tag}.whl"


def _stem(name: str, version: str) -> str:
    """Return how the names of a release's files begin."""
    return f"{name.replace('-', '_')}-{version}"


def _wheel(name: str, version: str, lines: tuple[str, ...], tag: str) -> bytes:
    """Return one metadata-only wheel, the same bytes for the same content."""
    stem = _stem(name, version)
    extras = sorted({extra for line in lines for extra in _EXTRA.findall(line)})
    metadata = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}"]
    metadata += [f"Provides-Extra: {extra}" for extra in extras]
    metadata += [f"Requires-Dist: {line}" for line in lines]
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as wheel:
        for path, text in (
            (f"{stem}.dist-info/METADATA", "\n".join(metadata) + "\n"),
            (f"{stem}.dist-info/WHEEL", f"Wheel-Version: 1.0\nGenerator: podfit\nRoot-Is-Purelib: false\nTag: {tag}\n"),
            (f"{stem}.dist-info/RECORD", ""),
        ):
            wheel.writestr(zipfile.ZipInfo(path, date_time=_STAMP), text)
    return content.getvalue()
