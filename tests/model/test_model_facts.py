"""Facts of a template: typed, each with its evidence, and nothing of a manifest is lost."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podfit.catalogue.store import load_manifest, template_names
from podfit.model import Distribution, Evidence, EvidenceKind, Fact, InputError, Template
from podfit.model.cuda import torch_cuda
from podfit.model.manifest import manifest_from_template, template_from_manifest

READ = Evidence(EvidenceKind.MEASURED, "podfit probe", "/usr/bin/python3")


def manifest(**more: Any) -> dict[str, Any]:
    return {
        "schema": "podfit.template/1",
        "name": "pod",
        "evidence": {"kind": "measured", "source": "podfit probe", "detail": "/usr/bin/python3"},
        "interpreter": {"version": "3.11.9"},
        "platform": {"machine": "x86_64", "glibc": "2.35"},
        "distributions": [],
        **more,
    }


def read(**more: Any) -> Template:
    return template_from_manifest(manifest(**more), where="pod.json")


def listed(*lines: str, **more: Any) -> Template:
    """A template of `name==version`, or `name==version: Requires-Dist; Requires-Dist`."""
    entries: list[dict[str, Any]] = []
    for line in lines:
        head, colon, requires = line.partition(": ")
        name, _, version = head.partition("==")
        entries.append({"name": name, "version": version, "requires_dist": requires.split(" & ") if colon else None})
    return read(distributions=entries, **more)


PROBED = {
    "system": {
        "os": "ubuntu 22.04",
        "os_evidence": {"kind": "metadata", "source": "/etc/os-release"},
        "libraries": ["libGL.so.1", "libc.so.6"],
        "packages": {"libgl1": "1.4.0-1"},
        "installs": ["git"],
        "new": 1,
    },
    "pip_config": {"global.no-cache-dir": "true"},
    "cuda": {
        "toolkit": "12.4.1",
        "toolkit_evidence": {"kind": "metadata", "source": "/usr/local/cuda/version.json"},
        "cudnn": "9.1.0.70",
        "cudnn_evidence": {"kind": "metadata", "source": "nvidia-cudnn-cu12 9.1.0.70", "detail": "/lib/libcudnn.so.9"},
        "libraries": {"/lib/libcudnn.so.9": "9.1.0.70"},
    },
    "torch": {
        "version": "2.4.0+cu124",
        "version_evidence": {"kind": "metadata", "source": "torch/version.py"},
        "cuda": "12.4",
        "hip": None,
        "arch_list": ["sm_80", "sm_90"],
        "arch_list_evidence": {"kind": "binary", "source": "libtorch.so"},
        "cxx11_abi": False,
        "numpy_abi": 2,
    },
    "gpus": [{"name": "NVIDIA H100", "compute_capability": "9.0", "memory_bytes": 85_000_000_000}],
    "driver": {
        "version": "550.54.15",
        "cuda": "12.4",
        "cuda_evidence": {"kind": "measured", "source": "cuDriverGetVersion of libcuda.so.1"},
    },
    "disks": [
        {
            "mount": "/",
            "filesystem": "overlay",
            "total_bytes": 10,
            "free_bytes": 5,
            "persistent": None,
            "reason": "nothing tells",
        }
    ],
    "probe": {"version": "0.1.0", "seconds": 0.4, "warnings": ["a warning"]},
}


def test_every_value_has_its_evidence() -> None:
    facts = read(**PROBED).facts
    assert facts.torch and facts.cuda and facts.gpus and facts.driver and facts.disks and facts.pip_config
    assert facts.torch.arch_list == Fact(("sm_80", "sm_90"), Evidence(EvidenceKind.BINARY, "libtorch.so"))
    assert facts.torch.cuda == Fact("12.4", READ)
    assert facts.torch.hip == Fact("", READ)
    assert facts.torch.cxx11_abi == Fact(False, READ)
    assert facts.cuda.cudnn and facts.cuda.cudnn.evidence.detail == "/lib/libcudnn.so.9"
    assert facts.gpus[0].compute_capability == Fact("9.0", READ)
    assert facts.driver.cuda and facts.driver.cuda.evidence.source.startswith("cuDriverGetVersion")
    assert facts.disks[0].persistent is None
    assert facts.pip_config.evidence == READ
    assert facts.more == {}


def test_what_nobody_looked_at_is_not_what_is_not_there() -> None:
    assert read().facts.gpus is None
    assert read(gpus=[]).facts.gpus == ()
    assert read().facts.torch is None


def test_a_whole_manifest_is_written_as_it_was_read() -> None:
    written = manifest_from_template(read(**PROBED))
    assert {key: written[key] for key in PROBED} == PROBED
    assert template_from_manifest(written, where="again") == read(**PROBED)


def test_keys_that_podfit_does_not_know_survive_at_every_level() -> None:
    unknown = {
        "mig": {"enabled": True},
        "torch": {"version": "2.4.0", "debug": False, "debug_evidence": {"kind": "metadata", "source": "x"}},
        "cuda": {"cufile": "1.9"},
        "gpus": [{"name": "H100", "numa": 1}],
        "driver": {"open": True},
        "disks": [{"mount": "/", "inodes": 7}],
        "probe": {"version": "9", "host": "pod"},
    }
    written = manifest_from_template(read(**unknown))
    for key, value in unknown.items():
        if isinstance(value, dict):
            assert value.items() <= written[key].items(), key
        else:
            assert value[0].items() <= written[key][0].items(), key


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"torch": "2.4.0"}, r"Expected `object`, got `str` - at `\$\.torch`"),
        ({"torch": {"arch_list": "sm_90"}}, r"\$\.torch\.arch_list"),
        ({"torch": {"cuda": 12.4}}, r"\$\.torch\.cuda"),
        ({"gpus": {"name": "H100"}}, r"\$\.gpus"),
        ({"gpus": [{"memory_bytes": "much"}]}, r"\$\.gpus\.memory_bytes"),
        ({"driver": {"cuda": "12.4", "cuda_evidence": {"kind": "hearsay", "source": "x"}}}, r"cuda_evidence"),
        ({"disks": [{"mount": 1}]}, "mount"),
        ({"disks": [{"filesystem": "overlay"}]}, "mount"),
        ({"pip_config": {"a": 1}}, r"\$\.pip_config"),
        ({"probe": []}, r"\$\.probe"),
    ],
)
def test_a_fact_of_another_type_is_named(more: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        read(**more)


def test_the_older_shape_of_evidence_is_still_read() -> None:
    """Older catalogues wrote `kind: source` where probes wrote an object: both are the same fact."""
    old = read(torch={"cuda": "12.4", "cuda_evidence": "published: PyTorch's release notes"})
    new = read(torch={"cuda": "12.4", "cuda_evidence": {"kind": "published", "source": "PyTorch's release notes"}})
    assert old == new
    assert old.facts.torch
    assert old.facts.torch.cuda == Fact("12.4", Evidence(EvidenceKind.PUBLISHED, "PyTorch's release notes"))
    plain = read(torch={"cuda": "12.4", "cuda_evidence": "somebody said so"}).facts.torch
    assert plain and plain.cuda and plain.cuda.evidence == Evidence(EvidenceKind.MEASURED, "somebody said so")


def without_empty(data: Any) -> Any:
    """Return a manifest without the lists that say nothing: the catalogue's files leave them out."""
    entries = [{key: value for key, value in each.items() if value != []} for each in data["distributions"]]
    asked = [each.get("requires_dist", []) for each in data["distributions"]]
    return {**data, "distributions": entries, "asked": asked}


