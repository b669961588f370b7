"""Shared libraries of the system: which Debian package brings one, and which every system has (manylinux.toml)."""

from __future__ import annotations

import gzip
import re
from functools import cache
from importlib.resources import files

import msgspec

from podfit.catalogue.evidence import stated
from podfit.catalogue.table import table
from podfit.model import Evidence, EvidenceKind


class DebianPackage(msgspec.Struct, frozen=True):
    """A package that brings a library: its name, and the releases of Debian (`bookworm`) in which it does."""

    name: str
    suites: tuple[str, ...]

    @property
    def evidence(self) -> Evidence:
        """Where this was read."""
        return Evidence(EvidenceKind.METADATA, f"Debian's Contents: {', '.join(self.suites)} main amd64")


@cache
def _lines() -> dict[str, list[str]]:
    """Return the lines of every library of the table: `library package suite,suite`."""
    text = gzip.decompress(files("podfit.catalogue").joinpath("system_libraries.txt.gz").read_bytes()).decode()
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            found.setdefault(line[: line.index(" ")], []).append(line)
    return found


@cache
def debian_packages(library: str) -> tuple[DebianPackage, ...]:
    """Return the packages that bring a library (`libGL.so.1`), the plainest name first; empty when none is known.

    Ubuntu has, as a rule, the same names: a library's package is called by its soname (Debian Policy 8.1). Of packages
    of one name that of the newest release comes first.
    """
    lines = (line.split(" ") for line in _lines().get(library, ()))
    packages = [DebianPackage(package, tuple(suites.split(","))) for _, package, suites in lines]
    return tuple(sorted(packages, key=lambda each: (len(each.name), each.name)))


def bare_name(library: str) -> str:
    """Return a library's name without its version: `libavcodec.so.59` is `libavcodec`."""
    return re.sub(r"\.so(\.[0-9]+)*$", "", library)


@cache
def _bare_names() -> frozenset[str]:
    """Return every library of the table without its version."""
    return frozenset(map(bare_name, _lines()))


def is_packaged(library: str) -> bool:
    """Tell whether a distribution of Linux packages a library, in this version or in another (`libavcodec.so.60`)."""
    return bare_name(library) in _bare_names()


def relatives(library: str) -> tuple[str, ...]:
    """Return the libraries of the table that differ from one in the version alone, sorted."""
    bare = bare_name(library)
    return tuple(sorted(other for other in _lines() if other != library and bare_name(other) == bare))


@cache
def of_another_gpu() -> frozenset[str]:
    """Return the libraries, without versions, that only GPUs of another maker than NVIDIA load (accelerators.toml)."""
    return frozenset(name for entry in table("accelerators").values() for name in entry["libraries"])


@cache
def everywhere() -> frozenset[str]:
    """Return the libraries that every glibc system has, however small: glibc's own, libstdc++, libgcc, zlib."""
    return frozenset(table("manylinux")["base"]["libraries"])


@cache
def allowed() -> frozenset[str]:
    """Return the libraries that manylinux lets a wheel use without bringing them."""
    return frozenset(table("manylinux")["allowed"])


def base_evidence() -> Evidence:
    """Return how the libraries that every system has were found."""
    return stated(table("manylinux")["base"])


class LeastSymbols(msgspec.Struct, frozen=True):
    """The highest symbol versions of libstdc++ that every system with a glibc has, and why."""

    glibc: str
    glibcxx: str
    cxxabi: str
    evidence: Evidence


def least_symbols(glibc: str) -> LeastSymbols | None:
    """Return what a system of a glibc (`2.35`) has at least of libstdc++; None below the oldest that is known."""
    found = re.match(r"2\.([0-9]+)", glibc)
    if found is None:
        return None
    known = {int(version.partition(".")[2]): entry for version, entry in table("manylinux")["least"].items()}
    best = max((minor for minor in known if minor <= int(found[1])), default=-1)
    if best < 0:
        return None
    evidence = stated(table("manylinux"))
    detail = f"manylinux_2_{best}: on every system with glibc 2.{best}"
    return LeastSymbols(
        f"2.{best}",
        known[best]["glibcxx"],
        known[best]["cxxabi"],
        Evidence(evidence.kind, evidence.source, detail),
    )


def release_of(system: str) -> str:
    """Return Debian's name for a release (`debian 12` is `bookworm`), empty for another system."""
    return {"debian 11": "bullseye", "debian 12": "bookworm", "debian 13": "trixie"}.get(system, "")
