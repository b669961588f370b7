"""What to do about torch itself. A template's torch is never changed: another template, or the same torch again."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import islice

from packaging.specifiers import SpecifierSet

from podfit.catalogue.for_gpus import NAMED, startable, with_code_for
from podfit.catalogue.gpus import runs
from podfit.catalogue.summary import Summary
from podfit.catalogue.table import table
from podfit.catalogue.torch_builds import torch_builds
from podfit.catalogue.torch_pairs import partner

_Fields = Mapping[str, str]
INDEX = "https://download.pytorch.org/whl"
_ELSEWHERE = "or, where no template holds torch: "
_PREVIOUS = "https://pytorch.org/get-started/previous-versions/"


def pip(*words: str) -> str:
    """Return a call of pip."""
    return shlex.join(["pip", "install", *words])


def index_of(version: str) -> tuple[str, ...]:
    """Return the options that name the index which a version's local part is from, none for other versions."""
    local = version.partition("+")[2]
    return ("--index-url", f"{INDEX}/{local}") if re.fullmatch(r"cu\d+|cpu|rocm[\d.]+", local) else ()


def _templates(fields: _Fields) -> Iterator[Summary]:
    """Yield templates that can be started and have a torch with CUDA: those of the same family, then the well known."""
    yield from startable(fields.get("template", ""), fields.get("template_family", ""))


def _first(names: Iterable[str]) -> str:
    """Return the first few names, in words; empty for none."""
    found = list(islice(names, NAMED))
    return f" ({', '.join(found)})" if found else ""


def _for_gpu(what: str, fields: _Fields) -> str:
    """Another template, whose torch has code for the GPU."""
    capability = fields.get("capability", "")
    if not capability:
        return "use a template whose torch has code for this GPU (podfit recommend --gpu names them)"
    names = _first(with_code_for(capability, fields.get("template", ""), fields.get("template_family", "")))
    more = f"podfit recommend --gpu {capability} asks all of them"
    return f"use a template whose torch has code for a GPU of compute capability {capability}{names}; {more}"


def _for_driver(what: str, fields: _Fields) -> str:
    """Another template, for a CUDA that the driver can do."""
    able = fields.get("driver_cuda", "")
    if not able:
        return "or use a template for a CUDA that the driver can do (podfit recommend --driver names them)"
    names = _first(one.name for one in _templates(fields) if _numbers(one.cuda) <= _numbers(able))
    return f"or use a template for CUDA {able} or older{names}"


def _with_cuda(what: str, fields: _Fields) -> str:
    """The template's torch again where it was exchanged, else another template with a torch for CUDA."""
    held = fields.get("torch_held", "")
    if held and fields.get("template_cuda"):
        return pip("--force-reinstall", f"torch=={held}", *index_of(held)) + "  # the template's own torch"
    first = "start again from the template's image where an installation exchanged its torch"
    if held:
        return f"{first}, or use a template whose torch is built for CUDA{_first(s.name for s in _templates(fields))}"
    release = fields.get("torch_version", "").partition("+")[0]
    built = [cuda for torch, cuda, _ in _builds() if release and _is(torch, release)]
    if not built:
        return (
            f"{first}, or install its release again from the index of the driver's CUDA ({_PREVIOUS} has the commands)"
        )
    again = pip("--force-reinstall", f"torch=={release}", "--index-url", f"{INDEX}/cu{built[0].replace('.', '')}")
    return f"{first}; {_ELSEWHERE}{again}"


def _numbers(version: str) -> tuple[int, ...]:
    """Return a version's numbers to order by."""
    return tuple(int(each) for each in re.findall(r"\d+", version)[:2])


@lru_cache(maxsize=1)
def _builds() -> list[tuple[str, str, tuple[str, ...]]]:
    """Return what is known of torch's builds for x86_64: releases as a specifier, CUDA, architectures; CUDA's order."""
    found = [(f"=={one.torch}", one.cuda, one.archs) for one in torch_builds() if one.cuda and one.machine == "x86_64"]
    found += [
        (str(one["releases"]), str(one["cuda"]), tuple(one["archs"]))
        for one in table("torch_archs")["published"]
        if one["machine"] == "x86_64"
    ]
    return sorted(found, key=lambda each: _numbers(each[1]))


def _is(specifier: str, release: str) -> bool:
    """Tell whether a release is one of a specifier's."""
    return SpecifierSet(specifier).contains(release, prereleases=True)


def _newer_cuda(what: str, fields: _Fields) -> str:
    """The newest torch of the oldest CUDA whose builds have code for the GPU: older drivers do as well."""
    capability = fields.get("capability", "")
    fitting = [cuda for _, cuda, archs in _builds() if capability and runs(capability, archs)]
    if fields.get("torch_held") or not fitting:
        return ""
    least = f"{INDEX}/cu{fitting[0].replace('.', '')}"
    return _ELSEWHERE + pip("--upgrade", "--force-reinstall", what, "--index-url", least)


