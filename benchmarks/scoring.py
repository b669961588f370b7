"""What a tool says that a project needs, judged by a label: recall, precision, and other people's packages."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib  # type: ignore[no-redef]

IMPORTED_AS = {
    "clip": "clip",
    "cv2": "opencv-python",
    "github": "pygithub",
    "google": "google",
    "hydra": "hydra-core",
    "mcubes": "pymcubes",
    "pil": "pillow",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "taming": "taming-transformers",
    "yaml": "pyyaml",
}
"""Where a tool names a module: what a reader who looks it up would install. Kind to the tool: it did not do that."""


def normal(name: str) -> str:
    """The normalized form of a distribution's name (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


@dataclass(frozen=True, slots=True)
class Label:
    """What was read from one project, by hand: alternatives of one need in one tuple, each with where it stands."""

    repository: str
    commit: str
    required: Mapping[tuple[str, ...], str]
    optional: Mapping[tuple[str, ...], str]
    foreign: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Score:
    """A tool's answer about one project beside its label, in normalized names, sorted.

    found and missed are required needs; extra is what the project does not need; wrong is the part of extra whose name
    on an index is somebody else's: own modules, modules of a host program, things that no index has.
    """

    found: tuple[str, ...]
    missed: tuple[str, ...]
    extra: tuple[str, ...]
    wrong: tuple[str, ...]

    @property
    def recall(self) -> float:
        """The share of the required needs that was found."""
        return _share(len(self.found), len(self.found) + len(self.missed))

    @property
    def precision(self) -> float:
        """Of what was planned and is not optional, the share that is required."""
        return _share(len(self.found), len(self.found) + len(self.extra))


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0


def read_label(path: Path) -> Label:
    """Read one label. Raises ValueError, naming the file, when a name is in two tables or has no reason."""
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    sections = {name: table.pop(name, {}) for name in ("required", "optional", "not_a_distribution")}
    if set(table) != {"repository", "commit"}:
        raise ValueError(f"{path}: unknown or missing keys: {sorted(set(table) ^ {'repository', 'commit'})}")
    seen: set[str] = set()
    for section in sections.values():
        for names, reason in section.items():
            each = {normal(name) for name in names.split("|")}
            if not isinstance(reason, str) or not reason.strip():
                raise ValueError(f"{path}: {names}: say where it stands, or why")
            if each & seen:
                raise ValueError(f"{path}: {names} is labelled twice")
            seen |= each

    def alternatives(section: str) -> dict[tuple[str, ...], str]:
        return {tuple(normal(n) for n in names.split("|")): reason for names, reason in sections[section].items()}

    foreign = {normal(name): reason for name, reason in sections["not_a_distribution"].items()}
    return Label(table["repository"], table["commit"], alternatives("required"), alternatives("optional"), foreign)


def score(label: Label, distributions: Collection[str], modules: Collection[str] = ()) -> Score:
    """Judge the distributions that a tool names, and modules that it names where it knows no distribution.

    A module counts as the distribution that a reader would look up for it; what is labelled as no distribution is
    then not held against the tool, since a module's name claims nothing.
    """
    looked_up = {normal(IMPORTED_AS.get(module.lower(), module)) for module in modules}
    named = {normal(name) for name in distributions} | {name for name in looked_up if name not in label.foreign}
    found = tuple(names[0] for names in label.required if named & set(names))
    missed = tuple(names[0] for names in label.required if not named & set(names))
    known = {name for names in (*label.required, *label.optional) for name in names}
    extra = tuple(sorted(named - known))
    return Score(tuple(sorted(found)), tuple(sorted(missed)), extra, tuple(n for n in extra if n in label.foreign))


def together(scores: Collection[Score]) -> Score:
    """All scores of one tool as one, names repeated as often as they occur."""
    parts = ("found", "missed", "extra", "wrong")
    return Score(*(tuple(name for one in scores for name in getattr(one, part)) for part in parts))
