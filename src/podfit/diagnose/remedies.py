"""What to do about a cause: the steps of a row, as commands for an environment that nobody showed."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement

from podfit.catalogue.gpus import runs
from podfit.catalogue.torch_builds import TorchBuild, torch_builds
from podfit.catalogue.torch_pairs import partner
from podfit.far.symptoms import applies, filled
from podfit.model import canonical

_Fields = Mapping[str, str]
_TORCH_INDEX = "https://download.pytorch.org/whl"
_NOT_PACKAGES = {"python", "pip", "nvidia-driver", "cuda-toolkit"}
"""What a fix may act on and no index has under that name."""


def packages_of(row: Mapping[str, Any], fields: _Fields) -> tuple[str, ...]:
    """Return the packages that the fix of a row acts on, each once."""
    names = (filled(each, fields) for each in row.get("packages", ()))
    return tuple(dict.fromkeys(canonical(name) for name in names if name and name != "something"))


def steps_of(row: Mapping[str, Any], fields: _Fields) -> tuple[str, ...]:
    """Return the commands and sentences of a row's fix, best first, without those that nothing can be put into."""
    found = []
    for step in row.get("fix", ()):
        if applies(step.get("when", ""), fields):
            what = filled(step["what"], fields)
            if what:
                found.append(_STEPS[step["do"]](what, fields))
    return tuple(dict.fromkeys(each for each in found if each))


def wanted_of(row: Mapping[str, Any], fields: _Fields) -> tuple[str, ...]:
    """Return the requirements that the fix would have, best first: what a solver can be asked for."""
    found = []
    for step in row.get("fix", ()):
        what = filled(step["what"], fields) if applies(step.get("when", ""), fields) else ""
        if what and step["do"] in ("install", "upgrade", "fitting", "older", "unpinned", "relax"):
            requirement = _relaxed(what, fields) if step["do"] == "relax" else what
            if step["do"] == "upgrade" and fields.get(f"{what.replace('-', '_')}_version"):
                requirement = f"{what}>{fields[what.replace('-', '_') + '_version'].partition('+')[0]}"
            if _is_requirement(requirement) and canonical(Requirement(requirement).name) not in _NOT_PACKAGES:
                found.append(requirement)
    return tuple(dict.fromkeys(found))


def _is_requirement(text: str) -> bool:
    """Tell whether text is a requirement."""
    try:
        Requirement(text)
    except InvalidRequirement:
        return False
    return True


def _pip(*words: str) -> str:
    """Return a call of pip."""
    return shlex.join(["pip", "install", *words])


def _install(what: str, fields: _Fields) -> str:
    return _pip(what) if _is_requirement(what) else ""


def _upgrade(what: str, fields: _Fields) -> str:
    return _pip("--upgrade", what)


def _reinstall(what: str, fields: _Fields) -> str:
    return _pip("--force-reinstall", "--no-deps", _as_it_is(what, fields))


def _reinstall_deps(what: str, fields: _Fields) -> str:
    """What it requires comes again in the versions that it names, from where that torch came."""
    have = _as_it_is(what, fields)
    local = have.partition("+")[2]
    index = ("--index-url", f"{_TORCH_INDEX}/{local}") if local.startswith("cu") else ()
    return _pip("--force-reinstall", have, *index)


def _as_it_is(what: str, fields: _Fields) -> str:
    """Return a name with the version that the log states, so that installing again changes nothing else."""
    version = fields.get(f"{what.replace('-', '_')}_version", "")
    return f"{what}=={version}" if version else what


def _rebuild(what: str, fields: _Fields) -> str:
    """An extension is compiled again against the torch that is there."""
    torch = fields.get("torch_version", "")
    if what in ("torch-scatter", "torch-sparse", "torch-cluster", "torch-spline-conv", "pyg-lib"):
        wheels = (
            f"https://data.pyg.org/whl/torch-{torch}.html"
            if torch
            else "https://data.pyg.org/whl/torch-VERSION+CUDA.html"
        )
        return _pip("--force-reinstall", "--no-deps", what, "-f", wheels)
    if what == "mmcv":
        return "pip install -U openmim && mim install mmcv  # picks the build for the torch that is there"
    return _pip("--force-reinstall", "--no-deps", "--no-build-isolation", "--no-cache-dir", what)


def _pair(what: str, fields: _Fields) -> str:
    """The release that belongs to the torch that is there."""
    torch = fields.get("torch_version", "")
    version = partner(what, torch)
    local = torch.partition("+")[2]
    index = ("--index-url", f"{_TORCH_INDEX}/{local}") if local.startswith(("cu", "cpu", "rocm")) else ()
    if version:
        return _pip("--no-deps", f"{what}=={version}", *index)
    return f"install the {what} that belongs to the torch that is here ({_TORCH_INDEX}; python -c 'import torch; print(torch.__version__)' names it)"


def _cuda_torch(what: str, fields: _Fields) -> str:
    version = fields.get("torch_version", "").partition("+")[0]
    return _pip(
        "--force-reinstall", f"torch=={version}" if version else "torch", "--index-url", f"{_TORCH_INDEX}/cu124"
    )


def _newer_cuda(what: str, fields: _Fields) -> str:
    """The newest release whose build has code for the GPU, from the index of its CUDA."""
    build = _build_for(fields)
    if build is None:
        return _pip("--upgrade", "--force-reinstall", what, "--index-url", f"{_TORCH_INDEX}/cu128")
    return _pip(
        "--upgrade", "--force-reinstall", what, "--index-url", f"{_TORCH_INDEX}/cu{build.cuda.replace('.', '')}"
    )


