"""A Python that the operating system manages: in place is refused, a dry run included; an overlay works."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from apply_support import Recipe, make_wheel, run, template_of

from podfit.model import Plan
from podfit.pod.apply import ApplyError, Options, apply
from podfit.pod.machine import LocalMachine

SYSTEM = Path("/usr/bin/python3")


@pytest.fixture
def plan(tmp_path: Path) -> Iterator[Plan]:
    """A plan of one wheel over the system's Python; nothing here asks podfit to change it."""
    if not SYSTEM.exists() or not any(Path("/usr/lib").glob("python3*/EXTERNALLY-MANAGED")):
        pytest.skip("there is no Python of the system that is marked EXTERNALLY-MANAGED")
    wheel = make_wheel(tmp_path / "wheels", "podfit_case_inner", "1.0", {"podfit_case_inner.py": "v = 1\n"})
    return Recipe(template_of(str(SYSTEM)), [wheel]).plan()


def test_a_dry_run_in_place_is_refused_as_the_real_one_would_be(plan: Plan) -> None:
    with pytest.raises(ApplyError, match="managed by the operating system") as caught:
        apply(LocalMachine(str(SYSTEM)), plan, Options(in_place=True, dry_run=True))
    assert "--break-system-packages" in str(caught.value)
    asked = Options(in_place=True, dry_run=True, break_system_packages=True)
    assert apply(LocalMachine(str(SYSTEM)), plan, asked).outcome == "dry-run"


def test_an_overlay_works(plan: Plan, tmp_path: Path) -> None:
    apply(LocalMachine(str(SYSTEM)), plan, Options(overlay=str(tmp_path / "mine")))
    assert run(str(tmp_path / "mine" / "bin" / "python"), "import podfit_case_inner; print(podfit_case_inner.v)") == "1"
