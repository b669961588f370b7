"""Check an environment against a plan: the part of `podfit verify` that runs where podfit is not installed.

Standard library only, Python 3.8 and newer, one file. `podfit.writers.verify_env` puts this text and the facts of a
plan into one script; `podfit verify` runs that script on a machine, a person runs it as `verify_env.py`: the verdicts
are the same because the code is.

Everything that touches the environment happens in a process of its own, started from this very file, so that a crash
or a hang is a result like any other. Nothing is written into the environment: no bytecode, and the caches of
libraries go to a temporary directory that is removed.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import hashlib
import importlib
import importlib.metadata
import itertools
import json
import mmap
import os
import platform
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

SCHEMA = "podfit.verify/1"
HASH_LIMIT = 8 * 2**20
"""Bytes: without --deep, larger files of held distributions are compared by size only."""
TIMEOUT = 180.0
"""Seconds for one check: the first import of torch from a network volume takes a minute or more."""
HASH_TIMEOUT = 1800.0
"""Seconds for reading the files of one held distribution, which may be gigabytes on a network volume."""

OK, WARNING, FAILED, UNKNOWN = "ok", "warning", "failed", "unknown"
_NOT_MODULES = {"test", "tests", "testing", "doc", "docs", "example", "examples", "benchmarks", "scripts", "tools"}


def canonical(name: str) -> str:
    """Return a distribution's name normalized as PEP 503 says."""
    return re.sub(r"[-_.]+", "-", name).lower()


def one_line(text: object, most: int = 300) -> str:
    """Return text on one line, cut after most characters."""
    line = " ".join(str(text).split())
    return line if len(line) <= most else line[: most - 3] + "..."


def shown(text: str) -> str:
    """Return text with what a terminal, a file or XML may not take (controls, lone surrogates) as escapes."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def counted(count: int, noun: str) -> str:
    """Return `1 file`, `2,000 files`, `3 libraries`."""
    plural = noun if count == 1 else noun[:-1] + "ies" if noun.endswith("y") else noun + "s"
    return f"{count:,} {plural}"


# --- versions and requirements (PEP 440, PEP 508)
#
# The field's library for these is `packaging`, and podfit uses it everywhere else. Here there may be none: uv makes
# environments without pip, and what lies in the environment may be what is broken. The tests hold these few lines to
# `packaging`, requirement by requirement.

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


# --- what children do: each function runs in a process of its own, returns JSON, and may raise, crash or hang


def child_inventory(_job: Mapping[str, Any]) -> dict[str, Any]:
    """Return the environment's interpreter and distributions, the first of each name on sys.path."""
    found: dict[str, dict[str, Any]] = {}
    for distribution in importlib.metadata.distributions():
        info = Path(str(getattr(distribution, "_path", "")))
        try:
            metadata: Any = distribution.metadata
            name, version = metadata.get("Name"), metadata.get("Version")
        except Exception:  # noqa: S112 - metadata that cannot be read is no distribution; importing shows the rest
            continue
        if not name or info.name.startswith("~") or canonical(name) in found:
            continue
        python = metadata.get("Requires-Python") or ""
        requires = list(distribution.requires or ())
        found[canonical(name)] = {
            "version": version or "",
            "info": str(info),
            "requires": requires,
            "requires_python": python,
        }
    return {
        "version": "{}.{}.{}".format(*sys.version_info[:3]),
        "executable": sys.executable,
        "prefix": sys.prefix,
        "distributions": found,
    }


def child_import(job: Mapping[str, Any]) -> dict[str, Any]:
    """Import the modules of one need; without any given, those that its distribution provides."""
    given = list(job["modules"])
    modules = given or provided_modules(job["name"], Path(job["info"]))
    imported, failed = [], []
    for module in modules:
        try:
            importlib.import_module(module)
            imported.append(module)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            failed.append(dict(describe_error(error), module=module))
    return {"imported": imported, "failed": failed, "derived": not given}


def provided_modules(name: str, info: Path) -> list[str]:
    """Return the public top-level modules of a distribution: the one named like it if there is one, else all.

    info is its metadata directory: Python 3.8 does not find `zope.interface` under its normalized name.
    """
    declared: list[str] = []
    with contextlib.suppress(OSError):
        declared = (info / "top_level.txt").read_text("utf-8", "replace").split()
    if not declared:
        for path, _, _ in record_rows(info):
            first, slash, rest = path.partition("/")
            if slash and rest.endswith((".py", ".so")) and first.isidentifier():
                declared.append(first)
            elif not slash and first.endswith((".py", ".so")):
                declared.append(first.partition(".")[0])
    public = sorted({m for m in declared if m.isidentifier() and not m.startswith("_") and m not in _NOT_MODULES})
    own = [module for module in public if canonical(module) == canonical(name)]
    return own or public


def record_rows(info: Path) -> list[tuple[str, str, str]]:
    """Return the rows of the RECORD in a .dist-info directory (path, hash, size), none when there is no RECORD."""
    try:
        text = (info / "RECORD").read_text("utf-8", "replace")
    except OSError:
        return []
    return [(row[0], row[1], row[2]) for row in csv.reader(text.splitlines()) if len(row) >= 3 and row[0]]


def child_held(job: Mapping[str, Any]) -> dict[str, Any]:
    """Compare the files of one distribution with its RECORD, and the RECORD with the one that the template had.

    Sizes of all files; SHA-256 of those up to HASH_LIMIT, of all when `deep`. Rows without a hash (bytecode, RECORD
    itself) say nothing that could be compared.
    """
    info = Path(job["info"])
    rows = record_rows(info)
    result: dict[str, Any] = {"files": 0, "hashed": 0, "bytes": 0, "large": [], "wrong": [], "record": "absent"}
    if not rows:
        return result
    digest = hashlib.sha256((info / "RECORD").read_bytes()).hexdigest()
    result["record"] = "unknown" if not job["record"] else "same" if digest == job["record"] else "different"
    for path, expected, size in rows:
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
    return result


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


