"""`podfit image`: what an image says of itself, from a registry, an archive and a layout; no layer is fetched."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_support import Ran, podfit
from image_support import Image, tar
from registry_support import Registry, serving, stranger

ENV = (
    "CUDA_VERSION=12.8.1",
    "NVIDIA_REQUIRE_CUDA=cuda>=12.8 brand=tesla,driver>=535,driver<536",
    "PIP_INDEX_URL=https://user:very-secret@index.example/simple",
    "LANG=C",
)


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    """A registry of our own with one image in it, and a home without credentials."""
    stranger(tmp_path, monkeypatch)
    made = Registry()
    with serving(made):
        made.add(Image(tar(("a", b"x" * 5000)), tar(("b", b"y")), env=ENV))
        yield made


def invoke(*words: str) -> Ran:
    return podfit("image", *words)


def test_the_manifest_and_the_configuration_are_enough(registry: Registry) -> None:
    done = invoke(f"docker://{registry.address}/x:1", "--format", "json")
    assert done.code == 0, done.err
    told = json.loads(done.out)
    assert told["image"].startswith(f"{registry.address}/x:1@sha256:")
    assert (told["platform"], told["layers"], told["created"][:10]) == ("linux x86_64", 2, "2026-01-02")
    assert told["bytes"] == sum(map(len, Image(tar(("a", b"x" * 5000)), tar(("b", b"y"))).layers))
    assert told["variables"]["CUDA_VERSION"] == "12.8.1"
    assert "LANG" not in told["variables"]
    assert "very-secret" not in done.out + done.err
    assert told["starts"] is None
    assert [path.split("/")[3] for _, path, _ in registry.seen] == ["manifests", "blobs"]


@pytest.mark.slow
@pytest.mark.parametrize(("driver", "code", "starts"), [("570", 0, True), ("550", 1, False), ("535.104", 0, True)])
def test_a_driver_is_held_against_what_the_image_wants(
    driver: str, code: int, starts: bool, registry: Registry
) -> None:
    address = f"docker://{registry.address}/x:1"
    done = invoke(address, "--driver", driver, "--format", "json")
    assert done.code == code, done.err
    told = json.loads(done.out)
    assert told["starts"] is starts
    assert len(told["findings"]) == 2  # of CUDA_VERSION and of NVIDIA_REQUIRE_CUDA
    said = invoke(address, "--driver", driver)
    assert said.code == code
    assert "NVIDIA_REQUIRE_CUDA" in said.out


@pytest.mark.slow
def test_an_archive_is_read_the_same(tmp_path: Path) -> None:
    Image(tar(("a", b"x")), env=ENV).save(tmp_path / "image.tar")
    done = invoke(str(tmp_path / "image.tar"))
    assert done.code == 0
    assert "12.8.1" in done.out
    assert "1 layer" in done.out


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["/"], "is no image"),
        (["docker://127.0.0.1:1/x", "--driver", "new"], "is no driver's version"),
        (["docker://127.0.0.1:1/x"], "cannot be used"),
    ],
)
def test_what_is_no_image_is_one_sentence(words: list[str], said: str, registry: Registry) -> None:
    done = invoke(*words)
    assert done.code == 2
    assert said in done.sentence
