"""The client against a real index on loopback."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from index_support import LocalIndex, Recorder, build_sdist, build_wheel, metadata_text

from podfit.index import Index, IndexUnreachable, MetadataUnknown, ProjectNotFound, default_cache, default_index_urls
from podfit.index.wheel import TAIL_BYTES
from podfit.model import Evidence, EvidenceKind, Interpreter, Origin, Platform, Template

Client = Callable[..., Index]
WHEEL = "demo-1.0-py3-none-any.whl"


def old(index: Index) -> None:
    """Make every page of the cache eleven minutes old."""
    then = time.time() - 660
    for path in index._cache.root.glob("listings/*/*"):
        os.utime(path, (then, then))


@pytest.mark.parametrize("json_pages", [True, False])
def test_files_of_both_kinds_of_page(server: LocalIndex, client: Client, json_pages: bool) -> None:
    server.json_pages = json_pages
    server.add("demo", WHEEL, build_wheel("demo", "1.0"))
    server.add("demo", "demo-0.9.tar.gz", b"sdist")
    server.add("demo", "demo-0.9-py2.7.egg", b"egg")
    server.add("demo", "other-3.0-py3-none-any.whl", b"misplaced")
    server.yanked = {WHEEL: "broken <build>"} if json_pages else {WHEEL: "broken"}

    files = client().files("Demo")

    assert [(file.filename, file.kind, file.version) for file in files] == [
        ("demo-0.9.tar.gz", "sdist", "0.9"),
        (WHEEL, "wheel", "1.0"),
    ]
    wheel = files[1]
    assert wheel.url == f"http://{server.host}/files/{WHEEL}"
    assert wheel.sha256
    assert wheel.requires_python == ">=3.8,<4"
    assert wheel.yanked == server.yanked[WHEEL]
    assert files[0].yanked is False
    assert (wheel.size, wheel.upload_time) == (
        (len(server.files["demo"][WHEEL]), "2024-01-02T03:04:05Z") if json_pages else (0, "")
    )


def test_releases_are_in_order_of_version(server: LocalIndex, client: Client) -> None:
    for version in ("1.10", "1.9", "1.10rc1", "2.0+cu124"):
        server.add("demo", f"demo-{version}-py3-none-any.whl", b"")
    releases = client().releases("demo")
    assert list(releases) == ["1.9", "1.10rc1", "1.10", "2.0+cu124"]
    assert len(releases) == 4
    assert "3.0" not in releases


def test_a_fresh_page_is_not_asked_again_an_old_one_is_revalidated(server: LocalIndex, client: Client) -> None:
    server.add("demo", WHEEL, build_wheel("demo", "1.0"))
    first = client()
    first.files("demo")
    client().files("demo")
    assert server.asked("/simple/demo/") == 1

    old(first)
    client().files("demo")
    assert [status for path, _, status in server.log if path == "/simple/demo/"] == [200, 304]
    client().files("demo")
    assert server.asked("/simple/demo/") == 2, "the 304 made the page fresh again"

    old(first)
    server.add("demo", "demo-1.1-py3-none-any.whl", b"")
    assert len(client().files("demo")) == 2


def test_absence_is_remembered_and_a_near_name_is_offered(server: LocalIndex, client: Client) -> None:
    server.add("pandas", "pandas-1.0.tar.gz", b"")
    index = client()
    index.files("pandas")
    with pytest.raises(ProjectNotFound) as caught:
        index.files("pandsa")
    assert f"the package pandsa does not exist on {server.host}" in str(caught.value)
    assert "did you mean pandas?" in str(caught.value)
    assert caught.value.exit_code == 2
    with pytest.raises(ProjectNotFound):
        client().files("pandsa")
    assert server.asked("pandsa") == 1


def test_metadata_beside_the_wheel(server: LocalIndex, client: Client) -> None:
    server.announce, server.serve_metadata = True, True
    requires = ("numpy>=1.22; python_version < '3.11'", 'pyarrow; extra == "parquet"')
    server.add("demo", WHEEL, build_wheel("demo", "1.0", requires, extra="Provides-Extra: parquet\n"))

    found = client().metadata("demo", "1.0.0")

    assert found.requires_dist == requires
    assert found.provides_extra == ("parquet",)
    assert found.evidence == Evidence(
        EvidenceKind.METADATA, f"http://{server.host}/files/{WHEEL}.metadata", "METADATA, PEP 658"
    )
    asked = len(server.log)
    assert client().metadata("demo", "1.0") == found
    assert len(server.log) == asked, "a second process finds it in the cache"


def test_a_metadata_file_that_is_not_announced_is_asked_for_where_no_part_of_a_wheel_can_be_had(
    server: LocalIndex, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.serve_metadata = True
    for minor in range(9):
        server.add("demo", f"demo-1.{minor}-py3-none-any.whl", build_wheel("demo", f"1.{minor}", ["numpy"]))
    index = client()
    assert index.metadata("demo", "1.0").evidence.detail == "METADATA in the wheel"
    assert server.asked(".metadata") == 0
    server.ranges = False
    assert index.metadata("demo", "1.1").evidence.detail == "METADATA in the wheel"
    assert index.metadata("demo", "1.2").evidence.detail == "METADATA, PEP 658"
    monkeypatch.setattr("podfit.index.artefacts._WHOLE_BYTES", 9)
    assert client().metadata("demo", "1.3").evidence.detail == "METADATA, PEP 658"
    server.serve_metadata = False
    monkeypatch.undo()
    asked = server.asked(".metadata")
    for minor in range(4, 9):
        assert index.metadata("demo", f"1.{minor}").evidence.detail == "METADATA in the wheel"
    assert server.asked(".metadata") == asked + 4, "one was had, and four are lacked: more than two more"


def test_a_metadata_file_with_another_hash_is_not_believed(server: LocalIndex, client: Client) -> None:
    server.announce, server.serve_metadata, server.wrong_metadata_hash = True, True, True
    server.add("demo", WHEEL, build_wheel("demo", "1.0", ["numpy"]))
    found = client().metadata("demo", "1.0")
    assert found.requires_dist == ("numpy",)
    assert found.evidence.detail == "METADATA in the wheel"
    assert server.asked(".metadata") == 2


@pytest.mark.slow
def test_only_the_end_of_a_large_wheel_is_fetched(server: LocalIndex, client: Client) -> None:
    payload = {f"demo/part{n}.bin": os.urandom(1 << 20) for n in range(8)}
    server.add("demo", WHEEL, build_wheel("demo", "1.0", ["numpy"], {"demo/__init__.py": b"", **payload}))
    index = client()
    file = index.files("demo")[0]
    server.sent = 0
    assert index.metadata("demo", "1.0").requires_dist == ("numpy",)
    assert server.sent <= TAIL_BYTES + 1000 < file.size / 100
    listing = index.wheel_listing(file)
    assert listing.disk_bytes > 8 << 20
    assert index.top_level_names("demo") == ("demo",)
    asked = len(server.log)
    assert client().wheel_listing(file) == listing
    assert client().top_level_names("demo", "1.0") == ("demo",)
    assert len(server.log) == asked


def test_how_much_of_a_wheels_end_is_needed_the_one_before_it_tells(server: LocalIndex, client: Client) -> None:
    for version in ("1.0", "2.0"):
        payload = {"demo/__init__.py": b"", "demo/data.bin": os.urandom(1 << 19)}
        wheel = build_wheel("demo", version, ["numpy"], payload, extra=f"Keywords: {os.urandom(1 << 16).hex()}\n")
        server.add("demo", f"demo-{version}-py3-none-any.whl", wheel)
    index = client()
    counts = []
    for version in ("1.0", "2.0"):
        before = server.asked(f"demo-{version}-py3-none-any.whl")
        assert index.metadata("demo", version).requires_dist == ("numpy",)
        assert index.wheel_listing(index.releases("demo")[version][0]).disk_bytes > 1 << 19  # its end is at hand
        counts.append(server.asked(f"demo-{version}-py3-none-any.whl") - before)
    assert counts == [2, 1]


def test_a_server_without_ranges_gives_the_whole_wheel(server: LocalIndex, client: Client) -> None:
    server.ranges = False
    server.add("demo", WHEEL, build_wheel("demo", "1.0", ["numpy"], {"demo.py": os.urandom(100_000)}))
    assert client().metadata("demo", "1.0").requires_dist == ("numpy",)


def test_the_wheel_of_the_platform_counts_and_another_is_named_as_such(server: LocalIndex, client: Client) -> None:
    server.add("demo", "demo-1.0-cp311-cp311-win_amd64.whl", build_wheel("demo", "1.0", ["pywin32"]))
    server.add("demo", "demo-1.0-cp311-cp311-manylinux_2_17_x86_64.whl", build_wheel("demo", "1.0", ["numpy"]))
    linux, other = ("cp311-cp311-manylinux_2_17_x86_64",), ("cp312-cp312-manylinux_2_17_aarch64",)
    index = client()
    assert index.metadata("demo", "1.0", tags=linux).requires_dist == ("numpy",)
    assert "another platform" not in index.metadata("demo", "1.0", tags=linux).evidence.detail
    assert "of a wheel for another platform" in index.metadata("demo", "1.0", tags=other).evidence.detail


@pytest.mark.parametrize(
    ("files", "requires", "says"),
    [
        ({"PKG-INFO": metadata_text("demo", "1.0", ["numpy"], level="2.2")}, ("numpy",), "PKG-INFO, Metadata-Version"),
        (
            {
                "PKG-INFO": metadata_text("demo", "1.0", ["wrong"], "Dynamic: Requires-Dist\n", level="2.2"),
                "demo.egg-info/requires.txt": b"numpy>=1\n\n[fast]\nnumba\n\n[slow:python_version < '3.9']\nold\n",
                "vendor/x/other.egg-info/requires.txt": b"vendored\n",
            },
            ("numpy>=1", 'numba; extra == "fast"', "old; (python_version < '3.9') and extra == \"slow\""),
            "a build may differ",
        ),
        (
            {
                "PKG-INFO": metadata_text("demo", "1.0"),
                "pyproject.toml": b'[project]\nname = "demo"\ndynamic = ["version"]\ndependencies = ["numpy"]\n'
                b"[project.optional-dependencies]\nfast = [\"numba ; os_name == 'posix'\"]\n",
            },
            ("numpy", "numba ; (os_name == 'posix') and extra == \"fast\""),
            "pyproject.toml",
        ),
        (
            {"PKG-INFO": metadata_text("demo", "1.0"), "demo.egg-info/SOURCES.txt": b"setup.py"},
            (),
            "a build may differ",
        ),
        ({"PKG-INFO": metadata_text("demo", "1.0", ["numpy"])}, ("numpy",), "not promised to be final"),
    ],
)
def test_a_source_distribution_is_read_without_a_build(
    server: LocalIndex, client: Client, files: dict[str, bytes], requires: tuple[str, ...], says: str
) -> None:
    server.add("demo", "demo-1.0.tar.gz", build_sdist("demo", "1.0", files))
    found = client().metadata("demo", "1.0")
    assert found.requires_dist == requires
    assert says in found.evidence.detail


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (build_sdist("demo", "1.0", {"PKG-INFO": metadata_text("demo", "1.0")}), "known only after a build"),
        (build_sdist("demo", "1.0", {"setup.py": b""}), "it has no PKG-INFO"),
        (build_sdist("demo", "1.0", {"PKG-INFO": metadata_text("x", "1", level="2.2")}), "its metadata speaks of x 1"),
        (b"not an archive", "cannot be read"),
    ],
    ids=["dynamic", "no PKG-INFO", "of another project", "no archive"],
)
def test_a_source_distribution_that_does_not_tell(server: LocalIndex, client: Client, data: bytes, why: str) -> None:
    server.add("demo", "demo-1.0.tar.gz", data)
    with pytest.raises(MetadataUnknown, match=why):
        client().metadata("demo", "1.0")


def test_a_source_distribution_that_does_not_tell_is_fetched_once(server: LocalIndex, client: Client) -> None:
    server.add("demo", "demo-1.0.tar.gz", build_sdist("demo", "1.0", {"PKG-INFO": metadata_text("demo", "1.0")}))
    for _ in range(2):
        with pytest.raises(MetadataUnknown, match="known only after a build"):
            client().metadata("demo", "1.0")
    assert server.asked("demo-1.0.tar.gz") == 1


def test_import_names_of_a_source_distribution(server: LocalIndex, client: Client) -> None:
    files = {"PKG-INFO": metadata_text("demo", "1.0"), "demo.egg-info/top_level.txt": b"demo_x\n_demo\n"}
    server.add("demo", "demo-1.0.tar.gz", build_sdist("demo", "1.0", files))
    assert client().top_level_names("demo") == ("_demo", "demo_x")


def test_the_newest_final_release_that_is_not_yanked_names_the_imports(server: LocalIndex, client: Client) -> None:
    for version, module in (("1.0", "old"), ("1.1", "wanted"), ("1.2", "yanked"), ("2.0rc1", "pre")):
        data = build_wheel("demo", version, files={f"{module}.py": b""})
        server.add("demo", f"demo-{version}-py3-none-any.whl", data)
    server.yanked = {"demo-1.2-py3-none-any.whl": True}
    assert client().top_level_names("demo") == ("wanted",)


def test_an_absent_release_is_unknown(server: LocalIndex, client: Client) -> None:
    server.add("demo", WHEEL, build_wheel("demo", "1.0"))
    with pytest.raises(MetadataUnknown, match=r"has no release 1.0\+cu124 of demo"):
        client().metadata("demo", "1.0+cu124")


def test_prefetch_answers_every_pair(server: LocalIndex, client: Client) -> None:
    for n in range(30):
        server.add(f"p{n}", f"p{n}-1.0-py3-none-any.whl", build_wheel(f"p{n}", "1.0", [f"q{n}"]))
    found = client().prefetch([*((f"p{n}", "1.0") for n in range(30)), ("gone", "1.0"), ("p0", "9")])
    assert len(found) == 32
    assert all(found[f"p{n}", "1.0"].requires_dist == (f"q{n}",) for n in range(30))  # type: ignore[union-attr]
    assert isinstance(found["gone", "1.0"], ProjectNotFound)
    assert isinstance(found["p0", "9"], MetadataUnknown)


def test_threads_that_ask_for_one_project_make_one_request(server: LocalIndex, client: Client) -> None:
    server.add("demo", WHEEL, build_wheel("demo", "1.0"))
    index = client()
    threads = [threading.Thread(target=index.files, args=("demo",)) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert server.asked("/simple/demo/") == 1


@pytest.mark.slow
def test_processes_share_one_cache(server: LocalIndex, tmp_path: Path) -> None:
    for n in range(8):
        server.add(f"p{n}", f"p{n}-1.0-py3-none-any.whl", build_wheel(f"p{n}", "1.0", [f"q{n}"]))
    code = (
        "import sys; from pathlib import Path; from podfit.index import Index\n"
        "found = Index((sys.argv[1],), cache=Path(sys.argv[2])).prefetch([(f'p{n}', '1.0') for n in range(8)])\n"
        "assert all(found[f'p{n}', '1.0'].requires_dist == (f'q{n}',) for n in range(8)), found\n"
    )
    cache = tmp_path / "shared"
    command = [sys.executable, "-c", code, server.url, str(cache)]
    running = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    for process in running:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    assert not list(cache.rglob("*.tmp"))


def test_of_two_indexes_the_first_that_has_a_project_counts(server: LocalIndex, client: Client) -> None:
    other = LocalIndex()
    try:
        server.add("internal", "internal-1.0-py3-none-any.whl", b"")
        other.add("internal", "internal-99.0-py3-none-any.whl", b"")
        other.add("demo", WHEEL, b"")
        index = client(server.url, other.url)
        assert list(index.releases("internal")) == ["1.0"]
        assert list(index.releases("demo")) == ["1.0"]
        with pytest.raises(ProjectNotFound, match=f"{server.host} or {other.host}"):
            index.files("nowhere")
    finally:
        other.close()


def test_local_directories(tmp_path: Path, server: LocalIndex, client: Client) -> None:
    flat = tmp_path / "wheels here"
    flat.mkdir()
    (flat / WHEEL).write_bytes(build_wheel("demo", "1.0", ["numpy"]))
    pages = tmp_path / "simple"
    (pages / "paged").mkdir(parents=True)
    (pages / "paged" / "index.html").write_text('<a href="../../wheels%20here/paged-2.0-py3-none-any.whl">x</a>')
    (flat / "paged-2.0-py3-none-any.whl").write_bytes(build_wheel("paged", "2.0", ["scipy"]))
    server.add("demo", "demo-0.5-py3-none-any.whl", b"")

    index = client(pages.as_uri())
    assert index.metadata("paged", "2.0").requires_dist == ("scipy",)
    with pytest.raises(ProjectNotFound):
        index.files("demo")
    assert list(client(str(flat)).releases("demo")) == ["1.0"]
    linked = client(find_links=[str(flat)])
    assert list(linked.releases("demo")) == ["0.5", "1.0"]
    assert linked.metadata("demo", "1.0").requires_dist == ("numpy",)
    assert linked.top_level_names("demo", "1.0") == ("demo",)
    with pytest.raises(IndexUnreachable, match="no such file or directory"):
        client(str(tmp_path / "absent")).files("demo")


def test_credentials_are_sent_and_never_shown(
    server: LocalIndex, client: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    server.user = "someone"
    server.add("demo", WHEEL, build_wheel("demo", "1.0"))
    with pytest.raises(IndexUnreachable, match="401 Unauthorized") as caught:
        client().files("demo")
    assert "netrc" in str(caught.value)

    secret = client(server.url.replace("http://", "http://someone:se%40cret@"))
    file = secret.files("demo")[0]
    assert "secret" not in file.url
    assert secret.hosts == (server.host,)
    assert secret.metadata("demo", "1.0").version == "1.0"
    assert all("authorization" in headers for path, headers, status in server.log if status == 200)
    for path in (tmp_path / "cache").rglob("*"):
        assert path.is_dir() or (b"se%40cret" not in path.read_bytes() and b"se@cret" not in path.read_bytes())
    with pytest.raises(ProjectNotFound) as absent:
        secret.files("nothing")
    assert "cret" not in str(absent.value)

    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password s\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    assert client(cache=tmp_path / "other").files("demo")


def test_a_proxy_is_used_unless_excepted(
    server: LocalIndex, client: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    server.add("demo", WHEEL, build_wheel("demo", "1.0"))
    monkeypatch.setenv("http_proxy", f"http://user:word@{server.host}")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert client("http://index.invalid/simple/").files("demo")
    path, headers, _ = server.log[-1]
    assert path == "http://index.invalid/simple/demo/"
    assert "proxy-authorization" in headers
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert client(cache=tmp_path / "other").files("demo")
    assert server.log[-1][0] == "/simple/demo/"


def test_where_the_defaults_come_from(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert default_index_urls() == ("https://pypi.org/simple/",)
    monkeypatch.setenv("PIP_INDEX_URL", "https://pip.example/simple")
    assert default_index_urls() == ("https://pip.example/simple",)
    monkeypatch.setenv("UV_DEFAULT_INDEX", "name=https://uv.example/simple")
    assert default_index_urls() == ("https://uv.example/simple",)
    monkeypatch.setenv("PODFIT_INDEX_URL", "https://own.example/?a=b")
    assert default_index_urls() == ("https://own.example/?a=b",)
    monkeypatch.setenv("PODFIT_CACHE_DIR", str(tmp_path / "x"))
    assert default_cache() == tmp_path / "x"
    assert Index().hosts == ("own.example",)


def test_importing_the_room_imports_no_client() -> None:
    code = (
        "import sys, podfit.model, time; start = time.perf_counter(); import podfit.index\n"
        "took = time.perf_counter() - start\n"
        "from podfit.index import Index; Index()\n"
        "heavy = {'urllib3', 'http.client', 'ssl', 'html.parser', 'packaging.metadata'} & set(sys.modules)\n"
        "assert not heavy, heavy\nprint(took)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 0.05


def template(series: str, glibc: str, machine: str = "x86_64", tags: tuple[str, ...] = ()) -> Template:
    return Template(
        name="t",
        interpreter=Interpreter(f"{series}.1"),
        platform=Platform(machine=machine, glibc=glibc, tags=tags),
        distributions={},
        origin=Origin.GIVEN,
        evidence=Evidence(EvidenceKind.ASSUMED, "a test"),
    )


def test_the_tags_of_this_interpreter_are_computed_as_packaging_has_them() -> None:
    import platform

    from packaging.tags import sys_tags

    from podfit.index import platform_tags

    name, glibc = platform.libc_ver()
    if name != "glibc" or sys.implementation.name != "cpython":
        pytest.skip("needs CPython on glibc to compare with")
    series = f"{sys.version_info[0]}.{sys.version_info[1]}"
    mine = platform_tags(template(series, glibc, platform.machine()))
    theirs = tuple(str(tag) for tag in sys_tags())
    assert sorted(mine) == sorted(theirs)
    own = f"linux_{platform.machine()}"  # where it stands among the others depends on packaging's release
    assert [tag for tag in mine if own not in tag] == [tag for tag in theirs if own not in tag]


def test_tags_of_other_platforms() -> None:
    from podfit.index import platform_tags

    assert platform_tags(template("3.10", "2.35", tags=("x",))) == ("x",)
    tags = platform_tags(template("3.10", "2.28", "aarch64"))
    assert tags[:2] == ("cp310-cp310-linux_aarch64", "cp310-cp310-manylinux_2_28_aarch64")
    assert "cp310-cp310-manylinux2014_aarch64" in tags
    assert not any("manylinux2010" in tag or "manylinux_2_16" in tag or "manylinux_2_29" in tag for tag in tags)
    assert "cp38-abi3-manylinux_2_17_aarch64" in tags
    assert tags[-1] == "py30-none-any"


def test_the_recorder_is_silent_when_all_is_well(server: LocalIndex, client: Client, reporter: Recorder) -> None:
    server.add("demo", WHEEL, build_wheel("demo", "1.0"))
    client().metadata("demo", "1.0")
    assert reporter.warnings == []
