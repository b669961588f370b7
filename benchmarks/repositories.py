#!/usr/bin/env python3
"""What `podfit fit` answers about public repositories: a plan, or what stands against it, on each template, and when.

    .dev/py311/bin/python benchmarks/repositories.py [--mirror DIR] [--only NAME ...]
        [-t TEMPLATE ... | --all-templates] [--cold] [--json FILE]

The repositories of benchmarks/repositories.toml, each at a fixed commit: their text files are fetched into a folder of
its own under ~/.cache/podfit-benchmarks (PODFIT_BENCHMARKS_CACHE) and never run. For each repository and template one
`podfit fit --local none` in a process of its own. With --cold the first has an empty cache of its own and a second one
follows; without, the caches of this benchmark are used as they are, and what was taken is called warm. Results
already in the JSON file are kept, so that a run can be taken up again; --again forgets them.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from texts import CACHE, Repository, bring, repositories

RUNPOD = ("runpod-pytorch-2.2", "runpod-pytorch-2.4", "runpod-pytorch-2.8")
ANSWERS = ("plan", "conflict", "refused")
COLD_SECONDS, WARM_SECONDS = 30.0, 2.0


def outcome(code: int | None, stdout: str, stderr: str) -> dict[str, Any]:
    """What one call of `podfit fit --format json` over one template answered.

    code is None when it was stopped for its time. `kind` is plan (it can work), conflict (there is a plan, and some
    decisions say what cannot be had), refused (no plan, with one reason), or no answer: error, traceback, timeout.
    `against` maps each package, or `*`, to the reason; `questions` are the open ones.
    """
    if code is None:
        return {"kind": "timeout", "against": {"*": "stopped"}, "questions": []}
    if "Traceback (most recent call last):" in stderr.splitlines():  # whole lines: errors quote other programs'
        return {"kind": "traceback", "against": {"*": stderr.strip().splitlines()[-1][:400]}, "questions": []}
    if code not in (0, 1):
        lines = [line for line in stderr.strip().splitlines() if line.strip()] or [f"exit code {code}"]
        return {"kind": "error", "against": {"*": " ".join(lines)[:400]}, "questions": []}
    matrix = json.loads(stdout)
    if matrix["refused"]:
        return {"kind": "refused", "against": {"*": matrix["refused"][0]["reason"]}, "questions": []}
    column = matrix["templates"][0]
    against = {
        row["name"]: row["cells"][0]["reason"]
        for row in matrix["rows"]
        if row["cells"][0] is not None and row["cells"][0]["action"] == "conflict"
    }
    if not column["feasible"]:
        failed = [finding for finding in column["findings"] if finding["verdict"] == "failed"]
        against |= {finding["subject"]: finding["message"] for finding in failed if finding["subject"] not in against}
    return {
        "kind": "plan" if column["feasible"] else "conflict",
        "against": against,
        "questions": [question["subject"] for question in column.get("questions", ())],
        "counts": column["counts"],
    }


def answered(record: Mapping[str, Any]) -> bool:
    """Whether the user got an answer: a plan, or a reason for everything that stands against one."""
    return record["kind"] in ANSWERS and (record["kind"] == "plan" or any(record["against"].values()))


def fit(python: str, project: Path, template: str, caches: Path, limit: float) -> dict[str, Any]:
    """Fit one project onto one template with these caches; return the outcome and the wall seconds."""
    environment = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}
    environment |= {"PODFIT_CACHE_DIR": str(caches / "podfit"), "UV_CACHE_DIR": str(caches / "uv")}
    with tempfile.TemporaryDirectory() as out:
        command = [python, "-m", "podfit", "fit", str(project), "-t", template, "--local", "none"]
        command += ["--out", out, "--format", "json", "--quiet"]
        started, before = time.perf_counter(), _processor()
        try:
            done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=limit, cwd=out)
            code, stdout, stderr = done.returncode, done.stdout, done.stderr
        except subprocess.TimeoutExpired:
            code, stdout, stderr = None, "", ""
        seconds = time.perf_counter() - started
    spent = round(_processor() - before, 2)
    return outcome(code, stdout, stderr) | {"seconds": round(seconds, 2), "processor": spent}


def _processor() -> float:
    """Processor seconds, user and system, of all children that have ended, uv's runs among them."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measured(python: str, project: Path, template: str, *, cold: bool, limit: float) -> dict[str, Any]:
    """The outcome with `cold` seconds, where asked for, and `warm` seconds."""
    if not cold:
        record = fit(python, project, template, CACHE / "caches", limit)
        return record | {"cold": None, "warm": record.pop("seconds")}
    with tempfile.TemporaryDirectory() as caches:
        first = fit(python, project, template, Path(caches), limit)
        if first["kind"] == "timeout":
            return first | {"cold": first.pop("seconds"), "warm": None}
        record = fit(python, project, template, Path(caches), limit)
        return record | {"cold": first["seconds"], "warm": record.pop("seconds")}


