"""Install into the template's own environment, under the journal."""

from __future__ import annotations

import os
import re
import sys
import sysconfig
import time
from collections.abc import Mapping
from typing import Any

from ..protocol import Applied, Order
from ..tree.distributions import Info
from . import builds, files, ownership, places, records
from .environments import make_workshop
from .journal import Journal
from .lock import Area
from .stage import Installer
from .talk import RefusedError, Talk

STATE_SCHEMA = "podfit.state/1"


def area() -> Area:
    """Return podfit's directory for this environment: beside its packages, on the same file system."""
    return Area(os.path.join(os.path.dirname(places.layout()["purelib"]), ".podfit-apply"))


def recover(place: Area, talk: Talk) -> list[str] | None:
    """Put back what an interrupted apply left; the lock must be held.

    Returns None when there was nothing to put back, else sentences about what differs for other reasons.
    """
    journal = Journal(place.work)
    if files.exists(journal.committed):
        _finish(place, journal)
        return None
    if not journal.pending:
        files.remove(place.work)
        return None
    with talk.shielded():
        talk.step("putting the environment back")
        found = journal.restore(talk.beat)
        journal.forget()
    return found


def apply(order: Order, talk: Talk) -> Applied:
    """Carry the order out and return the result. Raises RefusedError or AbortedError with the environment as it was."""
    if places.externally_managed() and not order.get("break_system_packages"):
        raise RefusedError(
            "this Python is managed by the operating system (EXTERNALLY-MANAGED, PEP 668)",
            "use an overlay (the default), or add --break-system-packages",
        )
    with area() as place:
        talk.control = place.control
        files.remove(place.control)
        recovered = recover(place, talk)
        journal = Journal(place.work)
        try:
            result = _change(order, talk, place, journal)
        except BaseException:
            with talk.shielded():
                if journal.pending:
                    talk.step("putting the environment back")
                    left = journal.restore(talk.beat)
                    journal.forget()
                    if left:
                        talk.event("differs", paths=left)
                elif files.exists(journal.committed):
                    _finish(place, journal)
                else:
                    files.remove(place.work)
            raise
        result["recovered"] = recovered is not None
        return result


def _change(order: Order, talk: Talk, place: Area, journal: Journal) -> Applied:
    """Stage, move in, wait for the verdict, commit."""
    started = time.monotonic()
    layout = places.layout()
    roots = sorted({layout["purelib"], layout["platlib"]})
    found = places.visible(places.search_path())
    names = [
        name for name, wanted in order["packages"].items() if not places.has_version(found.get(name), wanted["version"])
    ]
    own = [member["name"] for member in order.get("members", [])]
    names += [name for name in own if name not in names]
    removals, replaced = _removals(names, layout)
    seconds: dict[str, float] = {}
    if names:
        Installer(order, talk).check_space([name for name in names if name in order["packages"]], layout["purelib"])
        os.makedirs(journal.staging)
        talk.event("control", path=place.control)
        order = _stage_all(order, names, talk, journal)
        moves = _moves(order, talk, journal, layout)
        ownership.refuse_overwriting(moves, roots, names, removals, place.path)
        elsewhere = {name: found[name] for name in order.get("held", {}) if name in found and name not in names}
        for staged, final in moves:
            site = staged if final == layout["purelib"] else staged + layout["purelib"] if final == "/" else ""
            if site and os.path.isdir(site):
                away = {name: entry for name, entry in elsewhere.items() if entry.folder != layout["purelib"]}
                ownership.refuse_hiding(site, away)
        seconds["stage"] = time.monotonic() - started
        talk.pass_gate(order)
        started = time.monotonic()
        talk.step(f"installing {len(names)} packages")
        journal.perform(journal.prepare(roots, removals, moves), talk.beat)
        seconds["install"] = time.monotonic() - started
    else:
        os.makedirs(place.work, exist_ok=True)
        talk.event("control", path=place.control)
        talk.pass_gate(order)
    found = places.visible(places.search_path())
    for name, wanted in order["packages"].items():
        if not places.has_version(found.get(name), wanted["version"]):
            raise RefusedError(f"{name} {wanted['version']} is hidden by {_shown(found.get(name))}", "use an overlay")
    starting = [line for folder in roots for line in ownership.starting(folder, names)]
    if order.get("verify"):
        started = time.monotonic()
        talk.event("ready", python=sys.executable)
        talk.wait(float(order.get("verify_seconds", 3600)), "commit")
        seconds["verify"] = time.monotonic() - started
    with talk.shielded():
        files.write_json(os.path.join(place.work, "state.json"), state(order, found, "in-place"))
        if journal.pending:
            journal.commit()
        else:
            files.write_json(journal.committed, {})
        _finish(place, journal)
    return {
        "outcome": "applied",
        "environment": sys.prefix,
        "python": sys.executable,
        "installed": names,
        "replaced": replaced,
        "starting": starting,
        "seconds": seconds,
    }


def _finish(place: Area, journal: Journal) -> None:
    """After the commit: put the state into its place, and remove the rest."""
    written = os.path.join(place.work, "state.json")
    if files.exists(written):
        os.replace(written, place.state)
    files.remove(journal.staging)
    files.remove(journal.backup)
    journal.forget()


def state(order: Order, found: Mapping[str, Info], mode: str) -> dict[str, Any]:
    """Return what a later apply has to know to find that there is nothing to do."""
    packages = {}
    for name, wanted in order["packages"].items():
        packages[name] = {"version": wanted["version"], "record_sha256": records.record_hash(found[name].path)}
    applied = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    own = {"plan_sha256": order["plan_sha256"], "plan": order.get("plan", ""), "mode": mode, "applied": applied}
    return dict(own, schema=STATE_SCHEMA, packages=packages, template_python=sys.executable)


