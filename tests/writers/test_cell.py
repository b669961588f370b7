"""The notebook's cell: what it says, and what it does in a real kernel of Jupyter."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from apply_support import make_wheel
from by_pip_support import OLD, small_plan
from index_support import LocalIndex
from writers_support import moola

from podfit.far import cell
from podfit.model import Action, Interpreter
from podfit.writers.cell import cell_facts, write_cell
from podfit.writers.registry import plan_files

NAME = "cell-runpod-pytorch-2.4.py"


def test_it_is_python_and_tells_all_that_is_installed() -> None:
    text = plan_files(moola())[NAME]
    compile(text, NAME, "exec", dont_inherit=True)
    assert text.startswith("# podfit: notebook cell of moola on ")
    facts = cell_facts(moola())
    planned = {d.name: d.planned for d in moola().with_action(Action.INSTALL, Action.CHANGE)}
    assert facts["planned"] == planned
    assert {name for call in facts["calls"] for name in call["lines"]} == set(planned)
    assert facts["held"]["torch"] == "2.4.0+cu124"
    assert json.dumps(facts, indent=1) in text


def test_a_text_of_the_plan_cannot_become_code() -> None:
    plan = replace(moola(), project='x"""\n"); import os #', notes=("\nimport os",))
    text = write_cell(plan)
    assert "\nimport os #" not in text
    compile(text, NAME, "exec")


def test_an_externally_managed_python_is_told_to_pip() -> None:
    plan = moola()
    managed = replace(plan.template, interpreter=Interpreter("3.11.10", externally_managed=True))
    assert cell_facts(replace(plan, template=managed))["variables"] == {"PIP_BREAK_SYSTEM_PACKAGES": "1"}


def test_another_runtime_is_refused_before_anything_is_done() -> None:
    facts = {"python": "2.7", "held": {"pytest": "0", "no-such": "1"}, "planned": {}, "calls": [], "limits": []}
    with pytest.raises(RuntimeError, match=r"Python 3\.\d+ and not 2\.7, pytest .* and not 0, no-such missing and not"):
        cell.fit_runtime(facts)


def test_a_loaded_module_that_says_another_version_than_is_installed_wants_a_restart(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    there = cell.installed()["pytest"].version
    python = ".".join(map(str, __import__("sys").version_info[:2]))
    facts = {"python": python, "held": {"pytest": there}, "planned": {}, "calls": [], "limits": []}
    assert cell.fit_runtime(facts).endswith("no restart is needed")
    monkeypatch.setattr(pytest, "__version__", "1.0")
    monkeypatch.delattr("sys._podfit_stale")
    assert "RESTART THE RUNTIME" in cell.fit_runtime(facts)
    assert capsys.readouterr().out.rstrip().endswith("the old pytest")
    monkeypatch.delattr("sys._podfit_stale")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("2026.06", "2026.6", True), ("1.0-post1", "1.0.POST1", True), ("1.10", "1.1", False), ("1.0", "10", False)],
)
def test_a_version_may_be_written_in_another_way(one: str, other: str, same: bool) -> None:
    assert cell._same(one, other) is same


DRIVER = """
import json, sys
import nbformat
from nbclient import NotebookClient
book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in json.load(sys.stdin)])
NotebookClient(book, timeout=120, kernel_name="python3", allow_errors=True).execute()
said = []
for each in book.cells:
    said.append("".join(out.get("text") or "\\n".join(out.get("traceback", ())) for out in each.outputs))
print(json.dumps(said))
"""


@pytest.mark.machine
@pytest.mark.network
@pytest.mark.slow
def test_it_runs_in_a_kernel_and_says_when_to_restart(make_venv: Callable[..., str], tmp_path: Path) -> None:
    from uv import find_uv_bin

    python = make_venv(pip=True)
    wheels = [str(make_wheel(tmp_path / "old", *each)) for each in OLD]
    uv = [find_uv_bin(), "pip", "install", "-q", "--no-config", "--python", python]
    for words in (["ipykernel", "nbclient"], ["--no-deps", *wheels]):
        subprocess.run([*uv, *words], check=True, timeout=300)
    index = LocalIndex()
    try:
        plan = small_plan(index)
        text = write_cell(plan)

        def notebook(*cells: str) -> list[str]:
            words = [python, "-c", DRIVER]
            done = subprocess.run(words, input=json.dumps(cells), capture_output=True, text=True, timeout=300)
            assert done.returncode == 0, done.stderr
            return list(json.loads(done.stdout))

        moved = {d.name: replace(d, version="2.5.0") for d in plan.template.distributions.values() if d.name == "torch"}
        other = replace(plan.template, distributions={**plan.template.distributions, **moved})
        decisions = tuple(replace(d, template="2.5.0") if d.name == "torch" else d for d in plan.decisions)
        (refused,) = notebook(write_cell(replace(plan, template=other, decisions=decisions)))
        assert "torch 2.4.0+cu999 and not 2.5.0" in refused

        loaded, first, again = notebook("import six; print(six.old)", text, text)
        assert loaded == "True\n"
        assert "2 packages installed. RESTART THE RUNTIME now (the kernel): until then it keeps the old six" in first
        assert "nothing to install: all is as planned. RESTART THE RUNTIME" in again

        after, used = notebook(text, "import six, made_here, torch; print(six.now, made_here.seen, torch.__version__)")
        assert after == "podfit: nothing to install: all is as planned; no restart is needed\n"
        assert used == "True built 2.4.0+cu999\n"
    finally:
        index.close()
