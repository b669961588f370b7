"""TOML of any origin: keys and nesting without measure are refused, and texts with many dots are texts."""

from __future__ import annotations

import pytest

from podfit.model.toml_text import MOST_PARTS, toml_table

LONG = ".".join("a" * (MOST_PARTS + 1))


@pytest.mark.parametrize(
    "text",
    [
        ".".join("a" * 50_000) + " = 1",
        f"[{LONG}]\nx = 1",
        f"[[{LONG}]]\nx = 1",
        f"a = {{{LONG} = 1}}",
        "x = 1\n" + " . ".join(["'a b'"] * 40) + ' = "y"',
    ],
    ids=["key", "table", "array", "inline", "quoted"],
)
def test_a_key_without_measure_is_refused_before_it_is_parsed(text: str) -> None:
    with pytest.raises(ValueError, match=rf"a key has more than {MOST_PARTS} parts \(at line [12], column \d+\)"):
        toml_table(text)


@pytest.mark.parametrize("text", ["a = " + "[" * 100_000, "a = " + "{a = " * 100_000, "a = " + "1" * 10_000])
def test_what_python_does_not_read_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError):
        toml_table(text)


@pytest.mark.parametrize("value", [f'"{LONG}"', f'"see {LONG} there"', f"'''\n{LONG}\n'''", "'" + "1.0, " * 50 + "'"])
def test_a_text_with_many_dots_is_a_text(value: str) -> None:
    assert LONG in toml_table(f"a = {value}  # {LONG}")["a"] or "1.0, " in toml_table(f"a = {value}")["a"]


@pytest.mark.parametrize("line", ['"' * 100_000, "a." * 200_000, "a " * 100_000 + "." * 40, ("a" * 50 + ".") * 5000])
def test_looking_for_keys_takes_linear_time(line: str) -> None:
    with pytest.raises(ValueError):
        toml_table(f"x = 1\n{line} = = 1\n")
