"""What pip alone has to be told to install a plan into the template's own environment: calls, in their order."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from podfit.audit.settings import setting
from podfit.model import Action, Artefact, Decision, Plan
from podfit.model.invariants import COMMIT, SHA256
from podfit.model.provenance import HIDDEN
from podfit.model.requirement import named
from podfit.plan.builds import SeenBuild, build_constraints, seen_builds
from podfit.report.building import OPTION_SINCE, pip_of, with_build_constraints

_PYPI = "https://pypi.org/simple"
_ELSEWHERE = ("system",)
"""Locations of distributions that another package manager put beside pip's own directory (Debian's dist-packages)."""


@dataclass(frozen=True, slots=True)
class PipCall:
    """One `pip install` of requirement lines.

    options are the words before the lines; why is a sentence for a comment, empty for the ordinary call. build, where
    it is given, says that a wheel is to be made first, in sight of the environment and with these tools at hand.
    """

    lines: tuple[str, ...]
    options: tuple[str, ...] = ("--no-deps", "--require-hashes")
    why: str = ""
    build: SeenBuild | None = None

    @property
    def by_name(self) -> dict[str, str]:
        """The lines by the names of their distributions."""
        return {named(line): line for line in self.lines}

    @property
    def tools(self) -> tuple[str, ...]:
        """What has to be at hand for the build, none where nothing is built."""
        return (*self.build.requires, *self.build.fetched) if self.build is not None else ()


def pip_calls(plan: Plan) -> tuple[PipCall, ...]:
    """Return the calls that install exactly what plan installs and changes, each file with its hash.

    First what pip can simply put there, or in the place of its own; then what stands in front of a distribution that
    pip did not install (it cannot take that away, and need not: its own directory comes first); then what is built in
    sight of the environment, and commits, which have no hash that pip checks.
    """
    seen = {build.name: build for build in seen_builds(plan)}
    plain, beside, commits = [], [], []
    calls: list[PipCall] = []
    for decision in plan.with_action(Action.INSTALL, Action.CHANGE):
        if decision.held:
            continue
        files = plan.artefacts.get(decision.name, ())
        line = pip_line(decision, files)
        there = plan.template.distributions.get(decision.name)
        if any(file.kind == "commit" for file in files):
            commits.append(line)
        elif decision.name in seen:
            why = f"{decision.name} is built in sight of what is there"
            calls.append(PipCall((line,), why=why, build=seen[decision.name]))
        elif there is not None and (not there.uninstallable or there.location in _ELSEWHERE):
            beside.append(line)
        else:
            plain.append(line)
    first = [PipCall(tuple(plain))] if plain else []
    if beside:
        why = "not in the place of what another package manager put there, but in front of it"
        first.append(PipCall(tuple(beside), ("--no-deps", "--require-hashes", "--ignore-installed"), why))
    if commits:
        calls.append(PipCall(tuple(commits), ("--no-deps",), "commits: their name is their hash"))
    return (*first, *calls)


def pip_line(decision: Decision, files: tuple[Artefact, ...]) -> str:
    """Return the requirement with the hashes of the files that fit; of a commit, its address."""
    for file in files:
        if file.kind == "commit" and COMMIT.fullmatch(file.url):
            return f"{decision.name} @ {file.url}"
    hashes = sorted({text for file in files for text in file.hashes if SHA256.fullmatch(text)})
    exact = f"{decision.name} @ {decision.planned}" if "://" in decision.planned else (
        f"{decision.name}=={decision.planned}"
    )  # fmt: skip
    return " ".join([exact, *(f"--hash={text}" for text in hashes)])


def pip_variables(plan: Plan) -> tuple[str, ...]:
    """Return the variables (`NAME=VALUE`) under which pip may do so: the image's own settings must not forbid it."""
    words = ["PIP_BREAK_SYSTEM_PACKAGES=1"] if plan.template.interpreter.externally_managed else []
    _, place = setting(plan.template, "constraint")
    if place:
        words.append("PIP_CONSTRAINT=" if place == "PIP_CONSTRAINT" else "PIP_CONFIG_FILE=/dev/null")
    return tuple(words)


