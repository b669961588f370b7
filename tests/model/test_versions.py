"""Versions are compared as PEP 440 says, everywhere by the same two functions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podfit.model.versions import same_release, same_version

VERSION = r"(?:[01]!)?[0-2](?:\.[0-2]){0,3}(?:(?:a|rc|\.post|\.dev)[01])?(?:\+cu12[14])?"
VERSIONS = st.from_regex(VERSION, fullmatch=True)
TEXTS = st.one_of(VERSIONS, st.sampled_from(["", "unknown", "1.0-custom build", "2004d", "1.0 "]))


@pytest.mark.parametrize(
    ("one", "other", "version", "release"),
    [
        ("1.0", "1.0.0", True, True),
        ("1.0", "1.0.1", False, False),
        ("1.0-1", "1.0.post1", True, True),
        ("1.0.RC1", "1.0rc1", True, True),
        ("2.4.0", "2.4.0+cu124", False, True),
        ("2.4+cu124", "2.4.0+cu124", True, True),
        ("2.4.0+cu121", "2.4.0+cu124", False, True),
        ("2.4.0+ubuntu.1", "2.4.0+ubuntu-1", True, True),
        ("1!1.0", "1.0", False, False),
        ("20xx", "20xx", True, True),
        ("20xx", "20xy", False, False),
        ("20xx", "20", False, False),
        ("", "0", False, False),
    ],
)
def test_equality(one: str, other: str, version: bool, release: bool) -> None:
    assert same_version(one, other) is version
    assert same_version(other, one) is version
    assert same_release(one, other) is release
    assert same_release(other, one) is release


@given(TEXTS, TEXTS, TEXTS)
def test_both_are_equivalences_and_one_is_finer(one: str, two: str, three: str) -> None:
    for same in (same_version, same_release):
        assert same(one, one)
        assert same(one, two) == same(two, one)
        assert same(one, three) or not (same(one, two) and same(two, three))
    assert same_release(one, two) or not same_version(one, two)


@given(VERSIONS)
def test_a_zero_more_changes_nothing(version: str) -> None:
    public, plus, local = version.partition("+")
    if public.replace(".", "").replace("!", "").isdigit():
        assert same_version(version, f"{public}.0{plus}{local}")
