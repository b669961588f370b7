"""Fit one project onto templates, from what was read to plans: `podfit.fit(project, templates)`.

The room and the function of the library have one name, so the package itself can be called
(docs/library.md). Everything is imported on first use.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from podfit.fit.library import fit
    from podfit.fit.options import Options
    from podfit.fit.session import Fitted, Session

__all__ = ["Fitted", "Options", "Session", "fit"]

_HOMES = {"Fitted": "session", "Options": "options", "Session": "session", "fit": "library"}


def __getattr__(name: str) -> Any:
    """Import the module that holds name, the first time it is asked for (PEP 562)."""
    if name == "__signature__":  # what `inspect.signature(podfit.fit)` and notebooks show
        from inspect import signature

        return signature(__getattr__("fit"))
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


class _Room(ModuleType):
    """A package that can be called, as the language allows it (Customizing module attribute access)."""

    def __call__(self, *given: Any, **named: Any) -> Any:
        """Return what `podfit.fit.library.fit` returns."""
        return __getattr__("fit")(*given, **named)


sys.modules[__name__].__class__ = _Room
