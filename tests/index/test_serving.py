"""The server that shows indexes to a resolver: what it answers, to whom, and what it reads ahead."""

import io
import json
import os
import threading
import time
import zipfile
from urllib.parse import urlsplit

import pytest
import urllib3
from index_support import build_sdist, build_wheel, metadata_text

from podfit.index.shown import HOST, NIGHTLIES, original
from podfit.model.tags import wheel_tags

TAGS = wheel_tags("cpython", "3.11", "cp311", "x86_64", 35)


@pytest.fixture
def serving(client):
    made = client().serving()
    yield made
    made.close()


def get(serving, url, word=None):
    """The answer as a resolver gets it, through the proxy that it was told."""
    proxy = urlsplit(serving.proxy())
    word = f"{proxy.username}:{proxy.password}" if word is None else word
    headers = urllib3.make_headers(proxy_basic_auth=word)
    through = urllib3.ProxyManager(f"http://{proxy.hostname}:{proxy.port}", proxy_headers=headers)
    try:
        return through.request("GET", url, retries=False)
    finally:
        through.clear()


def page(serving, server, name, tags=TAGS):
    """The elements of a project page by file name."""
    answer = get(serving, f"{serving.address(server.url, tags)}{name}/")
    assert answer.status == 200, name
    return {file["filename"]: file for file in json.loads(answer.data)["files"]}


def test_a_page_holds_what_fits_and_of_what_does_not_one_wheel(serving, server):
    linux = "cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64"
    for tag in (linux, "cp312-cp312-win_amd64", "cp39-abi3-manylinux2014_x86_64"):
        server.add("app", f"app-1.0-{tag}.whl", build_wheel("app", "1.0"))
    for tag in ("cp312-cp312-win_amd64", "cp313-cp313-win_amd64"):
        server.add("app", f"app-2.0-{tag}.whl", build_wheel("app", "2.0"))
    server.add("app", "app-1.0.tar.gz", build_sdist("app", "1.0", {}))
    files = page(serving, server, "app")
    assert sorted(files) == [
        "app-1.0-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
        "app-1.0-cp39-abi3-manylinux2014_x86_64.whl",
        "app-1.0.tar.gz",
        "app-2.0-cp312-cp312-win_amd64.whl",
    ]
    sdist, wheel = files["app-1.0.tar.gz"], files["app-1.0-cp39-abi3-manylinux2014_x86_64.whl"]
    assert sdist["url"] == f"http://{server.host}/files/app-1.0.tar.gz"
    assert "core-metadata" not in sdist
    assert wheel["core-metadata"] is True
    assert wheel["url"].startswith(f"{HOST}/")
    assert original(wheel["url"]) == f"http://{server.host}/files/{wheel['filename']}"
    assert wheel["hashes"].keys() == {"sha256"}
    assert (wheel["requires-python"], wheel["upload-time"]) == (">=3.8,<4", "2024-01-02T03:04:05Z")


def test_a_wheel_whose_tags_are_none_costs_its_page_nothing(serving, server):
    for tag in ("py36+-none-any", "-none-any", "py3-none-", "py3--any", "py3-none-any", "pÿ3-none-any"):
        server.add("app", f"app-1.0-{tag}.whl", build_wheel("app", "1.0"))
    server.add("app", "app-0.18-py36+-none-any.whl", build_wheel("app", "0.18"))
    assert "app-1.0-py3-none-any.whl" in page(serving, server, "app")
    assert serving.troubles == 0


def test_metadata_are_what_the_wheel_says(serving, server):
    extra = "Requires-Python: >=3.9\nProvides-Extra: fast\n"
    data = build_wheel("app", "1.0", ['other>=2; extra == "fast"'], extra=extra)
    server.add("app", "app-1.0-py3-none-any.whl", data)
    answer = get(serving, page(serving, server, "app")["app-1.0-py3-none-any.whl"]["url"] + ".metadata")
    lines = answer.data.decode().splitlines()
    assert answer.status == 200
    assert {"Name: app", 'Requires-Dist: other>=2; extra == "fast"', "Requires-Python: >=3.9"} < {*lines}
    assert "immutable" in answer.headers["Cache-Control"]
    assert serving.troubles == 0
    asked = len(server.log)
    assert get(serving, page(serving, server, "app")["app-1.0-py3-none-any.whl"]["url"] + ".metadata").status == 200
    assert len(server.log) == asked, "podfit's cache has it"


