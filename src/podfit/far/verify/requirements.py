"""Versions and requirements (PEP 440, PEP 508).

The field's library for these is `packaging`, and podfit uses it everywhere else. Here there may be none: uv makes
environments without pip, and what lies in the environment may be what is broken. The tests hold these few lines to
`packaging`, requirement by requirement.
"""

from __future__ import annotations

import os
import platform
import re
import sys
from typing import Any, NamedTuple

from ..text import canonical

_VERSION = re.compile(
    r"v?(?:(?P<epoch>\d+)!)?(?P<release>\d+(?:\.\d+)*)"
    r"(?:[-_.]?(?P<pre>alpha|beta|preview|pre|a|b|c|rc)[-_.]?(?P<pre_n>\d*))?"
    r"(?P<post>-\d+|[-_.]?(?:post|rev|r)[-_.]?\d*)?"
    r"(?:[-_.]?(?P<dev>dev)[-_.]?(?P<dev_n>\d*))?"
    r"(?:\+(?P<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?",
    re.ASCII,
)
_LETTERS = {"alpha": "a", "beta": "b", "c": "rc", "pre": "rc", "preview": "rc"}


class Version(NamedTuple):
    """A version in a form that compares as PEP 440 says. release has no trailing zeros.

    pre, post and dev are made of numbers and letters so that what is absent sorts where it belongs.
    """

    epoch: int
    release: tuple[int, ...]
    pre: tuple[Any, ...]
    post: int
    dev: tuple[int, ...]
    local: tuple[Any, ...]

    @property
    def public(self) -> Version:
        """The version without its local part."""
        return self._replace(local=())

    @property
    def early(self) -> bool:
        """Whether it is a pre-release or a development release."""
        return bool(self.pre[0] <= 0 or self.dev[0] == 0)


def parse_version(text: str) -> Version | None:
    """Return the version that text states, None when PEP 440 cannot read it."""
    found = _VERSION.fullmatch(text.strip().lower())
    if found is None:
        return None
    release = [int(part) for part in found["release"].split(".")]
    while release and release[-1] == 0:
        release.pop()
    post = -1 if found["post"] is None else int(re.sub(r"\D", "", found["post"]) or 0)
    dev = (1,) if found["dev"] is None else (0, int(found["dev_n"] or 0))
    pre: tuple[Any, ...] = (1,)
    if found["pre"]:
        pre = (0, _LETTERS.get(found["pre"], found["pre"]), int(found["pre_n"] or 0))
    elif post < 0 and dev[0] == 0:
        pre = (-1,)  # 1.0.dev1 comes before 1.0a1
    parts = re.split(r"[-_.]", found["local"]) if found["local"] else []
    local = tuple((1, int(part), "") if part.isdigit() else (0, 0, part) for part in parts)
    return Version(int(found["epoch"] or 0), tuple(release), pre, post, dev, local)


def same_version(planned: str, installed: str) -> bool:
    """Tell whether two versions are equal by PEP 440; a planned one without local part is met by any local part."""
    return planned == installed or bool(allows("==" + planned, installed))


_CLAUSE = re.compile(r"\s*(===|~=|==|!=|<=|>=|<|>)\s*(\S+)\s*")


def allows(specifier: str, version: str) -> bool | None:
    """Tell whether version is in specifier, pre-releases included; None when one of the two cannot be read."""
    have = parse_version(version)
    judged = []
    for clause in filter(None, (part.strip() for part in specifier.split(","))):
        found = _CLAUSE.fullmatch(clause)
        judged.append(_meets(found[1], found[2], version, have) if found else None)
    return None if None in judged else all(judged)


def _meets(operator: str, asked: str, version: str, have: Version | None) -> bool | None:
    """Judge one clause (PEP 440, "Version specifiers")."""
    if operator == "===":
        return asked.lower() == version.strip().lower()
    wild = operator in ("==", "!=") and asked.endswith(".*")
    than = parse_version(asked[:-2] if wild else asked)
    if than is None or have is None:
        return None
    if wild:
        return _starts_with(have, asked[:-2]) == (operator == "==")
    if operator in ("==", "!="):
        return ((have if than.local else have.public) == than) == (operator == "==")
    if operator == "~=":
        series = re.match(r"\s*v?((?:\d+!)?\d+(?:\.\d+)*)\.\d+", asked.lower())
        return None if series is None else have.public >= than and _starts_with(have, series[1])
    if operator in ("<=", ">="):
        return have.public <= than if operator == "<=" else have.public >= than
    if operator == "<":
        first = than if than.early else than._replace(dev=(0, 0), pre=(-1,) if than.post < 0 else than.pre)
        return have < first
    after = than.post < 0 and have._replace(post=-1, dev=(1,), local=()) == than
    return have > than and not after and have.public != than


def _starts_with(have: Version, prefix: str) -> bool:
    """Tell whether the release numbers begin with those of prefix."""
    epoch, mark, rest = prefix.lower().lstrip("v").rpartition("!")
    numbers = [int(part) for part in rest.split(".") if part.isdigit()]
    padded = [*have.release, *[0] * len(numbers)]
    return have.epoch == int(epoch if mark else 0) and padded[: len(numbers)] == numbers


