"""An image in a registry: Debian's own server where it is on PATH, and one of ours that can be asked for faults."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from image_support import INDEX, LIBC, Image, descriptor, digest, distribution, docker_registry, python_at, tar
from registry_support import TOKEN, Registry, send, serving, stranger

from podfit.model import InputError
from podfit.readers.image.credentials import credentials_for
from podfit.readers.image.read import read_image, source_of
from podfit.readers.image.reference import parse_reference
from podfit.readers.image.registry import RegistrySource
from podfit.readers.template import read_template

SITE = "/usr/local/lib/python3.11/site-packages"
PASSWORD = "hunter2-of-the-test"


def an_image(version: str = "1.26.4", **options: Any) -> Image:
    """Return a small image; its second layer is long enough to be sent in pieces."""
    packages = tar(*distribution(SITE, "numpy", version), ("usr/share/data", bytes(range(256)) * 2000))
    return Image(tar(*python_at("/usr/local"), LIBC), packages, packed="", **options)


@pytest.fixture(autouse=True)
def a_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the test's own: no credentials in it."""
    home = tmp_path / "home"
    home.mkdir()
    stranger(home, monkeypatch)
    return home


@pytest.fixture
def registry() -> Iterator[Registry]:
    """A registry of our own, being served."""
    made = Registry()
    with serving(made):
        yield made


def read(registry: Registry, rest: str = "x:1") -> dict[str, Any]:
    source = source_of(f"docker://{registry.address}/{rest}")
    assert source is not None
    return read_image(source, name="x")


def refused(registry: Registry, rest: str = "x:1") -> str:
    with pytest.raises(InputError) as caught:
        read(registry, rest)
    text = str(caught.value)
    assert "\n" not in text and PASSWORD not in text and TOKEN not in text
    return text


def logged_in(home: Path, registry: Registry, **more: Any) -> None:
    """Write what `docker login` leaves."""
    registry.user, registry.password = "me", PASSWORD
    pair = base64.b64encode(f"me:{PASSWORD}".encode()).decode()
    (home / ".docker").mkdir()
    entry = {"auths": {registry.address: {"auth": pair}}, **more}
    (home / ".docker" / "config.json").write_text(json.dumps(entry))


@pytest.mark.machine
@pytest.mark.skipif(shutil.which("docker-registry") is None, reason="docker-registry (a Debian package) is not on PATH")
def test_debians_registry(tmp_path: Path) -> None:
    """The real server: by tag and by digest, the sentence for what it has not, and few requests."""
    with docker_registry(tmp_path / "registry") as address:
        image = an_image()
        pushed = image.push(address, "team/image", "2.4")
        template = read_template(f"docker://{address}/team/image:2.4")
        assert template.name == "image-2.4"
        assert {name: each.version for name, each in template.distributions.items()} == {"numpy": "1.26.4"}
        assert template.image == f"{address}/team/image:2.4@{pushed}" == template.evidence.source
        again = read_template(f"docker://{address}/team/image@{pushed}")
        assert again.distributions.keys() == template.distributions.keys()
        for name in ("team/image:3", "team/other:2.4", f"team/image@{digest(b'')}"):
            with pytest.raises(InputError, match="has no such image; check its name and its tag"):
                read_template(f"docker://{address}/{name}")


def test_an_image_by_tag_and_digest(registry: Registry) -> None:
    named = registry.add(an_image())
    assert read(registry)["image"] == f"{registry.address}/x:1@{named}"
    assert read(registry, f"x@{named}")["image"] == f"{registry.address}/x@{named}"
    paths = [path for _, path, _ in registry.seen]
    assert paths[0] == "/v2/x/manifests/1" and len(paths) == 8  # manifest, configuration and two layers, twice


