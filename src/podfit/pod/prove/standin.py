"""A stand-in of a template on this machine: its distributions from an index, in an environment of their own, kept.

What the index has in the template's very version is installed. A build that it lacks (`+cu124`, a vendor's) gets the
public release of the same version in its place, with the libraries that this one asks for; what cannot be had at all
is there by its records alone. Either is said.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.specifiers import SpecifierSet
from packaging.utils import InvalidWheelFilename
from packaging.version import InvalidVersion, Version

from podfit.index.threads import side_by_side
from podfit.model import Distribution, InputError, PodfitError, Reporter, Template
from podfit.model.requirement import Markers
from podfit.model.words import shortened
from podfit.pod.prove.dressing import dress, infos, undress
from podfit.pod.prove.pythons import find_series, uv_run

if TYPE_CHECKING:
    from podfit.index import Index

ROOM = "standins"
"""Where stand-ins lie in podfit's cache (`podfit.index.usage`)."""

_FORMAT = "1"
_INSTALL_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class StandIn:
    """An environment that stands in for a template.

    python is its interpreter, version that one's version. instead maps what is another build to a sentence about what
    stands in for it, absent what is there by its records alone to the reason. made tells that it was made just now.
    """

    python: str
    version: str
    instead: Mapping[str, str] = field(default_factory=dict)
    absent: Mapping[str, str] = field(default_factory=dict)
    made: bool = False

    def sentences(self, template: Template) -> tuple[str, ...]:
        """What is not as on the template, for people."""
        said = []
        if self.version != template.interpreter.version:
            said.append(f"Python {self.version} stands in for {template.interpreter.version}")
        said += [f"{name}: {text}" for name, text in sorted(self.instead.items())]
        reasons: dict[str, list[str]] = {}
        for name, reason in sorted(self.absent.items()):
            reasons.setdefault(reason, []).append(name)
        said += [f"not had, {reason}: {shortened(names, 8)}" for reason, names in reasons.items()]
        return tuple(said)


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is installed for a stand-in.

    wanted maps a name to the version from the index; further are names that the template does not have and that a build
    in place of the template's asks for. instead and absent are those of the `StandIn`.
    """

    wanted: Mapping[str, str]
    further: Mapping[str, str]
    instead: Mapping[str, str]
    absent: Mapping[str, str]


def key_of(template: Template) -> str:
    """Return what a stand-in is kept under: a hash of interpreter, machine and every distribution's version."""
    found = template.distributions.values()
    said = [[each.name, each.version, each.requires_dist] for each in sorted(found, key=lambda each: each.name)]
    whole = [_FORMAT, template.interpreter.version, template.platform.machine, said]
    return hashlib.sha256(json.dumps(whole).encode()).hexdigest()[:32]


def stand_in(template: Template, index: Index, cache: Path, words: list[str], reporter: Reporter) -> StandIn:
    """Return the stand-in of template, made when the cache has none; a second run waits for the first.

    words are uv's options that name the index. Raises InputError when this machine has no such Python, or cannot run
    what the template runs.
    """
    import platform

    if platform.machine() != template.platform.machine:
        raise InputError(
            f"{template.name} is for {template.platform.machine}, this machine is {platform.machine()}: its wheels do "
            "not run here",
            remedy="prove it on such a machine, or run podfit verify on the pod",
        )
    room = cache / ROOM
    room.mkdir(parents=True, exist_ok=True)
    folder, note = room / key_of(template), room / f"{key_of(template)}.json"
    with _locked(folder.with_suffix(".lock"), reporter, template.name):
        known = _known(note)
        if known is not None and Path(known.python).exists():
            note.touch()
            return known
        base = find_series(template)
        shutil.rmtree(folder, ignore_errors=True)
        made = _make(template, index, folder, base, words, reporter)
        data = {"python": made.python, "version": made.version, "instead": dict(made.instead)}
        note.write_text(json.dumps({**data, "absent": dict(made.absent)}), "utf-8")
        return made


