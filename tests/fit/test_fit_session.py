"""A fit as a whole over small worlds: several templates at once, one thread that computes, a uv that lives on."""

from __future__ import annotations

import threading

from fit_support import World, project, template
from packaging.markers import Marker
from packaging.requirements import Requirement

from podfit.fit.session import fit_templates
from podfit.model import Action
from podfit.solve.uv import Question

RELEASES = {("alpha", "1.0"): ["beta>=1; python_version >= '3.8'"], ("beta", "1.0"): [], ("beta", "2.0"): []}


def _templates(count):
    return [
        template(f"pod-{number}", {"beta": (f"{1 + number % 2}.0", ["gamma; extra == 'x'"])}) for number in range(count)
    ]


def test_uv_answers_after_a_fit_of_several_templates(tmp_path):
    world = World(tmp_path, RELEASES)
    results = fit_templates(project("alpha"), (), _templates(2), index=world.index, uv=world.uv, options=world.options)
    assert [result.plan.feasible for result in results] == [True, True]
    question = Question(
        requirements=("beta",),
        constraints=(),
        preferences={},
        python_version="3.11",
        platform="x86_64-manylinux_2_17",
        find_links=tmp_path / "wheels",
        index_arguments=("--no-index",),
    )
    assert world.uv.compile(question)["beta"].version == "2.0"


def test_every_requirement_is_parsed_in_the_callers_thread(tmp_path, monkeypatch):
    world = World(tmp_path, {("watched", "1.0"): ["beta>=1; python_version >= '3.7'"], ("beta", "1.0"): []})
    pods = [template(f"pod-{n}", {"own": ("1.0", [f"beta; python_version >= '3.{n}'"])}) for n in range(2, 8)]
    threads = set()
    for parsed in (Requirement, Marker):

        def watched(self, text, real=parsed.__init__):
            threads.add(threading.get_ident())
            real(self, text)

        monkeypatch.setattr(parsed, "__init__", watched)
    fit_templates(project("watched"), (), pods, index=world.index, uv=world.uv, options=world.options)
    assert threads == {threading.get_ident()}


def test_each_plan_is_the_one_of_its_template_alone(tmp_path):
    world = World(tmp_path, RELEASES)
    pods = [*_templates(2), template("bare", {})]
    together = fit_templates(project("alpha"), (), pods, index=world.index, uv=world.uv, options=world.options)
    assert [result.template.name for result in together] == ["pod-0", "pod-1", "bare"]
    for result in together:
        (alone,) = fit_templates(
            project("alpha"), (), [result.template], index=world.index, uv=world.uv, options=world.options
        )
        assert alone.plan.decisions == result.plan.decisions
    assert [d.name for d in together[2].plan.with_action(Action.INSTALL)] == ["alpha", "beta"]
    assert [d.name for d in together[0].plan.with_action(Action.INSTALL)] == ["alpha"]


def test_a_template_that_nothing_fits_leaves_the_others_their_plans(tmp_path):
    world = World(tmp_path, {("alpha", "1.0"): ["beta>=2"], ("beta", "1.0"): [], ("beta", "2.0"): []})
    pods = [template("old", {"beta": ("1.0", [])}), template("new", {"beta": ("2.0", [])})]
    results = fit_templates(project("alpha"), (), pods, index=world.index, uv=world.uv, options=world.options)
    assert [d.name for d in results[0].plan.changes] == ["beta"]
    assert results[1].plan.changes == ()
