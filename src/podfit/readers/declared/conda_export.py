"""Tells an export of a whole conda environment from what people write, by the lines of `dependencies`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from podfit.catalogue.freezes import conda_libraries, mere_dependencies
from podfit.model import canonical
from podfit.readers.declared.freeze import FEWEST, FREEZE_LINES, FREEZE_SHARE, SEVERAL, SOME, freeze_reason
from podfit.readers.environment.conda_names import Known, known_as

SPEC = re.compile(r"^(?:[^\s:=<>!~]+::?)?([A-Za-z0-9_][A-Za-z0-9_.-]*)\s*(.*)$")
"""A match specification: an optional channel, the name, and what is asked of it."""

TOOLS = frozenset({"pip", "setuptools", "wheel", "conda", "mamba"})
"""What conda brings along for itself."""

_EXACT = re.compile(r"^[\w.:/-]+\s*=\s*=?\s*[^=<>!~,|*\s]+(?:\s*=\s*\S+)?$")
_EXPORTED = re.compile(r"^[\w.:/-]+=[^=<>!~,|*\s]+=[^=<>!~,|*\s]+$")


def export_reason(nodes: Sequence[Any], path: Path) -> str:
    """Return why the nodes of `dependencies` are what a tool wrote about a whole environment; empty if not."""
    lines = [node.value.strip() for node in nodes if isinstance(node, yaml.ScalarNode)]
    return _of_conda(lines) or _of_pip(lines, list(_pip_lines(nodes)), path)


def _of_conda(lines: Sequence[str]) -> str:
    """Return why conda's lines are an export."""
    exact = sum(bool(_EXACT.match(line)) for line in lines)
    if not lines or exact < FREEZE_SHARE * len(lines):
        return ""
    told = f"{exact} of its {len(lines)} conda packages are exact versions"
    if len(lines) >= FREEZE_LINES:
        return f"{told}, as in an export of a whole environment"
    built = sum(bool(_EXPORTED.match(line)) for line in lines)
    if len(lines) >= FEWEST and built >= FREEZE_SHARE * len(lines):
        return f"{built} of its {len(lines)} conda packages are exact builds, as `conda env export` writes them"
    mere = [name for name in _names(lines) if canonical(name).strip("-") in conda_libraries() | mere_dependencies()]
    if len(lines) >= SOME and len(mere) >= SEVERAL:
        return f"{told}, and {len(mere)} are what others require ({', '.join(mere[:3])}, ...)"
    return ""


def _of_pip(lines: Sequence[str], pip: Sequence[str], path: Path) -> str:
    """Return why pip's lines are a freeze, where conda's tell nothing else: what Python imports is exact there, too."""
    loose = [line for line in lines if not _EXACT.match(line) and any(map(_imported, _names([line])))]
    if loose:
        return ""
    reason = freeze_reason("\n".join(pip), path)
    return f"of its `pip` list: {reason}" if reason else ""


def _imported(name: str) -> bool:
    """Tell whether a conda package is something that Python imports, and no tool."""
    tool = name.lower() == "python" or name.lower() in TOOLS
    return not tool and known_as(name).known is not Known.FOREIGN


def _names(lines: Sequence[str]) -> list[str]:
    return [match.group(1) for line in lines if (match := SPEC.match(line))]


def _pip_lines(nodes: Sequence[Any]) -> Iterator[str]:
    """Yield the lines of the `pip:` lists."""
    for node in nodes:
        for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
            if getattr(key, "value", "") == "pip" and isinstance(value, yaml.SequenceNode):
                yield from (item.value for item in value.value if isinstance(item, yaml.ScalarNode))
