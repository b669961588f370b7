"""A template: the environment that podfit must not break."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from types import MappingProxyType

from podfit.model.agreement import Agreement
from podfit.model.cuda import cuda_version
from podfit.model.distribution import Distribution
from podfit.model.evidence import Evidence
from podfit.model.facts import Fact, Facts
from podfit.model.target import TargetPlatform


class Origin(str, Enum):
    """How a template's list of distributions came to be."""

    PROBED = "probed"
    """Read from the running environment."""
    PUBLISHED = "published"
    """A freeze that the vendor publishes for this image."""
    RECONSTRUCTED = "reconstructed"
    """Resolved again from the image's Dockerfile, with the index as it stood on the build date."""
    IMAGE = "image"
    """Read from the files of the image, which was not run."""
    GIVEN = "given"
    """A file that the user handed over (freeze, pip inspect report)."""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """The template's Python. version has three numbers (`3.10.12`); implementation is `cpython` or `pypy`.

    free_threaded tells that it was built to run without the GIL (PEP 703).
    """

    version: str
    implementation: str = "cpython"
    executable: str = ""
    prefix: str = ""
    externally_managed: bool = False
    free_threaded: bool = False

    def __post_init__(self) -> None:
        """Reject a version that no marker and no tag could be made of."""
        if not re.fullmatch(r"\d{1,3}\.\d{1,3}(\.\d{1,3})?((a|b|rc)\d{1,3})?\+?", self.version, re.ASCII):
            raise ValueError(f"{self.version[:40]!a} is no Python version such as 3.10.12")

    @property
    def series(self) -> str:
        """The feature version, such as `3.10`."""
        return ".".join(self.version.split(".")[:2])


@dataclass(frozen=True, slots=True)
class Platform:
    """Where the template runs. glibc is `2.35`, glibcxx the highest GLIBCXX symbol version, such as `3.4.30`.

    libc is `musl` where the C library is that one, else empty. tags are the wheel tags it accepts, best first; empty
    when they follow from the rest.
    """

    machine: str = "x86_64"
    system: str = "linux"
    glibc: str = "2.35"
    glibcxx: str = ""
    tags: tuple[str, ...] = ()
    libc: str = ""

    def __post_init__(self) -> None:
        """Reject what podfit cannot plan for."""
        if self.system != "linux":
            raise ValueError(f"templates run Linux, not {self.system[:40]!r}")
        for name, version in (("glibc", self.glibc), ("glibcxx", self.glibcxx)):
            if version and not re.fullmatch(r"\d{1,3}(\.\d{1,3}){1,3}", version, re.ASCII):
                raise ValueError(f"{version[:40]!a} is no version of {name}")
        if not re.fullmatch(r"[A-Za-z0-9_]{1,40}", self.machine, re.ASCII):
            raise ValueError(f"{self.machine[:40]!a} is no machine such as x86_64")


@dataclass(frozen=True)
class Template:
    """Everything known about one template.

    distributions is keyed by normalized name. environment holds the variables that steer pip (PIP_*) and CUDA.
    facts is what else is known (torch's build, CUDA, GPUs, driver, disks, ...), each value with its evidence.
    captured is the ISO date of the list.
    notes are sentences that every output about this template repeats. family is the name that it shares with its
    kin, aliases the further names that it answers to. pushed are the ISO dates on which its tag was pushed, as far as
    known. agreement are comparisons with what was seen on machines; empty where nobody compared. incomplete tells that
    the list is known to lack distributions that are there; withdrawn that nobody can start it any more.
    """

    name: str
    interpreter: Interpreter
    platform: Platform
    distributions: Mapping[str, Distribution]
    origin: Origin
    evidence: Evidence
    title: str = ""
    image: str = ""
    captured: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    facts: Facts = field(default_factory=Facts)
    notes: tuple[str, ...] = ()
    family: str = ""
    aliases: tuple[str, ...] = ()
    pushed: tuple[str, ...] = ()
    agreement: tuple[Agreement, ...] = ()
    incomplete: bool = False
    withdrawn: bool = False

    @cached_property
    def marker_environment(self) -> Mapping[str, str]:
        """The PEP 508 marker environment of the template, never of this machine."""
        implementation = self.interpreter.implementation
        return MappingProxyType(
            {
                "implementation_name": implementation,
                "implementation_version": self.interpreter.version,
                "os_name": "posix",
                "platform_machine": self.platform.machine,
                "platform_python_implementation": "CPython" if implementation == "cpython" else "PyPy",
                "platform_release": "",
                "platform_system": "Linux",
                "platform_version": "",
                "python_full_version": self.interpreter.version,
                "python_version": self.interpreter.series,
                "sys_platform": "linux",
            }
        )

    @property
    def how_to_list(self) -> str:
        """What to do, in words, to know all distributions of a template whose list is incomplete."""
        image = f"read the image itself (-t docker://{self.image}), or " if self.image else ""
        return f"{image}podfit probe on the machine, and plan for that"

    @cached_property
    def target(self) -> TargetPlatform:
        """The platform that plans for this template are for."""
        return TargetPlatform.of(self)

    @cached_property
    def cuda(self) -> Fact[str] | None:
        """The CUDA that the template is built for, as `major.minor`, with its evidence; None when nothing tells."""
        return cuda_version(self)
