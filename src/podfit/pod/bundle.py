"""A plan's very files in one directory, with what installs them on a machine that has no network."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from podfit.index.addresses import default_index_urls
from podfit.index.files import index_file
from podfit.index.sources import source_files
from podfit.index.threads import side_by_side
from podfit.model import Action, Decision, InputError, Plan, Reporter, Where
from podfit.model.provenance import HIDDEN
from podfit.model.words import listed
from podfit.report.answer import Answer
from podfit.report.by_pip import PipCall, guard, pip_calls, pip_line, pip_variables
from podfit.report.model import Commands, Item, Items, Paragraph, Report, section, text
from podfit.report.words import human_bytes, plural
from podfit.writers.files import write_files
from podfit.writers.plain import file_part
from podfit.writers.plan_json import write_plan
from podfit.writers.text import comment, preamble
from podfit.writers.verify_env import write_verify_env

if TYPE_CHECKING:
    from podfit.index import Index

SCHEMA = "podfit.bundle/1"
MANIFEST = "manifest.json"
INSTALL = "install.sh"
_WHEELS = "wheels"
_THREADS = 6
_TOOLS = "tools"


@dataclass(frozen=True, slots=True)
class Bundled:
    """One file of a bundle. kind is `wheel` or `sdist`; tools is what the build of a `sdist` asks for (PEP 508)."""

    name: str
    version: str
    filename: str
    sha256: str
    bytes: int
    kind: str
    tools: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BundledTool:
    """One wheel below tools/ that the build of a source distribution needs; build is that distribution's name."""

    build: str
    name: str
    version: str
    filename: str
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What a bundle lacks of its plan, or a source distribution whose tools it lacks, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle that was made: its directory, files, what is left out, tools of builds, and builds without them."""

    directory: str
    files: tuple[Bundled, ...]
    left: tuple[LeftOut, ...]
    tools: tuple[BundledTool, ...] = ()
    unequipped: tuple[LeftOut, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether the machine needs nothing else."""
        return not self.left and not self.unequipped


def make_bundle(
    plan: Plan, directory: Path, index: Index, reporter: Reporter, index_urls: Sequence[str] = ()
) -> Bundle:
    """Fetch exactly the files of plan into directory/wheels, each checked by its sha256, and write what uses them.

    For each distribution it is the file that fits the template best. What source distributions are built with is
    resolved for the template over index_urls (without any: the plan's own, else the one that variables name) and lies
    in directory/tools; a build whose tools cannot be had is named. A directory that an earlier call filled is
    brought up to date; nothing is fetched twice. Raises InputError for a plan that does not work and for a directory
    with anything else in it; what `Index.save` raises, with the bundle unfinished (there is no manifest then).
    """
    problems = plan.problems()
    if problems:
        raise InputError(f"the plan does not work: {problems[0]}", remedy="see the matrix: podfit matrix")
    before = _earlier(directory)
    wheels = directory / _WHEELS
    try:
        wheels.mkdir(parents=True, exist_ok=True)
        (directory / MANIFEST).unlink(missing_ok=True)
    except OSError as error:
        raise InputError(f"cannot be made: {error.strerror or error}", where=Where(str(wheels))) from None
    chosen = {d.name: plan.artefacts[d.name][0] for d in _planned(plan) if plan.artefacts[d.name][0].kind != "commit"}
    versions = {d.name: d.planned for d in _planned(plan)}
    for file in chosen.values():
        if Path(file.filename).name != file.filename:
            raise InputError(f"{file.filename!a} is not the name of a file", remedy="run `podfit fit` again")
    reporter.step(f"fetching {plural(len(chosen), 'file')}")

    def fetched(name: str) -> Bundled:
        file = chosen[name]
        listed_file = index_file(file, versions[name])
        size = index.save(listed_file, wheels / file.filename)
        return Bundled(name, versions[name], file.filename, listed_file.sha256, size, file.kind)

    files = tuple(side_by_side(fetched, sorted(chosen), _THREADS, "bundle"))
    for name in before - {each.filename for each in files}:
        (wheels / name).unlink(missing_ok=True)
    made = _equipped(plan, Bundle(str(directory), files, tuple(_left_out(plan))), index, reporter, index_urls)
    texts = {**_texts(plan, made), "plan.json": write_plan(plan), "verify_env.py": write_verify_env(plan)}
    write_files(texts, directory)
    write_files({MANIFEST: json.dumps(manifest(plan, made), indent=1) + "\n"}, directory)
    return made