class Requirement(NamedTuple):
    """One Requires-Dist line: what it asks, under which marker (a tree of tuples, None when there is none)."""

    name: str
    extras: frozenset[str]
    specifier: str
    url: str
    marker: Any


_REQUIREMENT = re.compile(
    r"\s*(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[(?P<extras>[^\]]*)\])?\s*"
    r"(?:@\s*(?P<url>\S+)(?=\s+;|\s*$)\s*|(?P<specifier>\([^)]*\)|[^;(@]*?)\s*)(?:;(?P<marker>.*))?",
    re.DOTALL,
)
_TOKEN = re.compile(r"\s*(?:('[^']*'|\"[^\"]*\")|(===|~=|==|!=|<=|>=|<|>|\(|\))|(not\s+in\b|[A-Za-z_][\w.]*))")


def parse_requirement(line: str) -> Requirement | None:
    """Return the requirement that line states, None when it cannot be read: such a line limits nobody."""
    found = _REQUIREMENT.fullmatch(line)
    if found is None:
        return None
    marker = None
    try:
        if found["marker"] is not None:
            tokens = _tokens(found["marker"])
            marker = _or(tokens)
            if tokens:
                return None
    except (ValueError, IndexError):
        return None
    specifier = (found["specifier"] or "").strip()
    specifier = specifier[1:-1] if specifier.startswith("(") else specifier
    if allows(specifier, "1") is None and "===" not in specifier:
        return None
    extras = frozenset(canonical(part.strip()) for part in (found["extras"] or "").split(",") if part.strip())
    return Requirement(canonical(found["name"]), extras, specifier.strip(), found["url"] or "", marker)


def _tokens(text: str) -> list[str]:
    """Return the tokens of a marker, last first. Raises ValueError."""
    tokens, position = [], 0
    text = text.strip()
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            raise ValueError(text)
        tokens.append(" ".join(found[found.lastindex or 0].split()) if found[3] else found[found.lastindex or 0])
        position = found.end()
    return tokens[::-1]


def _or(tokens: list[str]) -> Any:
    """Parse alternatives."""
    left = _and(tokens)
    while tokens and tokens[-1] == "or":
        tokens.pop()
        left = ("or", left, _and(tokens))
    return left


def _and(tokens: list[str]) -> Any:
    """Parse what has to hold together."""
    left = _comparison(tokens)
    while tokens and tokens[-1] == "and":
        tokens.pop()
        left = ("and", left, _comparison(tokens))
    return left


def _comparison(tokens: list[str]) -> Any:
    """Parse one comparison or a group in parentheses."""
    first = tokens.pop()
    if first == "(":
        inside = _or(tokens)
        if tokens.pop() != ")":
            raise ValueError("unbalanced")
        return inside
    operator, last = tokens.pop(), tokens.pop()
    if not re.fullmatch(r"[=<>!~]+|in|not in", operator) or not {first, last} & MARKERS.keys():
        raise ValueError(operator)
    return (operator, first, last)


def _python_version() -> str:
    """Return the full version as PEP 508 defines it, such as `3.13.0rc1`."""
    info = sys.version_info
    last = "" if info.releaselevel == "final" else f"{info.releaselevel[0]}{info.serial}"
    return "{}.{}.{}".format(*info[:3]) + last.replace("c", "rc", 1)


MARKERS: dict[str, str] = {
    "implementation_name": sys.implementation.name,
    "implementation_version": _python_version(),
    "os_name": os.name,
    "platform_machine": platform.machine(),
    "platform_python_implementation": platform.python_implementation(),
    "platform_release": platform.release(),
    "platform_system": platform.system(),
    "platform_version": platform.version(),
    "python_full_version": _python_version(),
    "python_version": "{}.{}".format(*sys.version_info[:2]),
    "sys_platform": sys.platform,
    "extra": "",
}
"""The variables of markers (PEP 508, "Environment Markers") and their values here."""
_VERSIONED = {"implementation_version", "platform_release", "python_full_version", "python_version"}


def holds(marker: Any, extra: str) -> bool:
    """Tell whether a marker holds here with one extra (normalized, "" for none)."""
    if marker is None:
        return True
    operator, first, last = marker
    if operator in ("and", "or"):
        one, two = holds(first, extra), holds(last, extra)
        return (one and two) if operator == "and" else (one or two)
    values = dict(MARKERS, extra=extra)
    left, right = [str(values.get(word, word.strip("'\""))) for word in (first, last)]
    if "extra" in (first, last):
        left, right = canonical(left), canonical(right)
    if operator in ("in", "not in"):
        return bool((left in right) == (operator == "in"))
    if {first, last} & _VERSIONED:
        judged = allows(operator + right, left)
        if judged is not None:
            return judged
    plain = {"==": left == right, "===": left == right, "!=": left != right, "<": left < right, "<=": left <= right}
    plain.update({">": left > right, ">=": left >= right})
    return plain.get(operator, False)
