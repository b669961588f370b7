"""What the checks of a proof are told: the plan's facts, with the project's own import statements."""

from __future__ import annotations

from collections.abc import Collection

from podfit.far.protocol import ImportStatement, VerifyFacts, VerifyNeed
from podfit.model import Plan, Project
from podfit.writers.verify_env import verify_facts


def proof_facts(plan: Plan, project: Project | None, *, absent: Collection[str] = ()) -> VerifyFacts:
    """Return the facts of plan for a stand-in: each need with the statements that import it, but what is absent there.

    Optional imports are left out: the project does without. What is held counts as used, so that its functions are
    checked; its files are another build's and are not compared.
    """
    facts = verify_facts(plan)
    needs = [_with_statements(need, project) for need in facts["needs"] if need["name"] not in absent]
    used = sorted({*facts["used"], *facts["held"]} - set(absent))
    return {**facts, "needs": needs, "used": used, "held": {}}


def _with_statements(need: VerifyNeed, project: Project | None) -> VerifyNeed:
    """Return a need with the project's statements about its modules, each once, where it has any."""
    if project is None:
        return need
    tops = {module.partition(".")[0] for module in need["imports"]}
    found: dict[tuple[str, tuple[str, ...]], ImportStatement] = {}
    for site in project.imports:
        if site.top_level in tops and not site.optional:
            statement: ImportStatement = {"module": site.module, "names": list(site.names), "where": str(site)}
            found.setdefault((site.module, site.names), statement)
    return {**need, "statements": list(found.values())} if found else need
