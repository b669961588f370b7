"""An image as a template: archives, layouts, layers over one another, and which Python of several is meant."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from image_support import (
    LIBC,
    Image,
    digest,
    distribution,
    entry,
    files_layer,
    hard_link,
    link,
    python_at,
    tar,
    zstd,
)
from index_support import build_wheel
from uv import find_uv_bin

from podfit.model import InputError, Origin
from podfit.readers.image.read import read_image, source_of
from podfit.readers.template import read_template

SITE = "/usr/local/lib/python3.11/site-packages"
VERSION_PY = (f"{SITE[1:]}/torch/version.py", "__version__ = '2.4.0+cu124'\ncuda = '12.4'\n")


def read(path: Path | str, **options: Any) -> dict[str, Any]:
    source = source_of(str(path))
    assert source is not None
    return read_image(source, name="x", **options)


def names(manifest: dict[str, Any]) -> dict[str, str]:
    return {each["name"]: each["version"] for each in manifest["distributions"]}


def an_image(**options: Any) -> Image:
    base = tar(*python_at("/usr/local"), LIBC, ("etc/os-release", "ID=debian\n"))
    torch = distribution(SITE, "torch", "2.4.0+cu124", headers="Requires-Dist: numpy\n")
    packages = tar(*torch, *distribution(SITE, "numpy", "1.26.4"), VERSION_PY)
    change = tar(entry(f"{SITE[1:]}/.wh.numpy-1.26.4.dist-info"), *distribution(SITE, "numpy", "2.0.0"))
    return Image(base, packages, change, **options)


WRITERS: dict[str, Callable[[Image, Path], Path]] = {
    "docker save": lambda image, folder: image.save(folder / "image.tar"),
    "docker save | gzip": lambda image, folder: _packed(
        image.save(folder / "a"), folder / "image.tar.gz", gzip.compress
    ),
    "docker save | zstd": lambda image, folder: _packed(image.save(folder / "a"), folder / "image.tar.zst", zstd),
    "layout": lambda image, folder: image.layout(folder / "image"),
    "packed layout": lambda image, folder: _written(folder / "image.tar", tar(*image.layout_files("1").items())),
    "docker 25's save": lambda image, folder: _written(folder / "image.tar", tar(*_both(image).items())),
}


def _packed(plain: Path, packed: Path, pack: Callable[[bytes], bytes]) -> Path:
    return _written(packed, pack(plain.read_bytes()))


def _written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def _both(image: Image) -> dict[str, bytes]:
    """Return a layout that has Docker's own list as well."""
    layers = [f"blobs/sha256/{digest(layer)[7:]}" for layer in image.layers]
    config = f"blobs/sha256/{digest(image.config_bytes)[7:]}"
    listed = json.dumps([{"Config": config, "RepoTags": ["a:1"], "Layers": layers}]).encode()
    return {**image.layout_files("1"), "manifest.json": listed}


@pytest.mark.parametrize("packed", ["gzip", "zstd", ""])
@pytest.mark.parametrize("writer", list(WRITERS))
def test_every_shape_is_the_same_template(writer: str, packed: str, tmp_path: Path) -> None:
    path = WRITERS[writer](an_image(packed=packed), tmp_path)
    template = read_template(str(path))
    assert (template.name, template.origin) == ("image", Origin.IMAGE)
    assert {name: each.version for name, each in template.distributions.items()} == {
        "torch": "2.4.0+cu124",
        "numpy": "2.0.0",
    }
    assert (template.interpreter.version, template.platform.machine) == ("3.11.9", "x86_64")
    assert (template.platform.glibc, template.captured) == ("2.36", "2026-01-02T03:04:05Z")
    assert template.evidence.source == str(path)
    assert "nothing of it was run" in template.evidence.detail
    assert template.cuda is not None and template.cuda.value == "12.4"


