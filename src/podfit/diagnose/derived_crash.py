"""Fields about a crash in compiled code: in whose file Python was, as its fault handler prints the stack."""

from __future__ import annotations

import re

from podfit.diagnose import extract
from podfit.diagnose.reading import Reading
from podfit.diagnose.tracebacks import Raised
from podfit.far.symptoms import Hit

_MOST = 80
"""So many lines after a crash are looked at."""
_STACK = "(most recent call first):"
_FRAME = re.compile(r'^\s*File "(?P<path>[^"]{1,400})", line (?P<number>\d{1,7})(?:,)? in (?P<function>\S{1,200})')


def crash_fields(fields: dict[str, str], hit: Hit, reading: Reading, one: Raised | None) -> None:
    """Fill in whose code ran when the process crashed: that of the innermost frame which a distribution owns."""
    if hit.row["id"] != "segmentation-fault":
        return
    inside = False
    for line in reading.lines[hit.line : hit.line + _MOST]:
        frame = _FRAME.match(line.text)
        if _STACK in line.text:
            if inside:
                return
            inside = True
        elif inside and frame is None:
            return
        elif inside and frame is not None and not frame["path"].startswith("<"):
            fields["crashed_in"] = extract.importable(frame["path"])
            module = extract.module_of(frame["path"]) if fields["crashed_in"] else ""
            fields["crashed_module"] = module.partition(".")[0]
            fields["crashed_at"] = f"{frame['path'].rpartition('/')[2]}:{frame['number']}, {frame['function']}"
            return
