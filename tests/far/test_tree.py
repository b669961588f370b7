"""The readers over a tree that is not this machine's: an image's files below a directory, nothing of them run."""

from __future__ import annotations

import importlib.metadata
import json
import os
import sys
from pathlib import Path

import pytest
from far_support import add_wheel_like
from hypothesis import given
from hypothesis import strategies as st

from podfit.far.probe.interpreter import environment
from podfit.far.tree.cuda import cuda_facts
from podfit.far.tree.distributions import egg_requires, infos, metadata, visible
from podfit.far.tree.environment import Environment
from podfit.far.tree.files import HERE, Tree
from podfit.far.tree.libraries import configured_folders, dpkg_packages, loader_folders, system_facts
from podfit.far.tree.listing import distributions
from podfit.far.tree.notes import Warnings
from podfit.far.tree.pip import pip_config
from podfit.far.tree.records import record, rows
from podfit.far.tree.system import conda_packages, glibc, libstdcxx, os_release
from podfit.far.tree.torch import torch_facts, torch_folder

SITE = "/opt/env/lib/python3.11/site-packages"


@pytest.fixture
def image(tmp_path: Path) -> Environment:
    """An image's files: an environment whose packages lie behind an absolute link."""
    root = tmp_path / "root file system"
    site = root / "data" / "packages"
    site.mkdir(parents=True)
    (root / SITE[1:]).parent.mkdir(parents=True)
    (root / SITE[1:]).symlink_to("/data/packages")  # on this machine it would lead elsewhere
    add_wheel_like(site, "torch", "2.4.0+cu124", metadata="Requires-Dist: sympy\n", files=("torch/version.py",))
    (site / "torch" / "lib").mkdir(parents=True)
    (site / "torch" / "version.py").write_text("raise SystemExit\n__version__ = '2.4.0+cu124'\ncuda: str = '12.4'\n")
    library = "nvidia/cudnn/lib/libcudnn.so.9"
    add_wheel_like(site, "nvidia_cudnn_cu12", "9.1.0.70", files=(library,))
    (site / library).parent.mkdir(parents=True)
    (site / library).write_bytes(b"")
    (root / "etc").mkdir()
    (root / "usr" / "lib").mkdir(parents=True)
    (root / "usr" / "lib" / "os-release").write_text('# a comment\nID=ubuntu\nVERSION_ID="22.04"\nBROKEN="\n')
    (root / "etc" / "os-release").symlink_to("../usr/lib/os-release")
    (root / "lib").symlink_to("usr/lib")
    libraries = root / "usr" / "lib" / "x86_64-linux-gnu"
    libraries.mkdir()
    banner = b"\0GNU C Library (Ubuntu GLIBC 2.35-0ubuntu3.8) stable release version 2.35.\n\0"
    (libraries / "libc.so.6").write_bytes(banner)
    (libraries / "libstdc++.so.6").write_bytes(b"\0GLIBCXX_3.4\0GLIBCXX_3.4.30\0GLIBCXX_3.4.9\0")
    (root / "etc" / "pip.conf").write_text("[global]\nindex-url = https://me:secret@index.example/simple\n")
    meta = root / "opt" / "env" / "conda-meta"
    meta.mkdir()
    (meta / "python-3.11.9-h1.json").write_text(json.dumps({"name": "python", "version": "3.11.9", "build": "h1"}))
    (meta / "broken.json").write_text("[" * 100_000)
    variables = {"PIP_NO_CACHE_DIR": "1"}
    return Environment(
        Tree(str(root)), (SITE,), variables, "/opt/env", "/opt/env", "/root", "x86_64", lambda folder: "system"
    )


def test_an_image_is_read_like_a_machine(image: Environment) -> None:
    warnings = Warnings()
    found = distributions(image, warnings)
    assert [(item["name"], item["version"], item["location"]) for item in found] == [
        ("nvidia_cudnn_cu12", "9.1.0.70", "system"),
        ("torch", "2.4.0+cu124", "system"),
    ]
    folder = torch_folder(image, found)
    assert folder == f"{SITE}/torch"
    torch = torch_facts(image.tree, folder, warnings)
    assert (torch["version"], torch["cuda"]) == ("2.4.0+cu124", "12.4")
    cuda = cuda_facts(image, {}, Warnings())
    assert cuda["cudnn"] == "9.1.0.70"
    assert cuda["libraries"] == {"/data/packages/nvidia/cudnn/lib/libcudnn.so.9": "9.1.0.70"}
    assert pip_config(image, warnings) == {
        ":env:.no-cache-dir": "1",
        "global.index-url": "https://****@index.example/simple",
    }
    assert os_release(image.tree) == {"ID": "ubuntu", "VERSION_ID": "22.04", "BROKEN": '"'}
    assert glibc(image.tree, "x86_64") == ("2.35", "/usr/lib/x86_64-linux-gnu/libc.so.6")
    assert libstdcxx(image, {}) == ("/usr/lib/x86_64-linux-gnu/libstdc++.so.6", "3.4.30")
    assert conda_packages(image.tree, "/opt/env") == {"python": ("3.11.9", "h1")}


def test_glibc_in_the_files_is_the_one_that_runs() -> None:
    running = os.confstr("CS_GNU_LIBC_VERSION") if sys.platform == "linux" else None
    found, path = glibc(HERE, os.uname().machine)
    if not running or not found:
        pytest.skip("this machine has no glibc, or not in the usual place")
    assert (f"glibc {found}", Path(path).exists()) == (running, True)


