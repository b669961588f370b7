"""What a report says is decided before it is drawn, and nothing in it acts on a terminal."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from share import examples

sys.path.insert(0, str(Path(__file__).parents[1] / "writers"))
from writers_support import DECLARED, IMPORTED, moola

from podfit.model import Action, Decision, Evidence, EvidenceKind, Finding, OpenQuestion, Plan, Verdict
from podfit.report.ahead import Ahead
from podfit.report.comparison import comparison
from podfit.report.findings import Concern, concern
from podfit.report.model import Commands, Literal, Report, Section, Text, text
from podfit.report.remarks import drifts, told_once
from podfit.writers.interface import Screen
from podfit.writers.registry import ANSWERS, file_names, write_answer

SOURCES = Path(__file__).parents[2] / "src" / "podfit"
ASKED = OpenQuestion("ceph", "no distribution is known to bring it", (IMPORTED, DECLARED), "declare it")
TESTED = Evidence(EvidenceKind.MEASURED, "a test")


def printed(plans: list[Plan], width: int = 100, *, details: bool = False, ahead: Ahead | None = None) -> str:
    """What a terminal shows."""
    return write_answer("text", comparison(plans, {}, ahead), Screen(width, details=details))


@pytest.mark.parametrize("room", ["report", "writers"])
def test_no_distribution_is_named_in_code(room: str) -> None:
    for path in (SOURCES / room).rglob("*.py"):
        code = re.sub(r'""".*?"""', "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        found = re.findall(r"torch|nvidia|numpy|triton", code, re.IGNORECASE)
        assert not found, f"{path}: {found}"


def test_open_questions_are_in_every_output() -> None:
    answer = comparison([replace(moola(), questions=(ASKED,)), moola("2.2")])
    for form in ANSWERS:
        said = form.write(answer, Screen())
        assert "ceph" in said, form.name
        assert "no distribution is known to bring it" in " ".join(said.split()), form.name
        assert "declare it" in said, form.name
    shown = write_answer("text", answer, Screen(200))
    assert "\nOpen questions\n  ceph on runpod-pytorch-2.4: no distribution is known to bring it; declare it [" in shown
    assert "## Open questions" in write_answer("markdown", answer)
    assert "1 open question" in shown.partition("\nVerdict\n")[2]


def test_the_last_lines_are_verdicts_and_commands() -> None:
    plans = [moola("2.2"), moola("2.4", decisions=(Decision("x", Action.CONFLICT, "no", (DECLARED,), direct=True),))]
    names = {plan.template.name: file_names(plan.template.name) for plan in plans}
    shown = printed(plans, ahead=Ahead("out of here", names))
    verdict, _, after = shown.partition("\nVerdict\n")[2].partition("\nNext\n")
    assert [line.split(":")[0].strip() for line in verdict.splitlines() if line] == [
        "runpod-pytorch-2.2 fits",
        "runpod-pytorch-2.4 does not fit",
    ]
    assert "podfit apply 'out of here/plan-runpod-pytorch-2.2.json'" in after
    assert "runpod-pytorch-2.4" not in after, "a plan that cannot work is not to be applied"
    assert " -c 'out of here/constraints-runpod-pytorch-2.2.txt'" in after
    assert "Next" not in printed(plans[1:], ahead=Ahead("out", names)), "nothing comes next"
    assert shown.rstrip("\n").splitlines()[-1].endswith("constraints-runpod-pytorch-2.2.txt'")


def test_what_decides_nothing_is_one_line_and_whole_with_details() -> None:
    note = "Reconstructed from a Dockerfile. " * 8
    own = Finding(
        "consistency", "jinja2", Verdict.WARNING, "jinja2 3.1.3 requires markupsafe, and it is absent", TESTED
    )
    unknown = Finding(
        "consistency", "blinker", Verdict.UNKNOWN, "blinker's requirements are not known", TESTED, "probe"
    )
    plan = moola(findings=(own, unknown))
    plan = replace(plan, template=replace(plan.template, notes=(note,)))
    assert concern(own, plan) is Concern.TEMPLATE
    assert concern(unknown, plan) is Concern.UNDECIDED
    short, long = printed([plan]), printed([plan], details=True)
    assert short.count("Reconstructed from a Dockerfile") in (1, 2)
    assert sum("Reconstructed" in line for line in short.splitlines()) == 1
    assert long.count("Dockerfile.") == 8
    assert "To do" not in short
    assert "requires markupsafe" not in short
    assert "requires markupsafe" in long


def test_a_warning_about_what_the_project_uses_is_not_folded() -> None:
    plan = moola(findings=(Finding("consistency", "numpy", Verdict.WARNING, "numpy is odd", TESTED, "mend it"),))
    assert "warning numpy: is odd; mend it" in printed([plan])


def test_drift_says_each_thing_once() -> None:
    drift = "pandas 3.0 -> 2.3.3: 3.0 requires dateutil>=2.9, the template has {}"
    plans = [
        moola(
            which,
            decisions=(
                Decision("pandas", Action.INSTALL, "", (), "3.0", "", "2.3.3", direct=True, drift=drift.format(there)),
            ),
        )
        for which, there in (("2.2", "2.8.0"), ("2.4", "2.8.1"))
    ]
    (once,) = told_once(drifts(plans), plans)
    assert once.text == (
        "3.0 -> 2.3.3: 3.0 requires dateutil>=2.9, the template has 2.8.0 on runpod-pytorch-2.2; "
        "2.8.1 on runpod-pytorch-2.4"
    )
    assert " ".join(printed(plans).split()).count("3.0 requires dateutil") == 1


def test_what_decides_and_what_is_open_are_findings_of_checks() -> None:
    plan = moola(decisions=(Decision("x", Action.CONFLICT, "no", (DECLARED,), direct=True),), questions=(ASKED,))
    judged = [one.finding for one in comparison([replace(plan, findings=())], {"old": "nothing fits"}).judged()]
    assert [(one.check, one.code, one.subject) for one in judged] == [
        ("conflict", "PF107", "x"),
        ("question", "PF203", "ceph"),
        ("plan", "PF108", "old"),
    ]


HOSTILE = [
    "\x1b]0;owned\x07",
    "\x1b]52;c;cm0gLXJm\x07",
    "\x1b[2J\x1b[1;1H",
    "\x9b31m",
    "a\rb",
    "a\tb",
    "\u202egnp.exe",
    "\u2066x\u2069",
    "\x7f",
    "\u2028",
    "\x00",
    "\t",
    "\n",
]


@settings(max_examples=examples(60), deadline=None)
@given(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=20)), st.sampled_from([form.name for form in ANSWERS]))
def test_nothing_in_the_data_acts_on_a_terminal(said: str, name: str) -> None:
    finding = Finding("consistency", said, Verdict.WARNING, said, Evidence(EvidenceKind.ASSUMED, said, said), said)
    plan = moola(
        decisions=(*moola().decisions, Decision("zzz", Action.CONFLICT, said, (finding.evidence,), said, direct=True)),
        findings=(finding, replace(finding, verdict=Verdict.UNKNOWN)),
        notes=(said,),
        project=said,
        questions=(OpenQuestion(said, said, (finding.evidence,), said),),
    )
    plan = replace(plan, template=replace(plan.template, name=said, title=said, image=said, notes=(said,)))
    answer = comparison(
        [plan], {said: said}, Ahead(said, {said: {"plan": said, "requirements": said, "constraints": said}})
    )
    for details in (False, True):
        sent = write_answer(name, answer, Screen(80, details=details))
        # Two marks of the documents are followed by the sign that asks for their coloured picture.
        assert all(c.isprintable() or c in "\n\ufe0f" for c in sent), ascii(sent)


def test_literal_lines_and_commands_are_harmless_too() -> None:
    from io import StringIO

    from rich.console import Console

    from podfit.writers import markdown
    from podfit.writers.terminal import draw

    blocks = (Literal(tuple(HOSTILE)), Commands((("podfit", *HOSTILE),)))
    report = Report(_all_hostile(), (Section(_all_hostile(), blocks),))
    stream = StringIO()
    draw(report, Console(file=stream, width=80))
    for sent in (stream.getvalue(), markdown.draw(report)):
        assert all(c.isprintable() or c == "\n" for c in sent)


def _all_hostile() -> Text:
    return text(*HOSTILE)
