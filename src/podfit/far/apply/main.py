"""Read one work order from standard input, carry it out, and answer with one JSON object.

An order's `action` is `status` (look, change nothing), `apply` or `recover`; `podfit.pod.apply.order` names its
keys. The answer's `outcome` is `status`, `applied`, `refused`, `rolled-back`, `recovered` or `clean`.
"""

from __future__ import annotations

import errno
import glob
import json
import os
import sys
import traceback
from collections.abc import Mapping, Sequence

from ..protocol import Order, Recovered, Refused, Status
from . import files, inplace, overlay, places
from .journal import Journal
from .stage import find_uv
from .talk import AbortedError, RefusedError, Talk
from .wheelhouse import from_wheelhouse


def status(order: Order) -> Status:
    """Return what podfit has to know before it decides; nothing is written."""
    in_place = order.get("mode") == "in-place"
    path = overlay.place_of(order)
    place = inplace.area() if in_place else overlay.area(path)
    if in_place:
        done = inplace.settled(order, files.read_note(place.state), places.search_path())
    else:
        done = overlay.settled(order, path)
    # An overlay stands on its template: what an in-place apply left half done there has to go first.
    base = inplace.area()
    unfinished = Journal(base.work).pending and not base.holder
    return {
        "outcome": "status",
        "settled": done and not unfinished,
        "busy": place.holder or base.holder,
        "unfinished": unfinished,
        "environment": sys.prefix if in_place else path,
        "python": sys.executable if in_place else os.path.join(path, "bin", "python"),
        "uv": find_uv("") if order.get("look_for_uv") else "",
        "machine": os.uname().machine,
        "home": os.path.expanduser("~"),
    }


def recover(order: Order, talk: Talk) -> Recovered:
    """Put back everything that an interrupted apply may have left on this machine for this environment."""
    recovered: list[str] = []
    differs: list[str] = []
    place = inplace.area()
    if os.path.isdir(place.path):
        with place:
            found = inplace.recover(place, talk)
        if found is not None:
            recovered.append(sys.prefix)
            differs += found
    paths = [overlay.default_path(name) for name in [order.get("name", "")] if name and overlay.home()]
    paths += [os.path.abspath(os.path.expanduser(order["overlay"]))] if order.get("overlay") else []
    paths += overlay.noted()
    for folder in {overlay.home(), *(os.path.dirname(path) for path in paths)}:
        if not folder:
            continue
        mark = os.path.join(glob.escape(folder), ".podfit-apply-*")
        paths += [os.path.join(folder, os.path.basename(found)[len(".podfit-apply-") :]) for found in glob.glob(mark)]
    for path in dict.fromkeys(paths):
        place = overlay.area(path)
        if os.path.isdir(place.path) and not (place.holder and path != order.get("overlay")):
            with place:
                if overlay.recover(place, path):
                    recovered.append(path)
    overlay.drop_notes()
    return {"outcome": "recovered" if recovered else "clean", "environments": recovered, "differs": differs}


def carry_out(order: Order, talk: Talk) -> Mapping[str, object]:
    """Return the answer to an order; whatever goes wrong is part of it."""
    try:
        if order["action"] == "status":
            return status(order)
        if order["action"] == "recover":
            return recover(order, talk)
        order = from_wheelhouse(order)
        if order.get("mode") == "in-place":
            return inplace.apply(order, talk)
        place = inplace.area()
        if Journal(place.work).pending:
            with place:
                inplace.recover(place, talk)
        return overlay.apply(order, talk)
    except RefusedError as error:
        return {"outcome": "refused", "message": error.message, "remedy": error.remedy}
    except AbortedError as error:
        return {"outcome": "rolled-back", "message": str(error), "remedy": ""}
    except Exception as error:
        where = f" ({error.filename})" if isinstance(error, OSError) and error.filename else ""
        text = error.strerror if isinstance(error, OSError) and error.strerror else f"{type(error).__name__}: {error}"
        return {
            "outcome": "refused",
            "message": f"{text}{where}",
            "remedy": "free some space" if isinstance(error, OSError) and error.errno == errno.ENOSPC else "",
            "trace": traceback.format_exc(),
        }


def main(_data: object, _sources: Mapping[str, str], _arguments: Sequence[str]) -> int:
    """Read an order, act, answer; never returns."""
    order: Order = json.loads(sys.stdin.buffer.read().decode("utf-8"))
    talk = Talk(str(order.get("frame", "")))
    talk.listen()
    try:
        answer = carry_out(order, talk)
    except AbortedError as error:  # between two shields
        answer = Refused(outcome="rolled-back", message=str(error), remedy="")
    with talk.shielded():
        talk.result(**answer)
        # Buffers that a broken pipe holds up would fail again at the interpreter's end.
        os._exit(0)
