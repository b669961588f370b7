"""What is planned over the real index for templates of a certain time, and that `podfit why` tells why."""

from __future__ import annotations

import json

import pytest
from packaging.version import Version

from podfit.cli.main import run
from podfit.readers.template import read_template


def _why(capsys, tmp_path, package, requirement, template, *words):
    (tmp_path / "requirements.txt").write_text(f"{requirement}\n")
    code = run(["why", package, str(tmp_path), "-t", template, "--local", "none", "--format", "json", *words])
    said = capsys.readouterr()
    assert code == 0, said.err
    (told,) = json.loads(said.out)["stories"]
    return told


@pytest.fixture(scope="module")
def freeze(tmp_path_factory):
    """A pip freeze with torch 2.8.0+cu128: a list of early 2025, the releases in place of its nightly builds."""
    pod = read_template("runpod-pytorch-2.8")
    versions = {name: each.version for name, each in pod.distributions.items() if each.version}
    versions |= {"torch": "2.8.0+cu128", "torchvision": "0.23.0+cu128", "torchaudio": "2.8.0+cu128"}
    path = tmp_path_factory.mktemp("pod") / "freeze.txt"
    path.write_text("".join(f"{name}=={version}\n" for name, version in versions.items()))
    return str(path)


@pytest.mark.slow
@pytest.mark.network
def test_vllm_over_torch_2_8_is_the_release_made_for_it(capsys, tmp_path, freeze):
    words = ("--python", "3.11.11", "--glibc", "2.35")
    told = _why(capsys, tmp_path, "vllm", "vllm", freeze, *words)
    assert Version(told["planned"]).release[:2] == (0, 11)
    (refused,) = [each for each in told["refused"] if each["versions"].startswith("newer than")]
    assert "requires torch==" in refused["reason"]
    assert "the template has 2.8.0+cu128" in refused["reason"]
    assert told["otherwise"].startswith("without changes to the template it would be 0.2.")
    told = _why(capsys, tmp_path, "filelock", "vllm", freeze, *words)
    assert told["action"] == "change"
    assert any(each["who"].startswith("vllm 0.11") for each in told["asked_by"])


@pytest.mark.network
def test_transformers_over_torch_2_4_is_one_that_accepts_it(capsys, tmp_path):
    told = _why(capsys, tmp_path, "transformers", "transformers", "runpod-pytorch-2.4")
    assert Version("4.44") < Version(told["planned"]) < Version("4.50")
    assert told["uploaded"][:4] in ("2024", "2025")
    (refused,) = [each for each in told["refused"] if each["evidence"]["kind"] == "assumed"]
    assert "half a year after torch 2.4." in refused["reason"]


def test_a_package_that_no_plan_knows_is_one_sentence(capsys, tmp_path):
    (tmp_path / "requirements.txt").write_text("torch\n")
    assert run(["why", "torhc", str(tmp_path), "-t", "runpod-pytorch-2.4", "--local", "none", "--offline"]) == 2
    said = capsys.readouterr().err
    assert "neither the project, what it needs, the local environment nor a template has 'torhc'" in said
    assert "did you mean torch" in said
