"""Templates, needs and small registries for the solver's tests."""

import zipfile
from pathlib import Path

from podfit.model import Distribution, Evidence, EvidenceKind, Interpreter, Need, Origin, Platform, Template

EVIDENCE = Evidence(EvidenceKind.METADATA, "pyproject.toml:7")


def template(distributions, python="3.11.9", glibc="2.35"):
    """Return a template of {name: (version, requires)}."""
    return Template(
        "pod",
        Interpreter(python),
        Platform(glibc=glibc),
        {name: Distribution(name, version, EVIDENCE, tuple(lines)) for name, (version, lines) in distributions.items()},
        Origin.GIVEN,
        EVIDENCE,
    )


def need(name, specifier="", **more):
    """Return a declared need."""
    return Need(name, (EVIDENCE,), specifier, declared=True, **more)


def registry(directory: Path, releases) -> Path:
    """Write one pure wheel per release of {(name, version): requires} or {(...): (requires, requires_python)}."""
    directory.mkdir(parents=True, exist_ok=True)
    for (name, version), stated in releases.items():
        lines, python = stated if isinstance(stated, tuple) else (stated, "")
        stem = f"{name.replace('-', '_')}-{version}"
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        metadata += f"Requires-Python: {python}\n" if python else ""
        metadata += "".join(f"Requires-Dist: {line}\n" for line in lines)
        with zipfile.ZipFile(directory / f"{stem}-py3-none-any.whl", "w") as wheel:
            wheel.writestr(f"{name.replace('-', '_')}.py", "")
            wheel.writestr(f"{stem}.dist-info/METADATA", metadata)
            wheel.writestr(f"{stem}.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{stem}.dist-info/RECORD", "")
    return directory


def only(directory: Path) -> tuple[str, ...]:
    """Return uv's options that make directory the whole world."""
    return ("--no-index", "--find-links", directory.as_uri())
