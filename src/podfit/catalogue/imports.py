"""Import names, implicit needs and categories: the tables of this folder, read when first asked for.

Every entry carries where it comes from: a release whose file list shows the module, or a page of the library's
documentation.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import cache
from typing import Any

import msgspec

from podfit.catalogue.evidence import stated
from podfit.catalogue.slim import spoiling_calls
from podfit.catalogue.table import table
from podfit.model import Evidence, EvidenceKind, canonical


class ImportName(msgspec.Struct, frozen=True):
    """One entry of import_names.toml. module may be dotted; distribution and also are normalized names.

    seen is the release (`scikit-learn 1.8.0`) whose file list has the module, empty when nobody looked. below is the
    first release of distribution that no longer has it, empty when all later ones do.
    """

    module: str
    distribution: str
    also: tuple[str, ...] = ()
    seen: str = ""
    below: str = ""

    @property
    def evidence(self) -> Evidence:
        """Where the entry comes from."""
        if self.seen:
            until = f", which {self.below} and later no longer have" if self.below else ""
            return Evidence(EvidenceKind.METADATA, f"{self.seen}, RECORD", f"provides the module {self.module}{until}")
        detail = f"{self.module} is taken for {self.distribution}; no wheel was looked into"
        return Evidence(EvidenceKind.ASSUMED, "podfit's table of import names", detail)


class Unpublished(msgspec.Struct, frozen=True):
    """A module of a project without a release on the index. reason is the end of a sentence; url may be empty.

    other is the normalized name by which the index has something else, empty where it has nothing.
    """

    module: str
    reason: str
    url: str = ""
    other: str = ""


class Rule(msgspec.Struct, frozen=True):
    """One implicit need: a call that needs a distribution which its file need not import.

    calls are dotted functions (`pandas.read_parquet`); methods are method names (`to_parquet`) of objects that module
    makes. Where anywhere is True a method counts in every file that imports module, otherwise only on an object that
    the file shows to come from it. keyword, if set, is a keyword's name, and values map its values to distributions
    (`*` stands for any value); otherwise needs are alternatives, the first being the default. unless are keywords
    whose presence turns the rule off. starts, if set, are prefixes of which one must begin a literal argument; ends
    likewise suffixes. setting tells that a configuration file may give the keyword as well. Of the rules with one
    about, the first that fits a call decides. url is the page that says so, fact what it says.
    """

    module: str
    fact: str
    url: str
    calls: frozenset[str] = frozenset()
    methods: frozenset[str] = frozenset()
    anywhere: bool = False
    needs: tuple[str, ...] = ()
    keyword: str = ""
    values: tuple[tuple[str, str], ...] = ()
    unless: tuple[str, ...] = ()
    starts: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()
    about: str = ""
    setting: bool = False

    @property
    def evidence(self) -> Evidence:
        """The page the rule rests on."""
        return Evidence(EvidenceKind.PUBLISHED, self.url, self.fact)


def find(module: str) -> ImportName | None:
    """Return the entry with the longest dotted prefix of module, None when there is none."""
    entries = table("import_names")["modules"]
    for prefix in _prefixes(module):
        if prefix in entries:
            return _import_name(prefix, entries[prefix])
    return None


def providers(module: str, among: Collection[str]) -> list[str]:
    """Return the one of some distributions that a module is known to be of, or that is called as its package is."""
    entry = find(module)
    names = (entry.distribution, *entry.also) if entry is not None else (canonical(module.partition(".")[0]),)
    return [name for name in names if name in among][:1]


def modules_of(distribution: str) -> tuple[str, ...]:
    """Return the modules that the table knows of a normalized distribution name, public ones, in the table's order."""
    return _reverse().get(distribution, ())


def known_distributions() -> Collection[str]:
    """Return the normalized names of all distributions of which the table knows a module."""
    return _reverse().keys()


def module_named(distribution: str) -> ImportName | None:
    """Return the entry of the top-level module that is written like a normalized distribution name, None for none."""
    return _written_like().get(distribution)