def test_the_layers_of_a_digest_are_fetched_once(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PODFIT_CACHE_DIR", str(tmp_path / "cache"))
    registry.add(an_image())
    spec = f"docker://{registry.address}/x:1"
    first = read_template(spec)
    seen = len(registry.seen)
    assert read_template(spec) == first
    assert [path.split("/")[3] for _, path, _ in registry.seen[seen:]] == ["manifests", "blobs"]
    registry.add(an_image(env=("PIP_NO_INDEX=1",)))  # the tag is pushed again
    seen = len(registry.seen)
    assert read_template(spec).environment["PIP_NO_INDEX"] == "1"
    assert len(registry.seen) - seen == 4
    (kept,) = {path.parent for path in (tmp_path / "cache" / "images-1").rglob("*") if path.is_file()}
    for entry in kept.iterdir():
        entry.write_bytes(entry.read_bytes()[:100])
    assert read_template(spec).environment["PIP_NO_INDEX"] == "1"


def test_the_configuration_alone_is_two_requests(registry: Registry) -> None:
    registry.add(an_image(env=("CUDA_VERSION=12.4.1",)))
    source = RegistrySource(parse_reference(f"docker://{registry.address}/x:1"))
    assert source.image("x86_64").config.variables == {"CUDA_VERSION": "12.4.1"}
    assert source.requests == 2


@pytest.mark.parametrize("asks", ["Bearer", "Basic"])
def test_credentials_go_to_the_registry_alone(asks: str, registry: Registry, a_home: Path) -> None:
    registry.add(an_image())
    registry.asks = asks
    logged_in(a_home, registry)
    elsewhere = Registry()
    with serving(elsewhere):
        blob = digest(an_image().layers[0])
        elsewhere.blobs.update(registry.blobs)
        away = f"http://{elsewhere.address}/v2/x/blobs/{blob}?signature=1"
        registry.answers[f"/v2/x/blobs/{blob}"] = lambda handler: send(handler, 307, b"", Location=away)
        assert len(read(registry)["distributions"]) == 1
        assert [authorization for _, _, authorization in elsewhere.seen] == [""]
    assert any(authorization for _, _, authorization in registry.seen)


def test_netrc_counts_too(registry: Registry, a_home: Path) -> None:
    registry.add(an_image())
    registry.asks, registry.user, registry.password = "Bearer", "me", PASSWORD
    assert "has no such image, or shows it only to whom it knows; check the name, or log in" in refused(registry)
    (a_home / ".netrc").write_text(f"machine 127.0.0.1 login me password {PASSWORD}\n")
    (a_home / ".netrc").chmod(0o600)
    assert len(read(registry)["distributions"]) == 1


def test_credentials_that_are_not_taken(registry: Registry, a_home: Path) -> None:
    registry.asks = "Bearer"
    logged_in(a_home, registry)
    registry.password = "another"
    assert "does not take the credentials that this machine has for it" in refused(registry)


def test_programs_that_keep_credentials_are_not_run(registry: Registry, a_home: Path) -> None:
    registry.asks, registry.user = "Bearer", "me"
    (a_home / ".docker").mkdir()
    (a_home / ".docker" / "config.json").write_text(json.dumps({"credsStore": "desktop"}))
    assert "(podfit does not run docker-credential-desktop)" in refused(registry)


def test_what_credentials_show(a_home: Path) -> None:
    registry = Registry()
    registry.address = "r.example:5000"
    logged_in(a_home, registry)
    found = credentials_for("r.example:5000")
    assert (found.user, found.password) == ("me", PASSWORD)
    assert PASSWORD not in repr(found) and PASSWORD not in f"{found}"
    for broken in ('{"auths": {"r.example:5000": {"auth": "%%%"}}}', "[]", "[" * 9999, '{"auths": 3}'):
        (a_home / ".docker" / "config.json").write_text(broken)
        assert credentials_for("r.example:5000").user == ""


def test_of_an_index_the_machines_own_image(registry: Registry) -> None:
    arm = an_image("2.0.0", architecture="arm64")
    listed = []
    for image, machine in ((arm, "arm64"), (an_image(), "amd64")):
        data = json.dumps(image.manifest()).encode()
        registry.add(image, machine)
        kind = image.manifest()["mediaType"]
        listed.append(descriptor(data, kind, platform={"architecture": machine, "os": "linux"}))
    attestation = descriptor(b"x", "", annotations={"vnd.docker.reference.type": "attestation-manifest"})
    index = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [attestation, *listed]}).encode()
    registry.add_manifest(index, INDEX, "all")
    address = f"docker://{registry.address}/x:all"
    assert read_template(address).distributions["numpy"].version == "1.26.4"
    assert read_template(address, machine="aarch64").distributions["numpy"].version == "2.0.0"
    only = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": listed[:1]}).encode()
    registry.add_manifest(only, INDEX, "arm")
    assert "it has no image for linux/x86_64; it has linux/arm64" in refused(registry, "x:arm")


