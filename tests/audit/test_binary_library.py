"""Reading ELF files: what a compiler made here, the interpreter's own modules, and damaged ones."""

from __future__ import annotations

import shutil
import subprocess
import sysconfig
import zipfile
from pathlib import Path

import msgspec
import pytest
from elf_support import library
from hypothesis import given, settings
from hypothesis import strategies as st

from podfit.audit.binary import NotElfError, read_library
from podfit.audit.binary.facts import (
    WheelBinaries,
    library_facts,
    mentions_numpy,
    mentions_torch,
    sampled_binaries,
    wheel_binaries,
)
from podfit.audit.binary.fatbin import device_code

_SOURCE = """
#include <math.h>
#include <stdio.h>
extern int torch_stable_thing(int) __attribute__((visibility("default")));
extern int maybe(void) __attribute__((weak));
const char *opened = "libcudart.so.13";
int PyInit_thing(void) { printf("%f", cos((double)torch_stable_thing(1))); return maybe ? maybe() : 0; }
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A shared library made by the machine's C compiler."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler here")
    room = tmp_path_factory.mktemp("elf")
    (room / "thing.c").write_text(_SOURCE)
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-O1", "-Wl,-soname,libthing.so.3", "-o", "thing.so", "thing.c", "-lm"],
        cwd=room,
        check=True,
    )
    return (room / "thing.so").read_bytes()


def interpreters_module() -> Path:
    """One compiled module of the running Python's standard library."""
    folder = Path(sysconfig.get_config_var("DESTSHARED"))
    return min(folder.glob("*.so"), key=lambda path: (path.stat().st_size, path.name))


def test_what_a_library_says_of_itself(built: bytes) -> None:
    library = read_library(built)
    assert library.soname == "libthing.so.3"
    assert "libc.so.6" in library.needed
    assert "libm.so.6" in library.needed
    assert "torch_stable_thing" in library.undefined
    assert "maybe" not in library.undefined  # weak: the loader does without
    assert "PyInit_thing" in library.defined
    assert library.highest("GLIBC").startswith("2.")
    assert library.highest("GLIBCXX") == ""


def test_facts_hold_names_that_are_opened_and_symbols_of_torch(built: bytes) -> None:
    facts = library_facts("pkg/thing.so", built)
    assert facts.opened == ("libcudart.so.13",)
    assert facts.torch == ("torch_stable_thing",)
    assert facts.machine


def test_the_interpreters_own_modules_can_be_read() -> None:
    library = read_library(interpreters_module().read_bytes())
    assert any(name.startswith("PyInit_") for name in library.defined)
    assert any(name.startswith("Py") for name in library.undefined)


@pytest.mark.parametrize("data", [b"", b"\x7fELF", b"PK\x03\x04", b"\x7fELF" + b"\xff" * 200, b"\x7fELF" + b"\0" * 64])
def test_what_is_no_library_is_said_so(data: bytes) -> None:
    with pytest.raises(NotElfError):
        read_library(data)


@settings(deadline=None)
@given(data=st.data())
def test_a_damaged_library_is_read_or_refused_in_one_sentence(data: st.DataObject) -> None:
    whole = interpreters_module().read_bytes()
    broken = bytearray(whole[: data.draw(st.integers(1, len(whole)))])
    change = st.tuples(st.integers(0, len(broken) - 1), st.integers(0, 255))
    for place, value in data.draw(st.lists(change, max_size=40)):
        broken[place] = value
    try:
        library_facts("x.so", bytes(broken))
    except NotElfError as error:
        assert str(error)