def is_known(top_level: str) -> bool:
    """Return whether a top-level import name belongs to a distribution or environment that the tables know."""
    return top_level in _known()


def is_shared(top_level: str) -> bool:
    """Return whether the table knows several distributions in the namespace of a top-level import name."""
    entries = table("import_names")["modules"]
    return len({entry["distribution"] for name, entry in entries.items() if name.startswith(f"{top_level}.")}) > 1


def is_generic(top_level: str) -> bool:
    """Return whether projects commonly call a module of their own by this name, so that no distribution is assumed."""
    return top_level.lower() in _generic()


def environment_of(module: str, imported: Collection[str] = ()) -> str:
    """Return why no distribution provides module (a host program or environment brings it), empty when one may.

    imported are the dotted modules that the project imports: a host's module with an everyday name (`nodes`, `server`)
    counts only where another import tells of that host.
    """
    names = table("import_names")
    reasons: Mapping[str, str] = names.get("environment", {})
    for prefix in _prefixes(module):
        if prefix in reasons:
            return reasons[prefix]
    for host, entry in names.get("host", {}).items():
        telling = frozenset(entry["telling"])
        if any(prefix in telling for prefix in _prefixes(module)):
            return f"comes with {host}"
        if module.partition(".")[0] in entry["also"] and any(
            prefix in telling for other in imported for prefix in _prefixes(other)
        ):
            return f"comes with {host}"
    return ""


def unpublished(module: str) -> Unpublished | None:
    """Return what is known of a module whose project has no release on the index, None when nothing is."""
    entries: Mapping[str, Mapping[str, str]] = table("import_names").get("unpublished", {})
    for prefix in _prefixes(module):
        if prefix in entries:
            return _unpublished(prefix, entries[prefix])
    return None


def another(distribution: str) -> Unpublished | None:
    """Return the project that people mean by a normalized name which on the index is another project's."""
    for module, entry in table("import_names").get("unpublished", {}).items():
        if entry.get("other") == distribution:
            return _unpublished(module, entry)
    return None


def unreleased(distribution: str) -> Unpublished | None:
    """Return the project that a normalized name means of which no index has a release by that name, None for others."""
    for module, entry in table("import_names").get("unpublished", {}).items():
        if distribution in (canonical(module), entry.get("other")):
            return _unpublished(module, entry)
    return None


def _unpublished(module: str, entry: Mapping[str, str]) -> Unpublished:
    return Unpublished(module, entry["reason"], entry.get("url", ""), entry.get("other", ""))


def extension_of(module: str) -> str:
    """Return the normalized name of the distribution whose build makes a compiled module, empty for none known."""
    return str(table("import_names").get("extensions", {}).get(module, {}).get("distribution", ""))


def brought_again(module: str) -> tuple[str, str]:
    """Return the module of an older Python's library that an import means, and what brings it again; empty for none."""
    names = table("import_names")
    entry = names.get("stand_ins", {}).get(module, {})
    meant = str(entry.get("for", module))
    brought = stand_in(meant)
    known = entry if "distribution" in entry else names["modules"].get(meant, {})
    return meant, brought.distribution if brought else str(known.get("distribution", ""))


class Meant(msgspec.Struct, frozen=True):
    """The distribution (a normalized name) that people mean by another name, and who says so.

    same_versions tells that the other name's releases had the same numbers, so that a range holds for this one too.
    """

    distribution: str
    evidence: Evidence
    same_versions: bool = False


def meant(distribution: str) -> Meant | None:
    """Return what people mean by a normalized name that no index has for it, None when nothing is known of it."""
    entry = table("import_names").get("misnamed", {}).get(distribution)
    if entry is None:
        return None
    evidence = Evidence(EvidenceKind.PUBLISHED, entry["url"], f"{distribution}: {entry['reason']}")
    return Meant(entry["meant"], evidence, entry.get("same_versions", False))


class StandIn(msgspec.Struct, frozen=True):
    """A distribution that brings a removed module of the standard library to newer Pythons, since which release."""

    distribution: str
    since: str
    evidence: Evidence


