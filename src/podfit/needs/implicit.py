"""Implicit needs: calls that need a distribution which no import names."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from podfit.catalogue.imports import Rule, rules
from podfit.model import Call


@dataclass(frozen=True)
class Implied:
    """A distribution that a call needs, with the rule that says so. alternatives would serve as well."""

    distribution: str
    call: Call
    rule: Rule
    alternatives: tuple[str, ...] = ()


def implied_needs(calls: Iterable[Call], importing: Mapping[str, Collection[str]]) -> Iterator[Implied]:
    """Yield what calls need. importing gives, for a path, the top-level modules that the file imports."""
    for call in calls:
        decided: set[tuple[str, str]] = set()
        for rule in rules():
            about = (rule.module, rule.about)
            if about in decided or not _fits(rule, call, importing.get(call.path, ())):
                continue
            keywords = dict(call.keywords)
            if rule.keyword:
                values = dict(rule.values)
                wanted = [
                    values.get(value) or values.get("*", "") for value in keywords.get(rule.keyword, "").split(",")
                ]
                if rule.keyword not in keywords or not any(wanted):
                    continue
                decided.add(about)
                for distribution in dict.fromkeys(filter(None, wanted)):
                    yield Implied(distribution, call, rule)
            else:
                decided.add(about)
                yield Implied(rule.needs[0], call, rule, rule.needs)


def _fits(rule: Rule, call: Call, imported: Collection[str]) -> bool:
    """Return whether a rule speaks of a call, its keyword's value apart."""
    keywords = dict(call.keywords)
    if any(keyword in keywords for keyword in rule.unless):
        return False
    if call.target.startswith("."):
        if call.target[1:] not in rule.methods:
            return False
        if call.receiver != rule.module and not (rule.anywhere and not call.receiver and rule.module in imported):
            return False
    elif call.target not in rule.calls:
        within, _, last = call.target.rpartition(".")
        if last not in rule.methods or not f"{within}.".startswith(f"{rule.module}."):
            return False
    if rule.starts and not any(argument.startswith(rule.starts) for argument in call.arguments):
        return False
    return not rule.ends or any(argument.lower().endswith(rule.ends) for argument in call.arguments)
