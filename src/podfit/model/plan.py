"""A plan: all decisions for one project on one template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from podfit.model.bound import Bound
from podfit.model.choice import Alternative, PassedOver, Slimmer, Timely
from podfit.model.decision import Action, Change, Decision
from podfit.model.distribution import Release
from podfit.model.evidence import Evidence
from podfit.model.finding import Finding, Verdict
from podfit.model.invariants import contradictions, verdicts
from podfit.model.member import PlannedMember
from podfit.model.need import Need
from podfit.model.provenance import Provenance
from podfit.model.question import OpenQuestion
from podfit.model.template import Template


@dataclass(frozen=True, slots=True)
class Artefact:
    """One file that a plan installs. size is in bytes, 0 when the index does not say.

    hashes are `algorithm:hexdigest`. kind is "wheel", "sdist", or "commit": a commit of a Git repository, whose url
    names it in full (`git+https://example.org/thing.git@0123...`) and which has neither a file's name nor hashes.
    """

    filename: str
    url: str
    hashes: tuple[str, ...]
    kind: str
    size: int = 0
    upload_time: str = ""


@dataclass(frozen=True, slots=True)
class SourceBuild:
    """A release that has no wheel for the template and is built from source on the pod, never while planning.

    requires_dist are its dependencies (PEP 508) as evidence tells them. chance says what can be hoped of the build:
    likely, unlikely or unknown, reason why; with_wheel is the nearest version that has a wheel, empty for none.
    hidden are modules that the build imports and that an isolated environment lacks (it has to be built without
    isolation); limits are PEP 508 lines for what it is built with. evidence is that of the dependencies, grounds what
    chance and limits rest on. requires is what the build asks for by PEP 518.
    """

    name: str
    version: str
    requires_dist: tuple[str, ...]
    chance: str
    reason: str
    with_wheel: str
    artefact: Artefact
    evidence: Evidence
    hidden: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    grounds: tuple[Evidence, ...] = ()
    requires: tuple[str, ...] = ()


@dataclass(frozen=True)  # no slots: what is worked out once is kept
class Plan:
    """Everything podfit decided for one project on one template.

    decisions are sorted by name. needs are the direct needs. artefacts maps the name of each distribution to
    install or change to the files of its planned version that fit the template, best wheel first. changes says
    which template distributions are replaced and why. edges maps each planned or kept distribution to the
    normalized names that it requires on this template. findings hold the consistency check and audits.
    created is the ISO time (UTC) of the solve. local_python is the version of the local environment's Python, empty
    when it is not known. questions are what podfit could not decide; they do not keep the rest from being planned.
    bounds are what audits taught on the way; the plan keeps all of them.
    builds are the releases that are built from source on the template, with what can be hoped of each. members are the
    project's own distributions that have to be on the pod, in the order of their building; directory is then the
    project's, absolute.
    provenance says what it was made with; None in plans of an older podfit. passed_over is what needs could not have,
    alternative the solution with fewer changes to the template and older releases of needs, None where there is none.
    timely are the packages of which too new releases were left out.
    releases are the metadata of what is installed or changed, by name, so that the plan can be judged over another list
    of the template; empty in plans of an older podfit.
    slimmer are smaller builds that could stand in a need's place, or do.
    """

    project: str
    template: Template
    needs: tuple[Need, ...]
    decisions: tuple[Decision, ...]
    artefacts: Mapping[str, tuple[Artefact, ...]] = field(default_factory=dict)
    changes: tuple[Change, ...] = ()
    edges: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    created: str = ""
    local_python: str = ""
    questions: tuple[OpenQuestion, ...] = ()
    bounds: tuple[Bound, ...] = ()
    builds: tuple[SourceBuild, ...] = ()
    provenance: Provenance | None = None
    members: tuple[PlannedMember, ...] = ()
    directory: str = ""
    passed_over: tuple[PassedOver, ...] = ()
    alternative: Alternative | None = None
    timely: tuple[Timely, ...] = ()
    releases: Mapping[str, Release] = field(default_factory=dict)
    slimmer: tuple[Slimmer, ...] = ()

    @property
    def held_versions(self) -> dict[str, str]:
        """The template's versions of the distributions that never change, by name."""
        return {d.name: d.template for d in self.decisions if d.held and d.template}

    def problems(self) -> tuple[str, ...]:
        """Return why the plan cannot be applied, one sentence each; empty when it can.

        No conflict is left and no check failed; decisions, changes, files and the template agree on every version; what
        is held stays; names lead somewhere; and everything to install has a file that fits the template, or is built
        from source, with a hash to check it by.
        """
        return self._problems

    @cached_property
    def _problems(self) -> tuple[str, ...]:
        told = {finding.message for finding in self.findings if finding.verdict is Verdict.FAILED}
        return (*verdicts(self), *(text for text in contradictions(self) if text not in told))

    @property
    def feasible(self) -> bool:
        """Whether the plan can work and be applied: it has no problems."""
        return not self._problems

    @property
    def built_from_source(self) -> tuple[str, ...]:
        """The distributions that come without a wheel: as source distributions or commits."""
        return tuple(
            sorted(name for name, files in self.artefacts.items() if files and all(f.kind != "wheel" for f in files))
        )

    def with_action(self, *actions: Action) -> tuple[Decision, ...]:
        """Return the decisions whose action is one of actions, in the plan's order."""
        return tuple(d for d in self.decisions if d.action in actions)

    @property
    def download_bytes(self) -> int:
        """Bytes that the plan fetches from the index."""
        return sum(d.download_bytes for d in self.with_action(Action.INSTALL, Action.CHANGE))
