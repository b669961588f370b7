"""Two builds of one package that bring the same files are told, whoever asks for them."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from podfit.catalogue.variants import variants
from podfit.fit.options import Options
from podfit.fit.session import fit_templates
from podfit.index import Index
from podfit.model import (
    Declaration,
    Distribution,
    Evidence,
    EvidenceKind,
    Interpreter,
    Origin,
    Platform,
    Project,
    Template,
    Where,
)
from podfit.solve import Uv

SEEN = Evidence(EvidenceKind.MEASURED, "here")


@pytest.mark.parametrize(
    ("names", "groups"),
    [
        (["onnxruntime", "onnxruntime-gpu", "numpy"], (("onnxruntime", "onnxruntime-gpu"),)),
        (
            ["opencv-python", "opencv-python-headless", "opencv-contrib-python", "opencv-contrib-python-headless"],
            (("opencv-contrib-python", "opencv-contrib-python-headless", "opencv-python", "opencv-python-headless"),),
        ),
        (["google-auth", "google-cloud-core"], ()),
        (["gpu", "cpu"], ()),
    ],
)
def test_names_that_differ_in_words_for_builds_alone(names, groups):
    assert variants(names) == groups


def _wheel(folder: Path, name: str, version: str, files: dict[str, str], requires: str = "") -> None:
    stem = f"{name.replace('-', '_')}-{version}"
    with zipfile.ZipFile(folder / f"{stem}-py3-none-any.whl", "w") as wheel:
        for path, text in files.items():
            wheel.writestr(path, text)
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        wheel.writestr(f"{stem}.dist-info/METADATA", metadata + (f"Requires-Dist: {requires}\n" if requires else ""))
        wheel.writestr(f"{stem}.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{stem}.dist-info/RECORD", "")


@pytest.mark.parametrize(
    ("template_has", "other_path", "requires", "told"),
    [
        ({}, "runtime/__init__.py", "", True),
        ({"runtime-gpu": "1.0"}, "runtime/__init__.py", "", True),
        ({}, "else.py", "", False),
        ({}, "runtime/__init__.py", "runtime==1.0", False),  # made to stand beside each other, as mlflow's two are
    ],
)
def test_shared_files_are_told_with_who_asks(tmp_path, template_has, other_path, requires, told):
    links, empty = tmp_path / "wheels", tmp_path / "index"
    links.mkdir()
    empty.mkdir()
    _wheel(links, "runtime", "1.0", {"runtime/__init__.py": "", "runtime/a.py": ""})
    _wheel(links, "runtime-gpu", "1.0", {other_path: "", "gpu_only.py": ""}, requires)
    _wheel(links, "whisper", "1.0", {"whisper.py": ""}, "runtime")
    pod = Template(
        "pod",
        Interpreter("3.11.9"),
        Platform(),
        {name: Distribution(name, version, SEEN, ()) for name, version in template_has.items()},
        Origin.GIVEN,
        SEEN,
    )
    asked = tuple(Declaration(line, Where("requirements.txt", 1)) for line in ("runtime-gpu", "whisper"))
    options = Options(index_url=str(empty), find_links=(str(links),))
    (result,) = fit_templates(
        Project("/project", "example", (), asked, None),
        (),
        [pod],
        index=Index([str(empty)], cache=tmp_path / "cache", find_links=[str(links)]),
        uv=Uv(tmp_path / "cache"),
        options=options,
    )
    found = [finding for finding in result.plan.findings if finding.check == "files"]
    assert bool(found) is told
    if told:
        assert found[0].message == (
            "runtime and runtime-gpu both bring runtime/__init__.py (1 files in all): what is installed last wins"
        )
        assert found[0].remedy == (
            "keep one of them; runtime is asked for by whisper, runtime-gpu is asked for by the project"
        )
    assert result.plan.feasible
