"""A Dockerfile's `pip install` steps, one after the other, as pip and uv act on what is already installed.

The rules of a reconstruction:

- The date of a step is that of the commit which last touched the target or the Dockerfile before the push, to the hour;
  the bake file is that commit's. A step may have a date of its own (a base image is built earlier).
- A step with an index URL sees that index alone. PyTorch's serves few versions of what is not PyTorch's; which, its
  source states (`served`). A step without one sees PyPI as of its date, and so gets PyPI's build of torch.
- What is installed stays where it fits what the step needs, and changes where it does not, as pip does: a copy that
  PyTorch's index served may be upgraded by a later step. With `upgrade`, what the step names itself becomes the newest.
- What torch requires without a pin (filelock, sympy, a CUDA library without a version) is part of the question of the
  step that installs torch. What it pins comes with it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.version import InvalidVersion, Version

from podfit.model import Distribution, Evidence, EvidenceKind, LockedPackage, Template, canonical
from podfit.solve.template_index import resolver_platform, wheel_name, wheel_tag, whole_flat_index
from podfit.solve.uv import Question, Refusal

_MOST_BUILDS = 12
"""So often a question is asked again with leave to build what has no wheel: pip builds whatever it takes."""

Ask = Callable[[Question], "dict[str, LockedPackage] | Refusal"]
Complete = Callable[[dict[str, Distribution]], dict[str, Distribution]]


@dataclass(frozen=True, slots=True)
class Step:
    """One `RUN pip install`: what it names, and what it may take it from.

    install are PEP 508 lines; upgrade tells that these become the newest; served are distributions that the step's
    own index offers, by name, None where it sees PyPI; extra tells that it sees PyPI as well. reinstall tells that
    what is installed counts for nothing (uv's --force-reinstall), no_dependencies that nothing else is looked at,
    prereleases that these count as well. uninstall names what the step removes. as_of is an ISO date and time. keep
    is a pattern: what is installed under a name with it stays as it is. build names what may be built from source.
    """

    install: tuple[str, ...]
    as_of: str
    upgrade: bool = False
    served: Mapping[str, Distribution] | None = None
    extra: bool = False
    reinstall: bool = False
    no_dependencies: bool = False
    prereleases: bool = False
    uninstall: tuple[str, ...] = ()
    keep: str = ""
    installer: str = "pip"
    build: tuple[str, ...] = ()


@dataclass(slots=True)
class Builder:
    """Runs steps over a template that grows with each.

    ask answers a resolver's question, cache is podfit's cache directory, complete adds Requires-Dist to distributions,
    index_arguments are uv's options that name PyPI.
    """

    template: Template
    ask: Ask
    cache: Path
    complete: Complete
    index_arguments: tuple[str, ...]

    def run(self, step: Step, evidence: Evidence) -> None:
        """Do one step: the template has what it installs afterwards. Raises ValueError when it cannot be resolved."""
        installed = dict(self.template.distributions)
        for name in step.uninstall:
            installed.pop(canonical(name), None)
        if step.install:
            answer = self._resolve(step, installed)
            for name, package in answer.items():
                if name in installed and _same(package.version, installed[name].version):
                    continue
                served = (step.served or {}).get(name)
                if served is not None and _same(served.version, package.version):
                    installed[name] = served
                else:
                    installed[name] = Distribution(name, package.version, evidence, installer=step.installer)
        self.template = replace(self.template, distributions=self.complete(installed))

    def _resolve(self, step: Step, installed: Mapping[str, Distribution]) -> Mapping[str, LockedPackage]:
        """Return what the step's requirements come to, by name."""
        named = {canonical(Requirement(line).name) for line in step.install}
        prefer = {
            name: str(Version(each.version))
            for name, each in installed.items()
            if _is_version(each.version) and not step.reinstall and not (step.upgrade and name in named)
        }
        kept = tuple(f"{name}=={each}" for name, each in prefer.items() if step.keep and re.search(step.keep, name))
        offered = [*(() if step.reinstall else installed.values()), *(step.served or {}).values()]
        options = (
            *(("--no-deps",) if step.no_dependencies else ()),
            *(("--prerelease=allow",) if step.prereleases else ()),
        )
        wheels = self._wheels(offered, named if step.upgrade else set(), step.served)
        question = Question(
            requirements=(*kept, *step.install),
            constraints=(),
            preferences=prefer,
            python_version=self.template.interpreter.version,
            platform=resolver_platform(self.template),
            find_links=whole_flat_index(self.cache / "templates" / _key(wheels), wheels, wheel_tag(self.template)),
            index_arguments=(
                *(("--no-index",) if step.served is not None and not step.extra else self.index_arguments),
                *options,
            ),
            exclude_newer=step.as_of,
            build_constraints=tuple(sorted(f"{name}!={version}" for name, version, _ in wheels.values())),
            build=step.build,
        )
        answer = self.ask(question)
        for _ in range(_MOST_BUILDS):
            if not isinstance(answer, Refusal) or set(answer.unbuilt) <= set(question.build):
                break
            question = replace(question, build=(*question.build, *answer.unbuilt))
            answer = self.ask(question)
        if isinstance(answer, Refusal):
            raise ValueError(f"{' '.join(step.install)}: {answer.message}")
        return answer

    def _wheels(
        self, offered: list[Distribution], renewed: set[str], served: Mapping[str, Distribution] | None
    ) -> dict[str, tuple[str, str, tuple[str, ...]]]:
        """Return a metadata-only wheel for each, by file name; of what becomes the newest only what is served.

        They say what is there and build nothing: whoever builds may not use them.
        """
        tag = wheel_tag(self.template)
        wheels: dict[str, tuple[str, str, tuple[str, ...]]] = {}
        for each in offered:
            if not _is_version(each.version) or (each.name in renewed and each.name not in (served or {})):
                continue
            version = str(Version(each.version))
            wheels[wheel_name(each.name, version, tag)] = (each.name, version, tuple(each.requires_dist or ()))
        return wheels


def _key(wheels: Mapping[str, object]) -> str:
    """Return a name for a directory with these wheels."""
    return hashlib.sha256(repr(sorted(wheels.items())).encode()).hexdigest()[:32]


def _is_version(text: str) -> bool:
    """Tell whether text is a version of PEP 440."""
    try:
        Version(text)
    except InvalidVersion:
        return False
    return True


def _same(one: str, other: str) -> bool:
    """Tell whether two versions are one."""
    return one == other or (_is_version(one) and _is_version(other) and Version(one) == Version(other))


def steps_of(source: Mapping[str, Any], as_of: str, complete: Complete, installer: str = "pip") -> Iterator[Step]:
    """Yield the steps of a source; as_of is their date where they have none. What each serves has its metadata."""
    pins = Evidence(EvidenceKind.PUBLISHED, source["dockerfile"], "the versions that it names")
    for entry in source["steps"]:
        served = None
        if "served" in entry:
            copies = Evidence(EvidenceKind.ASSUMED, entry["index"], f"what it served around {as_of[:10]}")
            named = {canonical(Requirement(line).name) for line in entry["install"]}
            served = complete(
                {
                    canonical(name): Distribution(
                        canonical(name), version, pins if canonical(name) in named else copies, installer="pip"
                    )
                    for name, version in entry["served"].items()
                }
            )
        yield Step(
            install=tuple(entry.get("install", ())),
            as_of=entry.get("as_of", as_of),
            upgrade=entry.get("upgrade", False),
            served=served,
            extra=entry.get("extra", False),
            reinstall=entry.get("reinstall", False),
            no_dependencies=entry.get("no_dependencies", False),
            prereleases=entry.get("prereleases", False),
            uninstall=tuple(entry.get("uninstall", ())),
            keep=entry.get("keep", ""),
            installer=installer,
            build=tuple(entry.get("build", ())),
        )
