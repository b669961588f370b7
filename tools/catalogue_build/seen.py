"""Lists that were seen on machines: `seen/NAME.txt` beside a source, with where each comes from in its head."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from catalogue_build.lists import listed
from podfit.model import Evidence, EvidenceKind, Template
from podfit.model.agreement import Agreement, compared


def agreements(folder: Path, template: Template) -> tuple[Agreement, ...]:
    """Return how far a template's list agrees with each that was seen of its image, in `folder/seen`."""
    return tuple(agreement(template, path) for path in seen_of(folder / "seen", template.name))


def seen_of(folder: Path, name: str) -> Iterator[Path]:
    """Yield the lists of one template: `NAME.txt`, `NAME.2.txt` and so on."""
    for path in (folder / f"{name}.txt", *(folder / f"{name}.{number}.txt" for number in range(2, 10))):
        if path.is_file():
            yield path


def agreement(template: Template, path: Path) -> Agreement:
    """Return how far a template's list agrees with one file's lines."""
    text = path.read_text(encoding="utf-8")
    evidence = Evidence(EvidenceKind.MEASURED, said(text, "source") or path.name, said(text, "what"))
    lines = [(each.name, each.version) for each in listed(text, evidence)]
    return compared(((name, each.version) for name, each in template.distributions.items()), lines, evidence)


def said(text: str, key: str) -> str:
    """Return what a line `# key: ...` of a list's head says."""
    for line in text.splitlines():
        if line.startswith(f"# {key}:"):
            return line.partition(":")[2].strip()
    return ""