def test_the_configuration_steers_like_the_image(tmp_path: Path) -> None:
    env = (f"PATH={'/usr/local/bin'}", "NVIDIA_REQUIRE_CUDA=cuda>=12.4", "CUDA_VERSION=12.4.1", "PIP_NO_CACHE_DIR=1")
    secret = "PIP_INDEX_URL=https://me:hunter2@index.example/simple"
    manifest = read(an_image(env=(*env, secret, "HOME=/root")).save(tmp_path / "a.tar"))
    assert manifest["environment"] == {
        "CUDA_VERSION": "12.4.1",
        "NVIDIA_REQUIRE_CUDA": "cuda>=12.4",
        "PIP_INDEX_URL": "https://****@index.example/simple",
        "PIP_NO_CACHE_DIR": "1",
    }
    assert manifest["pip_config"][":env:.no-cache-dir"] == "1"
    assert "hunter2" not in json.dumps(manifest)


def two_pythons() -> bytes:
    """Return a layer with Debian's Python, first on the usual path, and conda's with torch."""
    conda = "/opt/conda/lib/python3.10/site-packages"
    return tar(
        *python_at("/usr", "3.12.3"),
        *python_at("/opt/conda", "3.10.14"),
        *distribution("/usr/lib/python3/dist-packages", "six", "1.16.0"),
        *distribution(conda, "torch", "2.2.0"),
        LIBC,
    )


@pytest.mark.parametrize(
    ("path", "executable", "said"),
    [
        ("/opt/conda/bin:/usr/bin", "/opt/conda/bin/python", "the first on PATH that has torch (2.2.0)"),
        ("/usr/bin:/opt/conda/bin", "/opt/conda/bin/python", "the first on PATH that has torch (2.2.0)"),
        ("/usr/bin", "/opt/conda/bin/python", "though not on PATH, that has torch (2.2.0)"),
    ],
)
def test_the_python_with_torch_is_the_template(path: str, executable: str, said: str, tmp_path: Path) -> None:
    manifest = read(Image(two_pythons(), env=(f"PATH={path}",)).save(tmp_path / "a.tar"))
    assert manifest["interpreter"]["executable"] == executable
    assert said in manifest["notes"][0] and "/usr/bin/python 3.12.3" in manifest["notes"][0]


def test_another_python_can_be_asked_for(tmp_path: Path) -> None:
    path = Image(two_pythons(), env=("PATH=/opt/conda/bin",)).save(tmp_path / "a.tar")
    template = read_template(str(path), python="3.12")
    assert (template.interpreter.version, set(template.distributions)) == ("3.12.3", {"six"})
    with pytest.raises(InputError, match=r"has no Python 3\.9 that podfit could read"):
        read_template(str(path), python="3.9")


def test_without_torch_the_first_on_path_counts(tmp_path: Path) -> None:
    layer = tar(*python_at("/usr", "3.12.3"), *python_at("/opt/own", "3.11.1"))
    manifest = read(Image(layer, env=("PATH=/opt/own/bin:/usr/bin",)).save(tmp_path / "a.tar"))
    assert manifest["interpreter"]["executable"] == "/opt/own/bin/python"
    assert "the first on PATH. The others: /usr/bin/python 3.12.3." in manifest["notes"][0]


@pytest.mark.parametrize(("shared", "expected"), [("true", {"six", "torch"}), ("false", {"torch"})])
def test_a_virtual_environment_sees_what_it_says(shared: str, expected: set[str], tmp_path: Path) -> None:
    layer = tar(
        *python_at("/usr", "3.12.3"),
        *distribution("/usr/lib/python3/dist-packages", "six", "1.16.0"),
        link("opt/venv/bin/python", "/usr/bin/python3.12"),
        ("opt/venv/pyvenv.cfg", f"home = /usr/bin\ninclude-system-site-packages = {shared}\n"),
        *distribution("/opt/venv/lib/python3.12/site-packages", "torch", "2.6.0"),
        ("usr/lib/python3.12/EXTERNALLY-MANAGED", "[externally-managed]\n"),
    )
    manifest = read(Image(layer, env=("PATH=/opt/venv/bin:/usr/bin",)).save(tmp_path / "a.tar"))
    assert manifest["interpreter"]["prefix"] == "/opt/venv" and not manifest["interpreter"]["externally_managed"]
    assert {each["name"]: each["location"] for each in manifest["distributions"]} == {
        name: {"torch": "venv", "six": "system"}[name] for name in expected
    }


