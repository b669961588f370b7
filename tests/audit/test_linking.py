"""Torch's symbols and CUDA's libraries: the digests that podfit ships, and what they say of compiled files."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podfit.audit.binary.facts import LibraryFacts, WheelBinaries
from podfit.audit.binary.linking import Link, bringers, built_for, provided_by, torch_link
from podfit.audit.binary.torch_symbols import hashed, is_known, pack, torch_symbols, unpack
from podfit.audit.cuda_libraries import cuda_libraries, uses_cuda
from podfit.audit.releases import Surroundings, cuda_names, torch_interface
from podfit.model import Distribution, Evidence, EvidenceKind, Interpreter, Origin, Platform, Release, Template
from podfit.model.requirement import Markers

SEEN = Evidence(EvidenceKind.MEASURED, "here")
CXX = "_ZN3c105ErrorC2ENS_14SourceLocationENSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE"
"""c10::Error's constructor with GCC 5's std::string: PyPI's torch has it since 2.7, before that the old one alone."""


def around(torch: str = "", **others: str) -> Surroundings:
    """A template with these versions, torch's among them."""
    versions = {**({"torch": torch} if torch else {}), **{n.replace("_", "-"): v for n, v in others.items()}}
    found = {name: Distribution(name, version, SEEN, ()) for name, version in versions.items()}
    template = Template("pod", Interpreter("3.11.9"), Platform(), found, Origin.GIVEN, SEEN)
    environment = {name: Release(name, version, (), "", SEEN) for name, version in versions.items()}
    return Surroundings(template, environment, frozenset(["torch"]), frozenset(), Markers(template.marker_environment))


def release(name: str = "ext", version: str = "1.0", *lines: str) -> Release:
    return Release(name, version, lines, "", SEEN)


def uses(*names: str, path: str = "ext/_C.abi3.so", needed: tuple[str, ...] = ()) -> LibraryFacts:
    return LibraryFacts(path, "x86_64", needed=needed, torch=names)


def test_the_digest_speaks_of_every_release_since_2_0():
    digest = torch_symbols()
    versions = list(digest.versions)
    assert versions[0] == "2.0.0"
    assert {"2.2.2", "2.4.1", "2.8.0"} <= set(versions)
    assert digest.release("2.4.1+cu124") == "2.4.1"
    assert digest.release("2.8.0.dev20250319+cu128") == ""
    assert digest.release("2.6.0a0+ecf3bae40a.nv25.1") == ""
    assert digest.release("no version") == ""


def test_the_shim_grew_and_the_string_abi_changed():
    digest = torch_symbols()
    assert digest.missing(["aoti_torch_abi_version"], "2.4.1") == ("aoti_torch_abi_version",)
    assert digest.missing(["aoti_torch_abi_version"], "2.8.0") == ()
    assert digest.missing([CXX], "2.4.1") == (CXX,)
    assert digest.missing([CXX], "2.8.0") == ()
    assert digest.least([CXX, "aoti_torch_abi_version"]) == "2.7.0"
    assert digest.least(["torch_no_such_function_ever"]) == ""


@given(
    st.dictionaries(
        st.sampled_from(["1.0", "1.1", "2.0"]), st.frozensets(st.from_regex(r"torch_[a-z]{1,6}", fullmatch=True))
    )
)
def test_a_digest_says_what_went_into_it(names):
    versions = {version: f"torch-{version}.whl" for version in sorted(names)}
    digest = unpack(pack(versions, names))
    everything = frozenset().union(*names.values())
    if len({hashed(name) for name in everything}) < len(everything):
        return  # two names share a hash: then one passes for the other
    assert digest.versions == versions
    for version, present in names.items():
        assert digest.missing(everything, version) == tuple(sorted(everything - present))


@pytest.mark.parametrize("data", [b"", b"{}\n", b'{"versions":{},"groups":[[1,9]]}\n\0\0'])
def test_a_damaged_digest_is_refused(data):
    with pytest.raises(ValueError):
        unpack(data)


