"""Releases that require what is built for another CUDA: an older one from when the template's CUDA was the default.

tensorrt 11 requires tensorrt-cu13, tensorrt 10.13.0 of the summer before required tensorrt-cu12. Every release of
tensorrt-cu13 is for CUDA 13, as its name says, so that nothing is learned of it; who asks for it has other releases.
xgboost 3.4 requires nvidia-nccl-cu13, whose files are those of the nvidia-nccl-cu12 that torch for CUDA 12 loads.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import product
from typing import TYPE_CHECKING

from podfit.audit import Subject
from podfit.audit.releases import cuda_names
from podfit.catalogue.cuda_names import cuda_of
from podfit.catalogue.variants import variants
from podfit.fit.older import newest_that, older_of
from podfit.fit.phases import Given
from podfit.model import Bound, Evidence, EvidenceKind
from podfit.model.requirement import Markers
from podfit.model.steps import Steps
from podfit.model.versions import public, read_version

if TYPE_CHECKING:
    from podfit.index import IndexFile


def of_other_cuda(given: Given, subject: Subject) -> Steps[tuple[Bound, ...]]:
    """Return a bound for each added release that requires what is for a newer CUDA, where an older one does not.

    What the project itself asks for by such a name is left to it.
    """
    strange = {
        name: said.reason
        for name, release in subject.added.items()
        for said in cuda_names(release, None, subject.surroundings)
        if said.whole
    }
    over = dict(_over_held(subject))
    if not (strange or over) or subject.template.cuda is None:
        return ()
    major = int(subject.template.cuda.value.partition(".")[0])
    newer = {name for name in strange if max(_majors([name]), default=0) > major} | over.keys()
    newer -= {need.name for need in subject.needs}
    strange |= over
    bounds: list[Bound] = []
    for asker in sorted(subject.added.keys() - strange.keys()):
        targets = sorted(newer.intersection(subject.walk.edges.get(asker, ())))
        if targets:
            bounds += yield from _older_without(given, subject, asker, major, strange[targets[0]], over.keys())
    return tuple(bounds)


def _over_held(subject: Subject) -> Iterator[tuple[str, str]]:
    """Yield each added build of what is held, for another CUDA, that brings files of that, and why it cannot be."""
    for group in variants(subject.environment):
        for held, name in product(subject.held.intersection(group), subject.added.keys() & set(group)):
            both = subject.files.get(held, frozenset()) & subject.files.get(name, frozenset())
            if both and name not in subject.held and held not in subject.walk.edges.get(name, ()):
                example = min(both, key=lambda path: (path.count("/"), path))
                version = subject.environment[held].version
                yield name, f"{name} {subject.added[name].version} brings {example} of the held {held} {version}"


def _majors(names: Iterable[str]) -> Iterator[int]:
    """Return the major version of CUDA that each of the distributions that name one is for."""
    said = (cuda_of(name, "") for name in names)
    return (int(each.major) for each in said if each is not None)


def _older_without(
    given: Given, subject: Subject, asker: str, major: int, why: str, over: Collection[str]
) -> Steps[Sequence[Bound]]:
    """Return a bound that leads to the newest older release of asker that requires nothing for a CUDA after major.

    Nor any of over. None where that is for an older CUDA. why is what stands against what the planned one requires.
    """
    version = subject.added[asker].version
    releases = yield from older_of(given, subject, asker, version)
    releases += yield from older_of(given, subject, asker, version, "sdist")
    releases.sort(key=lambda each: read_version(each[0]), reverse=True)
    markers = Markers(subject.template.marker_environment)
    asked: dict[str, tuple[int, ...]] = {}

    def is_older(there: str, _: IndexFile) -> Steps[bool]:
        yield from given.source.learn([(asker, there)])
        release = given.source.release(asker, there)
        if release is None or release.requires_dist is None:
            return False
        targets = {line.target for line in markers.active(release.requires_dist)}
        asked[there] = tuple(_majors(targets))
        return max(asked[there], default=0) <= major and targets.isdisjoint(over)

    place, _ = yield from newest_that(is_older, releases)
    if place < 0 or set(asked[releases[place][0]]) - {major}:
        return ()
    found = releases[place][0]
    reason = f"{asker} {version}: {why}; {found} is the newest before it that requires nothing for another CUDA"
    evidence = Evidence(EvidenceKind.METADATA, f"{asker} {found}", "its requirements")
    return (Bound(asker, reason, evidence, f"<={public(found)}"),)