def _older_torch(what: str, fields: _Fields) -> str:
    """The newest release that still has code for the GPU."""
    capability = fields.get("capability", "")
    fitting = [one for one in torch_builds() if one.cuda and one.machine == "x86_64"]
    fitting = [one for one in fitting if capability and runs(capability, one.archs)]
    if fields.get("torch_held") or not fitting:
        return ""
    last = fitting[-1]
    return _ELSEWHERE + pip(f"{what}=={last.torch}", "--index-url", f"{INDEX}/cu{last.cuda.replace('.', '')}")


def _older_cuda(what: str, fields: _Fields) -> str:
    """The newest torch for the newest CUDA that the driver can do."""
    able = fields.get("driver_cuda", "")
    known = [cuda for _, cuda, _ in _builds() if able and _numbers(cuda) <= _numbers(able)]
    if fields.get("torch_held") or not known:
        return ""
    return _ELSEWHERE + pip("--force-reinstall", what, "--index-url", f"{INDEX}/cu{known[-1].replace('.', '')}")


def _restore(what: str, fields: _Fields) -> str:
    """The torch that was there before; a template's own version where that is known."""
    before = f"torch=={fields['torch_held']}" if fields.get("torch_held") else what
    return pip("--force-reinstall", before, *index_of(before))


def _required(what: str, fields: _Fields) -> str:
    """The torch that an extension requires: only where that is the template's own, or was until an installation."""
    held, need = fields.get("torch_held", ""), fields.get("need", "")
    if held:
        fits = bool(need) and _is(need, held)
        return _restore(what, fields) + "  # the template's own torch" if fits else ""
    local = fields.get("own", "") or fields.get("upper_version", "")
    return f"where an installation exchanged torch: {pip(what, *index_of(local))}"


def _again(what: str, fields: _Fields) -> str:
    """Torch in the version that is there, with what it requires: exact versions. Others' requirements would move torch."""
    version = fields.get("torch_held", "") or fields.get("torch_version", "")
    if not version or what != "torch":
        return (
            f"install what {what} requires again, in the versions that its metadata names "
            f"(python -m pip check tells which differ), and leave {what} as it is"
        )
    return pip("--force-reinstall", f"{what}=={version}", *index_of(version))


def _pair(what: str, fields: _Fields) -> str:
    """The release that belongs to the torch that is there."""
    torch = fields.get("torch_held", "") or fields.get("torch_version", "")
    version = partner(what, torch)
    if version:
        return pip("--no-deps", "--force-reinstall", f"{what}=={version}", *index_of(torch))
    return f"install the {what} that belongs to the torch that is here ({INDEX}; python -c 'import torch; print(torch.__version__)' names it)"


def belongs(name: str, limits: str, fields: _Fields) -> str:
    """Return what is said in place of a step that would move a distribution that one torch alone goes with; empty for others.

    limits are those that the step has for it, empty for none.
    """
    if name not in table("torch_pairs"):
        return ""
    fitting = partner(name, fields.get("torch_held", "") or fields.get("torch_version", ""))
    if limits and not (fitting and _is(limits, fitting)):
        return f"{name}{limits} goes with another torch: use a template that has it, or change what uses {name}"
    return _pair(name, fields)


def _for_torch(what: str, fields: _Fields) -> str:
    """The release of an extension that was built for the torch that is there: which one it is, its metadata say."""
    torch = fields.get("torch_held", "") or fields.get("torch_version", "")
    told = f"torch {torch}" if torch else "the torch that is here"
    return f"install the {what} that was built for {told}: each release requires one torch, a newer one would bring another"


def stays(name: str, fields: _Fields) -> str:
    """Return what is said in place of a step that would move a framework that the template holds; empty for all others."""
    if name not in fields.get("held", "").split(","):
        return ""
    version = fields.get("torch_held", "") if name == "torch" else ""
    kept = " ".join(filter(None, (name, version)))
    return f"leave {kept} as the template has it: let what uses it fit, or use another template"


TORCH_STEPS: dict[str, Callable[[str, _Fields], str]] = {
    "template_for_gpu": _for_gpu,
    "template_for_driver": _for_driver,
    "cuda_torch": _with_cuda,
    "newer_cuda_torch": _newer_cuda,
    "older_torch": _older_torch,
    "older_cuda_torch": _older_cuda,
    "restore": _restore,
    "required_torch": _required,
    "reinstall_deps": _again,
    "pair": _pair,
    "for_torch": _for_torch,
}
"""What a row's fix may say of torch: `do` to the step."""