def test_nothing_missing_is_good_only_for_the_stable_interface_or_the_same_minor_version():
    assert torch_link(uses(), "2.8.0").link is Link.NONE
    assert torch_link(uses("aoti_torch_abi_version"), "2.8.0").link is Link.OK
    assert torch_link(uses(CXX), "2.8.0").link is Link.UNPROVEN
    assert torch_link(uses(CXX), "2.8.0", built_for="2.8.0").link is Link.OK
    assert torch_link(uses(CXX), "2.8.0", built_for="2.7.1").link is Link.UNPROVEN
    assert torch_link(uses(CXX), "2.8.0a0+nv").link is Link.UNREAD
    assert torch_link(uses(CXX), "2.99.0.dev20300101").link is Link.UNREAD
    said = torch_link(uses(CXX), "2.4.1+cu124")
    assert said.link is Link.MISSING
    assert said.sentence.endswith("torch 2.7.0 is the first with all that it asks")
    assert not is_known("_ZN2at6native3addERKNS_6TensorE")


OLD = "_ZN3c106detail14torchCheckFailEPKcS2_jRKSs"
"""With the std::string of GCC before 5: PyPI's torch has it up to 2.6."""


def test_a_nightly_build_has_no_symbol_that_neither_neighbour_has():
    digest = torch_symbols()
    assert digest.around("2.8.0.dev20250319+cu128") == ("2.7.1", "2.8.0")
    assert digest.around("2.8.0a0+5228986c39.nv25.05") == ("2.7.1", "")
    assert digest.around("0.1.dev1")[0] == digest.around("no version")[1] == ""
    said = torch_link(uses(OLD), "2.8.0.dev20250319+cu128")
    assert (said.link, said.missing) == (Link.MISSING, (OLD,))
    assert said.sentence.startswith("torch 2.7.1 and torch 2.8.0, between which 2.8.0.dev20250319+cu128 stands, have")
    assert torch_link(uses(OLD), "2.7.0.dev20250219").link is Link.UNREAD, "2.6 has it, 2.7 has not: who knows"
    assert torch_link(uses(OLD), "2.8.0a0+nv25.05").link is Link.UNREAD, "a vendor compiles as it likes"
    assert torch_link(uses("aoti_torch_delete_tensor_object"), "2.8.0a0+nv25.05").link is Link.OK


def test_what_is_compiled_against_a_torch_that_nobody_read_is_told():
    binaries = WheelBinaries((uses(CXX),), (), 1)
    (said,) = torch_interface(release(), binaries, around("2.8.0a0+nv25.05"))
    assert (said.fatal, said.unknown) == (False, True)
    assert "nobody has read which symbols torch 2.8.0a0+nv25.05 provides" in said.reason


def test_a_release_is_refused_when_one_of_its_modules_lacks_a_symbol():
    fits = uses("aoti_torch_delete_tensor_object", path="ext/activation_ops.cpython-311-x86_64-linux-gnu.so")
    lacks = uses(CXX, path="ext/cache_ops.cpython-311-x86_64-linux-gnu.so")
    (said,) = torch_interface(release(), WheelBinaries((fits, lacks), (), 2), around("2.4.1"))
    assert said.fatal
    assert said.evidence.source == f"ext 1.0: {lacks.path}"
    assert not list(torch_interface(release(), WheelBinaries((fits, lacks), (), 2), around("2.8.0")))


def test_who_asks_for_exactly_this_release_and_this_torch_vouches_for_both():
    broken, there = WheelBinaries((uses(CXX),), (), 1), around("2.4.1+cu124")
    for lines, fatal in (
        (["torch==2.4.1", "ext==1.0"], False),
        (["torch==2.4.1", "ext>=1.0"], True),
        (["torch==2.4.*", "ext==1.0"], True),
        (["torch==2.4.1", "ext==1.1"], True),
        (['torch==2.4.1; extra == "srt"', "ext==1.0"], True),
    ):
        both = {**there.environment, "serving": release("serving", "0.5", *lines)}
        (said,) = torch_interface(release(), broken, replace(there, environment=both))
        assert said.fatal is fatal, lines
        assert fatal or "serving 0.5 asks for exactly these two" in said.reason


