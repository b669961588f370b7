"""What is said of an address whose file cannot be read."""

from __future__ import annotations

import pytest

from podfit.model import InputError
from podfit.solve.refusals import told_of_address


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (
            "Failed to read `a @ file:///a.whl` Failed to extract archive: a.whl Invalid zip file structure",
            "is damaged",
        ),
        ("Distribution not found at: file:///a.whl", "not found at: file:///a.whl; correct the address"),
    ],
)
def test_a_damaged_file_is_told_from_one_that_is_not_there(message: str, told: str) -> None:
    assert told in told_of_address(InputError(message), ["a"], ())