def _equipped(plan: Plan, made: Bundle, index: Index, reporter: Reporter, index_urls: Sequence[str]) -> Bundle:
    """Fetch what the builds of a bundle need into its directory of tools, and return it with them."""
    folder = Path(made.directory) / _TOOLS
    sources = [each for each in made.files if each.kind == "sdist"]
    files, tools, unequipped = list(made.files), [], []
    if sources:
        from podfit.pod.tools import Toolsmith
        from podfit.solve.uv import Uv

        reporter.step(f"looking for what {listed(each.name for each in sources)} is built with")
        uv = Uv(index.cache, offline=index.offline, reporter=reporter)
        smith = Toolsmith(plan, uv, index_urls or _plan_s_indexes(plan) or default_index_urls())
        for each in sources:
            path = Path(made.directory) / _WHEELS / each.filename
            found = smith.tools(each.name, source_files(path.read_bytes(), each.filename))
            files[files.index(each)] = replace(each, tools=found.asked)
            if found.reason:
                unequipped.append(LeftOut(each.name, found.reason))
            for tool in found.tools:
                folder.mkdir(exist_ok=True)
                file = index_file(tool.artefact, tool.version)
                name = Path(file.filename).name
                size = index.save(file, folder / name)
                tools.append(BundledTool(each.name, tool.name, tool.version, name, file.sha256, size))
    for entry in folder.iterdir() if folder.is_dir() else ():
        if entry.name not in {tool.filename for tool in tools}:
            entry.unlink()
    if not tools and folder.is_dir():
        folder.rmdir()
    return replace(made, files=tuple(files), tools=tuple(tools), unequipped=tuple(unequipped))


def _plan_s_indexes(plan: Plan) -> tuple[str, ...]:
    """Return the indexes that a plan is from, the default one last; none where one of them hides its credentials."""
    known = plan.provenance.indexes if plan.provenance is not None else ()
    return () if any(HIDDEN in url for url in known) else (*known[1:], *known[:1])


def manifest(plan: Plan, made: Bundle) -> Mapping[str, Any]:
    """Return what a bundle holds, as the object of its manifest.json."""
    data: dict[str, Any] = msgspec.to_builtins(made)
    data.pop("directory")
    template = plan.template
    return {
        "schema": SCHEMA,
        "project": plan.project,
        "template": template.name,
        "python": template.interpreter.series,
        "platform": str(template.target),
        "created": plan.created,
        "install": INSTALL,
        **data,
    }


def answer(plan: Plan, made: Bundle) -> Answer:
    """Return what `podfit bundle` answers: what is in it, what is not, and the one command for the machine."""
    built = [each for each in made.files if each.kind == "sdist"]
    size = human_bytes(sum(each.bytes for each in made.files))
    count = plural(len(made.files) - len(built), "wheel")
    sources = f" and {plural(len(built), 'source distribution')}" if built else ""
    lines = [text(f"{made.directory}: {count}{sources}, {size}, for {plan.template.name}")]
    without = {each.name: each.reason for each in made.unequipped}
    for each in built:
        mine = [f"{tool.name} {tool.version}" for tool in made.tools if tool.build == each.name]
        needs = (
            f"it is built there with {listed(mine)}, which lie beside it" if mine else "its build needs nothing else"
        )
        if each.name in without:
            needs = f"its build there needs {listed(each.tools)}, which cannot be bundled: {without[each.name]}"
        lines.append(text(f"no wheel: {each.name} {each.version} goes as source; {needs}"))
    lines += [text(f"left out: {each.name}: {each.reason}") for each in made.left]
    command = ("sh", f"{made.directory}/{INSTALL}")
    check = ("python3", f"{made.directory}/verify_env.py")
    shown = Report(
        (),
        (
            *section("", Items(tuple(Item(line) for line in lines))),
            *section("Next", Paragraph(text("There, without a network:")), Commands((command, check))),
        ),
    )
    data = {**manifest(plan, made), "directory": made.directory, "command": shlex.join(command)}
    return Answer("podfit bundle", lambda _details: shown, lambda: shown, lambda: data)


def _planned(plan: Plan) -> tuple[Decision, ...]:
    """Return what is installed or changed."""
    return tuple(d for d in plan.with_action(Action.INSTALL, Action.CHANGE) if not d.held)


def _earlier(directory: Path) -> set[str]:
    """Return the names of the files that an earlier bundle has there. Raises InputError where something else lies."""
    try:
        names = {entry.name for entry in directory.iterdir()} if directory.exists() else set()
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror or error}", where=Where(str(directory))) from None
    try:
        known = json.loads((directory / MANIFEST).read_text("utf-8")) if MANIFEST in names else {}
    except (OSError, ValueError):
        known = {}
    ours = isinstance(known, dict) and known.get("schema") == SCHEMA
    if names - {_WHEELS, _TOOLS} and not ours:
        raise InputError("holds something else than a bundle", where=Where(str(directory)), remedy="name a new one")
    listing = known.get("files", ()) if ours else ()
    return {Path(str(each.get("filename", ""))).name for each in listing if isinstance(each, dict)} - {""}