def child_driver(_job: Mapping[str, Any]) -> dict[str, Any]:
    """Return what libcuda says: `cuda` (such as `12.8`), `devices` (their names), or an `error`."""
    import ctypes

    try:
        cuda = ctypes.CDLL("libcuda.so.1")
    except OSError as error:
        return {"cuda": "", "devices": [], "error": one_line(error)}
    number, devices = ctypes.c_int(), []
    version = 0 if cuda.cuDriverGetVersion(ctypes.byref(number)) else number.value
    status = cuda.cuInit(0)
    if status == 0 and cuda.cuDeviceGetCount(ctypes.byref(number)) == 0:
        for index in range(number.value):
            name = ctypes.create_string_buffer(256)
            cuda.cuDeviceGetName(name, 256, index)
            devices.append(name.value.decode("utf-8", "replace"))
    # CUDA driver API: 100 is CUDA_ERROR_NO_DEVICE
    problem = (
        "" if devices else "libcuda finds no device" if status in (0, 100) else f"cuInit fails with error {status}"
    )
    return {
        "cuda": f"{version // 1000}.{version % 1000 // 10}" if version else "",
        "devices": devices,
        "error": problem,
    }


def child_torch_cuda(_job: Mapping[str, Any]) -> dict[str, Any]:
    """Return what torch says about CUDA: its build, whether it can use a device, devices and architectures."""
    torch = load("torch")

    facts: dict[str, Any] = {"torch": torch.__version__, "cuda": torch.version.cuda, "devices": [], "error": ""}
    facts["hip"] = getattr(torch.version, "hip", None)
    facts["available"] = bool(torch.cuda.is_available())
    if facts["available"]:
        facts["arch_list"] = list(torch.cuda.get_arch_list())
        for index in range(torch.cuda.device_count()):
            name, capability = torch.cuda.get_device_name(index), torch.cuda.get_device_capability(index)
            facts["devices"].append({"name": name, "capability": list(capability)})
    elif facts["cuda"] or facts["hip"]:
        try:
            torch.cuda.init()
        except Exception as error:  # its message is the fact
            facts["error"] = one_line(error)
    return facts


def child_torch_numpy(_job: Mapping[str, Any]) -> dict[str, Any]:
    """Convert between torch and NumPy in both directions, sharing memory."""
    numpy = load("numpy")
    torch = load("torch")

    array = numpy.arange(6, dtype=numpy.float32).reshape(2, 3)
    tensor = torch.from_numpy(array)
    back = tensor.numpy()
    array[0, 0] = 42.0
    expect(tensor[0, 0].item() == 42.0 and back[0, 0] == 42.0, "the memory is not shared")
    expect(bool((torch.tensor(array) * 2).sum() == 2 * array.sum()), "the values differ")
    return {"message": "torch.from_numpy and Tensor.numpy work, memory shared"}


def child_dataloader(_job: Mapping[str, Any]) -> dict[str, Any]:
    """Fetch batches of NumPy rows with torch's DataLoader, in the process and in a worker."""
    numpy = load("numpy")
    torch = load("torch")
    data = load("torch.utils.data")

    class Rows:
        """Eight rows of NumPy data."""

        rows = numpy.arange(32, dtype=numpy.float32).reshape(8, 4)

        def __len__(self) -> int:
            """Return the number of rows."""
            return 8

        def __getitem__(self, index: int) -> Any:
            """Return one row."""
            return self.rows[index]

    for workers in (0, 1):
        more = {"multiprocessing_context": "fork"} if workers else {}
        batches = list(data.DataLoader(Rows(), batch_size=4, num_workers=workers, **more))
        expect(len(batches) == 2 and batches[1].shape == (4, 4), f"wrong batches with {workers} workers")
        expect(bool(torch.cat(batches).sum() == Rows.rows.sum()), f"wrong values with {workers} workers")
    return {"message": "batches of NumPy rows arrive, with and without a worker process"}


def child_arrow_pandas(_job: Mapping[str, Any]) -> dict[str, Any]:
    """Send a frame through Arrow and Parquet and compare."""
    import io

    pandas = load("pandas")
    pyarrow = load("pyarrow")

    frame = pandas.DataFrame({"number": [1.5, 2.5, None], "text": ["a", "b", "c"], "whole": [1, 2, 3]})
    expect(frame.equals(pyarrow.Table.from_pandas(frame).to_pandas()), "the frame came back changed")
    file = io.BytesIO()
    frame.to_parquet(file, engine="pyarrow")
    expect(frame.equals(pandas.read_parquet(io.BytesIO(file.getvalue()))), "Parquet gave another frame back")
    return {"message": "a frame survives Arrow and Parquet"}


def child_sklearn(_job: Mapping[str, Any]) -> dict[str, Any]:
    """Fit a classifier on rows that a line separates."""
    numpy = load("numpy")
    linear = load("sklearn.linear_model")

    rows, labels = separable(numpy)
    score = linear.LogisticRegression().fit(rows, labels).score(rows, labels)
    expect(score > 0.9, f"the fit has an accuracy of {score}")
    return {"message": "LogisticRegression fits"}


def child_xgboost(job: Mapping[str, Any]) -> dict[str, Any]:
    """Train three rounds of xgboost on one device."""
    numpy = load("numpy")
    xgboost = load("xgboost")

    device = job["device"]
    if device != "cpu" and not xgboost.build_info().get("USE_CUDA"):
        return {"message": "built without CUDA", "skip": True}
    rows, labels = separable(numpy)
    settings = {"objective": "binary:logistic", "max_depth": 2, "verbosity": 1}
    new = int(xgboost.__version__.partition(".")[0]) >= 2
    settings.update({"device": device} if new else {"tree_method": "hist" if device == "cpu" else "gpu_hist"})
    data = xgboost.DMatrix(rows, label=labels)
    predicted = xgboost.train(settings, data, 5).predict(data)
    accuracy = float(((predicted > 0.5) == labels).mean())
    expect(accuracy > 0.9, f"the model has an accuracy of {accuracy}")
    return {"message": f"trains on {device}"}


def child_lightgbm(_job: Mapping[str, Any]) -> dict[str, Any]:
    """Train a few rounds of LightGBM on the CPU."""
    lightgbm = load("lightgbm")
    numpy = load("numpy")

    rows, labels = separable(numpy)
    settings = {"objective": "binary", "verbosity": -1, "num_threads": 1, "min_data_in_leaf": 5}
    predicted = lightgbm.train(settings, lightgbm.Dataset(rows, label=labels), 10).predict(rows)
    accuracy = float(((predicted > 0.5) == labels).mean())
    expect(accuracy > 0.9, f"the model has an accuracy of {accuracy}")
    return {"message": "trains on cpu"}