def stand_in(module: str) -> StandIn | None:
    """Return what brings a top-level module that newer standard libraries lack, under no file of that name."""
    entry = table("import_names").get("removed", {}).get(module)
    return StandIn(entry["distribution"], entry["since"], stated(entry)) if entry else None


class Backport(msgspec.Struct, frozen=True):
    """A distribution that brings a module of newer standard libraries to older Pythons, and who says so."""

    module: str
    evidence: Evidence


def backport(distribution: str) -> Backport | None:
    """Return what module of the standard library a normalized name stands for under another name, None for all others.

    A distribution that is called like its module needs no entry.
    """
    entry = table("import_names").get("backports", {}).get(distribution)
    if entry is None:
        return None
    return Backport(entry["module"], Evidence(EvidenceKind.PUBLISHED, entry["url"], entry["reason"]))


def _prefixes(module: str) -> Iterator[str]:
    """Yield a dotted name and its parents, the longest first."""
    while module:
        yield module
        module = module.rpartition(".")[0]


@cache
def rules() -> tuple[Rule, ...]:
    """Return the rules of implicit_needs.toml, in order."""
    return tuple(
        Rule(
            module=entry["module"],
            fact=entry["fact"],
            url=entry["url"],
            calls=frozenset(entry.get("calls", ())),
            methods=frozenset(entry.get("methods", ())),
            anywhere=entry.get("anywhere", False),
            needs=tuple(entry.get("needs", ())),
            keyword=entry.get("keyword", ""),
            values=tuple(entry.get("values", {}).items()),
            unless=tuple(entry.get("unless", ())),
            starts=tuple(entry.get("starts", ())),
            ends=tuple(entry.get("ends", ())),
            about=entry.get("about", ""),
            setting=entry.get("setting", False),
        )
        for entry in table("implicit_needs")["rule"]
    )


@cache
def call_names() -> frozenset[str]:
    """Return the last parts of functions and methods that a rule or a slimmer build asks for: what a scan looks for."""
    return frozenset(
        name for rule in rules() for name in (*rule.methods, *(call.rpartition(".")[2] for call in rule.calls))
    ) | {call.rpartition(".")[2] for call in spoiling_calls()}


@cache
def settings() -> Mapping[str, tuple[str, frozenset[str]]]:
    """Return, for each keyword that configuration files may give, a function that takes it, and all such modules."""
    return {
        rule.keyword: (min(rule.calls), frozenset(name.partition(".")[0] for name in rule.calls))
        for rule in rules()
        if rule.setting
    }


@cache
def call_modules() -> frozenset[str]:
    """Return the top-level modules of all rules: a file that mentions none of them has no call to look for."""
    named = (name for rule in rules() for name in (rule.module, *rule.calls))
    return frozenset(name.partition(".")[0] for name in (*named, *spoiling_calls()))


def _import_name(module: str, entry: Mapping[str, Any]) -> ImportName:
    also = tuple(entry.get("also", ()))
    return ImportName(module, entry["distribution"], also, entry.get("seen", ""), entry.get("below", ""))


@cache
def _reverse() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for module, entry in table("import_names")["modules"].items():
        if not module.startswith("_"):
            for distribution in (entry["distribution"], *entry.get("also", ())):
                found.setdefault(distribution, []).append(module)
    return {distribution: tuple(modules) for distribution, modules in found.items()}


@cache
def _written_like() -> Mapping[str, ImportName]:
    """Return the entries of top-level modules by their names as a distribution's would be normalized."""
    entries = table("import_names")["modules"].items()
    return {canonical(module): _import_name(module, entry) for module, entry in entries if "." not in module}


@cache
def _known() -> frozenset[str]:
    names = table("import_names")
    return frozenset(module.partition(".")[0] for module in (*names["modules"], *names.get("environment", {})))


@cache
def _generic() -> frozenset[str]:
    return frozenset(table("import_names")["generic"]["names"])
