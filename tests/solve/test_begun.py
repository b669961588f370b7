"""Calls that run before anybody waits for them, and uv's answers that were begun."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from solve_support import only, registry

from podfit.solve import Uv
from podfit.solve.answer import Refusal
from podfit.solve.begun import Beginnings, Begun
from podfit.solve.uv import Question
from podfit.solve.variables import MOST_AT_ONCE, resolver_environment

LONG = 600.0
"""Seconds that no test waits for."""


def test_what_it_returned_comes_back() -> None:
    assert Begun(lambda _: 42).result() == 42


def test_what_it_raised_is_raised() -> None:
    def call(_: threading.Event) -> int:
        raise ValueError("no")

    begun = Begun(call)
    with pytest.raises(ValueError, match="no"):
        begun.result()


def test_who_waits_does_not_wait_for_its_turn() -> None:
    assert Begun(lambda stop: stop.is_set(), after=LONG).result() is False


def test_it_stops_when_it_is_not_wanted() -> None:
    ended: list[bool] = []
    runs = threading.Event()
    begun = Begun(lambda stop: (runs.set(), ended.append(stop.wait(LONG))))
    runs.wait()
    begun.stop()
    assert ended == [True]


def test_what_never_began_is_never_called() -> None:
    called: list[bool] = []
    Begun(lambda _: called.append(True), after=LONG).stop()
    assert called == []


def test_of_several_only_what_is_left_is_stopped() -> None:
    ended: list[str] = []
    running = threading.Semaphore(0)

    def call(name: str):  # type: ignore[no-untyped-def]
        return lambda stop: (running.release(), stop.wait(LONG), ended.append(name))

    begun: Beginnings[object] = Beginnings()
    for name in ("one", "two", "one"):
        begun.begin(name, call(name))
    running.acquire()
    running.acquire()
    begun.leave(["one", "nobody began this"])
    assert ended == ["one"]
    assert len(begun) == 1
    begun.leave()
    assert ended == ["one", "two"]
    assert begun.take("two") is None


@pytest.fixture
def question(tmp_path: Path) -> Question:
    (tmp_path / "template").mkdir()
    world = registry(tmp_path / "wheels", {("app", "1.0"): []})
    return Question(("app",), (), {}, "3.11.9", "x86_64-manylinux_2_35", tmp_path / "template", only(world))


def _counted(uv: Uv, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    runs: list[str] = []
    real = Uv._done

    def done(self, *arguments, **more):  # type: ignore[no-untyped-def]
        runs.append("run")
        return real(self, *arguments, **more)

    monkeypatch.setattr(Uv, "_done", done)
    return runs


def test_an_answer_that_was_begun_is_waited_for_and_not_asked_again(
    tmp_path: Path, question: Question, monkeypatch: pytest.MonkeyPatch
) -> None:
    uv = Uv(tmp_path / "cache")
    runs = _counted(uv, monkeypatch)
    uv.begin(question)
    uv.begin(question)
    answer = uv.compile(question)
    uv.end()
    assert isinstance(answer, dict)
    assert answer["app"].version == "1.0"
    assert runs == ["run"]


def test_without_the_network_nothing_is_begun(
    tmp_path: Path, question: Question, monkeypatch: pytest.MonkeyPatch
) -> None:
    uv = Uv(tmp_path / "cache", offline=True)
    runs = _counted(uv, monkeypatch)
    uv.begin(question)
    uv.end()
    assert runs == []


def test_what_is_not_asked_for_in_the_end_is_stopped(
    tmp_path: Path, question: Question, monkeypatch: pytest.MonkeyPatch
) -> None:
    uv = Uv(tmp_path / "cache")
    monkeypatch.setattr("podfit.solve.uv.APART_SECONDS", LONG)
    uv.begin(question)
    uv.begin(Question(("other",), *[getattr(question, name) for name in Question.__slots__[1:]]))
    uv.end()
    assert not [thread for thread in threading.enumerate() if thread.name == "podfit-begun"]


def test_what_earlier_refusals_answer_is_neither_begun_nor_left_running(
    tmp_path: Path, question: Question, monkeypatch: pytest.MonkeyPatch
) -> None:
    uv = Uv(tmp_path / "cache")
    refused = replace(question, requirements=("app>=2",))
    more = replace(question, requirements=("app>=2", "other"))
    monkeypatch.setattr("podfit.solve.uv.APART_SECONDS", LONG)
    uv.begin(replace(question, constraints=("app<3",)))
    uv.begin(more)  # before anybody knows
    assert isinstance(uv.compile(refused), Refusal)
    runs = _counted(uv, monkeypatch)
    uv.begin(replace(more, requirements=("app>=2", "third")))
    assert isinstance(uv.compile(more), Refusal)
    assert len(uv._begun) == 1  # the one that may be asked still
    uv.end()
    assert runs == []


@pytest.mark.parametrize(("said", "expected"), [(None, MOST_AT_ONCE), ("7", "7")])
def test_uv_looks_up_few_names_at_once_unless_the_person_says_otherwise(
    monkeypatch: pytest.MonkeyPatch, said: str | None, expected: str
) -> None:
    monkeypatch.delenv("UV_CONCURRENT_DOWNLOADS", raising=False)
    if said is not None:
        monkeypatch.setenv("UV_CONCURRENT_DOWNLOADS", said)
    assert resolver_environment()["UV_CONCURRENT_DOWNLOADS"] == expected
