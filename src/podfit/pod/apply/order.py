"""The work order: what a plan asks of the agent, as JSON."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from podfit.far.protocol import Order, OrderedBuild, OrderedPackage
from podfit.model import Action, Artefact, Decision, InputError, Plan
from podfit.model.invariants import COMMIT, SHA256
from podfit.plan.builds import build_constraints, seen_builds
from podfit.pod.apply.members import Carried
from podfit.writers.plain import name_of_overlay
from podfit.writers.toml import string

_PYPI_HOST = "files.pythonhosted.org"
_PYPI_INDEX = "https://pypi.org/simple"


def packages(plan: Plan) -> dict[str, OrderedPackage]:
    """Return what the plan installs or changes, by name: version, lock entries for uv and pip, bytes to fetch.

    Every file is named by URL and sha256 for uv (PEP 751), by version and sha256 for pip; a commit by its name. Raises
    InputError for a distribution without a file, or a file without a sha256: what cannot be checked is not installed.
    """
    found: dict[str, OrderedPackage] = {}
    for decision in plan.with_action(Action.INSTALL, Action.CHANGE):
        files = plan.artefacts.get(decision.name, ())
        if not files:
            raise InputError(
                f"the plan names no file for {decision.name} {decision.planned}", remedy="run `podfit fit` again"
            )
        hashes = [_sha256(decision.name, file) for file in files]
        local = [urlsplit(file.url) for file in files if _is_local(file)]
        found[decision.name] = {
            "version": decision.planned,
            "pylock": _pylock_entry(decision.name, decision.planned, files),
            "pip": _pip_line(decision, files[0], hashes),
            "find_links": str(Path(unquote(local[0].path)).parent) if len(local) == len(files) else "",
            "bytes": files[0].size or decision.download_bytes,
            "hashes": hashes,
            "files": [[file.filename, digest] for file, digest in zip(files, hashes, strict=True)],
        }
    return found


def builds(plan: Plan) -> list[OrderedBuild]:
    """Return what is built on the machine in sight of its environment.

    Those are source distributions whose build imports what an isolated environment lacks, or asks for what is held
    (no index has the template's build of torch), and commits, of which nobody knows before.
    """
    found: list[OrderedBuild] = [
        {
            "name": build.name,
            "url": build.artefact.url,
            "sha256": _sha256(build.name, build.artefact),
            "commit": "",
            "folder": "",
            "fetched": list(build.fetched),
            "limits": list(build.limits),
        }
        for build in seen_builds(plan)
    ]
    for decision in plan.with_action(Action.INSTALL, Action.CHANGE):
        for file in plan.artefacts.get(decision.name, ())[:1]:
            if file.kind == "commit" and (commit := COMMIT.fullmatch(file.url)):
                found.append(
                    {
                        "name": decision.name,
                        "url": commit["url"],
                        "sha256": "",
                        "commit": commit["commit"],
                        "folder": _folder(commit["fragment"]),
                        "fetched": [],
                        "limits": [],
                    }
                )
    return found


def _folder(fragment: str | None) -> str:
    """Return the directory within a repository that an address's fragment names, empty for its top."""
    found = re.search(r"(?:^|&)subdirectory=([^&]+)", fragment or "")
    return unquote(found[1]).strip("/") if found else ""


def plan_hash(plan: Plan) -> str:
    """Return a hash of what the plan asks for: equal for two solves with the same result."""
    asked = {name: [entry["version"], sorted(entry["hashes"])] for name, entry in packages(plan).items()}
    return hashlib.sha256(json.dumps([asked, plan.held_versions], sort_keys=True).encode()).hexdigest()


def work_order(plan: Plan) -> Order:
    """Return what an order says of plan; what to do with it is for the caller to add."""
    return {
        "plan": f"{plan.project} on {plan.template.name}",
        "plan_sha256": plan_hash(plan),
        "packages": packages(plan),
        "held": plan.held_versions,
        "builds": builds(plan),
        "build_constraints": list(build_constraints(plan)) if plan.built_from_source else [],
        "name": name_of_overlay(plan),
    }


def with_members(order: Order, carried: Sequence[Carried]) -> Order:
    """Return an order that builds what is carried, too; its hash is then of that as well."""
    if not carried:
        return order
    members = [each.ordered() for each in carried]
    asked = json.dumps(
        [order["plan_sha256"], [[one["name"], one["sha256"], one["version"], one["fetched"]] for one in members]]
    )
    return {**order, "members": members, "plan_sha256": hashlib.sha256(asked.encode()).hexdigest()}


def _is_local(file: Artefact) -> bool:
    """Tell whether a file lies on a disk."""
    return urlsplit(file.url).scheme in ("", "file")


def _sha256(name: str, file: Artefact) -> str:
    """Return the file's sha256, or the name of its commit. Raises InputError when the plan has none."""
    for text in file.hashes:
        if found := SHA256.fullmatch(text):
            return found[1]
    if file.kind == "commit" and (found := COMMIT.fullmatch(file.url)):
        return found["commit"]
    raise InputError(f"the plan has no sha256 for {name}'s {file.filename}", remedy="run `podfit fit` again")


def _pip_line(decision: Decision, file: Artefact, hashes: Sequence[str]) -> str:
    """Return pip's line; of a commit, pip itself says that it cannot check it as it checks files."""
    if file.kind == "commit":
        return f"{decision.name} @ {file.url}"
    return " ".join([f"{decision.name}=={decision.planned}", *(f"--hash=sha256:{digest}" for digest in hashes)])


def _pylock_entry(name: str, version: str, files: tuple[Artefact, ...]) -> str:
    """Return one [[packages]] table of PEP 751.

    With PyPI's files, PyPI is named as the index: uv then shares its cache with installations by name. No index is
    asked for anything either way.
    """
    text = string
    if commit := COMMIT.fullmatch(files[0].url) if files[0].kind == "commit" else None:
        folder = _folder(commit["fragment"])
        below = f", subdirectory = {text(folder)}" if folder else ""
        vcs = f'type = "git", url = {text(commit["url"])}, commit-id = {text(commit["commit"])}{below}'
        return f"[[packages]]\nname = {text(name)}\nvcs = {{ {vcs} }}\n"
    lines = ["[[packages]]", f"name = {text(name)}", f"version = {text(version)}"]
    if all(urlsplit(file.url).hostname == _PYPI_HOST for file in files):
        lines.append(f"index = {text(_PYPI_INDEX)}")
    entries: dict[str, list[str]] = {"wheel": [], "sdist": []}
    for file in files:
        url = file.url if urlsplit(file.url).scheme else Path(file.url).absolute().as_uri()
        size = f", size = {file.size}" if file.size else ""
        entry = f"{{ url = {text(url)}{size}, hashes = {{ sha256 = {text(_sha256(name, file))} }} }}"
        entries["sdist" if file.kind == "sdist" else "wheel"].append(entry)
    if entries["wheel"]:
        lines.append(f"wheels = [{', '.join(entries['wheel'])}]")
    if entries["sdist"]:
        lines.append(f"sdist = {entries['sdist'][0]}")
    return "\n".join(lines) + "\n"
