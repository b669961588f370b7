"""Does a plan still hold on a newer list of its template? Each thing that it leans on, changed alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podfit.model import (
    Action,
    Artefact,
    Decision,
    Distribution,
    Evidence,
    EvidenceKind,
    Finding,
    Interpreter,
    Need,
    Origin,
    Plan,
    Platform,
    Release,
    Template,
    Verdict,
)
from podfit.plan.recheck import recheck

SEEN = Evidence(EvidenceKind.MEASURED, "a probe")
HASH = f"sha256:{'0' * 64}"


def _dist(name: str, version: str, *requires: str) -> Distribution:
    return Distribution(name, version, SEEN, requires)


def _template(**more: Distribution) -> Template:
    there = {
        "torch": _dist("torch", "2.4.0+cu124", "sympy"),
        "sympy": _dist("sympy", "1.13.1"),
        "numpy": _dist("numpy", "1.26.4"),
        "pillow": _dist("pillow", "10.0.0"),
        **more,
    }
    return Template("pod", Interpreter("3.11.10"), Platform(glibc="2.35"), there, Origin.PROBED, SEEN)


def _decision(name: str, action: Action, template: str, planned: str, **more: object) -> Decision:
    return Decision(name, action, "why", (), template=template, planned=planned, **more)  # type: ignore[arg-type]


PLAN = Plan(
    project="moola",
    template=_template(),
    needs=(Need("pandas", (SEEN,)), Need("numpy", (SEEN,), specifier="<2")),
    decisions=(
        _decision("torch", Action.KEEP, "2.4.0+cu124", "2.4.0+cu124", held=True),
        _decision("sympy", Action.KEEP, "1.13.1", "1.13.1", required_by=("torch",)),
        _decision("numpy", Action.KEEP, "1.26.4", "1.26.4", direct=True, required_by=("pandas",)),
        _decision("pillow", Action.KEEP, "10.0.0", "10.0.0"),
        _decision("pandas", Action.INSTALL, "", "2.2.2", direct=True),
    ),
    artefacts={
        "pandas": (Artefact("pandas-2.2.2-cp311-cp311-manylinux_2_17_x86_64.whl", "https://x/y", (HASH,), "wheel"),)
    },
    created="2026-01-02T00:00:00Z",
    releases={"pandas": Release("pandas", "2.2.2", ("numpy>=1.26", "sympy>=1.12"), ">=3.9", SEEN)},
)


def _with(name: str, version: str, *requires: str) -> Callable[[Template], Template]:
    def change(template: Template) -> Template:
        return replace(template, distributions={**template.distributions, name: _dist(name, version, *requires)})

    return change


def _without(name: str) -> Callable[[Template], Template]:
    def change(template: Template) -> Template:
        return replace(template, distributions={k: v for k, v in template.distributions.items() if k != name})

    return change


def failures(template: Template, plan: Plan = PLAN) -> list[str]:
    return [finding.message for finding in recheck(plan, template) if finding.verdict is Verdict.FAILED]


def warnings(template: Template) -> list[str]:
    return [finding.message for finding in recheck(PLAN, template) if finding.verdict is Verdict.WARNING]


def test_on_the_same_template_it_holds() -> None:
    (only,) = recheck(PLAN, _template())
    assert (only.verdict, only.message) == (Verdict.OK, "the plan of 2026-01-02T00:00:00Z holds on pod")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (_with("torch", "2.4.1+cu124", "sympy"), "torch, which is held, was 2.4.0+cu124 and is 2.4.1+cu124 now"),
        (_with("torch", "2.4.0+cu121", "sympy"), "torch was built for CUDA 12.4 and is built for CUDA 12.1 now"),
        (_without("torch"), "torch, which is held, was 2.4.0+cu124 and is not in the template any more"),
        (_without("sympy"), "sympy was 1.13.1 and is not in the template any more; torch require it"),
        (_without("numpy"), "numpy was 1.26.4 and is not in the template any more; the project uses it"),
        (_with("numpy", "2.1.0"), "the project needs numpy<2, and the template has 2.1.0 now"),
        (_with("numpy", "1.25.0"), "pandas 2.2.2 requires numpy>=1.26, and there is 1.25.0"),
        (_with("pandas", "2.1.0"), "the template has pandas 2.1.0 now, and the plan would put 2.2.2 in its place"),
        (
            lambda t: replace(t, interpreter=Interpreter("3.12.3")),
            "the plan is for cpython 3.11.10, and the template has cpython 3.12.3 now",
        ),
        (
            lambda t: replace(t, interpreter=Interpreter("3.12.3")),
            "pandas-2.2.2-cp311-cp311-manylinux_2_17_x86_64.whl does not fit the template any more "
            "(Python 3.12, glibc 2.35, x86_64)",
        ),
        (lambda t: replace(t, platform=Platform(machine="aarch64")), "the plan is for x86_64, and the template is for"),
        (
            _with("new-one", "1.0", "pandas<2"),
            "new-one 1.0 requires pandas<2, and there is 2.2.2",
        ),
    ],
)
def test_what_breaks_it_is_named(change: Callable[[Template], Template], expected: str) -> None:
    assert any(message.startswith(expected) for message in failures(change(_template())))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda t: replace(t, interpreter=Interpreter("3.11.11")), "Python was 3.11.10 and is 3.11.11 now"),
        (lambda t: replace(t, platform=Platform(glibc="2.39")), "glibc was 2.35 and is 2.39 now"),
        (_with("sympy", "1.13.3"), "sympy was 1.13.1 and is 1.13.3 now"),
        (_with("pandas", "2.2.2", "numpy>=1.26"), "pandas 2.2.2 is in the template now; the plan would install it"),
        (_with("pillow", "11.0"), "beside what the plan leans on, 1 distributions changed: pillow 10.0.0 is 11.0"),
        (_with("tqdm", "4.0"), "beside what the plan leans on, 1 distributions changed: tqdm 4.0 is new"),
        (_without("pillow"), "beside what the plan leans on, 1 distributions changed: pillow 10.0.0 is gone"),
        (
            lambda t: replace(t, environment={"PIP_CONSTRAINT": "/etc/pip/constraint.txt"}),
            "the template steers installers otherwise: PIP_CONSTRAINT was not set and is /etc/pip/constraint.txt now",
        ),
        (_with("broken", "1.0", "absent-thing"), "beside what the plan leans on"),
    ],
)
def test_what_changed_without_harm_is_told(change: Callable[[Template], Template], expected: str) -> None:
    now = change(_template())
    assert failures(now) == []
    assert any(message.startswith(expected) for message in warnings(now))


def test_a_plan_without_metadata_is_not_judged_by_it() -> None:
    found = recheck(replace(PLAN, releases={}), _with("numpy", "1.25.0")(_template()))
    unknown: list[Finding] = [finding for finding in found if finding.verdict is Verdict.UNKNOWN]
    assert [finding.message for finding in unknown] == [
        "the plan does not say what pandas require: an older podfit wrote it"
    ]


@given(
    st.dictionaries(st.sampled_from(["torch", "sympy", "numpy", "pillow", "tqdm"]), st.sampled_from(["1", "2.4", "2"]))
)
def test_any_list_gets_a_verdict_with_evidence(changed: dict[str, str]) -> None:
    now = _template(**{name: _dist(name, version) for name, version in changed.items()})
    found = recheck(PLAN, now)
    assert found and all(finding.evidence.source for finding in found)
    held = {"torch": "2.4.0+cu124"}
    if any(changed.get(name, version) != version for name, version in held.items()):
        assert any(finding.verdict is Verdict.FAILED and finding.subject == "torch" for finding in found)
