"""Addresses that cannot be fetched: asked for once, and again only in a question without them."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from solve_support import only, registry

from podfit.model import InputError
from podfit.solve.unfetched import Unfetched, blamed
from podfit.solve.uv import Question, Uv

ADDRESS = "https://host.invalid/owner/lib/archive/1234.tar.gz"
SAID = f"error: Failed to fetch: `{ADDRESS}`\n  cause: error sending request\n  cause: dns error"


@pytest.fixture
def question(tmp_path: Path) -> Question:
    (tmp_path / "template").mkdir()
    world = only(registry(tmp_path / "wheels", {("app", "1.0"): [], ("other", "1.0"): []}))
    lines = ("app", f"lib @ {ADDRESS}#egg=lib")
    return Question(lines, (), {}, "3.11.9", "x86_64-manylinux_2_35", tmp_path / "template", world)


def done(code: int, said: str) -> subprocess.CompletedProcess[str]:
    return subprocess.CompletedProcess([], code, "", said)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (0, SAID),
        (1, "No solution found when resolving dependencies"),
        (2, SAID.replace(ADDRESS, "https://index.invalid/simple/app/")),
        (2, f"{ADDRESS} is no archive"),
    ],
)
def test_only_an_address_of_the_question_that_did_not_answer_is_kept(question: Question, code: int, said: str) -> None:
    assert blamed(question, done(code, said)) == ()
    kept = Unfetched()
    kept.learn(question, done(code, said))
    assert kept.told(question) is None


def test_whoever_names_the_address_is_answered_and_nobody_else(question: Question) -> None:
    kept = Unfetched()
    kept.learn(question, done(2, SAID))
    assert kept.told(replace(question, requirements=("other", f"lib@ {ADDRESS} ; python_version>'3'"))) is None
    assert kept.told(replace(question, requirements=("other", f"lib @ {ADDRESS} ; python_version>'3'"))) is not None
    assert kept.told(replace(question, requirements=("app", "lib"))) is None


def test_uv_is_asked_for_it_once_and_the_error_is_the_same(
    question: Question, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs: list[bool] = []

    def failed(*_: object, offline: bool = False, **__: object) -> subprocess.CompletedProcess[str]:
        runs.append(offline)
        return done(2, SAID)

    monkeypatch.setattr(Uv, "_done", failed)
    uv = Uv(tmp_path / "cache")
    errors = []
    for asked in (question, replace(question, requirements=("other", question.requirements[1]))):
        uv.begin(asked)
        with pytest.raises(InputError) as error:
            uv.compile(asked)
        errors.append(error.value.message)
    assert runs == [False, True]
    assert errors[0] == errors[1]
    assert ADDRESS in errors[0]
