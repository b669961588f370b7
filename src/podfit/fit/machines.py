"""The machine that a plan is for, where somebody names its GPU or driver: facts of the template like probed ones."""

from __future__ import annotations

import re
from dataclasses import replace

import msgspec

from podfit.catalogue.gpus import capability_of
from podfit.model import Evidence, EvidenceKind, Fact, InputError, Template
from podfit.model.facts import Driver, Gpu

PROBED = "probed"
"""The word for the GPU that the template itself has."""

_DRIVER = re.compile(r"[0-9]{3}(\.[0-9]{1,4}){0,2}")


def on_machine(template: Template, gpu: str, driver: str) -> Template:
    """Return template with the GPU (`RTX 5090`, `sm_120`, `probed`) and the driver (`570`) that are named.

    Empty text changes nothing. Raises InputError for an unknown GPU, a driver that is none, and where a probed one is
    asked for and the template has none.
    """
    facts = template.facts
    if gpu.strip().lower() == PROBED:
        if not facts.gpus:
            remedy = "name the GPU, or probe the template on a machine that has it"
            raise InputError(f"--gpu {PROBED}: {template.name} says of no GPU", remedy=remedy)
    elif gpu:
        known = capability_of(gpu)
        named = Evidence(EvidenceKind.ASSUMED, f"--gpu {gpu}")
        name = Fact(known.name, named) if known.name else None
        facts = msgspec.structs.replace(facts, gpus=(Gpu(name, Fact(known.capability, known.evidence)),))
    if driver_named(driver):
        facts = msgspec.structs.replace(
            facts, driver=Driver(Fact(driver, Evidence(EvidenceKind.ASSUMED, f"--driver {driver}")))
        )
    return template if facts is template.facts else replace(template, facts=facts)


def driver_named(driver: str) -> str:
    """Return the driver that somebody names (`570`), empty where nobody does. Raises InputError for what is none."""
    if driver and not _DRIVER.fullmatch(driver):
        raise InputError(f"--driver {driver!a} is no driver's version", remedy="write one like 570 or 550.54.14")
    return driver
