"""The catalogue: what its manifests say is whole, agrees with its sources, and tells where it comes from."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest
from packaging.version import Version

from podfit.audit.consistency import final_environment, walk
from podfit.catalogue.held import HeldRule, held_rule, held_rules, is_held
from podfit.catalogue.store import load_manifest, template_names, template_summaries
from podfit.model import Evidence, EvidenceKind, InputError, Origin, Template, canonical
from podfit.readers.template import read_template

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SOURCES = Path(__file__).resolve().parents[2] / "catalogue_sources"
NAMES = template_names()
CUDA = re.compile(r"\+cu(\d+)(\d)$")


def source_of(name: str) -> dict[str, Any]:
    return tomllib.loads((SOURCES / f"{name}.toml").read_text(encoding="utf-8"))


@pytest.fixture(params=NAMES)
def template(request: pytest.FixtureRequest) -> Template:
    return read_template(request.param)


def test_the_templates_that_people_ask_for_are_there() -> None:
    runpod = {f"runpod-pytorch-{which}" for which in ("2.1", "2.2", "2.4", "2.8", "current")}
    assert runpod | {"colab-gpu", "kaggle-gpu"} <= set(NAMES)
    assert set(NAMES) == {path.stem for path in SOURCES.glob("*.toml") if "title" in source_of(path.stem)}


def test_a_manifest_is_whole(template: Template) -> None:
    versions = {name: each.version for name, each in template.distributions.items()}
    assert all(name == canonical(name) for name in versions)
    unreadable = [name for name, version in versions.items() if version and not Version(version)]
    assert not unreadable
    assert [name for name, version in versions.items() if not version] in ([], ["jupyter-kernel-gateway"])
    assert {"torch", "numpy", "pip"} <= versions.keys()
    assert Version(template.interpreter.version).release[:2] >= (3, 10)
    assert template.platform.glibc
    assert template.title
    assert template.image
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", template.captured)


def test_torch_s_cuda_is_that_of_its_local_version(template: Template) -> None:
    found = CUDA.search(template.distributions["torch"].version)
    assert found
    assert template.facts.torch is not None
    assert str(template.facts.torch.cuda) == f"{found[1]}.{found[2]}"


def test_its_torch_is_consistent(template: Template) -> None:
    """Whatever the vendor's list breaks elsewhere, torch and its companions have what they ask for."""
    broken = {violation.name for violation in walk(final_environment(template, {}), template).violations}
    assert not broken & {"torch", "torchvision", "torchaudio", "triton", "numpy"}


def test_it_says_where_it_comes_from(template: Template) -> None:
    assert template.origin in (Origin.PUBLISHED, Origin.RECONSTRUCTED)
    assert template.evidence.source
    if template.origin is Origin.RECONSTRUCTED:
        assert template.evidence.kind is EvidenceKind.ASSUMED
        assert template.notes[0].startswith("Reconstructed from ")
        assert "not probed" in template.notes[0]
        assert any(each.evidence.kind is not EvidenceKind.MEASURED for each in template.distributions.values())
    else:
        assert template.evidence.kind is EvidenceKind.PUBLISHED
        assert template.notes


@pytest.mark.parametrize("name", [name for name in NAMES if "freeze" in source_of(name)])
def test_a_published_list_is_in_the_manifest_line_by_line(name: str) -> None:
    lines = (SOURCES / source_of(name)["freeze"]).read_text(encoding="utf-8").splitlines()
    distributions = read_template(name).distributions
    assert len(lines) == len(distributions)
    for line in lines:
        there, _, version = line.partition("==")
        if version:
            assert distributions[canonical(there)].version == version
        else:
            there, _, url = line.partition(" @ ")
            assert distributions[canonical(there)].direct_url == url.partition("#")[0]


def test_what_a_dockerfile_pins_is_in_the_manifest() -> None:
    for name in NAMES:
        source = source_of(name)
        distributions = load_manifest(name)["distributions"]
        versions = {entry["name"]: entry["version"] for entry in distributions}
        for distribution, version in {**source.get("pins", {}), **source.get("mirrored", {})}.items():
            assert Version(versions[canonical(distribution)]) == Version(version), (name, distribution)


