"""What has to hold of a plan: a plan without problems is one that apply can be ordered to carry out."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podfit.model import (
    Action,
    Artefact,
    Change,
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
    PodfitError,
    Template,
    Verdict,
)
from podfit.model.serial import plan_from_dict, plan_to_dict
from podfit.pod.apply.order import work_order

WHY = Evidence(EvidenceKind.METADATA, "test")
DIGEST = "sha256:" + "ab" * 32
COMMIT = "git+https://example.org/tool.git@" + "c0ffee42" * 5


def file(filename: str, *hashes: str, kind: str = "") -> Artefact:
    kind = kind or ("wheel" if filename.endswith(".whl") else "sdist")
    return Artefact(filename, f"https://files.example/{filename}", hashes or (DIGEST,), kind, 10)


def template(**versions: str) -> Template:
    return Template(
        "pod",
        Interpreter("3.11.9"),
        Platform(glibc="2.35"),
        {name: Distribution(name, version, WHY) for name, version in versions.items()},
        Origin.GIVEN,
        WHY,
    )


def decision(name: str, action: Action, there: str = "", planned: str = "", **more: Any) -> Decision:
    return Decision(name, action, "asked", (WHY,), template=there, planned=planned, **more)


KEPT = decision("torch", Action.KEEP, "2.4.0+cu124", "2.4.0+cu124", held=True)
ADDED = decision("scipy", Action.INSTALL, planned="1.16.1")
CHANGED = decision("pyyaml", Action.CHANGE, "5.3.1", "6.0.2")
GOOD = Plan(
    project="p",
    template=template(torch="2.4.0+cu124", pyyaml="5.3.1"),
    needs=(Need("scipy", (WHY,)), Need("torch", (WHY,))),
    decisions=(CHANGED, ADDED, KEPT, decision("unused", Action.SKIP)),
    artefacts={
        "scipy": (file("scipy-1.16.1-cp311-cp311-manylinux_2_17_x86_64.whl"), file("scipy-1.16.1.tar.gz")),
        "pyyaml": (file("PyYAML-6.0.2-cp311-cp311-manylinux2014_x86_64.whl"),),
    },
    changes=(Change("pyyaml", "5.3.1", "6.0.2", "asked"),),
    edges={"scipy": ("pyyaml",)},
)


def files(*found: Artefact) -> dict[str, Any]:
    return {"artefacts": {**GOOD.artefacts, "scipy": found}}


def decided(*changed: Decision) -> dict[str, Any]:
    names = {each.name for each in changed}
    return {"decisions": (*(each for each in GOOD.decisions if each.name not in names), *changed)}


BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "a conflict": (decided(decision("scipy", Action.CONFLICT)), "scipy conflicts: asked"),
    "a failed check": ({"findings": (Finding("python", "scipy", Verdict.FAILED, "breaks", WHY),)}, "scipy: breaks"),
    "no file": ({"artefacts": {"pyyaml": GOOD.artefacts["pyyaml"]}}, "the plan names no file for scipy 1.16.1"),
    "no sha256": (files(file("scipy-1.16.1.tar.gz", "md5:0")), "no sha256 for scipy's scipy-1.16.1.tar.gz"),
    "half a sha256": (files(file("scipy-1.16.1.tar.gz", "sha256:abc")), "no sha256 for scipy's"),
    "one file of two without": (
        files(file("scipy-1.16.1-py3-none-any.whl"), file("scipy-1.16.1.tar.gz", "md5:0")),
        "no sha256 for scipy's scipy-1.16.1.tar.gz",
    ),
    "a wheel for another Python": (
        files(file("scipy-1.16.1-cp312-cp312-manylinux_2_17_x86_64.whl")),
        "no file of scipy 1.16.1 fits pod (Python 3.11, glibc 2.35, x86_64)",
    ),
    "a wheel for a newer glibc": (files(file("scipy-1.16.1-cp311-cp311-manylinux_2_36_x86_64.whl")), "no file of"),
    "a wheel of another version": (
        files(file("scipy-1.16.2-py3-none-any.whl")),
        "scipy 1.16.1 is planned, and its file is scipy-1.16.2-py3-none-any.whl",
    ),
    "a wheel of another name": (files(file("numpy-1.16.1-py3-none-any.whl")), "its file is numpy-1.16.1"),
    "no wheel's name": (files(file("scipy.whl")), "scipy.whl is no name of a wheel"),
    "a branch": (files(Artefact("", "git+https://example.org/scipy.git@main", (), "commit")), "names no commit"),
    "a directory": (
        {**decided(decision("scipy", Action.INSTALL, planned="/home/me/scipy")), "artefacts": {}, "changes": ()},
        "scipy comes from /home/me/scipy, which is no file with a hash",
    ),
    "a version that only a build tells": (
        {
            **decided(decision("scipy", Action.INSTALL, planned="https://example.org/main.zip")),
            **files(file("main.zip", kind="sdist")),
        },
        "which version of scipy there is at https://example.org/main.zip is known only once it is built",
    ),
    "held, and changed": (decided(replace(CHANGED, held=True)), "pyyaml is held, and the plan replaces 5.3.1 by 6.0.2"),
    "kept in another version": (decided(replace(KEPT, planned="2.5.0")), "torch 2.4.0+cu124 is to keep, and 2.5.0"),
    "the template has another": (decided(replace(CHANGED, template="5.4")), "the template has pyyaml 5.3.1"),
    "kept, and not there": (decided(decision("x", Action.KEEP, "1.0", "1.0")), "x is to keep, and the template"),
    "changed, and not there": (decided(decision("x", Action.CHANGE, "1.0", "2.0")), "x is to change, and the template"),
    "installed over the template's": (
        decided(decision("pyyaml", Action.INSTALL, "5.3.1", "6.0.2")),
        "pyyaml is to install, and the template has 5.3.1",
    ),
    "twice": ({"decisions": (*GOOD.decisions, ADDED)}, "there are 2 decisions about scipy"),
    "a change that is not listed": ({"changes": ()}, "pyyaml is decided to change, and is not among the changes"),
    "a change that is not decided": (
        {"changes": (*GOOD.changes, Change("torch", "2.4.0+cu124", "2.5.0", ""))},
        "torch is listed as a change, and no decision changes it",
    ),
    "another change than decided": (
        {"changes": (Change("pyyaml", "5.3.1", "6.0.1", ""),)},
        "pyyaml is listed as a change from 5.3.1 to 6.0.1, and decided from 5.3.1 to 6.0.2",
    ),
    "an edge to nothing": ({"edges": {"scipy": ("numpy",)}}, "scipy requires numpy, which the plan does not decide on"),
    "an edge from nothing": ({"edges": {"numpy": ()}}, "the plan has requirements of numpy"),
    "a need without a decision": (
        {"needs": (Need("numpy", (WHY,)),)},
        "the project needs numpy, which the plan does not decide on",
    ),
    "files of what stays": (
        {"artefacts": {**GOOD.artefacts, "torch": (file("torch-2.5.0-py3-none-any.whl"),)}},
        "the plan has files of torch, and does not install it",
    ),
    "no version": (decided(decision("scipy", Action.INSTALL)), "scipy is to install, and no version is planned"),
}


def test_a_sound_plan_has_no_problems() -> None:
    assert GOOD.problems() == ()
    assert GOOD.feasible
    assert set(work_order(GOOD)["packages"]) == {"pyyaml", "scipy"}


@pytest.mark.parametrize("name", BROKEN)
def test_each_invariant_is_told_in_a_sentence(name: str) -> None:
    changes, said = BROKEN[name]
    plan = replace(GOOD, **changes)
    assert any(said in problem for problem in plan.problems()), plan.problems()
    assert not plan.feasible
    again = plan_from_dict(plan_to_dict(plan), where="plan.json")
    assert again.problems() == plan.problems()


@pytest.mark.parametrize(
    "changes",
    [
        files(file("scipy-1.16.1.tar.gz")),
        files(file("scipy-1.16.1-1-py3-none-any.whl")),
        decided(replace(CHANGED, planned="6.0.2.0")),
        {**decided(replace(ADDED, planned="1.16.1")), **files(Artefact("", COMMIT, (), "commit"))},
        {**decided(replace(ADDED, planned=COMMIT)), **files(Artefact("", COMMIT, (), "commit"))},
        files(Artefact("", COMMIT + "#subdirectory=py", (), "commit")),
        {"findings": (Finding("python", "scipy", Verdict.WARNING, "odd", WHY),)},
        decided(replace(KEPT, planned="")),
    ],
)
def test_what_is_sound_is_left_alone(changes: dict[str, Any]) -> None:
    assert replace(GOOD, **changes).problems() == ()


def test_a_problem_that_a_finding_tells_already_is_told_once() -> None:
    plan = replace(GOOD, changes=())
    (problem,) = plan.problems()
    told = replace(plan, findings=(Finding("plan", "pod", Verdict.FAILED, problem, WHY),))
    assert told.problems() == (f"pod: {problem}",)


# --- feasible means that apply's work order is made

NAMES = ("alpha", "beta", "gamma", "torch")
VERSIONS = st.sampled_from(["1.0", "1.0.0", "2.0", "2.0+cu1", ""])


@st.composite
def artefacts(draw: st.DrawFn, name: str) -> tuple[Artefact, ...]:
    """Files that are mostly those of a release, with what may be wrong about them."""
    found = []
    for _ in range(draw(st.integers(0, 2))):
        version = draw(st.sampled_from(["1.0", "2.0"]))
        filename, kind = draw(
            st.sampled_from(
                [
                    (f"{name}-{version}-py3-none-any.whl", "wheel"),
                    (f"{name}-{version}-cp311-cp311-manylinux_2_17_x86_64.whl", "wheel"),
                    (f"{name}-{version}-cp39-cp39-win_amd64.whl", "wheel"),
                    (f"{name}-{version}.tar.gz", "sdist"),
                    ("main.zip", "sdist"),
                    ("nonsense.whl", "wheel"),
                    ("", "commit"),
                ]
            )
        )
        hashes = draw(st.sampled_from([(DIGEST,), (DIGEST,), ("md5:1", DIGEST), ("sha256:",), ()]))
        url = draw(st.sampled_from([COMMIT, COMMIT, "git+https://example.org/x.git@main"]))
        address = url if kind == "commit" else f"https://files.example/{filename}"
        found.append(Artefact(filename, address, hashes, kind))
    return tuple(found)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Plans, sound and unsound."""
    there = {name: draw(VERSIONS) for name in NAMES if draw(st.booleans())}
    decisions, files, changes = [], {}, []
    for name in NAMES:
        usual = [Action.KEEP, Action.CHANGE] if name in there else [Action.INSTALL, Action.SKIP]
        action = draw(st.sampled_from([*usual, *usual, *usual, *Action]))
        planned = draw(st.sampled_from(["1.0", "2.0", COMMIT, ""]))
        if action is Action.KEEP:
            planned = there.get(name, "")
        decisions.append(decision(name, action, there.get(name, ""), planned, held=draw(st.booleans())))
        if action in (Action.INSTALL, Action.CHANGE):
            files[name] = draw(artefacts(name))
        if action is Action.CHANGE:
            changes.append(Change(name, there.get(name, ""), planned, ""))
    return Plan("p", template(**there), (), tuple(decisions), files, tuple(changes))


@given(plans())
def test_a_feasible_plan_makes_a_work_order(plan: Plan) -> None:
    if plan.feasible:
        order = work_order(plan)
        planned = {each.name: each for each in plan.with_action(Action.INSTALL, Action.CHANGE)}
        assert order["packages"].keys() == planned.keys()
        assert not planned.keys() & order["held"].keys()
        for name, entry in order["packages"].items():
            assert entry["hashes"], name
            assert all(re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", digest) for digest in entry["hashes"])
            assert entry["version"] == planned[name].planned
    else:
        assert plan.problems()


@given(plans())
def test_a_plan_without_a_work_order_is_not_feasible(plan: Plan) -> None:
    try:
        work_order(plan)
    except PodfitError:
        assert plan.problems()


@pytest.mark.parametrize("one", BROKEN)
def test_no_fault_hides_another(one: str) -> None:
    for other in BROKEN:
        plan = replace(replace(GOOD, **BROKEN[one][0]), **BROKEN[other][0])
        assert plan.problems(), other
