"""What the words of a symptom can be filled with here: derived from its line, its exception and the whole log."""

from __future__ import annotations

import re
from collections.abc import Mapping

from podfit.catalogue.held import frameworks
from podfit.diagnose import derived, extract
from podfit.diagnose.reading import Reading
from podfit.diagnose.tracebacks import Raised
from podfit.far.symptoms import Hit
from podfit.model import canonical

_Fields = dict[str, str]
_IMPORT = re.compile(r"\s*(?:-+> ?\d+ |>>> |In \[\d+\]: |\S{0,40}[$#%] )?(?:import|from) (?P<module>[A-Za-z_]\w*)")
"""An import statement as a frame, a notebook or a prompt shows it."""


def fields_of(hit: Hit, reading: Reading) -> Mapping[str, str]:
    """Return the fields of a hit: its groups, and what follows from them and the log."""
    fields: _Fields = {name: value.rstrip(".") for name, value in hit.fields.items()}
    one = _exception_near(hit, reading)
    _general(fields, hit, reading, one)
    for derive in (*derived.GENERAL, *derived.BY_CATEGORY.get(hit.row["category"], ())):
        derive(fields, hit, reading, one)
    unseen = "" if one is not None and one.frames else "what runs here"  # whose code it is, frames alone tell
    fields["user"] = fields.get("culprit", "") or unseen
    fields["asker"] = fields.get("importer", "") or unseen
    return {name: value for name, value in fields.items() if value}


def _exception_near(hit: Hit, reading: Reading) -> Raised | None:
    """Return the exception that a hit is in, or that follows or goes before a warning within some lines."""
    inside = reading.exception_at(hit.line)
    if inside is not None:
        return inside
    after = [one for one in reading.exceptions if hit.line < one.start <= hit.line + 25]
    before = [one for one in reading.exceptions if one.end <= hit.line <= one.end + 3]
    return after[0] if after and hit.row["role"] == "warning" else before[-1] if before else None


def _general(fields: _Fields, hit: Hit, reading: Reading, one: Raised | None) -> None:
    """Fill in who is concerned, the Python, the versions that the log states."""
    text = reading.lines[hit.line].text
    if one is not None:
        fields.setdefault("culprit", extract.culprit_of(one))
        fields.setdefault("importer", extract.importer_of(one))
    if not fields.get("culprit"):
        fields["culprit"] = _named_in(text) or (_imported(one, reading) if one is not None else "")
    if not fields.get("culprit") and hit.row["role"] == "warning":
        fields["culprit"] = _frames_after(hit, reading)
    if reading.in_build(hit.line):
        fields["in_build"] = "yes"
        fields["build_of"] = _built(reading, hit.line)
    fields["installer"] = reading.installer
    there = reading.there
    held = {"torch_held": there.versions.get("torch", ""), "template": there.name}
    fields.update(held, template_family=there.family, template_cuda=there.cuda)
    fields["held"] = ",".join(name for name in frameworks() if name in there.versions or not there.name)
    python = reading.python
    fields["python"] = python
    fields["python_told"] = f" ({python})" if python else ""
    for name, version in reading.versions.items():
        fields.setdefault(f"{name.replace('-', '_')}_version", version)
        if name in ("torch", "torchvision", "numpy") and name in reading.stated:
            fields[f"{name}_seen"] = f" ({version})"


def _named_in(text: str) -> str:
    """Return the distribution whose files a line names."""
    for match in re.finditer(r"(?:site|dist)-packages[\\/]([\w.+-]+)", text):
        name = extract.module_of(match[0])
        if name and name.partition(".")[0] not in ("numpy", "importlib"):
            return extract.distribution_of(name)
    return ""


def _imported(one: Raised, reading: Reading) -> str:
    """Return the distribution that the last frame of the project's own code, or the prompt above, was importing."""
    if one.type.rpartition(".")[2] not in ("ImportError", "OSError", "ModuleNotFoundError"):
        return ""
    if one.frames:
        last = one.frames[-1].line
        near = reading.lines[last + 1 : last + 3]
    else:
        near = reading.lines[max(0, one.start - 3) : one.start][::-1]
    for line in near:
        found = _IMPORT.match(line.text)
        if found and not derived.python_module(found["module"]):
            return extract.distribution_of(found["module"])
    return ""


def _frames_after(hit: Hit, reading: Reading) -> str:
    """Return the distribution of the deepest frame below a warning (NumPy prints its traceback so)."""
    found = ""
    for line in reading.lines[hit.line : hit.line + 60]:
        if "site-packages" in line.text or "dist-packages" in line.text:
            name = extract.module_of(line.text)
            if name and name.partition(".")[0] not in (
                "numpy",
                "importlib",
                "ipykernel",
                "IPython",
                "tornado",
                "traitlets",
            ):
                found = extract.distribution_of(name) or found
    return found


def _built(reading: Reading, index: int) -> str:
    """Return the distribution that is built around a line: the nearest name that pip, uv or setuptools tell."""
    patterns = (
        r"Failed building (?:wheel|editable) for (?P<name>[\w.-]+)",
        r"Failed to build [`']?(?P<name>[A-Za-z][\w.-]*?)(?:==|`|'| |$)",
        r"Building wheels? for (?:collected packages: )?(?P<name>[\w.-]+)",
        r"Failed to (?:download and build|prepare distributions).*?[`']?(?P<name>[A-Za-z][\w.-]*?)(?:==|`)",
        r"Running setup\.py (?:install|bdist_wheel|clean|egg_info) for (?P<name>[\w.-]+)",
        r"(?:Collecting|Downloading|Using cached|Processing) (?:\S*/)?(?P<name>[A-Za-z][\w.]*(?:-[A-Za-z][\w.]*)*?)(?:-\d\S*\.(?:tar\.gz|zip|tar\.bz2)|(?:[<>=!~\[].*)?(?: \(.*)?$)",
        r"error in (?P<name>[\w.-]+) setup command",
        r"Could not build wheels for (?P<name>[\w.-]+)",
        r"This package \((?P<name>[\w.-]+)\)",
        r"hint: This usually indicates a problem with the package",
        r"pip-install-\w+[/\\](?P<name>[\w.-]+?)_[0-9a-f]{16,}",
        r"╰─> (?P<name>[A-Za-z][\w.-]+)$",
    )
    lines = reading.lines
    for step in range(400):
        for at in (index - step, index + step):
            if not 0 <= at < len(lines) or (step and at == index):
                continue
            for pattern in patterns:
                match = re.search(pattern, lines[at].text)
                if match and match.groupdict().get("name"):
                    name = canonical(match["name"])
                    if name not in ("build", "wheel", "installing", "metadata", "collected", "installable"):
                        return name
    asked = list(reading.asked)
    return asked[0] if len(asked) == 1 else ""
