"""What the two ends say to each other: the shapes of the JSON between podfit and its programs on other machines.

The near ends are `podfit.pod.probe`, `podfit.pod.verify` and `podfit.pod.apply`. A probe's answer is a template
manifest (docs/template-manifest.md). Each answer comes in a frame (`podfit.far.frame`).
"""

from __future__ import annotations

from typing import Any, TypedDict


class Evidence(TypedDict):
    """Where a statement comes from; kind is measured, binary, metadata, published or assumed."""

    kind: str
    source: str
    detail: str


# --- probe


class Distribution(TypedDict, total=False):
    """One installed distribution of a manifest (docs/template-manifest.md)."""

    name: str
    version: str
    requires_dist: list[str] | None
    requires_python: str
    direct_url: str
    editable: bool
    installer: str
    location: str
    uninstallable: bool
    import_names: list[str]
    record_sha256: str


class ProbeNotes(TypedDict):
    """About the probing itself; warnings are sentences about what could not be read."""

    version: str
    seconds: float
    warnings: list[str]


class Manifest(TypedDict, total=False):
    """A probe's answer, schema podfit.template/1; the facts' keys are in docs/template-manifest.md."""

    schema: str
    name: str
    title: str
    origin: str
    captured: str
    evidence: dict[str, str]
    interpreter: dict[str, Any]
    platform: dict[str, Any]
    environment: dict[str, str]
    pip_config: dict[str, str]
    pip_constraints: dict[str, list[str]]
    distributions: list[Distribution]
    system: dict[str, Any]
    cuda: dict[str, Any]
    torch: dict[str, Any]
    gpus: list[dict[str, Any]]
    driver: dict[str, Any]
    disks: list[dict[str, Any]]
    probe: ProbeNotes


# --- verify


class ImportStatement(TypedDict):
    """An import as the project writes it: `from module import names` (none: `import module`), and where it stands."""

    module: str
    names: list[str]
    where: str


class _VerifyNeed(TypedDict):
    """What is said of every need."""

    name: str
    imports: list[str]
    extras: list[str]


class VerifyNeed(_VerifyNeed, total=False):
    """A distribution that the project needs: the modules to import (none: all that it provides) and its extras.

    statements are the project's own imports of it; where they are given they are run, in place of the modules.
    """

    statements: list[ImportStatement]


class VerifyFacts(TypedDict):
    """What the checks know of a plan.

    needs are those that the plan leaves in the environment. versions has the exact version of every distribution
    there; wrong ones are failures in used (what the project needs, directly or not) and held (name to the hash of its
    RECORD in the template, empty when unknown), warnings elsewhere. known lists what the untouched template breaks
    already: [name, version, name of what it asks]. python is the planned version, podfit that of the writer. symptoms
    are rows of the catalogue's table (podfit.far.symptoms), libraries Debian's packages of shared libraries.
    """

    podfit: str
    project: str
    template: str
    python: str
    needs: list[VerifyNeed]
    versions: dict[str, str]
    used: list[str]
    held: dict[str, str]
    known: list[list[str]]
    conflicts: list[str]
    symptoms: list[dict[str, Any]]
    libraries: dict[str, str]


class _VerifyFinding(TypedDict):
    """The keys of podfit.model.Finding, and the seconds that a check took."""

    check: str
    subject: str
    verdict: str
    message: str
    evidence: Evidence
    remedy: str
    seconds: float


class VerifyFinding(_VerifyFinding, total=False):
    """One statement of a check. owners are the distributions whose files a failure ran through, the nearest first."""

    owners: list[str]


class VerifyReport(TypedDict):
    """The answer of verify, schema podfit.verify/1; python has `version`, `executable` and `prefix`."""

    schema: str
    project: str
    template: str
    python: dict[str, str]
    passed: bool
    findings: list[VerifyFinding]
    seconds: float


# --- apply


