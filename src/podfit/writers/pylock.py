"""`pylock.<template>.toml`: the same packages as the lock, in the standard format (PEP 751)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from urllib.parse import urlsplit

from podfit.model import Artefact, Decision, Need, Plan
from podfit.writers import toml
from podfit.writers.lock import locked_decisions
from podfit.writers.plain import file_part
from podfit.writers.text import needs_by_name, preamble

_PYPI_FILES = "files.pythonhosted.org"
_GIT = re.compile(r"git\+(?P<url>[^#]+?)@(?P<commit>[0-9a-f]{40})(?:#.*)?")


def write_pylock(plan: Plan) -> str:
    """Return the pylock file of plan: what podfit adds to the template, and nothing that the template has.

    An installer takes such a file as it is and resolves nothing, so the rest of the template stays untouched. The
    file is limited to the template's Python, system and machine. A distribution that the format cannot hold (a git
    reference without a full commit, a file without a hash) is named under tool.podfit.left-out.
    """
    environment = plan.template.marker_environment
    series = plan.template.interpreter.series
    needs = needs_by_name(plan)
    locked = locked_decisions(plan)
    packages = {d.name: package for d in locked if (package := _package(d, plan, needs.get(d.name))) is not None}
    head: dict[str, object] = {
        "lock-version": "1.0",
        "environments": [
            f"python_version == '{series}' and sys_platform == '{environment['sys_platform']}' and "
            f"platform_machine == '{environment['platform_machine']}' and "
            f"implementation_name == '{environment['implementation_name']}'"
        ],
        "requires-python": f"=={series}.*",
        "created-by": "podfit",
    }
    file = f"pylock.{file_part(plan.template.name, dots=False)}.toml"
    lines = [*preamble(plan, "PEP 751 lock"), "#", f"# Use:  uv pip install -r {file}", "", *toml.pairs(head)]
    if not packages:
        lines.append("packages = []")
    for decision in locked:
        if decision.name in packages:
            package = dict(packages[decision.name])
            requires = [name for name in plan.edges.get(decision.name, ()) if name in packages]
            if requires:
                package["dependencies"] = [{"name": name} for name in requires]
            lines += ["", "[[packages]]", *toml.pairs(_ordered(package))]
    tool: dict[str, object] = {
        "project": plan.project,
        "template": plan.template.name,
        "template-origin": plan.template.origin.value,
        "solved": plan.created,
    }
    if left_out := [d.name for d in locked if d.name not in packages]:
        tool["left-out"] = left_out
    return "\n".join([*lines, "", "[tool.podfit]", *toml.pairs(tool)]) + "\n"


def _package(decision: Decision, plan: Plan, need: Need | None) -> Mapping[str, object] | None:
    """Return the `[[packages]]` table of a distribution without its dependencies, None when PEP 751 has no way."""
    known = [a for a in plan.artefacts.get(decision.name, ()) if _hashes(a)]
    commit = next((a.url for a in plan.artefacts.get(decision.name, ()) if a.kind == "commit"), "")
    if commit or (need and need.url):
        return _direct(decision, commit or (need.url if need else ""), known)
    wheels = [_file(a) for a in known if a.kind == "wheel"]
    sdists = [_file(a) for a in known if a.kind == "sdist"]
    if not wheels and not sdists:
        return None
    package: dict[str, object] = {"name": decision.name, "version": decision.planned}
    if all(urlsplit(a.url).hostname == _PYPI_FILES for a in known):
        package["index"] = "https://pypi.org/simple"
    if sdists:
        package["sdist"] = sdists[0]
    if wheels:
        package["wheels"] = wheels
    return package


def _direct(decision: Decision, url: str, known: Sequence[Artefact]) -> Mapping[str, object] | None:
    """Return the table of a direct reference: a commit or an archive."""
    if found := _GIT.fullmatch(url):
        return {
            "name": decision.name,
            "vcs": {"type": "git", "url": found["url"], "commit-id": found["commit"]},
        }
    if not known:
        return None
    size = {"size": known[0].size} if known[0].size else {}
    archive = {"url": url.partition("#")[0], **size, "hashes": _hashes(known[0])}
    return {"name": decision.name, "version": decision.planned, "archive": archive}


def _ordered(package: Mapping[str, object]) -> dict[str, object]:
    """Return the table with its keys in the order of PEP 751's own listing, files last."""
    last = ("sdist", "wheels", "archive", "vcs")
    return {k: package[k] for k in sorted(package, key=lambda k: last.index(k) if k in last else -1)}


def _file(artefact: Artefact) -> dict[str, object]:
    """Return the inline table of a wheel or an sdist. Sizes and times that the index did not give are left out."""
    table: dict[str, object] = {"name": artefact.filename, "url": artefact.url}
    if (uploaded := _time(artefact.upload_time)) is not None:
        table["upload-time"] = uploaded
    if artefact.size:
        table["size"] = artefact.size
    table["hashes"] = _hashes(artefact)
    return table


def _hashes(artefact: Artefact) -> dict[str, str]:
    """Return algorithm to hexdigest."""
    return {kind: digest for kind, _, digest in (h.partition(":") for h in artefact.hashes) if kind and digest}


def _time(text: str) -> datetime | None:
    """Return an upload time as the simple API gives it (PEP 700), in UTC; None for another text."""
    try:
        # Python 3.10 reads neither the Z nor fractions of other than three or six digits.
        parsed = datetime.fromisoformat(re.sub(r"\.\d+", "", text).replace("Z", "+00:00"))
    except ValueError:
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=timezone.utc)
