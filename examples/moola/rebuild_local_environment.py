#!/usr/bin/env python3
"""Resolve local-environment.in again and write local-environment.txt.

usage: rebuild_local_environment.py [--output FILE] [--platform TRIPLE] [--python SERIES] [--before DATE] [--uv PATH]

    --output FILE      where to write (default: local-environment.txt next to this script)
    --platform TRIPLE  the laptop's platform, as `uv pip compile --python-platform` names it
    --python SERIES    the laptop's Python feature version
    --before DATE      what the index had published by then counts, nothing newer (YYYY-MM-DD)
    --uv PATH          the uv to resolve with (default: the one on PATH, else the `uv` package's)

Every version comes out of the resolver. Three things are put in by hand, because a laptop's freeze has them and a
reader of freezes must stand them: the first line with the interpreter, the project itself as an editable checkout,
and one distribution as conda leaves it behind (`name @ file:///...`, which names no version).
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

HERE = Path(__file__).resolve().parent
LAPTOP_PYTHON = "3.12.2"
EDITABLE = "-e git+ssh://git@git.example.com/tabular/moola.git@5d1fd1c3a5b7c1c8f1a4a2a0b0c7a9d2e6f4b813#egg=moola"
FROM_CONDA = {"packaging": "packaging @ file:///croot/packaging_1734472117206/work"}
SOURCE_ONLY = ("antlr4-python3-runtime",)


def find_uv(given: str | None) -> str:
    """Return the path of uv; leave with a sentence when there is none."""
    beside = Path(sysconfig.get_path("scripts")) / "uv"
    found = given or shutil.which("uv") or (str(beside) if beside.exists() else None)
    if not found:
        sys.exit("uv was not found: install it with `pip install uv` or name it with --uv")
    return found


def resolve(arguments: argparse.Namespace) -> list[str]:
    """Return the `name==version` lines of the closure of local-environment.in."""
    command = [find_uv(arguments.uv), "pip", "compile", str(HERE / "local-environment.in")]
    command += ["--python-version", arguments.python, "--python-platform", arguments.platform]
    command += ["--exclude-newer", arguments.before, "--no-python-downloads", "--no-header", "--no-annotate"]
    command += ["--no-config", "--quiet", "--only-binary", ":all:"]
    for name in SOURCE_ONLY:
        command += ["--no-binary", name]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"uv found no solution:\n{result.stderr}")
    return [line for line in result.stdout.splitlines() if line and not line.startswith("#")]


def freeze(pins: list[str], arguments: argparse.Namespace) -> str:
    """Return the text of the freeze."""
    named = {name: FROM_CONDA.get(name, pin) for pin in pins for name in [pin.partition("==")[0]]}
    named["moola"] = EDITABLE
    lines = [named[name] for name in sorted(named)]
    head = [
        f"# python: {LAPTOP_PYTHON}",
        f"# {len(lines)} distributions, frozen on a laptop ({arguments.platform}) as of {arguments.before};",
        "# resolved from local-environment.in by rebuild_local_environment.py",
    ]
    return "\n".join([*head, *lines]) + "\n"


def main() -> None:
    """Resolve, write the file whole or not at all, and say how many distributions it counts."""
    parser = argparse.ArgumentParser(description="Resolve local-environment.in again.")
    parser.add_argument("--output", type=Path, default=HERE / "local-environment.txt")
    parser.add_argument("--platform", default="x86_64-apple-darwin")
    parser.add_argument("--python", default=LAPTOP_PYTHON.rpartition(".")[0])
    parser.add_argument("--before", default="2025-10-15")
    parser.add_argument("--uv")
    arguments = parser.parse_args()
    pins = resolve(arguments)
    text = freeze(pins, arguments)
    temporary = arguments.output.with_name(arguments.output.name + ".new")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(arguments.output)
    print(f"{arguments.output}: {len(pins) + 1} distributions, the project included")


if __name__ == "__main__":
    main()
