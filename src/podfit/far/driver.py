"""What NVIDIA's driver library says. Stands alone: a sick driver may hang or crash whoever asks, so a process does."""

from __future__ import annotations

import ctypes
import json
from typing import Any


def ask() -> dict[str, Any]:
    """Return what libcuda says: `version` (12040 for CUDA 12.4, 0 unknown), `gpus`, and an `error` when there is none.

    Each of gpus has `name`, and `compute_capability` and `memory_bytes` where the driver tells them (CUDA driver API:
    attributes 75 and 76 are the compute capability, status 100 is CUDA_ERROR_NO_DEVICE).
    """
    facts: dict[str, Any] = {"version": 0, "gpus": [], "error": ""}
    try:
        cuda = ctypes.CDLL("libcuda.so.1")
    except OSError as error:
        return dict(facts, error=str(error))
    number, total = ctypes.c_int(), ctypes.c_size_t()

    def value(function: str, *arguments: int) -> int | None:
        """Return what a function of the driver writes, None when it fails."""
        return None if getattr(cuda, function)(ctypes.byref(number), *arguments) else number.value

    status = 0
    try:
        facts["version"] = value("cuDriverGetVersion") or 0
        status = cuda.cuInit(0)
        for index in range((value("cuDeviceGetCount") or 0) if status == 0 else 0):
            device = value("cuDeviceGet", index)
            if device is None:
                continue
            name = ctypes.create_string_buffer(256)
            cuda.cuDeviceGetName(name, 256, device)
            gpu: dict[str, Any] = {"name": name.value.decode("utf-8", "replace")}
            major, minor = value("cuDeviceGetAttribute", 75, device), value("cuDeviceGetAttribute", 76, device)
            if major is not None and minor is not None:
                gpu["compute_capability"] = f"{major}.{minor}"
            if cuda.cuDeviceTotalMem_v2(ctypes.byref(total), device) == 0:
                gpu["memory_bytes"] = total.value
            facts["gpus"].append(gpu)
    except AttributeError as error:  # a driver of another age lacks a function
        return dict(facts, error=str(error))
    if not facts["gpus"]:
        facts["error"] = "libcuda finds no device" if status in (0, 100) else f"cuInit fails with error {status}"
    return facts


if __name__ == "__main__":
    print(json.dumps(ask()))
