"""`podfit probe`: what a template really is, as a manifest or as a summary."""

from __future__ import annotations

import io
import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from podfit.cli.options import machine_from, machine_options
from podfit.cli.reporter import TerminalReporter
from podfit.model import InputError, Where

if TYPE_CHECKING:
    from rich.console import Console


@click.command("probe")
@machine_options
@click.option("--quick", is_flag=True, help="Only interpreter, platform, distributions and pip's configuration.")
@click.option("--script", is_flag=True, help="Give the probe itself, one file, to run where podfit cannot reach.")
@click.option("-o", "--output", metavar="FILE", help="Write there instead of to standard output.")
@click.option(
    "--format",
    "shape",
    type=click.Choice(["json", "text"]),
    help="json: the template manifest. text: a summary. Default: text on a terminal, json otherwise.",
)
def probe_command(
    python: str | None,
    ssh: str | None,
    identity: str | None,
    ssh_option: tuple[str, ...],
    quick: bool,
    script: bool,
    output: str | None,
    shape: str | None,
) -> None:
    """Read a template as it really is: Python, packages, CUDA, torch's build, GPUs, disks.

    Nothing is installed or written on the machine, and torch is not imported: its build facts are read from its
    files. The JSON is a template for `podfit fit --template FILE`. Exit code 0: read, 2: a bad call, or no such Python.

    \b
    Examples:
      podfit probe                                       this environment, summarized
      podfit probe --python /opt/venv -o template.json   another one, as a manifest
      podfit probe --ssh root@203.0.113.7:12345          a pod, through ssh
      podfit probe --ssh root@pod -o pod.json && podfit fit . --template pod.json
      podfit probe --script | ssh pod python3 - > pod.json
    """  # noqa: D301
    from podfit.pod.probe import probe, probe_script

    if output and Path(output).is_dir():
        raise InputError("is a directory", where=Where(output), remedy="name a file")
    on_terminal = sys.stdout.isatty() and not output
    shape = shape or ("text" if on_terminal else "json")
    if script:
        text = probe_script().decode("utf-8")
    else:
        with TerminalReporter() as reporter, machine_from(python, ssh, identity, ssh_option) as machine:
            manifest = probe(machine, quick=quick, reporter=reporter)
        if shape == "json":
            text = json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"
        else:
            text = summary(manifest, color=on_terminal)
    if output:
        write_whole(Path(output), text)
    else:
        click.echo(text, nl=False)


def write_whole(path: Path, text: str) -> None:
    """Write a file, whole or not at all. Raises InputError when the directory does not take it."""
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            Path(name).chmod(0o644)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", where=Where(str(path))) from None


def summary(manifest: Mapping[str, Any], *, color: bool = False) -> str:
    """Return the manifest for people; color adds terminal styles. Facts that are unknown are left out."""
    from rich.console import Console

    width = None if color else 100
    console = Console(file=io.StringIO(), width=width, force_terminal=color, highlight=False, emoji=False, markup=False)
    _facts(console, manifest)
    torch_lines = [row for row in _torch(manifest.get("torch") or {}) if row[1]]
    _section(console, "torch (read from its files, not imported)", torch_lines)
    cuda = manifest.get("cuda") or {}
    rows = [
        (key, str(cuda[key]), _source(cuda, key)) for key in ("toolkit", "cudart", "cudnn", "nccl") if cuda.get(key)
    ]
    _section(console, "CUDA libraries", rows)
    _section(console, "GPUs and driver", _gpus(manifest))
    _section(console, "Disks", [_disk(disk) for disk in manifest.get("disks", [])])
    steering = {**manifest.get("environment", {}), **_configured(manifest)}
    _section(console, "Settings that steer pip, uv and CUDA", [(key, value, "") for key, value in steering.items()])
    stream = console.file
    assert isinstance(stream, io.StringIO)  # noqa: S101 - made three lines above
    return "".join(line.rstrip() + "\n" for line in stream.getvalue().splitlines())


def _facts(console: Console, manifest: Mapping[str, Any]) -> None:
    """Print interpreter, platform and the count of distributions."""
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
    fixed = [f"{entry['name']} {entry['version']}" for entry in found if entry.get("uninstallable") is False]
    if fixed:
        rows.append(("pip cannot remove", ", ".join(fixed), "no record of their files"))
    _section(console, manifest["name"], rows)


def _torch(torch: Mapping[str, Any]) -> list[tuple[str, str, str]]:
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


def _gpus(manifest: Mapping[str, Any]) -> list[tuple[str, str, str]]:
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


def _section(console: Console, title: str, rows: list[tuple[str, str, str]]) -> None:
    """Print a titled block of aligned rows (name, value, remark), nothing when it has none."""
    from rich.table import Table
    from rich.text import Text

    if not rows:
        return
    console.print(Text(title, style="bold"))
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, min_width=15)
    table.add_column(overflow="fold")
    table.add_column(overflow="fold")
    for name, value, remark in rows:
        table.add_row(Text("  " + name), Text(value), Text(remark, style="dim"))
    console.print(table)
    console.print()
