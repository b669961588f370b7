"""The project's own distributions besides itself, as their files describe them and as a plan carries them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from podfit.model.evidence import Evidence


class Content(str, Enum):
    """What building a member makes, as far as its files tell without being run."""

    PURE = "pure"
    """Python alone."""
    COMPILED = "compiled"
    """Extension modules: a compiler has to be there."""
    UNKNOWN = "unknown"
    """It computes that while it is built."""
    NOTHING = "nothing"
    """Nothing: there is neither pyproject.toml nor setup.py, or they cannot be read."""


@dataclass(frozen=True, slots=True)
class MemberBuild:
    """How a member is built, read from its files: nothing of it is run.

    backend is the module of PEP 517, requires what `[build-system]` asks for (PEP 518; setuptools where there is no
    such table); imports are distributions that its setup.py imports. languages are those of the sources that it may
    compile (`C`, `C++`, `CUDA`, `Cython`, `Rust`, `Fortran`). evidence says where content was read.
    """

    content: Content
    evidence: Evidence
    backend: str = ""
    requires: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    requires_python: str = ""


@dataclass(frozen=True, slots=True)
class PlannedMember:
    """A member that has to be on the pod: `podfit apply` carries its directory there and builds it.

    name is normalized; path is relative to the project's directory, absolute where it lies far outside. requires is
    what its build asks for, fetched those of them that the finished environment lacks: they are fetched for the build
    alone. tools are programs that the build calls for (`a C++ compiler`, `nvcc`); against are distributions whose
    binaries it is built against (torch, numpy).
    """

    name: str
    path: str
    content: Content
    evidence: Evidence
    editable: bool = False
    backend: str = ""
    requires: tuple[str, ...] = ()
    fetched: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
