"""Images that somebody made to harm: each is one sentence, nothing is written, and little memory is taken."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from image_support import (
    CONFIG,
    MANIFEST,
    Image,
    descriptor,
    digest,
    distribution,
    entry,
    hard_link,
    link,
    python_at,
    tar,
)
from share import examples

from podfit.far.tree import libraries, system
from podfit.model import InputError
from podfit.readers.image import blob, filesystem, layer, pythons, store, wanted
from podfit.readers.image.errors import DamagedError
from podfit.readers.image.filesystem import FileSystem, Folder, ImageTree
from podfit.readers.image.layer import LayerReader, lay
from podfit.readers.image.read import read_image, source_of
from podfit.readers.image.source import Layer
from podfit.readers.image.store import Store

SITE = "/usr/local/lib/python3.11/site-packages"
GOOD = tar(*python_at("/usr/local"), *distribution(SITE, "numpy", "1.26.4"))


def sentence(path: Path) -> str:
    """Return what is said of an image that cannot be read; it is one line."""
    source = source_of(str(path))
    assert source is not None, "it is taken for something else"
    with pytest.raises(InputError) as caught:
        read_image(source, name="x")
    text = str(caught.value)
    assert text.startswith(f"{path}: ") and "\n" not in text and len(text) < 700
    assert caught.value.exit_code == 2
    return text


def with_pax(name: str, value: str) -> bytes:
    """Return a tar whose first entry has a pax header of one long field."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(entry("x", pax_headers={name: value}))
    return buffer.getvalue()


def claiming(size: int) -> bytes:
    """Return a tar whose entry claims size bytes and has none."""
    return entry("usr/x", size=size).tobuf(tarfile.GNU_FORMAT)


def long_name(size: int) -> bytes:
    """Return a tar that begins with a GNU long name of size bytes, of which there are few."""
    head = entry("././@LongLink", tarfile.GNUTYPE_LONGNAME, size=size)
    return head.tobuf(tarfile.GNU_FORMAT) + b"a" * 512


LAYERS: dict[str, tuple[bytes, str]] = {
    "out of the image": (tar(("../../etc/passwd", "x")), "'../../etc/passwd' in it leads out of the image"),
    "out by the middle": (tar(("usr/../../x", "x")), "leads out of the image"),
    "hard link out": (tar(hard_link("x", "../../etc/passwd")), "leads out of the image"),
    "hard link to nothing": (
        tar(hard_link("x", "nothing")),
        "is a hard link to 'nothing', which is no file of the image",
    ),
    "hard link to itself": (tar(hard_link("x", "x")), "which is no file of the image"),
    "hard link to a directory": (tar("usr", hard_link("x", "usr")), "which is no file of the image"),
    "whiteout of nothing": (tar(entry("usr/.wh.")), "hides '', which is no file"),
    "whiteout of above": (tar(entry("usr/.wh...")), "hides '..', which is no file"),
    "deep": (tar(("a/" * 200 + "x", "")), "directories deep"),
    "a long name": (tar(("a" * 5000, "")), "a name in it has 5000 characters"),
    "a huge pax header": (with_pax("comment", "x" * 3_000_000), "a header in it claims 30"),
    "a huge GNU name": (long_name(2**33), "a header in it claims 8589934592 bytes"),
    "no tar": (b"\x01" * 2048, "it is no tar to its end"),
    "no header after an entry": (tar(("x", ""))[:512] + b"garbage!" * 200, "what follows an entry is no header"),
    "cut in a file": (tar(("x", "y" * 5000))[:2000], "it ends in the middle of a file"),
    "cut in a header": (tar(("x", "y"), ("z", "y"))[:1200], "it is no tar to its end"),
    "a size beyond all": (claiming(2**50), "it ends in the middle of a file"),
    "a file in its own way": (tar("a", link("a/b", "/a/b"), ("a/b/c", "")), "no Python"),
}


@pytest.mark.parametrize("case", list(LAYERS))
def test_a_hostile_layer_is_one_sentence(case: str, tmp_path: Path) -> None:
    data, expected = LAYERS[case]
    for image in (Image(data).layout(tmp_path / "layout"), Image(data).save(tmp_path / "image.tar")):
        before = sorted(tmp_path.rglob("*"))
        assert expected in sentence(image)
        assert sorted(tmp_path.rglob("*")) == before


