"""A plan as a JSON object (schema `podfit.plan/1`, docs/plan-format.md) and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from podfit.model.bound import Bound
from podfit.model.decision import Change, Decision
from podfit.model.errors import InputError, Where
from podfit.model.finding import Finding
from podfit.model.manifest import manifest_from_template, template_from_manifest
from podfit.model.need import Need
from podfit.model.plan import Artefact, Plan
from podfit.model.provenance import Provenance
from podfit.model.question import OpenQuestion

SCHEMA = "podfit.plan/1"


class _Body(msgspec.Struct):
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
    provenance: Provenance | None = None


def plan_to_dict(plan: Plan) -> dict[str, Any]:
    """Return the JSON object of plan: its template as a manifest, everything else field by field."""
    body = {name: msgspec.to_builtins(getattr(plan, name)) for name in _Body.__struct_fields__}
    return {"schema": SCHEMA, **body, "template": manifest_from_template(plan.template)}


def plan_from_dict(data: Mapping[str, Any], *, where: str) -> Plan:
    """Return the plan of a JSON object; where names its origin. Raises InputError when the shape is another one."""
    schema = data.get("schema") if isinstance(data, Mapping) else None
    if schema != SCHEMA:
        raise InputError(
            f"not a plan: its schema is {schema!r}, not {SCHEMA!r}",
            where=Where(where),
            remedy="write one with `podfit fit PROJECT --template NAME`",
        )
    template = template_from_manifest(data.get("template", {}), where=where)
    try:
        body = msgspec.convert(data, _Body)
    except msgspec.ValidationError as error:
        raise InputError(
            f"the plan has the wrong shape: {error}", where=Where(where), remedy="run `podfit fit` again"
        ) from None
    return Plan(template=template, **{name: getattr(body, name) for name in _Body.__struct_fields__})
