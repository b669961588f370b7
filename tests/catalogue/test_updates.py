"""Lists that are taken in: hostile input, whole or not at all, beside the shipped ones."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podfit.catalogue import bundle, store, updates
from podfit.catalogue.bundle import read_bundle
from podfit.catalogue.store import forget, load_manifest, template_aliases, template_names, template_summaries
from podfit.model import InputError
from podfit.readers.template import read_template


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data directory of the test's own."""
    monkeypatch.setenv("PODFIT_DATA_DIR", str(tmp_path / "data"))
    forget()
    yield tmp_path / "data"
    monkeypatch.undo()
    forget()


def manifest(name: str = "my-pod", **more: Any) -> dict[str, Any]:
    return {
        "schema": "podfit.template/1",
        "name": name,
        "title": "mine",
        "image": "me/pod:1",
        "captured": "2026-10-01",
        "origin": "probed",
        "interpreter": {"version": "3.11.9"},
        "platform": {"machine": "x86_64", "glibc": "2.35"},
        "distributions": [{"name": "numpy", "version": "2.0.2"}],
        **more,
    }


def packed(*manifests: dict[str, Any], **metadata: list[Any]) -> bytes:
    found = {key.replace("_", " "): value for key, value in metadata.items()}
    return json.dumps({"schema": "podfit.catalogue/1", "templates": manifests, "metadata": found}).encode()


def take(data: bytes, origin: str = "a file") -> tuple[str, ...]:
    names = updates.take(read_bundle(data, origin), origin)
    forget()
    return names


def test_a_list_that_was_taken_in_is_one_of_the_catalogue_and_says_where_it_came_from() -> None:
    before = set(template_names())
    taken = manifest(aliases=["mine"], family="mine", distributions=[{"name": "alpha", "version": "1.0"}])
    assert take(packed(taken, **{"alpha_1.0": [["beta>=2"], ">=3.9"]}), "https://example.org/x") == ("my-pod",)
    assert set(template_names()) == before | {"my-pod"}
    assert template_aliases()["mine"] == "my-pod"
    template = read_template("mine")
    assert template.distributions["alpha"].requires_dist == ("beta>=2",)
    assert template.distributions["alpha"].requires_python == ">=3.9"
    assert any(note.startswith("This list was taken in from https://example.org/x on 20") for note in template.notes)
    (summary,) = [each for each in template_summaries() if each.name == "my-pod"]
    assert (summary.distributions, summary.captured) == (1, "2026-10-01")


def test_the_newer_list_of_a_name_counts() -> None:
    shipped = load_manifest("runpod-pytorch-2.4")
    take(packed({**manifest("runpod-pytorch-2.4"), "captured": "2024-09-25"}))
    assert len(load_manifest("runpod-pytorch-2.4")["distributions"]) == 1
    take(packed({**manifest("runpod-pytorch-2.4"), "captured": "2024-09-23"}))
    assert load_manifest("runpod-pytorch-2.4") == shipped


def test_a_second_bundle_stands_beside_the_first(data: Path) -> None:
    take(packed(manifest("one")))
    take(packed(manifest("two"), manifest("three")))
    assert {"one", "two", "three"} <= set(template_names())
    states = [path for path in (data / "catalogue").iterdir() if path.is_dir()]
    assert len(states) == 1, "what no longer counts is gone"


def test_one_manifest_alone_is_a_bundle() -> None:
    assert take(json.dumps(manifest()).encode()) == ("my-pod",)
    assert read_template("my-pod").distributions["numpy"].requires_dist is None


