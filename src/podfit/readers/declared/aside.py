"""What is declared beside a project's manifests: requirement files in folders, Dockerfiles, setup scripts, READMEs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from podfit.model import Declaration, InputError
from podfit.model.words import shortened
from podfit.readers.declared import hosted, installs
from podfit.readers.declared.discover import aside_word, group_of, is_requirements, read_source
from podfit.readers.declared.freeze import freeze_reason
from podfit.readers.declared.interface import Reading, Source
from podfit.readers.plain_file import read_bounded

SHOWN = 8
"""How many files a notice spells out."""

LARGEST = 1024 * 1024
"""Bytes past which a Dockerfile or README is not read."""
PODFITS_OWN = "# podfit: "
"""How a file begins that podfit wrote: it says what a plan came to, not what the project asks for."""


def read_aside(
    root: Path, requirements: Sequence[str], dockerfiles: Sequence[str], told: Sequence[str], *, alone: bool
) -> tuple[list[Declaration], list[str]]:
    """Return what these files (relative to root) declare, each in its own scope, and notices.

    alone tells that the project has no manifest: then requirement files and Dockerfiles ask for what they name, else
    they only tell about what the code imports. told are READMEs and setup scripts, which never ask: they name what one
    may choose from. A wrong line ends nothing: it is a notice.
    """
    made: list[Declaration] = []
    notices: list[str] = []
    partly: list[str] = []
    for path in requirements:
        folder = path.rpartition("/")[0]
        source = Source(root, root / path)
        if group_of(source.path):
            continue
        reading = Reading()
        try:
            if source.text.startswith(PODFITS_OWN):
                continue
            frozen = is_requirements(source.path) and bool(freeze_reason(source.text, source.path, source.data))
            if not frozen:
                read_source(source, reading)
            if frozen or reading.freezes:
                notices.append(f"{path} lists a whole environment; give it with --local or -r if it matters")
                continue
        except InputError as error:
            notices.append(f"{path} is not followed: {error!s}")
            continue
        found = [
            replace(one, scope=folder, asks=alone and one.asks) for one in reading.declarations if not one.constraint
        ]
        made += found
        if found and not alone:
            partly.append(path)
    if partly:
        shown = shortened(partly, SHOWN)
        notices.append(f"read for what the code imports, no more: {shown}; -r FILE takes all of one")
    for path in dockerfiles:
        text = _text(root / path)
        asks = alone and not aside_word(path.rpartition("/")[2])  # Dockerfile.ci_lint
        for one in _installed(path, text):
            declarations, computed = installs.declarations(root, path, [one], scope=path, asks=asks)
            made += declarations
            notices += computed
            if declarations and not asks:
                names = " ".join(declaration.requirement for declaration in declarations)
                notices.append(f"{path}:{one.line} installs {names}; it is read for what the code imports")
    for path in told:
        text = _text(root / path)
        installed = [*hosted.of_a_card(text), *installs.commands(text, conda=False)]
        made += installs.declarations(root, path, installed, scope=path, asks=False)[0]
    return made, notices


def _installed(path: str, text: str) -> Iterable[installs.Installed]:
    """Return what a Dockerfile, or the description that takes the place of one, installs."""
    if text.startswith(PODFITS_OWN):
        return ()
    return hosted.of_cog(text) if path.rpartition("/")[2] == hosted.COG else installs.commands(text)


def _text(path: Path) -> str:
    try:
        return read_bounded(path, LARGEST, pipes=False).decode("utf-8", "replace")
    except OSError:
        return ""
