"""What is said of a template itself."""

from __future__ import annotations

from podfit.model import Origin, Template
from podfit.report.held import leading


def title(template: Template) -> str:
    """Return `name (Python 3.11, lead 2.4.0+cu124)`, the way files introduce a template. lead is held."""
    lead = leading(template)
    parts = [f"Python {template.interpreter.series}"]
    parts += [f"{lead} {template.distributions[lead].version}"] if lead else []
    return f"{template.name} ({', '.join(parts)})"


def provenance(template: Template) -> str:
    """Return the sentence about how the template's list of distributions came to be."""
    when = f" {'of' if template.origin is Origin.IMAGE else 'on'} {template.captured}" if template.captured else ""
    source = f"; evidence: {template.evidence}"
    if template.origin is Origin.RECONSTRUCTED:
        when = f" as of {template.captured}" if template.captured else ""
        return (
            f"The list of distributions of {template.name} is reconstructed{when}, not read from the image{source}. "
            "Probe the machine (podfit probe) to be sure."
        )
    how = {
        Origin.PROBED: "probed",
        Origin.PUBLISHED: "published",
        Origin.IMAGE: "read from the image",
        Origin.GIVEN: "given",
    }[template.origin]
    return f"The list of distributions of {template.name} was {how}{when}{source}."


def origin_in_short(template: Template) -> str:
    """Return the same in half a line: how the list came to be, as of when, and how well it is known."""
    when = f" as of {template.captured}" if template.captured else ""
    warning = ", not read from the image" if template.origin is Origin.RECONSTRUCTED else ""
    how = "read from the image" if template.origin is Origin.IMAGE else template.origin.value
    return f"the template's list is {how}{when}{warning} [{template.evidence.kind.value}]"
