"""Causes against facts: a template, an interpreter or a plan confirms them, contradicts them, or says nothing."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

import podfit
from podfit.diagnose.check import _CHECKS
from podfit.diagnose.facts import Facts, facts_of
from podfit.diagnose.model import Checked
from podfit.model import InputError, NoPlanError, PodfitError

NUMPY_WARNING = "A module that was compiled using NumPy 1.x cannot be run in\nNumPy 2.1.0 as it may crash.\n"
SYMBOL = (
    "ImportError: /v/lib/python3.10/site-packages/flash_attn_2_cuda.so: undefined symbol: "
    "_ZN3c105ErrorC2ENS_14SourceLocationENSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE\n"
)
CPU = "AssertionError: Torch not compiled with CUDA enabled\n"
ARCH = (
    "NVIDIA GeForce RTX 5090 with CUDA capability sm_120 is not compatible with the current PyTorch installation.\n"
    "The current PyTorch install supports CUDA capabilities sm_50 sm_60 sm_70 sm_75 sm_80 sm_86 sm_90.\n"
)
NMS = "RuntimeError: operator torchvision::nms does not exist\n"
LEVEL = "ImportError: /lib/libc.so.6: version `GLIBC_{}' not found (required by /v/site-packages/x/_x.so)\n"
PYTHON = "ERROR: Package 'tool' requires a different Python: 3.8.18 not in '{}'\n"


def template(folder: Path, *lines: str) -> Facts:
    (folder / "pod.txt").write_text("".join(f"{line}\n" for line in ("# python: 3.11.9", *lines)), encoding="utf-8")
    return facts_of(template=str(folder / "pod.txt"), offline=True)


def said(log: str, facts: Facts) -> tuple[Checked, str]:
    symptom = podfit.diagnose(log).causes[0].symptom
    one = next(each for each in podfit.diagnose(log, facts=facts).causes if each.symptom == symptom)
    return one.checked, one.told


@pytest.mark.parametrize(
    ("log", "lines", "verdict", "word"),
    [
        (NUMPY_WARNING, ("numpy==2.1.0",), Checked.CONFIRMED, "numpy 2.1.0"),
        (NUMPY_WARNING, ("numpy==1.26.4",), Checked.CONTRADICTED, "numpy 1.26.4"),
        (NUMPY_WARNING, ("pandas==2.2.2",), Checked.UNCHECKED, "no numpy of its own"),
        (CPU, ("torch==2.4.0+cpu",), Checked.CONFIRMED, "without CUDA"),
        (CPU, ("torch==2.4.0+cu124",), Checked.CONTRADICTED, "with CUDA"),
        (NMS, ("torch==2.6.0", "torchvision==0.19.0"), Checked.CONFIRMED, "torchvision 0.19.0 and torch 2.6.0"),
        (NMS, ("torch==2.6.0", "torchvision==0.21.0"), Checked.CONTRADICTED, "torchvision 0.21.0"),
        (NMS, ("torch==2.6.0",), Checked.UNCHECKED, ""),
        ("ModuleNotFoundError: No module named 'cgi'\n", ("numpy==1.26.4",), Checked.CONTRADICTED, "Python 3.11.9"),
        ("all is well\n" + SYMBOL, ("numpy==1.26.4",), Checked.UNCHECKED, ""),
    ],
    ids=["numpy 2", "numpy 1", "no numpy", "cpu", "cuda", "other pair", "its pair", "no pair", "Python", "no torch"],
)
def test_a_template_answers(tmp_path: Path, log: str, lines: tuple[str, ...], verdict: Checked, word: str) -> None:
    got, told = said(log, template(tmp_path, *lines))
    assert got is verdict
    assert word in told


def test_a_symbol_is_asked_of_the_torch_that_is_there(tmp_path: Path) -> None:
    wants_new_names = said(SYMBOL, template(tmp_path, "torch==2.4.0"))
    has_them = said(SYMBOL, template(tmp_path, "torch==2.7.0"))
    assert {wants_new_names[0], has_them[0]} == {Checked.CONFIRMED, Checked.CONTRADICTED}
    assert "torch 2.4.0" in wants_new_names[1] and "torch 2.7.0" in has_them[1]


def test_the_interpreter_that_runs_this_answers() -> None:
    facts = facts_of(python=sys.executable, offline=True)
    assert said(PYTHON.format(">=3.7"), facts)[0] is Checked.CONTRADICTED
    assert said(PYTHON.format("<3"), facts)[0] is Checked.CONFIRMED
    newer = "TypeError: unsupported operand type(s) for |: 'type' and 'NoneType'\n"
    assert said(newer, facts)[0] is Checked.CONTRADICTED  # X | Y needs 3.10, podfit's own least Python
    if facts.template.platform.glibc:
        assert said(LEVEL.format("2.99"), facts)[0] is Checked.CONFIRMED
        assert said(LEVEL.format("2.2"), facts)[0] is Checked.CONTRADICTED


def test_a_plan_answers_with_what_it_puts_there(tmp_path: Path) -> None:
    import subprocess

    (tmp_path / "pod.txt").write_text("numpy==1.26.4\n")
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "requirements.txt").write_text("numpy\n")
    words = ["fit", "project", "--template", "pod.txt", "--python", "3.11", "--local", "none", "--offline"]
    subprocess.run([sys.executable, "-m", "podfit", *words, "--out", "out"], cwd=tmp_path, check=True)
    plan = tmp_path / "out" / "plan-pod.json"
    facts = facts_of(plan=str(plan))
    assert said(NUMPY_WARNING, facts) == (Checked.CONTRADICTED, f"pod with {plan} has numpy 1.26.4")


def test_a_contradicted_cause_is_less_sure_and_its_fix_is_not_solved(tmp_path: Path) -> None:
    alone = podfit.diagnose(CPU).causes[0]
    causes = podfit.diagnose(io.BytesIO(CPU.encode()), facts=template(tmp_path, "torch==2.4.0+cu124")).causes
    first = causes[-1]
    assert [cause.symptom for cause in causes[:-1]] != [alone.symptom] and first.symptom == alone.symptom
    assert alone.checked is Checked.UNCHECKED and alone.told == ""
    assert first.confidence <= 0.3 < alone.confidence
    assert first.fix and "solved" not in first.told


def test_every_check_of_the_table_has_a_judge() -> None:
    from podfit.catalogue.symptoms import symptoms

    named = {
        kind
        for row in symptoms("log")
        for each in (row, *row.get("case", ()))
        for kind in each.get("check", {})
        if kind != "is"
    }
    assert named <= set(_CHECKS)


def test_no_environment_and_no_plan_are_told() -> None:
    with pytest.raises(InputError):
        facts_of()


def test_a_plan_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text("{")
    with pytest.raises(InputError, match="no JSON"):
        facts_of(plan=str(tmp_path / "plan.json"))
    with pytest.raises(InputError, match="cannot be read"):
        facts_of(plan=str(tmp_path / "none.json"))


def test_a_release_that_is_there_already_comes_back_and_a_mere_upgrade_is_no_mend(tmp_path: Path) -> None:
    from podfit.diagnose.remedies import Wanted, wanted_of
    from podfit.diagnose.solved import with_solved_fix

    facts = template(tmp_path, "numpy==1.26.4")
    log = "The conflict is caused by:\n    The user requested numpy==2.1.0\n    numba 0.59.1 depends on numpy<1.27\n"
    (cause, *_) = podfit.diagnose(log, facts=facts).causes
    assert cause.fix[0] == f"pip install numpy==1.26.4  # as {facts.source} has it"
    upgrade = {"fix": [{"do": "upgrade", "what": "wordtree"}, {"do": "install", "what": "wordtree>=2"}]}
    assert wanted_of(upgrade, {}) == (Wanted("wordtree", True), Wanted("wordtree>=2"))
    assert with_solved_fix(cause, None, facts) is cause


@pytest.mark.parametrize(
    ("error", "step"),
    [
        (InputError("no network may be used, and the cache lacks tf-keras"), "pip install tf-keras"),
        (NoPlanError("nothing fits"), "change the code, or use another template: over"),
    ],
    ids=["nobody could be asked", "nothing fits"],
)
def test_an_index_that_cannot_be_asked_refuses_no_fix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: PodfitError, step: str
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("podfit.fit.library.fit", refuse)
    log = (
        "ValueError: Your currently installed version of Keras is Keras 3, but this is not yet "
        "supported in Transformers.\n"
    )
    first = podfit.diagnose(log, facts=template(tmp_path, "transformers==4.49.0")).causes[0]
    assert first.fix[0].startswith(step)
    assert ("not solved over" in first.told) is isinstance(error, InputError)
    assert error.message in first.told
