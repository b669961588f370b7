"""What `podfit image` answers: what an image's configuration says, before any layer is fetched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from podfit.model import Finding
from podfit.report.answer import Answer, Judged
from podfit.report.findings import holds, judged_line
from podfit.report.model import Column, Report, Section, Table, items, section, text
from podfit.report.words import plural

SCHEMA = "podfit.image/1"


class Described(msgspec.Struct, frozen=True):
    """An image by its configuration.

    image is its name with the digest, where it has one; created a date and time, empty where it says none. platform is
    `linux x86_64`. layers is how many there are, bytes what they take to fetch, None where that is not known. variables
    are those that steer pip, uv and CUDA, credentials masked.
    """

    image: str
    created: str
    platform: str
    layers: int
    bytes: int | None
    variables: Mapping[str, str]


def image_answer(image: Described, findings: Sequence[Finding]) -> Answer:
    """Return the answer about an image, and what a driver means for it."""
    return Answer(
        "podfit image",
        lambda details: Report((), tuple(_sections(image, findings, details=details))),
        lambda: Report(text("An image"), tuple(_sections(image, findings, details=True))),
        lambda: {
            "schema": SCHEMA,
            **msgspec.to_builtins(image),
            "starts": holds(findings) if findings else None,
            "findings": [{**msgspec.to_builtins(each), "code": each.code} for each in findings],
        },
        lambda: tuple(Judged(image.image, each) for each in findings),
    )


def _sections(image: Described, findings: Sequence[Finding], *, details: bool) -> Iterator[Section]:
    """Yield what it is, its variables and the findings; details adds the evidence."""
    size = "" if image.bytes is None else f", {image.bytes / 1e6:,.1f} MB to fetch"
    facts = [
        ("image", image.image),
        ("created", image.created),
        ("platform", image.platform),
        ("layers", f"{plural(image.layers, 'layer')}{size}"),
    ]
    yield from section("", _table(facts))
    yield from section("Variables that steer pip, uv and CUDA", _table(sorted(image.variables.items())))
    yield from section("On that driver", *items(*(judged_line(each, details=details) for each in findings)))


def _table(facts: Sequence[tuple[str, str]]) -> Table:
    """Return names and values as a table; what is empty is left out."""
    return Table((Column(lead=True), Column()), tuple((text(name), text(value)) for name, value in facts if value))
