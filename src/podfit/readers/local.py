"""The local environment: what the engineer has tested with."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from podfit.model import (
    Distribution,
    Evidence,
    EvidenceKind,
    InputError,
    LocalEnvironment,
    Reporter,
    SilentReporter,
    canonical,
)
from podfit.readers.environment.interface import Listing
from podfit.readers.environment.interpreter import find_interpreter, probe_interpreter
from podfit.readers.environment.manifest import listing_of
from podfit.readers.environment.registry import read_listing
from podfit.readers.plain_file import exists

_TOOLS = frozenset({"pip", "podfit", "setuptools", "wheel"})


def read_local(spec: str | None, *, programs: bool = True, reporter: Reporter | None = None) -> LocalEnvironment:
    """Return the local environment that spec names; reporter is told what was read and what was unusual in it.

    spec is a file in any format of `podfit.readers.environment` (freeze, pip list, pip inspect, lock files, conda,
    manifest), an interpreter, or a virtual environment's directory. None means the active environment: that of
    $VIRTUAL_ENV, else of $CONDA_PREFIX, else of the first `python3` on PATH. An environment that holds podfit and
    nothing else (as pipx and `uv tool` make them) is nobody's project and passed over; if no other is there, the
    result is empty and reporter is warned. import_map is filled for interpreters and manifests, whose metadata tell
    import names. Without programs spec is a file that is read, whatever it looks like: nobody named it, and a list that
    begins like a script is none to run. Raises InputError for a missing file, an unknown format or a wrong line, with
    its place.
    """
    reporter = reporter or SilentReporter()
    if spec is None:
        return _active(reporter)
    python = find_interpreter(spec) if programs else None
    if python is not None:
        listing = listing_of(probe_interpreter(python), where=python)
        said = f"local environment: {python}, Python {listing.python_version}"
    else:
        listing = read_listing(spec)
        said = f"local environment: {spec} ({listing.format})"
    reporter.step(f"{said}, {_count(listing)}")
    for notice in listing.notices:
        reporter.warn(notice)
    if foreign := [f"{d.name} {d.version}" for d in listing.distributions.values() if not _known(d.version)]:
        reporter.warn(f"{spec}: left open, for PEP 440 knows no such versions: {', '.join(foreign)}")
    return local_environment(listing)


def local_environment(listing: Listing) -> LocalEnvironment:
    """Return a listing as the local environment."""
    return LocalEnvironment(
        distributions={name: _as_tested(one) for name, one in listing.distributions.items()},
        evidence=listing.evidence,
        python_version=listing.python_version,
        import_map=listing.import_map,
    )


def _as_tested(distribution: Distribution) -> Distribution:
    """Return a distribution as others can have it: the path of a machine that built it says nothing but its name."""
    url = distribution.direct_url
    if url.startswith("file:") and not distribution.editable and not exists(unquote(urlsplit(url).path)):
        distribution = replace(distribution, direct_url="")
    return distribution if _known(distribution.version) else replace(distribution, version="")


def _known(version: str) -> bool:
    """Tell whether PEP 440 knows a version; an empty one is fine."""
    from packaging.version import InvalidVersion, Version  # 20 ms that most calls need not wait for

    try:
        return not version or bool(Version(version))
    except InvalidVersion:
        return False


def _count(listing: Listing) -> str:
    """Return how many distributions a listing has, for people."""
    return f"{len(listing.distributions)} distribution{'' if len(listing.distributions) == 1 else 's'}"


def _active(reporter: Reporter) -> LocalEnvironment:
    """Return the active environment, passing over the one that exists for podfit alone."""
    passed = ""
    seen: set[str] = set()
    for python, why in _candidates():
        if python in seen:
            continue
        seen.add(python)
        try:
            manifest = probe_interpreter(python)
            listing = listing_of(manifest, where=python)
        except InputError as error:  # a pyenv shim without a version, a broken environment: not asked for by name
            reporter.warn(f"passed over as the local environment: {error}")
            continue
        if _is_own(manifest) and not _project_distributions(listing):
            passed = python
            continue
        reporter.step(f"local environment: {python} ({why}), Python {listing.python_version}, {_count(listing)}")
        return local_environment(listing)
    if passed:
        source, detail = passed, "it holds podfit alone, not a project"
    else:
        source, detail = "PATH", "neither $VIRTUAL_ENV nor $CONDA_PREFIX is set, and no python3 works"
    reporter.warn(f"no local environment was found ({source}: {detail}): name one with --local")
    return LocalEnvironment(distributions={}, evidence=Evidence(EvidenceKind.ASSUMED, source, detail))


def _candidates() -> Iterator[tuple[str, str]]:
    """Yield interpreters that may be the project's, most likely first, and how each was found."""
    for variable in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        folder = os.environ.get(variable)
        if folder and Path(folder).is_dir():
            for relative in ("bin/python", "Scripts/python.exe", "python.exe"):
                if (Path(folder) / relative).is_file():
                    yield str((Path(folder) / relative).absolute()), f"${variable}"
                    break
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        found = shutil.which("python3", path=folder) if folder else None
        if found:
            yield str(Path(found).absolute()), "python3 on PATH"


def _is_own(manifest: Mapping[str, Any]) -> bool:
    """Tell whether a manifest describes the environment that podfit itself runs in."""
    prefix = str((manifest.get("interpreter") or {}).get("prefix", ""))
    return os.path.realpath(prefix) == os.path.realpath(sys.prefix)


def _project_distributions(listing: Listing) -> set[str]:
    """Return the distributions that podfit did not bring along: neither it, nor its dependencies, nor pip's tools."""
    from packaging.requirements import InvalidRequirement, Requirement  # 20 ms that most calls need not wait for

    brought: set[str] = set()
    waiting = {"podfit"}
    while waiting:
        name = waiting.pop()
        brought.add(name)
        distribution = listing.distributions.get(name)
        for line in (distribution.requires_dist or ()) if distribution else ():
            try:
                required = canonical(Requirement(line).name)
            except InvalidRequirement:
                continue
            if required not in brought:
                waiting.add(required)
    return set(listing.distributions) - brought - _TOOLS
