"""PF122: whether the template's list is known to lack what is there."""

from __future__ import annotations

from podfit.audit.interface import Audited, Subject
from podfit.model import Finding, Verdict


def whole_list(subject: Subject) -> Audited:
    """Say that the list of a template is incomplete; nothing of one that is not, or where nothing is installed."""
    template = subject.template
    if not template.incomplete or not subject.added:
        return Audited()
    known = len(template.distributions)
    text = (
        f"the list of {template.name} is incomplete ({known} distribution{'s' * (known != 1)} known): "
        "what is installed may be there in another version, which others there need"
    )
    image = f"read the image itself (-t docker://{template.image}), or " if template.image else ""
    remedy = f"{image}podfit probe on the machine, and plan for that"
    return Audited((Finding("list", "list", Verdict.WARNING, text, template.evidence, remedy),))
