"""The JSON Schemas say the shape of what is really written, and of nothing else."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from writers_support import moola

from podfit.cli.main import main
from podfit.model.serial import plan_to_dict
from podfit.report.data import matrix_data
from podfit.report.schema import NAMES, schema


def closed(value: Any) -> Any:
    """A schema under which no object may hold a key that it does not describe."""
    if isinstance(value, dict):
        found = {key: closed(each) for key, each in value.items()}
        if "properties" in found:
            # A manifest keeps what it does not know, and has its evidence in shapes of its own.
            found["additionalProperties"] = found.get("title") == "ManifestBody"
        return found
    return [closed(each) for each in value] if isinstance(value, list) else value


def plain(data: Any) -> Any:
    """What a program reads."""
    return json.loads(json.dumps(data))


def valid(name: str, data: Any) -> None:
    """Hold data to the schema, closed."""
    Draft202012Validator(closed(schema(name))).validate(plain(data))


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_one_and_tells_its_name(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    made = schema(name)
    Draft202012Validator.check_schema(made)
    assert json.dumps(f"podfit.{name}/1") in json.dumps(made)
    with pytest.raises(SystemExit) as ended:
        main(["schema", name])
    assert ended.value.code == 0
    assert json.loads(capsys.readouterr().out) == made


@pytest.mark.parametrize("which", ["2.2", "2.4"])
def test_plans_and_matrices_are_as_described(which: str) -> None:
    valid("plan", plan_to_dict(moola(which)))
    valid("matrix", matrix_data([moola("2.2"), moola(which)], {"other": "no reason"}))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("schema",), "podfit.matrix/2"),
        (("feasible",), "yes"),
        (("templates", 0, "counts", "keep"), "many"),
        (("rows", 0, "cells", 0, "action"), "remove"),
        (("rows", 0, "group"), "other"),
        (("refused",), None),
        (("extra",), 1),
    ],
)
def test_another_shape_is_refused(path: tuple[str | int, ...], value: Any) -> None:
    data = plain(matrix_data([moola()]))
    checker = Draft202012Validator(closed(schema("matrix")))
    assert checker.is_valid(data)
    changed = copy.deepcopy(data)
    place = changed
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    assert not checker.is_valid(changed)


@pytest.mark.network
@pytest.mark.slow
def test_what_the_commands_write_for_the_example_is_as_described(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = Path(__file__).parents[2] / "examples" / "moola"
    common = [str(project), "--local", str(project / "local-environment.txt"), "-t", "runpod-pytorch-2.4", "-q"]
    calls = {"matrix": ("fit", "-o", str(tmp_path), "--format", "json"), "bloat": ("bloat", "--format", "json")}
    for name, (command, *words) in calls.items():
        with pytest.raises(SystemExit) as ended:
            main([command, *common, *words])
        assert ended.value.code == 0
        valid(name, json.loads(capsys.readouterr().out))
    valid("plan", json.loads((tmp_path / "plan-runpod-pytorch-2.4.json").read_text()))
    with pytest.raises(SystemExit):
        main(["report", *common, "-o", str(tmp_path / "report.json")])
    valid("report", json.loads((tmp_path / "report.json").read_text()))
