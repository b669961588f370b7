"""What an answer gave up without need: final releases for pre-releases, tested ones for want of a wheel elsewhere.

uv may build nothing and says so only where no solution is left. Before that it takes, silently, an older release or
a pre-release whose dependencies all have wheels. So an answer is looked at again: what would have been taken, and
which of its dependencies has nothing but source distributions? Those whose build is likely are offered, and uv is
asked again.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from podfit.model import Bound, LockedPackage, Need, Template, canonical
from podfit.model.requirement import Markers, RequiresDist
from podfit.model.steps import Steps, Wait
from podfit.model.versions import same_release, same_version
from podfit.solve.sources import Sources

_EXTRA = re.compile(r"""\bextra\s*==\s*["']([^"']+)["']""")

_MOST_WITHOUT = 32
"""So many releases after one without an extra are looked at for the first that has it."""

_DEEPEST = 3
"""So many releases with wheels are followed to one that has none."""


@dataclass(slots=True)
class Reconsidered:
    """Looks at the answers for one template, again and again until there is nothing new.

    pins are the template's versions, preferences the tested ones, bounds what was learned. excluded are constraint
    lines that keep out the pre-releases that nobody asked for, and releases from before an extra that is asked for.
    early are the needs among these, pre-releases only where final ones came after within what is stated, or where
    bounds alone keep out every final one: where none of those can be had the need is refused, and no pre-release is
    taken for it.
    """

    template: Template
    pins: Mapping[str, str]
    needs: Sequence[Need]
    preferences: Mapping[str, str]
    sources: Sources
    bounds: Sequence[Bound] = ()
    excluded: list[str] = field(default_factory=list)
    early: set[str] = field(default_factory=set)
    _seen: set[tuple[str, str]] = field(default_factory=set)
    _looked: set[str] = field(default_factory=set)

    def look(self, answer: Mapping[str, LockedPackage]) -> Steps[bool]:
        """Return whether uv should be asked again: with more offers, or with pre-releases excluded."""
        chosen = {name: package.version for name, package in answer.items() if package.version and not package.url}
        new = {name: version for name, version in chosen.items() if not same_version(self.pins.get(name, ""), version)}
        unasked = yield from self._unasked(new, answer)
        finals: dict[str, str] = {}
        stated = {need.name: SpecifierSet(need.specifier) for need in self.needs if not need.url}
        for name in unasked:
            lines, final = yield Wait(lambda name=name: self._without_prereleases(name))  # type: ignore[misc]
            if lines and lines not in self.excluded:
                self.excluded.append(lines)
                finals[name] = final[-1]
                within = [version for version in final if name in stated and stated[name].contains(version)]
                after = any(Version(version) > Version(new[name]) for version in within)
                if after or (within and not any(self._unlearned(name, version) for version in within)):
                    self.early.add(name)
        offered = yield from self._offer_likely(dict(self._wanted(new, unasked, finals)), chosen)
        lost = yield from self._without_extras(new, answer)
        return bool(finals) or offered or lost

    def _unlearned(self, name: str, version: str) -> bool:
        """Tell whether no bound that was learned stands against a release."""
        bounds = (bound for bound in self.bounds if bound.name == name and not bound.filename)
        return all(SpecifierSet(bound.specifier).contains(version, prereleases=True) for bound in bounds)

    def _without_extras(self, new: Mapping[str, str], answer: Mapping[str, LockedPackage]) -> Steps[bool]:
        """Exclude the releases from before an extra that a need asks for and later ones have; tell whether any are.

        The resolver takes a release that knows nothing of an extra for one that meets it, as old as it may be.
        """
        asked = [need for need in self.needs if need.extras and not need.url and need.name in new]
        asked = [need for need in asked if need.name not in self._looked]
        self._looked.update(need.name for need in asked)
        if not asked:
            return False
        known = yield from self.sources.requirements([(need.name, new[need.name]) for need in asked], answer)
        lacking = [need for need in asked if _lacks(known.get((need.name, new[need.name])), need)]
        newest = yield from self.sources.newest_wheels({need.name: need.specifier for need in lacking})
        before = len(self.excluded)
        for need in lacking:
            name, last = need.name, newest.get(need.name, "")
            if not last or Version(last) <= Version(new[name]):
                continue
            versions: list[str] = yield Wait(lambda name=name: self.sources.fitting.versions(name))  # type: ignore[misc]
            after = [v for v in versions if Version(new[name]) < Version(v) < Version(last) and _is_final(v)]
            pairs = [(name, version) for version in (*after[:_MOST_WITHOUT], last)]
            stated = yield from self.sources.requirements(pairs)
            first = next((v for _, v in pairs if not _lacks(stated.get((name, v)), need)), "")
            if first:
                self.excluded.append(f"{name}>={first}")
                self.early.add(name)
        return len(self.excluded) > before

    def _unasked(self, new: Mapping[str, str], answer: Mapping[str, LockedPackage]) -> Steps[list[str]]:
        """Return the pre-releases of an answer that no requirement of the project or of a final release asks for."""
        early = [name for name, version in new.items() if Version(version).is_prerelease]
        early = [name for name in early if not same_version(self.preferences.get(name, ""), new[name])]
        asked = {need.name for need in self.needs if _asks_for_prereleases(SpecifierSet(need.specifier))}
        early = [name for name in early if name not in asked]
        if not early:
            return []
        final = [(name, version) for name, version in new.items() if not Version(version).is_prerelease]
        known = yield from self.sources.requirements(final, answer)
        for lines in known.values():
            asked |= {
                line.target
                for line in self._active(lines)
                if line.target in early and _asks_for_prereleases(line.requirement.specifier)
            }
        return [name for name in early if name not in asked]

    def _without_prereleases(self, name: str) -> tuple[str, list[str]]:
        """Return a constraint line that excludes each pre-release of a package that has final ones, and these."""
        releases = self.sources.fitting.versions(name)
        early = [version for version in releases if Version(version).is_prerelease]
        final = [version for version in releases if not Version(version).is_prerelease]
        line = f"{name}{','.join(f'!={version}' for version in early)}" if final and early else ""
        return line, final

    def _wanted(
        self, new: Mapping[str, str], unasked: Collection[str], finals: Mapping[str, str]
    ) -> Iterator[tuple[str, str]]:
        """Yield the releases that would have been taken in place of those in new; an empty version: the newest."""
        specifiers = {need.name: SpecifierSet(need.specifier) for need in self.needs if not need.url}
        for name, version in new.items():
            tested = self.preferences.get(name, "")
            if tested and specifiers.get(name, SpecifierSet()).contains(tested, prereleases=True):
                if not same_release(tested, version):
                    yield name, tested
            elif name in specifiers or name in finals or name in unasked:
                yield name, ""

    def _offer_likely(self, wanted: Mapping[str, str], chosen: Mapping[str, str]) -> Steps[bool]:
        """Offer what keeps wanted releases out for want of a wheel, where its build is likely."""
        limits = {need.name: need.specifier for need in self.needs if not need.url}
        newest = {name: limits.get(name, "") for name, version in wanted.items() if not version}
        found = yield from self.sources.newest_wheels(newest)
        front = {name: version or found.get(name, "") for name, version in wanted.items()}
        front = {name: version for name, version in front.items() if version != chosen.get(name)}
        offered = False
        for _ in range(_DEEPEST):
            pairs = [pair for pair in front.items() if pair[1] and pair not in self._seen]
            if not pairs:
                break
            self._seen.update(pairs)
            known = yield from self.sources.requirements(pairs)
            unmet = {
                line.target: str(line.requirement.specifier)
                for lines in known.values()
                for line in self._active(lines)
                if not self._met(line, chosen)
            }
            front = yield from self.sources.newest_wheels(unmet)
            bare = {name: specifier for name, specifier in unmet.items() if name not in front}
            offered |= yield from self.sources.offer_likely(bare)
        return offered

    def _active(self, lines: Iterable[str]) -> Iterator[RequiresDist]:
        return Markers(self.template.marker_environment).active(lines)

    def _met(self, line: RequiresDist, chosen: Mapping[str, str]) -> bool:
        """Tell whether the template or the answer has what a line asks for, or whether it names an address."""
        present = chosen.get(line.target) or self.pins.get(line.target, "")
        return bool(line.requirement.url) or (bool(present) and line.allows(present))


def _asks_for_prereleases(specifier: SpecifierSet) -> bool:
    """Tell whether a specifier names a pre-release to have it; `<2.0.dev0` names one to keep it out."""
    return any(
        each.operator in ("==", "===", ">=", "<=", "~=", ">")
        and not each.version.endswith(".*")
        and Version(each.version).is_prerelease
        for each in specifier
    )


def _lacks(lines: Iterable[str] | None, need: Need) -> bool:
    """Tell whether the Requires-Dist lines of a release, where they are known, have nothing for an extra of a need."""
    if lines is None:
        return False
    there = {canonical(extra) for line in lines for extra in _EXTRA.findall(line)}
    return not there.issuperset(map(canonical, need.extras))


def _is_final(version: str) -> bool:
    """Tell whether a version is no pre-release."""
    return not Version(version).is_prerelease
