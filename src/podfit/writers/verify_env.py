"""The writer of `verify_env.py`: one script, standard library only, that checks an environment against a plan.

`podfit verify` runs the same text, so the script and the command cannot disagree.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from importlib import resources
from typing import Any

from podfit import __version__
from podfit.audit.consistency import final_environment, walk
from podfit.far.verify import MODULES
from podfit.far.verify.processes import PACKAGE
from podfit.model import Action, Plan, canonical
from podfit.model.requirement import parse_requires_dist
from podfit.writers.text import plain

_THERE = (Action.KEEP, Action.INSTALL, Action.CHANGE)

_SCRIPT = '''\
# Written by podfit {version} for {project} on {template}; `podfit fit` writes it again.
"""Check that this Python environment is what podfit planned.

    python verify_env.py [--deep] [--require-gpu] [--timeout S] [--json]
    ssh pod python3 - < verify_env.py

Standard library only, Python 3.8 and newer; every check is a process of its own, and nothing is written into the
environment. Exit code 0: all good, 1: a check failed, 2: a bad call.
"""

import sys

sys.dont_write_bytecode = True  # an image's standard library may come without bytecode, and stays so
if sys.path and not (sys.flags.isolated or getattr(sys.flags, "safe_path", False)):
    del sys.path[0]  # a stray json.py beside this script is not the standard library's

import json
import types

PLAN = r\'\'\'
{plan}
\'\'\'

MODULES = {{
{modules}}}


def load():
    """Make the modules above importable."""
    package = sys.modules["{package}"] = types.ModuleType("{package}")
    package.__path__ = []
    for name, source in MODULES.items():
        module = sys.modules["{package}." + name] = types.ModuleType("{package}." + name)
        module.__package__ = "{package}"
        exec(compile(source, "<{package}/%s.py>" % name, "exec"), module.__dict__)
        setattr(package, name, module)
    return package


if __name__ == "__main__":
    sys.exit(load().main.main(json.loads(PLAN), MODULES, sys.argv[1:]))
'''


def write_verify_env(plan: Plan) -> str:
    """Return the text of verify_env.py for plan; the same plan always gives the same text."""
    facts = json.dumps(verify_facts(plan), indent=1, sort_keys=True)
    modules = ""
    for name, source in runtime_modules().items():
        if "'''" in source or source.endswith(("'", "\\")):  # pragma: no cover - a slip of ours
            raise ValueError(f"far/verify/{name}.py does not fit between three quotes")
        modules += f"    \"{name}\": r'''{source}''',\n"
    return _SCRIPT.format(
        version=__version__,
        project=plain(plan.project),
        template=plain(plan.template.name),
        # JSON's own escape keeps a quote in a name from ending the string.
        plan=facts.replace("'", "\\u0027"),
        modules=modules,
        package=PACKAGE,
    )


def runtime_modules() -> dict[str, str]:
    """Return the modules of `podfit.far.verify`, in the order in which they can be loaded: name to text."""
    folder = resources.files("podfit.far").joinpath("verify")
    return {name: folder.joinpath(f"{name}.py").read_text("utf-8") for name in MODULES}


def verify_facts(plan: Plan) -> dict[str, Any]:
    """Return what the checks need to know of plan, as a JSON object.

    `needs` are those that the plan leaves in the environment. `versions` has the exact version of every distribution
    there; wrong ones are failures in `used` (what the project needs, directly or not) and `held` (name to the hash of
    its RECORD in the template, empty when unknown), warnings elsewhere. `known` lists what the untouched template
    breaks already: [name, version, name of what it asks].
    """
    present = {decision.name: decision for decision in plan.with_action(*_THERE)}
    versions = {name: decision.planned or decision.template for name, decision in present.items()}
    held = sorted(name for name, decision in present.items() if decision.held)
    needs = [need for need in plan.needs if need.name in present]
    used = _closure((need.name for need in needs), plan.edges)
    used |= {decision.name for decision in plan.with_action(Action.INSTALL, Action.CHANGE)}
    if "torch" in held and "numpy" in present:
        used.add("numpy")  # nobody may break the bridge between the two, whether or not the project asks for it
    distributions = plan.template.distributions
    return {
        "podfit": __version__,
        "project": plain(plan.project),
        "template": plan.template.name,
        "python": plan.template.interpreter.version,
        "needs": [
            {"name": need.name, "imports": list(need.import_names), "extras": sorted(need.extras)} for need in needs
        ],
        "versions": versions,
        "used": sorted(used & present.keys()),
        "held": {name: distributions[name].record_sha256 if name in distributions else "" for name in held},
        "known": _known(plan),
        "conflicts": sorted(decision.name for decision in plan.with_action(Action.CONFLICT)),
    }


def _closure(names: Iterable[str], edges: Mapping[str, Iterable[str]]) -> set[str]:
    """Return names and all that they require."""
    found: set[str] = set()
    queue = list(names)
    while queue:
        name = queue.pop()
        if name not in found:
            found.add(name)
            queue += edges.get(name, ())
    return found


def _known(plan: Plan) -> list[list[str]]:
    """Return the requirements that the template breaks before anything is changed."""
    violations = walk(final_environment(plan.template, {}), plan.template).violations
    known = set()
    for violation in violations:
        parsed = parse_requires_dist(violation.requirement)
        is_python = violation.requirement.startswith("Python ")
        target = "python" if is_python or parsed is None else canonical(parsed.requirement.name)
        known.add((violation.name, violation.version, target))
    return [list(entry) for entry in sorted(known)]