def child_torchvision(_job: Mapping[str, Any]) -> dict[str, Any]:
    """Call a compiled operator of torchvision, which is registered only when it fits torch."""
    torch = load("torch")
    nms = load("torchvision.ops").nms

    boxes = torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 9], [20, 20, 30, 30]])
    expect(nms(boxes, torch.tensor([0.9, 0.8, 0.7]), 0.5).tolist() == [0, 2], "nms gives a wrong result")
    return {"message": "its compiled operators fit torch"}


def child_cuda_matmul(_job: Mapping[str, Any]) -> dict[str, Any]:
    """Multiply matrices of small integers on every device: exact on any hardware."""
    torch = load("torch")

    one = torch.arange(64 * 64, dtype=torch.float32).reshape(64, 64) % 7
    expected = one @ one
    for index in range(torch.cuda.device_count()):
        there = one.to(f"cuda:{index}")
        expect(bool(torch.equal((there @ there).cpu(), expected)), f"cuda:{index} gives a wrong product")
    return {"message": f"a matrix product is right on {counted(torch.cuda.device_count(), 'device')}"}


def separable(numpy: Any) -> tuple[Any, Any]:
    """Return 80 rows of four columns and labels that the first column decides; the same ones every time."""
    rows = ((numpy.arange(320).reshape(80, 4) * 7919) % 101).astype(numpy.float32)
    return rows, (rows[:, 0] > 50).astype(numpy.int32)


def load(module: str) -> Any:
    """Return a module of the environment, which type checkers know nothing about."""
    return importlib.import_module(module)


def expect(condition: bool, message: str) -> None:
    """Raise AssertionError with message unless condition holds (`assert` would be silent under PYTHONOPTIMIZE)."""
    if not condition:
        raise AssertionError(message)


CHILDREN: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    name[len("child_") :]: function for name, function in list(globals().items()) if name.startswith("child_")
}


def describe_error(error: BaseException) -> dict[str, Any]:
    """Return type, message and the innermost place of an exception, and the messages of those that led to it."""
    trace, place = error.__traceback__, ""
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if file.startswith("/"):  # compiled code gives names such as `interval.pyx`
            place = f"{file}:{trace.tb_lineno}"
        trace = trace.tb_next
    earlier: list[str] = []
    seen, before = {id(error)}, error.__cause__ or error.__context__
    while before is not None and id(before) not in seen:
        seen.add(id(before))
        earlier.append(said_by(before))
        before = before.__cause__ or before.__context__
    return {"type": type(error).__name__, "message": said_by(error), "place": place, "earlier": earlier}


def said_by(error: BaseException) -> str:
    """Return an exception's message, empty for one that cannot tell."""
    try:
        return str(error)
    except Exception:  # its own text is code of the environment
        return ""


def run_child(path: str) -> int:
    """Do the job described in a JSON file; write what came of it beside it, whole or not at all."""
    import faulthandler
    import resource

    folder = str(Path(path).parent)
    sys.path[:] = [entry for entry in sys.path if entry != folder]
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    job = json.loads(Path(path).read_text("utf-8"))
    if job["seconds"] > 0:
        # The parent's clock counts, which has run since before this process started.
        faulthandler.dump_traceback_later(max(0.01, job["started"] + job["seconds"] * 0.9 - time.monotonic()))
    try:
        answer: dict[str, Any] = {"result": CHILDREN[job["kind"]](job)}
    except Exception as error:
        answer = {"error": describe_error(error)}
    part = Path(path).with_suffix(".part")
    part.write_text(json.dumps(answer), "utf-8")
    part.replace(Path(path).with_suffix(".answer"))
    with contextlib.suppress(Exception):  # a module may have closed or replaced it
        sys.stdout.flush()
    os._exit(0)  # what libraries do on their way out is not what is checked


# --- the parent: starts children, turns what came back into findings


class Outcome(NamedTuple):
    """How a child ended. how is `done`, `error` (it raised), `crash` or `hang`; log is all that it printed."""

    how: str
    result: dict[str, Any]
    error: dict[str, Any]
    status: int
    log: str
    seconds: float


class Children:
    """Starts children, never more than a few at a time, and leaves none behind."""

    def __init__(self, folder: Path, source: str, told: Callable[[str], None]) -> None:
        self._folder, self._told = folder, told
        self._script = folder / "podfit_verify.py"
        self._script.write_text(source, "utf-8")
        self._numbers = itertools.count()
        self._live: set[int] = set()
        self._lock = threading.Lock()
        self._over = False
        caches = {name: str(folder / "cache") for name in ("XDG_CACHE_HOME", "MPLCONFIGDIR", "NUMBA_CACHE_DIR")}
        caches.update(TRITON_CACHE_DIR=str(folder / "cache"), TORCHINDUCTOR_CACHE_DIR=str(folder / "cache"))
        self._environment = dict(os.environ, PYTHONDONTWRITEBYTECODE="1", PYTHONUNBUFFERED="1", **caches)

    def run(self, kind: str, seconds: float, **job: Any) -> Outcome:
        """Run one child; past seconds it is ended with all its own children."""
        self._told(f"{kind} {job.get('name', '')}".strip().replace("_", " "))
        path = self._folder / f"{next(self._numbers)}.json"
        log = path.with_suffix(".log")
        started = time.monotonic()
        path.write_text(json.dumps(dict(job, kind=kind, seconds=seconds, started=started)), "utf-8")
        argv = [sys.executable, "-B", "-X", "faulthandler", str(self._script), str(path)]
        with log.open("wb") as sink:
            with self._lock:
                if self._over:
                    raise KeyboardInterrupt
                process = subprocess.Popen(
                    argv,
                    stdin=subprocess.DEVNULL,
                    stdout=sink,
                    stderr=sink,
                    cwd=str(self._folder),
                    env=self._environment,
                    start_new_session=True,
                )
                self._live.add(process.pid)
            try:
                how = "done" if process.wait(seconds) == 0 else "crash"
            except subprocess.TimeoutExpired:
                how = "hang"
            finally:
                self._end(process.pid)
                process.wait()
        with log.open("rb") as file:
            said = file.read(1 << 18).decode("utf-8", "replace")
        answer: dict[str, Any] = {}
        if how == "done":
            try:
                answer = json.loads(path.with_suffix(".answer").read_text("utf-8"))
            except (OSError, ValueError):
                how = "crash"  # it ended itself before it could answer
        if "error" in answer:
            how = "error"
        took = time.monotonic() - started
        return Outcome(how, answer.get("result", {}), answer.get("error", {}), process.returncode, said, took)

    def _end(self, pid: int) -> None:
        """Kill what a child left running."""
        with self._lock:
            self._live.discard(pid)
        with contextlib.suppress(OSError):
            os.killpg(pid, signal.SIGKILL)

    def stop(self) -> None:
        """Kill all children and start no more."""
        with self._lock:
            self._over = True
            live = list(self._live)
        for pid in live:
            self._end(pid)


