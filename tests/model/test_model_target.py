"""One platform: what the resolver is told of a template, and which files fit it."""

import platform
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.tags import sys_tags

from podfit.model import Evidence, EvidenceKind, Interpreter, NoPlanError, Origin, Platform, Template
from podfit.model.manifest import manifest_from_template, template_from_manifest
from podfit.solve.template_index import resolver_platform

NO_GIL = ("cp313-cp313t-linux_x86_64", "cp313-cp313t-manylinux_2_36_x86_64", "py3-none-any")
MUSL = ("cp312-cp312-musllinux_1_2_x86_64", "cp312-cp312-musllinux_1_1_x86_64", "py3-none-any")


def template(
    version: str = "3.11.9", implementation: str = "cpython", free_threaded: bool = False, **place: Any
) -> Template:
    return Template(
        "pod",
        Interpreter(version, implementation, free_threaded=free_threaded),
        Platform(**place),
        {},
        Origin.GIVEN,
        Evidence(EvidenceKind.METADATA, "test"),
    )


def tag(text: str) -> frozenset[str]:
    return frozenset([text])


def test_the_tags_of_this_interpreter_are_those_that_packaging_sees() -> None:
    glibc = platform.libc_ver()[1]
    own = template(platform.python_version(), glibc=glibc, machine=platform.machine())
    linux = [str(each) for each in sys_tags() if "musllinux" not in str(each)]
    assert sorted(own.target.tags) == sorted(linux)
    assert own.target.abi == f"cp{sys.version_info[0]}{sys.version_info[1]}"


@pytest.mark.parametrize(
    ("pod", "said"),
    [
        (template("3.13.1", free_threaded=True), r"pod runs the free-threaded Python 3\.13t, .* wheels for cp313t"),
        (template("3.13.1", tags=NO_GIL), r"pod runs the free-threaded Python 3\.13t"),
        (template("3.10.14", "pypy"), r"pod runs pypy, .* for CPython alone"),
        (template(libc="musl", glibc=""), r"pod has the C library musl; CUDA's libraries .* need glibc"),
        (template("3.12.4", glibc="", tags=MUSL), r"pod has the C library musl"),
        (template(machine="ppc64le"), r"pod runs on ppc64le, .* x86_64 and aarch64 alone"),
        (template(glibc="2.12"), r"pod has glibc 2\.12, older than 2\.17"),
    ],
)
def test_what_the_resolver_cannot_be_told_is_no_plan(pod: Template, said: str) -> None:
    with pytest.raises(NoPlanError, match=said) as caught:
        resolver_platform(pod)
    assert caught.value.exit_code == 1
    assert "\n" not in str(caught.value)


def test_only_its_own_wheels_fit_a_free_threaded_python() -> None:
    """PEP 703 and PEP 803: what was built for the GIL, the stable ABI of that time included, does not load there."""
    target = template("3.13.1", free_threaded=True).target
    assert target.free_threaded
    assert target.fits(tag("cp313-cp313t-manylinux_2_17_x86_64"))
    assert target.fits(tag("py3-none-any"))
    assert not target.fits(tag("cp313-cp313-manylinux_2_17_x86_64"))
    assert not target.fits(tag("cp38-abi3-manylinux_2_17_x86_64"))


def test_without_a_known_glibc_only_wheels_without_compiled_code_fit() -> None:
    target = template(glibc="").target
    assert not target.unsupported
    assert target.glibc_minor is None
    assert target.fits(tag("py3-none-any"))
    for wheel in ("cp311-cp311-manylinux_2_17_x86_64", "cp311-cp311-manylinux1_x86_64", "cp311-abi3-linux_x86_64"):
        assert not target.fits(tag(wheel)), wheel
        assert target.would_fit(tag(wheel)), wheel
    assert not target.would_fit(tag("cp310-cp310-manylinux_2_17_x86_64"))
    assert not target.would_fit(tag("cp311-cp311-manylinux_2_17_aarch64"))


def test_glibc_follows_from_the_tags_that_the_probe_recorded() -> None:
    tags = ("cp311-cp311-manylinux_2_9_x86_64", "cp311-cp311-manylinux_2_31_x86_64", "py3-none-any")
    pod = template(glibc="", tags=tags)
    assert pod.target.glibc == "2.31"
    assert resolver_platform(pod) == "x86_64-manylinux_2_31"
    assert not template(glibc="2.35", tags=MUSL).target.musl


@given(
    minor=st.integers(0, 60), machine=st.sampled_from(["x86_64", "aarch64"]), series=st.sampled_from(["3.10", "3.14"])
)
def test_what_the_resolver_takes_for_the_platform_fits_it(minor: int, machine: str, series: str) -> None:
    """uv accepts the manylinux wheels from its platform's glibc down: all of them have to be among the tags."""
    pod = template(f"{series}.1", glibc=f"2.{minor}", machine=machine)
    if pod.target.unsupported:
        assert minor < 17
        return
    told = int(resolver_platform(pod).rpartition("_")[2])
    abi = f"cp{series.replace('.', '')}"
    for older in range(17, told + 1):
        assert pod.target.fits(tag(f"{abi}-{abi}-manylinux_2_{older}_{machine}"))
    assert not pod.target.fits(tag(f"{abi}-{abi}-manylinux_2_{minor + 1}_{machine}"))


def test_a_manifest_keeps_what_makes_a_platform() -> None:
    pod = template("3.13.1", free_threaded=True, glibc="", libc="musl")
    written = manifest_from_template(pod)
    assert written["interpreter"]["free_threaded"] is True
    assert written["platform"]["libc"] == "musl"
    assert template_from_manifest(written, where="x") == pod
    plain = manifest_from_template(template())
    assert "free_threaded" not in plain["interpreter"]
    assert "libc" not in plain["platform"]


@pytest.mark.parametrize("version", ["3.13t", "three", "", "3", "3.11.9; import os"])
def test_a_version_that_is_none_is_refused(version: str) -> None:
    with pytest.raises(ValueError, match="is no Python version"):
        Interpreter(version)