def test_links_do_not_lead_out(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "a").mkdir(parents=True)
    (tmp_path / "secret").write_text("outside")
    (root / "a" / "up").symlink_to("../../../../../../../secret")
    (root / "a" / "absolute").symlink_to(str(tmp_path / "secret"))
    (root / "a" / "loop").symlink_to("loop")
    (root / "secret").write_text("inside")
    tree = Tree(str(root))
    assert (tree.text("/a/up"), tree.text("/a/absolute"), tree.text("/../secret")) == ("inside", None, "inside")
    assert tree.real("/a/up") == "/secret"
    with pytest.raises(OSError, match="too many links"):
        tree.text("/a/loop")


def test_it_finds_what_importlib_metadata_finds() -> None:
    here = environment()
    ours = {name: info.version for name, info in visible(HERE, here.path).items()}
    theirs: dict[str, str] = {}
    for one in importlib.metadata.distributions(path=list(here.path)):
        theirs.setdefault(one.metadata["Name"].lower().replace("_", "-").replace(".", "-"), one.version)
    assert ours == theirs
    for info in (info for folder in here.path for info in infos(HERE, folder)):
        one = importlib.metadata.Distribution.at(Path(info.path))
        about = metadata(HERE, info)
        assert (about.name, about.version) == (one.metadata["Name"], one.version)
        assert about.requires == [" ".join(line.split()) for line in one.requires or []]
        if one.files and info.kind == "dist":
            assert [row[0] for row in rows(record(HERE, info.path))] == [str(file) for file in one.files]


SECTION = st.sampled_from(["", "extra", ":python_version < '3'", "extra:sys_platform == 'win32'"])


@given(st.lists(st.tuples(SECTION, st.lists(st.sampled_from(["six>=1", "a @ file:///x", "b[c]"]), max_size=3))))
def test_requires_txt_is_read_as_importlib_metadata_does(sections: list[tuple[str, list[str]]]) -> None:
    text = "".join((f"[{name}]\n" if name else "") + "\n".join(lines) + "\n\n" for name, lines in sections)

    class Given(importlib.metadata.Distribution):
        def read_text(self, filename: str) -> str | None:
            return text if filename == "requires.txt" else "Name: x\n" if filename == "PKG-INFO" else None

        def locate_file(self, path: object) -> Path:
            return Path(str(path))

    assert egg_requires(text) == [line.strip() for line in Given().requires or []]


def test_the_libraries_that_an_image_s_loader_finds_and_its_packages(image: Environment, tmp_path: Path) -> None:
    root = tmp_path / "root file system"
    (root / "etc" / "ld.so.conf").write_text("include /etc/ld.so.conf.d/*.conf  # more\ninclude ld.so.conf\n")
    (root / "etc" / "ld.so.conf.d").mkdir()
    (root / "etc" / "ld.so.conf.d" / "nvidia.conf").write_text("# CUDA\n/usr/local/cuda/lib64\nrelative\n")
    (root / "etc" / "ld.so.conf.d" / "off.conf.bak").write_text("/never\n")
    for path in (
        "usr/local/cuda/lib64/libcudart.so.12",
        "usr/lib/x86_64-linux-gnu/libGL.so.1",
        "opt/env/lib/libgomp.so.1",
    ):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(b"")
    (root / "usr" / "lib" / "x86_64-linux-gnu" / "notes.so.txt").write_bytes(b"")
    (root / "var" / "lib" / "dpkg" / "status.d").mkdir(parents=True)
    (root / "var" / "lib" / "dpkg" / "status").write_text(
        "Package: libgl1\nStatus: install ok installed\nVersion: 1.4.0-1\nDescription: x\n Package: none\n\n"
        "Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n"
    )
    (root / "var" / "lib" / "dpkg" / "status.d" / "libc6").write_text("Package: libc6\nVersion: 2.35-0ubuntu3\n")
    warnings = Warnings()
    facts = system_facts(image, {}, warnings)
    assert facts["os"] == "ubuntu 22.04"
    assert {"libGL.so.1", "libcudart.so.12", "libgomp.so.1", "libc.so.6"} <= set(facts["libraries"])
    assert "notes.so.txt" not in facts["libraries"]
    assert facts["packages"] == {"libc6": "2.35-0ubuntu3", "libgl1": "1.4.0-1"}
    assert facts["libraries_evidence"]["kind"] == "binary"
    assert configured_folders(image.tree) == ["/usr/local/cuda/lib64"]
    assert loader_folders(image)[0] == "/opt/env/lib"
    assert not warnings.sentences


def test_a_tree_without_a_system_says_nothing(tmp_path: Path) -> None:
    bare = Environment(Tree(str(tmp_path)), (), {}, "/env", "/env", "/root", "x86_64", str)
    assert system_facts(bare, {}, Warnings()) == {}
    assert dpkg_packages(bare.tree) == {}


def test_this_machines_libraries_are_those_of_its_loader() -> None:
    if not Path("/etc/ld.so.cache").exists():
        pytest.skip("no glibc here")
    facts = system_facts(environment(), {}, Warnings())
    assert {"libc.so.6", "libm.so.6"} <= set(facts["libraries"])
