"""Manifests as files of the catalogue: what releases require apart, once; an index beside them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from podfit.catalogue.bundle import SCHEMA
from podfit.catalogue.shared import Record, completed, pack, unpack
from podfit.catalogue.store import INDEX
from podfit.catalogue.summary import entry_of, summary_of_template
from podfit.model import Template
from podfit.model.manifest import manifest_from_template, template_from_manifest

Records = dict[str, Record]


def read_all(folder: Path, metadata: Path) -> dict[str, Template]:
    """Return the templates of a catalogue's directory, by name, each whole."""
    records = unpack(metadata.read_bytes()) if metadata.is_file() else {}
    found = {}
    for path in sorted(folder.glob("*.json")):
        if path.name == INDEX:
            continue
        data = {**json.loads(path.read_bytes()), "name": path.stem}
        data["distributions"] = completed(data["distributions"], records)
        found[path.stem] = template_from_manifest(data, where=path.name)
    return found


def write_all(templates: Mapping[str, Template], folder: Path, metadata: Path) -> None:
    """Write a catalogue: a manifest for each template, the index, and what their releases require.

    Manifests of other names in the directory go. The same templates give the same bytes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    records = shared_records(templates.values())
    metadata.write_bytes(pack(records))
    index = {}
    for name, template in sorted(templates.items()):
        text = manifest_text(template, records)
        (folder / f"{name}.json").write_text(text, encoding="utf-8")
        index[name] = entry_of(summary_of_template(template), len(text.encode()))
    lines = ",\n".join(f" {json.dumps(name)}: {json.dumps(entry, ensure_ascii=False)}" for name, entry in index.items())
    (folder / INDEX).write_text("{\n" + lines + "\n}\n", encoding="utf-8")
    for path in folder.glob("*.json"):
        if path.name != INDEX and path.stem not in templates:
            path.unlink()


def shared_records(templates: Iterable[Template]) -> Records:
    """Return what each release requires, by `name version`; where two templates say different things, the first."""
    found: Records = {}
    for template in sorted(templates, key=lambda each: each.name):
        for each in template.distributions.values():
            if each.requires_dist is not None:
                found.setdefault(f"{each.name} {each.version}", (each.requires_dist, each.requires_python))
    return found


def manifest_text(template: Template, records: Records) -> str:
    """Return a manifest with one distribution per line, without what the records say."""
    data = manifest_from_template(template)
    distributions = [_short(entry, records) for entry in data.pop("distributions")]
    head = json.dumps(data, indent=1, ensure_ascii=False)[:-2]
    lines = ",\n".join("  " + json.dumps(entry, ensure_ascii=False) for entry in distributions)
    return f'{head},\n "distributions": [\n{lines}\n ]\n}}\n'


def _short(entry: dict[str, Any], records: Records) -> dict[str, Any]:
    """Return one element of `distributions` without what its record says, and without what says nothing."""
    known = records.get(f"{entry['name']} {entry['version']}")
    own = entry.get("requires_dist")
    left_out = ["import_names"] if not entry.get("import_names") else []
    if known is not None and own is not None and known == (tuple(own), entry.get("requires_python", "")):
        left_out += ["requires_dist", "requires_python"]
    return {key: value for key, value in entry.items() if key not in left_out}


def bundle_of(templates: Iterable[Template]) -> bytes:
    """Return a bundle for `podfit templates --update`."""
    templates = sorted(templates, key=lambda each: each.name)
    records = shared_records(templates)
    manifests = [json.loads(manifest_text(template, records)) for template in templates]
    return msgspec.json.encode({"schema": SCHEMA, "templates": manifests, "metadata": dict(sorted(records.items()))})
