"""What compiled files ask of the system: versions of symbols, and libraries that no wheel brings."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from elf_support import asking, library
from hypothesis import given
from hypothesis import strategies as st

from podfit.audit import AUDITS, Subject, audited
from podfit.audit.binary.facts import LibraryFacts, WheelBinaries, wheel_binaries
from podfit.audit.binary.loaded import parts
from podfit.audit.judging import Surroundings
from podfit.audit.platform import symbol_versions, system_libraries
from podfit.audit.registry import releases
from podfit.model import (
    Evidence,
    EvidenceKind,
    Fact,
    Interpreter,
    Origin,
    Overlay,
    Platform,
    Release,
    Template,
    Verdict,
)
from podfit.model.facts import Cuda, Facts, System
from podfit.model.requirement import Markers

SEEN = Evidence(EvidenceKind.MEASURED, "here")
EXT = Release("ext", "1.0", (), "", SEEN)
MODULE = "ext/_c.cpython-311-x86_64-linux-gnu.so"


def template(glibc: str = "2.35", glibcxx: str = "", system: System | None = None) -> Template:
    platform = Platform("x86_64", "linux", glibc, glibcxx)
    return Template("pod", Interpreter("3.11.9"), platform, {}, Origin.GIVEN, SEEN, facts=Facts(system=system))


def around(pod: Template) -> Surroundings:
    return Surroundings(pod, {}, frozenset(), frozenset(), Markers(pod.marker_environment))


def has(*libraries: str, os: str = "debian 12", packages: tuple[str, ...] = ()) -> System:
    return System(
        Fact(os, SEEN),
        Fact(libraries, SEEN) if libraries else None,
        Fact(dict.fromkeys(packages, "1"), SEEN) if packages else None,
    )


def wheel(room: Path, **members: bytes) -> WheelBinaries:
    path = room / "ext-1.0-cp311-cp311-linux_x86_64.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, data in members.items():
            bundle.writestr(name, data)
    with zipfile.ZipFile(path) as bundle:
        return wheel_binaries(bundle)


def judged(binaries: WheelBinaries, pod: Template) -> tuple[list[tuple[str, Verdict]], list[str]]:
    """What the audit says of a plan that adds ext, and what it teaches."""
    subject = Subject(pod, (), Overlay({}, (), (), {}, (), ()), {"ext": EXT}, frozenset(), binaries={"ext": binaries})
    said = releases(subject)
    return [(f.check, f.verdict) for f in said.findings], [bound.specifier for bound in said.bounds]


def test_a_newer_glibc_is_refused_and_another_release_looked_for(tmp_path: Path) -> None:
    binaries = wheel(tmp_path, **{MODULE: asking("libc.so.6", "GLIBC_2.38", "newest", tmp_path)})
    assert binaries.libraries[0].glibc == "2.38"
    assert judged(binaries, template("2.35")) == ([("symbols", Verdict.FAILED)], ["!=1.0"])
    assert judged(binaries, template("2.38")) == ([], [])
    assert judged(binaries, template("2.41")) == ([], [])
    assert judged(binaries, template("")) == ([], [])  # nobody told: nothing is said against it


def test_a_newer_libstdcxx_is_refused_where_it_is_known_and_unknown_else(tmp_path: Path) -> None:
    binaries = wheel(tmp_path, **{MODULE: asking("libstdc++.so.6", "GLIBCXX_3.4.31", "newest", tmp_path)})
    assert judged(binaries, template("2.35", "3.4.30")) == ([("symbols", Verdict.FAILED)], ["!=1.0"])
    assert judged(binaries, template("2.35", "3.4.31")) == ([], [])
    assert judged(binaries, template("2.35")) == ([("symbols", Verdict.UNKNOWN)], [])
    assert judged(binaries, template("2.39")) == ([], [])  # every system with that glibc has it


def test_what_a_wheel_has_for_another_device_is_not_loaded_beside_cuda(tmp_path: Path) -> None:
    """bitsandbytes 0.45.3: libbitsandbytes_cpu.so alone needs GLIBCXX_3.4.32."""
    newer = asking("libstdc++.so.6", "GLIBCXX_3.4.32", "newest", tmp_path / "new")
    older = asking("libstdc++.so.6", "GLIBCXX_3.4.22", "newest", tmp_path / "old")
    both = wheel(
        tmp_path,
        **{"ext/libext_cpu.so": newer, "ext/libext_xpu.so": newer, "ext/libext_cuda118.so": older},
        **{"ext/libext_cuda124.so": older},
    )
    pod = template("2.35", "3.4.30")
    cuda = replace(pod, facts=Facts(cuda=Cuda(toolkit=Fact("12.4", SEEN))))
    assert judged(both, pod) == ([("symbols", Verdict.FAILED)], ["!=1.0"])  # what it computes on is not known
    assert judged(both, cuda) == ([], [])
    turned = wheel(tmp_path, **{"ext/libext_cpu.so": older, "ext/libext_cuda124.so": newer})
    assert judged(turned, cuda) == ([("symbols", Verdict.FAILED)], ["!=1.0"])
    alone = wheel(tmp_path, **{"ext/libext_cpu.so": newer, "ext/libother_cuda124.so": older})
    assert judged(alone, cuda) == ([("symbols", Verdict.FAILED)], ["!=1.0"])
    in_folders = wheel(tmp_path, **{"ext/cpu/libext.so": newer, "ext/cuda/libext.so": older})
    assert judged(in_folders, cuda) == ([], [])


def test_a_copy_of_libstdcxx_in_the_wheel_is_not_the_system_s(tmp_path: Path) -> None:
    hashed = wheel(tmp_path, **{MODULE: asking("libstdc++-1a2b3c4d.so.6", "GLIBCXX_3.4.33", "newest", tmp_path)})
    assert hashed.libraries[0].glibcxx == ""
    assert judged(hashed, template("2.17", "3.4.19")) == ([], [])
    same = {
        MODULE: asking("libstdc++.so.6", "GLIBCXX_3.4.33", "newest", tmp_path / "a"),
        "ext.libs/libstdc++.so.6": library(tmp_path / "b", "libstdc++.so.6", soname="libstdc++.so.6"),
    }
    assert judged(wheel(tmp_path, **same), template("2.17", "3.4.19")) == ([], [])


def test_a_library_that_nobody_brings_has_its_package(tmp_path: Path) -> None:
    binaries = wheel(
        tmp_path, **{"ext/lib/libext.so": library(tmp_path, "libext.so", needs=["libgomp.so.1", "libm.so.6"])}
    )
    (unknown,) = system_libraries(EXT, binaries, around(template()))
    assert (unknown.fatal, unknown.unknown) == (False, True)
    assert "libgomp.so.1" in unknown.reason
    assert "libm.so.6" not in unknown.reason
    assert unknown.remedy.startswith("apt-get install -y libgomp1 (names of Debian ")
    (absent,) = system_libraries(EXT, binaries, around(template(system=has("libc.so.6"))))
    assert (absent.fatal, absent.unknown, absent.remedy) == (True, False, "apt-get install -y libgomp1")
    assert judged(binaries, template(system=has("libc.so.6"))) == ([("system", Verdict.FAILED)], [])
    assert not list(system_libraries(EXT, binaries, around(template(system=has("libgomp.so.1")))))
    assert not list(system_libraries(EXT, binaries, around(template(system=has(packages=("libgomp1",))))))
    partly = System(None, None, None, Fact(("git",), SEEN))  # what was installed beside an unknown base
    (still,) = system_libraries(EXT, binaries, around(template(system=partly)))
    assert still.unknown


def test_what_a_module_draws_in_counts_and_a_plug_in_does_not(tmp_path: Path) -> None:
    members = {
        MODULE: library(tmp_path / "m", "m.so", needs=["libQtGui-1a2b.so.5"]),
        "ext.libs/libQtGui-1a2b.so.5": library(tmp_path / "q", "libQtGui-1a2b.so.5", needs=["libGL.so.1"]),
        "ext/plugins/libqxcb.so": library(tmp_path / "p", "libqxcb.so", needs=["libxcb.so.1"]),
    }
    (said,) = system_libraries(EXT, wheel(tmp_path, **members), around(template(system=has("libc.so.6"))))
    assert said.fatal
    assert "libGL.so.1" in said.reason
    assert "libxcb" not in said.reason


def test_one_module_of_several_is_a_warning_and_nothing_where_it_is_not_known(tmp_path: Path) -> None:
    members = {
        MODULE: library(tmp_path / "m", "m.so"),
        "ext/_pool.cpython-311-x86_64-linux-gnu.so": library(tmp_path / "p", "p.so", needs=["libgomp.so.1"]),
    }
    binaries = wheel(tmp_path, **members)
    assert judged(binaries, template(system=has("libc.so.6"))) == ([("system", Verdict.WARNING)], [])
    assert judged(binaries, template()) == ([], [])


def test_of_files_for_several_versions_one_is_enough(tmp_path: Path) -> None:
    members = {
        f"ext/libext_core{number}.so": library(tmp_path / str(number), "x.so", needs=[f"libavcodec.so.{number}"])
        for number in (58, 59)
    }
    binaries = wheel(tmp_path, **members)
    assert not list(system_libraries(EXT, binaries, around(template(system=has("libavcodec.so.59")))))
    (said,) = system_libraries(EXT, binaries, around(template(system=has("libc.so.6"))))
    assert said.fatal
    assert "libavcodec" in said.remedy


def test_the_libraries_of_another_maker_s_gpus_are_no_lack(tmp_path: Path) -> None:
    members = {
        MODULE: library(tmp_path / "m", "m.so"),
        "ext/libext_cuda128.so": library(tmp_path / "c", "c.so"),
        "ext/libext_rocm64.so": library(tmp_path / "r4", "r.so", needs=["libhipsparse.so.4", "libamdhip64.so.7"]),
        "ext/libext_rocm63.so": library(tmp_path / "r0", "r.so", needs=["libhipsparse.so.0"]),
    }
    binaries = wheel(tmp_path, **members)
    assert not list(system_libraries(EXT, binaries, around(template(system=has("libc.so.6")))))
    assert not list(system_libraries(EXT, binaries, around(template())))


def test_where_no_package_has_that_version_none_is_told_to_be_installed(tmp_path: Path) -> None:
    binaries = wheel(tmp_path, **{"ext/lib/libext.so": library(tmp_path, "libext.so", needs=["libavcodec.so.99"])})
    (said,) = system_libraries(EXT, binaries, around(template(system=has("libc.so.6"))))
    assert "libavcodec.so.99" in said.reason
    assert said.remedy == ""


def test_the_fixed_list_speaks_where_no_module_does() -> None:
    sounddevice = Release("sounddevice", "0.5.6", (), "", SEEN)
    (said,) = system_libraries(sounddevice, None, around(template(system=has("libc.so.6"))))
    assert "libportaudio.so.2" in said.reason
    assert said.remedy == "apt-get install -y libportaudio2"
    assert not list(system_libraries(sounddevice, None, around(template(system=has("libportaudio.so.2")))))


def test_these_checks_are_among_the_audits() -> None:
    binaries = WheelBinaries((LibraryFacts("ext.so", "x86_64", glibc="2.99"),), (), 1)
    subject = Subject(
        template(), (), Overlay({}, (), (), {}, (), ()), {"ext": EXT}, frozenset(), binaries={"ext": binaries}
    )
    assert any(finding.check == "symbols" for finding in audited(subject, AUDITS).findings)
    assert list(symbol_versions(EXT, binaries, around(template())))


NAMES = st.sampled_from(["a.so", "b.so", "x.libs/c.so", "_m.so", "m1.so", "m2.so", "libGL.so.1", "libavcodec.so.59"])
FILES = st.builds(
    LibraryFacts,
    NAMES,
    st.just("x86_64"),
    NAMES | st.just(""),
    st.lists(NAMES, max_size=4).map(tuple),
    glibc=st.sampled_from(["", "2.17", "2.99", "x", "2.", "..", "9" * 30]),
    glibcxx=st.sampled_from(["", "3.4.30", "3.4.99", "LDBL"]),
)


@given(st.lists(FILES, max_size=6), st.sampled_from(["2.35", "", "2.17"]), st.booleans())
def test_whatever_a_wheel_says_is_judged(files: list[LibraryFacts], glibc: str, known: bool) -> None:
    """Circles of libraries, no modules, sonames twice, versions that are none: a judgement, never an error."""
    binaries = WheelBinaries(tuple(files), (), len(files))
    pod = around(template(glibc, system=has("libc.so.6") if known else None))
    for said in (*symbol_versions(EXT, binaries, pod), *system_libraries(EXT, binaries, pod)):
        assert said.reason
        assert not (said.fatal and said.unknown)
    drawn = {library.path for part in parts(binaries) for files in part.alternatives for library in files}
    assert drawn <= {library.path for library in files} if files else not drawn


@pytest.mark.parametrize("data", [b"", b"\x7fELF" + b"\0" * 60])
def test_a_broken_module_teaches_nothing(data: bytes, tmp_path: Path) -> None:
    assert judged(wheel(tmp_path, **{MODULE: data}), template())[1] == []
