"""Fields of CUDA's families: which distribution brings a library, which of a GPU and a build is the older one."""

from __future__ import annotations

import re

from podfit.catalogue.gpus import gpu_named
from podfit.catalogue.imports import extension_of
from podfit.catalogue.moved_names import moved
from podfit.catalogue.torch_builds import torch_builds
from podfit.diagnose import extract
from podfit.diagnose.derived_libraries import cuda_of, place_fields, provider_of
from podfit.diagnose.owners import Owned, importing, owned
from podfit.diagnose.reading import Reading
from podfit.diagnose.tracebacks import Raised
from podfit.far.symptoms import Hit
from podfit.model import canonical

_Fields = dict[str, str]


_SPEAKERS = (
    ("onnxruntime", "onnxruntime-gpu"),
    ("tensorflow", "tensorflow"),
    ("ctranslate2", "ctranslate2"),
    ("nvrtc: error", "torch"),
)
"""Whose own log a line is, by a word in it."""


def library_fields(fields: _Fields, hit: Hit, reading: Reading, one: Raised | None) -> None:
    """A library: who brings it, for which CUDA, who needs it."""
    library = fields.get("library", "")
    cuda = cuda_of(reading).partition(".")[0]
    if library:
        fields["provider"] = provider_of(library, cuda)
        place_fields(fields, library, reading)
        fields["library_told"] = f" in {library}"
        fields["library_nccl"] = "yes" if library.startswith("libnccl") else ""
    if hit.row["id"] == "cuda-build-mismatch":
        _toolkit_fields(fields, hit, reading)
    if hit.row["id"] == "cudnn-version":
        built, found = (
            fields.get("need", "") or fields.get("built", ""),
            fields.get("have", "") or fields.get("loaded", ""),
        )
        fields["cudnn_built"] = f" ({built.replace(', ', '.')})" if built else ""
        fields["cudnn_found"] = f" ({found.replace(', ', '.')})" if found else ""
    symbol = fields.get("symbol", "")
    for prefix, stem in (
        ("cublas", "libcublas.so"),
        ("cudnn", "libcudnn.so"),
        ("cusparse", "libcusparse.so"),
        ("__nvJitLink", "libnvJitLink.so"),
        ("cusolver", "libcusolver.so"),
        ("cufft", "libcufft.so"),
    ):
        if symbol.startswith(prefix) and not fields.get("provider"):
            fields["provider"] = provider_of(stem, cuda)
    text = reading.lines[hit.line].text
    needs = re.search(r"required by (?P<path>[^)\s]+)", text)
    path = needs["path"] if needs else ""
    owner = owned(path, reading, one)
    outside = bool(path) and not owner.module
    fields["needs_it"] = owner.distribution or owner.importer or ("" if outside else fields.get("culprit", ""))
    fields["needs_told"] = fields["needs_it"] or path.rpartition("/")[2]
    family = fields.get("family", "")
    fields["family_name"] = {
        "GLIBC": "the C library (glibc)",
        "GLIBCXX": "the C++ library (libstdc++)",
        "CXXABI": "the C++ library (libstdc++)",
    }.get(family, "")
    level = re.match(r"GLIBC_([\d.]+)$", fields.get("level", ""))
    fields["glibc_needed"] = fields.get("glibc_needed", "") or (level[1] if level else "")
    if fields.get("culprit") == "torch" and one is None:
        fields["culprit"] = "torch"
    if one is not None and not fields.get("culprit"):
        fields["culprit"] = extract.importer_of(one)
    for word, name in _SPEAKERS:
        if not fields.get("culprit") and word in text.lower():
            fields["culprit"] = name
    fields["system_library"] = {"GLIBC": "glibc", "GLIBCXX": "libstdcxx-ng", "CXXABI": "libstdcxx-ng"}.get(family, "")


def _toolkit_fields(fields: _Fields, hit: Hit, reading: Reading) -> None:
    """Fill in the two CUDAs of a toolkit that is another than torch's: the words go over several lines."""
    near = " ".join(line.text for line in reading.lines[hit.line : hit.line + 4])
    told = re.search(r"detected CUDA version \(([\d.]+)\).{0,80}?PyTorch\s*\(([\d.]+)\)", near) or re.search(
        r"Installed CUDA version ([\d.]+) does not match the version torch was compiled with ([\d.]*\d)", near
    )
    if told:
        fields["have"], fields["need"] = told[1], told[2]


def nccl_fields(fields: _Fields, hit: Hit, reading: Reading, one: Raised | None) -> None:
    """NCCL: its distribution; two ranks on one GPU."""
    fields["nccl"] = provider_of("libnccl.so.2", cuda_of(reading).partition(".")[0] or "12")
    if "Duplicate GPU detected" in " ".join(line.text for line in reading.lines[max(0, hit.line - 10) : hit.line + 20]):
        fields["nccl_gloo"] = "yes"
    fields.setdefault("culprit", "torch")


