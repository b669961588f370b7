"""PF121: whether the image's own settings of pip let the files of the plan be installed.

`podfit apply` is not bound by them; `pip install -r` on the image is. NVIDIA's images, for one, set PIP_CONSTRAINT to a
list of what they were tested with.
"""

from __future__ import annotations

from collections.abc import Iterator

from podfit.audit.interface import Audited, Subject
from podfit.catalogue.pip_settings import pip_evidence, pip_settings
from podfit.model import Evidence, EvidenceKind, Finding, Template, Verdict
from podfit.model.requirement import Markers
from podfit.model.words import shortened

_FALSE = frozenset({"", "0", "n", "no", "f", "false", "off"})
"""What pip takes for no (as distutils' strtobool did)."""


def settings(subject: Subject) -> Audited:
    """Compare pip's settings of the template with what is installed there; nothing where nothing is installed."""
    if not subject.added:
        return Audited()
    template = subject.template
    found = [*_constraints(subject), *_managed(template), *_formats(subject), *_others(template)]
    return Audited(tuple(found))


def setting(template: Template, key: str) -> tuple[str, str]:
    """Return the value of one of pip's settings on a template, and its place (`PIP_CONSTRAINT`, `pip.conf`).

    Both are empty where it is not set. Variables go before files, `[install]` before `[global]`, as in pip, which takes
    an empty value for none.
    """
    variable = f"PIP_{key.upper().replace('-', '_')}"
    config = template.facts.pip_config.settings if template.facts.pip_config is not None else {}
    for value, place in (
        (template.environment.get(variable) or config.get(f":env:.{key}", ""), variable),
        (config.get(f"install.{key}", ""), "pip.conf"),
        (config.get(f"global.{key}", ""), "pip.conf"),
    ):
        if value.strip():
            return value.strip(), place
    return "", ""


def _there(template: Template, place: str, value: str) -> Evidence:
    """Return the evidence for a setting."""
    return Evidence(template.evidence.kind, template.evidence.source, f"{place}: {value}")


def _constraints(subject: Subject) -> Iterator[Finding]:
    """Yield what the template's constraint files do not allow of the plan, and that nobody read one."""
    template = subject.template
    value, place = setting(template, "constraint")
    known = template.facts.pip_constraints or {}
    without = "PIP_CONSTRAINT=" if place == "PIP_CONSTRAINT" else "PIP_CONFIG_FILE=/dev/null"
    way_out = f"podfit apply is not bound by it; with pip alone: env {without} pip install ..."
    markers = Markers(template.marker_environment)
    for path in value.split():
        if path not in known:
            text = f"pip there takes no version that {path} does not allow ({place}), and nobody read that file"
            yield Finding("settings", "pip", Verdict.UNKNOWN, text, _there(template, place, value), way_out)
            continue
        refused = []
        for asked in markers.active(known[path]):
            release = subject.added.get(asked.target)
            if release is not None and not asked.allows(release.version):
                refused.append(f"{release.name} {release.version} (it says {asked.short})")
        if refused:
            text = f"pip there is bound by {path} ({place}), which does not allow {shortened(sorted(refused), 6)}"
            source = Evidence(EvidenceKind.METADATA, path, f"named by {place}; read where the template's list is from")
            yield Finding("settings", "pip", Verdict.WARNING, text, source, way_out)


def _managed(template: Template) -> Iterator[Finding]:
    """Yield that the system manages this Python (PEP 668), unless the image tells pip to go on."""
    allowed, _ = setting(template, "break-system-packages")
    if template.interpreter.externally_managed and allowed.lower() in _FALSE:
        text = "the system manages this Python (EXTERNALLY-MANAGED): pip installs nothing into it"
        way_out = "podfit apply makes an environment over it; with pip alone: add --break-system-packages"
        yield Finding("settings", "pip", Verdict.WARNING, text, template.evidence, way_out)


def _formats(subject: Subject) -> Iterator[Finding]:
    """Yield planned files whose kind pip does not take there."""
    template = subject.template
    kinds = {
        name: {artefact.kind for artefact in subject.overlay.packages[name].artefacts}
        for name in subject.added
        if name in subject.overlay.packages
    }
    for key, unwanted in (("only-binary", "sdist"), ("no-binary", "wheel")):
        value, place = setting(template, key)
        names = {word.strip().lower() for word in value.split(",")} - {":none:", ""}
        hit = sorted(
            name for name, there in kinds.items() if there == {unwanted} and (":all:" in names or name in names)
        )
        if hit:
            text = f"pip there takes no {unwanted} of {shortened(hit, 6)} ({place}: {key} = {value})"
            way_out = f"set PIP_{key.upper().replace('-', '_')}= for the installation, or use podfit apply"
            yield Finding("settings", "pip", Verdict.WARNING, text, _there(template, place, value), way_out)


def _others(template: Template) -> Iterator[Finding]:
    """Yield the settings of the catalogue that the template has."""
    for each in pip_settings():
        value, place = setting(template, each.key)
        if value.lower() in _FALSE if each.kind == "flag" else not value:
            continue
        text = f"pip there {each.said} ({place}: {each.key} = {value})"
        rule = pip_evidence()
        shown = Evidence(template.evidence.kind, template.evidence.source, f"{place}: {value}; {rule.source}")
        yield Finding("settings", "pip", Verdict.WARNING, text, shown, each.remedy)