def test_a_pth_file_leads_on_and_its_code_is_not_run(tmp_path: Path) -> None:
    layer = tar(
        *python_at("/usr/local"),
        (f"{SITE[1:]}/own.pth", "/workspace/src\nimport os; os._exit(7)\n# note\n../elsewhere\n"),
        *distribution("/workspace/src", "own", "1.0"),
    )
    assert names(read(Image(layer).save(tmp_path / "a.tar"))) == {"own": "1.0"}


def test_what_a_layer_hides_is_gone_and_what_it_brings_is_there(tmp_path: Path) -> None:
    base = tar(*python_at("/usr/local"), *distribution(SITE, "old", "1"), *distribution(SITE, "kept", "1"))
    opaque = tar(*distribution(SITE, "new", "2"), entry(f"{SITE[1:]}/.wh..wh..opq"))
    assert names(read(Image(base, opaque).save(tmp_path / "a.tar"))) == {"new": "2"}
    again = tar(*distribution(SITE, "old", "1"), entry(f"{SITE[1:]}/.wh.old-1.dist-info"), entry("usr/.wh..wh.plnk"))
    assert names(read(Image(base, again).save(tmp_path / "b.tar"))) == {"kept": "1", "old": "1"}
    part = tar(
        (f"{SITE[1:]}/old-1.dist-info/METADATA", "Name: old\nVersion: 1\n"), entry(f"{SITE[1:]}/.wh.old-1.dist-info")
    )
    found = read(Image(base, part).save(tmp_path / "c.tar"))["distributions"]
    assert [each.get("installer") for each in found if each["name"] == "old"] == [
        ""
    ]  # INSTALLER was hidden with the rest


def test_files_behind_links_and_under_several_names(tmp_path: Path) -> None:
    cache = "root/.cache/uv/archive-v0/abc"
    real = [*distribution(cache, "numpy", "1.26.4")]
    info = "numpy-1.26.4.dist-info"
    layer = tar(
        *python_at("/usr/local"),
        link(SITE[1:], "/data/packages"),
        *real,
        *(hard_link(f"data/packages/{info}/{Path(name).name}", name) for name, _ in real),
    )
    above = tar(*distribution(SITE, "torch", "2.4.0"))  # its parents are not in the tar: they lie behind the link
    assert names(read(Image(layer, above).save(tmp_path / "a.tar"))) == {"numpy": "1.26.4", "torch": "2.4.0"}


def test_a_layer_that_is_there_twice(tmp_path: Path) -> None:
    packages = tar(*distribution(SITE, "numpy", "1.26.4"))
    gone = tar(entry(f"{SITE[1:]}/.wh.numpy-1.26.4.dist-info"))
    image = Image(tar(*python_at("/usr/local")), packages, gone, packages)
    for path in (image.layout(tmp_path / "a"), image.save(tmp_path / "b.tar")):
        assert names(read(path)) == {"numpy": "1.26.4"}


def test_old_docker_writes_links_for_layers(tmp_path: Path) -> None:
    image = Image(tar(*python_at("/usr/local")), tar(*distribution(SITE, "numpy", "1.26.4")))
    plain = image.save(tmp_path / "a.tar")
    with tarfile.open(plain) as archive:
        members = {each.name: archive.extractfile(each).read() for each in archive}  # type: ignore[union-attr]
    listed = json.loads(members.pop("manifest.json"))
    one, two = listed[0]["Layers"]
    listed[0]["Layers"] = [one, "other/layer.tar"]
    path = tmp_path / "b.tar"
    path.write_bytes(tar(*members.items(), link("other/layer.tar", f"../{two}"), ("manifest.json", json.dumps(listed))))
    assert names(read(path)) == {"numpy": "1.26.4"}


def test_several_images_are_a_question(tmp_path: Path) -> None:
    image = an_image()
    listed = json.loads(_both(image)["manifest.json"]) * 2
    listed[1] = {**listed[1], "RepoTags": ["b:2"]}
    path = _written(tmp_path / "a.tar", tar(*{**image.blobs_named(), "manifest.json": json.dumps(listed)}.items()))
    with pytest.raises(InputError, match=r"has several images \(a:1, b:2\); save one image alone"):
        read(path)


