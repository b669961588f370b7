"""The HTML report: text stays text, the file stands alone, and a browser can search, sort and open it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from share import examples

from podfit.report.answer import Answer
from podfit.report.model import (
    Bar,
    Bars,
    Column,
    Commands,
    Explained,
    Fold,
    Layers,
    Literal,
    Paragraph,
    Report,
    Span,
    Style,
    Table,
    Tile,
    Tiles,
    items,
    section,
    text,
)
from podfit.writers.html import draw
from podfit.writers.registry import write_answer
from podfit.writers.treemap import UNIT, squarified

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
EVIL = "</script><script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">&amp;"


def matrix(rows: int = 3) -> Explained:
    """A matrix: even lines are shown, odd ones wait to be asked for."""
    columns = (Column(text("Package"), lead=True), Column(text("pod")), Column(text("Size"), number=True))
    lines = tuple(
        (text(Span(f"package-{n}", Style.NAME)), text(Span(f"install 1.{n}", Style.INSTALL)), text(f"{rows - n}.0 MB"))
        for n in range(rows)
    )
    return Explained(
        Table(columns, lines),
        tuple("asked" if n % 2 else "needed" for n in range(rows)),
        ((text(f"Because of {EVIL}."), text("Evidence: METADATA")),),
        ((-1, 0, -1),) * rows,
        frozenset({"asked"}),
    )


def report(*blocks: object, title: str = "Example") -> Report:
    """A report of one section."""
    return Report(text(title), section("Part", *blocks))  # type: ignore[arg-type]


class Elements(HTMLParser):
    """The elements of a page and the text outside of style and script."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "action", "data")]


def elements(page: str) -> Elements:
    """Read a page."""
    found = Elements()
    found.feed(page)
    return found


def everything(word: str) -> Report:
    """A report with a word in every place that takes text."""
    table = Table((Column(text(word)), Column(text(word))), ((text(word), text(Span(word, Style.CODE))),))
    blocks = (
        table,
        Explained(table, (word,), ((text(word),),), ((-1, 0),)),
        *items(text(Span(word, Style.FAILED))),
        Paragraph(text(word)),
        Fold(text(word), (Literal((word,)),)),
        Commands(((word, "x"),)),
        Bars((Bar(text(word), 1.0, word),)),
        Tiles((Tile(word, 1.0, word, word, (Tile(word, 1.0, word),)),)),
        Layers(((word,), ("other",)), ((word, "other"),), (word,)),
    )
    return Report(text(word), section(text(word), *blocks))


PLAIN = elements(draw(everything("word")))


@settings(max_examples=examples(25))
@given(st.one_of(st.just(EVIL), st.text(max_size=60), st.text(alphabet="<>/\"'&;!-x=\u2028\x1b\ud800", max_size=30)))
def test_no_text_becomes_an_element_or_an_address(word: str) -> None:
    found = elements(draw(everything(f"a{word}")))
    assert found.tags == PLAIN.tags
    assert found.addresses == PLAIN.addresses


def test_the_file_stands_alone() -> None:
    page = write_answer("html", Answer("podfit report", lambda d: report(), lambda: report(matrix()), dict))
    found = elements(page)
    assert all(address.startswith("#") for address in found.addresses)
    assert not re.search(r"@import|url\(|https?://", page)
    assert "default-src 'none'" in page


def test_a_page_is_taken_before_the_document() -> None:
    answer = Answer("x", lambda d: report(), lambda: report(title="paper"), dict, page=lambda: report(title="page"))
    assert "<h1>page</h1>" in write_answer("html", answer)
    assert write_answer("markdown", answer).startswith("# paper")


def test_a_table_without_script_has_every_line() -> None:
    assert draw(report(matrix(40))).count('<tr data-kind="') == 40


@given(st.lists(st.floats(0, 1e12), max_size=40))
@example([5e-324])
def test_tiles_fill_the_square_and_none_lies_on_another(values: list[float]) -> None:
    found = squarified(values)
    whole = sum(values)
    for value, place in zip(values, found, strict=True):
        share = value / whole if whole else 0.0
        assert place.width * place.height == pytest.approx(share, abs=1e-6)
        assert -1e-9 <= place.x <= place.x + place.width <= 1 + 1e-6
        assert -1e-9 <= place.y <= place.y + place.height <= 1 + 1e-6
    assert len(found) == len(values)
    assert squarified([1.0]) == [UNIT]
    for n, one in enumerate(found):
        for other in found[:n]:
            across = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
            down = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
            assert min(across, down) < 1e-6


ACTIONS = """
const said = {};
const rows = () => [...document.querySelectorAll(".matrix tbody tr")].filter((row) => !row.hidden);
const names = () => rows().map((row) => row.cells[0].textContent);
said.first = names();
said.count = document.querySelector(".count").textContent;
const search = document.querySelector("input[type=search]");
search.value = "PACKAGE-1"; search.dispatchEvent(new Event("input"));
said.searched = names();
search.value = ""; search.dispatchEvent(new Event("input"));
const box = document.querySelector("input[value='1']");
box.click();
said.asked = names();
const head = document.querySelectorAll(".matrix thead button")[2];
head.click();
said.sorted = names();
said.order = head.parentElement.getAttribute("aria-sort");
document.querySelector("td button[data-why]").click();
const dialog = document.querySelector("dialog");
said.open = dialog.open;
said.why = dialog.querySelector(".why").textContent;
said.images = dialog.querySelectorAll("img, script").length;
said.title = document.title;
document.body.innerHTML = "";
const told = document.createElement("pre");
told.id = "said"; told.textContent = JSON.stringify(said);
document.body.append(told);
"""


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")
def test_a_browser_searches_sorts_and_opens_reasons(tmp_path: Path) -> None:
    page = draw(report(matrix(4), title="Example"))
    (tmp_path / "page.html").write_text(page.replace("</body>", f"<script>{ACTIONS}</script></body>"), "utf-8")
    words = [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    words += ["--dump-dom", (tmp_path / "page.html").as_uri()]
    done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=300)
    found = re.search(r'<pre id="said">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found is not None, done.stdout[-500:]
    said = json.loads(found.group(1).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
    assert said == {
        "first": ["package-0", "package-2"],
        "count": "2 of 4 lines",
        "searched": ["package-1"],
        "asked": ["package-0", "package-1", "package-2", "package-3"],
        "sorted": ["package-3", "package-2", "package-1", "package-0"],
        "order": "ascending",
        "open": True,
        "why": f"Because of {EVIL}.Evidence: METADATA",
        "images": 0,
        "title": "Example",
    }
