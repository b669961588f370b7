"""GPUs and driver."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Any

from .. import driver
from ..tree.files import HERE
from ..tree.notes import Warnings, evidence
from .machine import run


def gpu_facts(warnings: Warnings) -> dict[str, Any]:
    """Return the manifest's `gpus` and `driver`: from nvidia-smi, and from libcuda what that does not tell."""
    asked = driver_library(warnings)
    gpus, version = nvidia_smi()
    if not gpus or any("compute_capability" not in gpu for gpu in gpus):
        gpus = asked.get("gpus") or gpus
    about: dict[str, Any] = {}
    if version or proc_driver_version():
        about["version"] = version or proc_driver_version()
    if asked.get("version"):
        about["cuda"] = "{}.{}".format(asked["version"] // 1000, asked["version"] % 1000 // 10)
        about["cuda_evidence"] = evidence("measured", "cuDriverGetVersion of libcuda.so.1")
    else:
        match = re.search(r"CUDA Version:\s*(\d+\.\d+)", run(["nvidia-smi"], 30.0) or "") if version else None
        if match:
            about["cuda"], about["cuda_evidence"] = match.group(1), evidence("measured", "nvidia-smi")
    facts: dict[str, Any] = {"gpus": gpus}
    if about:
        facts["driver"] = about
    return facts


def driver_library(warnings: Warnings) -> dict[str, Any]:
    """Return what libcuda says (podfit.far.driver), asked in a process of its own: a sick driver may hang."""
    loader: Any = driver.__loader__  # in a packed program, too, it knows the text
    code = str(loader.get_source(driver.__name__))
    argv = [sys.executable, "-I", "-B", "-c", code]
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
        return dict(json.loads(done.stdout.decode("utf-8").splitlines()[0]))
    except subprocess.TimeoutExpired:
        warnings.add("the NVIDIA driver did not answer within a minute")
        return {}
    except (OSError, ValueError, IndexError):
        return {}


def nvidia_smi() -> tuple[list[dict[str, Any]], str]:
    """Return GPUs and driver version as nvidia-smi tells them; old ones do not know compute_cap."""
    for fields in (
        ["name", "memory.total", "driver_version", "compute_cap"],
        ["name", "memory.total", "driver_version"],
    ):
        text = run(["nvidia-smi", "--query-gpu=" + ",".join(fields), "--format=csv,noheader,nounits"], 30.0)
        if text is None:
            continue
        gpus: list[dict[str, Any]] = []
        version = ""
        for line in text.splitlines():
            cells = [cell.strip() for cell in line.split(",")]
            if len(cells) < len(fields):
                continue
            gpu: dict[str, Any] = {"name": cells[0]}
            if re.fullmatch(r"\d+\.\d+", cells[-1]) and len(fields) == 4:
                gpu["compute_capability"] = cells[-1]
            if cells[1].isdigit():
                gpu["memory_bytes"] = int(cells[1]) * 2**20
            gpus.append(gpu)
            version = cells[2]
        return gpus, version
    return [], ""


def proc_driver_version() -> str:
    """Return the version of the loaded kernel module, empty when there is none."""
    match = re.search(r"Kernel Module\D*?(?:for \S+)?\s+(\d[\d.]+)", HERE.text("/proc/driver/nvidia/version") or "")
    return match.group(1) if match else ""