def test_a_library_that_a_module_draws_in_counts_and_one_that_nobody_loads_does_not():
    module = uses("aoti_torch_delete_tensor_object", path="ext/_ext.so", needed=("libext.so",))
    drawn = uses(CXX, path="ext/lib/libext.so")
    (said,) = torch_interface(release(), WheelBinaries((drawn, module), (), 2), around("2.4.1"))
    assert said.evidence.source == f"ext 1.0: {drawn.path}"
    alone = uses("aoti_torch_delete_tensor_object", path="ext/_ext.so")
    assert not list(torch_interface(release(), WheelBinaries((drawn, alone), (), 2), around("2.4.1")))


def test_a_release_is_refused_when_none_of_its_files_finds_its_symbols():
    old, new = around("2.4.1+cu124"), around("2.8.0")
    only = WheelBinaries((uses(CXX),), (), 1)
    either = WheelBinaries((uses(CXX, path="a4.so"), uses("torch_list_size_nothing", path="a5.so")), (), 2)
    one_fits = WheelBinaries((uses(CXX, path="a7.so"), uses("aoti_torch_delete_tensor_object", path="a4.so")), (), 2)
    (said,) = torch_interface(release(), only, old)
    assert (said.check, said.fatal, said.evidence.kind) == ("torch", True, EvidenceKind.BINARY)
    assert not list(torch_interface(release(), only, new))
    assert list(torch_interface(release(), either, old))
    assert not list(torch_interface(release(), one_fits, old))
    assert not list(torch_interface(release(), only, around()))
    assert not list(torch_interface(release(), None, old))


@pytest.mark.parametrize(
    ("version", "lines", "torch"),
    [
        ("2.7.4.post1+cu123torch2.3cxx11abiFALSE", (), "2.3"),
        ("0.0.28+pt27cu128", (), "2.7"),
        ("1.0+torch2.8", (), "2.8"),
        ("1.0+pt210cu128", (), "2.10"),
        ("0.19.0", ("numpy", "torch==2.4.0"), "2.4.0"),
        ("0.19.0", ("torch (==2.4.0)",), "2.4.0"),
        ("0.19.0", ('torch==2.4.0; extra == "x"',), ""),
        ("0.19.0", ("torch>=2.4", "torchvision==0.19"), ""),
        ("1.0+cu124", (), ""),
    ],
)
def test_which_torch_a_release_says_it_was_built_for(version, lines, torch):
    assert built_for(version, lines) == torch


def test_a_release_for_another_minor_version_is_unproven():
    binaries = WheelBinaries((uses(CXX),), (), 1)
    (said,) = torch_interface(release("ext", "1.0+torch2.7"), binaries, around("2.8.0"))
    assert (said.unknown, said.fatal) == (True, False)
    assert "built for torch 2.7" in said.reason
    assert not list(torch_interface(release("ext", "1.0+torch2.8"), binaries, around("2.8.0")))
    assert not list(torch_interface(release("ext", "1.0"), binaries, around("2.8.0")))


def test_who_brings_a_cuda_library():
    assert bringers("libcudart.so.12") == ("nvidia-cuda-runtime-cu12",)
    assert bringers("libcudart.so.13") == ("nvidia-cuda-runtime",)
    assert bringers("libc.so.6") == ()
    assert "libcudnn.so.8" in provided_by("nvidia-cudnn-cu12", "8.9.2.26")
    assert "libcudnn.so.9" in provided_by("nvidia-cudnn-cu12", "9.1.0.70")
    assert "libcudnn.so.8" not in provided_by("nvidia-cudnn-cu12", "9.1.0.70")
    assert provided_by("numpy", "2.0") == ()


