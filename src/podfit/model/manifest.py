"""The template manifest (docs/template-manifest.md) to and from `Template`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from packaging.utils import InvalidName, canonicalize_name

from podfit.model.agreement import Agreement
from podfit.model.distribution import Distribution
from podfit.model.errors import InputError, Where
from podfit.model.evidence import Evidence, EvidenceKind
from podfit.model.facts_json import facts_from_json, facts_to_json
from podfit.model.template import Interpreter, Origin, Platform, Template
from podfit.model.valid import LONGEST_REQUIREMENT, is_name, is_version, readable_data, shown

SCHEMA = "podfit.template/1"

_LONGEST_TEMPLATE_NAME = 200
"""Characters: the name is a part of the names of files, which file systems cut off at 255 bytes."""

_OWN_KEYS = frozenset(
    [
        "schema",
        "name",
        "title",
        "image",
        "origin",
        "captured",
        "evidence",
        "notes",
        "interpreter",
        "platform",
        "distributions",
        "environment",
        "family",
        "aliases",
        "pushed",
        "agreement",
        "incomplete",
        "withdrawn",
    ]
)
_ORIGIN_KIND = {
    Origin.PROBED: EvidenceKind.MEASURED,
    Origin.PUBLISHED: EvidenceKind.PUBLISHED,
    Origin.RECONSTRUCTED: EvidenceKind.ASSUMED,
    Origin.IMAGE: EvidenceKind.METADATA,
    Origin.GIVEN: EvidenceKind.METADATA,
}


class _Entry(msgspec.Struct):
    """One element of the manifest's `distributions`."""

    name: str
    version: str
    requires_dist: tuple[str, ...] | None = None
    requires_python: str | None = ""
    direct_url: str | None = ""
    editable: bool = False
    installer: str | None = ""
    location: str | None = ""
    uninstallable: bool = True
    import_names: tuple[str, ...] = ()
    record_sha256: str | None = ""
    evidence: Evidence | None = None

    def distribution(self, default: Evidence) -> Distribution:
        """Return the model's distribution; default is the evidence of an entry that names none.

        Raises ValueError for a name, a version or a requirement that is none.
        """
        if not is_name(self.name):
            raise ValueError(f"{shown(self.name)} is not the name of a distribution")
        if self.version and not is_version(self.version):
            raise ValueError(f"{shown(self.version)} is not an exact version of {self.name}")
        for line in self.requires_dist or ():
            if len(line) > LONGEST_REQUIREMENT:
                raise ValueError(f"a requirement of {self.name} is {len(line)} characters long: {shown(line)}")
        return Distribution(
            name=str(canonicalize_name(self.name, validate=True)),
            version=self.version,
            evidence=self.evidence or default,
            requires_dist=self.requires_dist,
            requires_python=self.requires_python or "",
            direct_url=self.direct_url or "",
            editable=self.editable,
            installer=self.installer or "",
            location=self.location or "",
            uninstallable=self.uninstallable,
            import_names=self.import_names,
            record_sha256=self.record_sha256 or "",
        )


class ManifestBody(msgspec.Struct):
    """The keys of a manifest that the model knows by name."""

    schema: str
    name: str
    interpreter: Interpreter
    platform: Platform
    distributions: list[_Entry]
    origin: Origin = Origin.GIVEN
    evidence: Evidence | None = None
    title: str = ""
    image: str = ""
    captured: str = ""
    environment: dict[str, str] = {}
    notes: tuple[str, ...] = ()
    family: str = ""
    aliases: tuple[str, ...] = ()
    pushed: tuple[str, ...] = ()
    agreement: tuple[Agreement, ...] = ()
    incomplete: bool = False
    withdrawn: bool = False


