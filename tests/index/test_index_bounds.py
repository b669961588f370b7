"""An index that answers without end, or drop by drop, ends in a sentence."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from index_support import LocalIndex, build_wheel

from podfit.index import Index, pages, transport
from podfit.index.errors import IndexTooSlow, IndexUnreachable

FILE = "alpha-1.0-py3-none-any.whl"


def test_a_page_that_is_too_large_is_not_held(
    server: LocalIndex, client: Callable[..., Index], monkeypatch: pytest.MonkeyPatch
) -> None:
    server.add("alpha", FILE, build_wheel("alpha", "1.0"))
    monkeypatch.setattr(pages, "LARGEST_PAGE", 10)
    with pytest.raises(IndexUnreachable, match="its page of alpha is larger than 0 MiB"):
        client().files("alpha")


def test_an_answer_that_drips_is_given_up(
    server: LocalIndex, client: Callable[..., Index], monkeypatch: pytest.MonkeyPatch
) -> None:
    server.add("alpha", FILE, build_wheel("alpha", "1.0"))
    monkeypatch.setattr(transport, "SLOW_SECONDS", 0.0)
    monkeypatch.setattr(transport, "LEAST_RATE", 1 << 60)
    index = client()
    with pytest.raises(IndexTooSlow, match=r"it sent \d+ bytes in 0 s"):
        index.files("alpha")
    assert "cannot be used (it sent" in index.too_slow(["no name!", "alpha"])


def test_an_index_that_answers_is_not_slow(server: LocalIndex, client: Callable[..., Index]) -> None:
    server.add("alpha", FILE, build_wheel("alpha", "1.0"))
    assert client().too_slow(["alpha", "not-there"]) == ""


def test_a_version_without_measure_is_no_version(server: LocalIndex, client: Callable[..., Index]) -> None:
    server.add("alpha", FILE, build_wheel("alpha", "1.0"))
    server.add("alpha", f"alpha-{'1' * 5000}-py3-none-any.whl", b"")
    assert [file.filename for file in client().files("alpha")] == [FILE]
