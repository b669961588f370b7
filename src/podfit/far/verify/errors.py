"""What an exception tells."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

MOST_FILES = 200
"""So many files of an exception's frames are told at most: a recursion has thousands."""


def describe_error(error: BaseException) -> dict[str, Any]:
    """Return type, message and innermost place of an exception, the messages of those before it, and its files.

    files are those that its frames run through, the innermost first, each once (`files_of`).
    """
    trace, place = error.__traceback__, ""
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if file.startswith("/"):  # compiled code gives names such as `interval.pyx`
            place = f"{file}:{trace.tb_lineno}"
        trace = trace.tb_next
    earlier: list[str] = []
    seen, before = {id(error)}, error.__cause__ or error.__context__
    while before is not None and id(before) not in seen:
        seen.add(id(before))
        earlier.append(said_by(before))
        before = before.__cause__ or before.__context__
    files: dict[str, None] = {}
    for file in files_of(error):
        files.setdefault(file)
        if len(files) == MOST_FILES:
            break
    described = {"type": type(error).__name__, "message": said_by(error), "place": place, "earlier": earlier}
    return {**described, "files": list(files)}


def files_of(error: BaseException) -> Iterator[str]:
    """Yield the files that an exception speaks of, the nearest to its cause first.

    A library that could not be loaded (`ImportError.path`) comes before the frames that asked for it; a module that
    lacks a name comes after the file that asked. What an exception was raised from comes before it, what it was
    raised during the handling of comes after: the latter is often a first attempt that nobody misses.
    """
    chain: list[BaseException] = []
    last: BaseException | None = error
    while last is not None and last not in chain:
        chain.append(last)
        last = last.__cause__
    for each in reversed(chain):
        yield from _own_files(each)
    for each in chain:
        before = None if each.__suppress_context__ else each.__context__
        while before is not None and before not in chain:
            chain.append(before)
            yield from _own_files(before)
            before = before.__context__


def _own_files(error: BaseException) -> Iterator[str]:
    """Yield the files of one exception's own frames, and of the module or library that it names."""
    frames: list[str] = []
    trace = error.__traceback__
    while trace is not None:
        frames.append(trace.tb_frame.f_code.co_filename)
        trace = trace.tb_next
    frames = [file for file in reversed(frames) if file.startswith("/")]
    named = getattr(error, "path", None) if isinstance(error, ImportError) else None
    if isinstance(named, str) and named:
        frames.insert(0 if named.rpartition(".")[2] == "so" else 1, named)
    yield from frames


def said_by(error: BaseException) -> str:
    """Return an exception's message, empty for one that cannot tell."""
    try:
        return str(error)
    except Exception:  # its own text is code of the environment
        return ""
