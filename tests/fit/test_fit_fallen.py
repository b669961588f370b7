"""What of a template has to move goes to no release from long before, where a later one will do."""

from __future__ import annotations

from pathlib import Path

import pytest
from fit_support import plan_over, planned, template

from podfit.model import EvidenceKind, Plan, Verdict

RELEASES = {
    ("web", "0.5"): ([], "2025-12-01"),
    ("web", "0.1"): ([], "2023-12-01"),
    ("web", "1.0"): ([], "2026-06-01"),
    ("agent", "0.0.1"): ([], "2025-01-01"),
    ("agent", "1.0"): (["web<1,>=0.4", "trace<2"], "2026-01-01"),
    ("agent", "2.0"): (["web>=1", "trace>=2"], "2026-06-01"),
    ("trace", "1.0"): ([], "2025-11-01"),
    ("trace", "2.0"): ([], "2026-05-01"),
}
POD = template("pod", {"web": ("1.0", []), "agent": ("2.0", ["web>=1", "trace>=2"]), "trace": ("2.0", [])})


@pytest.fixture
def fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """Return a function that fits requirements onto the template of June 2026."""
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))

    def run(*requirements: str, **more: object) -> Plan:
        plan = plan_over(tmp_path, RELEASES, POD, *requirements, **more)  # type: ignore[arg-type]
        assert plan is not None
        return plan

    return run


def test_a_release_of_its_time_is_taken_although_more_has_to_move_for_it(fit) -> None:  # type: ignore[no-untyped-def]
    plan = fit("web==0.5")
    assert planned(plan) == {"web": "0.5", "agent": "1.0", "trace": "1.0"}
    (bound,) = [bound for bound in plan.bounds if bound.name == "agent"]
    assert bound.reason == (
        "the template's agent 2.0 would go back to 0.0.1 of 2025-01-01; a release from 1.0 on is wanted"
    )
    assert bound.evidence.kind is EvidenceKind.ASSUMED


def test_where_there_is_none_it_is_told(fit) -> None:  # type: ignore[no-untyped-def]
    plan = fit("web==0.1")
    assert planned(plan) == {"web": "0.1", "agent": "0.0.1"}
    (told,) = [finding for finding in plan.findings if finding.subject == "agent" and finding.check == "bounds"]
    assert told.verdict is Verdict.WARNING
    assert told.message.endswith("a release from 1.0 on is wanted, and cannot be had")
    assert told.remedy == "ask for a newer release of what agent is to go back for, or do without agent there"


def test_who_asks_for_an_old_one_gets_it(fit) -> None:  # type: ignore[no-untyped-def]
    assert planned(fit("agent<1")) == {"agent": "0.0.1"}
    assert planned(fit("web==0.5", tested={"agent": "0.0.1"})) == {"web": "0.5", "agent": "0.0.1"}
