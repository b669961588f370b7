"""Further kinds of logs that are told apart: locks, conda, notebooks, files, crashes, words of tools."""

from __future__ import annotations

import pytest
from test_held_torch import causes

from podfit.diagnose.model import Cause, Diagnosis
from podfit.diagnose.shown import workflow_commands

STACK = """Fatal Python error: Segmentation fault

Current thread 0x00007f1b2c3d4740 (most recent call first):
  File "<frozen importlib._bootstrap>", line 241 in _call_with_frames_removed
  File "/usr/local/lib/python3.11/dist-packages/{}/cextension.py", line 20 in <module>
  File "train.py", line 3 in <module>

Segmentation fault (core dumped)
"""


def first(log: str) -> Cause:
    return causes(log, None)[0]


@pytest.mark.parametrize(
    ("log", "symptom", "told"),
    [
        (
            "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 7 (unattended-upgr)",
            "apt-locked",
            "unattended-upgr",
        ),
        (
            "E: Could not open lock file /var/lib/dpkg/lock-frontend - open (13: Permission denied)",
            "apt-locked",
            "only root may do",
        ),
        ("E: dpkg was interrupted, you must manually run 'dpkg --configure -a'", "dpkg-interrupted", "cut off"),
        (
            "E: Failed to fetch http://a/Packages.gz  File has unexpected size (1 != 2). Mirror sync in progress?",
            "apt-mirror-changes",
            "renewed",
        ),
        (
            "CommandNotFoundError: Your shell has not been properly configured to use 'conda activate'.",
            "conda-shell",
            "start file",
        ),
        (
            "EnvironmentNotWritableError: The current user does not have write permissions",
            "conda-not-writable",
            "may not write",
        ),
        (
            "CondaHTTPError: HTTP 000 CONNECTION FAILED for url <https://conda.anaconda.org/x>",
            "conda-no-connection",
            "no network",
        ),
        (
            "CondaVerificationError: The package for pytorch located at /opt/conda/pkgs/pytorch-2.1.0",
            "conda-damaged",
            "of pytorch is damaged",
        ),
        ("nbclient.exceptions.DeadKernelError: Kernel died", "kernel-died", "memory"),
        ("jupyter_client.kernelspec.NoSuchKernel: No such kernel named py310", "no-such-kernel", "not here"),
        ("_pickle.UnpicklingError: invalid load key, 'v'.", "pickle-of-no-pickle", "pointer of Git LFS"),
        ("_pickle.UnpicklingError: invalid load key, '<'.", "pickle-of-no-pickle", "page of a website"),
        ("_pickle.UnpicklingError: invalid load key, '\\x1f'.", "pickle-of-no-pickle", "gzip"),
        ("ModuleNotFoundError: No module named 'pandas.core.indexes.numeric'", "pandas-one-pickle", "pandas 1 wrote"),
        (
            "The engine plan file is not compatible with this version of TensorRT, "
            "expecting library version 10.3.0.26 got 8.6.1.6, please rebuild.",
            "engine-of-another-tensorrt",
            "another TensorRT (8.6.1.6)",
        ),
        (
            "OMP: Error #15: Initializing libiomp5.dylib, but found libomp.dylib already initialized.",
            "openmp-twice",
            "libomp.dylib and libiomp5.dylib",
        ),
        ("AttributeError: module 'numpy' has no attribute 'ndarray'", "numpy-not-whole", "not the whole of it"),
        ("AttributeError: module 'torch' has no attribute 'Tensor'", "numpy-not-whole", "finds as torch"),
        (
            "jax.errors.JaxRuntimeError: INTERNAL: cuda driver version is insufficient for CUDA runtime version",
            "insufficient-driver",
            "older",
        ),
        (
            "error: Failed to install: torch-2.1.0+cu121-cp310-cp310-linux_x86_64.whl (torch==2.1.0+cu121)\n"
            "  Caused by: The wheel is incompatible with the current Python 3.11",
            "uv-wheel-of-another-python",
            "(3.11)",
        ),
        (
            "AssertionError: MMCV==2.2.0 is used but incompatible. Please install mmcv>=2.0.0rc4, <2.2.0.",
            "mmcv-range",
            "mmcv>=2.0.0rc4, <2.2.0",
        ),
        (
            "NotImplementedError: The operator 'aten::x' is not currently implemented for the MPS device.",
            "not-on-mps",
            "aten::x",
        ),
    ],
)
def test_what_a_log_tells_of(log: str, symptom: str, told: str) -> None:
    one = first(log)
    assert one.symptom == symptom
    assert told in one.cause
    assert one.fix


