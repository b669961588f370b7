"""What `podfit probe` answers: the manifest, and a summary of it for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from podfit.model.manifest import manifest_from_template, template_from_manifest
from podfit.report.answer import Answer
from podfit.report.model import Column, Report, Section, Span, Style, Table, section, text

_Rows = Sequence[tuple[str, str, str]]
"""Lines of a summary: a name, a value, a remark."""

_NAME_WIDTH = 13
"""The names of all blocks are as wide as this, so that their values stand in line."""


def answer(manifest: Mapping[str, Any]) -> Answer:
    """Return the answer about a machine that was probed: its manifest, and what podfit reads in it for people.

    Raises InputError when the manifest has the wrong shape.
    """
    known = manifest_from_template(template_from_manifest(manifest, where="the machine that was probed"))
    return Answer("podfit probe", lambda _details: _summary(known), lambda: _summary(known), lambda: manifest)


def _summary(manifest: Mapping[str, Any]) -> Report:
    """Return the manifest for people. Facts that are unknown are left out."""
    cuda = manifest.get("cuda") or {}
    libraries = [
        (key, str(cuda[key]), _source(cuda, key)) for key in ("toolkit", "cudart", "cudnn", "nccl") if cuda.get(key)
    ]
    steering = {**manifest.get("environment", {}), **_configured(manifest)}
    torch = [row for row in _torch(manifest.get("torch") or {}) if row[1]]
    return Report(
        (),
        (
            *_block(manifest["name"], _facts(manifest)),
            *_block("torch (read from its files, not imported)", torch),
            *_block("CUDA libraries", libraries),
            *_block("GPUs and driver", _gpus(manifest)),
            *_block("Disks", [_disk(disk) for disk in manifest.get("disks", [])]),
            *_block("Settings that steer pip, uv and CUDA", [(key, value, "") for key, value in steering.items()]),
        ),
    )


def _block(title: str, rows: _Rows) -> tuple[Section, ...]:
    """Return a titled table, nothing without rows."""
    lines = tuple((text(name), text(value), text(Span(remark, Style.ASIDE))) for name, value, remark in rows)
    columns = (Column(least=_NAME_WIDTH), Column(), Column())
    return section(text(title), *((Table(columns, lines),) if lines else ()), level=3)


def _facts(manifest: Mapping[str, Any]) -> _Rows:
    """Return the rows about interpreter, platform and the count of distributions."""
    interpreter, platform = manifest["interpreter"], manifest["platform"]
    found = manifest["distributions"]
    managed = "externally managed: pip wants a virtual environment" if interpreter.get("externally_managed") else ""
    glibc = f"glibc {platform['glibc']}" if platform.get("glibc") else "no glibc"
    glibcxx = f", GLIBCXX {platform['glibcxx']}" if platform.get("glibcxx") else ""
    kinds = Counter(entry.get("location") or "elsewhere" for entry in found)
    where = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
    rows = [
        ("Python", f"{interpreter['version']} ({interpreter.get('executable', '')})", managed),
        ("platform", f"{platform['system']} {platform['machine']}, {glibc}{glibcxx}", ""),
        ("distributions", f"{len(found)}: {where}" if found else "none", ""),
    ]
    system = manifest.get("system") or {}
    if system:
        counts = f"{len(system.get('libraries', ()))} libraries, {len(system.get('packages', ()))} packages of dpkg"
        rows.insert(2, ("system", f"{system.get('os') or 'release unknown'}: {counts}", ""))
    fixed = [f"{entry['name']} {entry['version']}" for entry in found if entry.get("uninstallable") is False]
    if fixed:
        rows.append(("pip cannot remove", ", ".join(fixed), "no record of their files"))
    return rows


def _torch(torch: Mapping[str, Any]) -> _Rows:
    """Return the rows about torch."""
    if not torch:
        return []
    abi = torch.get("numpy_abi")
    works = {1: "NumPy 1 headers: NumPy 2 breaks it", 2: "NumPy 2 headers: works with NumPy 1 and 2"}.get(abi or 0, "")
    new = torch.get("cxx11_abi")
    build = "CPU only" if "cuda" in torch and not torch["cuda"] else str(torch.get("cuda") or "")
    return [
        ("version", str(torch.get("version", "")), _source(torch, "version")),
        ("CUDA", f"ROCm {torch['hip']}" if torch.get("hip") else build, _source(torch, "cuda")),
        ("GPU code for", " ".join(torch.get("arch_list", [])), _source(torch, "arch_list")),
        ("NumPy C-ABI", works, _source(torch, "numpy_abi")),
        ("C++ ABI", "" if new is None else "cxx11" if new else "pre-cxx11", _source(torch, "cxx11_abi")),
    ]


def _source(facts: Mapping[str, Any], key: str) -> str:
    """Return where a fact was read, shortly: kind and file name."""
    known = facts.get(f"{key}_evidence") or {}
    source = str(known.get("source", ""))
    return f"{known.get('kind', '')}: {Path(source).name if source.startswith('/') else source}" if source else ""


def _gpus(manifest: Mapping[str, Any]) -> _Rows:
    """Return the rows about GPUs and driver; no rows where the probe did not look."""
    if "gpus" not in manifest:
        return []
    driver = manifest.get("driver") or {}
    supports = f"supports CUDA up to {driver['cuda']}" if driver.get("cuda") else ""
    rows = [("driver", str(driver.get("version", "version unknown")), supports)] if driver else []
    for number, gpu in enumerate(manifest["gpus"]):
        memory = f"{gpu['memory_bytes'] / 2**30:.1f} GiB" if gpu.get("memory_bytes") else ""
        capability = f"compute capability {gpu['compute_capability']}" if gpu.get("compute_capability") else ""
        rows.append((f"GPU {number}", str(gpu.get("name", "")), ", ".join(filter(None, (capability, memory)))))
    return rows or [("GPU", "none found", "")]


def _disk(disk: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return the row of a disk."""
    free, total = disk["free_bytes"] / 2**30, disk["total_bytes"] / 2**30
    keeps = {True: "persists", False: "does not persist", None: "may or may not persist"}[disk.get("persistent")]
    return disk["mount"], f"{free:.1f} GiB free of {total:.1f} ({disk['filesystem']})", f"{keeps}: {disk['reason']}"


def _configured(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Return pip's settings from files: those of PIP_* variables are shown as variables."""
    settings = manifest.get("pip_config", {})
    return {f"pip {key}": value for key, value in settings.items() if not key.startswith(":env:")}
