"""The writer of `verify_env.py`: one script, standard library only, that checks an environment against a plan.

`podfit verify` runs the same text, so the script and the command cannot disagree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from podfit import __version__
from podfit.audit.consistency import template_walk
from podfit.catalogue.shown import first_names
from podfit.catalogue.symptoms import carried
from podfit.catalogue.system_libraries import debian_packages
from podfit.catalogue.table import table
from podfit.far.pack import pack
from podfit.model import Action, Plan, canonical
from podfit.model.graph import reached
from podfit.model.requirement import parse_requires_dist
from podfit.report.held import leading
from podfit.writers.plain import plain

if TYPE_CHECKING:
    from podfit.far.protocol import VerifyFacts, VerifyNeed

_THERE = (Action.KEEP, Action.INSTALL, Action.CHANGE)


def write_verify_env(plan: Plan) -> str:
    """Return the text of verify_env.py for plan; the same plan always gives the same text."""
    return pack("verify", verify_facts(plan))


def verify_facts(plan: Plan) -> VerifyFacts:
    """Return what the checks need to know of plan."""
    present = {decision.name: decision for decision in plan.with_action(*_THERE)}
    versions = {name: decision.planned or decision.template for name, decision in present.items()}
    held = sorted(name for name, decision in present.items() if decision.held)
    needs = [need for need in plan.needs if need.name in present]
    used = reached((need.name for need in needs), plan.edges)
    used |= {decision.name for decision in plan.with_action(Action.INSTALL, Action.CHANGE)}
    if leading(plan.template) in held:
        # Nobody may break the bridge between the two, whether or not the project asks for it.
        used |= set(first_names()) & present.keys()
    distributions = plan.template.distributions
    own = [member for member in plan.members if member.name not in present]
    versions.update({member.name: "" for member in own})  # which one there is shows once it is built
    wanted: list[VerifyNeed] = [
        {"name": need.name, "imports": list(need.import_names), "extras": sorted(need.extras)} for need in needs
    ]
    wanted += [{"name": member.name, "imports": [], "extras": []} for member in own]
    return {
        "podfit": __version__,
        "project": plain(plan.project),
        "template": plain(plan.template.name),
        "python": plan.template.interpreter.version,
        "needs": wanted,
        "versions": versions,
        "used": sorted({*(used & present.keys()), *(member.name for member in own)}),
        "held": {name: distributions[name].record_sha256 if name in distributions else "" for name in held},
        "known": _known(plan),
        "conflicts": sorted(decision.name for decision in plan.with_action(Action.CONFLICT)),
        "symptoms": carried(),
        "libraries": _libraries(),
    }


def _libraries() -> dict[str, str]:
    """Return Debian's packages of the libraries that verify can name one for."""
    known = {library: debian_packages(library) for library in table("system_packages")["carried"]["libraries"]}
    return {library: packages[0].name for library, packages in known.items() if packages}


def _known(plan: Plan) -> list[list[str]]:
    """Return the requirements that the template breaks before anything is changed."""
    violations = template_walk(plan.template).violations
    known = set()
    for violation in violations:
        parsed = parse_requires_dist(violation.requirement)
        is_python = violation.requirement.startswith("Python ")
        target = "python" if is_python or parsed is None else canonical(parsed.requirement.name)
        known.add((violation.name, violation.version, target))
    return [list(entry) for entry in sorted(known)]
