"""Words and sizes shared by the writers."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from writers_support import moola, print_matrix, template

from podfit.model import Origin
from podfit.report.held import held_summary
from podfit.report.words import human_bytes, listed, plural
from podfit.writers.interface import FileFormat
from podfit.writers.plain import file_part, plain
from podfit.writers.text import comment


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (37_700_000, "37.7 MB"),
        (999_949, "999.9 kB"),
        (999_951, "1.0 MB"),
        (2_100_000_000, "2.1 GB"),
        (8_500_000_000_000, "8.5 TB"),
    ],
)
def test_sizes_for_people(count: int, text: str) -> None:
    assert human_bytes(count) == text


@given(st.integers(min_value=1000, max_value=10**15))
def test_sizes_are_right_to_half_a_tenth(count: int) -> None:
    number, unit = human_bytes(count).split()
    factor = {"kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}[unit]
    assert abs(float(number) * factor - count) <= 0.0501 * factor
    assert unit == "TB" or float(number) < 1000


@given(st.text())
def test_nothing_leaves_its_line(text: str) -> None:
    line = comment(text)
    assert len(line.splitlines()) == 1
    assert line.startswith("#")
    assert not line.endswith("\\")
    assert "\x1b" not in plain(text)


@given(st.text(), st.booleans())
def test_template_names_become_one_path_component(name: str, dots: bool) -> None:
    made = FileFormat("pylock.", ".toml", lambda plan: "", dots=dots).file_name(name)
    assert made.isascii()
    assert "/" not in made
    assert dots or made.count(".") == 2
    assert file_part(name)


def test_small_words() -> None:
    assert [plural(1, "change"), plural(2, "change"), plural(0, "dependency")] == [
        "1 change",
        "2 changes",
        "0 dependencies",
    ]
    assert [listed([]), listed(["a"]), listed(["a", "b"]), listed("abc")] == ["", "a", "a and b", "a, b and c"]


def test_what_is_held_in_one_sentence() -> None:
    assert held_summary(moola()) == (
        "torch 2.4.0+cu124, torchvision 0.19.0+cu124, torchaudio 2.4.0+cu124, triton 3.0.0 and 3 nvidia-*: kept"
    )
    assert held_summary(replace(moola(), decisions=())) == ""


@pytest.mark.parametrize("origin", list(Origin))
def test_every_output_says_where_the_template_comes_from(origin: Origin) -> None:
    from io import StringIO

    from rich.console import Console

    from podfit.writers.registry import all_files

    plan = replace(moola(), template=template(origin=origin, notes=("A note that must be repeated.",)))
    stream = StringIO()
    print_matrix([plan], Console(file=stream, width=300))
    texts = {**all_files([plan]), "terminal": stream.getvalue()}
    for name, text in texts.items():
        if name.endswith(".py"):
            continue  # the script compares a machine with the plan, so what the list was before does not matter to it
        assert origin.value in text, name
        assert "A note that must be repeated." in text, name
        if origin is Origin.RECONSTRUCTED and not name.endswith(".json"):
            assert "not read from the image" in text, name
