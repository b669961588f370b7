"""What a release asks of the system below Python: versions of the C libraries' symbols, libraries that it lacks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from podfit.audit.binary.facts import CXX_LIBRARY, LibraryFacts, WheelBinaries
from podfit.audit.binary.linking import bringers
from podfit.audit.binary.loaded import Part, parts
from podfit.audit.judging import Objection, Surroundings
from podfit.catalogue.system_libraries import (
    DebianPackage,
    allowed,
    bare_name,
    debian_packages,
    everywhere,
    is_packaged,
    least_symbols,
    of_another_gpu,
    release_of,
)
from podfit.catalogue.system_needs import system_need
from podfit.model import Evidence, EvidenceKind, Release, Template
from podfit.model.words import listed, shortened

SYMBOLS_CHECK = "symbols"
SYSTEM_CHECK = "system"
_READ = "DT_NEEDED"


def symbol_versions(release: Release, binaries: WheelBinaries | None, around: Surroundings) -> Iterator[Objection]:
    """Yield an objection when a file that the release loads asks for a newer C or C++ library than there is.

    Of the C++ library the version may not be known: then it is at least that of every system with this glibc.
    """
    if binaries is None:
        return
    glibc = around.template.target.glibc
    own = CXX_LIBRARY in binaries.provided
    judges: tuple[Callable[[LibraryFacts], tuple[str, bool]], ...] = (
        lambda library: _glibc(library, glibc),
        lambda library: ("", False) if own else _glibcxx(library, around.template),
    )
    for judge in judges:
        said = [(part, _least(part, judge)) for part in parts(binaries, _device(around.template))]
        refused = [(part, *reason) for part, reason in said if reason is not None]
        if not refused:
            continue
        part, reason, unknown = next((each for each in refused if not each[2]), refused[0])
        evidence = Evidence(EvidenceKind.BINARY, f"{release.name} {release.version}: {part.name}", ".gnu.version_r")
        text = f"{release.name} {release.version}: {part.name.rpartition('/')[2]} {reason}"
        yield Objection(SYMBOLS_CHECK, text, evidence, fatal=not unknown, unknown=unknown)


def _device(template: Template) -> str:
    """Return what a template computes on, as files name it: `cuda`, empty where nothing tells."""
    return "cuda" if template.cuda is not None and template.cuda.value else ""


def _least(part: Part, judge: Callable[[LibraryFacts], tuple[str, bool]]) -> tuple[str, bool] | None:
    """Return what stands against every alternative of a part: a reason, and whether it is only not known."""
    best: tuple[str, bool] | None = None
    for files in part.alternatives:
        said = [reason for reason in map(judge, files) if reason[0]]
        if not said:
            return None
        worst = min(said, key=lambda each: each[1])
        if best is None or worst[1] > best[1]:
            best = worst
    return best


def _glibc(library: LibraryFacts, there: str) -> tuple[str, bool]:
    """Return what stands against a file beside a glibc; empty for nothing, and where the glibc is not known."""
    if library.glibc and there and _numbers(library.glibc) > _numbers(there):
        return f"needs glibc {library.glibc}, the template has {there}", False
    return "", False


def _glibcxx(library: LibraryFacts, template: Template) -> tuple[str, bool]:
    """Return what stands against a file beside the template's C++ library, and whether that is only not known."""
    known = template.platform.glibcxx
    if known:
        if library.glibcxx and _numbers(library.glibcxx) > _numbers(known):
            return f"needs GLIBCXX_{library.glibcxx} of libstdc++, the template has {known}", False
        return "", False
    least = least_symbols(template.target.glibc)
    for what, asked, has in (
        ("GLIBCXX", library.glibcxx, least.glibcxx if least else ""),
        ("CXXABI", library.cxxabi, least.cxxabi if least else ""),
    ):
        if asked and _numbers(asked) > _numbers(has):
            return f"needs {what}_{asked} of libstdc++; whether the template has it is not known", True
    return "", False


def _numbers(version: str) -> tuple[int, ...]:
    """Return a version as numbers, to compare by; what is none is before all."""
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def system_libraries(release: Release, binaries: WheelBinaries | None, around: Surroundings) -> Iterator[Objection]:
    """Yield an objection when what the release loads needs a library that neither it nor the system brings.

    Only libraries that a distribution of Linux packages are looked at: what no such package brings comes with another
    wheel. Where only some of its modules need one, the others work: a warning, and nothing where it is not known.
    """
    system = System.of(around.template)
    found = parts(binaries, _device(around.template)) if binaries is not None else ()
    lacking, evidence = _lacking(release, found, binaries, replace(system, present=system.present | around.brought))
    if not lacking.names:
        return
    if lacking.some and not lacking.known:
        return
    which = " (of one of its modules)" if lacking.some else " (or other versions of them)" if lacking.versions else ""
    names = f"{shortened(lacking.names, 3)}{which}"
    remedy = install_line(lacking.names, around.template)
    if lacking.known:
        reason = f"{release.name} {release.version} needs {names}, which the template has not"
    else:
        reason = f"{release.name} {release.version} needs {names}; whether the template has it is not known"
    read = evidence.detail == _READ
    others = read and bool(release.requires_dist) and not allowed() & set(lacking.names)  # a wheel that it requires
    fatal = lacking.known and not lacking.some and not others
    yield Objection(SYSTEM_CHECK, reason, evidence, fatal=fatal, unknown=not lacking.known, whole=True, remedy=remedy)


