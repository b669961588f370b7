"""Files outside a project that it names as lists of requirements, by `-r` or by a link of the file system.

A project of somebody else may name any file of this machine, and what stands in it would come to stand in messages,
plans and questions to an index. So one from outside is read only where it is a list of requirements through and
through, and lies in no hidden directory.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pip_requirements_parser as pip

from podfit.readers.declared import requirement as pep508
from podfit.readers.declared.interface import Source

_SUFFIXES = (".txt", ".in", ".pip", ".lock")
_OPTION = re.compile(r"-[a-z]\b|--[a-z]")
_ELSEWHERE = re.compile(r"(?:[a-z]+\+)?https?://")


def is_foreign(source: Source) -> bool:
    """Tell whether a file lies outside its project and outside the repository that this is part of."""
    return leads_out(source.path, source.root)


def leads_out(path: str | Path, root: str | Path) -> bool:
    """Tell whether a path, or a link there, leads out of a project and of the repository that this is part of."""
    file = os.path.realpath(path)
    return not any(_is_below(file, place) for place in _own(Path(os.path.realpath(root))))


def is_plain_list(source: Source) -> bool:
    """Tell whether a file is called like a list of requirements and holds nothing else. Raises what reading raises."""
    beside = Path(os.path.relpath(os.path.realpath(source.path), os.path.realpath(source.root))).parts
    if not beside[-1].endswith(_SUFFIXES) or any(part.startswith(".") and part.strip(".") for part in beside):
        return False
    try:
        lines = [line.line.strip() for line in pip.preprocess(source.text) if not isinstance(line, pip.CommentLine)]
    except Exception:  # the parser raises what it likes
        return False
    return all(_is_requirement(line) for line in lines if line)


def _is_requirement(line: str) -> bool:
    """Tell whether a line names a distribution, or is an option of pip's."""
    if line.startswith("-"):
        return bool(_OPTION.match(line))
    text = re.split(r"\s--?[a-z]", line, maxsplit=1)[0]
    try:
        url = pep508.parse(text).url
    except ValueError:
        return bool(_ELSEWHERE.match(line))
    return url is None or bool(_ELSEWHERE.match(url))


def _own(root: Path) -> list[str]:
    """Return a project's directory, and that of the repository around it, the home directory apart."""
    around = next((place for place in (root, *root.parents) if (place / ".git").exists()), root)
    return [str(root)] if around == Path.home().resolve() or around == around.parent else [str(root), str(around)]


def _is_below(file: str, place: str) -> bool:
    """Tell whether a file lies below a directory."""
    return os.path.commonpath([file, place]) == place


def other_than(text: str) -> tuple[str, str]:
    """Return what a file is in the place of requirements, and what to do about it; empty for one that may be some."""
    begins = text[:200].lstrip().lower()
    if begins.startswith("version https://git-lfs.github.com/spec/"):
        return "it is Git LFS's pointer to the file and not the file", "fetch the file (git lfs pull)"
    if begins.startswith(("<!doctype ", "<html", "<?xml ")):
        return "it is a page of the web and no list of requirements", "fetch the file itself, from its raw address"
    return "", ""
