"""What a planned release says that it runs with, in an extra that nobody asks for but its own installer.

mmdet 3.3.0 asserts as it is imported that mmcv is older than 2.2.0. Its requirements do not name mmcv, for which build
of it is right they leave to `mim install`: that reads an extra.
"""

from __future__ import annotations

from collections.abc import Iterator

from podfit.audit import Subject
from podfit.catalogue.unstated import installers_extras
from podfit.model import Bound, Evidence, EvidenceKind
from podfit.model.requirement import Markers, only_extra


def said_beside(subject: Subject) -> Iterator[Bound]:
    """Yield a bound for each planned release that is not what another says in such an extra, held ones left out."""
    markers = Markers(subject.template.marker_environment)
    for name, release in sorted(subject.added.items()):
        for line in release.requires_dist or ():
            extra = only_extra(line)
            if extra not in installers_extras():
                continue
            for asked in markers.active([line], [extra]):
                there = subject.environment.get(asked.target)
                if there is None or asked.target in subject.held or asked.allows(there.version):
                    continue
                evidence = Evidence(EvidenceKind.METADATA, f"{name} {release.version} METADATA", asked.line)
                reason = f"{name} {release.version} runs with {asked.short} (its extra {extra}), not {there.version}"
                yield Bound(asked.target, reason, evidence, str(asked.requirement.specifier))