def finding(
    check: str,
    subject: str,
    verdict: str,
    message: str,
    source: str,
    *,
    detail: str = "",
    remedy: str = "",
    kind: str = "measured",
    seconds: float = 0.0,
) -> dict[str, Any]:
    """Return one finding as JSON has it: podfit.model.Finding's keys, and seconds."""
    evidence = {"kind": kind, "source": shown(source), "detail": shown(detail)}
    return {
        "check": check,
        "subject": shown(subject),
        "verdict": verdict,
        "message": shown(message),
        "evidence": evidence,
        "remedy": shown(remedy),
        "seconds": round(seconds, 3),
    }


_SIGNALS = {
    signal.SIGSEGV: ("a segmentation fault", "its compiled code does not fit what is installed around it"),
    signal.SIGABRT: ("abort()", "a compiled library gave up"),
    signal.SIGILL: ("an illegal instruction", "its code is built for a newer CPU than this one"),
    signal.SIGBUS: ("a bus error", "shared memory may be too small (docker run --shm-size) or a file was cut short"),
    signal.SIGFPE: ("an arithmetic fault", "a compiled library failed"),
    signal.SIGKILL: ("SIGKILL", "the machine may have run out of memory"),
}
_DEBIAN = {
    "libGL.so.1": "libgl1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgomp.so.1": "libgomp1",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libsndfile.so.1": "libsndfile1",
    "libstdc++.so.6": "libstdc++6",
    "libSM.so.6": "libsm6",
    "libXext.so.6": "libxext6",
    "libXrender.so.1": "libxrender1",
    "libopenblas.so.0": "libopenblas0",
    "libpq.so.5": "libpq5",
    "libnuma.so.1": "libnuma1",
}
"""Debian's packages (packages.debian.org) of libraries that wheels expect from the system."""
_OLD_NUMPY = ("compiled using NumPy 1.x", "_ARRAY_API not found", "Failed to initialize NumPy")


def explain(error: Mapping[str, Any], log: str, state: Environment) -> tuple[str, str]:
    """Return a sentence about why something failed, and a remedy, from an exception and what was printed."""
    text = error.get("message", "")
    for words in (text, *error.get("earlier", ())):  # NumPy and torch raise their own advice after the loader's words
        found = _loader_trouble(words, state)
        if found:
            return found
    if "torchvision::nms does not exist" in text:
        return "torchvision was built for another torch", "install the torchvision that belongs to the held torch"
    if any(sign in text + log for sign in _OLD_NUMPY) or "Numpy is not available" in text:
        return old_numpy(error.get("place", ""), log, state)
    if "numpy.dtype size changed" in text or "binary incompatibility" in text:
        have = state.version("numpy")
        version = parse_version(have)
        if version and version.release >= (2,):  # NumPy 2 made the structure smaller: 88 bytes, 96 before
            return old_numpy(error.get("place", ""), log, state)
        return (
            f"a compiled module was built for a newer NumPy than {have} ({one_line(text, 120)})",
            "install the planned versions of numpy and of this package",
        )
    module = re.search(r"No module named '([^']+)'", text)
    if module and error.get("type") == "ModuleNotFoundError":
        return f"the module {module[1]} is missing", f"install the distribution that provides {module[1]}"
    return f"{error.get('type', 'error')}: {one_line(text)}", ""


def _loader_trouble(text: str, state: Environment) -> tuple[str, str] | None:
    """Return sentence and remedy for what the dynamic loader says, None for other words."""
    library = re.search(r"(\S+?): cannot open shared object file", text)
    if library:
        return f"the shared library {library[1]} is missing", _library_remedy(Path(library[1]).name, state)
    level = re.search(r"version [`'](GLIBC(?:XX)?_[\d.]+|CXXABI_[\d.]+)' not found", text)
    if level:
        which = "glibc" if level[1].startswith("GLIBC_") else "libstdc++"
        return f"{which} here is older than {level[1]}", "install a release whose wheels are built for this system"
    symbol = re.search(r"undefined symbol: (\S+)", text)
    if symbol:
        made_for = "another torch" if re.match(r"_ZNK?(?:2at|3c10|5torch)", symbol[1]) else "other libraries"
        return f"it was built for {made_for}: the symbol {symbol[1]} is undefined", "install the planned versions"
    return None


def old_numpy(place: str, log: str, state: Environment) -> tuple[str, str]:
    """Return sentence and remedy for a module that was built with NumPy 1 headers and meets NumPy 2.

    place is where an exception came from, empty when there was none. Whoever lies deepest there or in NumPy's own
    warning in log is the one.
    """
    have = state.version("numpy")
    files = [*re.findall(r'File "([^"]+)", line \d+', log), place]
    folder = next((f for f in reversed(files) if "site-packages/" in f or "dist-packages/" in f), "")
    package = re.split(r"(?:site|dist)-packages/", folder)[-1].partition("/")[0] if folder else ""
    if package in ("", "torch", "numpy") and state.version("torch"):
        remedy = "put numpy back to the planned version (NumPy 1.26 works), or use a template with torch 2.3 or newer"
        return f"torch {state.version('torch')} was built against NumPy 1's C-ABI; NumPy {have} is installed", remedy
    who = package or "a compiled module"
    return f"{who} was built against NumPy 1's C-ABI; NumPy {have} is installed", (
        f"install a release of {who} built for NumPy 2, or NumPy 1.26"
    )


