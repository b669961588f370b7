"""Logs as people paste them: what is around the lines is taken away, and the cause is the same."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from share import examples

import podfit
from podfit.diagnose.model import OTHER
from podfit.diagnose.normalise import normalised

TRACE = """$ python train.py
Traceback (most recent call last):
  File "/home/user/project/train.py", line 1, in <module>
    import spacy
  File "/home/user/venv/lib/python3.11/site-packages/spacy/__init__.py", line 6, in <module>
    from thinc.api import Optimizer
  File "/home/user/venv/lib/python3.11/site-packages/thinc/api.py", line 1, in <module>
    from .backends import (
ValueError: numpy.dtype size changed, may indicate binary incompatibility. \
Expected 96 from C header, got 88 from PyObject
"""


def first(log: str) -> str:
    causes = podfit.diagnose(log).causes
    return causes[0].category if causes else ""


def test_a_plain_log() -> None:
    (cause, *_) = podfit.diagnose(TRACE).causes
    assert cause.category == "numpy2_abi"
    assert set(cause.packages) == {"numpy", "thinc"}
    assert cause.fix[0] == "pip install 'numpy<2'"
    assert [line.number for line in cause.evidence] == [9]


@pytest.mark.parametrize(
    "dress",
    [
        lambda line: f"\x1b[31m{line}\x1b[0m",
        lambda line: f"[rank0]: {line}",
        lambda line: f"(RayWorkerWrapper pid=1234) {line}",
        lambda line: f"2025-01-01T10:00:00.1234567Z {line}",
        lambda line: f"#12 45.67 {line}",
        lambda line: f"worker-1  | {line}",
        lambda line: f"> {line}",
        lambda line: f"stderr: {line}",
        lambda line: f"{line}\r",
        lambda line: line.replace("/home/user/venv/lib/python3.11/", "C:\\Users\\me\\venv\\Lib\\").replace(
            "site-packages/", "site-packages\\"
        ),
        lambda line: json.dumps({"log": line + "\n", "stream": "stderr"}),
    ],
    ids=["colour", "rank", "ray", "clock", "buildkit", "compose", "quote", "stderr", "crlf", "windows", "docker-json"],
)
def test_dressed_logs(dress) -> None:  # type: ignore[no-untyped-def]
    log = "\n".join(dress(line) for line in TRACE.splitlines())
    (cause, *_) = podfit.diagnose(log).causes
    assert cause.category == "numpy2_abi"
    assert "thinc" in cause.packages


def test_prose_around_it() -> None:
    assert first(f"Bonjour, voici mon problème :\n\n{TRACE}\nMerci d'avance. 谢谢\n") == "numpy2_abi"


@pytest.mark.parametrize("cut", [3, 6, 8])
def test_a_cut_beginning(cut: int) -> None:
    assert first("\n".join(TRACE.splitlines()[cut:])) == "numpy2_abi"


def test_a_warning_does_not_stand_for_another_failure() -> None:
    log = (
        "A module that was compiled using NumPy 1.x cannot be run in\nNumPy 2.1.0 as it may crash.\n"
        "Traceback (most recent call last):\n"
        '  File "/home/user/project/a.py", line 3, in <module>\n    open("data/train.csv")\n'
        "FileNotFoundError: [Errno 2] No such file or directory: 'data/train.csv'\n"
    )
    (cause, *_) = podfit.diagnose(log).causes
    assert (cause.category, cause.packages) == (OTHER, ())


def test_interleaved_ranks_are_taken_apart() -> None:
    other = TRACE.replace("spacy", "spacy")
    lines = [
        line
        for pair in zip(TRACE.splitlines(), other.splitlines(), strict=True)
        for line in (f"[rank0]: {pair[0]}", f"[rank1]: {pair[1]}")
    ]
    lines += ["torch.distributed.elastic.multiprocessing.errors.ChildFailedError: ", "train.py FAILED"]
    assert first("\n".join(lines)) == "numpy2_abi"


def test_nothing_known() -> None:
    diagnosis = podfit.diagnose("all is well\n")
    assert diagnosis.causes == ()
    assert not diagnosis.dependency


def test_an_unknown_exception_is_no_dependency_failure() -> None:
    log = 'Traceback (most recent call last):\n  File "a.py", line 1, in <module>\n    f()\nmine.OddError: what\n'
    (cause, *_) = podfit.diagnose(log).causes
    assert (cause.category, cause.packages) == (OTHER, ())


@given(st.binary(max_size=4000))
@settings(max_examples=examples(60), deadline=None)
def test_any_bytes_have_an_answer(data: bytes) -> None:
    podfit.diagnose(io.BytesIO(data)).to_json()


@given(st.text(max_size=400))
@settings(max_examples=examples(60), deadline=None)
def test_normalised_lines_have_no_controls(text: str) -> None:
    for line in normalised(enumerate(text.split("\n"), 1)):
        assert "\x1b" not in line.text and "\r" not in line.text


def test_a_long_log_is_read_in_pieces() -> None:
    noise = b"step 1 loss 0.5 all is well here, nothing to see, move along please\n"
    count = (12 << 20) // len(noise)
    log = noise * count + TRACE.encode() + noise * count
    (cause, *_) = podfit.diagnose(io.BytesIO(log)).causes
    assert cause.category == "numpy2_abi"
    assert [line.number for line in cause.evidence] == [count + 9]


def test_a_name_that_a_caught_import_would_have_brought_is_a_consequence() -> None:
    caught = (
        '  File "/venv/lib/python3.10/site-packages/flash_attn/flash_attn_interface.py", line 8, in <module>\n'
        "    import flash_attn_2_cuda as flash_attn_cuda\n"
        "ImportError: /venv/lib/python3.10/site-packages/flash_attn_2_cuda.so: undefined symbol: "
        "_ZN3c104cuda9SetDeviceEi\n"
    )
    name = 'Traceback (most recent call last):\n  File "a.py", line 1, in <module>\n    f()\nNameError: no g here\n'
    assert first(caught + name) == "torch_ext_symbol"
    assert first(name) == OTHER


def test_a_warning_that_explains_the_last_exception_is_the_cause() -> None:
    warning = (
        "UserWarning: CUDA initialization: The NVIDIA driver on your system is too old (found version 11000).\n"
        "  return torch._C._cuda_getDeviceCount() > 0\n"
    )
    needs = 'Traceback (most recent call last):\n  File "a.py", line 1, in <module>\n    f()\nAssertionError: {}\n'
    assert first(warning + needs.format("Megatron requires CUDA.")) == "driver_too_old"
    assert first(warning + needs.format("the two lists differ in length")) == OTHER


def test_the_prompt_above_tells_what_was_imported() -> None:
    log = ">>> import torch_scatter\nOSError: libtorch_cuda_cu.so: cannot open shared object file: No such file\n"
    (cause, *_) = podfit.diagnose(log).causes
    assert cause.packages == ("torch-scatter", "torch")
    assert cause.fix
