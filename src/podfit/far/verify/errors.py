"""What an exception tells."""

from __future__ import annotations

from typing import Any


def describe_error(error: BaseException) -> dict[str, Any]:
    """Return type, message and the innermost place of an exception, and the messages of those that led to it."""
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
    return {"type": type(error).__name__, "message": said_by(error), "place": place, "earlier": earlier}


def said_by(error: BaseException) -> str:
    """Return an exception's message, empty for one that cannot tell."""
    try:
        return str(error)
    except Exception:  # its own text is code of the environment
        return ""
