"""Build an environment that sees the template's packages, and put it into its place in one step."""

from __future__ import annotations

import contextlib
import glob
import json
import os
import re
import subprocess
import sys
import time

from ..protocol import Applied, Order
from . import builds, files, ownership, places, records, strangers
from .environments import make_venv, make_workshop, open_to_template, site_packages
from .inplace import settled as same_packages
from .inplace import state
from .joined import join_packages
from .lock import Area
from .shared import link_data
from .stage import Installer
from .strangers import STATE_NAME
from .talk import RefusedError, Talk

_MOST_OTHERS = 100
"""How many paths of what somebody put into an overlay the answer names."""

_HEADER = "#!/bin/sh\n'''exec' \"$(dirname -- \"$(realpath -- \"$0\")\")\"/'python' \"$0\" \"$@\"\n' '''\n"
"""Starts a Python script with the interpreter beside it, wherever the environment lies (the trick is distlib's)."""

_EXEC = re.compile(r"""'''exec' (?:"\$\(dirname[^\n]*?\)"/)?(?:'([^'\n]+)'|"([^"\n]+)"|([^\s'"]+))""")
"""The program of a trampoline: quoted where its path has spaces, bare where it is only long."""
_TRAMPOLINE = re.compile(r"#!/bin/sh\n'''exec' [^\n]*\n' '''\n")


def home() -> str:
    """Return the directory of overlays whose place nobody chose; notes about the others lie there too.

    Empty where nobody has a home: HOME is not set, and no passwd entry knows the user.
    """
    found = os.path.expanduser("~/.local/share/podfit/overlays")
    return found if os.path.isabs(found) else ""


def default_path(name: str) -> str:
    """Return where the overlay of this name lies: where the last apply put it, else under the home directory."""
    if not home():
        raise RefusedError(
            "there is no home directory for an overlay (HOME is not set)", "name a place with --overlay DIR"
        )
    known = _noted_path(os.path.join(home(), name + ".where.json"))
    return known if known and os.path.isdir(known) else os.path.join(home(), name)


def _noted_path(note: str) -> str:
    """Return the directory that a note names, empty when the note is damaged or not there."""
    known = files.read_note(note) or {}
    return str(known.get("path") or "")


def place_of(order: Order) -> str:
    """Return the path of the order's overlay: given, or the default one of its name."""
    given = order.get("overlay") or default_path(order.get("name") or "overlay")
    return os.path.abspath(os.path.expanduser(given))


def _note(name: str, kind: str, path: str) -> None:
    """Note that the overlay of this name lies (`where`) or is being made (`begun`) at path, if that is elsewhere.

    An empty path removes the note. Where the home cannot be written, nothing is noted.
    """
    if not home():
        return
    note = os.path.join(home(), f"{name}.{kind}.json")
    with contextlib.suppress(OSError):
        if path and os.path.join(home(), name) != path:
            os.makedirs(home(), exist_ok=True)
            files.write_json(note, {"path": path})
        else:
            files.remove(note)


def noted() -> list[str]:
    """Return the directories of the overlays that lie, or were being made, elsewhere than under the home directory."""
    marks = os.path.join(glob.escape(home()), "*.json")
    found = sorted(glob.glob(marks)) if home() else []
    return [path for path in map(_noted_path, found) if path]


def drop_notes() -> None:
    """Remove the notes about overlays that are no longer being made."""
    for note in glob.glob(os.path.join(glob.escape(home()), "*.begun.json")) if home() else ():
        path = _noted_path(note)
        if not path or not area(path).holder:
            files.remove(note)
    for rest in glob.glob(os.path.join(glob.escape(home()), "*.json.tmp")) if home() else ():
        files.remove(rest)


def area(path: str) -> Area:
    """Return podfit's directory beside the overlay, on the same file system."""
    head, tail = os.path.split(path)
    return Area(os.path.join(head, f".podfit-apply-{tail}"))


def recover(place: Area, path: str) -> bool:
    """Remove what an interrupted apply left, and return an overlay that was on its way out; the lock must be held."""
    old = os.path.join(place.path, "old")
    found = files.exists(place.work) or files.exists(old)
    if files.exists(old) and not files.exists(path):
        os.rename(old, path)
    _keep(place, (old, _new(place)))
    files.remove(old)
    files.remove(place.work)
    files.remove(_keep_note(place))
    files.remove(_keep_note(place) + ".tmp")  # a kill may come before a note has its name
    return found


def _new(place: Area) -> str:
    """Return where an overlay is made; after the exchange, the one lies there that was in its place."""
    return os.path.join(place.work, "environment")


