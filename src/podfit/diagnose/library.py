"""podfit for programs: `podfit.diagnose(log)` says what broke, why, and what to do."""

from __future__ import annotations

import io
import os
import stat
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Union

from podfit.diagnose.installers import for_uv
from podfit.diagnose.judge import causes_of
from podfit.diagnose.model import Diagnosis
from podfit.diagnose.normalise import normalised
from podfit.diagnose.reading import read
from podfit.diagnose.window import window
from podfit.model import InputError, Where

if TYPE_CHECKING:
    from podfit.diagnose.facts import Facts

LogLike = Union[str, "os.PathLike[str]", IO[bytes]]
"""A log's text, the path of a file (a Path), or an open binary file."""


def diagnose(log: LogLike, *, facts: Facts | None = None) -> Diagnosis:
    """Return what a log tells of: causes, best first, with the lines that show them and what to do.

    log is the text itself, a path (`pathlib.Path`, never a str) or a binary stream, which is read once. With facts
    (`podfit.diagnose.facts.facts_of`) causes are checked against an environment and fixes are solved over it. Nothing is run.
    Raises InputError for a file that cannot be read.
    """
    if isinstance(log, str):
        return _of_stream(io.BytesIO(log.encode("utf-8", "surrogateescape")), facts)
    if isinstance(log, os.PathLike):
        path = Path(log)
        try:
            with _opened(path) as file:
                return _of_stream(file, facts)
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror}", where=Where(str(path))) from None
        except ValueError:
            raise InputError("not the name of a file", where=Where(repr(str(path)))) from None
    return _of_stream(log, facts)


def _opened(path: Path) -> IO[bytes]:
    """Return a log's file, opened. Raises OSError, and InputError for what ends never: a device."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # a FIFO that nobody writes to is not waited for
    mode = os.fstat(handle).st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISFIFO(mode)):
        os.close(handle)
        what = "a directory" if stat.S_ISDIR(mode) else "a device"
        raise InputError(f"is {what}", where=Where(str(path)), remedy="name the log's file")
    os.set_blocking(handle, stat.S_ISFIFO(mode))
    return os.fdopen(handle, "rb")


def _of_stream(stream: IO[bytes], facts: Facts | None) -> Diagnosis:
    """Return what a log that is read from a stream tells of; no more of it is kept than a window."""
    reading = read(list(normalised(window(stream))), facts.there if facts is not None else None)
    causes = causes_of(reading)
    if facts is not None:
        from podfit.diagnose.check import checked

        causes = checked(causes, facts)
    if reading.installer == "uv":
        causes = tuple(replace(one, fix=tuple(map(for_uv, one.fix))) for one in causes)
    return Diagnosis(causes)