def test_a_cuda_library_of_another_major_version_is_refused():
    twelve = around("2.4.1+cu124", nvidia_cuda_runtime_cu12="12.4.127")
    wants_13 = WheelBinaries((uses(needed=("libcudart.so.13", "libc.so.6")),), (), 1)
    (said,) = cuda_libraries(release(), wants_13, twelve)
    assert (said.check, said.fatal) == ("libraries", True)
    assert said.reason == ("ext 1.0 needs libcudart.so.13 of nvidia-cuda-runtime; the template is for CUDA 12.4")
    assert not list(cuda_libraries(release(), WheelBinaries((uses(needed=("libcudart.so.12",)),), (), 1), twelve))
    # the image's own toolkit may have what no distribution brings, of its own major version
    assert not list(cuda_libraries(release(), WheelBinaries((uses(needed=("libnppc.so.12",)),), (), 1), twelve))
    both = WheelBinaries((uses(needed=("libcudart.so.13",), path="a13.so"), uses(needed=("libcudart.so.12",))), (), 2)
    assert not list(cuda_libraries(release(), both, twelve))
    bundled = WheelBinaries(
        (uses(needed=("libcudart.so.13",)), LibraryFacts("ext.libs/libcudart.so.13", "x86_64", "libcudart.so.13")),
        (),
        2,
    )
    assert not list(cuda_libraries(release(), bundled, twelve))


@pytest.mark.parametrize(
    ("name", "refused"), [("libext_cuda121.so", False), ("libext_cpu.so", True), ("libext_cuda117.so", True)]
)
def test_what_was_not_read_may_be_the_one_that_fits(name, refused):
    eleven = LibraryFacts("ext/libext_cuda117.so", "x86_64", needed=("libcublas.so.11",), torch=(CXX,))
    some = WheelBinaries((eleven,), (), 2, tuple(sorted({"libext_cuda117.so", name})))
    twelve = around("2.4.1", nvidia_cublas_cu12="12.4.5.8")
    assert bool(list(cuda_libraries(release(), some, twelve))) is refused
    assert bool(list(torch_interface(release(), some, twelve))) is refused


def test_what_speaks_of_cuda_is_read_whole():
    assert uses_cuda(release("ext", "1", "torch>=2"))
    assert uses_cuda(release("ext", "1", 'nvidia-cudnn-cu12; extra == "cuda"'))
    assert uses_cuda(release("cupy-cuda12x"))
    assert uses_cuda(release("onnxruntime-gpu"))
    assert not uses_cuda(release("pandas", "2", "numpy>=1.26"))


@pytest.mark.parametrize(
    ("name", "version", "whole"),
    [
        ("cupy-cuda13x", "13.6.0", True),
        ("faiss-gpu-cu11", "1.8.0", True),
        ("jax-cuda13-plugin", "0.8.0", True),
        ("cuda-bindings", "13.1.0", False),
        ("nvidia-cuda-runtime", "13.0.1", False),
    ],
)
def test_a_name_or_a_version_says_which_cuda(name, version, whole):
    (said,) = cuda_names(release(name, version), None, around("2.4.1+cu124"))
    assert (said.check, said.fatal, said.whole) == ("libraries", True, whole)
    assert "the template is for 12.4" in said.reason
    assert said.evidence.source.startswith("https://")


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("cupy-cuda12x", "13.6.0"),
        ("cuda-bindings", "12.9.4"),
        ("nvidia-cudnn-cu13", "9.1"),  # libraries for two CUDAs stand beside each other
        ("cuda-pathfinder", "1.3"),
        ("cucim", "24.2"),
        ("numpy", "2.0"),
    ],
)
def test_other_names_and_versions_do_not(name, version):
    assert not list(cuda_names(release(name, version), None, around("2.4.1+cu124")))
    assert not list(cuda_names(release(name, version), None, around()))


def test_where_nothing_speaks_of_cuda_one_module_of_several_is_an_option():
    twelve = around("2.4.1+cu124", nvidia_cuda_runtime_cu12="12.4.127")
    gpu, cpu = uses(needed=("libcublas.so.13",), path="ext/gpu/_cuda.abi3.so"), uses(path="ext/cpu/_als.abi3.so")
    (said,) = cuda_libraries(release(), WheelBinaries((gpu, cpu), (), 2), twelve)
    assert not said.fatal
    assert all(each.fatal for each in cuda_libraries(release(), WheelBinaries((gpu,), (), 1), twelve))
    told = release("ext", "1.0", "torch>=2")
    assert all(each.fatal for each in cuda_libraries(told, WheelBinaries((gpu, cpu), (), 2), twelve))
