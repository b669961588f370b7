"""NVIDIA's GPUs: which compute capability one of a name has, and which device code runs on it (gpus.toml)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

import msgspec

from podfit.catalogue.evidence import stated
from podfit.catalogue.table import table
from podfit.model import Evidence, InputError
from podfit.model.words import near

_NOT_OF_THE_NAME = re.compile(
    r"\b(?:nvidia|geforce|tesla|graphics|generation|founders edition|laptop|gpu|sxm[0-9]?|pcie|nvl|hbm[0-9]?e?|"
    r"[0-9]+ ?gi?b|mig.*)\b"
)
"""The maker, the line of products, memory and form factor: an A100-SXM4-80GB has the code of an A100-PCIE-40GB."""

_CAPABILITY = re.compile(r"(?:sm_?|compute_?)?([0-9]{1,2})\.?([0-9])[af]?")
_CODE = re.compile(r"(sm|compute)_([0-9]+)([0-9])([af]?)")


class KnownGpu(msgspec.Struct, frozen=True):
    """A GPU by its name: its compute capability (`8.9`), and why; name is how the catalogue writes it."""

    name: str
    capability: str
    evidence: Evidence


def normalized(name: str) -> str:
    """Return what of a GPU's name tells its architecture: `NVIDIA A100-SXM4-80GB` is `a100`."""
    words = re.sub(r"[-_\s]+", " ", name.lower())
    return " ".join(_NOT_OF_THE_NAME.sub(" ", words).split())


@cache
def known_gpus() -> dict[str, KnownGpu]:
    """Return every GPU of the catalogue, by its normalized name."""
    found = table("gpus")
    evidence = stated(found)
    return {
        normalized(name): KnownGpu(name, capability, evidence)
        for capability, names in found["capabilities"].items()
        for name in names
    }


def gpu_named(name: str) -> KnownGpu | None:
    """Return the GPU that a name means, however nvidia-smi, a shop or a person writes it; None for an unknown one.

    A name without the word that tells two apart is unknown: RTX 6000 is a Quadro of 7.5, an Ada of 8.9.
    """
    return known_gpus().get(normalized(name))


def capability_of(text: str) -> KnownGpu:
    """Return the GPU that a person names: `RTX 5090`, `sm_120`, `12.0`.

    Raises InputError for a name that is unknown, with those that are near it.
    """
    found = _CAPABILITY.fullmatch(text.strip().lower())
    if found is not None and int(found[1]) >= 3:
        return KnownGpu("", f"{int(found[1])}.{found[2]}", stated(table("gpus")["rule"]))
    gpu = gpu_named(text) or _alike(text)
    if gpu is not None:
        return gpu
    known = {entry.name: key for key, entry in known_gpus().items()}
    asked = normalized(text)
    alike = [name for name, key in known.items() if asked and asked in key]
    alike += [name for name in near(text, known) if name not in alike]
    hint = f"did you mean {' or '.join(alike[:3])}?" if alike else "name its architecture instead, such as sm_89"
    raise InputError(
        f"no GPU {text!a} is known",
        remedy=f"{hint} `nvidia-smi --query-gpu=name,compute_cap --format=csv` tells both" if alike else hint,
    )


def _alike(text: str) -> KnownGpu | None:
    """Return the plainest GPU with every word of a name (`5090`), where all that have them are of one capability."""
    words = set(normalized(text).split())
    found = [gpu for key, gpu in known_gpus().items() if words and words <= set(key.split())]
    alike = len({gpu.capability for gpu in found}) == 1
    return min(found, key=lambda gpu: (len(gpu.name), gpu.name)) if alike else None


def runs(capability: str, codes: Iterable[str]) -> bool:
    """Tell whether device code for any of codes (`sm_80`, `compute_90`, `sm_90a`) runs on a compute capability (`9.0`).

    CUDA C++ Programming Guide, Binary Compatibility and PTX Compatibility: machine code on GPUs of its own major number
    from its own minor number on, PTX on every one at least as new. With the suffix `a` on exactly its own, with `f` on
    its family, which is taken as the same major number.
    """
    major, _, minor = capability.partition(".")
    there = (int(major), int(minor))
    for code in codes:
        found = _CODE.fullmatch(code)
        if found is None:
            continue
        made = (int(found[2]), int(found[3]))
        if made == there:
            return True
        if found[4] == "a" or made > there:
            continue
        if made[0] == there[0] or (found[1] == "compute" and not found[4]):
            return True
    return False


def rule_evidence() -> Evidence:
    """Return where the rule of `runs` is stated."""
    return stated(table("gpus")["rule"])
