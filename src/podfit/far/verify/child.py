"""The process of one check: reads a job, does it, writes what came of it."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from . import functions, installed
from .errors import describe_error

CHILDREN: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    name[len("child_") :]: function
    for module in (installed, functions)
    for name, function in vars(module).items()
    if name.startswith("child_")
}
"""What can be asked, by name: it takes the job and returns a JSON object."""


def run_child(path: str) -> int:
    """Do the job described in a JSON file; write what came of it beside it, whole or not at all."""
    import faulthandler
    import resource

    folder = str(Path(path).parent)
    sys.path[:] = [entry for entry in sys.path if entry != folder]
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    job = json.loads(Path(path).read_text("utf-8"))
    if job["seconds"] > 0:
        # The parent's clock counts, which has run since before this process started.
        faulthandler.dump_traceback_later(max(0.01, job["started"] + job["seconds"] * 0.9 - time.monotonic()))
    try:
        answer: dict[str, Any] = {"result": CHILDREN[job["kind"]](job)}
    except Exception as error:
        answer = {"error": describe_error(error)}
    part = Path(path).with_suffix(".part")
    part.write_text(json.dumps(answer), "utf-8")
    part.replace(Path(path).with_suffix(".answer"))
    with contextlib.suppress(Exception):  # a module may have closed or replaced it
        sys.stdout.flush()
    os._exit(0)  # what libraries do on their way out is not what is checked
