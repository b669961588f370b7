"""The catalogue: what its manifests say is whole, agrees with its sources, and tells where it comes from."""

from __future__ import annotations

import re
import sys
import zlib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from packaging.version import Version

from podfit.audit.consistency import final_environment, walk
from podfit.catalogue import store
from podfit.catalogue.held import HeldRule, held_rule, held_rules, is_held
from podfit.catalogue.store import (
    forget,
    leading_names,
    load_manifest,
    template_aliases,
    template_names,
    template_summaries,
)
from podfit.catalogue.summary import summary_of_template
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


@cache
def loaded(name: str) -> Template:
    """A template, read once for all tests."""
    return read_template(name)


@pytest.fixture(params=NAMES)
def template(request: pytest.FixtureRequest) -> Template:
    return loaded(request.param)


def versions_of(name: str) -> dict[str, str]:
    return {each: found.version for each, found in loaded(name).distributions.items()}


def test_the_templates_that_people_ask_for_are_there() -> None:
    shipped = {path.stem for path in SOURCES.glob("*.toml") if "title" in source_of(path.stem)}
    assert set(NAMES) == {name for name in shipped if source_of(name).get("shipped", True)}
    assert len(NAMES) >= 40
    families = {each.family for each in template_summaries()}
    assert families >= {"runpod", "colab", "kaggle", "aws-dlc", "sagemaker", "odh", "pangeo", "modal", "ngc", "pytorch"}
    assert {template_aliases()[family] for family in families} == set(leading_names())


# What the catalogue said of these before, and what people saw on the very images.
@pytest.mark.parametrize(
    ("alias", "python", "torch", "captured"),
    [
        ("runpod-2.1", "3.10.12", "2.1.0+cu118", "2023-11-07"),
        ("runpod-2.2", "3.10.12", "2.2.0", "2024-02-05"),
        ("runpod-2.4", "3.11.10", "2.4.1+cu124", "2024-09-24"),
        ("runpod-2.8", "3.11.11", "2.8.0.dev20250319+cu128", "2025-03-20"),
        ("runpod-pytorch-current", "3.12.3", "2.9.1+cu128", "2026-06-19"),
        ("colab", "3.13.15", "2.11.0+cu128", "2026-08-19"),
        ("kaggle", "3.12.12", "2.8.0+cu126", "2025-12-17"),
    ],
)
def test_what_was_wrong_is_right(alias: str, python: str, torch: str, captured: str) -> None:
    template = read_template(alias)
    assert template.interpreter.version == python
    assert template.distributions["torch"].version == torch
    assert template.captured == captured


def test_runpod_2_1_has_the_versions_of_its_day() -> None:
    """Until then: resolved as of 2023-10-25."""
    versions = versions_of("runpod-pytorch-2.1")
    assert versions.items() >= {"jupyterlab": "4.0.8", "ipython": "8.17.2", "pip": "23.3.1", "wheel": "0.41.3"}.items()
    assert versions["python-apt"] == "2.4.0+ubuntu2"


def test_runpod_2_2_has_pypi_s_torch_and_what_it_needs() -> None:
    """Its bake file names no index. Until then: 2.2.0+cu121 and PyTorch's old copies."""
    versions = versions_of("runpod-pytorch-2.2")
    assert (
        versions.items()
        >= {"typing-extensions": "4.9.0", "numpy": "1.26.4", "nvidia-nvjitlink-cu12": "12.3.101"}.items()
    )
    assert "install" not in versions


def test_runpod_2_4_was_pushed_again_and_says_so() -> None:
    template = read_template("runpod-pytorch-2.4")
    assert template.pushed == ("2024-08-19", "2024-09-24")
    assert template.image.endswith("@sha256:61a4aafb0094cd773f11eefa378929d5a687bd775febeb78eac62fc824141fb5")
    (said,) = [note for note in template.notes if "pushed more than once" in note]
    assert "2024-08-19, 2024-09-24" in said
    versions = versions_of("runpod-pytorch-2.4")
    assert versions.items() >= {"torchvision": "0.19.1+cu124", "setuptools": "75.1.0", "platformdirs": "4.3.6"}.items()


