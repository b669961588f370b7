"""What is installed, looked at from within: each `child_` function runs in a process of its own.

They return JSON, and may raise, crash or hang.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..here import search_path
from ..text import canonical, one_line
from ..tree import distributions
from ..tree.files import HERE
from ..tree.records import import_names, record, rows
from .errors import describe_error
from .requirements import MARKERS, allows, holds, parse_requirement

HASH_LIMIT = 8 * 2**20
"""Bytes: without --deep, larger files of held distributions are compared by size only."""
_NOT_MODULES = {"test", "tests", "testing", "doc", "docs", "example", "examples", "benchmarks", "scripts", "tools"}


def child_inventory(_job: Mapping[str, Any]) -> dict[str, Any]:
    """Return the environment's interpreter and distributions, the first of each name on sys.path."""
    found: dict[str, dict[str, Any]] = {}
    for info in (info for folder in search_path() for info in distributions.infos(HERE, folder or ".")):
        try:
            about = distributions.metadata(HERE, info)
        except (OSError, ValueError):  # metadata that cannot be read is no distribution; importing shows the rest
            continue
        name = canonical(about.name)
        if not name or Path(info.path).name.startswith("~"):
            continue
        if name in found and not (
            info.kind == "dist"
            and found[name]["info"].endswith(".egg-info")
            and Path(found[name]["info"]).parent == Path(info.folder)
        ):
            continue
        found[name] = {
            "version": about.version,
            "info": info.path,
            "requires": about.requires or [],
            "requires_python": about.requires_python,
        }
    return {
        "version": "{}.{}.{}".format(*sys.version_info[:3]),
        "executable": sys.executable,
        "prefix": sys.prefix,
        "distributions": found,
    }


def child_import(job: Mapping[str, Any]) -> dict[str, Any]:
    """Import the modules of one need, or run the project's own statements about it.

    Without any given, the modules are those that its distribution provides.
    """
    given = list(job["modules"])
    written = list(job.get("statements") or ())
    modules = given or provided_modules(job["name"], Path(job["info"]))
    imported, failed = [], []
    for each in written or [{"module": module, "names": [], "where": ""} for module in modules]:
        try:
            run_statement(each["module"], each["names"])
            imported.append(each["module"])
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            failed.append(dict(describe_error(error), module=each["module"], where=each["where"]))
    return {"imported": imported, "failed": failed, "derived": not (given or written)}


def run_statement(module: str, names: Sequence[str]) -> None:
    """Do what `from module import names` does; without names, what `import module` does. Raises what that raises."""
    found = importlib.import_module(module)
    for name in names:
        if name == "*" or hasattr(found, name):
            continue
        try:
            importlib.import_module(f"{module}.{name}")
        except ModuleNotFoundError as error:
            if error.name != f"{module}.{name}":
                raise
            where = getattr(found, "__file__", None) or "unknown location"
            raise ImportError(f"cannot import name {name!r} from {module!r} ({where})", name=module) from None


def provided_modules(name: str, info: Path) -> list[str]:
    """Return the public top-level modules of a distribution: the one named like it if there is one, else all.

    info is its metadata directory: Python 3.8 does not find `zope.interface` under its normalized name.
    """
    declared = import_names(HERE.text(f"{info}/top_level.txt"), record(HERE, str(info)), (".py", ".so"))
    public = [name for name in declared if not name.startswith("_") and name not in _NOT_MODULES]
    own = [module for module in public if canonical(module) == canonical(name)]
    return own or public