def _keep_note(place: Area) -> str:
    """Return the note about an overlay that is not to be thrown away: its inode, and the name that it gets."""
    return os.path.join(place.path, "keep.json")


def _keep(place: Area, candidates: tuple[str, ...]) -> None:
    """Give the overlay that the note is about its name, if it is one of candidates."""
    note = files.read_note(_keep_note(place)) or {}
    for candidate in candidates:
        if note.get("kept") and files.exists(candidate) and os.lstat(candidate).st_ino == note.get("inode"):
            os.rename(candidate, str(note["kept"]))
            files.sync_folder(os.path.dirname(str(note["kept"])))


def settled(order: Order, path: str) -> bool:
    """Tell whether the plan was applied to this overlay and both it and the template are as they were."""
    if not os.path.exists(os.path.join(path, "bin", "python")):
        return False
    known = files.read_note(os.path.join(path, STATE_NAME))
    if known and known.get("template_python") != sys.executable:
        return False
    return same_packages(order, known, [site_packages(path), *places.search_path()])


def apply(order: Order, talk: Talk) -> Applied:
    """Carry the order out and return the result. Raises RefusedError or AbortedError with everything as it was."""
    path = place_of(order)
    if files.exists(path) and not strangers.is_overlay(path):
        empty = os.path.isdir(path) and not os.path.islink(path) and not os.listdir(path)
        if not empty:
            raise RefusedError(f"{path} exists and is no overlay of podfit", "choose another place with --overlay DIR")
    with area(path) as place:
        talk.control = place.control
        files.remove(place.control)
        recovered = recover(place, path)
        name = order.get("name") or "overlay"
        _note(name, "begun", path)  # so that `--recover` finds what a kill leaves
        try:
            result = _build(order, talk, place, path)
        except BaseException:
            with talk.shielded():
                recover(place, path)
            raise
        finally:
            with talk.shielded():
                _note(name, "begun", "")
        _note(name, "where", path)
        result["recovered"] = recovered
        return result


def _build(order: Order, talk: Talk, place: Area, path: str) -> Applied:
    """Make the environment aside, fill it, wait for the verdict, swap it in."""
    started = time.monotonic()
    names = builds.as_they_are(order, list(order["packages"]))
    new = _new(place)
    talk.event("control", path=place.control)
    installer = Installer(order, talk) if order["packages"] or order.get("members") else None
    if installer:
        installer.check_space(names, place.path)
    os.makedirs(new)
    make_venv(new, os.path.basename(path))
    made_of = files.snapshot([new])
    python = os.path.join(new, "bin", "python")
    seconds = {"create": time.monotonic() - started}
    started = time.monotonic()
    if installer and names:
        talk.step(f"fetching {len(names)} packages with {installer.name}")
        # The template is not visible yet: no installer can think of removing something from it.
        installer.install(names, place.work, python)
        installer.check(names, site_packages(new))
    seconds["install"] = time.monotonic() - started
    if order.get("members") or order.get("builds"):
        started = time.monotonic()
        order = builds.made_here(order, talk, place.work, lambda folder: make_workshop(folder, site_packages(new)))
        made, names = [name for name in order["packages"] if name not in names], list(order["packages"])
        installer = Installer(order, talk)
        installer.install(made, place.work, python)
        installer.check(made, site_packages(new))
        seconds["build"] = time.monotonic() - started
    ownership.refuse_changed(made_of, new)
    template = places.visible(places.search_path())
    own = places.distributions(site_packages(new))
    shown = [entry for name, entry in template.items() if name not in own]
    join_packages(site_packages(new), shown)
    ownership.refuse_hiding(
        site_packages(new), {name: template[name] for name in order.get("held", {}) if name in template}
    )
    starting = ownership.starting(site_packages(new), names)
    talk.pass_gate(order)
    started = time.monotonic()
    open_to_template(new)
    _adopt_scripts(new, path)
    link_data(new, shown)
    found = places.visible(_search_path(python))
    wanted = {name: entry["version"] for name, entry in order["packages"].items()}
    for name, version in {**order.get("held", {}), **wanted}.items():
        if not places.has_version(found.get(name), version):
            seen = f"{found[name].version} in {found[name].folder}" if name in found else "nothing"
            raise RefusedError(
                f"the overlay would show {seen} instead of {name} {version}", "see whether PYTHONPATH is set"
            )
    files.write_json(os.path.join(new, STATE_NAME), state(order, found, "overlay"))
    strangers.write_list(new)
    seconds["finish"] = time.monotonic() - started
    if order.get("verify"):
        started = time.monotonic()
        talk.event("ready", python=python)
        talk.wait(float(order.get("verify_seconds", 3600)), "commit")
        seconds["verify"] = time.monotonic() - started
    kept, others = "", []
    with talk.shielded():
        if strangers.is_overlay(path):
            known = strangers.found_in(path)
            others = ["its list of files is missing or damaged"] if known is None else known
        if others:
            kept = strangers.kept_path(path)
            files.write_json(_keep_note(place), {"inode": os.lstat(path).st_ino, "kept": kept})
        _swap(place, path)
        files.remove(place.work)
    return {
        "kept": kept,
        "starting": starting,
        "others": others[:_MOST_OTHERS],
        "outcome": "applied",
        "environment": path,
        "python": os.path.join(path, "bin", "python"),
        "installed": names,
        "replaced": [],
        "seconds": seconds,
    }


