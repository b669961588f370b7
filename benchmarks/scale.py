#!/usr/bin/env python3
"""Seconds and memory of `podfit matrix` on what is large, each beside a peer that does the unavoidable part alone.

    .dev/py311/bin/python benchmarks/scale.py [--rounds 3] [--only NAME]...

A template of 2,000 packages, a laptop of 3,000, twelve templates, 5,000 Python files, 300 MB of notebooks. All of it is
made up here, from a fixed seed and from the Python files of this very environment; no index is asked. In each round the
command and its peer run in turn, in processes of their own: wall seconds, seconds of the processor and the largest
resident set of each (those that it starts included), medians over the rounds, with the load while they ran. A peer
reads the same files as the command has to: `ast.parse` of the sources, `json.loads` of the notebooks and manifests, a
`packaging.Requirement` of each line of a list; for twelve templates it is the same command on one of them. Of sources
and notebooks it is the reading alone that is measured (`read_project`), for what they import no index here has.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from costs import Cost, cost

TEMPLATE, LAPTOP, TEMPLATES, SOURCES, NOTEBOOKS = 2000, 3000, 12, 5000, 300_000_000
"""Packages, packages, templates, files, bytes."""

PARSE = """
import ast, gc, pathlib, sys
gc.disable()
for path in pathlib.Path(sys.argv[1]).rglob("*.py"):
    try: ast.parse(path.read_bytes())
    except (SyntaxError, ValueError): pass
"""
LOAD = """
import json, pathlib, sys
for path in pathlib.Path(sys.argv[1]).rglob("*.ipynb"): json.loads(path.read_bytes())
"""
READ = """
import pathlib, sys
from podfit.readers.project import read_project
assert read_project(pathlib.Path(sys.argv[1]), local="none").project.imports
"""
REQUIRE = """
import json, pathlib, sys
from packaging.requirements import Requirement
for name in sys.argv[1:]:
    text = pathlib.Path(name).read_text()
    if name.endswith(".txt"): lines = text.splitlines()
    else: lines = [line for one in json.loads(text)["distributions"] for line in one["requires_dist"]]
    for line in lines: Requirement(line)
"""


@dataclass(frozen=True)
class Case:
    """A command, its peer, and what the peer does."""

    name: str
    command: list[str]
    peer: list[str]
    about: str


def manifest(path: Path, packages: int, rng: random.Random) -> Path:
    """Write a template's manifest: each package requires four of those before it."""
    listed = []
    for number in range(packages):
        wanted = [f"package-{rng.randrange(number)}>=1.0; python_version >= '3.8'" for _ in range(min(number, 4))]
        version = f"{rng.randrange(1, 9)}.{rng.randrange(20)}"
        listed.append({"name": f"package-{number}", "version": version, "requires_dist": wanted})
    listed.append({"name": "torch", "version": "2.4.0+cu124", "requires_dist": ["package-0"]})
    whole = {
        "schema": "podfit.template/1",
        "name": path.stem,
        "title": path.stem,
        "origin": "given",
        "captured": "2025-01-01",
        "interpreter": {"version": "3.11.9", "implementation": "cpython"},
        "platform": {"machine": "x86_64", "system": "linux", "glibc": "2.35"},
        "distributions": listed,
    }
    path.write_text(json.dumps(whole))
    return path


def notebook(path: Path, size: int, rng: random.Random) -> None:
    """Write a notebook of about size bytes, most of it pictures in its outputs, as saved ones are."""
    cells = []
    for number in range(size // 250_000):
        code = [f"import package_{rng.randrange(50)}\n", "x = 1\n"] * 4
        picture = {"output_type": "display_data", "metadata": {}, "data": {"image/png": rng.randbytes(125_000).hex()}}
        cells.append({"cell_type": "code", "id": str(number), "metadata": {}, "source": code, "outputs": [picture]})
    kernel = {"kernelspec": {"language": "python", "name": "python3", "display_name": "Python 3"}}
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": kernel, "cells": cells}))


def project(path: Path, files: dict[str, str]) -> Path:
    """Write a project of these files."""
    for name, text in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text)
    return path


