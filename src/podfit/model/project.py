"""A project as it was read: imports, calls, declarations and the local environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from podfit.model.distribution import Distribution
from podfit.model.errors import Where
from podfit.model.evidence import Evidence
from podfit.model.member import MemberBuild
from podfit.model.question import OpenQuestion


class Grade(str, Enum):
    """How sure it is that a run of the project comes to an import, surest first."""

    MODULE = "at module level"
    CONFIG = "in a configuration that a framework imports"
    NOTEBOOK = "in a notebook"
    RAISING = "guarded, and without it the code raises"
    BRANCH = "under a condition"
    FUNCTION = "in a function"
    EXAMPLE = "in an example"
    TEST = "in a test"
    GUARDED = "guarded"


@dataclass(frozen=True, slots=True)
class ImportSite:
    """One import statement. module is the dotted name as written; path is relative to the project's root.

    optional tells that the code survives without it (`try/except ImportError`, `if TYPE_CHECKING`, or a test
    of availability); reason says which. line counts from 1; cell counts notebook cells from 1, 0 for a `.py`.
    names are the names that `from module import ...` takes. grade tells where the statement stands. behind says why
    nothing that the project runs by itself comes to its file, empty where it does.
    """

    module: str
    path: str
    line: int
    optional: bool = False
    reason: str = ""
    cell: int = 0
    names: tuple[str, ...] = ()
    grade: Grade = Grade.MODULE
    behind: str = ""

    @property
    def top_level(self) -> str:
        """The first component of module."""
        return self.module.partition(".")[0]

    @property
    def certain(self) -> bool:
        """Whether it runs whenever its own module is imported, and nothing catches its failure."""
        return not self.optional and self.grade is Grade.MODULE

    def __str__(self) -> str:
        """Return `path:line`, with the cell for a notebook."""
        return f"{self.path}[{self.cell}]:{self.line}" if self.cell else f"{self.path}:{self.line}"


@dataclass(frozen=True, slots=True)
class Call:
    """A call that may need a distribution nobody imports (`pd.read_parquet(...)`).

    target is the dotted name with the file's aliases resolved (`pandas.read_parquet`), or `.method` for a method of
    some object; receiver is then the top-level module that made the object, empty when the file does not show it.
    arguments are the literal strings among the positional arguments, keywords the literal strings and booleans
    (`True`, `False` as text) by name. path, line and cell are those of `ImportSite`.
    """

    target: str
    path: str
    line: int
    receiver: str = ""
    arguments: tuple[str, ...] = ()
    keywords: tuple[tuple[str, str], ...] = ()
    cell: int = 0

    def __str__(self) -> str:
        """Return `path:line`, with the cell for a notebook."""
        return f"{self.path}[{self.cell}]:{self.line}" if self.cell else f"{self.path}:{self.line}"


@dataclass(frozen=True, slots=True)
class NameUse:
    """A name of a module that code uses and that some releases lack, dotted as it was imported (`numpy.float`).

    path, line and cell are those of `ImportSite`. certain tells that it is used whenever its own module is imported.
    """

    name: str
    path: str
    line: int
    cell: int = 0
    certain: bool = False

    def __str__(self) -> str:
        """Return `path:line`, with the cell for a notebook."""
        return f"{self.path}[{self.cell}]:{self.line}" if self.cell else f"{self.path}:{self.line}"


@dataclass(frozen=True, slots=True)
class VersionCheck:
    """Code that insists on a version of a module (`assert timm.__version__ == "0.3.2"`). specifier is PEP 440 text."""

    module: str
    specifier: str
    where: Where


@dataclass(frozen=True, slots=True)
class Declaration:
    """One declared requirement.

    requirement is a PEP 508 string (extras, specifier, marker, or `name @ url`). group is empty for what is always
    needed, else `extra:NAME` or `group:NAME` (PEP 735). hashes are `sha256:...` strings that came with it.
    constraint is True for a line of a `-c` file, which limits but does not ask. editable tells of `-e`.
    scope is empty for what the project's own manifests say. Otherwise it is the file or folder that the line speaks
    for (`demo.ipynb`, `eval`, `Dockerfile`): it gives a range to what that code imports, gives way to the manifests,
    and asks for a distribution of its own only where asks says so. instead is True for a line of a file that another
    one of the project excludes, its group: it tells nothing where that is not selected. alone is True where it is
    installed without what it requires (`--no-deps`).
    """

    requirement: str
    where: Where
    group: str = ""
    hashes: tuple[str, ...] = ()
    constraint: bool = False
    editable: bool = False
    scope: str = ""
    asks: bool = True
    instead: bool = False
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Member:
    """A part of the project that is a distribution of its own: a workspace member, a path dependency, `-e ./x`.

    name is normalized; path is relative to the project's root, absolute where it lies outside. present tells whether
    the directory is there. requirement is the declared text, group what it is declared for (as of a `Declaration`).
    asked is False where a file beside the manifests only mentions it. build is None where the directory is not there.
    """

    name: str
    path: str
    where: Where
    present: bool = True
    requirement: str = ""
    group: str = ""
    asked: bool = True
    editable: bool = False
    build: MemberBuild | None = None


@dataclass(frozen=True, slots=True)
class LocalEnvironment:
    """What the engineer has tested with: distributions by normalized name, and the Python that ran them, if known.

    import_map gives, for a top-level import name, the normalized names of the distributions that provide it.
    """

    distributions: Mapping[str, Distribution]
    evidence: Evidence
    python_version: str = ""
    import_map: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Project:
    """A project directory as read.

    name is the normalized name that the project declares, empty when it declares none: a requirement of that name
    means the project itself, one that is called like its directory does not. directory is the directory's own name.
    own_modules are the top-level modules and packages that the project itself provides. index_urls are the
    extra indexes that its requirement files name; find_links likewise. notices are sentences about what was
    read in an unexpected way (a freeze taken as the local environment, an unreadable notebook). members are the
    project's own distributions besides itself; questions are what only a person can answer about its files.
    missing gives, for the lower-case name of a git submodule that was not checked out, the place that names it.
    checks are the versions that code insists on, uses the names that it uses and that some releases lack.
    """

    root: str
    name: str
    imports: tuple[ImportSite, ...]
    declarations: tuple[Declaration, ...]
    local: LocalEnvironment | None = None
    own_modules: frozenset[str] = frozenset()
    requires_python: str = ""
    index_urls: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    directory: str = ""
    members: tuple[Member, ...] = ()
    questions: tuple[OpenQuestion, ...] = ()
    missing: Mapping[str, str] = field(default_factory=dict)
    checks: tuple[VersionCheck, ...] = ()
    uses: tuple[NameUse, ...] = ()

    @property
    def title(self) -> str:
        """What people see: the declared name, else the directory's, else where it is."""
        return self.name or self.directory or self.root
