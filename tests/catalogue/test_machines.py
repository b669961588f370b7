"""The tables about machines: GPUs, drivers, torch's builds, libraries of the system."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podfit.catalogue.drivers import Support, least_driver, newest_cuda, numbers, support
from podfit.catalogue.gpus import capability_of, gpu_named, known_gpus, runs
from podfit.catalogue.system_libraries import allowed, debian_packages, everywhere, least_symbols, relatives
from podfit.catalogue.table import table
from podfit.catalogue.torch_builds import built_archs, torch_archs, torch_build, torch_builds
from podfit.model import EvidenceKind, InputError
from podfit.readers.template import read_template


@pytest.mark.parametrize(
    ("name", "capability"),
    [
        ("NVIDIA GeForce RTX 5090", "12.0"),
        ("RTX 5090", "12.0"),
        ("rtx-4090", "8.9"),
        ("NVIDIA A100-SXM4-80GB", "8.0"),
        ("NVIDIA A100 80GB PCIe", "8.0"),
        ("NVIDIA H100 80GB HBM3", "9.0"),
        ("NVIDIA H100 NVL", "9.0"),
        ("NVIDIA H200", "9.0"),
        ("Tesla T4", "7.5"),
        ("Tesla V100-SXM2-16GB", "7.0"),
        ("NVIDIA L40S", "8.9"),
        ("NVIDIA A10G", "8.6"),
        ("NVIDIA RTX 6000 Ada Generation", "8.9"),
        ("NVIDIA RTX A6000", "8.6"),
        ("Quadro RTX 6000", "7.5"),
        ("NVIDIA GeForce RTX 4060 Laptop GPU", "8.9"),
        ("NVIDIA B200", "10.0"),
        ("NVIDIA RTX PRO 6000 Blackwell Server Edition", "12.0"),
        ("NVIDIA GeForce GTX 1080 Ti", "6.1"),
        ("RTX 4090 Founders Edition", "8.9"),
    ],
)
def test_a_gpu_is_known_however_it_is_written(name: str, capability: str) -> None:
    found = gpu_named(name)
    assert found is not None
    assert found.capability == capability


@pytest.mark.parametrize("name", ["RTX 6000", "RTX 4090 Ti", "RTX 9090", "GeForce", "", "Radeon RX 7900 XTX", "A100X2"])
def test_a_name_that_fits_none_or_two_is_unknown(name: str) -> None:
    assert gpu_named(name) is None


@pytest.mark.parametrize(
    ("text", "capability"),
    [
        ("sm_120", "12.0"),
        ("sm_90a", "9.0"),
        ("compute_75", "7.5"),
        ("8.6", "8.6"),
        ("sm86", "8.6"),
        ("5090", "12.0"),  # what has these words is of one capability
        ("RTX PRO 6000", "12.0"),
        ("RTX 4090 Laptop", "8.9"),
        ("K80", "3.7"),
    ],
)
def test_a_capability_is_taken_as_it_is(text: str, capability: str) -> None:
    assert capability_of(text).capability == capability


def test_an_unknown_gpu_is_one_sentence_with_near_names() -> None:
    with pytest.raises(InputError) as error:
        capability_of("RTX 6000")
    assert "RTX 6000 Ada" in str(error.value)
    with pytest.raises(InputError, match="sm_89"):
        capability_of("???")
    with pytest.raises(InputError, match="no GPU '2000' is known"):
        capability_of("2000")  # of Ada and of Blackwell


def test_machine_code_runs_within_its_major_number_and_ptx_beyond() -> None:
    assert runs("8.6", ["sm_80"])
    assert runs("8.9", ["sm_86"])
    assert not runs("8.0", ["sm_86"])
    assert not runs("9.0", ["sm_80", "sm_86"])
    assert not runs("12.0", ["sm_90", "sm_100"])
    assert runs("12.0", ["compute_90"])
    assert not runs("7.0", ["compute_90"])
    assert runs("9.0", ["sm_90a"])
    assert not runs("10.3", ["sm_100a"])
    assert runs("10.3", ["sm_100f"])
    assert runs("12.1", ["sm_120"])
    assert not runs("9.0", ["gfx90a", "", "sm_"])


@given(st.sampled_from(sorted({gpu.capability for gpu in known_gpus().values()})), st.data())
def test_a_newer_minor_number_never_runs_less(capability: str, data: st.DataObject) -> None:
    codes = data.draw(st.lists(st.sampled_from(["sm_50", "sm_75", "sm_80", "sm_86", "sm_90", "compute_80", "sm_120"])))
    major, _, minor = capability.partition(".")
    if runs(capability, codes):
        assert runs(f"{major}.{int(minor) + 1}", codes)


def test_the_least_driver_and_what_one_supports() -> None:
    found = least_driver("12.4.1")
    assert found is not None
    assert (found.least, found.own) == ("525.60.13", "550.54.14")
    assert support("520.61.05", "12.4") is Support.NONE
    assert support("525.60.13", "12.4") is Support.LIMITED
    assert support("535.104.05", "12.4") is Support.LIMITED
    assert support("550.54.14", "12.4") is Support.FULL
    assert support("570", "12.8") is Support.FULL  # the branch alone: taken for the newest of it
    assert support("570.20", "12.8") is Support.LIMITED
    assert support("570.133.20", "13.0") is Support.NONE
    assert support("580", "13.2") is Support.LIMITED
    assert support("410.48", "10.1") is Support.NONE
    assert support("not one", "12.4") is Support.UNKNOWN
    assert support("570", "99.0") is Support.UNKNOWN
    assert newest_cuda("570") == "12.8"
    assert newest_cuda("300") == ""


def test_drivers_grow_with_cuda() -> None:
    own = {cuda: driver for cuda, driver in table("drivers")["release"].items() if cuda != "evidence"}
    assert [numbers(own[cuda]) for cuda in own] == sorted(numbers(driver) for driver in own.values())


def test_torchs_builds() -> None:
    blackwell = {build.torch for build in torch_builds() if build.machine == "x86_64" and "sm_120" in build.archs}
    assert {"2.8.0", "2.9.1", "2.15.0"} <= blackwell
    assert not blackwell & {"2.4.1", "2.7.1"}
    boundary = {build.torch: build.numpy for build in torch_builds()}
    assert (boundary["2.2.2"], boundary["2.3.0"]) == (1, 2)
    assert not any(code.startswith("compute_") for build in torch_builds() for code in build.archs)
    assert all(build.archs for build in torch_builds() if build.cuda)
    found = torch_build("2.4.1+cu121", "x86_64", "12.1")
    assert found is not None
    assert found.archs[-1] == "sm_90"
    assert torch_build("2.4.1+cu124", "x86_64", "12.4") is None  # another build: nobody read its list
    assert torch_build("2.6.0a0+ecf3bae40a.nv25.1", "x86_64", "12.8") is None
    assert torch_build("nonsense", "x86_64", "12.8") is None


@pytest.mark.parametrize(
    ("version", "cuda", "oldest", "newest"),
    [
        ("2.8.0+cu126", "12.6", "sm_50", "sm_90"),
        ("2.9.1+cu126", "12.6", "sm_50", "sm_90"),
        ("2.11.0+cu128", "12.8", "sm_75", "sm_120"),
        ("2.7.1+cu128", "12.8", "sm_75", "compute_120"),
        ("2.10.0+cu128", "12.8", "sm_70", "sm_120"),  # on the package index as well: read there
    ],
)
def test_what_is_on_pytorchs_index_alone_is_as_pytorch_publishes_it(
    version: str, cuda: str, oldest: str, newest: str
) -> None:
    found = built_archs(version, "x86_64", cuda)
    assert found is not None
    assert (found.value[0], found.value[-1]) == (oldest, newest)
    assert found.evidence.kind in (EvidenceKind.PUBLISHED, EvidenceKind.BINARY)
    release = version.partition("+")[0]
    assert built_archs(release, "x86_64", "11.1") is None
    assert built_archs(version, "aarch64", "12.6") is None


def test_the_gpus_of_the_notebooks_are_known() -> None:
    for name in ("colab", "kaggle", "runpod", "aws-dlc"):
        assert torch_archs(read_template(name)) is not None
    for name in ("ngc", "sagemaker"):  # NVIDIA's and conda's builds are others
        assert torch_archs(read_template(name)) is None


def test_a_library_has_its_package_and_the_base_is_smaller_than_what_manylinux_allows() -> None:
    names = {
        "libGL.so.1": "libgl1",
        "libgomp.so.1": "libgomp1",
        "libsndfile.so.1": "libsndfile1",
        "libxcb.so.1": "libxcb1",
        "libglib-2.0.so.0": "libglib2.0-0",
        "libavcodec.so.59": "libavcodec59",
        "libportaudio.so.2": "libportaudio2",
    }
    for library, package in names.items():
        assert debian_packages(library)[0].name == package
        assert library not in everywhere()
    assert debian_packages("libno_such.so.7") == ()
    assert "libavcodec.so.59" in relatives("libavcodec.so.60")
    assert {"libc.so.6", "libstdc++.so.6", "libgcc_s.so.1", "libm.so.6"} <= everywhere() < allowed()
    assert "libGL.so.1" in allowed()


def test_what_every_system_of_a_glibc_has() -> None:
    found = least_symbols("2.35")
    assert found is not None
    assert (found.glibcxx, found.cxxabi) == ("3.4.30", "1.3.13")
    between = least_symbols("2.29")
    assert between is not None
    assert between.glibc == "2.28"
    assert least_symbols("2.3") is None
    assert least_symbols("") is None
