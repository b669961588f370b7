"""How `podfit verify` and verify_env.py tell the result: text, JSON, JUnit, files, pipes, and bad calls."""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from apply_support import make_wheel
from verify_support import EVIDENCE, PODFIT, install, make_environment, plan_over, template_of

from podfit.model import Action, Decision
from podfit.model.serial import plan_from_dict, plan_to_dict
from podfit.writers.verify_env import write_verify_env

RULE = "=" * 60


class Case:
    """An environment with one finding of each verdict, its plan as a file, and verify_env.py."""

    def __init__(self, folder: Path) -> None:
        self.python = make_environment(folder / "environment")
        wheels = [
            make_wheel(folder / "wheels", "fine", "1.0", {"fine.py": "x = 1\n"}),
            make_wheel(folder / "wheels", "odd", "2.0", {"odd.py": "raise OSError('<ünï> & \"quotes\" \\x07')\n"}),
            make_wheel(folder / "wheels", "drifted", "3.0", {"drifted.py": ""}),
        ]
        install(self.python, wheels, "--no-index")
        plan = plan_over(template_of(self.python), {"fine": ["fine"], "odd": ["odd"]})
        self.good = folder / "good.json"
        self.good.write_text(json.dumps(plan_to_dict(replace(plan, needs=plan.needs[:1]))))
        (folder / "good.py").write_text(write_verify_env(replace(plan, needs=plan.needs[:1])))
        conflict = Decision("torchaudio", Action.CONFLICT, "nothing fits", EVIDENCE)
        decisions = tuple(replace(d, planned="3.1") if d.name == "drifted" else d for d in plan.decisions)
        plan = replace(plan, project="пример", decisions=(*decisions, conflict))
        self.plan, self.script = folder / "plan.json", folder / "verify_env.py"
        self.plan.write_text(json.dumps(plan_to_dict(plan)))
        self.script.write_text(write_verify_env(plan), encoding="utf-8")

    def command(self, *words: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
        """Run `podfit verify` on the plan."""
        return process([*PODFIT, "verify", str(self.plan), "--python", self.python, *words], **environment)

    def verify_env(self, *words: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
        """Run verify_env.py."""
        return process([self.python, str(self.script), *words], **environment)


def process(words: list[str], **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run a program with these variables, its output in UTF-8 unless they say otherwise."""
    variables = {**os.environ, "PYTHONIOENCODING": "utf-8", **environment}
    return subprocess.run(words, env=variables, capture_output=True, check=False, timeout=120)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return Case(tmp_path_factory.mktemp("verify-formats"))


def timeless(text: str) -> str:
    """Return text without the seconds that it took."""
    return re.sub(r"\d+\.\d s\)", "N s)", text)


def test_text_says_what_is_wrong_and_the_verdict(case: Case) -> None:
    done = case.command()
    assert done.returncode == 1
    lines = timeless(done.stdout.decode()).splitlines()
    name = json.loads(case.plan.read_text())["template"]["name"]
    assert lines[0] == f"podfit verify: пример on {name} (--details shows every check)"
    assert {line.split()[0] for line in lines if line[0] in "✅⚠❌❔"} == {"⚠️", "❌", "❔"}
    assert len(lines) < len(case.command("--details").stdout.splitlines()) - 4
    assert lines[-1] == "❌ 1 of 7 checks failed (1 warning, 1 not decided, N s)"


def test_details_have_the_look_of_the_document(case: Case) -> None:
    done = case.command("--details")
    assert done.returncode == 1
    lines = timeless(done.stdout.decode()).splitlines()
    name = json.loads(case.plan.read_text())["template"]["name"]
    assert lines[:4] == ["", RULE, f"podfit verify: пример on {name}", RULE]
    marks = {line.split()[0]: line for line in lines[4:] if line and line[0] in "✅⚠❌❔"}
    assert set(marks) == {"✅", "⚠️", "❌", "❔"}
    assert "✅ fine                 1.0" in lines
    odd = lines.index('❌ odd                  2.0: import odd fails: OSError: <ünï> & "quotes" \\x07')
    assert re.fullmatch(r" +seen: /.*/site-packages/odd\.py:1", lines[odd + 1])
    assert "❔ torchaudio           the plan has a conflict about it: not checked" in lines
    assert lines[-3:] == [RULE, "", "❌ 1 of 7 checks failed (1 warning, 1 not decided, N s)"]
    assert done.stderr == b""


def test_both_ways_print_the_same(case: Case) -> None:
    one, two = case.command(), case.verify_env()
    assert (one.returncode, timeless(one.stdout.decode())) == (two.returncode, timeless(two.stdout.decode()))
    one, two = case.command("--details"), case.verify_env("--details")
    assert (one.returncode, timeless(one.stdout.decode())) == (two.returncode, timeless(two.stdout.decode()))
    one, two = case.command("--format", "json"), case.verify_env("--json")
    here, there = json.loads(one.stdout), json.loads(two.stdout)
    assert here["passed"] is False
    for report in (here, there):
        report["python"].pop("executable")
        for timed in (report, *report["findings"]):
            timed.pop("seconds")
    assert here == there


def test_ascii_where_the_terminal_is_not_utf_8(case: Case) -> None:
    for done in (case.command(PYTHONIOENCODING="ascii"), case.verify_env(PYTHONIOENCODING="latin-1")):
        assert done.returncode == 1, done.stderr
        text = timeless(done.stdout.decode("ascii"))
        assert "FAILED  odd" in text
        assert 'OSError: <?n?> & "quotes"' in text
        assert text.endswith("FAILED 1 of 7 checks failed (1 warning, 1 not decided, N s)\n")
        assert b"Traceback" not in done.stderr
    for shape in ("json", "junit"):
        done = case.command("--format", shape, PYTHONIOENCODING="ascii")
        assert (done.returncode, done.stderr) == (1, b"")
        assert any("<ünï>" in message for message in _messages(shape, done.stdout))
    assert json.loads(case.verify_env("--json", PYTHONIOENCODING="ascii").stdout)["project"] == "пример"


def _messages(shape: str, output: bytes) -> list[str]:
    """Return the messages in a report."""
    if shape == "json":
        return [one["message"] for one in json.loads(output)["findings"]]
    return [found.get("message", "") for found in ElementTree.fromstring(output).iter("failure")]


def test_junit_counts_and_carries_what_json_says(case: Case) -> None:
    done = case.command("--format", "junit")
    assert done.returncode == 1
    report: dict[str, Any] = json.loads(case.command("--format", "json").stdout)
    root = ElementTree.fromstring(done.stdout)
    suite = root.find("testsuite")
    assert root.tag == "testsuites"
    assert suite is not None
    cases = suite.findall("testcase")
    assert suite.get("name") == f"пример on {report['template']}"
    for element in (root, suite):
        counts = {key: int(element.get(key, "-1")) for key in ("tests", "failures", "errors", "skipped")}
        assert counts == {"tests": 7, "failures": 1, "errors": 0, "skipped": 1}
        assert float(element.get("time", "")) > 0
    assert len(suite.findall("testcase/failure")) == 1
    assert len(suite.findall("testcase/skipped")) == 1
    named = [(one.get("classname"), one.get("name")) for one in cases]
    assert named == [(f"podfit.verify.{one['check']}", one["subject"]) for one in report["findings"]]
    failure = suite.find("testcase[@name='odd']/failure")
    expected = next(one for one in report["findings"] if one["verdict"] == "failed")
    assert failure is not None
    assert failure.get("message") == expected["message"]
    assert expected["evidence"]["detail"] in str(failure.text)
    warning = suite.find("testcase[@name='drifted']/system-out")
    assert warning is not None
    assert "the template has changed" in str(warning.text)


@pytest.mark.parametrize("shape", ["text", "json", "junit"])
def test_a_file_is_written_whole(shape: str, case: Case, tmp_path: Path) -> None:
    target = tmp_path / "report"
    target.write_text("an older one, " * 10_000)
    done = case.command("--format", shape, "-o", str(target))
    assert (done.returncode, done.stdout) == (1, b"")
    assert timeless(done.stderr.decode()) == "❌ 1 of 7 checks failed (1 warning, 1 not decided, N s)\n"
    text = target.read_text(encoding="utf-8")
    assert "an older one" not in text
    assert [path.name for path in tmp_path.iterdir()] == ["report"]
    if shape == "text":
        assert timeless(text) == timeless(case.command().stdout.decode())
    else:
        assert any("<ünï>" in message for message in _messages(shape, text.encode()))


def test_all_good_is_exit_code_0(case: Case) -> None:
    for words in (
        [*PODFIT, "verify", str(case.good), "--python", case.python],
        [case.python, str(case.good.with_suffix(".py"))],
    ):
        done = process(words)
        assert done.returncode == 0, done.stderr
        assert timeless(done.stdout.decode()) == "✅ All checks passed (4 checks, N s)\n"


def test_a_reader_that_leaves_early_does_not_change_the_verdict(case: Case) -> None:
    """`verify_env.py | head -1`: 1 means a failed check, and an environment that passes has none."""
    for words, expected in (
        ([case.python, str(case.good.with_suffix(".py"))], 0),
        ([case.python, str(case.script)], 1),
        ([*PODFIT, "verify", str(case.good), "--python", case.python], 0),
        ([*PODFIT, "verify", str(case.plan), "--python", case.python], 1),
    ):
        running = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        stderr = running.stderr.read().decode()
        running.stderr.close()
        assert (running.wait(60), stderr) == (expected, "")


BAD_CALLS = {
    "no such plan": (["nowhere.json"], "nowhere.json: cannot be read: No such file or directory"),
    "a directory": (["."], "cannot be read: Is a directory"),
    "no JSON": (["text.json"], "text.json: is no JSON"),
    "another JSON": (["other.json"], "not a plan"),
    "no plan": ([], "Missing argument 'PLAN.json'"),
    "no such Python": (["PLAN", "--python", "/nowhere/python"], "there is no such Python interpreter"),
    "not a Python": (["PLAN", "--python", "/bin/true"], "that is no working Python interpreter"),
    "not an environment": (["PLAN", "--python", "."], "it has no bin/python"),
    "not a format": (["PLAN", "--format", "yaml"], "'yaml' is not one of"),
    "no time": (["PLAN", "--timeout", "0"], "--timeout"),
    "no number": (["PLAN", "--timeout", "nan"], "--timeout"),
    "an output that is a directory": (["PLAN", "-o", "."], "is a directory"),
    "an output nowhere": (["PLAN", "-o", "nowhere/report"], "cannot be written: No such file or directory"),
    "ssh's key without ssh": (["PLAN", "-i", "key"], "need --ssh"),
}


@pytest.mark.parametrize("name", BAD_CALLS)
def test_a_bad_call_is_one_sentence_and_exit_code_2(
    name: str, case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.json").write_text("no JSON")
    (tmp_path / "other.json").write_text('{"a": 1}')
    words, expected = BAD_CALLS[name]
    words = [str(case.good) if word == "PLAN" else word for word in words]
    words += [] if "--python" in words else ["--python", case.python]
    done = process([*PODFIT, "verify", *words])
    stderr = done.stderr.decode()
    assert done.returncode == 2, stderr
    assert done.stdout == b""
    assert expected.lower() in stderr.lower()
    assert "Traceback" not in stderr
    assert len([line for line in stderr.splitlines() if line.lower().startswith("error")]) == 1


@pytest.mark.parametrize(
    "words", [["--timeout", "0"], ["--timeout", "x"], ["--timeout", "nan"], ["--jobs", "-1"], ["--jobs", "x"], ["--no"]]
)
def test_a_bad_call_of_the_script(words: list[str], case: Case) -> None:
    done = case.verify_env(*words)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode().splitlines()[-1].startswith("verify_env.py: error: ")
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    "name", ["x coding: foo", "vim: set fileencoding=utf-7 :", "'''\nraise SystemExit(9)\n", "a\x1b[2J\u2028b %(prog)s"]
)
def test_a_project_may_be_called_anything(name: str, case: Case, tmp_path: Path) -> None:
    plan = plan_from_dict(json.loads(case.good.read_text()), where="good.json")
    fine = replace(plan.template.distributions["fine"], record_sha256=name)
    found = {**plan.template.distributions, "fine": fine}
    decisions = tuple(replace(d, held=d.name == "fine") for d in plan.decisions)
    template = replace(plan.template, name=name, distributions=found)
    plan = replace(plan, project=name, template=template, decisions=decisions)
    script = tmp_path / "verify_env.py"
    script.write_text(write_verify_env(plan), encoding="utf-8")
    for words in ([], ["--help"]):
        done = process([case.python, str(script), *words])
        assert (done.returncode, done.stderr) == (0 if words else 1, b"")
        assert b"\x1b" not in done.stdout
    told = json.loads(process([case.python, str(script), "--json"]).stdout)
    wrong = [one["message"] for one in told["findings"] if one["verdict"] == "failed"]
    assert wrong == ["its RECORD is not the template's: it was installed again or edited"]


def test_no_place_for_temporary_files_is_a_bad_call(case: Case, tmp_path: Path) -> None:
    """The environment is not to blame, so it is not exit code 1."""
    code = (
        "import resource, runpy, sys\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "sys.argv = ['verify_env.py']\n"
        f"runpy.run_path({str(case.script)!r}, run_name='__main__')\n"
    )
    done = process([case.python, "-c", code])
    assert done.returncode == 2
    assert done.stderr.decode().startswith("error: [Errno 27] File too large")
    assert b"Traceback" not in done.stderr
