#!/usr/bin/env python3
"""Run the project's chores from a fresh clone: `python3 dev.py {example,test,lint,check,run}`.

Standard library only. Each chore makes the environment it needs in `.dev/` and reuses it afterwards.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
ENVIRONMENT = ROOT / ".dev" / f"py{sys.version_info[0]}{sys.version_info[1]}"
BIN = ENVIRONMENT / "bin"

CHORES = {
    "example": "fit examples/moola onto the two RunPod templates of the document and show the matrix",
    "test": "run the tests with coverage (more arguments go to pytest)",
    "lint": "ruff, mypy --strict, import contracts, docstring coverage",
    "check": "lint, then test: what CI runs",
    "run": "run podfit itself with the arguments that follow",
}


def environment(groups: tuple[str, ...]) -> None:
    """Create or refresh the chores' virtual environment with podfit and the named dependency groups."""
    stamp = ENVIRONMENT / "podfit-dev-stamp"
    wanted = hashlib.sha256((ROOT / "pyproject.toml").read_bytes() + repr(groups).encode()).hexdigest()
    if stamp.exists() and wanted in stamp.read_text().split():
        return
    if not (BIN / "python").exists():
        print(f"making {ENVIRONMENT.relative_to(ROOT)} ...", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", str(ENVIRONMENT)], check=True)
        subprocess.run([BIN / "python", "-m", "pip", "install", "-q", "uv>=0.9,<0.14"], check=True)
    command = [
        str(BIN / "uv"),
        "pip",
        "install",
        "-q",
        "--compile-bytecode",
        "--python",
        str(BIN / "python"),
        "-e",
        str(ROOT),
    ]
    for group in groups:
        command += ["--group", f"{ROOT / 'pyproject.toml'}:{group}"]
    subprocess.run(command, check=True)
    stamp.write_text(wanted + "\n" + (stamp.read_text() if stamp.exists() and not groups else ""))


def tool(*command: str) -> None:
    """Run one tool of the environment from the root; leave with its exit code when it fails."""
    print("+", *command, file=sys.stderr, flush=True)
    code = subprocess.run([str(BIN / command[0]), *command[1:]], cwd=ROOT).returncode
    if code:
        sys.exit(code)


def lint() -> None:
    """Run every static check."""
    tool("ruff", "check", ".")
    tool("ruff", "format", "--check", ".")
    tool("mypy")
    tool("lint-imports")
    tool("interrogate", "-q", "src", "dev.py")


def test(arguments: list[str]) -> None:
    """Run the tests; coverage is reported unless the caller chose tests himself."""
    tool("pytest", *(arguments or ["-n", "2", "--dist", "loadgroup", "--cov", "--cov-report=term"]))


def main(arguments: list[str]) -> None:
    """Run the chore that arguments name; exit code 2 with the list of chores otherwise."""
    chore, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    if chore not in CHORES:
        print("usage: python3 dev.py CHORE\n", file=sys.stderr)
        for name, text in CHORES.items():
            print(f"  {name:8} {text}", file=sys.stderr)
        sys.exit(2)
    environment(() if chore in ("example", "run") else ("dev",))
    if chore == "example":
        tool("podfit", "fit", "examples/moola", "--local", "examples/moola/local-environment.txt",
             "--template", "runpod-pytorch-2.2", "--template", "runpod-pytorch-2.4", *rest)  # fmt: skip
    elif chore == "run":
        tool("podfit", *rest)
    elif chore == "test":
        test(rest)
    elif chore == "lint":
        lint()
    else:
        lint()
        test([])


if __name__ == "__main__":
    main(sys.argv[1:])
