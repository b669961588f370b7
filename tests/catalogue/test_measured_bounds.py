"""What runs taught: every line is of a run, and says what was seen on its side of the boundary."""

from __future__ import annotations

import pytest
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from podfit.catalogue.held import is_held
from podfit.catalogue.measured import MeasuredBound, all_bounds


@pytest.mark.parametrize("bound", all_bounds(), ids=lambda bound: f"{bound.name}{bound.allowed}")
def test_a_line_is_of_a_run_and_agrees_with_what_was_run(bound: MeasuredBound) -> None:
    assert bound.name == canonicalize_name(bound.name)
    assert not is_held(bound.name)  # nothing is said of what is never changed
    assert bound.against
    assert bound.happens
    assert bound.failed
    assert bound.ran
    allowed = SpecifierSet(bound.allowed)
    assert not any(allowed.contains(version, prereleases=True) for version in bound.failed)
    assert all(allowed.contains(version, prereleases=True) for version in bound.ran)
    for limit in bound.against.values():
        SpecifierSet(limit)
    assert ", over " in bound.run