def test_metadata_that_unpack_without_end_are_shown_as_invalid_and_are_no_trouble(serving, server):
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("app-1.0.dist-info/METADATA", metadata_text("app", "1.0") + b"x" * (17 << 20))
    server.add("app", "app-1.0-py3-none-any.whl", kept.getvalue())
    server.add("app", "app-0.9-py3-none-any.whl", b"no archive at all")
    files = page(serving, server, "app")
    answer = get(serving, f"{files['app-1.0-py3-none-any.whl']['url']}.metadata")
    assert (answer.status, answer.data, serving.troubles) == (200, b"", 0)
    assert get(serving, f"{files['app-0.9-py3-none-any.whl']['url']}.metadata").status == 404
    assert serving.troubles == 1, "what may be another file tomorrow is the resolver's own to ask for"


def test_what_the_cache_has_of_a_page_is_as_fresh_as_it_is(serving, server):
    server.add("app", "app-1.0-py3-none-any.whl", build_wheel("app", "1.0"))
    url = f"{serving.address(server.url, TAGS)}app/"
    assert get(serving, url).headers["Cache-Control"] in ("max-age=599", "max-age=600")
    key = next(iter(serving._views.values())).source.key
    kept = serving._pages._cache.path("listings", f"{key}/app")
    os.utime(kept, (time.time() - 400, time.time() - 400))
    assert get(serving, url).headers["Cache-Control"] in ("max-age=199", "max-age=200")
    assert server.asked("/simple/app") == 1


def test_nobody_is_answered_without_the_word(serving, server):
    url = f"{serving.address(server.url, TAGS)}app/"
    for word in ("podfit:", "podfit:other", "x"):
        assert get(serving, url, word).status == 407
    assert server.log == []
    assert urlsplit(serving.proxy()).hostname == "127.0.0.1"


def test_what_no_index_has_is_absent_and_what_cannot_be_answered_is_trouble(serving, server):
    server.add("app", "app-1.0-py3-none-any.whl", b"no wheel at all" * 9)
    server.troubles["/simple/denied/"] = [(403, {}, b"")]
    here = serving.address(server.url, TAGS)
    assert get(serving, f"{here}absent/").status == 404
    assert serving.troubles == 0
    assert get(serving, f"{here}denied/").status == 404
    assert serving.troubles == 1
    wheel = page(serving, server, "app")["app-1.0-py3-none-any.whl"]["url"]
    assert get(serving, f"{wheel}.metadata").status == 404
    assert serving.troubles == 2
    hostile = ("", "/", "/1/x/simple/app/", "/1/../../etc/passwd", "http://example.org/", wheel, f"{wheel}x.metadata")
    for count, url in enumerate(hostile, 3):
        assert get(serving, url if url.startswith("http") else f"{HOST}{url}").status == 404
        assert serving.troubles == count, url


def test_of_a_project_that_is_tried_again_older_releases_are_read_ahead(serving, server):
    for minor in range(30):
        server.add("app", f"app-1.{minor}-py3-none-any.whl", build_wheel("app", f"1.{minor}"))
    files = page(serving, server, "app")
    for asked, ahead in ((29, ()), (28, (27, 26)), (27, (26, 25, 24, 23))):
        assert get(serving, files[f"app-1.{asked}-py3-none-any.whl"]["url"] + ".metadata").status == 200
        until = time.monotonic() + 60
        while not all(server.asked(f"app-1.{minor}-") for minor in ahead) and time.monotonic() < until:
            time.sleep(0.01)
        assert all(server.asked(f"app-1.{minor}-") for minor in ahead), "before anybody asked"
        assert not server.asked(f"app-1.{min((asked, *ahead)) - 1}-")


def _asked_in_the_end(server, part):
    """Wait until a file was asked for."""
    until = time.monotonic() + 60
    while not server.asked(part) and time.monotonic() < until:
        time.sleep(0.01)
    return bool(server.asked(part))


