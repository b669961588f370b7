"""Print, as JSON, what FawltyDeps says that PROJECT needs: what is declared and used, and the undeclared modules."""

from __future__ import annotations

import json
import subprocess
import sys


def main(project: str) -> None:
    """Run FawltyDeps in the project with its defaults."""
    done = subprocess.run(
        [sys.executable, "-m", "fawltydeps", "--json", "."], cwd=project, capture_output=True, text=True
    )
    if not done.stdout.strip():
        sys.exit(done.stderr[-2000:] or f"exit code {done.returncode}")
    answer = json.loads(done.stdout)
    unused = {entry["name"] for entry in answer["unused_deps"] or []}
    declared = {entry["name"] for entry in answer["declared_deps"] or []}
    modules = {entry["name"] for entry in answer["undeclared_deps"] or []}
    print(json.dumps({"distributions": sorted(declared - unused), "modules": sorted(modules), "open": []}))


main(*sys.argv[1:])