def summary(records: Mapping[str, Mapping[str, Mapping[str, Any]]], templates: Iterable[str]) -> str:
    """One row per template: how many were answered, got a plan, and the seconds (median and largest)."""
    lines = [
        "| template | answered | plan | conflict | refused | no answer | open questions | cold, s | warm, s "
        "| processor, s |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for template in templates:
        column = [each[template] for each in records.values() if template in each]
        kinds = Counter(each["kind"] for each in column)
        silent = len(column) - sum(answered(each) for each in column)
        asked = sum(bool(each["questions"]) for each in column)
        named = ("cold", "warm", "processor")
        times = [seconds([each[name] for each in column if each.get(name) is not None]) for name in named]
        cells = (f"{len(column) - silent} of {len(column)}", *(kinds[name] for name in ANSWERS), silent, asked, *times)
        lines.append(f"| {template} | " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def seconds(values: list[float]) -> str:
    """Median and largest of some seconds, for a table."""
    return f"{statistics.median(values):.1f} (max {max(values):.1f})" if values else ""


def rows(records: Mapping[str, Mapping[str, Mapping[str, Any]]], templates: list[str]) -> str:
    """One row per repository: the answer on each template."""
    lines = ["| repository | " + " | ".join(templates) + " |", "|---|" + "---|" * len(templates)]
    for name, answers in records.items():
        cells = [cell(answers[template]) if template in answers else "" for template in templates]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def cell(record: Mapping[str, Any]) -> str:
    """One answer in a few words: its kind, the packages against it, the number of open questions."""
    names = [name for name in record["against"] if name != "*"]
    text = record["kind"] + (": " + ", ".join(names[:4]) + (" ..." if len(names) > 4 else "") if names else "")
    return text + (f" ({len(record['questions'])} open)" if record["questions"] else "")


def chosen(only: list[str]) -> list[Repository]:
    """The repositories whose names have one of the words in them; all without words."""
    listed = repositories()
    return [one for one in listed if not only or any(word.lower() in one.name.lower() for word in only)]


def main() -> int:
    """Fit every repository; exit code 1 when one got no answer."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mirror", type=Path, help="read the repositories from local git directories below DIR")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="only repositories with NAME in it")
    parser.add_argument("-t", "--template", action="append", default=[], help="instead of three RunPod templates")
    parser.add_argument("--all-templates", action="store_true", help="every template of the catalogue")
    parser.add_argument("--cold", action="store_true", help="measure with an empty cache first")
    parser.add_argument("--again", action="store_true", help="measure what the JSON file has already, too")
    parser.add_argument("--fetch-only", action="store_true", help="bring the text files and stop")
    parser.add_argument("--limit", type=float, default=300.0, metavar="SECONDS", help="stop a call after that long")
    parser.add_argument("--podfit", default=sys.executable, metavar="PYTHON", help="the interpreter that has podfit")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every answer there, and take it up from there")
    given = parser.parse_args()
    templates = given.template or list(RUNPOD)
    if given.all_templates:
        listing = subprocess.run(
            [given.podfit, "-m", "podfit", "templates", "--format", "json"], capture_output=True, text=True, check=True
        )
        templates = [each["name"] for each in json.loads(listing.stdout)["templates"]]
    records: dict[str, dict[str, Any]] = {}
    if given.json and given.json.exists() and not given.again:
        records = json.loads(given.json.read_text())
    for one in chosen(given.only):
        try:
            bring(one, mirror=given.mirror)
        except OSError as error:
            print(f"{one.name}: not fetched: {error}", file=sys.stderr)
            continue
        if given.fetch_only:
            continue
        answers = records.setdefault(one.slug, {})
        for template in templates:
            if template in answers:
                continue
            answers[template] = record = measured(
                given.podfit, one.project_folder(), template, cold=given.cold, limit=given.limit
            )
            print(f"{one.slug} on {template}: {cell(record)}, {record['cold']} {record['warm']} s", file=sys.stderr)
            if given.json:
                given.json.write_text(json.dumps(records, indent=1) + "\n")
    names = [one.slug for one in chosen(given.only)]
    records = {name: records[name] for name in names if records.get(name)}
    print(summary(records, templates) + "\n\n" + rows(records, templates))
    for name, answers in records.items():
        for template, record in answers.items():
            for subject, reason in record["against"].items():
                if template in templates:
                    print(f"- {name}, {template}, {subject}: {reason}", file=sys.stderr)
    return int(not all(answered(record) for answers in records.values() for record in answers.values()))


if __name__ == "__main__":
    sys.exit(main())
