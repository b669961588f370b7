"""NumPy moves within its major version where what is asked for can be had there."""

from __future__ import annotations

from pathlib import Path

import pytest
from fit_support import plan_over, planned, template

RELEASES = {
    ("numpy", "1.26.4"): ([], "2024-02-05"),
    ("numpy", "2.0.2"): ([], "2024-08-26"),
    ("user", "1.0"): (["numpy>=1.26.4"], "2024-12-01"),
    ("fast", "0.1"): ([], "2020-01-01"),
    ("fast", "0.7"): (["numpy>=1.26"], "2024-05-01"),
    ("fast", "0.9"): (["numpy>=2"], "2024-09-01"),
    ("late", "0.1"): ([], "2020-01-01"),
    ("late", "1.0"): (["numpy>=2"], "2024-09-01"),
    ("only", "1.0"): (["numpy>=2"], "2024-09-01"),
}
POD = template("pod", {"numpy": ("1.26.3", [])})


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (["user", "fast"], {"user": "1.0", "fast": "0.7", "numpy": "1.26.4"}),
        (["fast"], {"fast": "0.7"}),
        (["user", "fast>=0.9"], {"user": "1.0", "fast": "0.9", "numpy": "2.0.2"}),  # the project says so
        (["user", "only"], {"user": "1.0", "only": "1.0", "numpy": "2.0.2"}),  # else a need is lost
        (["user", "late"], {"user": "1.0", "late": "1.0", "numpy": "2.0.2"}),  # else one is years older
    ],
)
def test_it_goes_no_further_than_what_is_asked_for_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: list[str], found: dict[str, str]
) -> None:
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    plan = plan_over(tmp_path, RELEASES, POD, *asked)
    assert plan is not None
    assert (planned(plan), plan.feasible) == (found, True)