def _adopt_scripts(new: str, path: str) -> None:
    """Make every script in the environment start its own python from path, and add the template's Python scripts.

    Without the second, `torchrun` would be found in the template's bin and run there, blind to the overlay.
    """
    target = os.path.join(new, "bin")
    for name in sorted(os.listdir(target)):
        file = os.path.join(target, name)
        if os.path.islink(file) or os.path.getsize(file) > 1 << 18:
            continue
        with open(file, "rb") as stream:
            data = stream.read()
        text = os.fsdecode(data)
        if text.startswith("#!") and new in "".join(text.split("\n")[:2]):
            text = _HEADER + _without_header(text)
        elif new in text:  # activate and its kin
            text = text.replace(new, path)
        if os.fsencode(text) != data:
            mode = os.stat(file).st_mode & 0o7777
            files.remove(file)
            with open(file, "wb") as stream:
                stream.write(os.fsencode(text))
            os.chmod(file, mode)
    config = os.path.join(new, "pyvenv.cfg")
    with open(config, encoding="utf-8") as stream:
        text = stream.read()
    with open(config, "w", encoding="utf-8") as stream:
        stream.write(text.replace(new, path))
    for entry in places.distributions(site_packages(new)).values():
        records.refresh_record(entry.path, site_packages(new), lambda place: place)
    _copy_scripts(places.layout()["scripts"], target)


def _copy_scripts(source: str, target: str) -> None:
    """Copy the scripts of source that this Python runs into target, with a header that starts target's python."""
    pythons = {os.path.realpath(sys.executable)}
    for name in sorted(os.listdir(source)) if os.path.isdir(source) else []:
        file = os.path.join(source, name)
        goal = os.path.join(target, name)
        if files.exists(goal) or not os.path.isfile(file) or os.path.getsize(file) > 1 << 18:
            continue
        with open(file, "rb") as stream:
            start = stream.read(2)
            text = os.fsdecode(start + stream.read()) if start == b"#!" else ""
        first = text.partition("\n")[0][2:].strip().partition(" ")[0]
        named = _EXEC.match(text.partition("\n")[2])
        program = named[named.lastindex or 0] if first == "/bin/sh" and named else first
        program = os.path.join(source, program)
        if "python" not in os.path.basename(program) or os.path.realpath(program) not in pythons:
            continue
        with open(goal, "wb") as stream:
            stream.write(os.fsencode(_HEADER + _without_header(text)))
        os.chmod(goal, os.stat(file).st_mode & 0o777)


def _without_header(text: str) -> str:
    """Return a script without the lines that name its interpreter."""
    match = _TRAMPOLINE.match(text)
    return text[match.end() :] if match else text.partition("\n")[2]


def _search_path(python: str) -> list[str]:
    """Return the directories where an interpreter finds packages, in order. Raises RefusedError when it fails."""
    code = "import sys, json; print(json.dumps(sys.path))"
    done = subprocess.run(
        [python, "-B", "-c", code], stdin=subprocess.DEVNULL, capture_output=True, timeout=60, cwd="/"
    )
    try:
        found = json.loads(done.stdout.decode("utf-8").strip().splitlines()[-1])
    except (ValueError, IndexError):
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise RefusedError(f"the overlay's Python does not run: {said[-1] if said else done.returncode}") from None
    return list(dict.fromkeys(os.path.realpath(path) for path in found if path and os.path.isdir(path)))


def _swap(place: Area, path: str) -> None:
    """Put what was made in path's place; nobody finds path missing where the kernel can exchange two names.

    What was there before goes, or gets the name that the note about it says.
    """
    new, old = _new(place), os.path.join(place.path, "old")
    if not files.exists(path):
        os.rename(new, path)
    elif not files.exchange(new, path):
        os.rename(path, old)
        os.rename(new, path)
    _keep(place, (new, old))
    files.remove(_keep_note(place))
    files.remove(new)
    files.remove(old)
    files.sync_folder(os.path.dirname(path))
