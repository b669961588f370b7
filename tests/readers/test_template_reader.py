"""read_template: lists with their Python, manifests, reports, live environments, and names of the catalogue."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podfit.model import Cuda, Fact, InputError, Origin, Template
from podfit.model.manifest import manifest_from_template
from podfit.readers.template import read_template, safe_name

FREEZE = "numpy==1.26.3\ntorch==2.2.0+cu121\n"


def write(folder: Path, text: str = FREEZE, name: str = "Image v1.txt") -> str:
    (folder / name).write_text(text)
    return str(folder / name)


def failing(*args: Any, **options: Any) -> InputError:
    with pytest.raises(InputError) as caught:
        read_template(*args, **options)
    assert "\n" not in str(caught.value)
    return caught.value


def test_a_freeze_with_its_python(tmp_path: Path) -> None:
    path = write(tmp_path)
    template = read_template(path, python="3.10.12", machine="aarch64", glibc="2.31")
    assert (template.name, template.origin) == ("image-v1", Origin.GIVEN)
    assert (template.interpreter.version, template.interpreter.series) == ("3.10.12", "3.10")
    assert (template.platform.machine, template.platform.glibc) == ("aarch64", "2.31")
    torch = template.distributions["torch"]
    assert (torch.version, torch.requires_dist, torch.evidence.source) == ("2.2.0+cu121", None, f"{path}:2")
    assert template.evidence.source == path
    assert template.notes == ("pip freeze states names and versions only: what they require was not seen.",)


def test_what_is_assumed_is_noted(tmp_path: Path) -> None:
    template = read_template(write(tmp_path, FREEZE + "-e git+https://x.org/own@01#egg=own\n"), python="3.10")
    assert template.interpreter.version == "3.10.0"
    assert (template.platform.machine, template.platform.glibc) == ("x86_64", "2.35")
    assert template.distributions["own"].editable
    said = "\n".join(template.notes)
    for words in ("3.10.0 is assumed", "2.35 is assumed", "x86_64 is assumed", "editable", "was not seen"):
        assert words in said


def test_the_file_may_state_what_it_is(tmp_path: Path) -> None:
    path = write(tmp_path, "# python: 3.11.9\n# glibc: 2.39\n# machine: x86_64\n" + FREEZE)
    template = read_template(path, name="mine")
    assert (template.name, template.interpreter.version, template.platform.glibc) == ("mine", "3.11.9", "2.39")
    assert not any("assumed" in note for note in template.notes)
    assert read_template(path, python="3.11").interpreter.version == "3.11.9", "the more exact of two that agree"
    error = failing(path, python="3.10")
    assert "--python 3.10 contradicts the source, which states 3.11.9" in str(error)
    assert "--glibc 2.35 contradicts" in str(failing(path, glibc="2.35"))


def test_a_freeze_without_a_python_is_refused(tmp_path: Path) -> None:
    error = failing(write(tmp_path))
    assert "does not tell the template's Python version" in str(error)
    assert "--python 3.10" in error.remedy
    assert error.where is not None


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"python": "three"}, "'three' is no python"),
        ({"python": "3"}, "'3' is no python"),
        ({"python": "3.10", "glibc": "new"}, "'new' is no glibc"),
        ({"python": "3.10", "machine": "X 86"}, "'X 86' is no machine"),
        ({"python": "3.10", "name": "My Image"}, "try 'my-image'"),
        ({"python": "3.10", "name": ""}, "is no name for a template"),
    ],
)
def test_wrong_options(options: dict[str, str], said: str, tmp_path: Path) -> None:
    assert said in str(failing(write(tmp_path), **options))


def test_lock_files_are_no_templates(tmp_path: Path) -> None:
    text = 'version = 1\nrequires-python = ">=3"\n[[package]]\nname = "a"\nversion = "1"\nsource = { registry = "x" }\n'
    error = failing(write(tmp_path, text, "uv.lock"), python="3.10")
    assert "uv.lock locks a project for any machine" in str(error)


@pytest.mark.parametrize("name", ["absent.txt", "./absent", "a/b", "absent.JSON"])
def test_a_path_is_never_a_name_of_the_catalogue(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "there is no such file" in str(failing(name))


def inspect_report(**environment: str) -> str:
    markers = {
        "python_full_version": "3.10.12",
        "platform_machine": "x86_64",
        "platform_system": "Linux",
        **environment,
    }
    installed = [{"metadata": {"name": "torch", "version": "2.2.0", "requires_dist": ["numpy"]}}]
    return json.dumps({"version": "1", "pip_version": "24", "installed": installed, "environment": markers}, indent=1)


def test_a_pip_inspect_report_states_python_and_machine(tmp_path: Path) -> None:
    template = read_template(write(tmp_path, inspect_report(), "report.json"))
    assert (template.interpreter.version, template.platform.machine) == ("3.10.12", "x86_64")
    assert template.distributions["torch"].requires_dist == ("numpy",)
    assert template.notes == ("The list does not tell the template's glibc: 2.35 is assumed.",)
    error = failing(write(tmp_path, inspect_report(platform_system="Darwin"), "mac.json"))
    assert "templates run Linux, and this was written on darwin" in str(error)
    error = failing(write(tmp_path, inspect_report(python_full_version="new"), "odd.json"))
    assert "'new' is no Python version" in str(error)
    assert "contradicts" in str(failing(str(tmp_path / "report.json"), machine="aarch64"))


def manifest(**changes: Any) -> dict[str, Any]:
    return {
        "schema": "podfit.template/1",
        "name": "probed-pod",
        "origin": "probed",
        "interpreter": {"version": "3.10.12"},
        "platform": {"machine": "x86_64", "glibc": "2.35"},
        "distributions": [{"name": "torch", "version": "2.2.0+cu121", "requires_dist": []}],
        "cuda": {"toolkit": "12.1"},
        **changes,
    }


def test_a_manifest_is_the_whole_template(tmp_path: Path) -> None:
    path = write(tmp_path, json.dumps(manifest()), "pod.json")
    template = read_template(path, python="3.10", glibc="2.35")
    assert (template.name, template.origin, template.facts.cuda) == (
        "probed-pod",
        Origin.PROBED,
        Cuda(toolkit=Fact("12.1", template.evidence)),
    )
    assert read_template(path, name="other").name == "other"
    assert "--python 3.1 contradicts" in str(failing(path, python="3.1"))
    assert "--python 3.11 contradicts" in str(failing(path, python="3.11"))
    wrong = write(tmp_path, json.dumps(manifest(platform={"system": "darwin"})), "mac.json")
    assert "templates run Linux" in str(failing(wrong))


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("live") / "venv"
    done = subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"this Python cannot make environments: {done.stdout.strip()[-200:]}")
    return folder


@pytest.mark.slow
def test_a_live_environment_and_what_was_probed_from_it(live: Path, tmp_path: Path) -> None:
    version = "{}.{}.{}".format(*sys.version_info[:3])
    template = read_template(str(live), name="mine", python=version)
    assert (template.name, template.origin, template.interpreter.version) == ("mine", Origin.PROBED, version)
    assert template.evidence.source == f"podfit probe of {live}/bin/python"
    again = read_template(str(live / "bin" / "python"), name="mine")

    def without_time(found: Template) -> dict[str, Any]:
        return {k: v for k, v in manifest_from_template(found).items() if k not in ("captured", "probe")}

    assert without_time(again) == without_time(template)
    saved = write(tmp_path, json.dumps(manifest_from_template(template)), "saved.json")
    assert manifest_from_template(read_template(saved)) == manifest_from_template(template)
    assert "contradicts" in str(failing(str(live), python="2.7"))


def test_every_name_of_the_catalogue_and_the_nearest_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = pytest.importorskip("podfit.catalogue.store")
    names = store.template_names()
    assert names
    for name in names:
        template = read_template(name)
        assert template.name == name
        assert template.distributions
    error = failing("runpod-pytroch-2.2")
    assert "did you mean runpod-pytorch-2.2" in error.remedy
    assert "`podfit templates`" in error.remedy
    assert "did you mean" not in failing("qqqqqq").remedy
    assert "contradicts" in str(failing(names[0], python="2.7"))
    monkeypatch.chdir(tmp_path)
    write(tmp_path, name=names[0])
    assert read_template(names[0]).origin is not Origin.GIVEN, "the catalogue's name comes first"
    assert read_template(f"./{names[0]}", python="3.10").origin is Origin.GIVEN


def test_a_file_without_an_ending(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("podfit.catalogue.store")
    monkeypatch.chdir(tmp_path)
    write(tmp_path, name="my-freeze")
    assert read_template("my-freeze", python="3.10").name == "my-freeze"


@given(st.text(max_size=30))
def test_safe_names_are_safe(text: str) -> None:
    name = safe_name(text)
    assert name
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-")
    assert safe_name(name) == name


def test_options_say_what_a_manifest_or_a_list_does_not(tmp_path: Path) -> None:
    unknown = write(tmp_path, json.dumps(manifest(platform={"machine": "x86_64", "glibc": ""})), "pod.json")
    template = read_template(unknown, glibc="2.31")
    assert (template.platform.glibc, template.target.glibc) == ("2.31", "2.31")
    assert template.notes == ("probed-pod does not state its glibc: it was given as 2.31.",)
    assert read_template(unknown).platform.glibc == ""
    given = read_template(write(tmp_path, FREEZE, "t.txt"), python="3.13t")
    assert (given.interpreter.version, given.target.free_threaded) == ("3.13.0", True)
    stated = {"version": "3.13.1", "free_threaded": True}
    free = write(tmp_path, json.dumps(manifest(interpreter=stated)), "free.json")
    assert read_template(free, python="3.13t").target.abi == "cp313t"
    assert "--python 3.13 contradicts the source, which states 3.13.1t" in str(failing(free, python="3.13"))