def _library_remedy(library: str, state: Environment) -> str:
    """Return what to do about a missing shared library."""
    for name, one in sorted(state.distributions.items()):
        if any(path.rpartition("/")[2] == library for path, _, _ in record_rows(Path(one["info"]))):
            return f"{name} {one['version']} brings {library} and it is gone: install {name} again"
    if library == "libcuda.so.1":
        return "it comes with the NVIDIA driver: start the container with GPUs (docker run --gpus all)"
    if re.match(r"lib(cu|nv|nccl)", library):
        return "a CUDA library of the template is gone or of another version: use the template's own torch"
    package = _DEBIAN.get(library)
    return f"apt-get install {package}" if package else f"install the system package that provides {library}"


def trouble(outcome: Outcome, state: Environment) -> tuple[str, str, str]:
    """Return sentence, detail and remedy for a child that did not end well."""
    stack = re.findall(r'File "([^"]+)", line (\d+) in (\S+)', outcome.log)
    own = [entry for entry in stack if "podfit_verify.py" not in entry[0] and "importlib" not in entry[0]]
    place = "{}:{} in {}".format(*own[0]) if own and outcome.how != "error" else ""
    if outcome.how == "hang":
        text = f"it did not end within {outcome.seconds:.0f} seconds and was stopped"
        return text, place, "run it by hand to see what it waits for, or allow more with --timeout"
    if outcome.how == "error":
        text, remedy = explain(outcome.error, outcome.log, state)
        return text, outcome.error.get("place", ""), remedy
    if outcome.status < 0:
        number = -outcome.status
        known = {int(key): value for key, value in _SIGNALS.items()}
        what, why = known.get(number, (f"signal {number}", "the process was killed from outside"))
        return (
            f"the process was ended by {what}",
            place or last_line(outcome.log),
            f"{why}: install the planned versions",
        )
    return f"the process ended itself with status {outcome.status}", last_line(outcome.log), "run it by hand"