def test_absolute_names_and_links_mean_places_inside_the_image(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("Name: stolen\nVersion: 1\n")
    info = f"{SITE}/numpy-1.26.4.dist-info"
    inside = tar(
        *python_at("/usr/local"),
        ("/" + f"{SITE[1:]}/own-1.dist-info/METADATA", "Name: own\nVersion: 1\n"),
        link(f"{info[1:]}/METADATA", str(secret)),
        link(f"{SITE[1:]}/up-1.dist-info", "../" * 60 + str(tmp_path)),
        entry(f"{SITE[1:]}/device-1.dist-info/METADATA", tarfile.CHRTYPE, devmajor=1, devminor=5),
        entry(f"{SITE[1:]}/pipe-1.dist-info/METADATA", tarfile.FIFOTYPE),
    )
    source = source_of(str(Image(inside).save(tmp_path / "a.tar")))
    assert source is not None
    manifest = read_image(source, name="x")
    assert [each["name"] for each in manifest["distributions"]] == ["own"]
    assert "stolen" not in json.dumps(manifest)


def test_links_in_a_loop_are_not_there(tmp_path: Path) -> None:
    around = tar(
        link("usr/local/bin/python", "python3"),
        link("usr/local/bin/python3", "python"),
        link("loop", "loop/loop/loop"),
        ("loop/x", "y"),
    )
    assert "has no Python that podfit could read" in sentence(Image(around).layout(tmp_path / "a"))


def test_of_two_entries_with_one_name_the_later_counts(tmp_path: Path) -> None:
    twice = tar(
        *python_at("/usr/local"),
        *distribution(SITE, "numpy", "1.26.4"),
        *distribution(SITE, "numpy", "1.26.4", METADATA="Name: numpy\nVersion: 9.9\n"),
    )
    source = source_of(str(Image(twice).layout(tmp_path / "a")))
    assert source is not None
    assert [each["version"] for each in read_image(source, name="x")["distributions"]] == ["9.9"]


def altered(change: Callable[[dict[str, bytes], Image], None]) -> Callable[[Path], Path]:
    """Return what writes a layout of a good image with some of its files changed."""

    def write(folder: Path) -> Path:
        image = Image(GOOD)
        files = image.layout_files()
        change(files, image)
        path = folder / "image.tar"
        path.write_bytes(tar(*files.items()))
        return path

    return write


def _with_manifest(files: dict[str, bytes], manifest: object, kind: str = MANIFEST) -> None:
    data = json.dumps(manifest).encode()
    files[f"blobs/sha256/{digest(data)[7:]}"] = data
    files["index.json"] = json.dumps({"schemaVersion": 2, "manifests": [descriptor(data, kind)]}).encode()


def _layer_changed(files: dict[str, bytes], image: Image) -> None:
    name = f"blobs/sha256/{digest(image.layers[0])[7:]}"
    files[name] = gzip.compress(tar(("evil", "x" * 10)), mtime=0).ljust(len(files[name]), b"\0")


def _layer_cut(files: dict[str, bytes], image: Image) -> None:
    name = f"blobs/sha256/{digest(image.layers[0])[7:]}"
    files[name] = files[name][:-10]


def _layer_longer(files: dict[str, bytes], image: Image) -> None:
    files[f"blobs/sha256/{digest(image.layers[0])[7:]}"] += b"\0" * 5


def _config_changed(files: dict[str, bytes], image: Image) -> None:
    name = f"blobs/sha256/{digest(image.config_bytes)[7:]}"
    files[name] = files[name].replace(b"amd64", b"arm64")


def _endless(files: dict[str, bytes], image: Image) -> None:
    inner = json.loads(files["index.json"])
    for _ in range(6):
        data = json.dumps(inner).encode()
        files[f"blobs/sha256/{digest(data)[7:]}"] = data
        inner = {"manifests": [descriptor(data, "application/vnd.oci.image.index.v1+json")]}
    files["index.json"] = json.dumps(inner).encode()


def _changed(**fields: object) -> Callable[[dict[str, bytes], Image], None]:
    return lambda files, image: _with_manifest(files, {**image.manifest(), **fields})


LAYOUTS: dict[str, tuple[Callable[[dict[str, bytes], Image], None], str]] = {
    "another layer": (_layer_changed, "it was damaged or exchanged"),
    "a cut layer": (_layer_cut, "it ends after"),
    "a longer layer": (_layer_longer, "it has more than the"),
    "another configuration": (_config_changed, "it was damaged or exchanged"),
    "no layer": (lambda f, i: f.pop(f"blobs/sha256/{digest(i.layers[0])[7:]}") and None, "it lacks the layer"),
    "no configuration": (lambda f, i: f.pop(f"blobs/sha256/{digest(i.config_bytes)[7:]}") and None, "it lacks sha256:"),
    "indexes without end": (_endless, "further indexes without end"),
    "an index of nothing": (lambda f, i: f.update({"index.json": b'{"manifests": []}'}), "it has none at all"),
    "no index": (lambda f, i: f.update({"index.json": b"[]"}), "its index is none"),
    "a chart": (
        _changed(config=descriptor(b"{}", "application/vnd.cncf.helm.config.v1+json")),
        "it is no container image: its configuration is 'application/vnd.cncf.helm.config.v1+json'",
    ),
    "an encrypted layer": (
        _changed(layers=[descriptor(b"", "application/vnd.oci.image.layer.v1.tar+gzip+encrypted")]),
        "cannot read a layer of the media type 'application/vnd.oci.image.layer.v1.tar+gzip+encrypted'",
    ),
    "a schema of old": (
        lambda f, i: _with_manifest(f, {"schemaVersion": 1, "fsLayers": []}, ""),
        "cannot read a manifest of the media type 'application/vnd.docker.distribution.manifest.v1+json'",
    ),
    "a type of its own": (_changed(mediaType="text/html"), "its manifest says that it is 'text/html' and was sent as"),
    "a digest that is none": (_changed(layers=[{"digest": "md5:../../x", "size": 1}]), "is no digest such as sha256:"),
    "a negative size": (_changed(layers=[{"digest": digest(b""), "size": -1}]), "a size of -1 bytes"),
    "too many layers": (_changed(layers=[descriptor(b"", "")] * 1001), "it has 1001 layers, more than 1000"),
    "Windows": (
        lambda f, i: _with_config(f, {**i.config, "os": "windows"}),
        "templates run Linux, and this image is for 'windows'",
    ),
}


def _with_config(files: dict[str, bytes], config: object) -> None:
    data = json.dumps(config).encode()
    files[f"blobs/sha256/{digest(data)[7:]}"] = data
    _with_manifest(files, {"schemaVersion": 2, "config": descriptor(data, CONFIG), "layers": []})


@pytest.mark.parametrize("case", list(LAYOUTS))
def test_a_hostile_layout_is_one_sentence(case: str, tmp_path: Path) -> None:
    change, expected = LAYOUTS[case]
    assert expected in sentence(altered(change)(tmp_path))


ARCHIVES: dict[str, tuple[bytes, str]] = {
    "a link out": (tar(link("a/layer.tar", "../../etc/passwd")), "is a link that leads out of it"),
    "an absolute link": (tar(link("layer.tar", "/etc/passwd")), "is a link that leads out of it"),
    "a name out": (tar(("../x", "")), "leads out of the image"),
    "an absolute name": (tar(("/etc/x", "")), "is an absolute name, which no image has"),
    "a device": (tar(entry("dev", tarfile.BLKTYPE)), "is neither a file nor a directory"),
    "something else": (tar(("README", "no image")), "is no image: it has neither manifest.json nor index.json"),
    "a list of nothing": (tar(("manifest.json", "[]")), "has no image for linux/x86_64"),
    "a list that is none": (tar(("manifest.json", '{"a": 1}')), "its manifest.json is none"),
    "nested without end": (tar(("manifest.json", "[" * 100_000)), "its manifest.json is none"),
    "no configuration": (
        tar(("manifest.json", '[{"Config": "a.json", "Layers": []}]')),
        "it lacks the configuration 'a.json'",
    ),
}


@pytest.mark.parametrize("case", list(ARCHIVES))
def test_a_hostile_archive_is_one_sentence(case: str, tmp_path: Path) -> None:
    data, expected = ARCHIVES[case]
    path = tmp_path / "image.tar"
    path.write_bytes(data)
    assert expected in sentence(path)


def test_links_for_layers_in_a_loop(tmp_path: Path) -> None:
    config = json.dumps(Image(GOOD).config)
    listed = json.dumps([{"Config": "c.json", "Layers": ["a/layer.tar"]}])
    loop = (link("a/layer.tar", "../b/layer.tar"), link("b/layer.tar", "../a/layer.tar"))
    (tmp_path / "image.tar").write_bytes(tar(*loop, ("c.json", config), ("manifest.json", listed)))
    assert "its links lead in a loop" in sentence(tmp_path / "image.tar")


@pytest.mark.parametrize("keep", [0.2, 0.5, 0.7])
def test_a_cut_archive_is_one_sentence(keep: float, tmp_path: Path) -> None:
    path = Image(GOOD, tar(("usr/x", "y" * 20_000))).save(tmp_path / "image.tar")
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])
    sentence(path)


