"""A template's torch is never exchanged by a remedy: another template, the same torch again, or another extension."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from podfit.catalogue.gpus import runs
from podfit.catalogue.symptoms import symptoms
from podfit.catalogue.torch_builds import torch_archs
from podfit.diagnose.judge import causes_of
from podfit.diagnose.model import Cause
from podfit.diagnose.normalise import normalised
from podfit.diagnose.reading import There, read
from podfit.diagnose.window import window
from podfit.readers.template import read_template

HELD = "2.4.1+cu124"
POD = There({"torch": HELD, "nvidia-cudnn-cu12": "9.1.0.70"}, {}, "pod", "runpod", "12.4")
CPU = There({"torch": "2.4.1+cpu"}, {}, "pod", "runpod", "")
ARCH = (
    "NVIDIA GeForce RTX 5090 with CUDA capability sm_120 is not compatible with the current PyTorch installation.\n"
    "The current PyTorch install supports CUDA capabilities sm_50 sm_60 sm_70 sm_75 sm_80 sm_86 sm_90.\n"
)
PAIR = (
    "RuntimeError: Detected that PyTorch and torchvision were compiled with different CUDA major versions. "
    "PyTorch has CUDA Version=12.4 and torchvision has CUDA Version=11.8. Please reinstall torchvision.\n"
)
FOLDER = Path(__file__).parent / "logs"
LOGS = [
    json.loads(line)["log"]
    for file in ("made.jsonl", "pasted.jsonl")
    for line in (FOLDER / file).read_text("utf-8").splitlines()
] + [row["sample"] for row in symptoms("log")]


def causes(log: str, there: There | None) -> tuple[Cause, ...]:
    import io

    return causes_of(read(list(normalised(window(io.BytesIO(log.encode())))), there))


def torches(step: str) -> set[str]:
    """What of torch a step's pip commands install."""
    commands = re.findall(r"pip install ([^#&|]*)", step)
    return {
        word for each in commands for word in re.findall(r"(?<![\w/.-])'?(torch(?:[=<>!~][^\s']*)?)(?=['\s]|$)", each)
    }


@pytest.mark.parametrize("there", [POD, CPU], ids=["cuda", "cpu"])
def test_no_remedy_exchanges_the_torch_of_a_template(there: There) -> None:
    for log in LOGS:
        for cause in causes(log, there):
            for step in cause.fix:
                assert torches(step) <= {f"torch=={there.versions['torch']}"}, (cause.symptom, step)


def test_without_an_environment_torch_is_installed_only_where_it_was_taken_out() -> None:
    assert torches("pip install --force-reinstall torch") == {"torch"}
    for log in LOGS:
        for cause in causes(log, None):
            for step in cause.fix:
                back = cause.symptom in ("torch-replaced", "torch-swapped-by-uv") and "torch==" in step
                assert back or not (step.startswith("pip") and torches(step)), (cause.symptom, step)


def test_a_template_with_code_for_the_gpu_is_named() -> None:
    (cause, *_) = causes(ARCH, POD)
    named = re.findall(r"[\w.-]*\d[\w.-]*-[\w.-]+", cause.fix[0].partition("(")[2].partition(")")[0])
    assert len(cause.fix) == 1 and named and named[0].startswith("runpod")
    for name in named:
        archs = torch_archs(read_template(name))
        assert archs is not None and runs("12.0", archs.value)
    alone = causes(ARCH, None)[0].fix
    assert alone[0].startswith("use a template") and alone[1].startswith(
        "or, where no template holds torch: pip install"
    )


def test_the_extension_moves_and_torch_stays() -> None:
    (cause, *_) = causes(PAIR, POD)
    assert cause.fix == (
        "pip install --no-deps --force-reinstall torchvision==0.19.1 --index-url https://download.pytorch.org/whl/cu124",
    )


def test_a_torch_that_was_exchanged_comes_back() -> None:
    (cause, *_) = causes("      Successfully uninstalled torch-2.4.1+cu124\n", POD)
    assert cause.fix[0].startswith(f"pip install --force-reinstall torch=={HELD} --index-url")
    (cause, *_) = causes("AssertionError: Torch not compiled with CUDA enabled\n", CPU)
    assert cause.fix[0].startswith("start again from the template's image")
    told = "torchvision 0.19.1+cu124 requires torch==2.4.1, but you have torch 2.9.0 which is incompatible.\n"
    assert causes(told, POD)[0].fix[0].startswith(f"pip install --force-reinstall torch=={HELD} --index-url")
    told = "torchvision 0.24.0 requires torch==2.9.0, but you have torch 2.4.1 which is incompatible.\n"
    assert causes(told, POD)[0].fix[0].startswith("pip install --no-deps --force-reinstall torchvision==0.19.1 ")


@pytest.mark.parametrize("there", [None, POD], ids=["no environment", "a template"])
def test_what_goes_with_one_torch_comes_in_that_release_and_brings_none(there: There | None) -> None:
    for log in [*LOGS, "ModuleNotFoundError: No module named 'torchvision.transforms.functional_tensor'\n"]:
        for cause in causes(log, there):
            for step in cause.fix:
                moved = re.search(r"pip install (?=[^#&|]*\btorch(?:vision|audio)\b)[^#&|]*", step)
                assert moved is None or "--no-deps" in moved[0], (cause.symptom, step)
                assert there is None or moved is None or re.search("==(?:0.19.1|2.4.1)", moved[0]), step