@pytest.mark.parametrize("name", template_names())
def test_every_manifest_of_the_catalogue_is_written_as_it_was_read(name: str) -> None:
    data = load_manifest(name)
    template = template_from_manifest(data, where=name)
    written = json.loads(json.dumps(manifest_from_template(template)))
    assert template_from_manifest(written, where=name) == template
    assert without_empty(written) == without_empty(json.loads(json.dumps(data)))
    assert template.facts.more == {}
    for group in (template.facts.torch, template.facts.cuda):
        assert group is None or group.more == {}


def test_manifests_of_the_catalogue_have_evidence_in_one_shape() -> None:
    for name in template_names():
        for group in ("torch", "cuda", "driver"):
            for key, value in (load_manifest(name).get(group) or {}).items():
                assert not key.endswith("_evidence") or set(value) <= {"kind", "source", "detail"}, (name, key)


WORDS = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=8)
EVIDENCE = st.builds(lambda kind, source: {"kind": kind.value, "source": source}, st.sampled_from(EvidenceKind), WORDS)


def group(values: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with some of the values, some evidence beside them, and keys that nobody knows."""
    beside = {f"{key}_evidence": EVIDENCE for key in values}
    return st.builds(
        lambda some, proof, more: {
            **some,
            **{key: value for key, value in proof.items() if key.removesuffix("_evidence") in some},
            **{f"x-{key}": value for key, value in more.items()},
        },
        st.fixed_dictionaries({}, optional=values),
        st.fixed_dictionaries({}, optional=beside),
        st.dictionaries(WORDS, WORDS, max_size=2),
    )


TORCH: dict[str, st.SearchStrategy[Any]] = {
    "version": WORDS,
    "cuda": st.none() | WORDS,
    "cxx11_abi": st.booleans(),
    "numpy_abi": st.integers(1, 2),
    "arch_list": st.lists(WORDS, max_size=3),
}
GPU = {"name": WORDS, "compute_capability": WORDS, "memory_bytes": st.integers(0, 2**40)}
FACTS: dict[str, st.SearchStrategy[Any]] = {
    "torch": group(TORCH),
    "cuda": group({"toolkit": WORDS, "cudnn": WORDS, "libraries": st.dictionaries(WORDS, WORDS, max_size=2)}),
    "gpus": st.lists(group(GPU), max_size=2),
    "driver": group({"version": WORDS, "cuda": WORDS}),
    "pip_config": st.dictionaries(WORDS, WORDS, max_size=2),
    "further": st.lists(WORDS),
}


@given(st.fixed_dictionaries({}, optional=FACTS))
def test_reading_and_writing_facts_loses_nothing(facts: dict[str, Any]) -> None:
    template = read(**facts)
    written = manifest_from_template(template)
    assert template_from_manifest(written, where="pod.json") == template
    assert {key: written[key] for key in facts} == facts


# --- the one place that decides on CUDA

RUNTIME = "nvidia-cuda-runtime 13.0.48"


@pytest.mark.parametrize(
    ("template", "version", "source"),
    [
        (read(torch={"cuda": "12.6"}, cuda={"toolkit": "12.1"}), "12.6", "podfit probe"),
        (listed("torch==2.4.0+cu124", cuda={"toolkit": "12.1"}), "12.4", "torch 2.4.0+cu124"),
        (listed("torch==1.7.1+cu92"), "9.2", "torch 1.7.1+cu92"),
        (listed("torch==2.1.0+pt.cu121"), "12.1", "torch 2.1.0+pt.cu121"),
        (listed("torch==2.5.1", "nvidia-cuda-runtime-cu12==12.4.127"), "12.4", "nvidia-cuda-runtime-cu12 12.4.127"),
        (
            listed(
                "torch==2.5.1: nvidia-cuda-runtime-cu12==12.4.127; platform_system == 'Linux'",
                "nvidia-cuda-runtime-cu12==12.6.77",
            ),
            "12.4",
            "torch 2.5.1 METADATA",
        ),
        (
            listed("torch==2.15.0: cuda-toolkit[cudart]==13.2.2; platform_system == 'Linux'"),
            "13.2",
            "torch 2.15.0 METADATA",
        ),
        (
            listed("torch==2.9.0: nvidia-cuda-runtime>=13", "nvidia-cuda-runtime==13.0.48"),
            "13.0",
            "nvidia-cuda-runtime 13.0.48",
        ),
        (listed("jaxlib==0.5.0", "nvidia-cuda-runtime-cu12==12.8.90"), "12.8", "nvidia-cuda-runtime-cu12 12.8.90"),
        (listed("torch==2.6.0a0+ecf3bae40a.nv25.1: sympy", cuda={"toolkit": "12.8.1"}), "12.8", "podfit probe"),
        (listed("torch==2.6.0+cpu", cuda={"cudart": "12.8.90"}), "12.8", "podfit probe"),
        (read(environment={"CUDA_VERSION": "12.4.1"}), "12.4", "podfit probe"),
    ],
)
def test_cuda_comes_from_the_best_source(template: Template, version: str, source: str) -> None:
    found = template.cuda
    assert found is not None
    assert (found.value, found.evidence.source) == (version, source)


def test_unknown_cuda_is_no_guess() -> None:
    assert read().cuda is None
    assert listed("torch==2.6.0a0+ecf3bae40a.nv25.1: sympy").cuda is None
    assert listed("numpy==2.0").cuda is None
    # torch's metadata names no CUDA: what another distribution brought says nothing about torch.
    mixed = listed("torch==2.5.1: sympy", "nvidia-cuda-runtime-cu12==12.4.127")
    assert torch_cuda(mixed) is None
    assert str(mixed.cuda) == "12.4"
    # A marker that does not hold asks for nothing.
    other = listed("torch==2.5.1: nvidia-cuda-runtime-cu12==12.4.127; platform_machine == 'riscv'")
    assert torch_cuda(other) is None


@pytest.mark.parametrize("version", ["2.6.0+cpu", "2.6.0+rocm6.2.4", "2.6.0+xpu"])
def test_a_build_without_cuda_is_known_to_be_one(version: str) -> None:
    found = torch_cuda(listed(f"torch=={version}"))
    assert found is not None
    assert found.value == ""
    assert listed(f"torch=={version}").cuda is None
    assert str(torch_cuda(read(torch={"cuda": None}))) == ""


def test_cuda_s_evidence_keeps_the_whole_version() -> None:
    found = read(cuda={"toolkit": "12.4.1"}, environment={}).cuda
    assert found == Fact("12.4", READ)
    found = read(cuda={"toolkit": "12.4.1", "toolkit_evidence": {"kind": "metadata", "source": "version.json"}}).cuda
    assert found == Fact("12.4", Evidence(EvidenceKind.METADATA, "version.json", "12.4.1"))


def test_distributions_and_manifests_are_apart(tmp_path: Path) -> None:
    """A template whose torch has no `+cuNNN` has a CUDA on disk, too: read from the file as `--template` does."""
    from podfit.readers.template import read_template

    versions = {"torch": "2.5.1", "nvidia-cuda-runtime-cu12": "12.4.127"}
    entries = [{"name": name, "version": version} for name, version in versions.items()]
    path = tmp_path / "pod.json"
    path.write_text(json.dumps(manifest(distributions=entries)))
    template = read_template(str(path))
    assert template.distributions["torch"] == Distribution("torch", "2.5.1", READ)
    assert str(template.cuda) == "12.4"
