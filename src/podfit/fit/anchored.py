"""NumPy moves below 2 for what every release of is compiled for NumPy 1: a need that cannot be had otherwise.

A project that pins pandas 1.5.3, or asks for rdkit-pypi, over a template with NumPy 2: no release that is allowed can
be imported there, and all of them run beside NumPy 1.26. So where no other release is left NumPy goes back, as long as
what is held allows it, and as nothing else that is asked for is lost by that; else the need is what cannot be had.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from packaging.specifiers import SpecifierSet

from podfit.audit import Subject
from podfit.audit.releases import NUMPY_CHECK
from podfit.fit.older import objections_behind
from podfit.model import Bound
from podfit.model.versions import parsed
from podfit.solve import Earlier

_BELOW = "<2"
_LAST = "1.26.4"
"""The last release before that, which everything that is compiled for NumPy 1 on the template's Pythons runs with."""


def instead(subject: Subject, bound: Bound, wide: Bound) -> Bound | None:
    """Return the bound on NumPy that is tried in place of one on a release; None where that is not to be.

    bound is what an audit taught, wide what older releases made of it.
    """
    numpy = subject.environment.get("numpy")
    read = parsed(numpy.version) if numpy is not None else None
    if read is None or read.major < 2 or "numpy" in subject.held or not wide.specifier.startswith("!="):
        return None
    said = objections_behind(subject, bound)
    if not said or any(each.check != NUMPY_CHECK for each in said):
        return None
    limits = [need.specifier for need in subject.needs if need.name == "numpy"]
    limits += [each.specifier for each in subject.bounds if each.name == "numpy" and not each.filename]
    if not all(SpecifierSet(limit).contains(_LAST) for limit in limits):
        return None
    reason = f"{bound.reason}; no other release of {bound.name} that is asked for does better"
    return replace(bound, name="numpy", specifier=_BELOW, reason=reason)


@dataclass(slots=True)
class Shift:
    """One try of NumPy before 2: what stands instead where it fails, and what was known before it."""

    tried: bool = False
    pending: bool = False
    bounds: tuple[Bound, ...] = ()
    refused: frozenset[str] = frozenset()
    earlier: Earlier | None = None

    def begin(self, bounds: tuple[Bound, ...], subject: Subject, earlier: Earlier) -> None:
        """Note that NumPy is moved next; bounds are those that are in force where that fails."""
        self.tried = self.pending = True
        self.bounds, self.earlier = bounds, earlier.copied()
        self.refused = frozenset(need.name for need in subject.overlay.refused)

    def failed(self, refused: Collection[str]) -> bool:
        """Tell whether NumPy was moved last and more needs are refused for it; what comes next is another round."""
        pending, self.pending = self.pending, False
        return pending and not self.refused.issuperset(refused)

    def before(self) -> tuple[tuple[Bound, ...], Earlier]:
        """Return the bounds in force without NumPy's move, and what was found before it."""
        self.pending = False
        return self.bounds, self.earlier or Earlier()
