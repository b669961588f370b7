#!/usr/bin/env python3
"""Write src/podfit/catalogue/sonames.json: which shared libraries NVIDIA's distributions bring, version by version.

    .dev/py311/bin/python tools/build_sonames.py

Reads the directory of each wheel for x86-64 Linux on the package index by byte ranges (64 KB each), nothing else of it.
A version stands in the table where its libraries differ from those of the version before it.
"""

from __future__ import annotations

import json
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from packaging.version import Version

from podfit.index import Index
from podfit.index.files import IndexFile
from podfit.model import PodfitError

TARGET = Path(__file__).resolve().parent.parent / "src" / "podfit" / "catalogue" / "sonames.json"
LIBRARIES = (
    "cublas", "cuda-cupti", "cuda-nvrtc", "cuda-runtime", "cudnn", "cufft", "cufile", "curand", "cusolver",
    "cusparse", "cusparselt", "nccl", "npp", "nvjitlink", "nvjpeg", "nvshmem", "nvtx",
)  # fmt: skip
"""The parts of CUDA that are distributions of their own: `nvidia-NAME-cu12`, since CUDA 13 `nvidia-NAME`."""
_SHARED = re.compile(r"(?:^|/)(lib[^/]+\.so(?:\.[0-9]+)*)$")


def libraries(index: Index, file: IndexFile) -> tuple[str, ...]:
    """Return the file names of a wheel's shared libraries, sorted; empty when it cannot be read."""
    try:
        members = index.wheel_listing(file).members
    except (PodfitError, ValueError, OSError):
        return ()
    found = (_SHARED.search(member.path) for member in members)
    return tuple(sorted({match.group(1) for match in found if match}))


def main() -> None:
    """Read every release of every distribution and write the table."""
    index = Index()
    table: dict[str, list[list[object]]] = {}
    names = [f"nvidia-{part}{suffix}" for part in LIBRARIES for suffix in ("-cu11", "-cu12", "-cu13", "")]
    for name in names:
        try:
            releases = index.releases(name)
        except PodfitError:
            continue
        wheels = []
        for version, files in releases.items():
            fitting = [f for f in files if f.kind == "wheel" and "x86_64" in f.filename and "linux" in f.filename]
            if fitting and not Version(version).is_prerelease:
                wheels.append((version, fitting[0]))
        with ThreadPoolExecutor(8) as pool:
            read = list(pool.map(lambda pair: libraries(index, pair[1]), wheels))
        lines: list[list[object]] = []
        for (version, _), found in zip(wheels, read, strict=True):
            if found and (not lines or lines[-1][1] != list(found)):
                lines.append([version, list(found)])
        if lines:
            table[name] = lines
            print(f"{name}: {len(wheels)} wheels, {len(lines)} lines", file=sys.stderr, flush=True)
    head = {"schema": "podfit.sonames/1", "source": "the directories of the wheels on the package index, x86-64 Linux"}
    rows = ",\n".join(f" {json.dumps(name)}: {json.dumps(lines)}" for name, lines in sorted(table.items()))
    text = json.dumps(head, indent=1)[:-2] + f',\n "distributions": {{\n{rows}\n }}\n}}\n'
    TARGET.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