def test_a_wheel_with_a_broken_member_keeps_the_others(built: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a-1-cp310-cp310-linux_x86_64.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        wheel.writestr("a/good.so", built)
        wheel.writestr("a/bad.so.1", b"no library")
        wheel.writestr("a/notes.so.txt", b"text")
    with zipfile.ZipFile(path) as wheel:
        facts = wheel_binaries(wheel)
    assert [library.path for library in facts.libraries] == ["a/good.so"]
    assert facts.unread == ("a/bad.so.1: it does not begin as an ELF file",)
    assert facts.provided == {"good.so", "bad.so.1", "libthing.so.3"}


def test_a_member_that_cannot_be_unpacked_is_a_sentence(built: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a-1-cp310-cp310-linux_x86_64.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        wheel.writestr("a/good.so", built)
    data = bytearray(path.read_bytes())
    data[60:90] = b"\xaa" * 30
    path.write_bytes(data)
    with zipfile.ZipFile(path) as wheel:
        facts = wheel_binaries(wheel)
    assert not facts.libraries
    assert facts.unread[0].startswith("a/good.so: it cannot be unpacked")


def test_facts_survive_the_cache(built: bytes) -> None:
    facts = WheelBinaries((library_facts("a.so", built),), ("b.so: why",), 2)
    assert msgspec.json.decode(msgspec.json.encode(facts), type=WheelBinaries) == facts


def test_a_sample_reads_modules_alone_and_stays_below_its_bytes(built: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a-1-cp310-cp310-linux_x86_64.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as wheel:
        wheel.writestr("a/large.cpython-310-x86_64-linux-gnu.so", built + b"\0" * 40000)
        wheel.writestr("a/small.cpython-310-x86_64-linux-gnu.so", built + b"\0" * 20000)
        wheel.writestr("a.libs/libz.so.1", built)
    size = len(built)
    with zipfile.ZipFile(path) as wheel:
        one = sampled_binaries(wheel, most_bytes=size + 20000)
        both = sampled_binaries(wheel, most_bytes=2 * size + 60000)
        none = sampled_binaries(wheel, most_bytes=size)
    assert [library.path for library in one.libraries] == ["a/small.cpython-310-x86_64-linux-gnu.so"]
    assert one.count == 3
    assert len(both.libraries) == 2
    names = ("large.cpython-310-x86_64-linux-gnu.so", "libz.so.1", "small.cpython-310-x86_64-linux-gnu.so")
    assert none == WheelBinaries((), (), 3, names)
    assert not mentions_numpy(zipfile.ZipFile(path))


@pytest.mark.parametrize(
    ("path", "tells"), [("torchext/_C.abi3.so", True), ("ext/libext_torch.so", True), ("ext/torch/glue.py", False)]
)
def test_a_compiled_file_that_has_torch_in_its_path_tells_to_read_all(path: str, tells: bool, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.whl", "w") as wheel:
        wheel.writestr(path, "")
        wheel.writestr("ext/_plain.so", "")
    with zipfile.ZipFile(tmp_path / "a.whl") as wheel:
        assert mentions_torch(wheel) is tells


FATBIN = """
.section .nv_fatbin,"a"
.long 0xBA55ED50
.short 1, 16
.quad 96
.short 2, 0x101
.long 40
.quad 8
.zero 12
.long 80
.zero 16
.short 1, 0x101
.long 40
.quad 8
.zero 12
.long 90
.zero 16
"""


def test_the_gpus_that_a_library_has_code_for(tmp_path: Path) -> None:
    assembly = "".join(f'asm("{line}\\n");' for line in FATBIN.strip().replace('"', '\\"').splitlines())
    data = library(tmp_path, "gpu.so", code=f'{assembly} asm(".text"); int f(void) {{ return 1; }}')
    assert library_facts("gpu.so", data).archs == ("sm_80", "compute_90")


def test_a_library_without_such_code_has_none(built: bytes) -> None:
    assert library_facts("thing.so", built).archs == ()


@given(st.binary(max_size=400), st.integers(0, 500), st.integers(0, 1 << 40))
def test_damaged_device_code_is_read_to_its_end(data: bytes, offset: int, size: int) -> None:
    whole = b"\x50\xed\x55\xba\x01\x00\x10\x00" + data
    assert all(code.startswith(("sm_", "compute_")) for code in device_code(whole, offset % len(whole), size))
    assert all(code.startswith(("sm_", "compute_")) for code in device_code(whole, 0, size))