def last_line(log: str) -> str:
    """Return the last line of what a child printed."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    return one_line(lines[-1], 200) if lines else ""


class Environment:
    """What the inventory found, the plan, and how far to look."""

    def __init__(self, plan: Mapping[str, Any], options: argparse.Namespace, inventory: Mapping[str, Any]) -> None:
        self.plan, self.options, self.python = plan, options, inventory
        self.distributions: dict[str, dict[str, Any]] = inventory["distributions"]

    def version(self, name: str) -> str:
        """Return the installed version of a distribution, empty when it is absent."""
        return str(self.distributions.get(name, {}).get("version", ""))

    def has(self, *names: str) -> bool:
        """Tell whether all of these are installed and the project uses them, or the template holds them."""
        wanted = {*self.plan["used"], *self.plan["held"]}
        return all(name in wanted and name in self.distributions for name in names)


def check_python(state: Environment) -> Iterable[dict[str, Any]]:
    """Compare the interpreter's series with the plan's."""
    planned, have = state.plan["python"], state.python["version"]
    same = planned.split(".")[:2] == have.split(".")[:2]
    message = have if same else f"{have}; the plan is for {planned}"
    remedy = "" if same else "name the template's interpreter, or fit again for this one"
    yield finding("python", "Python", OK if same else FAILED, message, state.python["executable"], remedy=remedy)


def check_versions(state: Environment) -> Iterable[dict[str, Any]]:
    """Compare every distribution's version with the plan's: wrong ones one by one, the right ones together."""
    right = 0
    used, held = set(state.plan["used"]), state.plan["held"]
    for name, planned in sorted(state.plan["versions"].items()):
        have = state.version(name)
        present = name in state.distributions
        if present and ("://" in planned or not planned or same_version(planned, have)):
            right += 1
            continue
        matters = name in used or name in held
        message = (
            f"{have} is installed, the plan has {planned}" if present else f"not installed, the plan has {planned}"
        )
        remedy = "podfit apply PLAN.json installs what is planned"
        if name in held:
            remedy = "the template's own build was replaced: start from the template's image again"
        elif not matters:
            message, remedy = f"the template has changed: {message}", "fit again: podfit fit"
        source = state.distributions[name]["info"] if present else "importlib.metadata"
        yield finding("version", name, FAILED if matters else WARNING, message, source, remedy=remedy, kind="metadata")
    if right:
        total = len(state.plan["versions"])
        message = f"{right} of {counted(total, 'distribution')} have the planned version"
        yield finding("version", "versions", OK, message, "importlib.metadata", kind="metadata")
    for name in state.plan["conflicts"]:
        message = "the plan has a conflict about it: not checked"
        yield finding("version", name, UNKNOWN, message, "the plan", kind="metadata")


def check_import(state: Environment, need: Mapping[str, Any], children: Children) -> list[dict[str, Any]]:
    """Import the modules of one need."""
    name = need["name"]
    version = state.version(name)
    source = f"import {', '.join(need['imports']) or name}"
    info = state.distributions[name]["info"]
    outcome = children.run("import", state.options.timeout, name=name, info=info, modules=need["imports"])

    def told(verdict: str, message: str, detail: str = "", remedy: str = "") -> list[dict[str, Any]]:
        """Return the finding."""
        text = f"{version}{message}"
        return [finding("import", name, verdict, text, source, detail=detail, remedy=remedy, seconds=outcome.seconds)]

    if outcome.how != "done":
        text, detail, remedy = trouble(outcome, state)
        return told(FAILED, f": the import fails: {text}", detail, remedy)
    imported, failed = outcome.result["imported"], outcome.result["failed"]
    source = f"import {', '.join(imported) or name}"
    if failed and not (outcome.result["derived"] and imported):
        text, remedy = explain(failed[0], outcome.log, state)
        source = f"import {failed[0]['module']}"
        return told(FAILED, f": import {failed[0]['module']} fails: {text}", failed[0]["place"], remedy)
    if any(sign in outcome.log for sign in _OLD_NUMPY):
        text, remedy = old_numpy("", outcome.log, state)
        return told(WARNING, f": imports with a warning: {text}", last_line(outcome.log), remedy)
    if not imported:
        return told(OK, " (it has nothing to import)")
    others = [module for module in imported if canonical(module) != name]
    return told(OK, f" (import {', '.join(others)})" if others else "")


FUNCTIONS: tuple[tuple[str, str, tuple[str, ...], dict[str, str]], ...] = (
    ("torch <-> NumPy", "torch_numpy", ("torch", "numpy"), {}),
    ("DataLoader", "dataloader", ("torch", "numpy"), {}),
    ("torchvision", "torchvision", ("torch", "torchvision"), {}),
    ("pyarrow <-> pandas", "arrow_pandas", ("pyarrow", "pandas"), {}),
    ("scikit-learn fit", "sklearn", ("scikit-learn", "numpy"), {}),
    ("xgboost on CPU", "xgboost", ("xgboost", "numpy"), {"device": "cpu"}),
    ("lightgbm on CPU", "lightgbm", ("lightgbm", "numpy"), {}),
)
"""Checks beyond importing: title, child, the distributions that must be there, arguments."""
GPU_FUNCTIONS: tuple[tuple[str, str, tuple[str, ...], dict[str, str]], ...] = (
    ("CUDA matmul", "cuda_matmul", ("torch",), {}),
    ("xgboost on GPU", "xgboost", ("xgboost", "numpy"), {"device": "cuda"}),
)


def check_function(
    state: Environment, title: str, child: str, arguments: Mapping[str, Any], children: Children
) -> list[dict[str, Any]]:
    """Run one check that does more than import."""
    outcome = children.run(child, state.options.timeout, **arguments)
    source = f"podfit verify: {title}"
    if outcome.how == "done":
        if outcome.result.get("skip"):
            return []
        return [finding("function", title, OK, outcome.result["message"], source, seconds=outcome.seconds)]
    text, detail, remedy = trouble(outcome, state)
    if child in ("torch_numpy", "dataloader") and "C-ABI" in text:
        detail = torch_numpy_abi(state) or detail
    return [
        finding("function", title, FAILED, text, source, detail=detail, remedy=remedy, seconds=outcome.seconds),
    ]


def torch_numpy_abi(state: Environment) -> str:
    """Return which NumPy headers torch was built with, read from its library; empty when the bytes do not tell.

    `import_array()` of NumPy 2's headers looks for `numpy._core._multiarray_umath` first, that of NumPy 1's knows
    only `numpy.core._multiarray_umath`. Measured on PyPI's wheels: torch 2.2.2 has only the second name, 2.3.0 both.
    """
    path = Path(state.distributions["torch"]["info"]).parent / "torch" / "lib" / "libtorch_python.so"
    names = (b"numpy._core._multiarray_umath\0", b"numpy.core._multiarray_umath\0")
    with contextlib.suppress(OSError, ValueError), path.open("rb") as file:
        with contextlib.closing(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)) as data:
            name = next((name for name in names if data.find(name) >= 0), b"")
        return f"{path.name} looks for {name[:-1].decode('ascii')}" if name else ""
    return ""


def check_held(state: Environment, children: Children, pool: ThreadPoolExecutor) -> Iterable[dict[str, Any]]:
    """Compare the files of held distributions with their RECORDs: wrong ones one by one, the right ones together."""
    deep = state.options.deep
    present = [name for name in sorted(state.plan["held"]) if name in state.distributions]
    seconds = max(HASH_TIMEOUT, state.options.timeout)

    def look(name: str) -> Outcome:
        """Run the child for one distribution."""
        info = state.distributions[name]["info"]
        return children.run("held", seconds, name=name, info=info, record=state.plan["held"][name], deep=deep)

    right, files, hashed, large, unknown, took = 0, 0, 0, 0, 0, 0.0
    for name, outcome in [(name, pool.submit(look, name)) for name in present]:
        one = outcome.result()
        took += one.seconds
        subject = f"{name} {state.version(name)}"
        source = f"{state.distributions[name]['info']}/RECORD"
        again = "start from the template's image again"
        if one.how != "done":
            text, detail, _ = trouble(one, state)
            yield finding("template", subject, FAILED, f"its files cannot be read: {text}", source, detail=detail)
            continue
        result = one.result
        if result["wrong"]:
            path, what = result["wrong"][0]
            more = len(result["wrong"]) - 1
            message = f"changed since it was installed: {path} {what}" + (f", and {more} more" if more else "")
            listed = "; ".join(f"{path} {what}" for path, what in result["wrong"][:10])
            yield finding("template", subject, FAILED, message, source, detail=listed, remedy=again)
        if result["record"] == "different":
            message = "its RECORD is not the template's: it was installed again or edited"
            yield finding("template", subject, FAILED, message, source, remedy=again)
        if result["record"] == "absent":
            message = "it has no RECORD of its files: nothing to compare"
            yield finding("template", subject, UNKNOWN, message, source)
        elif not result["wrong"] and result["record"] != "different":
            right, files, hashed = right + 1, files + result["files"], hashed + result["hashed"]
            large, unknown = large + len(result["large"]), unknown + (result["record"] == "unknown")
    if right:
        message = f"{counted(right, 'held distribution')} unchanged: {counted(files, 'file')}, SHA-256 of {hashed:,}"
        if large:
            message += f"; {large:,} over {HASH_LIMIT >> 20} MiB by size only (--deep reads them)"
        if unknown:
            message += f"; the template's own RECORD is not known for {unknown}"
        yield finding("template", "template", OK, message, "RECORD of each", seconds=took)


def check_metadata(state: Environment, children: Children) -> Iterable[dict[str, Any]]:
    """Judge every requirement of every installed distribution; what the template breaks already is a warning."""
    extras = {need["name"]: need["extras"] for need in state.plan["needs"] if need["extras"]}
    outcome = children.run("metadata", state.options.timeout, distributions=state.distributions, extras=extras)
    total = counted(len(state.distributions), "distribution")
    if outcome.how != "done":
        message = f"the requirements of {total} could not be judged: {trouble(outcome, state)[0]}"
        yield finding("metadata", "metadata", FAILED, message, "Requires-Dist", kind="metadata")
        return
    known = {tuple(entry) for entry in state.plan["known"]}
    result = outcome.result
    failed = 0
    for broken in result["broken"]:
        name, version = broken["name"], state.version(broken["name"])
        there = f"{broken['target']} is {broken['present']}" if broken["present"] else f"{broken['target']} is missing"
        old = (name, version, broken["target"]) in known
        failed += not old
        message = f"{version} requires {broken['requirement']}, and {there}"
        if old:
            message = f"in the template as it is: {message}"
        remedy = "podfit leaves it so" if old else "podfit apply PLAN.json installs what is planned"
        source = state.distributions[name]["info"]
        yield finding("metadata", name, WARNING if old else FAILED, message, source, remedy=remedy, kind="metadata")
    if not failed:
        message = f"{counted(result['judged'], 'requirement')} of {total} judged" + (
            ": no other is broken" if result["broken"] else ": all hold"
        )
        source = "Requires-Dist and Requires-Python of each"
        yield finding("metadata", "metadata", OK, message, source, kind="metadata", seconds=outcome.seconds)


def runs_on(capability: Sequence[int], architectures: Iterable[str]) -> bool:
    """Tell whether device code for these architectures runs on a device of this compute capability.

    CUDA C++ Programming Guide, "Binary Compatibility" and "PTX Compatibility": machine code runs within its major
    number from its own minor number on, PTX on everything at least as new; `a` variants on exactly their own.
    """
    for entry in architectures:
        found = re.fullmatch(r"(sm|compute)_(\d+)(\d)([af]?)", entry)
        if found is None:
            continue
        kind, major, minor, exact = found[1], int(found[2]), int(found[3]), found[4] == "a"
        have = (capability[0], capability[1])
        if (major, minor) == have or (not exact and kind == "compute" and (major, minor) <= have):
            return True
        if kind == "sm" and not exact and major == have[0] and minor <= have[1]:
            return True
    return False


def check_gpu(state: Environment, children: Children) -> Iterable[dict[str, Any]]:
    """Look at driver, GPU and torch's CUDA build, and compute on the GPU if there is one."""
    strict = state.options.require_gpu
    driver = children.run("driver", state.options.timeout)
    devices = driver.result.get("devices", [])
    why = driver.result.get("error", "") if driver.how == "done" else trouble(driver, state)[0]
    absent = FAILED if strict else UNKNOWN
    here = "run this on the machine with the GPU"
    if not state.has("torch"):
        if strict and not devices:
            yield finding("gpu", "GPU", FAILED, f"there is no GPU: {why}", "libcuda.so.1", remedy=here)
    else:
        asked = children.run("torch_cuda", state.options.timeout)
        if asked.how != "done":
            text, detail, remedy = trouble(asked, state)
            yield finding("cuda", "CUDA", FAILED, text, "torch.cuda", detail=detail, remedy=remedy)
        else:
            yield from judge_cuda(asked.result, driver.result, why, absent)
            if not asked.result["available"]:
                devices = []
    if devices:
        for title, child, names, arguments in GPU_FUNCTIONS:
            if state.has(*names):
                yield from check_function(state, title, child, arguments, children)