def pip_command(words: tuple[str, ...], plan: Plan, limits: str) -> tuple[str, ...]:
    """Return a command of pip (`pip install ...`) as it has to be called on the plan's template.

    Before it stand the variables of `pip_variables` that the image does not set itself; limits is the path of what
    limits builds, where any are needed.
    """
    called = with_build_constraints(words, plan, limits)
    lacking = [each for each in pip_variables(plan) if each not in _set_there(plan)]
    told = dict(each.split("=", 1) for each in (*lacking, *(word for word in called[1:2] if called[0] == "env")))
    plain = called[2:] if called[0] == "env" else called
    return ("env", *(f"{name}={value}" for name, value in told.items()), *plain) if told else plain


def _set_there(plan: Plan) -> frozenset[str]:
    """Return the variables that the template's image sets, as words (`NAME=VALUE`)."""
    return frozenset(f"{name}={value}" for name, value in plan.template.environment.items())


def build_limits(plan: Plan) -> tuple[str, ...]:
    """Return the lines that limit builds from source, none where nothing is built."""
    return tuple(build_constraints(plan)) if plan.built_from_source else ()


def limit_variables(plan: Plan, path: str) -> tuple[str, ...]:
    """Return the variables by which the template's pip takes the limits of builds in the file at path.

    Since 25.3 it has one for builds; before, builds obey PIP_CONSTRAINT. Of a pip that is not known both are given:
    none minds a variable that it does not know.
    """
    version = pip_of(plan)
    both = (f"PIP_CONSTRAINT={path}", f"PIP_BUILD_CONSTRAINT={path}")
    if version is None:
        return both
    return both[1:] if version >= OPTION_SINCE else both[:1]


def index_options(plan: Plan) -> tuple[str, ...]:
    """Return pip's options for the indexes that the plan is from; none where that is PyPI alone."""
    indexes = plan.provenance.indexes if plan.provenance is not None else ()
    known = [index for index in indexes if HIDDEN not in index]
    if not known or [index.rstrip("/") for index in known] == [_PYPI]:
        return ()
    return ("--index-url", known[0], *(word for index in known[1:] for word in ("--extra-index-url", index)))


def not_at_hand(plan: Plan) -> Iterator[str]:
    """Yield sentences on what pip cannot get elsewhere by these calls: files of this machine, hidden addresses."""
    for name, files in sorted(plan.artefacts.items()):
        if files and all("://" not in file.url or file.url.startswith("file:") for file in files):
            yield f"{name} lies on the machine that planned ({files[0].url}); podfit bundle carries it"
    for index in plan.provenance.indexes if plan.provenance is not None else ():
        if HIDDEN in index:
            yield f"the index {index} asks for credentials: pip takes its address from PIP_EXTRA_INDEX_URL"


def guard(plan: Plan, what: str, *, fitted: bool = False) -> str:
    """Return a line of Python that ends with a sentence where the environment is not the plan's: Python, held versions.

    what names it (`this image`); fitted: what the plan installs has to be there, too. The line has no single quotes,
    and the standard library is enough for it.
    """
    want = plan.held_versions
    if fitted:
        want.update({d.name: d.planned for d in plan.with_action(Action.INSTALL, Action.CHANGE) if d.planned})
        want = {name: version for name, version in want.items() if "://" not in version}
    series = json.dumps(plan.template.interpreter.series)
    said = json.dumps(f"{what} is not what the plan was made for: ")
    way_out = "podfit apply makes it so" if fitted else "read it with podfit probe and fit the project onto that"
    remedy = json.dumps(f"; {way_out}")
    steps = [
        "import re, sys",
        "from importlib.metadata import distributions",
        f'want = {json.dumps(want)}; there = {{"python": "%d.%d" % sys.version_info[:2]}}',
        '[there.setdefault(re.sub("[-_.]+", "-", d.metadata["Name"]).lower(), d.version) '
        'for d in distributions() if d.metadata["Name"]]',
        f"want.update(python={series})",
        # 2026.06 is 2026.6: an index writes versions as PEP 440 does, and not everybody else
        'same = lambda v: re.sub(r"(?<![0-9a-z])0+(?=[0-9])", "", re.sub("[-_]", ".", str(v).lower()))',
        'wrong = ["%s %s and not %s" % (n, there.get(n, "missing"), v) for n, v in want.items() '
        "if same(there.get(n)) != same(v)]",
        'more = " and %d more" % (len(wrong) - 4) if len(wrong) > 4 else ""',
        f'sys.exit({said} + ", ".join(wrong[:4]) + more + {remedy} if wrong else 0)',
    ]
    return "; ".join(steps).replace("'", "\\u0027")
