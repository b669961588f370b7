"""A log as the rules see it: its lines, exceptions, builds, and what it states of versions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from podfit.diagnose import extract
from podfit.diagnose.installers import is_uvs
from podfit.diagnose.model import Line
from podfit.diagnose.tracebacks import Raised, raised

_BUILD = re.compile(
    r"subprocess-exited-with-error|lines of output\]|Running setup\.py|Building wheel for|Failed to build|"
    r"Getting requirements to build wheel|Preparing metadata|\[std(?:err|out)\]|Complete output from command|"
    r"ERROR: Command errored out|Failed building|/pip-build-env-|build_wheel|build_editable|build_meta\.py|running bdist_wheel|running build_ext"
)
_FAILED = re.compile(
    r"Failed building (?:wheel|editable) for|Could not build wheels for|[×x] Encountered error while generating"
)
"""What pip says when a build is over: where that is a log's first word of it, its beginning was cut off."""
_TOP = 60
"""So many lines before that are the build's, then."""
_BUILD_PATHS = (
    "pip-build-env-",
    "pip-install-",
    "build_meta",
    "pyproject_hooks",
    "_in_process",
    "builds-v0",
    "/setup.py",
    "\\setup.py",
    "setuptools/",
    "skbuild",
    "pip-req-build",
)
_BUILD_END = re.compile(r"\[end of output\]|^\$ |^\S+[@:]\S*[$#] ")


@dataclass(frozen=True, slots=True)
class There:
    """The environment at hand: versions by normalized name, the distributions of top-level modules.

    name is the template's and family that of its kin; cuda is the one that it is for (`12.4`), cudnn the version of
    its cuDNN. All are empty where no environment is known.
    """

    versions: Mapping[str, str] = field(default_factory=dict)
    owners: Mapping[str, str] = field(default_factory=dict)
    name: str = ""
    family: str = ""
    cuda: str = ""
    cudnn: str = ""


@dataclass(frozen=True)
class Reading:
    """Lines in order, and the exceptions among them, whose indices are those of lines.

    there is what is known of the environment at hand.
    """

    lines: tuple[Line, ...]
    exceptions: tuple[Raised, ...]
    there: There = field(default_factory=There)

    @cached_property
    def stated(self) -> Mapping[str, str]:
        """The versions that the log states, by normalized name."""
        return extract.versions(self.lines)

    @cached_property
    def versions(self) -> Mapping[str, str]:
        """The versions that the log states, else those of the environment at hand, by normalized name."""
        return {**self.there.versions, **self.stated}

    @cached_property
    def python(self) -> str:
        """The Python that the log tells of."""
        return extract.python_of(self.lines)

    @cached_property
    def asked(self) -> Mapping[str, str]:
        """What install commands in the log ask for."""
        return extract.asked_for(self.lines)

    @cached_property
    def installer(self) -> str:
        """`uv` where that alone installed in the log, empty elsewhere: pip, or nobody knows."""
        return "uv" if is_uvs(self.lines) else ""

    @cached_property
    def builds(self) -> tuple[tuple[int, int], ...]:
        """The spans of lines that a build printed, end exclusive."""
        found: list[tuple[int, int]] = []
        start, last = -1, -1
        for index, line in enumerate(self.lines):
            if _BUILD.search(line.text):
                cut = start < 0 and not found and _FAILED.search(line.text)
                start = max(0, index - _TOP) if cut else index if start < 0 else start
                last = index
            elif start >= 0 and (_BUILD_END.search(line.text) or index - last > 400):
                found.append((start, index))
                start = -1
        if start >= 0:
            found.append((start, len(self.lines)))
        return tuple(found)

    def in_build(self, index: int) -> bool:
        """Tell whether a build printed a line."""
        one = self.exception_at(index)
        if one is not None and any(part in frame.path for frame in one.frames for part in _BUILD_PATHS):
            return True
        return any(start <= index < end for start, end in self.builds) and not (
            one is not None
            and one.frames
            and all("home/" in frame.path and "pip" not in frame.path for frame in one.frames[:1])
        )

    def exception_at(self, index: int) -> Raised | None:
        """Return the exception whose lines have an index."""
        return next((one for one in self.exceptions if one.start <= index < one.end), None)

    def group_of(self, one: Raised) -> tuple[Raised, ...]:
        """Return the exceptions of one chain."""
        return tuple(other for other in self.exceptions if other.group == one.group)


def read(lines: Sequence[Line], there: There | None = None) -> Reading:
    """Return the reading of a log's lines; each stream's lines are put behind each other, the longest stream first."""
    streams: dict[str, list[Line]] = {}
    for line in lines:
        streams.setdefault(line.stream, []).append(line)
    if len(streams) > 1:
        ordered = [line for each in streams.values() for line in (*each, Line(each[-1].number, "", each[-1].stream))]
    else:
        ordered = list(lines)
    found: list[Raised] = []
    start = group = 0
    while start < len(ordered):
        end = start
        while end < len(ordered) and ordered[end].stream == ordered[start].stream:
            end += 1
        here = raised(ordered[start:end])
        for one in here:
            found.append(_moved(one, start, group))
        group += max((one.group for one in here), default=0)
        start = end
    return Reading(tuple(ordered), tuple(found), there or There())


def _moved(one: Raised, by: int, group: int) -> Raised:
    """Return an exception whose indices count from elsewhere."""
    from dataclasses import replace

    frames = tuple(replace(frame, line=frame.line + by) for frame in one.frames)
    return replace(
        one, frames=frames, start=one.start + by, line=one.line + by, end=one.end + by, group=one.group + group
    )
