#!/usr/bin/env python3
"""Write src/podfit/catalogue/torch_builds.toml: what each torch release on the package index was built for.

    .dev/py311/bin/python tools/build_torch_builds.py [--from 1.13.0]

Reads torch/version.py and libtorch_python.so of one wheel per release and machine by byte ranges (about 10 MB each);
nothing is loaded or run.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from packaging.version import Version

from podfit.index import Index
from podfit.index.files import IndexFile
from podfit.index.wheel import fetch_members

TARGET = Path(__file__).resolve().parent.parent / "src" / "podfit" / "catalogue" / "torch_builds.toml"
_WHEEL = re.compile(r"-cp3[0-9]+-cp3[0-9]+-manylinux[^-]*_(x86_64|aarch64)\.whl$")
_FLAGS = re.compile(rb"((?:sm|compute)_\d+[af]?(?: (?:sm|compute)_\d+[af]?)*)\x00")
"""CUDA_ARCH_FLAGS, what torch.cuda.get_arch_list() splits: a string constant of libtorch_python. In torch 2.8 and
2.9 no NUL stands before it: the linker put it behind a constant that is read with its length."""

HEAD = """\
# What each torch release on the package index was built for: written by tools/build_torch_builds.py, one wheel per
# release and machine. cuda is torch/version.py's (empty for a build for the CPU); archs is the string constant of
# libtorch_python.so that torch.cuda.get_arch_list() splits; numpy is 2 where import_array() in it looks for
# numpy._core (headers of NumPy 2, which work with both), 1 where for numpy.core alone.

[evidence]
kind = "binary"
source = "tools/build_torch_builds.py"
detail = "torch/lib/libtorch_python.so of the named wheels, read by byte ranges"

# None has PTX (compute_XY): on a GPU of a newer major version there is nothing to run.
"""


def one_build(index: Index, version: str, machine: str, file: IndexFile) -> str:
    """Return the lines of one wheel."""
    with index.open_wheel(file) as bundle:
        names = {name: bundle.getinfo(name) for name in ("torch/version.py", "torch/lib/libtorch_python.so")}
        fetch_members(bundle, list(names.values()))
        cuda = next(
            (
                ast.literal_eval(node.value)
                for node in ast.parse(bundle.read("torch/version.py")).body
                if isinstance(node, (ast.Assign, ast.AnnAssign))
                and node.value is not None
                and getattr(node.targets[0] if isinstance(node, ast.Assign) else node.target, "id", "") == "cuda"
            ),
            None,
        )
        data = bundle.read("torch/lib/libtorch_python.so")
    flags = max(_FLAGS.findall(data), key=len, default=b"").decode()
    numpy = 2 if b"numpy._core._multiarray_umath\0" in data else 1 if b"numpy.core._multiarray_umath\0" in data else 0
    archs = ", ".join(f'"{each}"' for each in flags.split())
    print(f"{file.filename}: {cuda or 'no CUDA'}, {flags or 'no list'}, NumPy {numpy}", file=sys.stderr, flush=True)
    return (
        f'\n[[build]]\ntorch = "{version}"\nmachine = "{machine}"\nwheel = "{file.filename}"\n'
        f'cuda = "{cuda or ""}"\narchs = [{archs}]\nnumpy = {numpy}\n'
    )


def main() -> None:
    """Read every release and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--from", dest="first", default="1.13.0", help="the oldest release")
    given = parser.parse_args()
    index = Index()
    wanted: list[tuple[str, str, IndexFile]] = []
    for version, files in index.releases("torch").items():
        if Version(version) < Version(given.first) or Version(version).is_prerelease:
            continue
        for machine in ("x86_64", "aarch64"):
            fitting = [f for f in files if (found := _WHEEL.search(f.filename)) and found.group(1) == machine]
            preferred = [f for f in fitting if "-cp311-cp311-" in f.filename] or fitting
            if preferred:
                wanted.append((version, machine, preferred[-1]))
    with ThreadPoolExecutor(3) as pool:
        lines = list(pool.map(lambda each: one_build(index, *each), wanted))
    TARGET.write_text(HEAD + "".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