def test_another_layer_in_an_archive_of_docker(tmp_path: Path) -> None:
    path = Image(GOOD).save(tmp_path / "image.tar")
    path.write_bytes(path.read_bytes().replace(b"numpy", b"nunpy"))
    assert "it was damaged or exchanged" in sentence(path)


def test_a_bomb_is_stopped_by_its_ratio(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blob, "RATIO_FROM", 8 * 2**20)
    bomb = io.BytesIO(gzip.compress(claiming(2**40), 9) + gzip.compress(b"\0" * (40 * 2**20), 9))
    with Store() as kept, pytest.raises(DamagedError, match="more than 500 times its size: it looks like a bomb"):
        LayerReader(kept).read(bomb, Layer("", -1, ""))


@pytest.mark.parametrize(
    ("name", "limit", "expected"),
    [
        ("MOST_ENTRIES", 3, "more than 3 entries: it looks like a bomb"),
        ("LARGEST_UNPACKED", 2000, "unpacks to more than 0 GiB: it looks like a bomb"),
    ],
)
def test_what_is_too_much_in_all(name: str, limit: int, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layer, name, limit)
    with Store() as kept, pytest.raises(DamagedError, match=expected):
        LayerReader(kept).read(io.BytesIO(GOOD), Layer("", -1, ""))


