"""Plans made by hand, in the shape of the document's: a tabular project on two RunPod images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console

from podfit.model import (
    Action,
    Artefact,
    Change,
    Decision,
    Distribution,
    Evidence,
    EvidenceKind,
    Finding,
    Interpreter,
    Need,
    Origin,
    Plan,
    Platform,
    Template,
    Verdict,
)
from podfit.report.comparison import comparison
from podfit.report.screen import screen
from podfit.writers.registry import write_answer
from podfit.writers.terminal import draw

PUBLISHED = Evidence(EvidenceKind.PUBLISHED, "https://example.org/freeze.txt", "line 3")
DECLARED = Evidence(EvidenceKind.METADATA, "pyproject.toml:12")
IMPORTED = Evidence(EvidenceKind.METADATA, "src/moola/train.py:3", "import pandas")

HELD = {
    "2.2": {"torch": "2.2.0+cu121", "torchvision": "0.17.0+cu121", "torchaudio": "2.2.0+cu121", "triton": "2.2.0"},
    "2.4": {"torch": "2.4.0+cu124", "torchvision": "0.19.0+cu124", "torchaudio": "2.4.0+cu124", "triton": "3.0.0"},
}
NVIDIA = {
    "2.2": {"nvidia-cublas-cu12": "12.1.3.1", "nvidia-cudnn-cu12": "8.9.2.26", "nvidia-nccl-cu12": "2.19.3"},
    "2.4": {"nvidia-cublas-cu12": "12.4.2.65", "nvidia-cudnn-cu12": "9.1.0.70", "nvidia-nccl-cu12": "2.20.5"},
}


def template(
    name: str = "runpod-pytorch-2.4",
    versions: Mapping[str, str] | None = None,
    *,
    python: str = "3.11.10",
    origin: Origin = Origin.PUBLISHED,
    notes: tuple[str, ...] = (),
    extra: Sequence[Distribution] = (),
) -> Template:
    """A template with these distributions."""
    held = {**HELD["2.4"], **NVIDIA["2.4"], "numpy": "1.26.3", "jinja2": "3.1.3"}
    versions = held if versions is None else versions
    found = [Distribution(n, v, PUBLISHED) for n, v in versions.items()]
    return Template(
        name=name,
        interpreter=Interpreter(python),
        platform=Platform(),
        distributions={d.name: d for d in [*found, *extra]},
        origin=origin,
        evidence=PUBLISHED,
        title="RunPod PyTorch",
        image="runpod/pytorch:2.4.0-py3.11-cuda12.4.1-devel-ubuntu22.04",
        captured="2024-08-01",
        notes=notes,
    )


def artefact(name: str, version: str, *, kind: str = "wheel", size: int = 1_000_000, digest: str = "a") -> Artefact:
    """A file of PyPI's, with made-up hash."""
    stem = f"{name.replace('-', '_')}-{version}"
    filename = f"{stem}-py3-none-any.whl" if kind == "wheel" else f"{stem}.tar.gz"
    return Artefact(
        filename=filename,
        url=f"https://files.pythonhosted.org/packages/{filename}",
        hashes=(f"sha256:{digest * 64}",),
        kind=kind,
        size=size,
        upload_time="2025-08-21T10:26:36.236Z",
    )


def held_keeps(which: Template) -> list[Decision]:
    """The decisions about torch, its companions and the NVIDIA libraries."""
    names = {*HELD["2.4"], *NVIDIA["2.4"]}
    return [
        Decision(n, Action.KEEP, "held: the template's torch family", (PUBLISHED,), template=d.version, held=True)
        for n, d in which.distributions.items()
        if n in names
    ]