def _of_app(client, server, count):
    for minor in range(count):
        server.add("app", f"app-1.{minor}-py3-none-any.whl", build_wheel("app", f"1.{minor}"))
    releases = client.releases("app")
    return [releases[f"1.{minor}"][0] for minor in reversed(range(count))]


def test_releases_are_read_until_one_will_do(client, server):
    index = client()
    files = _of_app(index, server, 30)
    serving = index.serving()
    ended = threading.Event()
    seen = []

    def enough(metadata):
        seen.append(metadata.version)
        return metadata.version == "1.20"

    def every():
        yield from files
        ended.set()

    for _ in range(2):  # the second time it is sought already
        serving.seek("app", every, enough)
    assert ended.wait(60)
    assert _asked_in_the_end(server, "app-1.20-")
    until = time.monotonic() + 60
    while len(seen) < 12 and time.monotonic() < until:
        time.sleep(0.01)
    serving.close()
    assert sorted(seen) == sorted(f"1.{minor}" for minor in range(18, 30)), "the first dozen, at the same time"
    assert not server.asked("app-1.5-")


def test_nothing_is_sought_when_it_is_closed(client, server):
    serving = client().serving()
    serving.close()
    serving.seek("app", lambda: pytest.fail("asked for"), lambda _: True)
    assert server.log == []


def test_an_index_with_a_password_is_asked_with_it_and_the_address_has_none(serving, server):
    server.user = "me"
    server.add("app", "app-1.0-py3-none-any.whl", build_wheel("app", "1.0"))
    address = serving.address(server.url.replace("://", "://me:secret@"), TAGS)
    assert "secret" not in address
    answer = get(serving, f"{address}app/")
    assert answer.status == 200
    assert b"secret" not in answer.data


def test_directories_are_left_to_the_resolver(serving, tmp_path):
    assert serving.address(tmp_path.as_uri(), TAGS) == tmp_path.as_uri()


def test_addresses_are_the_same_in_every_run_and_differ_by_platform(client, server):
    first, second = client().serving(), client().serving()
    assert first.address(server.url, TAGS) == second.address(server.url, tuple(reversed(TAGS)))
    assert first.address(server.url, TAGS) != first.address(server.url, TAGS[:9])
    assert first.proxy() != second.proxy()
    for each in (first, second):
        each.close()
        each.close()


def test_it_can_be_opened_again(serving, server):
    server.add("app", "app-1.0-py3-none-any.whl", build_wheel("app", "1.0"))
    assert page(serving, server, "app")
    serving.close()
    assert page(serving, server, "app")


def test_metadata_on_several_lines_stay_metadata(serving, server):
    text = metadata_text("app", "1.0", ["other>=2,\n        <3"])
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as bundle:
        bundle.writestr("app-1.0.dist-info/METADATA", text)
    server.add("app", "app-1.0-py3-none-any.whl", data.getvalue())
    answer = get(serving, page(serving, server, "app")["app-1.0-py3-none-any.whl"]["url"] + ".metadata")
    assert b"\nRequires-Dist: other>=2, <3\n" in answer.data


def test_nightlies_are_left_out_where_nobody_asks_for_them(serving, server):
    for day in range(NIGHTLIES + 1):
        server.add("app", f"app-2.0b{day}-py3-none-any.whl", b"")
        server.add("lib", f"lib-2.0.dev{day}-py3-none-any.whl", b"")
        server.add("old", f"old-2.0.dev{day}-py3-none-any.whl", b"")
    server.add("app", "app-1.0-py3-none-any.whl", b"")
    server.add("old", "old-1.0-py3-none-any.whl", b"")
    server.yanked["old-1.0-py3-none-any.whl"] = "broken"
    server.add("few", "few-1.0-py3-none-any.whl", b"")
    server.add("few", "few-2.0rc1-py3-none-any.whl", b"")
    assert page(serving, server, "app").keys() == {"app-1.0-py3-none-any.whl"}
    assert len(page(serving, server, "lib")) == NIGHTLIES + 1, "it has nothing else"
    assert len(page(serving, server, "old")) == NIGHTLIES + 2, "the one release was taken back"
    assert len(page(serving, server, "few")) == 2, "a person publishes those"
    asked = get(serving, f"{serving.address(server.url, TAGS, ['app'])}app/")
    assert len(json.loads(asked.data)["files"]) == NIGHTLIES + 2
