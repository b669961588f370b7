"""A plan as a JSON object (schema `podfit.plan/1`, docs/plan-format.md) and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from podfit.model.bound import Bound
from podfit.model.choice import Alternative, PassedOver, Slimmer, Timely
from podfit.model.decision import Change, Decision
from podfit.model.distribution import Release
from podfit.model.errors import InputError, Where
from podfit.model.finding import Finding
from podfit.model.manifest import manifest_from_template, template_from_manifest
from podfit.model.member import PlannedMember
from podfit.model.need import Need
from podfit.model.plan import Artefact, Plan, SourceBuild
from podfit.model.provenance import Provenance
from podfit.model.question import OpenQuestion
from podfit.model.valid import LONGEST_REQUIREMENT, is_address, is_hash, is_name, is_version, readable_data, shown

SCHEMA = "podfit.plan/1"

_LONGEST_FILENAME = 255
"""Bytes of a file's name on the usual file systems."""


class PlanBody(msgspec.Struct):
    """The keys of a plan file beside its template."""

    project: str
    needs: tuple[Need, ...]
    decisions: tuple[Decision, ...]
    artefacts: dict[str, tuple[Artefact, ...]]
    changes: tuple[Change, ...]
    edges: dict[str, tuple[str, ...]]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    created: str
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
    releases: dict[str, Release] = {}
    slimmer: tuple[Slimmer, ...] = ()


def plan_to_dict(plan: Plan) -> dict[str, Any]:
    """Return the JSON object of plan: its template as a manifest, everything else field by field."""
    body = {name: msgspec.to_builtins(getattr(plan, name)) for name in PlanBody.__struct_fields__}
    return {"schema": SCHEMA, **body, "template": manifest_from_template(plan.template)}


def plan_from_dict(data: Mapping[str, Any], *, where: str) -> Plan:
    """Return the plan of a JSON object; where names its origin.

    Raises InputError when the shape is another one, or when a name, a version or a hash in it is none.
    """
    schema = data.get("schema") if isinstance(data, Mapping) else None
    if schema != SCHEMA:
        raise InputError(
            f"not a plan: its schema is {schema!r}, not {SCHEMA!r}",
            where=Where(where),
            remedy="write one with `podfit fit PROJECT --template NAME`",
        )
    try:
        data = readable_data(data)
        template = template_from_manifest(data.get("template", {}), where=where)
        body = msgspec.convert(data, PlanBody)
        _check(body)
    except ValueError as error:
        raise InputError(
            f"the plan has the wrong shape: {error}", where=Where(where), remedy="run `podfit fit` again"
        ) from None
    return Plan(template=template, **{name: getattr(body, name) for name in PlanBody.__struct_fields__})


def _check(body: PlanBody) -> None:
    """Raise ValueError for a name, a version or a hash that is none: files and commands are made of them."""
    named = (*body.artefacts, *body.edges, *(name for targets in body.edges.values() for name in targets))
    for name in (*named, *(need.name for need in body.needs), *(change.name for change in body.changes)):
        if not is_name(name):
            raise ValueError(f"{shown(name)} is not the name of a distribution")
    for decision in body.decisions:
        if not is_name(decision.name):
            raise ValueError(f"{shown(decision.name)} is not the name of a distribution")
        for version in (decision.local, decision.template, decision.planned):
            if version and not is_version(version) and not ("/" in version and is_address(version)):
                raise ValueError(f"{shown(version)} is not an exact version of {decision.name}")
    for build in body.builds:
        if not is_name(build.name) or not is_version(build.version) or not all(map(_is_limit, build.limits)):
            raise ValueError(f"{shown(build.name)} {shown(build.version)} is not a build from source")
    commits = {name for name, files in body.artefacts.items() if any(file.kind == "commit" for file in files)}
    for name, release in body.releases.items():
        versioned = is_version(release.version) or (not release.version and name in commits)  # known once it is built
        if not is_name(name) or name != release.name or not versioned:
            raise ValueError(f"{shown(name)} {shown(release.version)} is no release")
        for line in release.requires_dist or ():
            if len(line) > LONGEST_REQUIREMENT:
                raise ValueError(f"a requirement of {name} is {len(line)} characters long: {shown(line)}")
    for member in body.members:
        if not is_name(member.name):
            raise ValueError(f"{shown(member.name)} is not the name of a distribution")
        if not member.path or not is_address(member.path):
            raise ValueError(f"{shown(member.path)} is not the directory of {member.name}")
        for text in member.fetched:
            if not is_address(text) or not is_name(text[:1]):
                raise ValueError(f"{shown(text)} is no requirement of {member.name}")
    for name, files in body.artefacts.items():
        for file in files:
            if "/" in file.filename or not is_address(file.filename) or len(file.filename) > _LONGEST_FILENAME:
                raise ValueError(f"{shown(file.filename)} is not the name of a file of {name}")
            if not is_address(file.url):
                raise ValueError(f"{shown(file.url)} is not the address of a file of {name}")
            for text in file.hashes:
                if not is_hash(text):
                    raise ValueError(f"{shown(text)} is not a hash of {file.filename}")


def _is_limit(line: str) -> bool:
    """Tell whether a line is a requirement (PEP 508) without an address: a file is made of it."""
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        return not Requirement(line).url and "\n" not in line
    except InvalidRequirement:
        return False