def test_kaggle_keeps_the_family_of_its_base_and_has_what_its_requirements_name() -> None:
    source = source_of("kaggle-gpu")
    base, built = read_template(source["base"]).distributions, read_template("kaggle-gpu").distributions
    kept = [name for name in base if re.search(source["steps"]["keep"], name)]
    assert "torch" in kept
    assert all(built[name].version == base[name].version for name in kept)
    for line in source["steps"]["install"]:
        assert canonical(re.split(r"[\[=<>]", line)[0]) in built, line
    assert not set(source["steps"]["uninstall"]) & built.keys()


def test_summaries_say_what_the_manifests_say() -> None:
    for summary in template_summaries():
        template = read_template(summary.name)
        assert summary.distributions == len(template.distributions)
        assert summary.torch == template.distributions["torch"].version
        assert template.facts.torch is not None
        assert summary.cuda == str(template.facts.torch.cuda)
        assert (summary.origin, summary.captured) == (template.origin.value, template.captured)


def test_an_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(InputError, match=r"no template 'colab_gpu'.*colab-gpu"):
        load_manifest("colab_gpu")
    with pytest.raises(InputError, match="`podfit templates` lists them"):
        load_manifest("qqqq")


@pytest.mark.parametrize(
    "name",
    ["torch", "torchvision", "torchaudio", "triton", "nvidia-cublas-cu12", "cuda-bindings", "flash-attn", "torchcodec"],
)
def test_what_is_held(name: str) -> None:
    rule = held_rule(name)
    assert rule is not None
    assert rule.reason
    assert rule.evidence.source


@pytest.mark.parametrize(
    "name", ["numpy", "torchmetrics", "pytorch-lightning", "tritonclient", "torch-geometric", "nvidia-ml-py"]
)
def test_what_is_not_held(name: str) -> None:
    assert not is_held(name)


def test_no_two_rules_hold_the_same() -> None:
    patterns = [pattern for rule in held_rules() for pattern in rule.patterns]
    names = {pattern.removesuffix("*") for pattern in patterns}
    for name in names:
        bounds = sorted((r.since, r.until) for r in held_rules() if r.matches(name))
        later = [since for since, _ in bounds[1:]]
        assert [until for _, until in bounds[:-1]] == later, name  # one rule ends where the next begins


@pytest.mark.parametrize("cuda", ["12", "13", "14"])
@pytest.mark.parametrize("name", ["jax-cuda{}-plugin", "jax-cuda{}-pjrt", "cupy-cuda{}x"])
def test_builds_for_every_cuda_are_held_alike(name: str, cuda: str) -> None:
    assert held_rule(name.format(cuda)) is held_rule(name.format("12"))
    assert is_held(name.format(cuda), "0.9.2")


@pytest.mark.parametrize(
    ("name", "last", "first"), [("torchaudio", "2.10.0", "2.11.0"), ("torchvision", "0.29.0", "0.29.1")]
)
def test_its_companions_are_tied_to_torch_at_first_and_to_cuda_from_some_release_on(
    name: str, last: str, first: str
) -> None:
    """Measured on PyPI's wheels: see the rules' evidence."""
    before, after = held_rule(name, f"{last}+cu128"), held_rule(name, f"{first}+cu128")
    assert before and after
    assert "one version of torch" in before.reason
    assert before.evidence.source == f"{name} {last} METADATA"
    assert first in before.evidence.detail
    assert "no longer tied to torch's version" in after.reason
    assert "libcudart" in after.evidence.detail
    assert held_rule(name, f"{first}.dev20260101") is before
    assert held_rule(name) is before


def test_a_rule_counts_for_the_versions_that_it_is_true_of() -> None:
    assert is_held("tensorflow-gpu", "2.11.0")
    assert not is_held("tensorflow-gpu", "2.12.0")
    assert is_held("tensorflow-gpu", "not a version")
    rule = HeldRule(("x",), "", Evidence(EvidenceKind.ASSUMED, "test"), since="1.9", until="1.10")
    held = [
        version
        for version in ("1.8", "1.9", "1.9.5+cu1", "1.10rc1", "1.10", "1.10.1", "")
        if rule.matches("x", version)
    ]
    assert held == ["1.9", "1.9.5+cu1", "1.10rc1", ""]


@pytest.mark.parametrize("name", ["tensorflow-datasets", "tensorflow-probability", "jax", "cupy-xarray"])
def test_neighbours_of_a_family_may_change(name: str) -> None:
    assert not is_held(name)
