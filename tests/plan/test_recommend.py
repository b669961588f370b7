"""The order of templates: what works first, then what needs least; each place has its reason."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podfit.catalogue.gpus import capability_of
from podfit.model import (
    Action,
    Artefact,
    Decision,
    Distribution,
    Evidence,
    EvidenceKind,
    Fact,
    Facts,
    Finding,
    Interpreter,
    Need,
    Origin,
    Plan,
    Platform,
    Template,
    Torch,
    Verdict,
)
from podfit.model.pace import Pace
from podfit.plan.recommend import Answer, Ranked, recommend
from podfit.report.recommend import recommend_answer, why
from podfit.writers.registry import write_answer

SEEN = Evidence(EvidenceKind.MEASURED, "a probe")
PACE = Pace("uv", 10_000_000.0, 0.0, SEEN)
HASH = f"sha256:{'0' * 64}"


def template(
    name: str, torch: str = "2.4.0+cu124", archs: tuple[str, ...] | None = ("sm_80", "sm_90"), **more: object
) -> Template:
    facts = Facts(torch=Torch(arch_list=Fact(archs, SEEN))) if archs is not None else Facts()
    there = {"torch": Distribution("torch", torch, SEEN)} if torch else {}
    made = Template(name, Interpreter("3.11.9"), Platform(), there, Origin.PROBED, SEEN, facts=facts)
    return replace(made, **more)  # type: ignore[arg-type]


def plan(of: Template, *, installs: int = 0, size: int = 0, build: bool = False, conflict: bool = False) -> Plan:
    names = [f"p{number}" for number in range(installs)]
    decisions = [Decision(n, Action.INSTALL, "", (), planned="1.0", direct=True, download_bytes=size) for n in names]
    if conflict:
        decisions.append(Decision("x", Action.CONFLICT, "it needs another Python", ()))
    kind, end = ("sdist", ".tar.gz") if build else ("wheel", "-py3-none-any.whl")
    files = {n: (Artefact(f"{n}-1.0{end}", f"https://x/{n}", (HASH,), kind, size),) for n in names}
    edges: dict[str, tuple[str, ...]] = dict.fromkeys(names, ())
    return Plan("moola", of, (), tuple(decisions), files, edges=edges)


def order(*plans: Plan, gpu: str = "", driver: str = "") -> list[str]:
    card = capability_of(gpu) if gpu else None
    return [each.template.name for each in recommend(plans, {}, pace=PACE, gpu=card, driver=driver)]


def test_what_works_comes_first_then_what_needs_least() -> None:
    small, large = plan(template("small"), installs=1, size=10), plan(template("large"), installs=1, size=10_000)
    built = plan(template("built"), installs=1, size=1, build=True)
    none = plan(template("none"), conflict=True)
    assert order(none, built, large, small) == ["small", "large", "built", "none"]


def test_of_equal_plans_the_truer_list_comes_first() -> None:
    lists = [
        plan(template("guessed", origin=Origin.RECONSTRUCTED)),
        plan(template("old", captured="2025-01-01")),
        plan(template("new", captured="2026-01-01")),
        plan(template("published", origin=Origin.PUBLISHED)),
    ]
    assert order(*lists) == ["new", "old", "published", "guessed"]


def test_torch_has_to_run_on_the_gpu() -> None:
    old = plan(template("old", archs=("sm_80", "sm_90")))
    new = plan(template("new", archs=("sm_90", "sm_120")), installs=3, size=10**9)
    cpu = plan(template("cpu", torch="2.4.0+cpu"))
    unknown = plan(template("unknown", torch="2.4.0a0+vendor", archs=None))
    assert order(cpu, old, unknown, new, gpu="RTX 5090")[:2] == ["new", "unknown"]
    assert order(new, old, gpu="RTX 4090") == ["old", "new"]
    found = recommend([old], {}, pace=PACE, gpu=capability_of("RTX 5090"))[0]
    assert not found.fits
    assert why(found) == "its torch has no code for RTX 5090 (compute capability 12.0): it was built for sm_80 sm_90"


@pytest.mark.parametrize(
    ("driver", "answer", "said"),
    [
        ("570", Answer.YES, "driver 570 runs CUDA 12.4"),
        ("535.54.03", Answer.YES, "nothing that is compiled at run time (that needs 550.54.14)"),
        ("470", Answer.NO, "driver 470 does not run CUDA 12.4, which needs 525.60.13"),
    ],
)
def test_the_driver_has_to_run_its_cuda(driver: str, answer: Answer, said: str) -> None:
    (found,) = recommend([plan(template("one"))], {}, pace=PACE, driver=driver)
    (point,) = [each for each in found.points if each.asked == "driver"]
    assert (point.answer, said in point.said) == (answer, True)
    assert point.evidence.source


def test_without_torch_nothing_is_claimed() -> None:
    (found,) = recommend(
        [plan(template("bare", torch="", archs=None))], {}, pace=PACE, gpu=capability_of("T4"), driver="570"
    )
    assert [point.answer for point in found.points] == [Answer.YES, Answer.UNKNOWN, Answer.UNKNOWN]
    assert found.fits


def test_a_template_that_has_what_is_pinned_comes_first_then_one_of_its_series() -> None:
    def pinned(torch: str, *, changes: int = 0) -> Plan:
        of = template(torch.partition("+")[0].replace(".", "-"), torch)
        need = Need("torch", (SEEN,), "==2.4.0")
        finding = Finding("held", "torch", Verdict.WARNING, "the project pins torch==2.4.0", SEEN)
        made = plan(of, installs=changes)
        return replace(made, needs=(need,), findings=() if torch.startswith("2.4.0") else (finding,))

    plans = [pinned("2.8.0+cu126"), pinned("2.4.1+cu124", changes=2), pinned("2.4.0+cu121", changes=3)]
    ranked = recommend(plans, {}, pace=PACE)
    assert [each.template.name for each in ranked] == ["2-4-0", "2-4-1", "2-8-0"]
    assert [each.distance for each in ranked] == [0, 1, 2]
    assert why(ranked[2]).startswith("2.8.0+cu126 in place of torch==2.4.0; ")


def test_a_list_that_is_incomplete_suits_perhaps_and_stands_behind_one_that_is_whole() -> None:
    partly = plan(template("partly", incomplete=True), installs=1, size=1)
    whole = plan(template("whole"), installs=3, size=100)
    ranked = recommend([partly, whole], {}, pace=PACE)
    assert [each.template.name for each in ranked] == ["whole", "partly"]
    assert ranked[1].points[0].answer is Answer.UNKNOWN
    assert ranked[1].fits
    assert "only 1 of what is there is known" in why(ranked[1])
    answer = recommend_answer("x", ranked, [], PACE)
    assert "incomplete" in write_answer("text", answer)


def test_a_template_without_a_plan_stands_last_with_its_reason() -> None:
    bad = template("musl")
    ranked = recommend([plan(template("good"))], {"musl": (bad, "musl has no glibc")}, pace=PACE)
    assert [(each.template.name, each.fits) for each in ranked] == [("good", True), ("musl", False)]
    assert why(ranked[1]) == "musl has no glibc"
    assert ranked[0].seconds == 0.0


def test_every_format_tells_order_and_reasons() -> None:
    ranked = recommend([plan(template("a"), installs=2, size=5 * 10**7), plan(template("b"))], {}, pace=PACE)
    answer = recommend_answer("moola", ranked, ["RTX 4090 (8.9)"], PACE)
    data = answer.data()
    assert [(each["place"], each["template"]) for each in data["templates"]] == [(1, "b"), (2, "a")]
    assert data["templates"][1]["seconds"] == 10.0
    for shape in ("text", "markdown", "json"):
        written = write_answer(shape, answer)
        assert "2 packages more, nothing replaced" in " ".join(written.split()) and "RTX 4090" in written


@given(
    st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.booleans(), st.integers(0, 9)), max_size=6), st.randoms()
)
def test_the_order_is_the_templates_own_whatever_order_they_came_in(
    worlds: list[tuple[int, bool, bool, int]], dice: object
) -> None:
    plans = [
        plan(template(f"t{number}"), installs=installs, size=size, build=build, conflict=conflict)
        for number, (installs, build, conflict, size) in enumerate(worlds)
    ]
    first = order(*plans)
    dice.shuffle(plans)  # type: ignore[attr-defined]
    assert order(*plans) == first
    ranked: tuple[Ranked, ...] = recommend(plans, {}, pace=PACE)
    assert [each.fits for each in ranked] == sorted((each.fits for each in ranked), reverse=True)