def judge_cuda(torch: Mapping[str, Any], driver: Mapping[str, Any], why: str, absent: str) -> Iterable[dict[str, Any]]:
    """Return the findings about CUDA and GPUs from what torch and the driver said.

    why is the reason for which the driver has no devices; absent the verdict for a machine without a GPU.
    """
    build = torch["cuda"] or (f"ROCm {torch['hip']}" if torch["hip"] else "")
    here = "run this on the machine with the GPU"
    if not build:
        message = f"torch {torch['torch']} is built without CUDA: there is nothing to check on a GPU"
        verdict = FAILED if absent == FAILED else OK
        yield finding("cuda", "CUDA", verdict, message, "torch.version.cuda", remedy="" if verdict == OK else here)
        return
    if torch["available"]:
        supports = f", the driver supports {driver['cuda']}" if driver.get("cuda") else ""
        yield finding("cuda", "CUDA", OK, f"{build}{supports}", "torch.cuda.is_available()")
    elif driver.get("devices"):
        message = f"{build}: a GPU is there ({driver['devices'][0]}), and torch cannot use it"
        remedy = f"the driver supports CUDA {driver.get('cuda')}: it may be too old for CUDA {build}"
        yield finding("cuda", "CUDA", FAILED, message, "torch.cuda.init()", detail=torch["error"], remedy=remedy)
        return
    else:
        hidden = os.environ.get("CUDA_VISIBLE_DEVICES")
        why = f"CUDA_VISIBLE_DEVICES={hidden!r} hides all" if hidden in ("", "-1") else why
        message = f"no GPU here, so CUDA {build} of torch was not tried ({why})"
        yield finding("gpu", "GPU", absent, message, "libcuda.so.1", detail=torch["error"], remedy=here)
        return
    for device in torch["devices"]:
        capability = "{}.{}".format(*device["capability"])
        fits = bool(torch["hip"]) or runs_on(device["capability"], torch["arch_list"])
        message = f"{device['name']}, compute capability {capability}"
        listed = " ".join(torch["arch_list"])
        if not fits:
            message += f": torch {torch['torch']} has no code for it, only for {listed}"
        remedy = "" if fits else "use a template whose torch is built for this GPU"
        yield finding(
            "gpu", "GPU", OK if fits else FAILED, message, "torch.cuda.get_arch_list()", detail=listed, remedy=remedy
        )


# --- the whole


def examine(
    plan: Mapping[str, Any], source: str, options: argparse.Namespace, told: Callable[[str], None]
) -> dict[str, Any]:
    """Return the report (schema podfit.verify/1) of checking this interpreter's environment against plan.

    source is the text of this module. told hears what is being done, from several threads. Raises OSError when there
    is no place for temporary files, RuntimeError when the environment cannot even be listed.
    """
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="podfit-verify-") as folder:
        children = Children(Path(folder), source, told)
        workers = options.jobs or max(1, min(4, len(os.sched_getaffinity(0))))
        pool = ThreadPoolExecutor(workers)
        try:
            listed = children.run("inventory", options.timeout)
            if listed.how != "done":
                text = listed.error.get("message") or last_line(listed.log)
                raise RuntimeError(f"the environment cannot be listed ({listed.how}): {text}")
            state = Environment(plan, options, listed.result)
            findings = _findings(state, children, pool)
        except BaseException:
            children.stop()
            raise
        finally:
            pool.shutdown(wait=True)
    return {
        "schema": SCHEMA,
        "project": plan["project"],
        "template": plan["template"],
        "python": {key: listed.result[key] for key in ("version", "executable", "prefix")},
        "passed": not any(one["verdict"] == FAILED for one in findings),
        "findings": findings,
        "seconds": round(time.monotonic() - started, 3),
    }


