"""Everything that is declared about one distribution."""

from __future__ import annotations

from dataclasses import dataclass, field

from packaging.requirements import Requirement

from podfit.model import Declaration, Evidence, EvidenceKind, canonical

# As people write ranges: lower bounds first.
_ORDER = ("===", "==", "~=", ">=", ">", "<", "<=", "!=")


@dataclass
class Asked:
    """Everything declared about one distribution. parts holds each declaration with its parsed requirement."""

    name: str
    parts: list[tuple[Declaration, Requirement]] = field(default_factory=list)

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """One piece for each declaration, in order."""
        return tuple(dict.fromkeys(Evidence(EvidenceKind.METADATA, str(d.where), d.requirement) for d, _ in self.parts))

    @property
    def specifier(self) -> str:
        """All specifiers, comma-joined, each once, lower bounds first."""
        each = {str(one): one for _, requirement in self.parts for one in requirement.specifier}
        return ",".join(sorted(each, key=lambda text: (_ORDER.index(each[text].operator), text)))

    @property
    def extras(self) -> tuple[str, ...]:
        """The union of the extras, normalized and sorted."""
        return tuple(sorted({canonical(extra) for _, r in self.parts for extra in r.extras}))

    @property
    def url(self) -> str:
        """The direct reference, empty when there is none."""
        return next((r.url for _, r in self.parts if r.url), "")
