"""Refusals that answer other questions, and those that must not."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from solve_support import only, registry

from podfit.solve.answer import Refusal
from podfit.solve.unsolvable import Unsolvable, words_of
from podfit.solve.uv import Question, Uv

WORLD = {
    ("app", "1.0"): ["lib<2"],
    ("app", "2.0"): ["lib>=2", "extra-lib"],
    ("lib", "1.0"): [],
    ("lib", "2.0"): [],
    ("lib", "3.0rc1"): [],
    ("extra-lib", "1.0"): ["lib<3"],
    ("other", "1.0"): ["app"],
    ("other", "2.0"): ["app>=2", "lib>=1"],
}


@pytest.fixture(scope="module")
def question(tmp_path_factory):
    folder = tmp_path_factory.mktemp("unsolvable")
    (folder / "template").mkdir()
    world = only(registry(folder / "wheels", WORLD))
    return Question(("app>=2",), ("lib<2",), {}, "3.11.9", "x86_64-manylinux_2_35", folder / "template", world)


def known(question, message="Because app>=2 depends on lib>=2 and lib<2, we can conclude that ..."):
    made = Unsolvable()
    made.learn(question, Refusal(message, ("app",)))
    return made


def test_more_of_the_same_is_refused_for_the_same_reason(question):
    made = known(question)
    assert made.told(question).unbuilt == ("app",)
    assert made.told(replace(question, requirements=("other", "app>=2"), constraints=("app<3", "lib<2")))
    assert made.told(replace(question, preferences={"app": "2.0"}, lowest=True))
    assert made.told(replace(question, requirements=("app>=2", "lib<2"), constraints=()))


def test_less_of_it_or_something_else_is_asked(question):
    made = known(question)
    for other in (
        replace(question, constraints=()),
        replace(question, constraints=("lib<3",)),
        replace(question, requirements=("app",)),
        replace(question, python_version="3.12.1"),
        replace(question, platform="aarch64-manylinux_2_35"),
        replace(question, index_arguments=()),
        replace(question, exclude_newer="2026-01-01"),
        replace(question, build=("lib",)),
        replace(question, assumed=question.find_links),
        replace(question, constraints=("lib<2", "lib!=3.0rc2", "lib<=3.0rc1")),  # pre-releases may be taken now
    ):
        assert made.told(other) is None, other


def test_a_limit_in_time_is_something_that_is_said_of_a_package(question):
    dated = replace(question, until=(("lib", "2024-01-01T00:00:00Z"), ("other", "2024-01-01T00:00:00Z")))
    assert known(question).told(dated), "fewer releases than before"
    assert known(dated).told(question) is None
    assert known(dated).told(replace(dated, until=dated.until[:1])), "the refusal does not name the other one"


def test_a_refusal_that_names_nothing_answers_nothing(question):
    assert known(question, "your requirements are unsatisfiable").told(question) is None


def test_words_of_an_explanation():
    assert words_of("Because Foo_Bar[x]>=1.0 depends on zope.interface==2, we") >= {"foo-bar", "zope-interface"}


lines = st.sampled_from(["app>=2", "app<2", "lib<2", "lib>=2", "lib==1.0", "extra-lib", "other", "other<2", "lib>=3"])
asked = st.lists(lines, min_size=1, max_size=4, unique=True)


@pytest.mark.slow
@given(st.lists(asked, min_size=2, max_size=5))
def test_what_is_told_is_what_the_resolver_says(question, questions):
    uv, made = Uv(question.find_links.parent / "cache"), Unsolvable()
    for words in questions:
        this = replace(question, requirements=tuple(words), constraints=())
        answer = Uv(uv.cache).compile(this)
        if made.told(this) is not None:
            assert isinstance(answer, Refusal), "something was refused that can be had"
        if isinstance(answer, Refusal):
            made.learn(this, answer)


def test_the_resolver_is_not_run_for_it(question, monkeypatch, tmp_path):
    uv = Uv(tmp_path / "cache")
    assert isinstance(uv.compile(question), Refusal)
    monkeypatch.setattr(Uv, "_run", lambda *_, **__: pytest.fail("uv ran again"))
    assert isinstance(uv.compile(replace(question, requirements=("app>=2", "other"))), Refusal)
