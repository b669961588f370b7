"""JSON Schemas of what podfit writes for programs, made of the types of the data: they cannot fall behind.

The classes here say the shape of what `data.py` and `whole.py` put together of plans; all else is the model's own.
A new key may appear within a schema's version, so that objects may hold more than they have to.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from podfit.catalogue.categories import Category
from podfit.model import Action, Change, Evidence, Finding, OpenQuestion, PlannedMember, Verdict
from podfit.model.choice import Alternative
from podfit.model.manifest import ManifestBody
from podfit.model.serial import PlanBody
from podfit.model.weight import Total, Weight
from podfit.plan.sizes import Sizes
from podfit.report.rows import Group

DIALECT = "https://json-schema.org/draft/2020-12/schema"
"""What msgspec writes."""


class PlanFile(PlanBody, kw_only=True):
    """What `podfit fit` writes as plan-TEMPLATE.json: everything that was decided for one project on one template."""

    schema: Literal["podfit.plan/1"]
    template: ManifestBody


class RefusedTemplate(msgspec.Struct):
    """A template for which there is no plan at all, and why."""

    template: str
    reason: str


class Fact(msgspec.Struct):
    """A line about the environments; values stand in the order of templates."""

    label: str
    local: str
    values: list[str]


class Cell(msgspec.Struct):
    """A decision, without what its row says already."""

    action: Action
    reason: str
    evidence: list[Evidence]
    template: str
    planned: str
    direct: bool
    held: bool
    required_by: list[str]
    drift: str
    download_bytes: int


class MatrixRow(msgspec.Struct):
    """One distribution on all templates; cells stand in their order, null where a plan says nothing."""

    name: str
    group: Group
    local: str
    install_needed: str
    cells: list[Cell | None]


class Drift(msgspec.Struct):
    """A planned version that is not the tested one; templates are places in the list of templates, from 0."""

    name: str
    text: str
    templates: list[int]


class CheckCount(msgspec.Struct):
    """How often a check said what."""

    check: str
    worst: Verdict
    verdicts: dict[str, int]


class MatrixColumn(msgspec.Struct):
    """One template, and the plan for it in brief."""

    name: str
    title: str
    image: str
    origin: str
    captured: str
    evidence: Evidence
    notes: list[str]
    python: str
    cuda: str
    distributions: int
    held: str
    held_versions: dict[str, str]
    feasible: bool
    counts: dict[str, int]
    download_bytes: int
    changes: list[Change]
    alternative: Alternative | None
    checks: list[CheckCount]
    findings: list[Finding]
    members: list[PlannedMember]
    questions: list[OpenQuestion]
    plan_notes: list[str]
    created: str


class MatrixFile(msgspec.Struct):
    """What `podfit fit --format json` prints and matrix.json holds: all templates of a call side by side."""

    schema: Literal["podfit.matrix/1"]
    project: str
    feasible: bool
    templates: list[MatrixColumn]
    refused: list[RefusedTemplate]
    facts: list[Fact]
    rows: list[MatrixRow]
    drift: list[Drift]


class SurplusEntry(msgspec.Struct):
    """A local distribution that the pod does not need; roots lead to it, dragged_by is the nearest that alone does."""

    name: str
    version: str
    category: Category
    weight: Weight | None
    roots: list[str]
    dragged_by: str


class CategoryTotal(msgspec.Struct):
    """A category with what its members weigh."""

    name: str
    title: str
    total: Total


class SavingEntry(msgspec.Struct):
    """What falls with a root that is dropped."""

    name: str
    version: str
    falls: list[str]
    total: Total


class BloatFile(msgspec.Struct):
    """What `podfit bloat --format json` prints."""

    schema: Literal["podfit.bloat/1"]
    project: str
    template: str
    everything: Total
    needed: Total
    rest: Total
    surplus: list[SurplusEntry]
    categories: list[CategoryTotal]
    savings: list[SavingEntry]


class Order(msgspec.Struct):
    """In which order what a plan installs rests on each other."""

    template: str
    layers: list[list[str]]
    chain: list[str]
    circles: list[list[str]]
    before_builds: dict[str, list[str]]


class ReportFile(msgspec.Struct):
    """What `podfit report -o FILE.json` writes."""

    schema: Literal["podfit.report/1"]
    matrix: MatrixFile
    sizes: list[Sizes]
    bloat: list[BloatFile]
    order: list[Order]


_FILES: dict[str, type[msgspec.Struct]] = {
    "plan": PlanFile,
    "matrix": MatrixFile,
    "report": ReportFile,
    "bloat": BloatFile,
}

NAMES = tuple(_FILES)
"""What there is a schema of."""


def schema(name: str) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of one kind of file. Raises KeyError for a name that is none of NAMES."""
    made = msgspec.json.schema(_FILES[name])
    described: dict[str, Any] = _plain({"$schema": DIALECT, **made})
    return described


def _plain(value: Any) -> Any:
    """Return a schema whose descriptions are lines without the breaks of the source that they are from."""
    if isinstance(value, dict):
        return {
            key: " ".join(each.split()) if key == "description" and isinstance(each, str) else _plain(each)
            for key, each in value.items()
        }
    return [_plain(each) for each in value] if isinstance(value, (list, tuple)) else value
