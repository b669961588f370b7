"""Lists that stay short, and names that were perhaps meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podfit.model.words import did_you_mean, in_short, near, shortened

NAMES = st.lists(st.text("abcdefgh-", min_size=1, max_size=8), unique=True, max_size=12)


@pytest.mark.parametrize(
    ("names", "most", "text"),
    [
        ([], 2, ""),
        (["a"], 2, "a"),
        (["b", "a"], 2, "b, a"),
        (["a", "b", "c"], 2, "a, b and 1 more"),
        (iter("abcde"), 2, "a, b and 3 more"),
    ],
)
def test_a_list_stays_short(names: list[str], most: int, text: str) -> None:
    assert shortened(names, most) == text


@given(NAMES, st.integers(1, 12))
def test_nothing_is_lost_uncounted(names: list[str], most: int) -> None:
    shown, _, rest = shortened(names, most).partition(" and ")
    counted = int(rest.split()[0]) if rest else 0
    assert len([name for name in shown.split(", ") if name]) + counted == len(names)


def test_what_was_perhaps_meant() -> None:
    known = ["runpod-pytorch-2.2", "runpod-pytorch-2.4", "Colab-gpu"]
    assert did_you_mean("colab-gpo", known) == "did you mean Colab-gpu?"
    found = near("RUNPOD-PYTORCH-2.4x", known, most=2)
    assert found == ["runpod-pytorch-2.4", "runpod-pytorch-2.2"]
    assert did_you_mean("runpod-pytorch-2.4x", known, most=2) == f"did you mean {' or '.join(found)}?"
    assert did_you_mean("zzz", known) == ""
    assert did_you_mean("zzz", []) == ""


@given(NAMES)
def test_a_known_name_is_its_own_nearest(names: list[str]) -> None:
    for name in names:
        assert near(name, names)[0] == name


def test_of_a_long_explanation_the_asker_and_the_conclusion_are_left() -> None:
    steps = [f"And because a{n} depends on b{n}, we can conclude that a{n} cannot be used." for n in range(100)]
    text = f"the project needs a: because this. {' '.join(steps)} Of the template, c 1 requires b<2."
    told = in_short(text)
    assert len(told) < 1000
    assert told.startswith("the project needs a: ... And because")
    assert told.endswith(f"{steps[-1]} Of the template, c 1 requires b<2.")
    assert in_short("short: enough") == "short: enough"
