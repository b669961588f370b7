"""Print, as JSON, the distributions that podfit plans for as needs of PROJECT on a template, and its open questions."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from podfit.fit.source import IndexReleases
from podfit.index import Index, default_cache
from podfit.model.steps import finish
from podfit.needs import find_needs
from podfit.readers.project import read_project
from podfit.readers.template import read_template


def main(project: str, name: str = "runpod-pytorch-2.4") -> None:
    """Read the project as `podfit fit --local none` does, and stop where the solving would begin."""
    template = read_template(name)
    reading = read_project(Path(project), local="none")
    source = IndexReleases(Index(None, cache=default_cache()), template)
    while True:
        report = find_needs(reading.project, template, calls=reading.calls, wheel_modules=source.wheel_modules)
        if not source.incomplete:
            break
        finish(source.learn())
    needs = [need.name for need in report.needs if not need.optional]
    print(json.dumps({"distributions": needs, "modules": [], "open": [each.subject for each in report.questions]}))


main(*sys.argv[1:])
