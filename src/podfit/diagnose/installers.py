"""Whose log it is, pip's or uv's, and a step for pip in the words of uv."""

from __future__ import annotations

import re
from collections.abc import Iterable

from podfit.diagnose.model import Line

_UV = re.compile(
    r"(?:^|[\s$#(&;|!])uv (?:pip|sync|add|lock|run|tool|export) |"
    r"^error: (?:Failed to (?:fetch|download|prepare|install)\b|Unable to uninstall `)|"
    r"[\u00d7x] (?:No solution found when|Failed to (?:build|download|fetch|resolve|read)\b)|"
    r"^(?:Resolved|Prepared|Audited|Uninstalled) \d+ packages? in \d|Using (?:CPython|Python) \d\S* environment at|"
    r"[\\/]uv[\\/](?:builds|sdists|archive|wheels|environments)-v\d"
)
_PIP = re.compile(
    r"^\s*(?:#\d+ [\d.]+ )?(?:Collecting \S|Requirement already satisfied: |Installing collected packages: |"
    r"ERROR: (?:Could not|No matching|Failed building|pip's)|error: subprocess-exited-with-error|Looking in indexes: )"
)
_STEP = re.compile(
    r"(?<![\w./-])(?:(?P<python>\S+) -m )?pip (?P<verb>install|uninstall -y|uninstall|cache purge)(?P<rest>[^&#]*)"
)


def is_uvs(lines: Iterable[Line]) -> bool:
    """Tell whether uv installed in a log, and pip did not."""
    found = False
    for line in lines:
        if _PIP.search(line.text):
            return False
        found = found or _UV.search(line.text) is not None
    return found


def for_uv(step: str) -> str:
    """Return a step with its calls of pip as calls of uv: an environment that uv made has no pip."""
    if step.startswith("uv ") or "python3 -m pip" in step:
        return step
    return _STEP.sub(_call, step)


def _call(found: re.Match[str]) -> str:
    """Return one call of pip as uv knows it."""
    verb, rest = found["verb"], found["rest"]
    if verb == "cache purge":
        return "uv cache clean" + rest
    place = f" --python {found['python']}" if found["python"] else ""
    words = "uninstall" if verb.startswith("uninstall") else "install"
    return f"uv pip {words}{place}" + rest.replace(" --force-reinstall", " --reinstall").replace(
        " --no-cache-dir", " --no-cache"
    )