def template_from_manifest(data: Mapping[str, Any], *, where: str) -> Template:
    """Return the template that a manifest describes.

    data is the parsed JSON object; where names its origin for errors and, absent an evidence key, as the source
    of its facts. The first of two entries for one distribution wins, as on sys.path. Raises InputError when the
    shape is not that of docs/template-manifest.md.
    """
    schema = data.get("schema") if isinstance(data, Mapping) else None
    if schema != SCHEMA:
        raise InputError(
            f"not a template manifest: its schema is {schema!r}, not {SCHEMA!r}",
            where=Where(where),
            remedy="write one with `podfit probe -o FILE`",
        )
    try:
        data = readable_data(data)
        manifest = msgspec.convert(data, ManifestBody)
        if len(manifest.name) > _LONGEST_TEMPLATE_NAME:
            raise ValueError(f"its name is {len(manifest.name)} characters long, more than {_LONGEST_TEMPLATE_NAME}")
        evidence = manifest.evidence or Evidence(_ORIGIN_KIND[manifest.origin], where)
        distributions: dict[str, Distribution] = {}
        for entry in manifest.distributions:
            distribution = entry.distribution(evidence)
            distributions.setdefault(distribution.name, distribution)
        facts = facts_from_json({key: value for key, value in data.items() if key not in _OWN_KEYS}, evidence)
    except (msgspec.ValidationError, InvalidName, ValueError) as error:
        raise InputError(
            f"the template manifest has the wrong shape: {error}",
            where=Where(where),
            remedy="compare it with docs/template-manifest.md or probe the template again",
        ) from None
    return Template(
        name=manifest.name,
        interpreter=manifest.interpreter,
        platform=manifest.platform,
        distributions=distributions,
        origin=manifest.origin,
        evidence=evidence,
        title=manifest.title,
        image=manifest.image,
        captured=manifest.captured,
        environment=manifest.environment,
        facts=facts,
        notes=manifest.notes,
        family=manifest.family,
        aliases=manifest.aliases,
        pushed=manifest.pushed,
        agreement=manifest.agreement,
        incomplete=manifest.incomplete,
        withdrawn=manifest.withdrawn,
    )


def manifest_from_template(template: Template) -> dict[str, Any]:
    """Return the JSON object of template; `template_from_manifest` of it gives an equal template back."""
    return {
        "schema": SCHEMA,
        "name": template.name,
        "title": template.title,
        "image": template.image,
        "origin": template.origin.value,
        "captured": template.captured,
        "evidence": msgspec.to_builtins(template.evidence),
        "notes": list(template.notes),
        **_known(template),
        "interpreter": _without(msgspec.to_builtins(template.interpreter), "free_threaded"),
        "platform": {**_without(msgspec.to_builtins(template.platform), "libc"), "tags": list(template.platform.tags)},
        "environment": dict(template.environment),
        **facts_to_json(template.facts, template.evidence),
        "distributions": [_entry(d, template.evidence) for _, d in sorted(template.distributions.items())],
    }


def _known(template: Template) -> dict[str, Any]:
    """Return what is known of the template's place in a catalogue, without what says nothing."""
    names = ("family", "aliases", "pushed", "agreement", "incomplete", "withdrawn")
    return {name: msgspec.to_builtins(getattr(template, name)) for name in names if getattr(template, name)}


def _without(data: dict[str, Any], key: str) -> dict[str, Any]:
    """Return data without key where its value says nothing: false or empty."""
    return data if data[key] else {name: value for name, value in data.items() if name != key}


def _entry(distribution: Distribution, default: Evidence) -> dict[str, Any]:
    """Return one element of `distributions`, without the keys that hold their defaults."""
    plain: dict[str, Any] = msgspec.to_builtins(distribution)
    kept = {
        key: value
        for key, value in plain.items()
        if key in ("name", "version", "requires_dist") or value not in ("", False, [])
    }
    if distribution.uninstallable:
        kept.pop("uninstallable", None)
    else:
        kept["uninstallable"] = False
    if distribution.evidence == default:
        kept.pop("evidence", None)
    return kept
