"""Print what this Python environment and machine really are, as one JSON template manifest.

    python probe.py              everything
    python probe.py --quick      interpreter, platform, distributions, environment and pip_config only
    ssh pod python3 - < probe.py

`podfit probe --script` writes this file. Standard library only, Python 3.8 and newer, nothing imported from the
environment that it describes, nothing written. The manifest's keys are described in docs/template-manifest.md. What
cannot be read becomes a sentence in `probe.warnings`, never a failure.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import sys
import sysconfig
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from ..frame import framed
from ..protocol import Distribution, Manifest
from ..tree.environment import Environment
from ..tree.listing import distributions
from ..tree.notes import Warnings, evidence
from ..tree.pip import pip_config, pip_constraints
from ..tree.system import libstdcxx
from .interpreter import environment, glibc_version, interpreter, wheel_tags
from .machine import container_environment, library_cache, nvcc, steering_environment

SCHEMA = "podfit.template/1"
VERSION = "1"


def platform_facts(looked: Environment, warnings: Warnings) -> dict[str, Any]:
    """Return the manifest's `platform`."""
    machine, glibc = platform.machine(), glibc_version()
    if not glibc:
        warnings.add("the C library is not glibc: no manylinux wheel runs here")
    _, glibcxx = warnings.guard("libstdc++", lambda: libstdcxx(looked, library_cache()), default=("", ""))
    if not glibcxx:
        warnings.add("no libstdc++.so.6 was found: C++ extensions need one")
    facts = {"machine": machine, "system": platform.system().lower(), "glibc": glibc, "glibcxx": glibcxx}
    if not glibc and "musl" in str(sysconfig.get_config_var("SOABI")):
        facts["libc"] = "musl"  # as in cpython-312-x86_64-linux-musl
    return {**facts, "tags": wheel_tags(machine, glibc)}


def template_name(found: list[dict[str, Any]]) -> str:
    """Return a short name for the template, such as `probed-torch-2.4.0-cu124-py311`."""
    series = "py{}{}".format(*sys.version_info[:2])
    torch = next((entry["version"] for entry in found if entry["name"].lower() == "torch"), "")
    name = f"probed-torch-{torch}-{series}" if torch else f"probed-{series}"
    return re.sub(r"[^a-z0-9.-]+", "-", name.lower())


def quick_manifest(looked: Environment, warnings: Warnings) -> Manifest:
    """Return the parts that need neither the disk's large files nor the GPU."""
    now = datetime.now(timezone.utc).replace(microsecond=0)
    found = warnings.guard("the list of distributions", distributions, looked, warnings, default=[])
    settings = warnings.guard("pip's configuration", pip_config, looked, warnings, default={})
    return {
        "schema": SCHEMA,
        "name": template_name(found),
        "title": f"Python {platform.python_version()} with {len(found)} distributions",
        "origin": "probed",
        "captured": now.isoformat().replace("+00:00", "Z"),
        "evidence": evidence("measured", "podfit probe", sys.executable),
        "interpreter": interpreter(),
        "platform": platform_facts(looked, warnings),
        "environment": steering_environment(),
        "pip_config": settings,
        "pip_constraints": warnings.guard("pip's constraints", pip_constraints, looked, settings, warnings, default={}),
        "distributions": found,
    }


def full_facts(looked: Environment, found: list[Distribution], warnings: Warnings) -> Manifest:
    """Return the parts of the manifest that take more than a moment; found is the list of distributions."""
    # Not above: --quick does without, and every module takes a moment to compile.
    from ..tree.cuda import cuda_facts, cuda_roots
    from ..tree.libraries import system_facts
    from ..tree.torch import torch_facts, torch_folder
    from .disks import disks
    from .gpu import gpu_facts

    container_environment(warnings)
    linker = library_cache()
    cuda = warnings.guard("the CUDA libraries", cuda_facts, looked, linker, warnings, default={})
    if "toolkit" not in cuda:
        cuda = {**nvcc(cuda_roots(looked)), **cuda}
    folder = torch_folder(looked, found)
    facts = Manifest()
    system = warnings.guard("the system's libraries", system_facts, looked, linker, warnings, default={})
    if system:
        facts["system"] = system
    if cuda:
        facts["cuda"] = cuda
    torch = folder and warnings.guard("torch's files", torch_facts, looked.tree, folder, warnings, default={})
    if torch:
        facts["torch"] = torch
    facts.update(warnings.guard("the GPUs", gpu_facts, warnings, default={}))
    facts["disks"] = warnings.guard("the disks", disks, warnings, default=[])
    return facts


def main(_data: object, _sources: Mapping[str, str], arguments: Sequence[str]) -> int:
    """Write the manifest to standard output; return the exit code, which is 0 whatever was unreadable."""
    parser = argparse.ArgumentParser(description="Print this environment as a podfit template manifest (JSON).")
    parser.add_argument("--quick", action="store_true", help="no CUDA, torch, GPU or disk facts; well under a second")
    parser.add_argument("--version", action="version", version=VERSION)
    parser.add_argument("--frame", default="", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    started = time.monotonic()
    warnings = Warnings()
    looked = environment()
    manifest = quick_manifest(looked, warnings)
    if not options.quick:
        manifest.update(full_facts(looked, manifest["distributions"], warnings))
    seconds = round(time.monotonic() - started, 3)
    manifest["probe"] = {"version": VERSION, "seconds": seconds, "warnings": warnings.sentences}
    text = json.dumps(manifest, indent=1, ensure_ascii=False)
    sys.stdout.buffer.write(framed(text, options.frame))
    sys.stdout.buffer.flush()
    return 0