def test_a_connection_that_breaks_is_taken_up_again(registry: Registry) -> None:
    image = an_image()
    registry.add(image)
    layer = image.layers[1]
    ranges: list[str] = []

    def half(handler: BaseHTTPRequestHandler) -> None:
        asked = handler.headers.get("Range", "")
        ranges.append(asked)
        if asked:
            start = int(asked.removeprefix("bytes=").rstrip("-"))
            rest = layer[start:]
            send(handler, 206, rest, **{"Content-Range": f"bytes {start}-{len(layer) - 1}/{len(layer)}"})
            return
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(layer)))
        handler.end_headers()
        handler.wfile.write(layer[: len(layer) // 2])
        handler.close_connection = True

    registry.answers[f"/v2/x/blobs/{digest(layer)}"] = half
    assert len(read(registry)["distributions"]) == 1
    assert ranges[0] == "" and ranges[1].startswith("bytes=")


def _hang_up(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "500")
    handler.end_headers()
    handler.wfile.write(b"x")
    handler.close_connection = True


def _endless(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    handler.close_connection = True
    try:
        while True:
            handler.wfile.write(b" " * 2**16)
    except OSError:
        return


def _status(status: int, body: bytes = b"{}", **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    return lambda handler: send(handler, status, body, **headers)


def _here(path: str) -> Callable[[BaseHTTPRequestHandler], None]:
    return lambda handler: send(handler, 302, b"", Location=f"http://{handler.headers['Host']}{path}")


MANIFESTS: dict[str, tuple[Callable[[BaseHTTPRequestHandler], None], str]] = {
    "round and round": (_here("/v2/x/manifests/1"), "leads from address to address without end"),
    "to a place without encryption": (
        _status(302, Location="http://registry.example/v2"),
        "leads to registry.example, which is not encrypted",
    ),
    "to a file": (_status(302, Location="file:///etc/passwd"), "leads to something that is no address"),
    "to nothing": (_status(302, Location="http://["), "leads to something that is no address"),
    "an endless document": (_endless, "sends a document of more than 4194304 bytes"),
    "a broken answer": (_hang_up, "cannot be used (the connection broke off)"),
    "a page": (_status(200, b"<html>"), "its manifest is none"),
    "no manifest": (_status(200, b'{"schemaVersion": 2}'), "its manifest is none"),
    "another's digest": (
        _status(200, b"{}", **{"Docker-Content-Digest": digest(b"other")}),
        "its manifest is not that of sha256:",
    ),
    "too often": (_status(429), "answers nobody that asks so often; log in, or try again later"),
    "ill": (_status(503), "answers with HTTP status 503"),
    "of another kind": (_status(418), "answers with HTTP status 418"),
    "a challenge of its own": (_status(401, **{"WWW-Authenticate": "Digest x"}), "or shows it only to whom it knows"),
    "a token from nowhere": (
        _status(401, **{"WWW-Authenticate": 'Bearer realm="gopher://x"'}),
        "leads to something that is no address",
    ),
    "a token without encryption": (
        _status(401, **{"WWW-Authenticate": 'Bearer realm="http://token.example/"'}),
        "leads to token.example, which is not encrypted",
    ),
}


@pytest.mark.parametrize("case", list(MANIFESTS))
def test_a_hostile_registry_is_one_sentence(case: str, registry: Registry) -> None:
    answer, expected = MANIFESTS[case]
    registry.answers["/v2/x/manifests/1"] = answer
    assert expected in refused(registry)
    assert len(registry.seen) < 20


TOKENS: dict[str, tuple[Callable[[BaseHTTPRequestHandler], None], str]] = {
    "none": (_status(200), "asks for a token, and none is to be had where it says"),
    "no JSON": (_status(200, b"x"), "none is to be had"),
    "a list": (_status(200, b"[]"), "none is to be had"),
    "two lines": (_status(200, b'{"token": "a\\r\\nX-Injected: 1"}'), "none is to be had"),
    "endless": (_endless, "sends a document of more than 65536 bytes"),
    "never taken": (_status(200, b'{"token": "never-the-right-one"}'), "or shows it only to whom it knows"),
}


@pytest.mark.parametrize("case", list(TOKENS))
def test_a_hostile_token_is_one_sentence(case: str, registry: Registry) -> None:
    registry.add(an_image())
    registry.asks = "Bearer"
    registry.answers["/token"], expected = TOKENS[case]
    assert expected in refused(registry)
    assert len(registry.seen) < 6


def test_another_blob_than_was_asked_for(registry: Registry) -> None:
    image = an_image()
    registry.add(image)
    key = digest(image.layers[1])
    registry.blobs[key] = image.layers[1].replace(b"numpy", b"nunpy")
    assert "its layer 2 of 2 cannot be used: its bytes are not those of sha256:" in refused(registry)
    registry.blobs[digest(image.config_bytes)] = b"{}"
    assert "it was damaged or exchanged" in refused(registry)


def test_nobody_answers() -> None:
    with pytest.raises(InputError, match=r"the registry 127\.0\.0\.1:9 cannot be used \("):
        read_template("docker://127.0.0.1:9/x:1")


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("python", "docker.io/library/python:latest"),
        ("python:3.11-slim", "docker.io/library/python:3.11-slim"),
        ("runpod/pytorch:2.4.0-py3.11", "docker.io/runpod/pytorch:2.4.0-py3.11"),
        ("index.docker.io/a/b", "docker.io/a/b:latest"),
        ("nvcr.io/nvidia/pytorch:25.01-py3", "nvcr.io/nvidia/pytorch:25.01-py3"),
        ("localhost/x", "localhost/x:latest"),
        ("localhost:5000/x", "localhost:5000/x:latest"),
        (f"ghcr.io/a/b@{digest(b'')}", f"ghcr.io/a/b@{digest(b'')}"),
        (f"ghcr.io/a/b:1@{digest(b'')}", f"ghcr.io/a/b:1@{digest(b'')}"),
    ],
)
def test_names_mean_what_docker_means(spec: str, expected: str) -> None:
    assert str(parse_reference(f"docker://{spec}")) == expected


@pytest.mark.parametrize(
    "spec", ["", "UPPER", "a b", "a:", "a:b:c", "a@sha256:1", "-x/y", "../../x", "a//b", "me:pw@host.example/x", "a:/b"]
)
def test_what_is_no_name_is_said_without_what_may_be_a_password(spec: str) -> None:
    with pytest.raises(InputError, match="no image is meant") as caught:
        parse_reference(f"docker://{spec}")
    assert "pw" not in str(caught.value)


@given(st.text(max_size=60))
def test_any_name_is_an_image_or_a_sentence(text: str) -> None:
    try:
        found = parse_reference(f"docker://{text}")
    except InputError as error:
        assert "\n" not in str(error)
    else:
        assert parse_reference(f"docker://{found}") == found
