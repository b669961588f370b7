#!/usr/bin/env python3
"""What podfit, deptry, FawltyDeps and pipreqs say that labelled projects need, beside what was read in them.

    .dev/py311/bin/python benchmarks/needs.py [--mirror DIR] [--tool NAME ...] [--only NAME ...] [--json FILE]

The labels (benchmarks/needs/labels) were made by reading, before any tool was asked. Required is what the code imports
at module level or cannot run without; optional (lazy or guarded imports, notebooks, tests, examples, side steps with
requirements of their own, declared and never used) neither helps nor harms a tool. podfit is the one of the Python
that runs this script, or of --podfit; the other tools get environments of their own under the cache, each with its
defaults and without the project's packages, as podfit has them.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from scoring import Label, Score, read_label, score, together
from texts import CACHE, Repository, bring, repositories

LABELS = Path(__file__).resolve().parent / "needs" / "labels"
TOOLS = Path(__file__).resolve().parent / "needs" / "tools"
PINS = {"deptry": "deptry==0.25.1", "fawltydeps": "fawltydeps==0.20.0", "pipreqs": "pipreqs==0.5.0"}
RECALL, PRECISION = 1.0, 0.97


def interpreter(tool: str, podfit: str) -> str:
    """The Python of a tool's environment, made on first use."""
    if tool == "podfit":
        return podfit
    from uv import find_uv_bin

    room = CACHE / "tools" / PINS[tool].replace("==", "-")
    python = room / "bin" / "python"
    if not (room / "ready").exists():
        uv = os.fspath(find_uv_bin())
        subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, os.fspath(room)], check=True)
        command = [uv, "pip", "install", "--quiet", "--python", os.fspath(python), PINS[tool]]
        subprocess.run(command, check=True)
        (room / "ready").touch()
    return os.fspath(python)


def answer(tool: str, python: str, project: Path) -> dict[str, Any]:
    """What the tool says: distributions, modules, open, seconds; or error, with nothing named."""
    environment = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}
    command = [python, os.fspath(TOOLS / f"{tool}_needs.py"), os.fspath(project)]
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    seconds = round(time.perf_counter() - started, 2)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        return {"distributions": [], "modules": [], "open": [], "error": last[:300], "seconds": seconds}
    return json.loads(done.stdout.splitlines()[-1]) | {"seconds": seconds}


def labelled(only: list[str]) -> list[tuple[Label, Repository]]:
    """The labels with their repositories, sorted by name. Leaves when a label's commit is not the list's."""
    listed = {one.name: one for one in repositories()}
    pairs = []
    for path in sorted(LABELS.glob("*.toml")):
        label = read_label(path)
        if only and not any(word.lower() in label.repository.lower() for word in only):
            continue
        if label.repository not in listed or listed[label.repository].commit != label.commit:
            sys.exit(f"{path}: {label.repository} at {label.commit} is not on the list of repositories")
        pairs.append((label, listed[label.repository]))
    return pairs


def percent(share: float) -> str:
    """A share for a table, rounded so that 100 means all."""
    return f"{int(share * 1000) / 10:g} %"


def table(results: dict[str, dict[str, Score]], errors: dict[str, dict[str, str]]) -> str:
    """The results as Markdown: one row per tool, then one per project with recall and precision of each tool."""
    lines = [
        "| tool | recall | precision | other people's packages | projects without an answer |",
        "|---|---:|---:|---:|---:|",
    ]
    for tool, scores in results.items():
        whole = together(list(scores.values()))
        cells = (percent(whole.recall), percent(whole.precision), len(whole.wrong), len(errors[tool]))
        lines.append(f"| {tool} | {cells[0]} | {cells[1]} | {cells[2]} | {cells[3]} |")
    tools = list(results)
    lines += ["", "| project | needs | " + " | ".join(tools) + " |", "|---|---:|" + "---|" * len(tools)]
    for name in results[tools[0]]:
        scores = [results[tool][name] for tool in tools]
        cells = [
            f"{percent(each.recall)}, {percent(each.precision)}" + (f", {len(each.wrong)} wrong" if each.wrong else "")
            for each in scores
        ]
        cells = ["no answer" if name in errors[tool] else cell for tool, cell in zip(tools, cells, strict=True)]
        lines.append(f"| {name} | {len(scores[0].found) + len(scores[0].missed)} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def details(tool: str, scores: dict[str, Score], errors: dict[str, str]) -> str:
    """Names of what one tool missed or planned too much, a line per project."""
    lines = []
    for name, one in scores.items():
        parts = [("error: " + errors[name]) if name in errors else ""]
        parts += [
            f"{word}: {', '.join(names)}"
            for word, names in (("missed", one.missed), ("extra", one.extra), ("wrong", one.wrong))
            if names
        ]
        if any(parts):
            lines.append(f"- {tool}, {name}: {'; '.join(filter(None, parts))}")
    return "\n".join(lines)


def main() -> int:
    """Run the tools over the labelled projects; exit code 1 when podfit misses its target."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mirror", type=Path, help="read the repositories from local git directories below DIR")
    parser.add_argument("--tool", action="append", choices=["podfit", *PINS], help="only this tool; repeatable")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="only projects with NAME in theirs")
    parser.add_argument("--podfit", default=sys.executable, metavar="PYTHON", help="the interpreter that has podfit")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every answer and score there")
    given = parser.parse_args()
    tools = given.tool or ["podfit", *PINS]
    results: dict[str, dict[str, Score]] = {tool: {} for tool in tools}
    errors: dict[str, dict[str, str]] = {tool: {} for tool in tools}
    record: dict[str, Any] = {}
    for label, repository in labelled(given.only):
        folder = bring(repository, mirror=given.mirror)
        for tool in tools:
            said = answer(tool, interpreter(tool, given.podfit), folder)
            results[tool][label.repository] = one = score(label, said["distributions"], said["modules"])
            if "error" in said:
                errors[tool][label.repository] = said["error"]
            parts = {part: getattr(one, part) for part in ("found", "missed", "extra", "wrong")}
            record.setdefault(label.repository, {})[tool] = {"answer": said, "score": parts}
    if given.json:
        given.json.write_text(json.dumps(record, indent=1) + "\n")
    print(table(results, errors))
    for tool in tools:
        print("\n" + details(tool, results[tool], errors[tool]))
    mine = together(list(results.get("podfit", {}).values()))
    return int(mine.recall < RECALL or mine.precision < PRECISION or bool(mine.wrong))


if __name__ == "__main__":
    sys.exit(main())