def test_what_is_kept_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MOST_KEPT", 100)
    with Store() as kept, pytest.raises(DamagedError, match="its package metadata alone"):
        LayerReader(kept).read(io.BytesIO(GOOD), Layer("", -1, ""))


_NAMES = st.sampled_from(["a", "b", "c", ".wh.a", ".wh.b", ".wh..wh..opq", "METADATA"])
_PATHS = st.lists(_NAMES, min_size=1, max_size=4).map("/".join)
_KINDS = st.sampled_from([tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE])
_TARGETS = st.sampled_from(["/", "a", "b/c", "../a", "/a/b", "../../..", "a/./b", ""])
_ENTRIES = st.lists(st.builds(entry, _PATHS, _KINDS, _TARGETS), max_size=12)


@given(st.lists(_ENTRIES, max_size=3))
@settings(max_examples=examples(150))
def test_whatever_layers_say_every_path_ends_inside(layers: list[list[tarfile.TarInfo]]) -> None:
    """Any entries at all: they are laid, or refused in a sentence; no name leaves, no link goes round for ever."""
    files = FileSystem()
    with Store() as kept:
        reader = LayerReader(kept)
        try:
            for each in layers:
                lay(files, reader.read(io.BytesIO(tar(*each)), Layer("", -1, "")))
        except DamagedError as error:
            assert "\n" not in str(error)
        tree = ImageTree(files, kept)
        waiting = ["/"]
        for _ in range(300):
            if not waiting:
                break
            folder = waiting.pop()
            for name in tree.names(folder):
                path = f"{folder.rstrip('/')}/{name}"
                assert not name.startswith(".wh.")
                try:
                    real = tree.real(path)
                except OSError:
                    continue
                assert real.startswith("/") and ".." not in real.split("/")
                if tree.is_dir(path) and path.count("/") < 6:
                    waiting.append(path)


@given(st.binary(max_size=3000), st.integers(0, 3000))
@settings(max_examples=examples(200))
def test_any_bytes_are_a_sentence_at_worst(noise: bytes, at: int) -> None:
    """Noise in the middle of a layer, packed or not."""
    for good in (GOOD, gzip.compress(GOOD, 1, mtime=0)):
        data = good[:at] + noise + good[at + len(noise) :]
        with Store() as kept:
            try:
                lay(FileSystem(), LayerReader(kept).read(io.BytesIO(data), Layer("", -1, "")))
            except DamagedError as error:
                assert "\n" not in str(error)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["put", "hide", "empty"])), max_size=8))
