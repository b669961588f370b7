"""Which needs give way to a refusal: those that the template meets come last."""

from __future__ import annotations

import pytest

from podfit.model import Evidence, EvidenceKind, Need
from podfit.solve.refusals import culprits_of

ASKED = (Evidence(EvidenceKind.METADATA, "requirements.txt"),)
SAID = "Because server depends on both and hub depends on lock, server, hub and lock cannot be had together."


def need(name: str, specifier: str = "") -> Need:
    return Need(name, ASKED, specifier)


@pytest.mark.parametrize(
    ("needs", "met", "expected"),
    [
        ([need("server"), need("hub", ">=5")], ["hub"], ["server"]),
        ([need("server", ">=2"), need("hub", ">=5")], ["hub"], ["server"]),
        ([need("server", ">=2"), need("hub")], [], ["server"]),
        ([need("server"), need("hub", ">=5")], [], ["hub"]),
        ([need("hub", ">=5"), need("lock")], ["hub", "lock"], ["hub"]),
        ([need("hub"), need("lock")], ["hub", "lock"], ["hub", "lock"]),
        ([need("hub", ">=5"), need("other")], ["hub"], ["hub"]),
    ],
)
def test_what_the_template_meets_gives_way_last(needs: list[Need], met: list[str], expected: list[str]) -> None:
    assert culprits_of(SAID, needs, (), (), met) == expected


def test_what_gave_way_is_blamed_no_more() -> None:
    needs = [need("server", ">=2"), need("hub", ">=5")]
    assert culprits_of(SAID, needs, {"server"}, (), []) == ["hub"]
    assert culprits_of(SAID, needs, (), {"hub"}, []) == ["server"]
