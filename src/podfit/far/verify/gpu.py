"""The checks of a machine's GPUs, its driver and torch's CUDA build."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..protocol import VerifyFinding
from .checks import check_function
from .environment import Environment
from .explain import trouble
from .findings import FAILED, OK, UNKNOWN, finding
from .processes import Children

GPU_FUNCTIONS: tuple[tuple[str, str, tuple[str, ...], dict[str, str]], ...] = (
    ("CUDA matmul", "cuda_matmul", ("torch",), {}),
    ("xgboost on GPU", "xgboost", ("xgboost", "numpy"), {"device": "cuda"}),
)


def runs_on(capability: Sequence[int], architectures: Iterable[str]) -> bool:
    """Tell whether device code for these architectures runs on a device of this compute capability.

    CUDA C++ Programming Guide, "Binary Compatibility" and "PTX Compatibility": machine code runs within its major
    number from its own minor number on, PTX on everything at least as new; `a` variants on exactly their own.
    """
    for entry in architectures:
        found = re.fullmatch(r"(sm|compute)_(\d+)(\d)([af]?)", entry)
        if found is None:
            continue
        kind, major, minor, exact = found[1], int(found[2]), int(found[3]), found[4] == "a"
        have = (capability[0], capability[1])
        if (major, minor) == have or (not exact and kind == "compute" and (major, minor) <= have):
            return True
        if kind == "sm" and not exact and major == have[0] and minor <= have[1]:
            return True
    return False


def check_gpu(state: Environment, children: Children) -> Iterable[VerifyFinding]:
    """Look at driver, GPU and torch's CUDA build, and compute on the GPU if there is one."""
    strict = state.options.require_gpu
    driver = children.run("driver", state.options.timeout)
    devices = driver.result.get("devices", [])
    why = driver.result.get("error", "") if driver.how == "done" else trouble(driver, state)[0]
    absent = FAILED if strict else UNKNOWN
    here = "run this on the machine with the GPU"
    if not state.has("torch"):
        if strict and not devices:
            yield finding("gpu", "GPU", FAILED, f"there is no GPU: {why}", "libcuda.so.1", remedy=here)
    else:
        asked = children.run("torch_cuda", state.options.timeout)
        if asked.how != "done":
            text, detail, remedy = trouble(asked, state)
            yield finding("cuda", "CUDA", FAILED, text, "torch.cuda", detail=detail, remedy=remedy)
        else:
            yield from judge_cuda(asked.result, driver.result, why, absent)
            if not asked.result["available"]:
                devices = []
    if devices:
        for title, child, names, arguments in GPU_FUNCTIONS:
            if state.has(*names):
                yield from check_function(state, title, child, arguments, children)


def judge_cuda(torch: Mapping[str, Any], driver: Mapping[str, Any], why: str, absent: str) -> Iterable[VerifyFinding]:
    """Return the findings about CUDA and GPUs from what torch and the driver said.

    why is the reason for which the driver has no devices; absent the verdict for a machine without a GPU.
    """
    build = torch["cuda"] or (f"ROCm {torch['hip']}" if torch["hip"] else "")
    here = "run this on the machine with the GPU"
    if not build:
        message = f"torch {torch['torch']} is built without CUDA: there is nothing to check on a GPU"
        verdict = FAILED if absent == FAILED else OK
        yield finding("cuda", "CUDA", verdict, message, "torch.version.cuda", remedy="" if verdict == OK else here)
        return
    if torch["available"]:
        supports = f", the driver supports {driver['cuda']}" if driver.get("cuda") else ""
        yield finding("cuda", "CUDA", OK, f"{build}{supports}", "torch.cuda.is_available()")
    elif driver.get("devices"):
        message = f"{build}: a GPU is there ({driver['devices'][0]}), and torch cannot use it"
        remedy = f"the driver supports CUDA {driver.get('cuda')}: it may be too old for CUDA {build}"
        yield finding("cuda", "CUDA", FAILED, message, "torch.cuda.init()", detail=torch["error"], remedy=remedy)
        return
    else:
        hidden = os.environ.get("CUDA_VISIBLE_DEVICES")
        why = f"CUDA_VISIBLE_DEVICES={hidden!r} hides all" if hidden in ("", "-1") else why
        message = f"no GPU here, so CUDA {build} of torch was not tried ({why})"
        yield finding("gpu", "GPU", absent, message, "libcuda.so.1", detail=torch["error"], remedy=here)
        return
    for device in torch["devices"]:
        capability = "{}.{}".format(*device["capability"])
        fits = bool(torch["hip"]) or runs_on(device["capability"], torch["arch_list"])
        message = f"{device['name']}, compute capability {capability}"
        listed = " ".join(torch["arch_list"])
        if not fits:
            message += f": torch {torch['torch']} has no code for it, only for {listed}"
        remedy = "" if fits else "use a template whose torch is built for this GPU"
        yield finding(
            "gpu", "GPU", OK if fits else FAILED, message, "torch.cuda.get_arch_list()", detail=listed, remedy=remedy
        )
