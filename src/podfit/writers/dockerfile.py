"""`Dockerfile.<template>`: lines over the template's image that install the plan, and need no other file."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from podfit.model import Action, InputError, Origin, Plan, PlannedMember
from podfit.model.words import listed
from podfit.readers.image.reference import SCHEME, parse_reference
from podfit.report.by_pip import (
    PipCall,
    build_limits,
    guard,
    index_options,
    limit_variables,
    not_at_hand,
    pip_calls,
    pip_variables,
)
from podfit.report.held import held_summary
from podfit.report.words import human_bytes, plural
from podfit.writers.plain import file_part, plain
from podfit.writers.text import comment, preamble

_LOCK = "/tmp/podfit-lock.txt"  # noqa: S108 - in the image that is built, and removed in the same step
_LIMITS = "/tmp/podfit-build-constraints.txt"  # noqa: S108
_TOOLS = "/tmp/podfit-build"  # noqa: S108
_MOST_LINES = 150
"""So many requirements go into one step: the kernel takes 128 KiB for its one word of `sh -c`."""


def write_dockerfile(plan: Plan) -> str:
    """Return the Dockerfile of plan: FROM the template's image, a check that it is that, and the steps of pip.

    What is installed goes into the image's own environment: a layer leaves the image below it as it is, and all that
    starts there (Jupyter, torchrun) sees it. An image that is not known is a sentence, and an argument of the build.
    """
    name = f"Dockerfile.{file_part(plan.template.name)}"
    inside = [member for member in plan.members if not member.path.startswith(("/", ".."))]
    call = f"docker build -f {name} PROJECT" if inside else f"docker build - < {name}"
    installed, changed = plan.with_action(Action.INSTALL), plan.with_action(Action.CHANGE)
    size = f", {human_bytes(plan.download_bytes)} to download" if plan.download_bytes else ""
    lines = [
        *preamble(plan, "Dockerfile"),
        "#",
        comment(f"Use:  {call}      (buildah and podman take the same; or copy the lines into your own)"),
        comment(f"It installs {plural(len(installed), 'package')} and changes {len(changed)}{size}."),
    ]
    if summary := held_summary(plan):
        lines.append(comment(f"Held: {summary}."))
    lines += [comment(f"changed: {d.name} {d.template} -> {d.planned}: {d.reason}") for d in changed]
    lines += [comment(f"To add: {sentence}.") for sentence in not_at_hand(plan)]
    lines += [*_from(plan), ""]
    python = shlex.quote(plan.template.interpreter.executable or "python3")
    lines.append("# The image is what the plan was made for, or the build ends here.")
    lines.append(f"RUN {python} -c {_quoted(guard(plan, 'this image'))}")
    lines += _steps(plan, python)
    lines += _members(plan, inside, python)
    check = f"verify_env-{file_part(plan.template.name)}.py"
    lines += ["", comment(f"Does it run?  docker run --rm --gpus all -i IMAGE {python} - < {check}")]
    return "\n".join(lines) + "\n"


def base_image(plan: Plan) -> tuple[str, str]:
    """Return what FROM takes for the template's image, by digest where that is known, and a sentence about it.

    The first is empty where no image is known, or which of the builds of a name it is.
    """
    template = plan.template
    told = plain(template.image)
    by_file = template.origin is Origin.IMAGE and "@" not in told
    try:
        reference = parse_reference(told) if told and not by_file else None
    except InputError:
        reference = None
    if reference is None:
        given = f": the list says {told!r}, which is no name that FROM takes" if told else ""
        return "", f"which image {template.name} is, is not known{given}"
    bare = told.removeprefix(SCHEME)
    if reference.digest:
        tag = f", tag {reference.tag}" if reference.tag else ""
        name = f"{reference.registry}/{reference.repository}"
        return f"{name}@{reference.digest}", f"the image of {template.name} by its digest{tag}"
    if reference.tag == "latest" and not bare.endswith(":latest"):
        return "", f"the image of {template.name} is a build of {told}; which one has this list is not known"
    pushed = f" (pushed {listed(template.pushed)})" if template.pushed else ""
    return str(reference), f"the image of {template.name} by its tag, which may move{pushed}; its digest is not known"


def _from(plan: Plan) -> list[str]:
    """Return the lines that name the image."""
    image, sentence = base_image(plan)
    said = ["", comment(f"{sentence[:1].upper()}{sentence[1:]}.")]
    if image:
        return [*said, f"FROM {image}"]
    return [*said, "# Name it:  docker build --build-arg IMAGE=NAME@DIGEST ...", "ARG IMAGE", "FROM ${IMAGE}"]


def _steps(plan: Plan, python: str) -> Iterator[str]:
    """Yield the RUN steps of the calls of pip."""
    limits = build_limits(plan)
    calls = pip_calls(plan)
    if limits and calls:
        yield from ["", "# What builds from source may use.", _file(limits, _LIMITS)]
    for call in calls:
        for start in range(0, len(call.lines), _MOST_LINES):
            lines = call.lines[start : start + _MOST_LINES]
            yield ""
            if call.why:
                yield comment(f"{call.why[:1].upper()}{call.why[1:]}.")
            yield _run(plan, call, lines, python, limited=bool(limits))
    if limits and calls:
        yield from ["", f"RUN rm {_LIMITS}"]


def _run(plan: Plan, call: PipCall, lines: Sequence[str], python: str, *, limited: bool) -> str:
    """Return one RUN step: the lines into a file, pip over that, the file away."""
    variables = list(pip_variables(plan))
    if limited:
        given = limit_variables(plan, _LIMITS)
        named = {word.partition("=")[0] for word in given}
        variables = [*(word for word in variables if word.partition("=")[0] not in named), *given]
    options = [*call.options, *index_options(plan)]
    pip = f"{_env(variables)}{python} -m pip install --no-cache-dir"
    what = f"{pip} {shlex.join(options)} -r {_LOCK}"
    if call.build is not None:
        what = f"{what} --no-build-isolation"
    if call.tools:
        # They lie aside and are gone afterwards; the build sees them, and the image's own packages.
        fetch = f"{pip} {shlex.join([*index_options(plan), '--target', _TOOLS, *call.tools])}"
        what = f"{fetch} \\\n && env PYTHONPATH={_TOOLS} PATH={_TOOLS}/bin:$PATH {what} \\\n && rm -r {_TOOLS}"
    return f"{_file(lines, _LOCK)} \\\n && {what} \\\n && rm {_LOCK}"


def _env(variables: Sequence[str]) -> str:
    """Return the words before a command that has these variables."""
    return f"env {' '.join(variables)} " if variables else ""


def _file(lines: Sequence[str], path: str) -> str:
    """Return a RUN step that writes lines into a file."""
    return "RUN printf '%s\\n' \\\n" + "".join(f"    {_quoted(line)} \\\n" for line in lines) + f"    > {path}"


def _quoted(text: str) -> str:
    """Return text as one word of a shell that no Dockerfile reader changes: a backslash at a line's end would join."""
    return shlex.quote(plain(text))


def _members(plan: Plan, inside: Sequence[PlannedMember], python: str) -> Iterator[str]:
    """Yield the steps that install the project's own distributions, from the build's context."""
    for member in plan.members:
        path = plain(member.path)
        if member not in inside:
            yield from ["", comment(f"To add: {member.name} lies outside the project, in {path}: no context has it.")]
            continue
        goal = f"/opt/podfit-members/{member.name}"
        fetched = f" (before it, for the build alone: {', '.join(member.fetched)})" if member.fetched else ""
        yield from [
            "",
            comment(f"{member.name}, the project's own{fetched}."),
            f'COPY ["{path}", "{goal}"]',
            f"RUN {_env(pip_variables(plan))}{python} -m pip install --no-cache-dir --no-deps "
            f"--no-build-isolation {goal}",
        ]