def _known(note: Path) -> StandIn | None:
    """Return the stand-in that a note tells of, None when there is none that is whole."""
    try:
        said: dict[str, Any] = json.loads(note.read_text("utf-8"))
        return StandIn(said["python"], said["version"], said["instead"], said["absent"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


@contextlib.contextmanager
def _locked(path: Path, reporter: Reporter, name: str) -> Iterator[None]:
    """Hold the lock of one stand-in; the second of two runs waits."""
    with path.open("ab") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            reporter.step(f"waiting for another podfit, which makes the stand-in of {name}")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _make(template: Template, index: Index, folder: Path, base: str, words: list[str], reporter: Reporter) -> StandIn:
    """Make the environment: an empty one, what the index has, then the records of all that is another build."""
    from podfit.model.manifest import template_from_manifest
    from podfit.pod.machine import LocalMachine
    from podfit.pod.probe import probe

    reporter.step(f"making a stand-in of {template.name} with {base}")
    done = uv_run(["venv", "-q", "--no-config", "--no-project", "--python", base, str(folder)], timeout=300.0)
    if done.returncode != 0:
        raise InputError(f"the stand-in's environment cannot be made: {_last(done.stderr)}")
    python = str(folder / "bin" / "python")
    here = template_from_manifest(probe(LocalMachine(python), quick=True), where=python)
    recipe = recipe_of(template, index, here)
    specs = [f"{name}=={version}" for name, version in sorted({**recipe.wanted, **recipe.further}.items())]
    reporter.step(f"installing {len(specs)} distributions of {template.name}")
    argv = ["pip", "install", "-q", "--no-config", "--no-deps", "--only-binary", ":all:", "--python", python]
    done = uv_run([*argv, *words, *specs], timeout=_INSTALL_SECONDS) if specs else done
    if done.returncode != 0:
        shutil.rmtree(folder, ignore_errors=True)
        raise InputError(f"the stand-in of {template.name} cannot be installed: {_last(done.stderr)}")
    site = folder / "lib" / f"python{template.interpreter.series}" / "site-packages"
    undress(site, recipe.further)
    present = infos(site)
    for name, distribution in template.distributions.items():
        if name in recipe.instead or name not in present:
            dress(site, distribution)
    return StandIn(python, here.interpreter.version, recipe.instead, recipe.absent, made=True)


def recipe_of(template: Template, index: Index, here: Template) -> Recipe:
    """Return what is installed for template by the interpreter that here describes. Asks the index for every name."""
    wanted: dict[str, str] = {}
    instead: dict[str, str] = {}
    absent: dict[str, str] = {}
    found = _available(template, index, here)
    for name, distribution in template.distributions.items():
        version = found.get(name, "")
        if not version:
            absent[name] = _why_absent(distribution)
            continue
        wanted[name] = version
        if version != distribution.version:
            instead[name] = f"the index's {version} stands in for {distribution.version}"
    further: dict[str, str] = {}
    markers = Markers(template.marker_environment)
    others = [(name, wanted[name]) for name in instead]
    for (name, version), metadata in index.prefetch(others, tags=here.target.tags).items():
        if isinstance(metadata, PodfitError):
            continue
        for asked in markers.active(metadata.requires_dist or ()):
            pin = _pin(asked.requirement.specifier)
            if not pin or wanted.get(asked.target) == pin:
                continue
            if asked.target in template.distributions:
                own = template.distributions[asked.target].version
                wanted[asked.target] = pin
                absent.pop(asked.target, None)
                instead[asked.target] = f"the index's {pin}, which {name} {version} asks for, stands in for {own}"
            else:
                further[asked.target] = pin
    return Recipe(wanted, further, instead, absent)


def _available(template: Template, index: Index, here: Template) -> dict[str, str]:
    """Return the version with a wheel for this machine of each distribution: its own, else the public one of it."""

    def one(distribution: Distribution) -> str:
        if distribution.direct_url or distribution.editable:
            return ""
        try:
            own = Version(distribution.version)
            releases = index.releases(distribution.name)
        except (InvalidVersion, PodfitError):
            return ""
        for text in dict.fromkeys((str(own), own.public)):
            if _has_wheel(releases.get(text, ()), text, here):
                return distribution.version if text == str(own) else text
        return ""

    entries = list(template.distributions.values())
    return dict(zip((entry.name for entry in entries), side_by_side(one, entries, 16, "standin"), strict=True))


def _has_wheel(files: Any, version: str, here: Template) -> bool:
    """Tell whether a release has a wheel that this machine takes."""
    from podfit.index import best_files

    with contextlib.suppress(InvalidWheelFilename):
        return any(file.kind == "wheel" for file in best_files(files, version, here.target.tags))
    return False


def _why_absent(distribution: Distribution) -> str:
    """Return why a distribution could not be had."""
    if distribution.direct_url or distribution.editable:
        return "installed from somewhere else than an index"
    return "no index has a wheel of it for this machine"


def _pin(specifier: SpecifierSet) -> str:
    """Return the version that a requirement pins exactly, empty for a range."""
    only = list(specifier)
    return only[0].version if len(only) == 1 and only[0].operator == "==" and "*" not in only[0].version else ""


def _last(text: str) -> str:
    """Return the last line of what uv said."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "uv says nothing"
