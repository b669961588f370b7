"""The platform that a plan is for: what the resolver is told of it, and which files fit it, come from here alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from podfit.model.tags import OLDEST_GLIBC, wheel_tags

if TYPE_CHECKING:
    from podfit.model.template import Template

MACHINES = ("x86_64", "aarch64")
"""The machines that the resolver knows each glibc of; NVIDIA's CUDA is for these two."""

_MANYLINUX = re.compile(r"-manylinux_2_(\d{1,3})_")
_MUSLLINUX = re.compile(r"-musllinux_\d+_\d+_")
_OWN_ABI = re.compile(r"^cp\d+-(cp\d+[a-z]*)-")


@dataclass(frozen=True, slots=True)
class TargetPlatform:
    """An interpreter on a machine with a C library.

    python is the exact version (`3.11.9`), implementation `cpython` or `pypy`. abi is the tag of its own ABI (`cp311`;
    `cp313t` when free-threaded). glibc is `2.35`, empty when it is not known or the C library is another one; musl
    tells that it is that one. accepted are the wheel tags that the interpreter itself named, best first, empty when
    they follow from the rest.
    """

    python: str
    implementation: str
    abi: str
    machine: str
    glibc: str
    musl: bool = False
    accepted: tuple[str, ...] = ()

    @classmethod
    def of(cls, template: Template) -> TargetPlatform:
        """Return the platform of template; what it does not state is read from its wheel tags where it has them."""
        interpreter, platform = template.interpreter, template.platform
        major, minor = interpreter.series.split(".")
        if interpreter.implementation == "cpython":
            own = (_OWN_ABI.match(tag) for tag in platform.tags)
            abi = next((found[1] for found in own if found), f"cp{major}{minor}")
            if interpreter.free_threaded and not abi.endswith("t"):
                abi += "t"
        else:
            abi = f"pypy{major}{minor}_pp73"
        glibc = platform.glibc
        if not glibc:
            minors = [int(found[1]) for tag in platform.tags if (found := _MANYLINUX.search(tag))]
            glibc = f"2.{max(minors)}" if minors else ""
        musl = platform.libc == "musl" or (not glibc and any(map(_MUSLLINUX.search, platform.tags)))
        return cls(interpreter.version, interpreter.implementation, abi, platform.machine, glibc, musl, platform.tags)

    @property
    def series(self) -> str:
        """The feature version of Python, such as `3.10`."""
        return ".".join(self.python.split(".")[:2])

    @property
    def free_threaded(self) -> bool:
        """Whether the interpreter runs without the GIL (PEP 703), so that only wheels made for that fit."""
        return self.abi.startswith("cp") and "t" in self.abi[2:]

    @property
    def glibc_minor(self) -> int | None:
        """The second number of glibc's version, None when it is not known."""
        found = re.match(r"2\.(\d{1,3})", self.glibc)
        return int(found[1]) if found else None

    @property
    def tags(self) -> tuple[str, ...]:
        """The wheel tags that fit, best first (`cp311-cp311-manylinux_2_35_x86_64`).

        Where the C library is not known, no wheel with compiled code for one fits.
        """
        return self.accepted or wheel_tags(self.implementation, self.series, self.abi, self.machine, self.glibc_minor)

    @property
    def ranks(self) -> Mapping[str, int]:
        """The place of each of the tags among them: the lower, the better."""
        return _as_ranks(self.tags)

    @property
    def unsupported(self) -> str:
        """Why no plan can be made for this platform, as the end of a sentence that begins with the template's name.

        Empty when one can. A glibc that is not known is no reason yet: it matters when a file asks for one.
        """
        if self.implementation != "cpython":
            return f"runs {self.implementation}, and the resolver (uv) works out versions for CPython alone"
        if self.free_threaded:
            return (
                f"runs the free-threaded Python {self.series}t, and the resolver (uv) cannot be told to take only "
                f"wheels for {self.abi}"
            )
        if self.musl:
            return "has the C library musl; CUDA's libraries and torch's wheels need glibc"
        if self.machine not in MACHINES:
            return f"runs on {self.machine}, and the resolver (uv) knows the glibc of {' and '.join(MACHINES)} alone"
        if self.glibc_minor is not None and self.glibc_minor < OLDEST_GLIBC:
            return f"has glibc {self.glibc}, older than 2.{OLDEST_GLIBC}, the oldest that the resolver (uv) knows"
        return ""

    def fits(self, tags: frozenset[str]) -> bool:
        """Tell whether one of a wheel's tags is accepted."""
        return not tags.isdisjoint(_as_set(self.tags))

    def would_fit(self, tags: frozenset[str]) -> bool:
        """Tell whether one of a wheel's tags would be accepted on some glibc, were this one's known."""
        return self.fits(tags) or replace(self, glibc="2.99", musl=False, accepted=()).fits(tags)

    def __str__(self) -> str:
        """Return it for people: `Python 3.11, glibc 2.35, x86_64`."""
        libc = "musl" if self.musl else f"glibc {self.glibc or 'unknown'}"
        return f"Python {self.series}{'t' if self.free_threaded else ''}, {libc}, {self.machine}"


@lru_cache(maxsize=64)
def _as_set(tags: tuple[str, ...]) -> frozenset[str]:
    """Return tags as a set, made once."""
    return frozenset(tags)


@lru_cache(maxsize=64)
def _as_ranks(tags: tuple[str, ...]) -> Mapping[str, int]:
    """Return the place of each tag, made once."""
    return MappingProxyType({tag: number for number, tag in enumerate(tags)})
