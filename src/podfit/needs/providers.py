"""From import names to distributions: who provides a module, by the best evidence at hand."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from urllib.parse import urlsplit

from packaging.utils import InvalidName, canonicalize_name

from podfit.catalogue import imports as catalogue
from podfit.model import Evidence, EvidenceKind, LocalEnvironment, Template

WheelModules = Callable[[str], tuple[Collection[str], str]]
"""Given a declared distribution's normalized name, the top-level modules of its wheel and where they were read."""


@dataclass(frozen=True)
class Provider:
    """The distribution that provides an imported module. module is the part of the name that identifies it.

    below is the first release without the module, empty where later ones have it, too; since the first one with it,
    empty where that is not known to matter. url is set where the local
    environment has the distribution from a repository or an address, and not from an index.
    """

    distribution: str
    module: str
    evidence: Evidence
    below: str = ""
    url: str = ""
    since: str = ""


@dataclass(frozen=True)
class Unknown:
    """Why no distribution can be named for a module: reason as a sentence's end, remedy as what to do.

    hosted tells that a host program or environment brings the module along: there is nothing to ask.
    """

    reason: str
    remedy: str = ""
    hosted: bool = False


class Providers:
    """Looks a module up in the local environment, the template, the curated table and the declared wheels.

    A distribution is named only with evidence: an import name is never taken for a name on the index. declared are
    normalized names that the project declares, each with its direct reference, empty where it comes from an index:
    where several distributions provide one module, a declared one is meant, then one that the template has. imported
    are the dotted modules that the project imports. elsewhere gives, for names that only unselected extras and groups
    declare, the option that selects one.
    """

    def __init__(
        self,
        template: Template,
        local: LocalEnvironment | None,
        declared: Mapping[str, str],
        wheel_modules: WheelModules | None,
        imported: Collection[str] = (),
        elsewhere: Mapping[str, str] | None = None,
    ) -> None:
        self._template = template
        self._local = local
        self._declared = declared
        self._wheel_modules = wheel_modules
        self._modules = frozenset(imported)
        self._elsewhere = elsewhere or {}
        self._imported = {_normalized(module.partition(".")[0]) for module in imported}
        self._template_map: dict[str, list[str]] | None = None
        self._wheel_map: dict[str, list[Provider]] | None = None

    def find(self, module: str, names: Iterable[str]) -> Provider | Unknown:
        """Return the provider of `from module import names` (names may be submodules), or why there is none."""
        entry = self._entry(module, names)
        answer = self._find(module, entry)
        if entry and isinstance(answer, Provider) and answer.distribution in (entry.distribution, *entry.also):
            below = entry.below if answer.distribution == entry.distribution else ""
            return replace(answer, module=entry.module, below=below)
        return answer

    def _find(self, module: str, entry: catalogue.ImportName | None) -> Provider | Unknown:
        top = module.partition(".")[0]
        installed = [step for step in (self._in_local(top, entry), self._in_template(top, entry)) if step]
        tables = [step for step in (self._in_table(entry), self._by_name(top)) if step]
        if chosen := self._expected([*installed, *tables]):
            return chosen
        # Looking into wheels may cost a download: only where no declared distribution is known to be meant.
        wheels = [] if installed else [step for step in [self._in_wheels(top)] if step]
        if chosen := self._expected(wheels):
            return chosen
        for step in installed:
            if only := self._only(step, entry, top):
                return only
        if reason := catalogue.environment_of(module, self._modules):
            return Unknown(f"{module} {reason}", hosted=True)
        if known := catalogue.unpublished(module):
            if chosen := self._by_address(known, top):
                return chosen
            remedy = f"declare its address with a commit: {known.url}" if known.url else f"declare what provides {top}"
            return Unknown(f"{top} {known.reason}", remedy)
        for step in tables:
            if only := self._only(step, entry, top):
                return only
        if steps := [*installed, *tables]:
            several = ", ".join(sorted(provider.distribution for provider in steps[0]))
            return Unknown(
                f"several distributions provide {top}, and the project declares none of them: {several}",
                "declare the one that is meant",
            )
        if catalogue.is_shared(top):
            return Unknown(f"several distributions share the namespace {top}, and podfit knows none for {module}")
        if chosen := self._by_repository(top):
            return chosen
        if option := self._elsewhere.get(_normalized(top), ""):
            return Unknown(f"{_normalized(top)} is declared for {option.partition(' ')[2]} alone", f"{option} plans it")
        if catalogue.is_generic(top) or not _normalized(top) or top.startswith("_"):
            return Unknown(
                f"{top} looks like a module of the project, but it is not in the project",
                "add the file or the directory that holds it, or leave the importing file out with --exclude",
            )
        return Unknown(f"no distribution is known to provide {top}")

    def _expected(self, steps: list[list[Provider]]) -> Provider | None:
        """Return the first candidate that the project declares, else the template has, else an extra declares."""
        for expected in (self._declared, self._template.distributions, self._elsewhere):
            for step in steps:
                for provider in step:
                    if provider.distribution in expected:
                        return provider
        return None

    def expects(self, distribution: str) -> bool:
        """Return whether the project declares a distribution or the template has it."""
        return distribution in self._declared or distribution in self._template.distributions

    def modules_of(self, distribution: str) -> tuple[str, ...]:
        """Return the modules to import of a distribution nobody imports, by the same evidence; empty if none tells."""
        found: list[str] = []
        if self._local:
            found = [m for m, providers in self._local.import_map.items() if distribution in providers]
        there = self._template.distributions.get(distribution)
        found = _best(found, distribution) or _best(there.import_names if there else (), distribution)
        return tuple(found) or catalogue.modules_of(distribution)

    def _entry(self, module: str, names: Iterable[str]) -> catalogue.ImportName | None:
        """Return the table's entry for a module, or for what is taken of a namespace (`from google.cloud import x`)."""
        found = catalogue.find(module)
        if found is None:
            for name in names:
                if found := catalogue.find(f"{module}.{name}"):
                    break
        return found

    def _in_local(self, top: str, entry: catalogue.ImportName | None) -> list[Provider]:
        if not self._local:
            return []
        source = self._local.evidence.source
        found = []
        for name in _within(entry, self._local.import_map.get(top, ())):
            there = self._local.distributions.get(name)
            if there is not None and there.editable and name not in self._declared:
                continue  # a checkout on the laptop: no index has it by that name, for all we know
            url = there.direct_url if there is not None and not there.direct_url.startswith("file:") else ""
            evidence = Evidence(EvidenceKind.METADATA, source, f"{name} provides the module {top}")
            found.append(Provider(name, top, evidence, url=url))
        return found

    def _in_template(self, top: str, entry: catalogue.ImportName | None) -> list[Provider]:
        names = _within(entry, self._from_template().get(top, ()))
        return [Provider(name, top, self._template_evidence(name, top)) for name in names]

    def _in_wheels(self, top: str) -> list[Provider]:
        """Return the declared distributions whose own wheels hold a module."""
        if self._wheel_map is None:
            self._wheel_map = {}
            for name in self._unseen():
                modules, source = self._wheel_modules(name) if self._wheel_modules else ((), "")
                for module in modules:
                    evidence = Evidence(EvidenceKind.BINARY, source, f"holds the module {module}")
                    self._wheel_map.setdefault(module, []).append(Provider(name, module, evidence))
        return self._wheel_map.get(top, [])

    def _unseen(self) -> Iterator[str]:
        """Yield the declared distributions of an index of which nobody has said yet what they provide."""
        for name, url in (*self._declared.items(), *((name, "") for name in self._elsewhere)):
            known = catalogue.modules_of(name) or name in self._imported or self._provided(name)
            if not url and not known and name not in self._template.distributions:
                yield name

    def _provided(self, name: str) -> bool:
        """Return whether the local environment tells what a distribution provides."""
        return bool(self._local) and any(name in names for names in self._local.import_map.values())  # type: ignore[union-attr]

    def _in_table(self, entry: catalogue.ImportName | None) -> list[Provider]:
        if not entry:
            return []
        return [Provider(name, entry.module, entry.evidence) for name in (entry.distribution, *entry.also)]

    def _by_name(self, top: str) -> list[Provider]:
        """Return the distribution of the module's own name where it is expected anyway.

        That the template has one says nothing of a namespace that distributions share: `google` is not Google's.
        """
        same = _normalized(top)
        if catalogue.is_shared(top) and same not in self._declared:
            return []
        return [Provider(same, top, _same_name(top, same))] if same and self.expects(same) else []

    def _by_address(self, known: catalogue.Unpublished, top: str) -> Provider | None:
        """Return the declared distribution that comes from the repository which is known to hold a module."""
        for name, url in self._declared.items():
            if known.url and url and _repository(url) == _repository(known.url):
                evidence = Evidence(EvidenceKind.PUBLISHED, known.url, f"the repository that holds the module {top}")
                return Provider(name, top, evidence)
        return None

    def _by_repository(self, top: str) -> Provider | None:
        """Return the one declared distribution from an address whose name has a module's name in it (smooth-topk).

        It is installed anyway, and what it provides cannot be looked up without fetching it.
        """
        words = _normalized(top)
        found = [name for name, url in self._declared.items() if url and words and f"-{words}-" in f"-{name}-"]
        if len(found) != 1:
            return None
        detail = f"{found[0]}, from {self._declared[found[0]]}, is taken for what provides {top}, by its name"
        return Provider(found[0], top, Evidence(EvidenceKind.ASSUMED, "the name of its repository", detail))

    def _only(self, step: list[Provider], entry: catalogue.ImportName | None, top: str) -> Provider | None:
        """Return the one candidate to take of a step: the only one, the curated one, or the one of the same name."""
        if len({provider.distribution for provider in step}) == 1:
            return step[0]
        for wanted in (entry.distribution if entry else "", _normalized(top)):
            for provider in step:
                if provider.distribution == wanted:
                    return provider
        return None

    def _from_template(self) -> dict[str, list[str]]:
        if self._template_map is None:
            self._template_map = {}
            for name, distribution in self._template.distributions.items():
                for module in distribution.import_names:
                    self._template_map.setdefault(module.partition(".")[0], []).append(name)
        return self._template_map

    def _template_evidence(self, name: str, top: str) -> Evidence:
        evidence = self._template.distributions[name].evidence
        return Evidence(evidence.kind, evidence.source, f"{name} provides the module {top} on {self._template.name}")


