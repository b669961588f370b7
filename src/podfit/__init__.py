"""podfit fits a Python project onto a GPU template without breaking the template, from evidence.

As a library (docs/library.md): `podfit.fit(project, templates)`. Everything is imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from podfit.fit.library import fit
    from podfit.fit.options import Options
    from podfit.fit.session import Fitted
    from podfit.model import Action, InputError, NoPlanError, Plan, PodfitError, Template

__version__ = "0.1.0"

__all__ = [
    "Action",
    "Fitted",
    "InputError",
    "NoPlanError",
    "Options",
    "Plan",
    "PodfitError",
    "Template",
    "__version__",
    "fit",
]


def __getattr__(name: str) -> Any:
    """Import what holds name, the first time it is asked for (PEP 562)."""
    from importlib import import_module

    if name == "fit":
        return import_module("podfit.fit")
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module("podfit.fit" if name in ("Fitted", "Options") else "podfit.model"), name)
    globals()[name] = value
    return value
