"""Print, as JSON, what deptry says that PROJECT needs: what is declared, without DEP002, with the modules of DEP001."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from deptry.dependency_getter.builder import DependencyGetterBuilder
from deptry.exceptions import DependencySpecificationNotFoundError


def main(project: str) -> None:
    """Run deptry in the project with its defaults; where nothing is declared it gets an empty requirements.txt."""
    os.chdir(project)
    files: list[str] = []
    with tempfile.TemporaryDirectory() as room:
        try:
            declared = DependencyGetterBuilder(Path("pyproject.toml"), {}, (), (), ("requirements.txt",)).build().get()
            names = {dependency.name for dependency in declared.dependencies}
        except DependencySpecificationNotFoundError:
            names = set()
            empty = Path(room) / "requirements.txt"
            empty.touch()
            files = ["--requirements-files", str(empty)]
        answer = Path(room) / "answer.json"
        command = [sys.executable, "-m", "deptry", ".", "--no-ansi", "--json-output", str(answer), *files]
        done = subprocess.run(command, capture_output=True, text=True)
        if not answer.exists():
            sys.exit(done.stderr[-2000:] or f"exit code {done.returncode}")
        issues = json.loads(answer.read_text())
    unused = {issue["module"] for issue in issues if issue["error"]["code"] == "DEP002"}
    modules = {issue["module"] for issue in issues if issue["error"]["code"] in ("DEP001", "DEP003")}
    print(json.dumps({"distributions": sorted(names - unused), "modules": sorted(modules), "open": []}))


main(*sys.argv[1:])