def moola(which: str = "2.4", **overrides: object) -> Plan:
    """The plan of the document's project on its 2.2 or 2.4 template; every kind of decision is in it."""
    old = which == "2.2"
    base = template(
        f"runpod-pytorch-{which}",
        {**HELD[which], **NVIDIA[which], "numpy": "1.26.3", "jinja2": "3.1.3", "pyyaml": "5.3.1", "blinker": "1.4"},
        python="3.10.12" if old else "3.11.10",
        origin=Origin.RECONSTRUCTED if old else Origin.PUBLISHED,
        notes=("The vendor gives no list of this image.",) if old else (),
    )
    scipy = "1.15.3" if old else "1.16.1"
    decisions = [
        *held_keeps(base),
        Decision("numpy", Action.KEEP, "the template's version fits", (PUBLISHED,), "1.26.4", "1.26.3", "1.26.3", True),
        Decision("pandas", Action.INSTALL, "missing on the template", (IMPORTED,), "2.3.3", "", "2.3.3", True),
        Decision(
            "scipy",
            Action.INSTALL,
            "missing on the template",
            (DECLARED,),
            "1.16.1",
            "",
            scipy,
            True,
            drift="scipy 1.16.1 -> 1.15.3: 1.16 needs Python >= 3.11" if old else "",
            download_bytes=37_700_000,
        ),
        Decision(
            "pyyaml",
            Action.CHANGE,
            "omegaconf needs PyYAML >= 6",
            (DECLARED,),
            "6.0.2",
            "5.3.1",
            "6.0.2",
            download_bytes=7,
        ),
        Decision(
            "tzdata", Action.INSTALL, "pandas asks for it", (DECLARED,), "2025.2", "", "2025.2", required_by=("pandas",)
        ),
        Decision("jinja2", Action.KEEP, "nobody asks otherwise", (PUBLISHED,), template="3.1.3", planned="3.1.3"),
        Decision("blinker", Action.KEEP, "nobody asks otherwise", (PUBLISHED,), template="1.4", planned="1.4"),
        Decision("duckdb", Action.SKIP, "nothing imports it", (DECLARED,), "1.1.0"),
    ]
    needs = (
        Need("pandas", (IMPORTED, DECLARED), "", ("excel",), declared=True, imported=True),
        Need("scipy", (DECLARED,), ">=1.14, <2", declared=True),
        Need("numpy", (DECLARED,), ">=1.26,<2", declared=True),
        Need("torch", (DECLARED,), ">=2.2", declared=True),
    )
    fields: dict[str, object] = {
        "project": "moola",
        "template": base,
        "needs": needs,
        "decisions": tuple(sorted(decisions, key=lambda d: d.name)),
        "artefacts": {
            "pandas": (artefact("pandas", "2.3.3"),),
            "scipy": (artefact("scipy", scipy), artefact("scipy", scipy, kind="sdist", digest="b")),
            "pyyaml": (artefact("pyyaml", "6.0.2"),),
            "tzdata": (artefact("tzdata", "2025.2", size=0),),
        },
        "changes": (Change("pyyaml", "5.3.1", "6.0.2", "omegaconf 2.3.0 needs PyYAML >= 6"),),
        "edges": {"pandas": ("numpy", "tzdata"), "scipy": ("numpy",)},
        "findings": (
            Finding("consistency", "pandas", Verdict.OK, "every requirement holds", DECLARED),
            Finding("consistency", "scipy", Verdict.OK, "every requirement holds", DECLARED),
            Finding("gpu", "driver", Verdict.UNKNOWN, "no driver was recorded", DECLARED, "probe the pod"),
        ),
        "created": "2026-01-02T03:04:05Z",
        "local_python": "3.12.2",
    }
    return Plan(**{**fields, **overrides})  # type: ignore[arg-type]


def matrix_markdown(plans: Sequence[Plan]) -> str:
    """The comparison as `podfit fit --format markdown` prints it."""
    return write_answer("markdown", comparison(plans))


def matrix_json_text(plans: Sequence[Plan]) -> str:
    """The comparison as `podfit fit --format json` prints it."""
    return write_answer("json", comparison(plans))


def matrix_json(plans: Sequence[Plan]) -> dict[str, Any]:
    """The same as an object."""
    return dict(comparison(plans).data())


def print_matrix(plans: Sequence[Plan], console: Console, *, details: bool = False) -> None:
    """Draw the comparison on a console as a terminal has it."""
    draw(screen(plans, details=details), console)
