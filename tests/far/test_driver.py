"""What the driver's library says, with a library of our own in its place: its functions, compiled here."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from far_support import run_probe

_HEAD = "#include <string.h>\n#include <stdlib.h>\n#include <unistd.h>\n"
_WHOLE = """
int cuInit(unsigned flags) { return %(init)d; }
int cuDeviceGetCount(int *count) { *count = 2; return 0; }
int cuDeviceGet(int *device, int index) { *device = index; return 0; }
int cuDeviceGetName(char *name, int length, int device) { strcpy(name, device ? "Second" : "First"); return 0; }
int cuDeviceTotalMem_v2(size_t *bytes, int device) { *bytes = (size_t)80 << 30; return 0; }
int cuDeviceGetAttribute(int *value, int attribute, int device) { *value = attribute == 75 ? 9 : device; return 0; }
"""
_VERSION = "int cuDriverGetVersion(int *version) { *version = 12040; return 0; }\n"


@pytest.fixture
def driver(tmp_path: Path) -> Callable[[str], str]:
    """A function that compiles a libcuda.so.1 and returns its directory."""
    compiler = shutil.which("cc") or shutil.which("gcc")

    def make(source: str) -> str:
        if compiler is None:
            pytest.skip("there is no C compiler")
        (tmp_path / "cuda.c").write_text(_HEAD + source)
        words = [compiler, "-shared", "-fPIC", "-o", str(tmp_path / "libcuda.so.1"), str(tmp_path / "cuda.c")]
        subprocess.run(words, check=True)
        (tmp_path / "nvidia-smi").write_text("#!/bin/sh\nexit 9\n")
        (tmp_path / "nvidia-smi").chmod(0o755)
        return str(tmp_path)

    return make


def variables(folder: str) -> dict[str, str]:
    """Return the variables under which a process finds the library, and no nvidia-smi that works."""
    return {"LD_LIBRARY_PATH": folder, "PATH": f"{folder}:{os.environ['PATH']}"}


def test_gpus_and_version_without_nvidia_smi(driver: Callable[[str], str], make_venv: Callable[..., str]) -> None:
    folder = driver(_VERSION + _WHOLE % {"init": 0})
    manifest = run_probe(make_venv(), **variables(folder))
    assert manifest["driver"]["cuda"] == "12.4"
    assert manifest["driver"]["cuda_evidence"]["kind"] == "measured"
    assert manifest["gpus"] == [
        {"name": "First", "compute_capability": "9.0", "memory_bytes": 80 * 2**30},
        {"name": "Second", "compute_capability": "9.1", "memory_bytes": 80 * 2**30},
    ]


@pytest.mark.parametrize("init", [100, 999])
def test_a_driver_without_devices_still_has_a_version(
    init: int, driver: Callable[[str], str], make_venv: Callable[..., str]
) -> None:
    folder = driver(_VERSION + _WHOLE % {"init": init})
    manifest = run_probe(make_venv(), **variables(folder))
    assert (manifest["gpus"], manifest["driver"]["cuda"]) == ([], "12.4")


@pytest.mark.parametrize("source", ["int cuInit(unsigned flags) { abort(); }\n", ""])
def test_a_library_that_crashes_or_lacks_functions_is_no_driver(
    source: str, driver: Callable[[str], str], make_venv: Callable[..., str]
) -> None:
    manifest = run_probe(make_venv(), **variables(driver(source)))
    assert manifest["gpus"] == []
    assert "cuda" not in manifest.get("driver", {})


def test_a_library_without_devices_functions_tells_its_version(
    driver: Callable[[str], str], make_venv: Callable[..., str]
) -> None:
    manifest = run_probe(make_venv(), **variables(driver(_VERSION)))
    assert (manifest["gpus"], manifest["driver"]["cuda"]) == ([], "12.4")
