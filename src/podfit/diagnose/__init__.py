"""From a log to symptom, cause and fix: `podfit.diagnose(log)`.

The room and the function of the library have one name, as `podfit.fit` has, so the package itself can be called. Everything
is imported on first use.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from podfit.diagnose.library import diagnose
    from podfit.diagnose.model import Cause, Diagnosis

__all__ = ["Cause", "Diagnosis", "diagnose"]

_HOMES = {"Cause": "model", "Diagnosis": "model", "diagnose": "library"}


def __getattr__(name: str) -> Any:
    """Import the module that holds name, the first time it is asked for (PEP 562)."""
    if name == "__signature__":
        from inspect import signature

        return signature(__getattr__("diagnose"))
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
        """Return what `podfit.diagnose.library.diagnose` returns."""
        return __getattr__("diagnose")(*given, **named)


sys.modules[__name__].__class__ = _Room