def sources(path: Path) -> Path:
    """Write a project of many modules: copies of those in this environment, from 500 bytes to 40 kB."""
    there = next(Path(folder) for folder in sys.path if folder.endswith("site-packages"))
    found = [each for each in sorted(there.rglob("*.py")) if 500 < each.stat().st_size < 40_000]
    for number in range(SOURCES):
        place = path / f"part{number // 100}" / f"module{number}.py"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(found[number % len(found)].read_bytes())
    return path


def cases(room: Path) -> list[Case]:
    """Write what is read, and return what is measured."""
    rng = random.Random(7)
    matrix = [sys.executable, "-m", "podfit", "matrix", "--quiet", "--offline"]
    code = [sys.executable, "-c"]
    wanted = "".join(f"package-{number}>=1.0\n" for number in range(0, 200, 10))
    small = project(room / "small", {"requirements.txt": wanted, "main.py": "import torch\n"})
    large = manifest(room / "large.json", TEMPLATE, rng)
    one, *others = (str(manifest(room / f"t{number}.json", 400, rng)) for number in range(TEMPLATES))
    freeze = room / "laptop.txt"
    lines = [f"package-{number}=={rng.randrange(1, 9)}.{rng.randrange(20)}\n" for number in range(LAPTOP)]
    freeze.write_text("# python: 3.11.9\n" + "".join(lines))
    listed = room / "lines.txt"
    listed.write_text("".join(lines))
    code_room, books = sources(room / "sources"), room / "notebooks"
    books.mkdir()
    for number in range(60):
        notebook(books / f"{number}.ipynb", NOTEBOOKS // 60, rng)
    first = [*matrix, str(small), "-t", one]
    further = [word for name in others for word in ("-t", name)]
    none = ["--local", "none"]
    big = [*matrix, str(small), "-t", str(large), *none]
    return [
        Case("template of 2,000", big, [*code, REQUIRE, str(large)], "requirements"),
        Case("laptop of 3,000", [*first, "--local", str(freeze)], [*code, REQUIRE, str(listed)], "requirements"),
        Case("12 templates", [*first, *further, *none], [*first, *none], "1 template"),
        Case("5,000 Python files", [*code, READ, str(code_room)], [*code, PARSE, str(code_room)], "ast.parse"),
        Case("300 MB of notebooks", [*code, READ, str(books)], [*code, LOAD, str(books)], "json.loads"),
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", action="append", default=[], help="a part of a case's name; repeatable")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="podfit-scale-") as folder:
        print("| what | s | processor s | MB | peer | s | processor s | MB | ratio of processor s | load |")
        print("|---|---:|---:|---:|---|---:|---:|---:|---:|---:|")
        for case in cases(Path(folder)):
            if given.only and not any(part in case.name for part in given.only):
                continue
            pairs = [(cost(case.command, Path(folder)), cost(case.peer, Path(folder))) for _ in range(given.rounds)]
            ours, peers = (_median([pair[which] for pair in pairs]) for which in (0, 1))
            ratio, load = ours.processor / peers.processor, os.getloadavg()[0]
            print(
                f"| {case.name} | {_row(ours)} | {case.about} | {_row(peers)} | {ratio:.1f} | {load:.1f} |", flush=True
            )


def _median(costs: list[Cost]) -> Cost:
    """Return the median of each part."""
    parts = zip(*((one.wall, one.processor, one.memory) for one in costs), strict=True)
    wall, processor, memory = map(statistics.median, parts)
    return Cost(wall, processor, int(memory))


def _row(one: Cost) -> str:
    """Return a cost as cells."""
    return f"{one.wall:.1f} | {one.processor:.1f} | {one.memory / 1e6:.0f}"


if __name__ == "__main__":
    main()