@cache
def standard_library(series: str) -> frozenset[str]:
    """Return the top-level modules of the standard library of a Python series (`3.10`), by the package stdlibs.

    A series that stdlibs does not know yet is taken for the newest that it knows. `ALL` means any since 2.7: older
    ones had a `util` and a `dump` that nobody's code of today means.
    """
    import stdlibs

    known = {version: tuple(map(int, version.split("."))) for version in stdlibs.KNOWN_VERSIONS}
    if series == "ALL":
        versions = [version for version, parts in known.items() if parts >= (2, 7)]
    else:
        versions = [series if series in known else max(known, key=known.__getitem__)]
    return frozenset().union(*map(stdlibs.stdlib_module_names, versions)) | {"__main__"}


def _within(entry: catalogue.ImportName | None, names: Iterable[str]) -> list[str]:
    """Return the candidates, of a namespace that distributions share only those that the table names for the module."""
    candidates = list(names)
    if entry and "." in entry.module:
        return [name for name in candidates if name in (entry.distribution, *entry.also)]
    return candidates


def _same_name(top: str, name: str) -> Evidence:
    return Evidence(EvidenceKind.ASSUMED, "import name", f"{top} is taken for the distribution {name}")


def _repository(url: str) -> str:
    """Return host and path of a repository's address, without what selects a commit or a directory of it."""
    parts = urlsplit(url.removeprefix("git+"))
    return f"{parts.hostname}{parts.path.partition('@')[0].removesuffix('.git').rstrip('/')}".lower()


def _normalized(name: str) -> str:
    try:
        return str(canonicalize_name(name, validate=True))
    except InvalidName:
        return ""


def _best(modules: Iterable[str], distribution: str) -> list[str]:
    """Return the modules worth importing: the one of the distribution's own name, else the public ones."""
    public = [module for module in modules if not module.startswith("_") and module.isidentifier()]
    own = [module for module in public if _normalized(module) == distribution]
    return own or sorted(public)[:4]