def settled(order: Order, known: dict[str, Any] | None, folders: list[str]) -> bool:
    """Tell whether the plan was applied and nothing that it is about changed since; folders is the search path."""
    if not known or known.get("plan_sha256") != order["plan_sha256"]:
        return False
    found = places.visible(folders)
    for name, entry in known["packages"].items():
        if not places.has_version(found.get(name), entry["version"]):
            return False
        if records.record_hash(found[name].path) != entry["record_sha256"]:
            return False
    return all(places.has_version(found.get(name), version) for name, version in order.get("held", {}).items())


def _shown(entry: Info | None) -> str:
    """Return how a message names a found distribution."""
    return f"{entry.version} in {entry.folder}" if entry else "nothing: it is not found on sys.path"


def _removals(names: list[str], layout: dict[str, str]) -> tuple[list[str], list[str]]:
    """Return the files that go because their distribution gets replaced, and the names of those distributions.

    A distribution outside this environment's own directories (Debian's) is not removed: the new one comes first.
    """
    folders = sorted({layout["purelib"], layout["platlib"]})
    order = places.search_path()
    roots = [*folders, layout["scripts"], layout["data"]]
    paths: dict[str, None] = {}
    replaced = []
    everywhere = {folder: places.distributions(folder) for folder in order}
    for name in names:
        for folder, found in everywhere.items():
            if name not in found:
                continue
            if folder in folders:
                replaced.append(f"{name} {found[name].version}")
                for path in records.owned_files(found[name], roots):
                    paths.setdefault(path)
            elif layout["purelib"] in order and order.index(folder) < order.index(layout["purelib"]):
                raise RefusedError(f"{name} {found[name].version} in {folder} would hide the new one", "use an overlay")
    return list(paths), replaced


_TRAMPOLINE = re.compile(r"""^#!/bin/sh\n'''exec' "\$\(dirname -- "\$\(realpath -- "\$0"\)"\)"/'(/[^']*)'""")


def _stage_all(order: Order, names: list[str], talk: Talk, journal: Journal) -> Order:
    """Install into the staging directory, what is built here last; return the order with its wheels."""
    made = [name for name in order["packages"] if name in names]
    plain = builds.as_they_are(order, made)
    if plain:
        _stage(Installer(order, talk), plain, talk, journal)
    rest = [name for name in names if name not in plain]
    if not rest:
        return order
    wanted = order.copy()
    wanted["builds"] = [build for build in order.get("builds", []) if build["name"] in rest]
    packages = _staged_packages(Installer(order, talk), journal)
    filled = builds.made_here(wanted, talk, journal.folder, lambda folder: make_workshop(folder, packages))
    _stage(Installer(filled, talk), rest, talk, journal)
    return filled


def _staged_packages(installer: Installer, journal: Journal) -> str:
    """Return the package directory below the staging directory."""
    staging = os.path.realpath(journal.staging)
    if installer.name == "pip":
        return staging + sysconfig.get_paths()["purelib"]
    return os.path.join(staging, "lib", "python{}.{}".format(*sys.version_info[:2]), "site-packages")


def _stage(installer: Installer, names: list[str], talk: Talk, journal: Journal) -> None:
    """Install packages into the staging directory."""
    talk.step(f"fetching {len(names)} packages with {installer.name}")
    staging = os.path.realpath(journal.staging)
    place = {"root": staging} if installer.name == "pip" else {"prefix": staging}
    installer.install(names, journal.folder, sys.executable, **place)
    installer.check(names, _staged_packages(installer, journal))


def _moves(order: Order, talk: Talk, journal: Journal, layout: dict[str, str]) -> list[tuple[str, str]]:
    """Make what is staged true for its final place; return what goes where."""
    installer = Installer(order, talk)
    staging = os.path.realpath(journal.staging)
    if installer.name == "pip":
        return [(staging, "/")]
    series = "python{}.{}".format(*sys.version_info[:2])
    packages = _staged_packages(installer, journal)
    scripts = os.path.join(staging, "bin")
    # In a relocatable environment uv writes scripts that look for python beside themselves, by the name it was given.
    link = os.path.join(layout["scripts"], "python")
    beside = "python" if os.path.exists(link) else os.path.basename(sys.executable)
    for name in os.listdir(scripts) if os.path.isdir(scripts) else []:
        records.edit_script(os.path.join(scripts, name), lambda text: _TRAMPOLINE.sub(_beside(beside), text))
    special = [(packages, layout["purelib"]), (scripts, layout["scripts"])]

    def final(path: str) -> str:
        """Return where a staged path goes."""
        for source, target in [*special, (staging, layout["data"])]:
            if path == source or path.startswith(source + os.sep):
                return os.path.normpath(target + path[len(source) :])
        return path

    for entry in places.distributions(packages).values():
        records.refresh_record(entry.path, packages, final)
    others = []
    for folder in (staging, os.path.join(staging, "lib"), os.path.join(staging, "lib", series)):
        for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
            path = os.path.join(folder, name)
            above = any(source == path or source.startswith(path + os.sep) for source, _ in special)
            if not above and path != os.path.join(staging, ".lock"):
                others.append((path, final(path)))
    return [*(pair for pair in special if os.path.isdir(pair[0])), *others]


def _beside(python: str) -> str:
    """Return the replacement of _TRAMPOLINE that starts python from the script's own directory."""
    start = '#!/bin/sh\n\'\'\'exec\' "$(dirname -- "$(realpath -- "$0")")"/\''
    return (start + python + "'").replace("\\", "\\\\")
