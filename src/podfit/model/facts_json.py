"""The facts of a manifest (docs/template-manifest.md) to and from the model.

A value that carries evidence of its own has it beside it, under its key with `_evidence`. Absent, the manifest's own
evidence counts for it; so a manifest that is written back has the same keys.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from podfit.model.evidence import Evidence, EvidenceKind
from podfit.model.facts import Cuda, Disk, Driver, Fact, Facts, Gpu, PipSettings, Probe, System, Torch

_Group = TypeVar("_Group", Torch, Cuda, Gpu, Driver, System)
_Plain = TypeVar("_Plain", Disk, Probe)
_SUFFIX = "_evidence"
_EMPTY_MEANS_NONE = frozenset({"cuda", "hip"})
"""Torch's keys whose null says something: a build without CUDA or ROCm. Elsewhere null is unknown."""


def _facts_of(kind: type[Any]) -> Iterator[tuple[str, Any]]:
    """Yield each field that is a fact, with the type of its value."""
    for name, hint in get_type_hints(kind).items():
        for alternative in get_args(hint):
            if get_origin(alternative) is Fact:
                (value,) = get_args(alternative)
                yield name, value


_TYPES: dict[Any, dict[str, Any]] = {kind: dict(_facts_of(kind)) for kind in (Torch, Cuda, Gpu, Driver, System)}
"""The facts of each group, with the type of their value."""


def facts_from_json(data: Mapping[str, Any], default: Evidence) -> Facts:
    """Return the facts of a manifest's further keys; default is the manifest's own evidence.

    Raises msgspec.ValidationError for a key that podfit knows with a value of another type.
    """
    rest = dict(data)

    def taken(key: str) -> Any:
        return rest.pop(key, None)

    torch, cuda, driver = taken("torch"), taken("cuda"), taken("driver")
    gpus, disks, system = taken("gpus"), taken("disks"), taken("system")
    settings, probe, limits = taken("pip_config"), taken("probe"), taken("pip_constraints")
    return Facts(
        torch=None if torch is None else _group(Torch, torch, default, "torch"),
        cuda=None if cuda is None else _group(Cuda, cuda, default, "cuda"),
        gpus=None if gpus is None else tuple(_group(Gpu, each, default, "gpus") for each in _list(gpus, "gpus")),
        driver=None if driver is None else _group(Driver, driver, default, "driver"),
        disks=None if disks is None else tuple(_plain(Disk, each, "disks") for each in _list(disks, "disks")),
        system=None if system is None else _group(System, system, default, "system"),
        pip_config=None if settings is None else PipSettings(_value(dict[str, str], settings, "pip_config"), default),
        pip_constraints=None if limits is None else _value(dict[str, tuple[str, ...]], limits, "pip_constraints"),
        probe=None if probe is None else _plain(Probe, probe, "probe"),
        more=rest,
    )


def facts_to_json(facts: Facts, default: Evidence) -> dict[str, Any]:
    """Return the manifest's further keys; `facts_from_json` of them with the same default gives equal facts back."""
    data: dict[str, Any] = {}
    if facts.pip_config is not None:
        data["pip_config"] = dict(facts.pip_config.settings)
    if facts.pip_constraints is not None:
        data["pip_constraints"] = {path: list(lines) for path, lines in facts.pip_constraints.items()}
    if facts.system is not None:
        data["system"] = _group_json(facts.system, default)
    if facts.cuda is not None:
        data["cuda"] = _group_json(facts.cuda, default)
    if facts.torch is not None:
        data["torch"] = _group_json(facts.torch, default)
    if facts.gpus is not None:
        data["gpus"] = [_group_json(gpu, default) for gpu in facts.gpus]
    if facts.driver is not None:
        data["driver"] = _group_json(facts.driver, default)
    if facts.disks is not None:
        data["disks"] = [_plain_json(disk) for disk in facts.disks]
    if facts.probe is not None:
        data["probe"] = _plain_json(facts.probe)
    return {**data, **facts.more}


def evidence_from_json(value: Any, default: Evidence, at: str) -> Evidence:
    """Return the evidence of a value: an object, `kind: source` as older catalogues wrote it, or default for null.

    Raises msgspec.ValidationError when it is none of them.
    """
    if value is None:
        return default
    if isinstance(value, str):
        kind, colon, source = value.partition(": ")
        if colon and kind in {each.value for each in EvidenceKind}:
            return Evidence(EvidenceKind(kind), source)
        return Evidence(default.kind, value)
    found: Evidence = _value(Evidence, value, at)
    return found


def _group(kind: type[_Group], data: Any, default: Evidence, at: str) -> _Group:
    """Return one object of facts; each value has the evidence beside it, else default."""
    rest = dict(_value(dict[str, Any], data, at))
    found: dict[str, Any] = {}
    for key, expected in _TYPES[kind].items():
        if key not in rest:
            continue
        value, where = rest.pop(key), f"{at}.{key}"
        evidence = evidence_from_json(rest.pop(key + _SUFFIX, None), default, where + _SUFFIX)
        if value is None and kind is Torch and key in _EMPTY_MEANS_NONE:
            value = ""
        if value is not None:
            found[key] = Fact(_value(expected, value, where), evidence)
    return kind(**found, more=rest)


def _group_json(group: Torch | Cuda | Gpu | Driver | System, default: Evidence) -> dict[str, Any]:
    """Return the JSON object of a group of facts."""
    data: dict[str, Any] = {}
    for key in _TYPES[type(group)]:
        fact: Fact[Any] | None = getattr(group, key)
        if fact is None:
            continue
        absent = isinstance(group, Torch) and key in _EMPTY_MEANS_NONE and fact.value == ""
        data[key] = None if absent else _builtin(fact.value)
        if fact.evidence != default:
            data[key + _SUFFIX] = _evidence_json(fact.evidence)
    return {**data, **group.more}


def _evidence_json(evidence: Evidence) -> dict[str, str]:
    """Return the JSON object of evidence, without an empty detail."""
    detail = {"detail": evidence.detail} if evidence.detail else {}
    return {"kind": evidence.kind.value, "source": evidence.source, **detail}


def _plain(kind: type[_Plain], data: Any, at: str) -> _Plain:
    """Return one object whose values have no evidence of their own."""
    given = _value(dict[str, Any], data, at)
    known = set(kind.__struct_fields__) - {"more"}
    body = msgspec.convert({key: value for key, value in given.items() if key in known and value is not None}, kind)
    return msgspec.structs.replace(body, more={key: value for key, value in given.items() if key not in known})


def _plain_json(body: Disk | Probe) -> dict[str, Any]:
    """Return the JSON object of what has no evidence of its own."""
    data = {name: _builtin(getattr(body, name)) for name in body.__struct_fields__ if name != "more"}
    return {**data, **body.more}


def _builtin(value: Any) -> Any:
    """Return a value as JSON's own types."""
    if isinstance(value, tuple):
        return list(value)
    return dict(value) if isinstance(value, Mapping) else value


def _list(data: Any, at: str) -> list[Any]:
    """Return data, which has to be a list."""
    found: list[Any] = _value(list[Any], data, at)
    return found


def _value(expected: Any, data: Any, at: str) -> Any:
    """Return data as the expected type. Raises msgspec.ValidationError that says where it is."""
    try:
        return msgspec.convert(data, expected)
    except msgspec.ValidationError as error:
        raise msgspec.ValidationError(f"{error} - at `$.{at}`") from None