def _left_out(plan: Plan) -> Iterator[LeftOut]:
    """Yield what is no file that could lie in a directory."""
    for decision in _planned(plan):
        file = plan.artefacts[decision.name][0]
        if file.kind == "commit":
            yield LeftOut(decision.name, f"it is a commit, and no file of an index ({file.url})")
    for member in plan.members:
        yield LeftOut(member.name, f"it is the project's own, in {member.path}: it comes with the project")


def _calls(plan: Plan, made: Bundle) -> Iterator[PipCall]:
    """Yield the calls of pip over the bundle's files: wheels first, then what is built."""
    files = {each.name: each for each in made.files}
    decisions = {d.name: d for d in _planned(plan)}
    for call in pip_calls(plan):
        lines = {name: pip_line(decisions[name], plan.artefacts[name][:1]) for name in call.by_name if name in files}
        wheels = tuple(line for name, line in lines.items() if files[name].kind == "wheel")
        if wheels:
            yield replace(call, lines=wheels, build=None)


def _builds(plan: Plan, made: Bundle) -> Iterator[tuple[str, str]]:
    """Yield name and line of each source distribution, those last whose tools the bundle lacks."""
    decisions = {d.name: d for d in _planned(plan)}
    without = {each.name for each in made.unequipped}
    for each in sorted(made.files, key=lambda each: each.name in without):
        if each.kind == "sdist":
            yield each.name, pip_line(decisions[each.name], plan.artefacts[each.name][:1])


def _texts(plan: Plan, made: Bundle) -> dict[str, str]:
    """Return the files beside the wheels: name to text."""
    found: dict[str, str] = {}
    pip = '"$python" -m pip install --no-index --find-links "$here/wheels"'
    lines = [
        "#!/bin/sh",
        *preamble(plan, "bundle"),
        "#",
        f"# Use:  sh {INSTALL} [PYTHON]      (python3 by default; no network is asked for anything)",
        *(comment(f"left out: {each.name}: {each.reason}") for each in made.left),
        "set -eu",
        'here=$(CDPATH="" cd -- "$(dirname -- "$0")" && pwd)',
        'python="${1:-python3}"',
        *(f"export {shlex.quote(word)}" for word in pip_variables(plan)),
        "# The machine is what the plan was made for, or nothing is done.",
        f'"$python" -c {shlex.quote(guard(plan, "this machine"))}',
    ]
    for number, call in enumerate(_calls(plan, made), 1):
        name = "lock.txt" if number == 1 else f"lock-{number}.txt"
        found[name] = "\n".join([*preamble(plan, "lock of a bundle"), *call.lines]) + "\n"
        lines += [comment(call.why)] if call.why else []
        lines.append(f'{pip} {shlex.join(call.options)} -r "$here/{name}"')
    for build, line in _builds(plan, made):
        name = f"build-{file_part(build)}.txt"
        found[name] = "\n".join([*preamble(plan, "lock of a bundle"), line]) + "\n"
        lines += _build_lines(plan, made, build, name, found)
    lines.append('echo "installed; does it run?  $python $here/verify_env.py"')
    found[INSTALL] = "\n".join(lines) + "\n"
    return found


def _build_lines(plan: Plan, made: Bundle, build: str, lock: str, found: dict[str, str]) -> Iterator[str]:
    """Yield the lines that build and install one source distribution; what its tools are goes into found.

    The tools lie aside, are seen by this build alone, in front of what the environment has, and are gone afterwards.
    """
    tools = [tool for tool in made.tools if tool.build == build]
    options = shlex.join(("--no-deps", "--require-hashes", "--no-build-isolation"))
    install = f'"$python" -m pip install --no-index --find-links "$here/{_WHEELS}" {options} -r "$here/{lock}"'
    if not tools:
        yield comment(f"{build} is built here, with what the environment has")
        yield install
        return
    name = f"{_TOOLS}-{file_part(build)}.txt"
    pinned = [f"{tool.name}=={tool.version} --hash=sha256:{tool.sha256}" for tool in tools]
    found[name] = "\n".join([*preamble(plan, "tools of a build"), *pinned]) + "\n"
    yield comment(f"{build} is built here, with tools that are seen by its build alone")
    yield "tools=$(mktemp -d)"
    yield "trap 'rm -rf \"$tools\"' EXIT"
    yield (
        f'"$python" -m pip install --no-index --find-links "$here/{_TOOLS}" --no-deps --require-hashes '
        f'--target "$tools" -r "$here/{name}"'
    )
    yield f'env PYTHONPATH="$tools${{PYTHONPATH:+:$PYTHONPATH}}" PATH="$tools/bin:$PATH" {install}'
    yield 'rm -rf "$tools"'
