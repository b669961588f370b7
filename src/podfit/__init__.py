"""podfit fits a Python project onto a GPU template without breaking the template, from evidence.

As a library (docs/library.md): `podfit.fit(project, templates)` and `podfit.diagnose(log)`. Everything is imported on
first use.
"""

from __future__ import annotations

import sys

# Python looks for `python -m podfit` in the working directory first, and would go on to: a project's json.py or
# typing.py would be run in place of the library's. podfit itself has been found by now.
if (
    sys.argv[:1] == ["-m"]
    and not getattr(sys.flags, "safe_path", False)
    and any(asked in " ".join(sys.orig_argv) for asked in ("m podfit", "-mpodfit"))
):
    del sys.path[0]

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from podfit.diagnose.library import diagnose
    from podfit.diagnose.model import Diagnosis
    from podfit.fit.library import fit
    from podfit.fit.options import Options
    from podfit.fit.session import Fitted
    from podfit.model import Action, InputError, NoPlanError, Plan, PodfitError, Template
    from podfit.pod.apply.loaded import stale_modules

__version__ = "0.1.0"

__all__ = [
    "Action",
    "Diagnosis",
    "Fitted",
    "InputError",
    "NoPlanError",
    "Options",
    "Plan",
    "PodfitError",
    "Template",
    "__version__",
    "diagnose",
    "fit",
    "stale_modules",
]


def __getattr__(name: str) -> Any:
    """Import what holds name, the first time it is asked for (PEP 562)."""
    from importlib import import_module

    if name in ("fit", "diagnose"):
        return import_module(f"podfit.{name}")
    if name == "stale_modules":
        return import_module("podfit.pod.apply.loaded").stale_modules
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    homes = {"Fitted": "podfit.fit", "Options": "podfit.fit", "Diagnosis": "podfit.diagnose"}
    value = getattr(import_module(homes.get(name, "podfit.model")), name)
    globals()[name] = value
    return value
