"""`podfit templates`: aliases, what differs, and lists that are taken in from a file and from a server."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cli_support import Ran, served

from podfit.catalogue.store import forget, template_names, template_summaries
from podfit.report.templates import catalogue_answer
from podfit.writers.interface import Screen
from podfit.writers.registry import write_answer

Call = Callable[..., Ran]


@pytest.fixture(autouse=True)
def _own_data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Nothing is taken in for anybody else."""
    monkeypatch.setenv("PODFIT_DATA_DIR", str(tmp_path / "data"))
    forget()
    yield
    monkeypatch.undo()
    forget()


def bundle(name: str, **more: Any) -> str:
    found = {
        "schema": "podfit.template/1",
        "name": name,
        "captured": "2026-10-01",
        "interpreter": {"version": "3.11.9"},
        "platform": {"glibc": "2.35"},
        "distributions": [{"name": "numpy", "version": "2.0.2"}],
        **more,
    }
    return json.dumps({"schema": "podfit.catalogue/1", "templates": [found]})


def test_a_listing_has_aliases_and_what_was_compared(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    out = call("templates").out
    assert "107 of 108" in out
    assert "2024-09*" in out
    assert "* its tag was pushed more than once" in out
    assert "runpod-2.4: runpod-pytorch-2.4" in out


def test_a_template_says_how_far_it_was_checked(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "240")
    shown = call("templates", "runpod-2.4").out
    assert "107 of 108 seen lines agree: not psutil 6.0.0, seen 6.1.0 [measured: " in shown
    assert "was pushed more than once (2024-08-19, 2024-09-24)" in shown
    assert "nobody compared this list with a machine" in call("templates", "colab").out


def test_what_differs_between_two(call: Call) -> None:
    ran = call("templates", "diff", "runpod-2.2", "runpod-2.4", "--format", "json")
    data = json.loads(ran.out)
    assert (data["before"], data["after"]) == ("runpod-pytorch-2.2", "runpod-pytorch-2.4")
    held = [each["held"] for each in data["differences"]]
    assert held == sorted(held, reverse=True)
    torch = next(each for each in data["differences"] if each["name"] == "torch")
    assert (torch["before"], torch["after"], torch["kind"]) == ("2.2.0", "2.4.1+cu124", "changed")
    markdown = call("templates", "diff", "runpod-2.2", "runpod-2.4", "--format", "markdown").out
    assert markdown.startswith("# runpod-pytorch-2.2 and runpod-pytorch-2.4")


@pytest.mark.parametrize("words", [("a", "b"), ("diff",), ("diff", "colab"), ("diff", "a", "b", "c")])
def test_a_wrong_number_of_names(words: tuple[str, ...], call: Call) -> None:
    assert call("templates", *words).sentence.startswith("give one name, or `diff` and two")


def test_an_unknown_name_gets_the_nearest_alias(call: Call) -> None:
    assert "did you mean runpod-2.4" in call("templates", "runpod-24").sentence


def test_lists_are_taken_in_from_a_file(call: Call, tmp_path: Path) -> None:
    (tmp_path / "new.json").write_text(bundle("my-pod", aliases=["mine"]))
    ran = call("templates", "--update", tmp_path / "new.json")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err.startswith(f"took in 1 template from {tmp_path}/new.json into {tmp_path}/data/: my-pod")
    shown = call("templates", "mine").out
    assert shown.startswith("my-pod")
    assert "taken in from" in " ".join(shown.split())
    assert "my-pod" in call("templates").out


def test_lists_are_taken_in_from_a_server_here(call: Call, tmp_path: Path) -> None:
    (tmp_path / "served").mkdir()
    (tmp_path / "served" / "new.json").write_text(bundle("my-pod"))
    with served(tmp_path / "served") as url:
        assert call("templates", "--update", f"{url}new.json").code == 0
        assert "HTTP status 404" in call("templates", "--update", f"{url}none.json").sentence
    assert call("templates", "my-pod").code == 0


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("http://example.org/new.json", "lists are taken in from https addresses and files, not from http://"),
        ("ftp://example.org/new.json", "not from ftp://"),
        ("nowhere.json", "nowhere.json: it cannot be read: No such file or directory"),
        (".", "it cannot be read: Is a directory"),
    ],
)
def test_what_cannot_be_taken_in_is_a_sentence(source: str, said: str, call: Call) -> None:
    assert said in call("templates", "--update", source).sentence


def test_a_bundle_that_is_wrong_changes_nothing(call: Call, tmp_path: Path) -> None:
    (tmp_path / "new.json").write_text(bundle("../x"))
    sentence = call("templates", "--update", tmp_path / "new.json").sentence
    assert "'../x' is no name for a template" in sentence
    assert not (tmp_path / "data").exists()


def test_update_and_a_name_are_two_things(call: Call) -> None:
    assert "leave the name out" in call("templates", "colab", "--update", "x.json").sentence


def test_every_name_of_the_catalogue_can_be_copied_from_the_list() -> None:
    for width in (100, 140):
        screen = write_answer("text", catalogue_answer(template_summaries()), Screen(width=width))
        words = {line.split(" ")[0] for line in screen.splitlines() if line}
        assert set(template_names()) <= words
        assert max(map(len, screen.splitlines())) <= width