def _findings(state: Environment, children: Children, pool: ThreadPoolExecutor) -> list[dict[str, Any]]:
    """Run all checks, those of the GPU alone at the end; return the findings in the order in which they are shown."""
    imports, functions = [], []
    for need in state.plan["needs"]:
        if need["name"] in state.distributions:  # an absent one has its finding from check_versions
            imports.append(pool.submit(check_import, state, need, children))
    for title, child, names, arguments in FUNCTIONS:
        if state.has(*names):
            functions.append(pool.submit(check_function, state, title, child, arguments, children))
    metadata = pool.submit(lambda: list(check_metadata(state, children)))
    held = list(check_held(state, children, pool))
    found = [*check_python(state), *check_versions(state)]
    for future in (*imports, *functions):
        found += future.result()
    return [*found, *held, *metadata.result(), *check_gpu(state, children)]


# --- for people

_MARKS = {OK: "✅", WARNING: "⚠️", FAILED: "❌", UNKNOWN: "❔"}
_PLAIN = {OK: "ok     ", WARNING: "warning", FAILED: "FAILED ", UNKNOWN: "unknown"}
_RULE = "=" * 60


def render(report: Mapping[str, Any], *, plain: bool = False) -> str:
    """Return the report for people: one line per check; plain uses words for the marks, in ASCII."""
    marks = _PLAIN if plain else _MARKS
    wrong = {one["subject"] for one in report["findings"] if one["check"] == "version" and one["verdict"] != OK}
    shown = [
        one
        for one in report["findings"]
        if not (one["check"] == "import" and one["verdict"] == OK and one["subject"] in wrong)
    ]
    width = max([20, *(len(one["subject"]) for one in shown if len(one["subject"]) < 32)])
    lines = ["", _RULE, f"podfit verify: {report['project']} on {report['template']}", _RULE]
    for one in shown:
        lines.append(f"{marks[one['verdict']]} {one['subject']:{width}s} {one['message']}".rstrip())
        if one["verdict"] != OK:
            lead = " " * (width + 4)
            lines += [f"{lead}{text}" for text in _more(one)]
    lines += [_RULE, "", summary(report, plain=plain)]
    text = "\n".join(lines)
    return text.encode("ascii", "replace").decode("ascii") if plain else text


def _more(one: Mapping[str, Any]) -> Iterable[str]:
    """Yield the lines below a finding that is not good: its evidence and its remedy."""
    if one["evidence"]["detail"]:
        yield f"seen: {one_line(one['evidence']['detail'])}"
    if one["remedy"]:
        yield f"fix: {one['remedy']}"


def summary(report: Mapping[str, Any], *, plain: bool = False) -> str:
    """Return the last line: how many checks failed, or that all passed."""
    marks = _PLAIN if plain else _MARKS
    count = {
        verdict: sum(one["verdict"] == verdict for one in report["findings"])
        for verdict in (OK, WARNING, FAILED, UNKNOWN)
    }
    total = counted(len(report["findings"]), "check")
    notes = [counted(count[WARNING], "warning")] if count[WARNING] else []
    notes += [f"{count[UNKNOWN]} not decided"] if count[UNKNOWN] else []
    notes.append(f"{report['seconds']:.1f} s")
    if count[FAILED]:
        return f"{marks[FAILED].strip()} {count[FAILED]} of {total} failed ({', '.join(notes)})"
    words = "All checks passed" if not count[UNKNOWN] else "No check failed"
    return f"{marks[OK].strip()} {words} ({total}, {', '.join(notes)})"


def exit_code(report: Mapping[str, Any]) -> int:
    """Return 1 when a check failed, else 0."""
    return int(not report["passed"])


def _seconds(text: str) -> float:
    """Return a positive number of seconds. Raises ArgumentTypeError."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0 < value < 1e7:
        raise argparse.ArgumentTypeError(f"{text!r} is no positive number of seconds")
    return value


def _jobs(text: str) -> int:
    """Return a number of checks at a time. Raises ArgumentTypeError."""
    if not text.isdecimal() or not 0 < int(text) < 1000:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to 999")
    return int(text)


def _stop(_number: int, _frame: object) -> None:
    """End as Ctrl-C would, so that children and temporary files go too."""
    raise KeyboardInterrupt


def main(plan: Mapping[str, Any], source: str, arguments: Sequence[str]) -> int:
    """Check, print, and return the exit code: 0 all good, 1 a check failed, 2 a bad call, 130 stopped."""
    parser = argparse.ArgumentParser(
        prog="verify_env.py",
        description=f"Check this Python environment against podfit's plan for {plan['project']} on {plan['template']}.",
    )
    parser.add_argument("--timeout", type=_seconds, default=TIMEOUT, metavar="S", help="seconds for one check")
    parser.add_argument("--deep", action="store_true", help="hash all files of held distributions, also large ones")
    parser.add_argument("--require-gpu", action="store_true", help="fail when there is no GPU")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument(
        "--jobs", type=_jobs, default=0, metavar="N", help="checks at a time (default: CPUs, at most 4)"
    )
    parser.add_argument("--progress", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)

    def told(text: str) -> None:
        """Say on standard error what is being done."""
        if options.progress:
            sys.stderr.write(f"podfit-step: {text}\n")
            sys.stderr.flush()

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    try:
        report = examine(plan, source, options, told)
    except KeyboardInterrupt:
        sys.stderr.write("stopped\n")
        return 130
    except (OSError, RuntimeError) as error:
        sys.stderr.write(f"error: {one_line(error)}\n")
        return 2
    encoding = (getattr(sys.stdout, "encoding", "") or "ascii").lower().replace("-", "")
    try:
        print(json.dumps(report) if options.json else render(report, plain=not encoding.startswith("utf")))
        sys.stdout.flush()
    except BrokenPipeError:  # `verify_env.py | head`: the verdict stays what it is
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return exit_code(report)


if __name__ == "__main__":
    sys.exit(run_child(sys.argv[1]))