def test_layers_lie_over_one_another_as_a_set_would(steps: list[tuple[str, str]]) -> None:
    """Each step is a layer over files d/a, d/b and d/c; a plain set is the model."""
    files, model = FileSystem(), set[str]()
    for name, what in steps:
        files.next_layer()
        if what == "put":
            files.put(f"d/{name}", Folder())
            model.add(name)
        elif what == "hide":
            files.hide(f"d/{name}")
            model.discard(name)
        else:
            files.hide_content("d")
            model.clear()
    found = files.find("/d")
    assert (set(found.entries) if isinstance(found, Folder) else set()) == model


def refused(image: Image, path: Path) -> str:
    """Return what is said of an image that takes too much; none of its bytes are believed."""
    return sentence(image.save(path / "image.tar"))


def steps_of(*layers: bytes) -> int:
    """Return how many steps it takes to lay layers one over the other."""
    files = FileSystem()
    with Store() as kept:
        reader = LayerReader(kept)
        for data in layers:
            lay(files, reader.read(io.BytesIO(data), Layer("", -1, "")))
    return files.steps


@pytest.mark.parametrize("whiteout", ["opt/x/.wh..wh..opq", "opt/.wh.x"])
def test_a_directory_that_is_hidden_again_and_again_is_emptied_once(whiteout: str) -> None:
    """Twice the files and twice the whiteouts are twice the work, not four times."""

    def layer_of(count: int) -> bytes:
        return tar(*[(f"opt/x/{n}", "") for n in range(count)], *[entry(whiteout) for _ in range(count)])

    few, many = steps_of(layer_of(100)), steps_of(layer_of(200))
    assert many < 2.5 * few


def test_a_whiteout_that_comes_again_takes_nothing_of_its_own_layer() -> None:
    files = FileSystem()
    with Store() as kept:
        reader = LayerReader(kept)
        hide = entry("d/.wh..wh..opq")
        for data in (tar(("d/old", ""), ("d/e/old", "")), tar(hide, ("d/new", ""), ("d/e/new", ""), hide)):
            lay(files, reader.read(io.BytesIO(data), Layer("", -1, "")))
    assert isinstance(files.find("/d"), Folder)
    assert ImageTree(files, kept).names("/d") == ["e", "new"]
    assert ImageTree(files, kept).names("/d/e") == ["new"]


def test_paths_that_links_make_long_come_to_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filesystem, "MOST_STEPS", 50_000)
    up = "x/../" * 700
    chain = [link(f"l{n}", f"{up}l{n + 1}") for n in range(30)]
    layer_of = tar(*python_at("/usr/local"), "x", *chain, "l30", *[(f"l0/{n}", "") for n in range(50)])
    assert "its paths lead through more than 50,000 directories and links" in refused(Image(layer_of), tmp_path)


def test_names_that_are_long_in_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layer, "MOST_NAMES", 10_000)
    layer_of = tar(*python_at("/usr/local"), *[(f"{'n' * 1000}{n}", "") for n in range(10)])
    assert "its names have more than 10,000 characters" in refused(Image(layer_of), tmp_path)


def test_metadata_that_is_large_in_all_is_refused_though_readers_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filesystem, "MOST_METADATA", 2**20)
    lines = "Requires-Dist: a\n" * 12_000
    many = [each for n in range(8) for each in distribution(SITE, f"p{n}", "1", headers=lines)]
    said = refused(Image(tar(*python_at("/usr/local"), *many)), tmp_path)
    assert "the metadata of its distributions have more than 1 MiB" in said


def test_more_interpreters_than_anybody_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pythons, "MOST_PYTHONS", 20)
    many = tar(*python_at("/usr/local"), *[(f"e{n}/bin/python3", "x") for n in range(20)])
    assert "more than 20 programs that are called python" in refused(Image(many), tmp_path)


def test_a_search_path_that_names_a_directory_again_and_again(tmp_path: Path) -> None:
    env = (f"PATH={':'.join(['/usr/local/bin', '/usr/local/bin/', '/usr/local//bin'] * 30_000)}",)
    source = source_of(str(Image(GOOD, env=env).save(tmp_path / "a.tar")))
    assert source is not None
    assert read_image(source, name="x")["interpreter"]["executable"] == "/usr/local/bin/python"