class OrderedPackage(TypedDict):
    """What is to be installed under one name.

    pylock is its table of PEP 751 for uv, pip its line for pip, both with every file's sha256. find_links is the
    directory of files that no index has, empty for files of an index; bytes is what is fetched. files has the name of
    each file with its sha256.
    """

    version: str
    pylock: str
    pip: str
    find_links: str
    bytes: int
    hashes: list[str]
    files: list[list[str]]


class OrderedMember(TypedDict):
    """One of the project's own distributions, to be built on the machine.

    sha256 is the hash of its directory as a .tar.gz, which is in the order's archives. fetched are requirements (PEP
    508) that are fetched for the build alone. version is what a build that asks Git for it is told (there is no Git
    there), empty for one that does not ask.
    """

    name: str
    sha256: str
    version: str
    fetched: list[str]


class OrderedBuild(TypedDict):
    """One package that is built on the machine without isolation: its build sees what the environment has.

    url is its source distribution's, with its sha256; or a Git repository's, with the commit, and folder is where it
    lies in there. fetched are requirements (PEP 508) beside those that the source states, limits are constraints.
    """

    name: str
    url: str
    sha256: str
    commit: str
    folder: str
    fetched: list[str]
    limits: list[str]


class Order(TypedDict, total=False):
    """A work order. action is `status` (look, change nothing), `apply` or `recover`.

    mode is `overlay` or `in-place`; overlay is a directory, empty for the default place; installer is `auto`, `uv` or
    `pip`, uv its path there, look_for_uv whether to look for one. verify: wait for podfit's word before the end; gate:
    seconds to wait for it before anything is touched, 0: do not. frame is the word that marks events and answer.
    archives has the members' archives, base64 by sha256, and indexes the addresses of indexes with the credentials of
    their hosts, both with the action `apply` alone. wheelhouse are directories there whose files are taken before any
    index is asked; no_index: nothing else is.
    builds are those of packages that are built in sight of the environment; build_constraints limit what the isolated
    environments of all other builds may hold.
    """

    action: str
    frame: str
    plan: str
    plan_sha256: str
    packages: dict[str, OrderedPackage]
    members: list[OrderedMember]
    archives: dict[str, str]
    indexes: list[str]
    wheelhouse: list[str]
    no_index: bool
    builds: list[OrderedBuild]
    build_constraints: list[str]
    held: dict[str, str]
    name: str
    mode: str
    overlay: str
    installer: str
    uv: str
    look_for_uv: bool
    verify: bool
    gate: float
    install_seconds: float
    verify_seconds: float
    break_system_packages: bool


class Status(TypedDict):
    """The answer to `status`; outcome is `status`. busy is the process that works there, empty for none."""

    outcome: str
    settled: bool
    busy: str
    unfinished: bool
    environment: str
    python: str
    uv: str
    machine: str
    home: str


class Applied(TypedDict, total=False):
    """The answer to `apply` that succeeded; outcome is `applied`. seconds tells how long each part took.

    starting names the files of what was installed that every Python there runs when it starts, with their distribution.
    kept is where an overlay lies now that was replaced and not thrown away, empty for none; others are the paths in it
    that are not podfit's making, relative to it.
    """

    outcome: str
    environment: str
    python: str
    installed: list[str]
    replaced: list[str]
    seconds: dict[str, float]
    recovered: bool
    starting: list[str]
    kept: str
    others: list[str]


class Recovered(TypedDict):
    """The answer to `recover`: outcome is `recovered` or `clean`; differs are sentences about what is otherwise now."""

    outcome: str
    environments: list[str]
    differs: list[str]


class Refused(TypedDict, total=False):
    """The answer to any order that was not carried out; outcome is `refused` or `rolled-back`, all is as it was."""

    outcome: str
    message: str
    remedy: str
    trace: str


class Event(TypedDict, total=False):
    """What an agent tells on its way. event is `beat`, `step`, `control`, `ready` or `differs`.

    text is a step's; path is the control file that podfit writes `go`, `commit` or `rollback` into; python is the
    finished environment's interpreter; paths are sentences about what differs from before.
    """

    event: str
    text: str
    path: str
    python: str
    paths: list[str]