def test_an_image_of_another_machine(tmp_path: Path) -> None:
    path = an_image(architecture="arm64").layout(tmp_path / "a")
    with pytest.raises(InputError, match="it is for linux/aarch64, not for linux/x86_64"):
        read(path)
    assert read_template(str(path), machine="aarch64").platform.machine == "aarch64"


@pytest.mark.machine
def test_a_real_environment_reads_as_its_probe_says(make_venv: Callable[..., str], tmp_path: Path) -> None:
    """Real wheels in a real environment: what the image says is what the probe says of the living one."""
    python = make_venv(name="env")
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    for name, version, requires in (("one", "1.0", ["two>=2"]), ("two", "2.1+cu124", [])):
        (wheels / f"{name}-{version}-py3-none-any.whl").write_bytes(build_wheel(name, version, requires))
    installed = [find_uv_bin(), "pip", "install", "--offline", "--no-index", "--link-mode=hardlink"]
    words = [*installed, "--cache-dir", str(tmp_path / "cache"), "--python", python, "--find-links", str(wheels), "one"]
    subprocess.run(words, check=True, capture_output=True)
    live = read_template(python)
    home, series = Path(sys.base_prefix), "python{}.{}".format(*sys.version_info[:2])
    real = Path(sys.executable).resolve()
    library = [path for path in (home / "lib").glob("libpython3*.so*") if not path.is_symlink()]
    base = [real, home / "lib" / series / "os.py", *library]
    env = Path(python).parents[1]
    image = Image(
        files_layer((path, str(path)) for path in base),
        files_layer([(tmp_path / "cache", str(tmp_path / "cache")), (env, str(env))]),
        packed="zstd",
        env=(f"PATH={env}/bin:/usr/bin",),
    )
    template = read_template(str(image.layout(tmp_path / "image")))
    assert template.interpreter == live.interpreter
    assert set(template.distributions) == {"one", "two"}
    for name, there in live.distributions.items():
        assert template.distributions[name] == replace(there, evidence=template.evidence)


def test_the_system_s_libraries_and_packages_are_facts(tmp_path: Path) -> None:
    system = tar(
        ("etc/ld.so.conf", "include /etc/ld.so.conf.d/*.conf\n"),
        ("etc/ld.so.conf.d/more.conf", "/opt/more\n"),
        ("opt/more/libGL.so.1", b""),
        ("usr/lib/x86_64-linux-gnu/libgomp.so.1", b""),
        ("var/lib/dpkg/status", "Package: libgl1\nStatus: install ok installed\nVersion: 1.4\n"),
        ("var/lib/dpkg/status.d/zlib1g", "Package: zlib1g\nVersion: 1.2\n"),
    )
    base = tar(*python_at("/usr/local"), LIBC, ("etc/os-release", "ID=debian\n"))
    template = read_template(str(Image(base, system).save(tmp_path / "a.tar")))
    facts = template.facts.system
    assert facts is not None
    assert facts.os is not None and facts.os.value == "debian"
    assert facts.libraries is not None and {"libGL.so.1", "libgomp.so.1"} <= set(facts.libraries.value)
    assert facts.packages is not None and dict(facts.packages.value) == {"libgl1": "1.4", "zlib1g": "1.2"}


def test_the_constraints_that_pip_is_bound_by_are_read(tmp_path: Path) -> None:
    path = "/etc/pip/constraint.txt"
    lines = "# tested with\nnumpy==1.26.4\n--index-url https://x\nown @ https://me:secret@x/own.whl\n\n"
    layer = tar(*python_at("/usr/local"), (path[1:], lines), ("etc/pip.conf", "[install]\nconstraint = /opt/limits\n"))
    above = tar(("opt/limits", "six<2\n"))
    image = Image(layer, above, env=(f"PATH={'/usr/local/bin'}", f"PIP_CONSTRAINT={path}"))
    found = read_template(str(image.save(tmp_path / "a.tar"))).facts.pip_constraints
    assert found == {path: ("numpy==1.26.4", "own @ https://****@x/own.whl")}