def test_runpod_2_8_is_a_nightly_that_should_be_probed() -> None:
    template = read_template("runpod-pytorch-2.8")
    assert any("probe it" in note for note in template.notes)
    assert template.distributions["torch"].requires_dist is None, "nobody can have a nightly's metadata any more"
    assert versions_of("runpod-pytorch-2.8")["notebook"] == "7.3.3"


def test_runpod_1_0_7_has_jupyter_before_torch() -> None:
    """So typing-extensions and jinja2 are Jupyter's, not PyTorch's copies."""
    versions = versions_of("runpod-pytorch-1.0.7")
    assert versions.items() >= {"jupyterlab": "4.5.7", "notebook": "7.5.6", "ipywidgets": "8.1.8"}.items()
    assert "torchvision" not in versions, "its bake file names none beside torch 2.9.1"
    assert read_template("runpod-1.0.7").environment["PIP_BREAK_SYSTEM_PACKAGES"] == "1"


def test_kaggle_has_what_its_dockerfile_forces() -> None:
    versions = versions_of("kaggle")
    forced = {"protobuf": "5.29.5", "numpy": "2.0.2", "pandas": "2.2.2", "huggingface-hub": "0.36.0"}
    assert versions.items() >= forced.items()
    assert Version(versions["scipy"]) <= Version("1.15.3")