HOSTILE: dict[str, tuple[bytes, str]] = {
    "no JSON": (b"\x00\xff", "it is no JSON"),
    "another JSON": (b"[]", "neither a bundle of templates"),
    "a bomb of brackets": (b"[" * 200_000, "it is no JSON"),
    "no templates": (packed(), "no list of 1 to"),
    "too many": (packed(*[{}] * (bundle.MOST_TEMPLATES + 1)), "no list of 1 to"),
    "a number for a template": (b'{"schema": "podfit.catalogue/1", "templates": [3]}', "template 1: it is no object"),
    "a path for a name": (packed(manifest("../../etc/passwd")), "is no name for a template"),
    "dots": (packed(manifest("a..b")), "is no name for a template"),
    "the index's name": (packed(manifest("index")), "is no name for a template"),
    "upper case": (packed(manifest("MyPod")), "is no name for a template"),
    "a long name": (packed(manifest("a" * 150)), "is no name for a template"),
    "an alias that is none": (packed(manifest(aliases=["../x"])), "is no name for a template"),
    "the same twice": (packed(manifest(), manifest()), "two templates that are called my-pod"),
    "a distribution that is no object": (packed(manifest(distributions=[3])), "a distribution of it is no object"),
    "distributions that are no list": (packed(manifest(distributions={})), "no list of at most"),
    "a name that is none": (packed(manifest(distributions=[{"name": "a b", "version": "1"}])), "is not the name of"),
    "a long version": (
        packed(manifest(distributions=[{"name": "a", "version": "1" * 5000}])),
        "is not an exact version of a",
    ),
    "an escape sequence": (packed(manifest(title="\x1b[2J")), "too long or not printable"),
    "a long note": (packed(manifest(notes=["x" * 5000])), "too long or not printable"),
    "metadata that is none": (
        b'{"schema": "podfit.catalogue/1", "templates": [{}], "metadata": {"a 1": 3}}',
        "its metadata is not a table",
    ),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_input_is_a_sentence_and_nothing_is_taken_in(what: str, data: Path) -> None:
    take(packed(manifest("before")))
    there = sorted(str(path) for path in data.rglob("*"))
    content, said = HOSTILE[what]
    with pytest.raises(InputError, match=said):
        take(content)
    assert sorted(str(path) for path in data.rglob("*")) == there
    assert "before" in template_names()


def test_a_bundle_past_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "MOST_BYTES", 100)
    with pytest.raises(InputError, match="it is larger than"):
        read_bundle(packed(manifest()), "a file")


def test_one_bad_template_of_a_bundle_takes_none_in() -> None:
    with pytest.raises(InputError, match="template 2"):
        take(packed(manifest("good"), {**manifest("bad"), "interpreter": {"version": "three"}}))
    assert "good" not in template_names()


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_directory_that_cannot_be_written_is_a_sentence(data: Path) -> None:
    data.mkdir()
    data.chmod(0o500)
    with pytest.raises(InputError, match="data directory cannot be written"):
        take(packed(manifest()))


def test_a_disk_that_fills_up_leaves_what_was_there(monkeypatch: pytest.MonkeyPatch, data: Path) -> None:
    take(packed(manifest("before")))
    there = sorted(str(path) for path in data.rglob("*"))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(updates, "_become", full)
    with pytest.raises(InputError, match="No space left on device"):
        take(packed(manifest("after")))
    monkeypatch.undo()
    monkeypatch.setenv("PODFIT_DATA_DIR", str(data))
    forget()
    assert sorted(str(path) for path in data.rglob("*")) == there
    assert "before" in template_names()
    assert "after" not in template_names()


@pytest.mark.parametrize("content", [b"", b"no JSON", b'{"x": 3}', b'{"x": {"entry": {}, "origin": ""}}'])
def test_a_state_that_cannot_be_read_ends_no_run(content: bytes, data: Path) -> None:
    take(packed(manifest()))
    (state,) = [path for path in (data / "catalogue").iterdir() if path.is_dir()]
    (state / "index.json").write_bytes(content)
    forget()
    assert template_names() == tuple(store._places())
    assert "my-pod" in template_names(), "it is made again from the manifests"
    (state / "my-pod.json").write_bytes(content)
    forget()
    assert "my-pod" not in template_names()


def test_a_damaged_manifest_is_named_with_its_file_and_what_to_do(data: Path) -> None:
    take(packed(manifest()))
    (file,) = data.rglob("my-pod.json")
    file.write_bytes(file.read_bytes()[:100])
    forget()
    assert "my-pod" in template_names()
    with pytest.raises(InputError, match="the manifest of my-pod, cannot be read") as caught:
        store.load_manifest("my-pod")
    assert str(file) in str(caught.value)
    assert "podfit templates --update" in str(caught.value)


@pytest.mark.parametrize("content", ["../../..", "", "x/y", "\xe9"])
def test_a_pointer_leads_nowhere_else(content: str, data: Path) -> None:
    take(packed(manifest()))
    (data / "catalogue" / "current").write_text(content, encoding="latin-1")
    forget()
    assert (data / "catalogue") in Path(str(store._places()["my-pod"].file)).parents, "the newest state that is there"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.fixed_dictionaries(
        {"schema": st.sampled_from(["podfit.catalogue/1", "podfit.template/1"])},
        optional={"templates": json_values, "metadata": json_values, "name": json_values, "distributions": json_values},
    )
)
def test_any_json_is_a_bundle_or_a_sentence(found: dict[str, Any]) -> None:
    try:
        read_bundle(json.dumps(found).encode(), "a file")
    except InputError as error:
        assert "a file" in str(error)
