"""Every format of the registry writes, is a choice of the commands, and is named in the help."""

from __future__ import annotations

import click
import pytest
from writers_support import moola

from podfit.catalogue.store import template_summaries
from podfit.cli.main import podfit
from podfit.model import Template
from podfit.model.manifest import manifest_from_template
from podfit.pod.apply import Applied
from podfit.pod.apply.answer import answer as applied
from podfit.pod.probe_answer import answer as probed
from podfit.pod.verify import Report
from podfit.pod.verify.formats import answer as verified
from podfit.report.answer import Answer
from podfit.report.comparison import comparison
from podfit.report.templates import catalogue_answer, template_answer
from podfit.writers.registry import ANSWERS, FORMATS, all_files, answer_formats, comparison_names, file_names

PLAN = moola()
TEMPLATE: Template = PLAN.template
ANSWERED = {
    "fit": comparison([PLAN]),
    "verify": verified(Report("moola", "pod", PLAN.findings, (0.1, 0.2, 0.3), 0.6)),
    "apply": applied(Applied("applied", "overlay", "/opt/x", "/opt/x/bin/python", ("pandas",))),
    "probe": probed(manifest_from_template(TEMPLATE)),
    "templates": catalogue_answer(template_summaries()),
    "template": template_answer(TEMPLATE),
}


@pytest.mark.parametrize("name", ANSWERED)
@pytest.mark.parametrize("shape", [form.name for form in ANSWERS])
def test_every_answer_is_written_in_every_format_that_it_has(name: str, shape: str) -> None:
    from podfit.writers.registry import write_answer

    answer: Answer = ANSWERED[name]
    if shape in answer_formats(judged=answer.judged is not None):
        written = write_answer(shape, answer)
        assert written.endswith("\n")
        assert written.strip()
        assert write_answer(shape, answer) == written


@pytest.mark.parametrize("name", ["fit", "matrix", "verify", "apply", "probe", "templates"])
def test_the_choices_are_the_registry_s(name: str) -> None:
    command = podfit.get_command(click.Context(podfit), name)
    assert command is not None
    (option,) = [each for each in command.params if "--format" in each.opts]
    assert isinstance(option.type, click.Choice)
    judged = name in ("fit", "matrix", "verify", "apply")
    assert tuple(option.type.choices) == answer_formats(judged=judged)


def test_every_plan_format_has_a_file_of_its_own() -> None:
    names = file_names("a.b")
    assert len(set(names.values())) == len(names) == len(FORMATS)
    wanted = {form.file_name(TEMPLATE.name) for form in FORMATS if form.wanted(PLAN)}
    assert set(all_files([PLAN])) == {*wanted, *comparison_names()}
