"""PF122: whether the template's list is known to lack what is there."""

from __future__ import annotations

from podfit.audit.interface import Audited, Subject
from podfit.catalogue.held import held_rule
from podfit.model import Finding, Verdict
from podfit.model.words import shortened


def whole_list(subject: Subject) -> Audited:
    """Say that the list of a template is incomplete; nothing of one that is not, or where nothing is installed.

    What goes with torch is told by name: the image may have its own, for the torch that it has.
    """
    template = subject.template
    if not template.incomplete or not subject.added:
        return Audited()
    known = len(template.distributions)
    text = (
        f"the list of {template.name} is incomplete ({known} distribution{'s' * (known != 1)} known): "
        "what is installed may be there in another version, which others there need"
    )
    remedy = template.how_to_list
    found = [Finding("list", "list", Verdict.WARNING, text, template.evidence, remedy)]
    family = [f"{name} {release.version}" for name, release in sorted(subject.added.items()) if _of_torch(name)]
    if family and "torch" in template.distributions:
        text = (
            f"{shortened(family, 3)} may be what the template's torch brought in another version, which nobody read: "
            "planned here, it would come before that"
        )
        remedy = f"leave it out where the image has it; {remedy}"
        found.append(Finding("list", "torch", Verdict.UNKNOWN, text, template.evidence, remedy))
    return Audited(tuple(found))


def _of_torch(name: str) -> bool:
    """Tell whether torch's own requirements bring a distribution, or may: triton, CUDA's libraries."""
    rule = held_rule(name)
    return rule is not None and "torch" in (rule.brought, rule.perhaps)
