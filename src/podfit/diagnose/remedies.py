"""What to do about a cause: the steps of a row, as commands for an environment that nobody showed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from packaging.requirements import InvalidRequirement, Requirement

from podfit.catalogue.imports import Unpublished, unreleased
from podfit.diagnose.torch_steps import TORCH_STEPS, belongs, pip, stays
from podfit.far.symptoms import applies, filled
from podfit.model import canonical

_Fields = Mapping[str, str]
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_MOVING = (
    "install",
    "upgrade",
    "fitting",
    "older",
    "unpinned",
    "reinstall",
    "rebuild",
    "wheel",
    "replace",
    "no_isolation",
)
"""Steps that put another version of what they name into place."""
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
                found.append(_step(row, step["do"], what, fields))
    steps = list(dict.fromkeys(each for each in found if each))
    return (steps[0].removeprefix("or "), *steps[1:]) if steps else ()


def _step(row: Mapping[str, Any], do: str, what: str, fields: _Fields) -> str:
    """Return one step; what would move a framework that the template holds says so in place of doing it."""
    named = _NAME.match(what) if do in _MOVING else None
    name = canonical(named[0]) if named else ""
    if name and "absent" not in row.get("check", {}) and (kept := stays(name, fields)):
        return kept
    limits = str(Requirement(what).specifier) if name and _is_requirement(what) else ""
    if name and (paired := belongs(name, limits, fields)):
        return paired
    project = unreleased(name) if name else None
    return _from_its_project(name, project) if project else _STEPS[do](what, fields)


def _from_its_project(name: str, project: Unpublished) -> str:
    """Return how to get what no index has by its name: from the address that its project installs from."""
    told = f"{name} {project.reason}"
    return (
        f"{told}: {pip('--no-build-isolation', project.url)}" if project.url else f"{told}: follow its own instructions"
    )


class Wanted(NamedTuple):
    """A requirement that a fix would have; doubted where it only asks for another release than the one that failed."""

    requirement: str
    doubted: bool = False


def wanted_of(row: Mapping[str, Any], fields: _Fields) -> tuple[Wanted, ...]:
    """Return the requirements that the fix would have, best first: what a solver can be asked for."""
    found = []
    for step in row.get("fix", ()):
        what = filled(step["what"], fields) if applies(step.get("when", ""), fields) else ""
        if what and step["do"] in ("install", "upgrade", "fitting", "for_torch", "older", "unpinned", "relax"):
            requirement = _relaxed(what, fields) if step["do"] == "relax" else what
            requirement = fields.get("against", "") if stays(what, fields) and step["do"] == "relax" else requirement
            if step["do"] == "upgrade" and fields.get(f"{what.replace('-', '_')}_version"):
                requirement = f"{what}>{fields[what.replace('-', '_') + '_version'].partition('+')[0]}"
            if _is_requirement(requirement):
                name = canonical(Requirement(requirement).name)
                asked = name not in _NOT_PACKAGES and not stays(name, fields) and unreleased(name) is None
                doubted = step["do"] in ("upgrade", "fitting", "older") and not Requirement(requirement).specifier
                found += [Wanted(requirement, doubted)] if asked else []
    return tuple(dict.fromkeys(found))


def _is_requirement(text: str) -> bool:
    """Tell whether text is a requirement."""
    try:
        Requirement(text)
    except InvalidRequirement:
        return False
    return True


def _install(what: str, fields: _Fields) -> str:
    return pip(what) if _is_requirement(what) else ""


def _upgrade(what: str, fields: _Fields) -> str:
    return pip("--upgrade", what)


def _reinstall(what: str, fields: _Fields) -> str:
    return pip("--force-reinstall", "--no-deps", _as_it_is(what, fields))


def _as_it_is(what: str, fields: _Fields) -> str:
    """Return a name with the version that the log states, so that installing again changes nothing else."""
    version = fields.get(f"{what.replace('-', '_')}_version", "")
    return f"{what}=={version}" if version else what


def _rebuild(what: str, fields: _Fields) -> str:
    """An extension is compiled again against the torch that is there."""
    torch = fields.get("torch_version", "")
    if what in ("torch-scatter", "torch-sparse", "torch-cluster", "torch-spline-conv", "pyg-lib"):
        if "+" not in torch:
            return f"install the {what} that is built for this torch and CUDA (https://data.pyg.org/whl has a page for each)"
        return pip("--force-reinstall", "--no-deps", what, "-f", f"https://data.pyg.org/whl/torch-{torch}.html")
    if what == "mmcv":
        return "pip install -U openmim && mim install mmcv  # picks the build for the torch that is there"
    return pip("--force-reinstall", "--no-deps", "--no-build-isolation", "--no-cache-dir", what)


def _arch_rebuild(what: str, fields: _Fields) -> str:
    return (
        ""
        if what == "torch"
        else f"or install {what} again, built for this GPU: {pip('--force-reinstall', '--no-deps', '--upgrade', what)}"
    )


def _fitting(what: str, fields: _Fields) -> str:
    """A release that has what is missing: by the table of moved names, else which one is not known and said so."""
    gone, came = fields.get("gone_in", ""), fields.get("came_in", "")
    if what in (fields.get("distribution"), fields.get("dist")) and (gone or came):
        return pip(f"{what}<{gone}" if gone else f"{what}>={came}")
    return f"install the {what} that the code was written for: which one that is, the log does not tell"


def _older(what: str, fields: _Fields) -> str:
    version = fields.get(f"{what.replace('-', '_')}_version", "").partition("+")[0]
    return pip(f"{what}<{version}") if version else f"install an older {what}"


def _unpinned(what: str, fields: _Fields) -> str:
    return f"{pip(what)}  # without the pin: a release that has a wheel here"


def _relaxed(what: str, fields: _Fields) -> str:
    """Return the distribution that gives way with the limits that the others ask for, empty where those exclude each other."""
    needs = [each for each in fields.get("clash_needs", "").split("|") if each]
    parts = [part.strip() for each in needs for part in each.split(",") if not part.startswith("[")]
    text = f"{what}{','.join(dict.fromkeys(parts))}"
    if not parts or not _is_requirement(text):
        return what
    limits = Requirement(text).specifier
    pins = [one.version for one in limits if one.operator == "==" and "*" not in one.version]
    return text if all(limits.contains(pin, prereleases=True) for pin in pins) else ""


def _relax(what: str, fields: _Fields) -> str:
    others = fields.get("clashing", "")
    if stays(what, fields):
        told = f"let {others} give way: loosen that pin, or ask for a newer or older release" if others else ""
        told = told or "ask for no other version of it"
        return f"leave {what} as the template has it, and {told}"
    if fields.get("clash_absent"):
        return f"ask for a version of {what} that exists: {pip(what)}"
    relaxed = _relaxed(what, fields)
    if not relaxed:
        return f"no {what} is what all of {others} ask for: let one of them give way"
    return f"let {what} give way: {pip(relaxed)}"


def _no_isolation(what: str, fields: _Fields) -> str:
    imported = fields.get("module", "torch") if fields.get("in_build") else "torch"
    return f"{pip('--no-build-isolation', what)}  # after what it imports is installed ({imported})"


def _old_setuptools(what: str, fields: _Fields) -> str:
    limit = (
        "58" if "use_2to3" in fields.get("two", "") else "66" if fields.get("invalid") or fields.get("extras") else "82"
    )
    return f"pip install 'setuptools<{limit}' wheel && {pip('--no-build-isolation', what)}"


def _old_cython(what: str, fields: _Fields) -> str:
    return f"pip install 'cython<3' wheel && {pip('--no-build-isolation', what)}"


def _wheel(what: str, fields: _Fields) -> str:
    return f"{pip('--only-binary', ':all:', what)}  # a release that has a wheel here"


def _headless(what: str, fields: _Fields) -> str:
    if not what.startswith("opencv"):
        return ""
    name = "opencv-contrib-python-headless" if "contrib" in what else "opencv-python-headless"
    plain = name.replace("-headless", "")
    return f"pip uninstall -y {plain} && pip install {name}"


def _replace(what: str, fields: _Fields) -> str:
    if what.startswith("opencv"):
        return f"pip uninstall -y opencv-python && {pip(what)}"
    return f"{pip('--force-reinstall', '--no-deps', what)} && {pip(what)}"


def _as_it_stands(what: str, fields: _Fields) -> str:
    return what


_STEPS: dict[str, Callable[[str, _Fields], str]] = {
    **TORCH_STEPS,
    "install": _install,
    "upgrade": _upgrade,
    "reinstall": _reinstall,
    "rebuild": _rebuild,
    "arch_rebuild": _arch_rebuild,
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
