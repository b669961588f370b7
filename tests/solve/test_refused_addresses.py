"""What is said of an address whose file cannot be read."""

from __future__ import annotations

import pytest

from podfit.model import InputError
from podfit.solve.refusals import told_of_address
from podfit.solve.said import UNRESOLVED, explanation, is_unreachable


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (
            "Failed to read `a @ file:///a.whl` Failed to extract archive: a.whl Invalid zip file structure",
            "is damaged",
        ),
        (
            f"{UNRESOLVED}Failed to read metadata: The metadata at `a.dist-info/METADATA` is invalid",
            "metadata in the file",
        ),
        (f"{UNRESOLVED}a thread has overflowed its stack", "nothing that can be asked for"),
        (
            f"{UNRESOLVED}Failed to fetch: `https://h/aaa...` Parsed Url is not a valid Uri",
            "nothing that can be asked for",
        ),
        ("Distribution not found at: file:///a.whl", "not found at: file:///a.whl; correct the address"),
    ],
)
def test_a_damaged_file_is_told_from_one_that_is_not_there(message: str, told: str) -> None:
    assert told in told_of_address(InputError(message), ["a"], ())


def test_what_breaks_the_resolver_is_said_alike_each_time() -> None:
    said = {explanation(f"thread 'main2' ({number}) has overflowed its stack\nfatal") for number in (18823, 7)}
    assert said == {"a thread has overflowed its stack fatal"}
    endless = explanation("error: Failed to fetch: `https://h/simple/" + "a" * 3_000_000 + "/`")
    assert len(endless) < 300


def test_a_name_that_makes_no_address_is_not_the_networks_fault() -> None:
    assert is_unreachable("error sending request for url: connection closed")
    assert not is_unreachable("error sending request\ncause: Parsed Url is not a valid Uri")
