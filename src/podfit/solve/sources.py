"""Releases without a wheel for the template: offered to the resolver by what is known of them, never built here.

uv is told to build nothing. Where that leaves it without a solution, it names the distributions that it would have to
build; those whose build can be hoped for join a flat index of metadata-only wheels (podfit.solve.template_index), with
their dependencies from the best evidence there is.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet

from podfit.index.threads import side_by_side
from podfit.model import Artefact, Evidence, EvidenceKind, LockedPackage, PodfitError, SourceBuild, Template, canonical
from podfit.model.requirement import named
from podfit.model.steps import Steps, Wait
from podfit.model.tags import platform_tags
from podfit.model.versions import read_version, within
from podfit.solve.answer import Refusal
from podfit.solve.builds import judge_build
from podfit.solve.fitting import Fitting
from podfit.solve.likely import Likely
from podfit.solve.said import asked_for, is_exact
from podfit.solve.template_index import wheel_name, wheel_tag, whole_flat_index

if TYPE_CHECKING:
    from podfit.index import Index, IndexFile
    from podfit.index.sources import SourceFiles


_SIDE_BY_SIDE = 8
"""So many source distributions are fetched at the same time."""

_BEST_AT_ONCE = 16
"""So many projects are asked for their best release at the same time."""

MOST_OFFERS = 4
"""So often source releases of one package are looked at because uv found no wheel, each older than the one before."""

_NAME_ALONE = re.compile(r"\s*[A-Za-z0-9][A-Za-z0-9._-]*\s*")

SAME_SERIES = 2
"""So often of these they may be of one minor series: its releases ask for the same, as a rule."""


class Sources:
    """The source builds that one template's solve may rest on; grows while uv is asked.

    allowed are the names (or `:all:`) that uv may build while planning; exclude_newer is an ISO date, empty for none.
    until has by name a time (ISO 8601) from which on the files of a package do not count either. memory has the files
    of releases that fit the template, and takes up what is found: one for all solves over it. fitting are these files.
    """

    def __init__(
        self,
        index: Index,
        template: Template,
        cache: Path,
        allowed: Iterable[str] = (),
        exclude_newer: str = "",
        until: Mapping[str, str] | None = None,
        memory: dict[tuple[str, str], tuple[IndexFile, ...]] | None = None,
    ) -> None:
        self._index = index
        self._template = template
        self._cache = cache
        self._tags = platform_tags(template)
        self.fitting = Fitting(index, template, exclude_newer, until or {}, {} if memory is None else memory)
        self.allowed = frozenset(name if name == ":all:" else canonical(name) for name in allowed)
        self.offers: dict[tuple[str, str], SourceBuild] = {}
        self._hopeless: dict[str, str] = {}
        self._seen: set[tuple[str, str]] = set()
        self._stated: dict[tuple[str, str], tuple[str, ...] | None] = {}
        self._tries: dict[str, int] = {}
        self.likely: Likely | None = None

    def learn(self, refusal: Refusal, requirements: Iterable[str]) -> Steps[bool]:
        """Look at what uv would have to build; return whether there is something new to offer it."""
        wanted = [
            (name, specifier)
            for name in refusal.unbuilt
            for specifier in asked_for(name, refusal.message, requirements)
            if (name, specifier) not in self._seen and self._tries.get(name, 0) < MOST_OFFERS
        ]
        if not wanted:
            return False
        loose = {name for name, _ in wanted} - {name for name, specifier in wanted if is_exact(specifier)}
        meant = yield from self._meant(loose)
        wanted = [pair for pair in wanted if pair[0] not in {name for name, _ in meant}] + meant
        self._seen.update(wanted)
        for name in {name for name, _ in wanted}:
            self._tries[name] = self._tries.get(name, 0) + 1
        new = False
        for build in (yield from self._judged(wanted)):
            if build.chance == "unlikely":
                self._hopeless[build.name] = build.reason
            elif (build.name, build.version) not in self.offers:
                self.offers[build.name, build.version] = build
                new = True
        return new

    def _meant(self, names: AbstractSet[str]) -> Steps[list[tuple[str, str]]]:
        """Return the exact pins on names of what is offered and asks for any version: a metapackage means its own."""
        pins = []
        for (_, version), build in self.offers.items():
            for name in names & {named(line) for line in build.requires_dist if _NAME_ALONE.fullmatch(line)}:
                there: list[str] = yield Wait(lambda name=name: self.fitting.versions(name))  # type: ignore[misc]
                pins += [(name, f"=={version}")] if version in there else []
        return [pin for pin in dict.fromkeys(pins) if pin not in self._seen]

    def requirements(
        self, pairs: Iterable[tuple[str, str]], packages: Mapping[str, LockedPackage] | None = None
    ) -> Steps[dict[tuple[str, str], tuple[str, ...]]]:
        """Return the Requires-Dist lines of releases; those that cannot be read are left out.

        packages are what uv chose, by name: of these, what was read of one of their files is taken as it was kept.
        """
        wanted = list(dict.fromkeys(pairs))
        for pair in wanted:
            package = (packages or {}).get(pair[0])
            if pair not in self._stated and package is not None and package.version == pair[1]:
                self._stated[pair] = self._kept(package)
        asked = [pair for pair in wanted if self._stated.get(pair) is None]
        if asked:
            found = yield Wait(lambda: self._index.prefetch(asked, tags=self._tags))
            self._stated.update(
                (pair, known.requires_dist) for pair, known in found.items() if not isinstance(known, PodfitError)
            )
        return {pair: lines for pair in wanted if (lines := self._stated.get(pair)) is not None}

    def _kept(self, package: LockedPackage) -> tuple[str, ...] | None:
        """Return the Requires-Dist lines that were read of one of a package's files earlier, None when none was."""
        for file in package.artefacts:
            for text in file.hashes:
                algorithm, _, digest = text.partition(":")
                known = self._index.known_metadata(digest) if algorithm == "sha256" else None
                if known is not None:
                    return known.requires_dist
        return None

    def best_wheels(self, asked: Mapping[str, str], tested: Mapping[str, str]) -> Steps[dict[str, str]]:
        """Return, by name, the release with a wheel that is best for what is asked (specifiers by name).

        It is the tested one where that is allowed, else as in `newest_wheels`. What it requires is read, too.
        """
        exact = {name: f"=={tested[name]}" for name, limit in asked.items() if within(limit, tested.get(name, ""))}

        def one(name: str) -> str:
            version = ""
            with contextlib.suppress(PodfitError):
                version = self.fitting.newest_wheel(name, exact[name]) if name in exact else ""
                version = version or self.fitting.newest_wheel(name, asked[name])
                if version and self._stated.get((name, version)) is None:
                    self._stated[name, version] = self._index.metadata(name, version, tags=self._tags).requires_dist
            return version

        def every() -> dict[str, str]:
            return dict(zip(asked, side_by_side(one, asked, _BEST_AT_ONCE, "best"), strict=True))

        found: dict[str, str] = (yield Wait(every)) if asked else {}
        return {name: version for name, version in found.items() if version}

    def may_be_newer(self, name: str, version: str, specifier: str) -> Steps[bool]:
        """Tell whether there may be a release in a specifier that is newer than a version; only pins are looked up."""
        if "==" not in specifier:
            return True
        there: list[str] = yield Wait(lambda: self.fitting.versions(name))
        return any(read_version(each) > read_version(version) and within(specifier, each) for each in there)

    def newest_wheels(self, specifiers: Mapping[str, str]) -> Steps[dict[str, str]]:
        """Return, by name, the newest release in a specifier that has a wheel for the template, final ones first."""
        if not specifiers:
            return {}
        found: dict[str, str] = yield Wait(lambda: self._newest_wheels(specifiers))
        return found

    def offer_likely(self, specifiers: Mapping[str, str]) -> Steps[bool]:
        """Offer the newest source release in each specifier whose build is likely; tell whether there is a new one."""
        wanted = [pair for pair in specifiers.items() if pair not in self._seen]
        if not wanted:
            return False
        found = yield from self._judged(wanted)
        new = [b for b in found if b.chance == "likely" and (b.name, b.version) not in self.offers]
        self.offers.update(((build.name, build.version), build) for build in new)
        return bool(new)

    def said(self, refusal: Refusal) -> str:
        """Return what is known about the distributions that a refusal would have to build and that will not build."""
        return "".join(f" {self._hopeless[name]}." for name in refusal.unbuilt if name in self._hopeless)

    def directory(self) -> Path | None:
        """Return a directory of metadata-only wheels of all offers; None without any."""
        if not self.offers:
            return None
        tag = wheel_tag(self._template)
        wheels = {
            wheel_name(name, version, tag): (name, version, build.requires_dist)
            for (name, version), build in sorted(self.offers.items())
        }
        digest = hashlib.sha256(repr((tag, sorted(wheels.items()))).encode()).hexdigest()[:32]
        return whole_flat_index(self._cache / "assumed" / digest, wheels, tag)

    def published(self, name: str) -> Steps[dict[str, str]]:
        """Return the ISO time of each release's first file, oldest release first, empty where the index tells none."""
        found: dict[str, str] = yield Wait(lambda: dict(self.fitting.published_at(name)))
        return found

    def without_wheels(self, specifiers: Mapping[str, str]) -> Steps[dict[str, str]]:
        """Return, by name, a sentence on each specifier in which there are releases and none has a wheel."""
        if not specifiers:
            return {}
        found: dict[str, str] = yield Wait(lambda: dict(self._without_wheels(specifiers)))
        return found

    def _without_wheels(self, specifiers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        """Yield the answer of `without_wheels`; the waiting part."""
        for name, text in specifiers.items():
            if self.fitting.until.get(name):  # it may be the time alone that leaves none
                continue
            try:
                releases = self._index.releases(name)
            except PodfitError:
                continue
            within = [version for version in releases if SpecifierSet(text).contains(version, prereleases=True)]
            served = self.fitting.with_wheel(name, within[-1], releases) if within else []
            said = f"No release of {name}{text} has a wheel for Python {self._template.interpreter.series}"
            if within and not served:
                yield name, f"{said}, and no other has."
            if not served or set(served) & set(within):
                continue
            newer = [version for version in served if read_version(version) > read_version(within[-1])]
            near = newer[0] if newer else served[-1]
            yield name, f"{said}: {near} is the nearest that has one."

    def _newest_wheels(self, specifiers: Mapping[str, str]) -> dict[str, str]:
        """Return the answer of `newest_wheels`; the waiting part."""
        self._index.ready(specifiers)
        newest = {}
        for name, specifier in specifiers.items():
            with contextlib.suppress(PodfitError):
                newest[name] = self.fitting.newest_wheel(name, specifier)
        return {name: version for name, version in newest.items() if version}

    def _judged(self, wanted: Iterable[tuple[str, str]]) -> Steps[list[SourceBuild]]:
        """Return the newest source release of each name in its specifier, judged by what lies in it.

        What its project publishes speaks first; then what the source distribution shows, which is read here, in the
        thread that computes (podfit.model.steps).
        """
        found: list[tuple[SourceBuild, SourceFiles | None]] = yield Wait(lambda: self._look(wanted))
        return [self._by_contents(build, shown) for build, shown in found]

    def _by_contents(self, build: SourceBuild, shown: SourceFiles | None) -> SourceBuild:
        """Return a source build with what the source distribution shows of it."""
        if build.chance == "unlikely" or shown is None:
            return build
        judged = judge_build(shown, self._template.interpreter.series)
        instead = f"{build.with_wheel} is the nearest with a wheel" if build.with_wheel else "no release has one"
        reason = "; ".join((*judged.reasons, instead))
        if judged.chance == "unlikely":
            series = self._template.interpreter.series
            reason = f"{build.name} {build.version} has no wheel for Python {series} and will not build there: {reason}"
        shown_by = Evidence(EvidenceKind.METADATA, build.artefact.filename, "setup.py, pyproject.toml, file names")
        return replace(
            build,
            chance=judged.chance,
            reason=reason,
            hidden=judged.hidden,
            limits=judged.limits,
            requires=judged.requires,
            grounds=(shown_by, *judged.evidence),
        )

    def _look(self, wanted: Iterable[tuple[str, str]]) -> list[tuple[SourceBuild, SourceFiles | None]]:
        """Return the newest source release of each name in its specifier and its contents; the waiting part.

        Whole files are fetched for that, side by side: of each name the newest MOST_OFFERS alone, the newest last.
        """
        wanted = list(wanted)
        self._index.ready(name for name, _ in wanted)
        found: dict[str, dict[str, IndexFile]] = {}
        for name, specifier in wanted:
            newest = self.fitting.newest_source(name, SpecifierSet(specifier))
            if newest is not None and self._tries.get(name, 0) > SAME_SERIES:
                newest = self._of_older_series(name, specifier, newest[0]) or newest
            if newest is not None:
                found.setdefault(name, {})[newest[0]] = newest[1]
        chosen = [
            (name, version, files[version])
            for name, files in found.items()
            for version in sorted(files, key=read_version)[-MOST_OFFERS:]
        ]
        return side_by_side(lambda one: self._shown(*one), chosen, _SIDE_BY_SIDE, "sources")

    def _of_older_series(self, name: str, specifier: str, version: str) -> tuple[str, IndexFile] | None:
        """Return the newest source release in a specifier of a minor series before a version's, where that was offered.

        None where it was not, and where there is none. The waiting part.
        """
        read = read_version(version)
        series = {
            (each.major, each.minor) for other, text in self.offers if other == name and (each := read_version(text))
        }
        if read.epoch or (read.major, read.minor) not in series:
            return None
        return self.fitting.newest_source(name, SpecifierSet(specifier) & SpecifierSet(f"<{read.major}.{read.minor}"))

    def _shown(self, name: str, version: str, sdist: IndexFile) -> tuple[SourceBuild, SourceFiles | None]:
        """Return a source release as its project publishes it, and what lies in it where that tells more."""
        releases = self._index.releases(name)
        build = self._published(name, version, sdist, releases, self.fitting.with_wheel(name, version, releases))
        try:
            return build, self._index.source_files(sdist) if build.chance != "unlikely" else None
        except PodfitError:
            return build, None

    def _published(
        self,
        name: str,
        version: str,
        sdist: IndexFile,
        releases: Mapping[str, tuple[IndexFile, ...]],
        with_wheel: list[str],
    ) -> SourceBuild:
        """Return a source release with what can be hoped of its build, by the wheels that its project publishes."""
        series = self._template.interpreter.series
        wheels = [file for file in releases[version] if file.kind == "wheel"]
        newer = [other for other in with_wheel if read_version(other) > read_version(version)]
        near = newer[0] if newer else with_wheel[-1] if with_wheel else ""
        instead = f"{near} is the nearest with a wheel" if near else "no release has one"
        if wheels and newer:
            chance = "unlikely"
            reason = (
                f"{name} {version} has no wheel for Python {series}, only for others; its project made wheels for it "
                f"from a later release on, so the source of {version} cannot be expected to build there: {instead}"
            )
        elif any(file.filename.endswith("-none-any.whl") for files in releases.values() for file in files):
            chance, reason = "likely", f"other releases of {name} are pure Python; {instead}"
        else:
            chance = "unknown"
            reason = f"it may need compilers, headers and, at build time, torch (pip's --no-build-isolation); {instead}"
        lines, evidence = self._requirements(name, version, near)
        artefact = Artefact(sdist.filename, sdist.url, sdist.hashes, "sdist", sdist.size, sdist.upload_time)
        return SourceBuild(name, version, lines, chance, reason, near, artefact, evidence)

    def _requirements(self, name: str, version: str, near: str) -> tuple[tuple[str, ...], Evidence]:
        """Return a source release's dependencies from its own files, else from the nearest wheel, and the evidence."""
        causes = []
        for other in filter(None, (version, near)):
            try:
                found = self._index.metadata(name, other, tags=self._tags)
            except PodfitError as error:
                causes.append(error.message)
                continue
            if other == version:
                return found.requires_dist, found.evidence
            detail = f"{name} {version} tells nothing without a build: taken to require what {other} requires"
            return found.requires_dist, Evidence(EvidenceKind.ASSUMED, found.evidence.source, detail)
        return (), Evidence(EvidenceKind.ASSUMED, "no requirements", causes[0] if causes else "")