@dataclass(frozen=True, slots=True)
class System:
    """What is known of a template's libraries: those that are there, and whether all others are absent."""

    present: frozenset[str]
    packages: frozenset[str]
    whole: bool

    @classmethod
    def of(cls, template: Template) -> System:
        """Return what template says of its system."""
        facts = template.facts.system
        if facts is None:
            return cls(frozenset(), frozenset(), False)
        libraries = facts.libraries.value if facts.libraries else ()
        packages = {
            *(facts.packages.value if facts.packages else ()),
            *(facts.installs.value if facts.installs else ()),
        }
        return cls(frozenset(libraries), frozenset(packages), facts.libraries is not None or facts.packages is not None)

    def has(self, library: str) -> bool:
        """Tell whether a library is known to be there."""
        if library in self.present or library in everywhere():
            return True
        return any(_same_package(each, self.packages) for each in debian_packages(library))


def _same_package(package: DebianPackage, names: frozenset[str]) -> bool:
    """Tell whether a package is among names, under its own or the one of Debian's change to 64-bit time (`t64`)."""
    return package.name in names or f"{package.name}t64" in names or package.name.removesuffix("t64") in names


@dataclass(frozen=True, slots=True)
class Lacking:
    """Libraries that may be absent; known tells that they are, some that not all modules need them.

    versions tells that other versions of them would do as well: the release has a file for each.
    """

    names: tuple[str, ...] = ()
    known: bool = False
    some: bool = False
    versions: bool = False


def _lacking(
    release: Release, found: Sequence[Part], binaries: WheelBinaries | None, system: System
) -> tuple[Lacking, Evidence]:
    """Return the libraries that a release lacks, by its files or else by what the catalogue knows of it."""
    if binaries is not None and found:
        each = [_absent(part, binaries, system) for part in found]
        without = [(part, names) for part, names in zip(found, each, strict=True) if names]
        if without:
            evidence = Evidence(EvidenceKind.BINARY, f"{release.name} {release.version}: {without[0][0].name}", _READ)
            shipped = [(part, names) for part, names in without if len(part.alternatives) > 1]  # for what a system has
            names = tuple(dict.fromkeys(name for _, names in shipped or without for name in names))
            return Lacking(names, system.whole, not shipped and len(without) < len(found), bool(shipped)), evidence
    need = system_need(release.name)
    if need is not None:
        names = tuple(name for name in need.libraries if not system.has(name))
        return Lacking(names, system.whole, need.some), need.evidence
    return Lacking(), Evidence(EvidenceKind.ASSUMED, "")


def _absent(part: Part, binaries: WheelBinaries, system: System) -> tuple[str, ...]:
    """Return the libraries of the system that one alternative lacks, in order of need; none where another lacks none.

    Of several the last one whose libraries all have a package is told: what can be installed.
    """
    lists = [tuple(unbrought(files, binaries, system)) for files in part.alternatives]
    return min(reversed(lists), key=lambda names: (bool(names), not all(map(debian_packages, names))), default=())


def unbrought(files: Sequence[LibraryFacts], binaries: WheelBinaries, system: System) -> Iterator[str]:
    """Yield the libraries of the system that files need and that neither their wheel nor the system has, each once."""
    own = binaries.provided
    for name in dict.fromkeys(name for library in files for name in library.needed):
        if name not in own and is_systems(name) and not system.has(name):
            yield name


def is_systems(library: str) -> bool:
    """Tell whether Debian packages a library: none of CUDA, of ROCm, of Python or of another wheel.

    One without a version in its name (`libtorch.so`) is loaded by another wheel: the system's have one.
    """
    if bare_name(library) in of_another_gpu():
        return False
    versioned = re.search(r"\.so\.[0-9]", library) is not None
    return versioned and not library.startswith("libpython") and not bringers(library) and is_packaged(library)


def install_line(libraries: Iterable[str], template: Template) -> str:
    """Return the command that brings libraries to a template's system, and of which Debian its names are.

    Empty where no package of Debian brings any of them in the versions that are asked for.
    """
    facts = template.facts.system
    os = facts.os.value if facts is not None and facts.os is not None else ""
    suite = release_of(os)
    names: dict[str, None] = {}
    seen: set[str] = set()
    for library in libraries:
        packages = debian_packages(library)
        fitting = [each for each in packages if suite in each.suites] or list(packages)
        if fitting:
            names[fitting[0].name] = None
            seen |= set(fitting[0].suites)
    if not names:
        return ""
    where = f" (names of Debian {listed(sorted(seen))})" if suite not in seen else ""
    return f"apt-get install -y {' '.join(names)}{where}"
