"""A CUDA library that does not load: absent, of another CUDA or cuDNN than torch's, or there and out of sight."""

from __future__ import annotations

import pytest
from test_held_torch import causes

from podfit.diagnose.model import Cause
from podfit.diagnose.reading import There

NINE = There({"torch": "2.4.1+cu124", "nvidia-cudnn-cu12": "9.1.0.70"}, {}, "pod", "", "12.4", "9.1.0.70")
EIGHT = There({"torch": "2.2.0+cu121", "nvidia-cudnn-cu12": "8.9.2.26"}, {}, "pod", "", "12.1", "8.9.2.26")
SYSTEM = There({"torch": "2.6.0a0+nv25.1"}, {}, "pod", "", "12.8", "9.7.0")
MISSING = "{}: cannot open shared object file: No such file or directory"


def cause(log: str, there: There | None = None) -> Cause:
    return causes(log, there)[0]


def raised(library: str, package: str) -> str:
    frame = f'  File "/usr/lib/python3.11/site-packages/{package}/core.py", line 9, in load\n    load()\n'
    return f"Traceback (most recent call last):\n{frame}ImportError: {MISSING.format(library)}\n"


@pytest.mark.parametrize(
    ("there", "library", "package", "fix"),
    [
        (NINE, "libcudnn_ops_infer.so.8", "faster_whisper", "pip install 'ctranslate2>=4.5'"),
        (EIGHT, "libcudnn_ops.so.9", "faster_whisper", "pip install 'ctranslate2<4.5'"),
        (NINE, "libcudnn.so.8", "voices", "install a release of voices that was built for cuDNN 9, or"),
        (SYSTEM, "libcudnn.so.8", "voices", "install a release of voices that was built for cuDNN 9, or"),
    ],
    ids=["wants 8", "wants 9", "of any other", "the system's"],
)
def test_the_cudnn_of_torch_stays(there: There, library: str, package: str, fix: str) -> None:
    one = cause(raised(library, package), there)
    assert f"torch brings cuDNN {there.cudnn} here, which stays" in one.cause
    assert package.replace("_", "-") in one.cause and library in one.cause
    assert one.fix[0].startswith(fix) and not any("nvidia-cudnn" in step for step in one.fix)


def test_without_an_environment_no_cudnn_is_put_under_torch() -> None:
    one = cause(raised("libcudnn_ops_infer.so.8", "faster_whisper"))
    assert "faster-whisper was built for cuDNN 8" in one.cause
    assert not any(step.startswith("pip install") for step in one.fix)


def test_a_library_that_is_there_is_to_be_found() -> None:
    line = "Unable to load any of {libcudnn_ops.so.9.1.0, libcudnn_ops.so.9.1, libcudnn_ops.so.9, libcudnn_ops.so}\n"
    one = cause(line, NINE)
    assert "libcudnn_ops.so.9.1.0 is here, in nvidia-cudnn-cu12 9.1.0.70" in one.cause
    assert one.fix[0].startswith('export LD_LIBRARY_PATH="$(python -c') and "nvidia.cudnn" in one.fix[0]


def test_another_cuda_than_torchs_is_no_reason_to_install_its_libraries() -> None:
    one = cause(raised("libcudart.so.11.0", "tracking"), NINE)
    assert "tracking was built for CUDA 11, and torch here is for CUDA 12.4" in one.cause
    assert len(one.fix) == 1 and one.fix[0].startswith("install a build of tracking for CUDA 12.4")
    (only,) = causes(f"ImportError: {MISSING.format('libcudart.so.11.0')}\n", None)
    assert only.category == "missing_cuda_lib"


def test_torch_that_misses_a_library_is_installed_again_and_in_its_version() -> None:
    one = cause(raised("libcudnn.so.9", "torch"), NINE)
    assert one.fix == (
        "pip install --force-reinstall torch==2.4.1+cu124 --index-url https://download.pytorch.org/whl/cu124",
    )


def test_both_versions_of_cudnn_are_told() -> None:
    log = (
        "RuntimeError: cuDNN version incompatibility: PyTorch was compiled  against (9, 1, 0) "
        "but found runtime version (8, 9, 2). PyTorch already comes bundled with cuDNN.\n"
    )
    one = cause(log, NINE)
    assert "(8.9.2)" in one.cause and "(9.1.0)" in one.cause
    assert "LD_LIBRARY_PATH" in one.fix[0]


def test_a_toolkit_that_differs_from_torchs_is_told_over_several_lines() -> None:
    log = (
        "RuntimeError:\nThe detected CUDA version (11.8) mismatches the version that was used to compile\n"
        "PyTorch (12.4). Please make sure to use the same CUDA versions.\n"
    )
    one = cause(log)
    assert "(11.8)" in one.cause and "(12.4)" in one.cause
    assert one.fix[0].startswith("use the toolkit of torch's CUDA 12.4")
    assert not any("torch build" in step for step in one.fix)
