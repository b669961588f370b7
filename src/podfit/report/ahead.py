"""The commands that come next, after a plan was made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from podfit.model import Plan
from podfit.report.by_pip import pip_command
from podfit.report.members import by_hand
from podfit.report.model import Block, Commands, Paragraph, Section, section, text


@dataclass(frozen=True, slots=True)
class Ahead:
    """What a person can do after a comparison.

    directory is where the files were written, as a path to type, and files has their names by template and kind
    (`plan`, `constraints`). call are the words of the call that would write them, where nothing was written. project is
    the directory that the places of evidence are relative to, itself relative to the working directory.
    """

    directory: str = ""
    files: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    call: tuple[str, ...] = ()
    project: str = ""


_MOST = 3
"""So many templates get a command of their own; beyond, the first stands for the others."""


def next_steps(plans: Sequence[Plan], ahead: Ahead) -> tuple[Section, ...]:
    """Return the commands for the plans that can work; nothing when none can."""
    able = [plan for plan in plans if plan.feasible]
    working = [plan.template.name for plan in able]
    if not working:
        return ()
    written = [ahead.files[name] for name in working if name in ahead.files]
    blocks: list[Block] = []
    if written:
        chosen = written if len(written) <= _MOST else written[:1]
        paths = {kind: f"{ahead.directory}/{name}" for kind, name in written[0].items()}
        blocks.append(Commands(tuple(("podfit", "apply", f"{ahead.directory}/{each['plan']}") for each in chosen)))
        blocks.append(Paragraph(text("on the pod, or from here with --ssh root@HOST:PORT. There, with pip alone:")))
        first = next(plan for plan in able if plan.template.name in ahead.files)
        pip = ("pip", "install", "-r", paths["requirements"], "-c", paths["constraints"])
        install = pip_command(pip, first, paths["build-constraints"])
        blocks.append(Commands((install, *map(by_hand, first.members))))
    elif ahead.call:
        blocks.append(Commands((ahead.call,)))
    return section("Next", *blocks)
