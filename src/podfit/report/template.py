"""What is said of a template itself."""

from __future__ import annotations

from podfit.model import Origin, Template
from podfit.model.words import shortened
from podfit.report.held import leading

_MOST_DIFFERENCES = 4


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
            f"{_sentence(template)} Probe the machine (podfit probe) to be sure."
        )
    how = {
        Origin.PROBED: "probed",
        Origin.PUBLISHED: "published",
        Origin.IMAGE: "read from the image",
        Origin.GIVEN: "given",
    }[template.origin]
    said = f" {_sentence(template)}" if template.origin is Origin.PUBLISHED else ""
    return f"The list of distributions of {template.name} was {how}{when}{source}.{said}"


def _sentence(template: Template) -> str:
    """Return how far the list was checked, as a sentence."""
    words = checked(template)
    return words[:1].upper() + words[1:] + "."


def checked(template: Template) -> str:
    """Return how far a published or reconstructed list agrees with what was seen on machines, or that nobody looked.

    Lines that differ are named, a few. Empty for what was read from the machine or the image itself.
    """
    if template.origin not in (Origin.PUBLISHED, Origin.RECONSTRUCTED):
        return ""
    if not template.agreement:
        return "nobody compared this list with a machine"
    said = []
    for each in template.agreement:
        differs = f": not {shortened(each.differs, _MOST_DIFFERENCES)}" if each.differs else ""
        said.append(f"{each}{differs} [{each.evidence}]")
    return "; ".join(said)


def origin_in_short(template: Template) -> str:
    """Return the same in half a line: how the list came to be, as of when, and how well it is known."""
    when = f" as of {template.captured}" if template.captured else ""
    warning = ", not read from the image" if template.origin is Origin.RECONSTRUCTED else ""
    how = "read from the image" if template.origin is Origin.IMAGE else template.origin.value
    seen = f", {template.agreement[0]}" if template.agreement else ""
    return f"the template's list is {how}{when}{warning}{seen} [{template.evidence.kind.value}]"
