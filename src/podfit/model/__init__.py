"""Frozen data that every room shares: no input or output happens here."""

from podfit.model.bound import Bound
from podfit.model.check import Check
from podfit.model.choice import Alternative, OtherVersion, PassedOver, Timely
from podfit.model.decision import Action, Change, Decision
from podfit.model.distribution import Distribution, Release, canonical
from podfit.model.errors import InputError, NoPlanError, PodfitError, Where
from podfit.model.evidence import Evidence, EvidenceKind
from podfit.model.facts import Cuda, Disk, Driver, Fact, Facts, Gpu, PipSettings, Probe, Torch
from podfit.model.finding import Finding, Verdict
from podfit.model.member import Content, MemberBuild, PlannedMember
from podfit.model.need import Need
from podfit.model.overlay import BrokenRequirement, LockedPackage, Overlay, RefusedNeed
from podfit.model.plan import Artefact, Plan, SourceBuild
from podfit.model.project import (
    Call,
    Declaration,
    Grade,
    ImportSite,
    LocalEnvironment,
    Member,
    NameUse,
    Project,
    VersionCheck,
)
from podfit.model.provenance import Provenance
from podfit.model.question import OpenQuestion
from podfit.model.report import Reporter, SilentReporter
from podfit.model.target import TargetPlatform
from podfit.model.template import Interpreter, Origin, Platform, Template

__all__ = [
    "Action",
    "Alternative",
    "Artefact",
    "Bound",
    "BrokenRequirement",
    "Call",
    "Change",
    "Check",
    "Content",
    "Cuda",
    "Decision",
    "Declaration",
    "Disk",
    "Distribution",
    "Driver",
    "Evidence",
    "EvidenceKind",
    "Fact",
    "Facts",
    "Finding",
    "Gpu",
    "Grade",
    "ImportSite",
    "InputError",
    "Interpreter",
    "LocalEnvironment",
    "LockedPackage",
    "Member",
    "MemberBuild",
    "NameUse",
    "Need",
    "NoPlanError",
    "OpenQuestion",
    "Origin",
    "OtherVersion",
    "Overlay",
    "PassedOver",
    "PipSettings",
    "Plan",
    "PlannedMember",
    "Platform",
    "PodfitError",
    "Probe",
    "Project",
    "Provenance",
    "RefusedNeed",
    "Release",
    "Reporter",
    "SilentReporter",
    "SourceBuild",
    "TargetPlatform",
    "Template",
    "Timely",
    "Torch",
    "Verdict",
    "VersionCheck",
    "Where",
    "canonical",
]