def test_a_text_that_is_too_large_is_not_kept_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wanted, "LARGEST_TEXT", 1000)
    large = distribution(SITE, "big", "1", RECORD="big/__init__.py,,\n" * 100)
    source = source_of(str(Image(GOOD, tar(*large)).save(tmp_path / "a.tar")))
    assert source is not None
    manifest = read_image(source, name="x")
    assert [each["name"] for each in manifest["distributions"]] == ["numpy"]
    assert any("big-1.dist-info could not be read" in each for each in manifest["probe"]["warnings"])


def test_a_thousand_broken_records_are_a_hundred_sentences(tmp_path: Path) -> None:
    broken = [(f"{SITE[1:]}/p{n}-1.dist-info/METADATA", "\n") for n in range(300)]
    source = source_of(str(Image(GOOD, tar(*broken)).save(tmp_path / "a.tar")))
    assert source is not None
    warnings = read_image(source, name="x")["probe"]["warnings"]
    assert len(warnings) == 101
    assert warnings[-1] == "there is more of this kind, which is left out"


def test_a_conda_record_that_is_too_large_is_taken_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "_LARGEST_RECORD", 1000)
    prefix = "opt/conda"
    python = [each for each in python_at("/opt/conda") if isinstance(each, tarfile.TarInfo)]
    program = (f"{prefix}/bin/python3.11", b"\x7fELF")
    record = (f"{prefix}/conda-meta/python-3.11.7-h1_0_cpython.json", "[" * 5000)
    image = Image(tar(program, *python, (f"{prefix}/lib/python3.11/os.py", ""), record), env=("PATH=/opt/conda/bin",))
    source = source_of(str(image.save(tmp_path / "a.tar")))
    assert source is not None
    assert read_image(source, name="x")["interpreter"]["version"] == "3.11.7"


@pytest.mark.parametrize(
    ("pattern", "name", "fits"),
    [
        ("*.conf", "a.conf", True),
        ("*.conf", ".conf", True),
        ("a.conf", "a.conf", True),
        ("a.conf", "xa.conf", False),
        ("a*b*c", "abbc", True),
        ("a*b*c", "acb", False),
        ("ab*ba", "aba", False),
        ("*" + "a*" * 2000 + "b", "a" * 4000, False),
    ],
)
def test_the_patterns_of_the_linker_s_files(pattern: str, name: str, fits: bool) -> None:
    tree = ImageTree(files := FileSystem(), Store())
    files.put(f"etc/ld.so.conf.d/{name}", Folder())
    assert list(libraries._matching(tree, f"ld.so.conf.d/{pattern}")) == ([f"/etc/ld.so.conf.d/{name}"] if fits else [])


def test_dpkg_s_record_of_python_is_found_in_one_pass(tmp_path: Path) -> None:
    status = "Package: python3.11-minimal\n" * 3000 + "\nPackage: python3.11-minimal\nVersion: 3.11.2-6\n"
    image = Image(
        tar(("usr/bin/python3.11", b"\x7fELF"), ("usr/lib/python3.11/os.py", ""), ("var/lib/dpkg/status", status))
    )
    assert "has no Python" in refused(image, tmp_path)  # the first of that name says nothing
    told = status.rpartition("\n\n")[2]
    image = Image(
        tar(("usr/bin/python3.11", b"\x7fELF"), ("usr/lib/python3.11/os.py", ""), ("var/lib/dpkg/status", told))
    )
    source = source_of(str(image.save(tmp_path / "b.tar")))
    assert source is not None
    assert read_image(source, name="x")["interpreter"]["version"] == "3.11.2"


@given(
    st.lists(st.binary(max_size=3000), min_size=1, max_size=6),
    st.integers(0, 600),
    st.integers(1, 5000),
    st.integers(1, 40),
)
@settings(max_examples=examples(150))
def test_members_of_gzip_are_read_as_python_s_own_reader_does(
    parts: list[bytes], zeros: int, size: int, cut: int
) -> None:
    """Members one after the other, zeros behind; and cut off, it is told as an end that came too early."""
    packed = b"".join(gzip.compress(part, mtime=0) for part in parts) + bytes(zeros)
    stream = blob.Gunzipped(io.BytesIO(packed))
    found = b""
    while piece := stream.read(size):
        assert len(piece) <= size
        found += piece
    assert found == b"".join(parts) == gzip.decompress(packed)
    if cut < len(gzip.compress(parts[-1], mtime=0)):
        stream = blob.Gunzipped(io.BytesIO(packed[: len(packed) - zeros - cut]))
        with pytest.raises(EOFError):
            while stream.read(size):
                pass