def arch_fields(fields: _Fields, hit: Hit, reading: Reading, one: Raised | None) -> None:
    """GPUs: whether the GPU is older or newer than what the build has code for."""
    archs: list[int] = []
    for line in reading.lines:
        if (
            "supports CUDA capabilities" in line.text
            or "supported by this library" in line.text
            or "arch_list" in line.text
            or "architectures" in line.text
        ):
            archs += [int(each) for each in re.findall(r"sm_(\d+)", line.text)]
            least = re.search(r"minimum cuda capability supported by this library is (\d+)\.(\d+)", line.text)
            if least:
                archs.append(int(least[1] + least[2]))
        elif archs:
            more = re.match(r"\s*(?:sm_\d+ ?)+", line.text)
            archs += [int(each) for each in re.findall(r"sm_(\d+)", line.text)] if more else []
    joined = " ".join(line.text for line in reading.lines)
    gpu = re.search(
        r"CUDA capability (?:sm_|of )?(\d+)\.?(\d)?\b|compute capability (\d+)\.(\d)|Found GPU\d+ (?P<named>[^\n]{1,60}?) which is of cuda capability (\d+)\.(\d)",
        joined,
    )
    capability = 0
    if gpu:
        digits = [each for each in gpu.groups() if each and each.isdigit()]
        capability = int("".join(digits[:2])) if digits else 0
        fields.setdefault("arch", f"sm_{capability}")
        fields["gpu_named"] = f" ({gpu['named']})" if gpu["named"] else ""
    if not archs:
        archs = _archs_of(reading)
    named = next((known for line in reading.lines if (known := _gpu_on(line.text))), None)
    if not capability and named is not None:
        capability = int(named.replace(".", ""))
        fields.setdefault("arch", f"sm_{capability}")
    if archs:
        fields["archs_seen"] = f", only for sm_{', sm_'.join(str(each) for each in sorted(set(archs)))}"
    if (capability and capability < min(archs, default=50)) or "too old" in reading.lines[hit.line].text:
        fields["gpu_old"] = "yes"
    fields["capability"] = f"{capability // 10}.{capability % 10}" if capability else ""
    driver = fields.get("driver", "")
    if driver.isdigit() and len(driver) >= 4:
        fields["driver_cuda"] = f"{int(driver) // 1000}.{int(driver) % 1000 // 10}"
    if fields.get("culprit") == "numpy":
        fields["culprit"] = ""
    owner = re.search(r"(?:site|dist)-packages[/\\](cupy|xformers|flash_attn|bitsandbytes|triton|vllm|torch)", joined)
    if not fields.get("culprit") and owner:
        fields["culprit"] = extract.distribution_of(owner[1])


def _archs_of(reading: Reading) -> list[int]:
    """Return the architectures of the torch whose version a log states, by the catalogue's builds."""
    version = reading.versions.get("torch", "")
    cuda = re.search(r"\+cu(\d+)(\d)$", version)
    builds = [one for one in torch_builds() if one.torch == version.partition("+")[0] and one.machine == "x86_64"]
    fitting = [one for one in builds if not cuda or one.cuda == f"{cuda[1]}.{cuda[2]}"]
    return [int(each[3:]) for one in fitting[:1] for each in one.archs if re.fullmatch(r"sm_\d+", each)]


_GPU = re.compile(
    r"\b(?:(?:NVIDIA|GeForce|Tesla|Quadro) )?(?:(?:RTX|GTX|GT|TITAN) [A-Z]{0,3} ?\d{3,4}(?: Ti| SUPER)*|(?:Tesla )?[KMPVTLAHB]\d{1,3}[GS]?\b)"
)


def _gpu_on(text: str) -> str | None:
    """Return the compute capability of a GPU that a line names, by the catalogue; None where it names none."""
    for found in _GPU.findall(text[:2000]):
        known = gpu_named(found)
        if known is not None:
            return known.capability
    return None


def torch_fields(fields: _Fields, hit: Hit, reading: Reading, one: Raised | None) -> None:
    """Torch and its extensions: which extension, and what replaced torch."""
    text = reading.lines[hit.line].text
    owner = _owner(fields, reading, one, fields.get("file", "") or text)
    fields["extension"] = owner.distribution or owner.importer
    fields["extension_module"] = owner.module
    fields["extension_told"] = str(owner)
    asked = [name for name in reading.asked if name not in ("torch", "torchvision", "torchaudio")]
    fields["by"] = f" (installing {', '.join(asked[:3])})" if asked else ""
    version = reading.versions.get("torch", "")
    fields.setdefault("name", fields.get("member", ""))
    where = fields.get("package") or fields.get("extension", "")
    inside = fields.get("inside") or fields.get("sub", "")
    fields["gone_in"], _ = moved(canonical(where), f"{where}{inside}", fields["name"])
    if fields.get("before") and version and version != fields["before"]:
        fields["by"] += f" with {version}"
    if "+cpu" in version or "+cpu" in text:
        fields["torch_cpu"] = f"torch {version or 'here'} is one for the CPU" if version else "yes"


def _owner(fields: _Fields, reading: Reading, one: Raised | None, file: str) -> Owned:
    """Return whose the extension is that a line tells of: by its name, its file, or who was loading it."""
    named = (fields.get("extension", "") or fields.get("package", "")).partition(".")[0]
    if named and named not in ("torch", "importlib"):
        return Owned(named, reading.there.owners.get(named) or extension_of(named) or extract.distribution_of(named))
    for path in (file, _named_later(reading, one)):
        found = owned(path, reading, one)
        if found.module and found.module != "torch":
            return found
    where = fields.get("where", "").partition(".")[0]
    culprit = (
        importing(one) or fields.get("culprit", "") or ("" if where == "torch" else extract.distribution_of(where))
    )
    return Owned("", "" if culprit == "torch" else culprit)


def _named_later(reading: Reading, one: Raised | None) -> str:
    """Return the line of an exception that another one led to: the loader's words name the library alone."""
    if one is None:
        return ""
    later = (reading.lines[other.line].text for other in reading.group_of(one) if other.line > one.line)
    return next((text for text in later if extract.module_of(text) not in ("", "torch")), "")
