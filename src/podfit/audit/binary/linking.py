"""Whether a compiled file finds what it links to: torch's symbols, and CUDA's libraries under the names it asks for."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from importlib import resources

from packaging.version import InvalidVersion, Version

from podfit.audit.binary.facts import LibraryFacts
from podfit.audit.binary.torch_symbols import TorchSymbols, is_known, is_shim, torch_symbols
from podfit.model.versions import parsed
from podfit.model.words import shortened


class Link(str, Enum):
    """What is known of a file beside a version of torch."""

    NONE = "none"
    """It uses nothing of torch."""
    OK = "ok"
    """It uses the stable C interface alone, or was built for this very minor version; nothing is missing."""
    UNPROVEN = "unproven"
    """Nothing is missing, yet C++ of another version may behave otherwise."""
    UNREAD = "unread"
    """Nobody knows that version's symbols."""
    MISSING = "missing"
    """A symbol is missing: such a file was never loaded."""


@dataclass(frozen=True, slots=True)
class TorchLink:
    """A file beside a version of torch: what is known, a sentence, and the first names that are missing."""

    link: Link
    sentence: str = ""
    missing: tuple[str, ...] = ()


def torch_link(
    library: LibraryFacts, torch: str, *, built_for: str = "", symbols: TorchSymbols | None = None
) -> TorchLink:
    """Return what is known of a file beside a version of torch (PEP 440, local part included).

    built_for is the torch that its wheel names in its requirements or local version, empty when it names none.
    """
    names = [name for name in library.torch if is_known(name)]
    if not library.torch:
        return TorchLink(Link.NONE)
    symbols = symbols or torch_symbols()
    release = symbols.release(torch)
    if not release:
        return _unread(names, library, torch, symbols)
    missing = symbols.missing(names, release)
    if missing:
        least = symbols.least(names)
        hint = f"; torch {least} is the first with all that it asks" if least else ""
        return TorchLink(Link.MISSING, f"torch {release} has no symbol {shortened(missing, 1)}{hint}", missing)
    if all(is_shim(name) for name in library.torch):
        return TorchLink(Link.OK, "it uses torch's stable C interface alone")
    if built_for and _minor(built_for) == _minor(release):
        return TorchLink(Link.OK, f"it was built for torch {built_for}")
    return TorchLink(Link.UNPROVEN, f"torch {release} has every symbol that it asks for; it may be built for another")


def _unread(names: Collection[str], library: LibraryFacts, torch: str, symbols: TorchSymbols) -> TorchLink:
    """Return what the releases before and after a version of torch tell of it, whose own symbols nobody has read."""
    before, after = symbols.around(torch)
    older = symbols.missing(names, before) if before else ()
    if before and not older and all(is_shim(name) for name in library.torch):
        return TorchLink(Link.OK, "it uses torch's stable C interface alone")
    never = tuple(sorted({*older} & {*symbols.missing(names, after)})) if before and after else ()
    if never:
        said = f"torch {before} and torch {after}, between which {torch} stands, have no symbol {shortened(never, 1)}"
        return TorchLink(Link.MISSING, said, never)
    return TorchLink(Link.UNREAD, f"nobody has read which symbols torch {torch} provides")


def built_for(version: str, requires: Collection[str]) -> str:
    """Return the torch that a release was built for: by its local version, else by an exact pin; empty where none says.

    Labels are those in use: `+cu123torch2.3cxx11abiFALSE` (flash-attn), `+pt27cu128`, `+torch2.8`.
    """
    label = version.partition("+")[2]
    found = re.search(r"torch([0-9]+\.[0-9]+(?:\.[0-9]+)?)", label)
    if found:
        return found[1]
    short = re.search(r"(?:^|[^a-z])pt([0-9])([0-9]{1,2})(?![0-9])", label)
    if short:
        return f"{short[1]}.{short[2]}"
    for line in requires:
        pin = re.match(r"torch\s*\(?\s*={2,3}\s*([0-9][0-9a-z.+]*)\)?\s*(?:;(?!.*extra).*)?$", line)
        if pin:
            return pin[1].rstrip(".")
    return ""


def _minor(version: str) -> tuple[int, ...]:
    """Return the first two numbers of a version; empty for a text that is none."""
    try:
        return Version(version).release[:2]
    except InvalidVersion:
        return ()


@lru_cache(maxsize=1)
def cuda_sonames() -> Mapping[str, tuple[tuple[str, tuple[str, ...]], ...]]:
    """Return which libraries NVIDIA's distributions bring: by name, (first version, names of libraries) in order."""
    text = resources.files("podfit.catalogue").joinpath("sonames.json").read_text(encoding="utf-8")
    found = json.loads(text)["distributions"]
    return {name: tuple((version, tuple(names)) for version, names in lines) for name, lines in found.items()}


def provided_by(name: str, version: str) -> tuple[str, ...]:
    """Return the libraries that a version of one of NVIDIA's distributions brings; empty for any other distribution."""
    lines = cuda_sonames().get(name)
    there = parsed(version) if lines else None
    if not lines or there is None:
        return ()
    found = lines[0][1]
    for first, names in lines:
        if Version(first) <= there:
            found = names
    return found


@lru_cache(maxsize=512)
def bringers(soname: str) -> tuple[str, ...]:
    """Return the distributions of which some version brings a library, sorted; empty for one that is not CUDA's."""
    return tuple(sorted(name for name, lines in cuda_sonames().items() if any(soname in names for _, names in lines)))


def absent_cuda_libraries(library: LibraryFacts, present: Collection[str]) -> tuple[str, ...]:
    """Return the CUDA libraries that a file needs and that are not among present, sorted."""
    return tuple(sorted(name for name in library.needed if name not in present and bringers(name)))
