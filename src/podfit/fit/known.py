"""What is known before the first solution: bounds that are handed in, and those that measured runs taught."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from podfit.catalogue.held import held_rules
from podfit.catalogue.measured import MeasuredBound, all_bounds
from podfit.catalogue.torch_pairs import partner
from podfit.model import Bound, Evidence, EvidenceKind, Template

ANCHORS = frozenset({"numpy"})
"""What moves only when a need cannot be had otherwise (docs/decisions/0002-fewest-changes.md)."""


def known_bounds(template: Template, held: frozenset[str], given: Iterable[Bound] = ()) -> tuple[Bound, ...]:
    """Return given and what was measured beside what stays there: held, NumPy, the Python; nothing on held names."""
    there = {name: each.version for name, each in template.distributions.items() if name in held | ANCHORS}
    there["python"] = template.interpreter.version
    measured = (_bound(each, there) for each in all_bounds() if applies(each, there))
    paired = _paired(template, held)
    return tuple(dict.fromkeys(bound for bound in (*given, *measured, *paired) if bound.name not in held))


def _paired(template: Template, held: frozenset[str]) -> Iterator[Bound]:
    """Yield a bound on what a held framework requires in one version and the template's list lacks (triton)."""
    for rule in held_rules():
        framework = template.distributions.get(rule.brought) if rule.brought in held else None
        if framework is None:
            continue
        for name in rule.patterns:
            version = partner(name, framework.version) if name not in template.distributions else ""
            if version:
                reason = f"the template's {rule.brought} {framework.version} goes with {name} {version}: {rule.reason}"
                yield Bound(name, reason, rule.evidence, f"=={version}")


def applies(measured: MeasuredBound, there: Mapping[str, str]) -> bool:
    """Tell whether a measured bound is about what is there: versions by name, of which the local part says nothing."""
    return all(name in there and _within(limit, there[name]) for name, limit in measured.against.items())


def relevant(bounds: Iterable[Bound], known: Iterable[Bound], names: Iterable[str]) -> tuple[Bound, ...]:
    """Return bounds without those of known that are about none of names: nobody would have taken it anyway."""
    idle = {bound for bound in known if bound.name not in set(names)}
    return tuple(bound for bound in bounds if bound not in idle)


def _bound(measured: MeasuredBound, there: Mapping[str, str]) -> Bound:
    """Return a measured bound as the solver takes it."""
    beside = " and ".join(f"{name} {there[name]}" for name in measured.against)
    detail = f"failed: {', '.join(measured.failed)}; ran: {', '.join(measured.ran)}"
    evidence = Evidence(EvidenceKind.MEASURED, measured.run, detail)
    others = "older" if measured.allowed.startswith(">") else "newer"
    reason = f"{measured.name} {measured.failed[-1]} and {others} do not run beside {beside}: {measured.happens}"
    return Bound(measured.name, reason, evidence, measured.allowed)


def _within(specifier: str, version: str) -> bool:
    """Tell whether a version is in a range; one that PEP 440 does not know is in none."""
    try:
        return SpecifierSet(specifier).contains(Version(version).public, prereleases=True)
    except InvalidVersion:
        return False