def test_a_manifest_is_whole(template: Template) -> None:
    versions = {name: each.version for name, each in template.distributions.items()}
    assert all(name == canonical(name) for name in versions)
    unreadable = [name for name, version in versions.items() if version and not Version(version)]
    assert not unreadable
    assert Version(template.interpreter.version).release[:2] >= (3, 10)
    assert template.platform.glibc
    assert template.title
    assert template.image
    assert template.family
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", template.captured)
    unknown = [name for name, each in template.distributions.items() if each.version and each.requires_dist is None]
    assert len(unknown) <= max(4, len(versions) // 10), unknown


def test_torch_s_cuda_is_that_of_its_local_version(template: Template) -> None:
    torch = template.distributions.get("torch")
    found = CUDA.search(torch.version) if torch else None
    if found:
        assert template.facts.torch is not None
        assert str(template.facts.torch.cuda) == f"{found[1]}.{found[2]}"


def test_its_torch_is_consistent(template: Template) -> None:
    """Whatever the vendor's list breaks elsewhere, torch and its companions have what they ask for.

    A vendor who builds them himself ties them in his own way, and did not publish how.
    """
    if source_of(template.name).get("rebuilt"):
        pytest.skip("its torch is the vendor's own build")
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


@pytest.mark.parametrize("name", [name for name in NAMES if "freeze" in source_of(name)])
def test_a_published_list_is_in_the_manifest_line_by_line(name: str) -> None:
    """All of it: Colab's own lists agree in every line."""
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
        for step in source_of(name).get("steps", ())[:-1]:
            for line in step.get("install", ()):
                there, _, version = line.partition("==")
                if step.get("index") and version:
                    assert Version(versions_of(name)[canonical(there)]).public == version.partition("+")[0], line


def test_kaggle_keeps_the_family_of_its_base_and_has_what_its_requirements_name() -> None:
    source = source_of("kaggle-gpu-2025.12")
    base = dict(
        line.split("==")
        for line in (SOURCES / source_of(source["base"])["freeze"]).read_text(encoding="utf-8").splitlines()
        if "==" in line
    )
    built = read_template("kaggle-gpu").distributions
    first, second = source["steps"][:2]
    kept = [name for name in base if re.search(first["keep"], name)]
    assert "torch" in kept
    renewed = {"torchtune"}  # reinstalled at the end
    assert all(built[canonical(name)].version == base[name] for name in kept if name not in renewed)
    for line in first["install"]:
        assert canonical(re.split(r"[\[=<>]", line)[0]) in built, line
    assert not set(second["uninstall"]) & built.keys()


@pytest.mark.parametrize(
    ("name", "share"), [("runpod-pytorch-2.1", 0.98), ("runpod-pytorch-2.4", 0.98), ("runpod-1.0.2", 0.98)]
)
def test_a_reconstruction_agrees_with_what_people_saw_on_the_image(name: str, share: float) -> None:
    template = read_template(name)
    (agreement,) = template.agreement
    assert agreement.agree >= share * agreement.of
    assert agreement.evidence.kind is EvidenceKind.MEASURED
    lines = (SOURCES / "seen" / f"{template.name}.txt").read_text(encoding="utf-8").splitlines()
    seen = [line.split("==") for line in lines if "==" in line and not line.startswith("#")]
    there = {each: found.version for each, found in template.distributions.items()}
    assert agreement.of == len(seen)
    assert agreement.agree == sum(there.get(canonical(each)) == version for each, version in seen)


def test_summaries_say_what_the_manifests_say() -> None:
    for summary in template_summaries():
        template = read_template(summary.name)
        assert summary == summary_of_template(template)


def test_a_listing_opens_no_manifest(monkeypatch: pytest.MonkeyPatch) -> None:
    forget()
    monkeypatch.setattr("podfit.catalogue.store._read", pytest.fail)
    try:
        assert [each.name for each in template_summaries()] == list(template_names())
    finally:
        forget()


def test_the_catalogue_is_small() -> None:
    folder = Path(store.__file__).parent
    sizes = {path.name: path.stat().st_size for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc"}
    packed = sum(len(zlib.compress(path.read_bytes())) for path in folder.rglob("*.json"))
    assert packed + sizes["metadata.bin"] + sizes["torch_symbols.bin"] < 2_500_000


def test_an_alias_is_the_template_that_it_stands_for() -> None:
    for alias, name in template_aliases().items():
        assert alias not in template_names()
        assert load_manifest(alias)["name"] == name == read_template(alias).name


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


def test_jax_stays_with_its_builds() -> None:
    assert is_held("jax") and is_held("jaxlib") and is_held("jax-cuda12-plugin")


@pytest.mark.parametrize("name", ["tensorflow-datasets", "tensorflow-probability", "jaxtyping", "cupy-xarray"])
def test_neighbours_of_a_family_may_change(name: str) -> None:
    assert not is_held(name)


def test_a_list_that_lacks_what_is_there_says_so_to_programs() -> None:
    lacking = {name for name in NAMES if loaded(name).incomplete}
    assert lacking == {"ngc-pytorch-25.01", "ngc-pytorch-25.03", "ngc-pytorch-25.12", "runpod-pytorch-2.8"}
    assert lacking == {each.name for each in template_summaries() if each.incomplete}


def test_what_a_list_says_of_cuda_is_where_it_says_it_has_it_from(template: Template) -> None:
    """An image's tag and PyTorch's release notes are the source where nothing else is, and there is a tag then."""
    torch, cuda = template.facts.torch, template.facts.cuda
    for fact in (torch.cuda if torch else None, cuda.toolkit if cuda else None):
        if fact is not None and "the image's tag" in fact.evidence.source:
            assert ":" in template.image.rpartition("/")[2]


def test_condas_torch_is_not_said_to_be_built_for_the_cuda_of_its_environment() -> None:
    for name in ("pangeo-pytorch-notebook-2024.05.21", "sagemaker-distribution-gpu-1.13.1"):
        template = loaded(name)
        assert template.facts.torch is None or template.facts.torch.cuda is None
        assert template.cuda is not None
        assert any("torch was built with CUDA" in note for note in template.notes)
