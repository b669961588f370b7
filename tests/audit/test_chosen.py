"""Libraries that a release chooses as it runs: told when the one for the template is not there."""

from __future__ import annotations

import io
import zipfile

import pytest

from podfit.audit.binary.facts import LibraryFacts, WheelBinaries, mentions_cuda, names_alone
from podfit.audit.chosen import chosen_libraries
from podfit.audit.judging import Surroundings
from podfit.model import Distribution, Evidence, EvidenceKind, Interpreter, Origin, Platform, Release, Template
from podfit.model.requirement import Markers

SEEN = Evidence(EvidenceKind.MEASURED, "here")
LIB = Release("lib", "1.0", (), "", SEEN)


def around(**versions: str) -> Surroundings:
    """A template with these versions, of which torch is held."""
    named = {name.replace("_", "-"): version for name, version in versions.items()}
    found = {name: Distribution(name, version, SEEN, ()) for name, version in named.items()}
    template = Template("pod", Interpreter("3.11.9"), Platform(), found, Origin.GIVEN, SEEN)
    environment = {name: Release(name, version, (), "", SEEN) for name, version in named.items()}
    return Surroundings(template, environment, frozenset(["torch"]), frozenset(), Markers(template.marker_environment))


def told(binaries: WheelBinaries, **versions: str) -> list[str]:
    """What is said of a release with these files, none of it fatal."""
    said = list(chosen_libraries(LIB, binaries, around(**versions)))
    assert not any(each.fatal or each.unknown for each in said)
    assert all(each.evidence.kind is EvidenceKind.BINARY for each in said)
    return [each.reason for each in said]


@pytest.mark.parametrize(
    ("names", "torch", "expected"),
    [
        (["libx_cuda118.so", "libx_cuda121.so"], "2.4.1+cu124", "it has those for 11.8, 12.1, the template's is 12.4"),
        (["libx_cuda118_nolt.so", "libx_cuda124_nolt.so"], "2.4.1+cu124", ""),
        (["libx_cuda118.so", "libx_cpu.so"], "2.4.1+cu124", ""),  # one alone is no choice
        (["libx_cuda118.so", "libx_cuda121.so"], "2.4.1+cpu", ""),
        (["libg_pytorch_2.0.so", "libg_pytorch_2.2.0.so"], "2.4.1+cu124", "those for 2.0, 2.2, the template's is 2.4"),
        (["libg_pytorch_2.0.1.so", "libg_pytorch_2.4.0.so"], "2.4.1+cu124", ""),
        (["libcudart.so.12", "libx2.so", "libx3.so"], "2.4.1+cu124", ""),
    ],
)  # fmt: skip
def test_one_of_several_by_version(names: list[str], torch: str, expected: str) -> None:
    said = told(WheelBinaries(names=tuple(names)), torch=torch)
    assert len(said) == bool(expected)
    assert all(expected in each for each in said)


def opens(*names: str, path: str = "lib.libs/libcudnn-463fd6d5.so.8.9.7") -> LibraryFacts:
    """A file that knows these libraries by name."""
    return LibraryFacts(path, "x86_64", opened=names)


def test_a_library_of_another_version_is_told_with_the_one_that_is_there() -> None:
    eight = WheelBinaries((opens("libcudnn.so.8", "libOpenCL.so.1", "libcudnn_ops_infer.so.8"),), (), 1)
    (said,) = told(eight, torch="2.4.1+cu124", nvidia_cudnn_cu12="9.1.0.70")
    assert said.startswith("lib 1.0 opens libcudnn.so.8 as it runs; the template has libcudnn.so.9")
    assert not told(eight, torch="2.2.2+cu121", nvidia_cudnn_cu12="8.9.2.26")
    assert not told(eight, torch="2.4.1+cu124")  # the image may have any
    both = WheelBinaries((opens("libcudnn.so.8"), opens("libcudnn.so.9", path="lib/_C.abi3.so")), (), 2)
    assert not told(both, torch="2.4.1+cu124", nvidia_cudnn_cu12="9.1.0.70")
    own = WheelBinaries((opens("libcudnn.so.8"),), (), 1, ("libcudnn.so.8",))
    assert not told(own, torch="2.4.1+cu124", nvidia_cudnn_cu12="9.1.0.70")


def test_of_cuda_itself_the_templates_version_tells() -> None:
    eleven = WheelBinaries((opens("libcublas.so.11", path="lib/libx_cuda118.so"),), (), 1)
    (said,) = told(eleven, torch="2.4.1+cu124")
    assert "opens libcublas.so.11 as it runs; the template is for CUDA 12.4" in said
    unread = WheelBinaries(eleven.libraries, (), 2, ("libx_cuda118.so", "libx_cuda124.so"))
    assert not told(unread, torch="2.4.1+cu124")
    assert not told(WheelBinaries((opens("libcublas.so.12"),), (), 1), torch="2.4.1+cu124")
    assert not told(eleven, torch="2.4.1+cpu")
    assert not told(eleven, numpy="1.26.4")


def test_what_the_template_holds_is_taken_as_it_is() -> None:
    names = WheelBinaries(names=("libx_cuda118.so", "libx_cuda121.so"))
    held = Release("torch", "2.4.1+cu124", (), "", SEEN)
    assert not list(chosen_libraries(held, names, around(torch="2.4.1+cu124")))
    assert not list(chosen_libraries(LIB, None, around(torch="2.4.1+cu124")))


def wheel(*paths: str) -> zipfile.ZipFile:
    """An open wheel with these files, all empty."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as bundle:
        for path in paths:
            bundle.writestr(path, b"")
    return zipfile.ZipFile(data)


def test_copies_of_nvidias_libraries_and_the_names_of_all_are_seen_in_the_directory() -> None:
    assert mentions_cuda(wheel("x.libs/libcudnn-463fd6d5.so.8.9.7", "x/_C.abi3.so"))
    assert not mentions_cuda(wheel("x/libx_cuda118.so", "x/libcudnn.py"))
    assert names_alone(wheel("x/libx_cuda118.so", "x/a.py", "x.libs/libssl.so.1.1")).names == (
        "libssl.so.1.1",
        "libx_cuda118.so",
    )
