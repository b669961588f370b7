"""After a change of the environment that this very process runs in: what of it is loaded and has become old."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping

from podfit.model import Action, Plan

_NOTEBOOK = ("JPY_PARENT_PID", "JPY_SESSION_NAME", "COLAB_RELEASE_TAG")
"""Variables that Jupyter's client and Colab set for a kernel, and that commands which a notebook starts inherit."""


def stale_modules(plan: Plan, modules: Mapping[str, object] | None = None) -> tuple[str, ...]:
    """Return the loaded modules of distributions that the plan replaces, sorted; top-level names.

    For a notebook after `podfit apply --in-place`: these stay as they were until its runtime is restarted, and a mix of
    old and new files of one distribution may fail. Told by the import names that the template's list has, else by the
    distribution's own name. modules are sys.modules by default.
    """
    loaded = sys.modules if modules is None else modules
    found = set()
    for decision in plan.with_action(Action.CHANGE):
        present = plan.template.distributions.get(decision.name)
        names = (present.import_names if present is not None else ()) or (decision.name.replace("-", "_"),)
        found |= {name for name in names if name in loaded}
    return tuple(sorted(found))


def in_notebook(variables: Mapping[str, str] | None = None) -> bool:
    """Tell whether a notebook started this process, or is this process."""
    there = os.environ if variables is None else variables
    return "ipykernel" in sys.modules or any(name in there for name in _NOTEBOOK)


def restart(replaced: Iterable[str], *, notebook: bool) -> str:
    """Return what to do after an environment changed in place; replaced are `NAME VERSION`, empty without any.

    What is new needs no restart: nobody has loaded it.
    """
    names = [each.split()[0] for each in replaced]
    if not names:
        return ""
    more = f" and {len(names) - 6} others" * (len(names) > 6)
    who = "this notebook" if notebook else "a notebook or a program that runs in this environment"
    return f"restart the runtime: {who} keeps what it has loaded of {', '.join(names[:6])}{more} until then"
