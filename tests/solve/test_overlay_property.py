"""The solver against brute force on small worlds: what stays, the needs' versions, the fewest changes, in this order.

Every possible environment is looked at.
"""

import itertools
import tempfile
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement
from share import examples
from solve_support import need, only, registry, template

from podfit.solve import Uv, solve_overlay
from podfit.solve.search import QUICK_RUNS

NAMES = ("alfa", "bravo", "charlie", "delta", "echo")
VERSIONS = ("1.0", "2.0", "3.0")
ANCHOR = "alfa"
SPECIFIERS = ("", ">=2.0", "<2.0", "==2.0", "<3.0", "!=1.0", ">=3.0")


@st.composite
def worlds(draw):
    """Draw releases, a consistent template over them, held names and needs."""
    releases = {}
    for name in NAMES:
        for version in draw(st.lists(st.sampled_from(VERSIONS), min_size=1, max_size=3, unique=True)):
            others = draw(st.lists(st.sampled_from([o for o in NAMES if o != name]), max_size=2, unique=True))
            releases[name, version] = [other + draw(st.sampled_from(SPECIFIERS)) for other in others]
    present = {}
    for name in draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True)):
        present[name] = draw(st.sampled_from(sorted(v for n, v in releases if n == name)))
    for name, version in present.items():  # the template is sound to begin with
        releases[name, version] = [
            line
            for line in releases[name, version]
            if Requirement(line).name in present and _meets(line, present[Requirement(line).name])
        ]
    held = frozenset(draw(st.lists(st.sampled_from(sorted(present)), max_size=1)))
    wanted = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True))
    needs = {name: draw(st.sampled_from(SPECIFIERS)) for name in wanted}
    return releases, present, held, needs


def _meets(line, version):
    return Requirement(line).specifier.contains(version)


def _environments(releases, present, held, needs):
    """Yield every possible environment that meets the needs and breaks nothing."""
    choices = []
    for name in NAMES:
        versions = sorted(v for n, v in releases if n == name)
        choices.append([present[name]] if name in held else versions if name in present else ["", *versions])
    for picked in itertools.product(*choices):
        environment = {name: version for name, version in zip(NAMES, picked, strict=True) if version}
        stated = [*(f"{name}{specifier}" for name, specifier in needs.items())]
        for name, version in environment.items():
            stated += releases[name, version]
        if all(
            Requirement(line).name in environment and _meets(line, environment[Requirement(line).name])
            for line in stated
        ):
            yield environment


def _moved(environment, present):
    return {name for name, version in present.items() if environment[name] != version}


@pytest.mark.slow
@pytest.mark.parametrize(("prefer", "quick"), [("needs", QUICK_RUNS), ("needs", 0), ("template", QUICK_RUNS)])
@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(worlds())
def test_the_needs_come_first_then_the_fewest_changes_and_the_anchor_is_last(prefer, quick, world):
    releases, present, held, needs = world
    with tempfile.TemporaryDirectory() as room, patch("podfit.solve.overlay.QUICK_RUNS", quick):
        directory = registry(Path(room) / "wheels", releases)
        overlay = solve_overlay(
            template({name: (version, releases[name, version]) for name, version in present.items()}),
            [need(name, specifier) for name, specifier in needs.items()],
            Uv(Path(room) / "cache"),
            held=held,
            preferences={},
            index_arguments=only(directory),
            anchors=[ANCHOR],
            prefer=prefer,
        )
    yielding = {name: "" if name in held and s.startswith("==") else s for name, s in needs.items()}
    every = list(_environments(releases, present, held, yielding))  # an exact pin on a held distribution gives way
    if not every:
        assert overlay.refused
        return
    assert not overlay.refused
    assert not held & {change.name for change in overlay.changes}
    found = {**present, **{name: package.version for name, package in overlay.packages.items()}}
    for name, version in found.items():
        for line in releases[name, version]:
            asked = Requirement(line)
            assert asked.specifier.contains(found[asked.name]), f"{name} {version} requires {line}"

    met = {n for n, specifier in yielding.items() if n in present and _meets(n + specifier, present[n])}
    unmet = [name for name in yielding if name not in met]
    staying = met - {ANCHOR}

    def spared(environment):
        moved = _moved(environment, present)
        return ANCHOR in moved and ANCHOR not in unmet, len(moved & staying)

    assert spared(found) == min(map(spared, every))
    alike = [
        each
        for each in every
        if _moved(each, present) & {*staying, ANCHOR} == _moved(found, present) & {*staying, ANCHOR}
    ]
    if prefer == "needs":
        best = max(tuple(each[name] for name in unmet) for each in alike)
        assert tuple(found[name] for name in unmet) == best
        alike = [each for each in alike if tuple(each[name] for name in unmet) == best]
    assert len(overlay.changes) == min(len(_moved(each, present)) for each in alike)