@pytest.mark.parametrize("log", ["module 'torch' has no attribute 'array'", "module 'numpy' has no attribute 'Tensor'"])
def test_a_name_that_no_release_has_does_not_make_a_package_broken(log: str) -> None:
    assert first(f"AttributeError: {log}").symptom != "numpy-not-whole"


def test_what_a_line_says_of_itself_is_not_taken_for_the_programs_own_error() -> None:
    found = causes("AssertionError: Torch not compiled with CUDA enabled", None)
    assert [each.symptom for each in found] == ["not-compiled-with-cuda"]
    assert first("AssertionError: the loss is negative").symptom == "assertion-or-own-error"


def test_a_crash_is_put_down_to_the_distribution_in_whose_file_python_was() -> None:
    one = first(STACK.format("bitsandbytes"))
    assert "while bitsandbytes ran (cextension.py:20, <module>)" in one.cause
    assert one.packages == ("bitsandbytes",)
    plain = first("Segmentation fault (core dumped)")
    assert "does not say why" in plain.cause and not plain.packages
    own = first(STACK.replace("/usr/local/lib/python3.11/dist-packages/{}", "/work/app"))
    assert "does not say why" in own.cause


def test_python_is_no_distribution_that_gives_way() -> None:
    one = first(
        "  × No solution found when resolving dependencies:\n  ╰─▶ Because wordtree==0.60.0 depends on "
        "Python>=3.9,<3.13 and your project depends on wordtree==0.60.0, "
        "we can conclude that your project's requirements are unsatisfiable."
    )
    assert one.category == "python_version_unsupported"
    assert "wordtree==0.60.0 asks for python>=3.9,<3.13" in one.cause
    assert not any("install 'python" in step or "install python" in step for step in one.fix)
    assert any('requires-python = ">=3.9,<3.13"' in step for step in one.fix)


def test_the_python_in_the_name_of_a_refused_wheel_is_not_this_one() -> None:
    one = first("ERROR: tool-1.0-cp310-cp310-linux_x86_64.whl is not a supported wheel on this platform.")
    assert "(3.10)" not in one.cause


@pytest.mark.parametrize(
    ("log", "begins"),
    [
        ("ERROR: tool-1.0-cp310-cp310-linux_x86_64.whl is not a supported wheel on this platform.", "tool-1.0-cp310"),
        ("x.errors.StrangeError: no", "x.errors.StrangeError"),
        ("E: dpkg was interrupted, you must manually run 'dpkg --configure -a'", "An installation"),
    ],
)
def test_a_sentence_that_begins_with_a_files_or_modules_name_keeps_its_letters(log: str, begins: str) -> None:
    told = workflow_commands(Diagnosis(tuple(causes(log, None))), "a.log")
    assert f"::{begins}" in told


def test_another_cudnn_than_tensorflows_is_not_mended_by_installing_torch() -> None:
    one = first(
        "E tensorflow/compiler/xla/stream_executor/cuda/cuda_dnn.cc:432] "
        "Loaded runtime CuDNN library: 8.2.4 but source was compiled with: 8.6.0."
    )
    assert one.symptom == "cudnn-version"
    assert not any("install" in step and "torch" in step.partition("#")[0] for step in one.fix)
