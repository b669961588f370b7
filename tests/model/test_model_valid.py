"""Manifests and plans from anywhere: a template or a plan that can be written again, or one sentence."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podfit.model import InputError
from podfit.model.manifest import manifest_from_template, template_from_manifest
from podfit.model.serial import plan_from_dict
from podfit.model.valid import is_version, readable
from podfit.writers.plan_json import write_plan

MANIFEST: dict[str, Any] = {
    "schema": "podfit.template/1",
    "name": "pod",
    "origin": "given",
    "notes": [],
    "interpreter": {"version": "3.11.7", "implementation": "cpython"},
    "platform": {"machine": "x86_64", "system": "linux", "glibc": "2.36"},
    "environment": {},
    "torch": {"version": "2.4.0+cu124", "cuda": "12.4"},
    "cuda": {"toolkit": "12.4"},
    "gpus": [],
    "disks": [],
    "distributions": [{"name": "torch", "version": "2.4.0+cu124", "requires_dist": ["numpy"]}],
}
ARTEFACT = {
    "filename": "alpha-1.0-py3-none-any.whl",
    "url": "https://example.org/alpha-1.0-py3-none-any.whl",
    "hashes": ["sha256:" + "0" * 64],
    "kind": "wheel",
}
DECISION = {"name": "alpha", "action": "install", "reason": "absent", "evidence": [], "planned": "1.0"}
PLAN: dict[str, Any] = {
    "schema": "podfit.plan/1",
    "project": "p",
    "template": MANIFEST,
    "needs": [],
    "decisions": [DECISION],
    "artefacts": {"alpha": [ARTEFACT]},
    "changes": [],
    "edges": {"alpha": []},
    "findings": [],
    "notes": [],
    "created": "",
}
TEXT = st.text(st.characters(), max_size=20) | st.sampled_from(["\ud800", "a\nb", "x" * 5000, "1" * 5000, "--help"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


def deep(levels: int) -> list[Any]:
    """Return lists in lists."""
    found: list[Any] = []
    for _ in range(levels):
        found = [found]
    return found


@given(st.sampled_from(sorted(MANIFEST)), JSON)
def test_any_value_in_a_manifest_gives_a_template_that_can_be_written_or_a_sentence(key: str, value: Any) -> None:
    try:
        template = template_from_manifest({**MANIFEST, key: value}, where="given")
    except InputError as error:
        assert "\n" not in str(error)
    else:
        json.dumps(manifest_from_template(template), ensure_ascii=False).encode()
        assert isinstance(template.target.tags, tuple)


@given(st.sampled_from(sorted(PLAN)), JSON)
def test_any_value_in_a_plan_gives_a_plan_that_can_be_written_or_a_sentence(key: str, value: Any) -> None:
    try:
        plan = plan_from_dict({**PLAN, key: value}, where="given")
    except InputError as error:
        assert "\n" not in str(error)
    else:
        text = write_plan(plan)
        assert write_plan(plan_from_dict(json.loads(text), where="again")) == text
        assert isinstance(plan.problems(), tuple)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("name", "x" * 300),
        ("interpreter", {"version": "--help"}),
        ("interpreter", {"version": "3." + "1" * 5000}),
        ("platform", {"glibc": "2.999999999"}),
        ("platform", {"glibc": "2." + "9" * 5000}),
        ("platform", {"machine": "x86_64'\nimport os"}),
        ("distributions", [{"name": "a b", "version": "1"}]),
        ("distributions", [{"name": "a" * 1000, "version": "1"}]),
        ("distributions", [{"name": "a", "version": "1" * 5000}]),
        ("distributions", [{"name": "a", "version": "1\nimport os"}]),
        ("distributions", [{"name": "a", "version": "1", "requires_dist": ["b!=1" + ",!=1" * 10000]}]),
        ("more", deep(100)),
    ],
)
def test_a_manifest_with_what_no_template_has_is_refused(key: str, value: Any) -> None:
    with pytest.raises(InputError, match=r"^given: the template manifest has the wrong shape: .{1,300}$"):
        template_from_manifest({**MANIFEST, key: value}, where="given")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("decisions", [{**DECISION, "name": "../../a"}]),
        ("decisions", [{**DECISION, "planned": "1.0 --hash=x"}]),
        ("decisions", [{**DECISION, "planned": "1.0\nevil"}]),
        ("decisions", [{**DECISION, "planned": "1" * 5000}]),
        ("artefacts", {"a b": [ARTEFACT]}),
        ("artefacts", {"alpha": [{**ARTEFACT, "filename": "../../alpha-1.0-py3-none-any.whl"}]}),
        ("artefacts", {"alpha": [{**ARTEFACT, "url": "https://example.org/a\nb"}]}),
        ("artefacts", {"alpha": [{**ARTEFACT, "hashes": ["sha256:" + "0" * 63 + "\n"]}]}),
        ("artefacts", {"alpha": [{**ARTEFACT, "hashes": ["'''+evil()+'''"]}]}),
        ("edges", {"alpha": ["x\ny"]}),
        ("notes", deep(100)),
    ],
)
def test_a_plan_with_what_no_plan_has_is_refused(key: str, value: Any) -> None:
    with pytest.raises(InputError, match=r"^given: the plan has the wrong shape: .{1,300}; run `podfit fit` again$"):
        plan_from_dict({**PLAN, key: value}, where="given")


def test_a_file_name_that_is_not_utf8_stays_readable_in_a_plan() -> None:
    name = b"caf\xe9.py".decode("utf-8", "surrogateescape")
    plan = plan_from_dict({**PLAN, "project": name, "notes": [f"{name}: read"]}, where="given")
    again = plan_from_dict(json.loads(write_plan(plan).encode()), where="again")
    assert again.project == readable(name) == "caf\\udce9.py"


@pytest.mark.parametrize("text", ["1.0", "2.4.0+cu124", "2.6.0a0+ecf3bae40a.nv25.1", "1!2.0", "9e", "2024a", "1.0_5"])
def test_versions_of_all_origins_are_taken(text: str) -> None:
    assert is_version(text)
