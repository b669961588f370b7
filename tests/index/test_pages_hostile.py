"""Pages that nobody wrote in good faith: read in linear time, and nothing in them is believed."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from page_support import read

from podfit.index.anchors import anchors
from podfit.index.simple import PageError, links_of_html, parse_page

URL = "https://h/simple/alpha/"
WHEEL = "alpha-1.0-py3-none-any.whl"


@pytest.mark.parametrize(
    "piece",
    [
        "<a ",
        "<!--",
        '<a href="',
        "<![CDATA[",
        "<script>",
        "<!",
        "<?",
        "</a ",
        "<base ",
        "<a x=",
        "<a '",
        "<style>",
        '<a ="',
    ],
)
def test_a_page_of_pieces_takes_linear_time(piece: str) -> None:
    """The standard library's parser alone takes hours for some of them."""
    begun = time.process_time()
    links_of_html((piece * 100_000).encode(), URL, "alpha")
    assert time.process_time() - begun < 10  # 0.2 s on an idle machine


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f'<a href="{WHEEL}">x</a>', 1),
        (f"<A\nHREF={WHEEL}>x</A>", 1),
        (f"<a class='x>y' href='{WHEEL}'>", 1),
        (f'<a data-requires-python="&gt;=3" href="{WHEEL}">', 1),
        (f'<!-- <a href="{WHEEL}"> -->', 0),
        (f'<!-- x --><a href="{WHEEL}"><!-- y -->', 1),
        (f'<script>"<a href={WHEEL}>"</script>', 0),
        (f'<style></style><a href="{WHEEL}">', 1),
        (f'<!-- <a href="{WHEEL}">', 0),
        (f'<abbr href="{WHEEL}">', 0),
        (f'<a href="{WHEEL}"', 0),
        ("<a href>", 0),
        (f'<base href="http://["><a href="{WHEEL}">', 1),
        ('<a href="http://[/alpha-1.0-py3-none-any.whl">', 0),
        (f'<a href="{WHEEL}" {"x" * 70_000}>', 0),
    ],
)
def test_what_counts_as_a_link(text: str, found: int) -> None:
    assert len(read(links_of_html(text.encode(), URL, "alpha"))) == found


@given(
    st.lists(
        st.sampled_from(
            ["<a ", "href=", '"', "'", "x", ">", "<", " ", "<base ", "<!--", "-->", "<script>", "&amp;", "\n"]
        ),
        max_size=20,
    )
)
def test_any_text_gives_attributes_or_nothing(pieces: list[str]) -> None:
    links, base = anchors("".join(pieces))
    assert all(link["href"] for link in links)
    assert isinstance(base, str)


@pytest.mark.parametrize(
    "change",
    [{"url": "http://[x"}, {"url": "//[x"}, {"url": "https://h/a\nb"}, {"url": "https://h/\x1b]0;x\x07"}, {"url": ""}],
)
def test_an_address_that_is_none_is_no_file(change: dict[str, object]) -> None:
    page = {"meta": {"api-version": "1.0"}, "files": [{"filename": WHEEL, "url": "x.whl", "hashes": {}, **change}]}
    assert not parse_page(json.dumps(page).encode(), "json", "" if change["url"] == "" else URL, "alpha")


def test_a_hash_or_a_size_that_is_none_is_unknown() -> None:
    lie = {"sha256": "x\n--index-url http://evil.example", "md5\n": "0" * 32, "sha512": "0" * 128}
    file = {"filename": WHEEL, "url": "/x.whl", "hashes": lie, "size": -5, "core-metadata": {"sha256": "\x1b"}}
    page = {"meta": {"api-version": "1.0"}, "files": [file, {**file, "size": 10**30}]}
    one, two = read(parse_page(json.dumps(page).encode(), "json", URL, "alpha"))
    assert one.hashes == (f"sha512:{'0' * 128}",)
    assert (one.size, two.size, one.metadata_hash) == (0, 0, "")


@pytest.mark.parametrize("head", ['{"meta":{"x":', '{"files":[],"x":', '{"files":[{"hashes":'])
def test_a_page_that_is_nested_without_end_is_none(head: str) -> None:
    with pytest.raises(PageError):
        parse_page((head + "[" * 200_000).encode(), "json", URL, "alpha")
