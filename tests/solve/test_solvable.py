"""Answers that show further questions to have one: only where every line of these is met."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from solve_support import need, only, registry, template

from podfit.model import Artefact, LockedPackage
from podfit.solve import Uv, solve_overlay
from podfit.solve.solvable import MOST_KEPT, Solvable
from podfit.solve.uv import Question

QUESTION = Question(("app",), ("lib<3",), {}, "3.11.9", "x86_64-manylinux_2_35", Path("/template"))


def _package(name: str, version: str, uploaded: str = "2025-01-01T00:00:00Z") -> LockedPackage:
    file = Artefact(f"{name}-{version}-py3-none-any.whl", "", {}, "wheel", None, uploaded)
    return LockedPackage(name, version, (file,))


ANSWER = {"app": _package("app", "1.5"), "lib": _package("lib", "2.0")}


@pytest.fixture
def known() -> Solvable:
    made = Solvable()
    made.learn(QUESTION, ANSWER)
    return made


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"constraints": ("app<2", "lib>=2", "absent<1")},
        {"requirements": ("app>=1", "lib")},
        {"preferences": {"app": "1.0"}},
        {"until": (("app", "2025-06-01T00:00:00Z"), ("absent", "2020-01-01T00:00:00Z"))},
        {"assumed": Path("/assumed")},
    ],
)
def test_what_the_answer_meets_has_one(known: Solvable, asked: dict[str, object]) -> None:
    assert known.told(replace(QUESTION, **asked))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "asked",
    [
        {"constraints": ("lib>2",)},
        {"requirements": ("app", "other")},
        {"requirements": ("app[extra]",)},
        {"requirements": ("app @ https://example.org/app.whl",)},
        {"requirements": ("app; python_version > '3'",)},
        {"requirements": ("no requirement at all",)},
        {"until": (("lib", "2024-06-01T00:00:00Z"),)},
        {"python_version": "3.12.1"},
        {"find_links": Path("/another")},
        {"exclude_newer": "2024-01-01"},
        {"build": ("app",)},
    ],
)
def test_what_it_does_not_meet_has_to_be_asked(known: Solvable, asked: dict[str, object]) -> None:
    assert not known.told(replace(QUESTION, **asked))  # type: ignore[arg-type]


def test_what_its_own_question_said_is_met_whatever_it_means(known: Solvable) -> None:
    asked = replace(QUESTION, requirements=("app[extra]", "lib; sys_platform == 'linux'"))
    known.learn(asked, ANSWER)
    assert known.told(replace(asked, constraints=("app>1",)))


def test_of_a_release_without_a_time_nobody_knows_whether_it_is_too_new() -> None:
    known = Solvable()
    assert not known.told(QUESTION)
    known.learn(QUESTION, {**ANSWER, "lib": _package("lib", "2.0", "")})
    assert not known.told(replace(QUESTION, until=(("lib", "2030-01-01T00:00:00Z"),)))


def test_the_last_answers_are_kept(known: Solvable) -> None:
    for version in range(MOST_KEPT):
        known.learn(QUESTION, {**ANSWER, "app": _package("app", f"3.{version}")})
    assert not known.told(replace(QUESTION, constraints=("app<2",)))
    assert known.told(replace(QUESTION, constraints=("app==3.0",)))


def test_a_plan_is_the_same_whether_answers_are_known_or_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = registry(
        tmp_path / "wheels",
        {
            ("app", "1.0"): ["lib>=1"],
            ("app", "2.0"): ["lib>=3", "tool>=2"],
            ("lib", "1.0"): [],
            ("lib", "3.0"): ["core>=2"],
            ("core", "2.0"): [],
            ("tool", "1.0"): ["core<2"],
            ("tool", "2.0"): ["core<2"],
        },
    )
    pod = template({"core": ("1.0", []), "lib": ("1.0", []), "tool": ("1.0", ["core<2"])})

    def solved(cache: str) -> tuple[object, ...]:
        overlay = solve_overlay(
            pod, [need("app")], Uv(tmp_path / cache), held=(), preferences={}, index_arguments=only(world)
        )
        return {name: each.version for name, each in overlay.packages.items()}, overlay.changes, overlay.refused

    with_answers = solved("one")
    monkeypatch.setattr(Solvable, "told", lambda *_: False)
    assert solved("two") == with_answers
