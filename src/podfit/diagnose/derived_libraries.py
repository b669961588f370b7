"""Fields of a CUDA library that is missing: who brings it, whether it is there all the same, for which CUDA it is."""

from __future__ import annotations

import re

from podfit.audit.binary.linking import bringers, cuda_sonames, provided_by
from podfit.diagnose.reading import Reading

_Fields = dict[str, str]


def provider_of(library: str, prefer: str = "") -> str:
    """Return the distribution that brings a CUDA library of that name; of several one for CUDA prefer (`12`)."""
    library = soname_of(library)
    found = list(bringers(library)) or [
        name
        for name, lines in cuda_sonames().items()
        if any(each.startswith(library.partition(".so")[0] + ".so") for _, names in lines for each in names)
        and library.endswith(".so")
    ]
    suited = [name for name in found if prefer and name.endswith(f"cu{prefer}")]
    cu12 = [name for name in found if name.endswith("-cu12")]
    return (suited or cu12 or sorted(found) or [""])[0]


def soname_of(library: str) -> str:
    """Return the soname behind a file's name: `libcudnn_ops.so.9` for `libcudnn_ops.so.9.1.0`, others as they are."""
    shorter = re.match(r"(.+\.so\.\d+)\.[\d.]+$", library)
    return shorter[1] if shorter and not bringers(library) else library


def cuda_of(reading: Reading) -> str:
    """Return the CUDA that torch is built for, by its version in a log, else the environment's; empty for unknown."""
    match = re.search(r"\+cu(\d\d)(\d)", reading.versions.get("torch", ""))
    return f"{match[1]}.{match[2]}" if match else reading.there.cuda


def place_fields(fields: _Fields, library: str, reading: Reading) -> None:
    """Fill in where a library is, and whether it is of another CUDA or cuDNN than torch has here."""
    soname, cuda = soname_of(library), cuda_of(reading)
    brought = bringers(soname)
    there = next(
        (f"{name} {have}" for name in brought for have in _have(name, reading) if soname in provided_by(name, have)), ""
    )
    majors = {_major(name) for name in brought}
    fields["library_there"] = there
    fields["library_folder"] = _folder(there.partition(" ")[0])
    fields["library_cuda"] = f"CUDA {majors.pop()}" if len(majors) == 1 and re.search(r"\.so\.\d", library) else ""
    fields["torch_cuda"] = cuda
    other = cuda and fields["library_cuda"] and fields["library_cuda"] != f"CUDA {cuda.partition('.')[0]}"
    fields["other_cuda"] = "yes" if other else ""
    cudnn = re.match(r"libcudnn\w*\.so\.(\d+)", library)
    if cudnn:
        have = reading.there.cudnn
        fields["library_cudnn"] = cudnn[1]
        fields["cudnn_there"] = have
        fields["cudnn_major"] = have.partition(".")[0]
        fields["other_cudnn"] = "yes" if have and fields["cudnn_major"] != cudnn[1] else ""


def _have(name: str, reading: Reading) -> tuple[str, ...]:
    version = reading.there.versions.get(name, "")
    return (version,) if version else ()


def _major(name: str) -> str:
    """Return the major CUDA that one of NVIDIA's distributions is for: its name's, else its first version's."""
    named = re.search(r"-cu(\d+)$", name)
    return named[1] if named else cuda_sonames()[name][0][0].partition(".")[0]


def _folder(name: str) -> str:
    """Return the package in whose folder lib a distribution for CUDA 11 or 12 has its libraries (nvidia-cublas-cu12)."""
    named = re.fullmatch(r"nvidia-([a-z0-9-]+)-cu1[12]", name)
    return f"nvidia.{named[1].replace('-', '_')}" if named else ""