def child_held(job: Mapping[str, Any]) -> dict[str, Any]:
    """Compare the files of one distribution with its RECORD, and the RECORD with the one that the template had.

    Sizes of all files; SHA-256 of those up to HASH_LIMIT, of all when `deep`. Rows without a hash (bytecode, RECORD
    itself) say nothing that could be compared.
    """
    info = Path(job["info"])
    data = record(HERE, str(info))
    listed = [row for row in rows(data) if len(row) >= 3]
    result: dict[str, Any] = {"files": 0, "hashed": 0, "bytes": 0, "large": [], "wrong": [], "record": "absent"}
    if data is None or not listed:
        return result
    digest = hashlib.sha256(data).hexdigest()
    result["record"] = "unknown" if not job["record"] else "same" if digest == job["record"] else "different"
    for path, expected, size in (row[:3] for row in listed):
        if not expected:
            continue
        result["files"] += 1
        target = info.parent / path
        try:
            length = target.stat().st_size
        except OSError:
            result["wrong"].append([path, "is missing"])
            continue
        if size.isdigit() and int(size) != length:
            result["wrong"].append([path, f"has {length} bytes instead of {size}"])
            continue
        if length > HASH_LIMIT and not job["deep"]:
            result["large"].append(path)
            continue
        try:
            actual = file_digest(target, expected.partition("=")[0])
        except (OSError, ValueError) as error:
            result["wrong"].append([path, f"cannot be checked: {one_line(error, 100)}"])
            continue
        result["hashed"] += 1
        result["bytes"] += length
        if actual != expected.partition("=")[2]:
            result["wrong"].append([path, "has another content"])
    result["wrong"] += hidden_modules(info, [row[0] for row in listed])
    return result


def hidden_modules(info: Path, paths: list[str]) -> list[list[str]]:
    """Return the top-level modules among paths that this interpreter would import from somewhere else, and from where.

    Nothing is imported. A file of the same content elsewhere hides nothing.
    """
    found = []
    for path in paths:
        name, _, rest = path.partition("/")
        if rest not in ("", "__init__.py") or not path.endswith(".py"):
            continue
        module, own = name.partition(".")[0], info.parent / path
        try:
            spec = importlib.util.find_spec(module)
            if spec is None or not spec.origin or not Path(spec.origin).is_file() or Path(spec.origin).samefile(own):
                continue
            if Path(spec.origin).read_bytes() != own.read_bytes():
                found.append([path, f"is hidden by {spec.origin}"])
        except (ImportError, OSError, ValueError):
            continue
    return found


def file_digest(path: Path, algorithm: str) -> str:
    """Return a file's hash as RECORD writes it: URL-safe base64 without padding. Raises ValueError, OSError."""
    import base64

    digest = hashlib.new(algorithm)
    with path.open("rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode("ascii")


def child_metadata(job: Mapping[str, Any]) -> dict[str, Any]:
    """Judge every Requires-Dist and Requires-Python of the environment.

    Extras count as far as the plan asks for them and other requirements do (PEP 508, "Extras").
    """
    found, extras = job["distributions"], {name: {""} for name in job["distributions"]}
    for name, wanted in job["extras"].items():
        extras.get(name, set()).update(map(canonical, wanted))
    parsed = {name: [(line, parse_requirement(line)) for line in one["requires"]] for name, one in found.items()}
    broken: dict[tuple[str, str], dict[str, str]] = {}
    judged: set[tuple[str, str]] = set()
    queue = list(found)
    while queue:
        name = queue.pop()
        for line, asked in parsed[name]:
            if asked is None or not any(holds(asked.marker, extra) for extra in extras[name]):
                continue
            judged.add((name, line))
            target = asked.name
            present = found.get(target)
            version = present["version"] if present else ""
            if present is None or not (asked.url or not asked.specifier or allows(asked.specifier, version)):
                short = asked.name + asked.specifier
                broken[name, line] = {"name": name, "requirement": short, "target": target, "present": version}
            if present is not None and not asked.extras <= extras[target]:
                extras[target] |= asked.extras
                queue.append(target)
    running = MARKERS["python_full_version"]
    for name, one in found.items():
        if allows(one["requires_python"], running) is False:
            short = f"Python {one['requires_python']}"
            broken[name, short] = {"name": name, "requirement": short, "target": "python", "present": running}
    return {"judged": len(judged), "broken": [broken[key] for key in sorted(broken)]}