def _older_torch(what: str, fields: _Fields) -> str:
    build = _build_for(fields)
    if build is None:
        return f"install an older {what} that still has code for this GPU"
    index = f"{_TORCH_INDEX}/cu{build.cuda.replace('.', '')}"
    return f"{_pip(f'{what}=={build.torch}', '--index-url', index)}  # the newest with code for this GPU"


def _build_for(fields: _Fields) -> TorchBuild | None:
    """Return the newest build of torch that the catalogue knows to run on the GPU of a log."""
    capability = fields.get("capability", "")
    if not capability:
        return None
    fitting = [one for one in torch_builds() if one.cuda and one.machine == "x86_64" and runs(capability, one.archs)]
    return fitting[-1] if fitting else None


def _older_cuda(what: str, fields: _Fields) -> str:
    return f"or install the {what} build for the driver's CUDA: {_pip(what, '--index-url', _TORCH_INDEX + '/' + _cuda_index(fields))}"


def _cuda_index(fields: _Fields) -> str:
    """Return the index of the newest CUDA that a driver can do."""
    digits = fields.get("driver_cuda", "").split(".")
    have = (int(digits[0]), int(digits[1])) if len(digits) == 2 and all(each.isdigit() for each in digits) else (11, 8)
    known = ((13, 0, "cu130"), (12, 8, "cu128"), (12, 6, "cu126"), (12, 4, "cu124"), (12, 1, "cu121"), (11, 8, "cu118"))
    return next((name for major, minor, name in known if (major, minor) <= have), "cu118")


def _arch_rebuild(what: str, fields: _Fields) -> str:
    return (
        ""
        if what == "torch"
        else f"or install {what} again, built for this GPU: {_pip('--force-reinstall', '--no-deps', '--upgrade', what)}"
    )


def _restore(what: str, fields: _Fields) -> str:
    local = what.partition("+")[2]
    index = ("--index-url", f"{_TORCH_INDEX}/{local}") if local.startswith(("cu", "cpu", "rocm")) else ()
    return _pip("--force-reinstall", what, *index)


def _fitting(what: str, fields: _Fields) -> str:
    return f"install the {what} that the code was written for (pip install '{what}<VERSION'; podfit names it with --template or --python)"


def _older(what: str, fields: _Fields) -> str:
    version = fields.get(f"{what.replace('-', '_')}_version", "").partition("+")[0]
    return _pip(f"{what}<{version}") if version else f"install an older {what}"


def _unpinned(what: str, fields: _Fields) -> str:
    return f"{_pip(what)}  # without the pin: a release that has a wheel here"


def _relaxed(what: str, fields: _Fields) -> str:
    """Return the distribution that gives way with the limits that the others ask for."""
    needs = [each for each in fields.get("clash_needs", "").split("|") if each]
    joined = ",".join(
        dict.fromkeys(part.strip() for each in needs for part in each.split(",") if not part.startswith("["))
    )
    text = f"{what}{joined}"
    return text if joined and _is_requirement(text) else what


def _relax(what: str, fields: _Fields) -> str:
    if fields.get("clash_absent"):
        return f"ask for a version of {what} that exists: {_pip(what)}"
    return f"let {what} give way: {_pip(_relaxed(what, fields))}"


def _no_isolation(what: str, fields: _Fields) -> str:
    return (
        f"{_pip('--no-build-isolation', what)}  # after what it imports is installed ({fields.get('module', 'torch')})"
    )


def _old_setuptools(what: str, fields: _Fields) -> str:
    limit = (
        "58" if "use_2to3" in fields.get("two", "") else "66" if fields.get("invalid") or fields.get("extras") else "81"
    )
    return f"pip install 'setuptools<{limit}' wheel && {_pip('--no-build-isolation', what)}"


def _old_cython(what: str, fields: _Fields) -> str:
    return f"pip install 'cython<3' wheel && {_pip('--no-build-isolation', what)}"


def _wheel(what: str, fields: _Fields) -> str:
    return f"{_pip('--only-binary', ':all:', what)}  # a release that has a wheel here"


def _headless(what: str, fields: _Fields) -> str:
    if not what.startswith("opencv"):
        return ""
    name = "opencv-contrib-python-headless" if "contrib" in what else "opencv-python-headless"
    plain = name.replace("-headless", "")
    return f"pip uninstall -y {plain} && pip install {name}"


def _replace(what: str, fields: _Fields) -> str:
    if what.startswith("opencv"):
        return f"pip uninstall -y opencv-python && {_pip(what)}"
    return _pip("--force-reinstall", what)


def _as_it_stands(what: str, fields: _Fields) -> str:
    return what


_STEPS: dict[str, Callable[[str, _Fields], str]] = {
    "install": _install,
    "upgrade": _upgrade,
    "reinstall": _reinstall,
    "reinstall_deps": _reinstall_deps,
    "rebuild": _rebuild,
    "pair": _pair,
    "cuda_torch": _cuda_torch,
    "newer_cuda_torch": _newer_cuda,
    "older_torch": _older_torch,
    "older_cuda_torch": _older_cuda,
    "arch_rebuild": _arch_rebuild,
    "restore": _restore,
    "fitting": _fitting,
    "older": _older,
    "unpinned": _unpinned,
    "relax": _relax,
    "no_isolation": _no_isolation,
    "old_setuptools": _old_setuptools,
    "old_cython": _old_cython,
    "wheel": _wheel,
    "headless": _headless,
    "replace": _replace,
    "run": _as_it_stands,
    "say": _as_it_stands,
}
