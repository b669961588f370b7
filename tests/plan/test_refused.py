"""What is said of needs that cannot be had: short, who asks, what holds, what would fit, what to do."""

from dataclasses import replace

import pytest

from podfit.catalogue.store import well_known_first
from podfit.model import (
    Bound,
    Distribution,
    Evidence,
    EvidenceKind,
    Interpreter,
    Need,
    Origin,
    Overlay,
    Platform,
    RefusedNeed,
    Template,
    Verdict,
)
from podfit.plan.refused import bare, given_way, refusal, same_module

SEEN = Evidence(EvidenceKind.METADATA, "requirements.txt:3")
POD = Template(
    "runpod-pytorch-2.4",
    Interpreter("3.11.10"),
    Platform(),
    {name: Distribution(name, version, SEEN, ()) for name, version in (("torch", "2.4.1+cu124"), ("numpy", "1.26.3"))},
    Origin.GIVEN,
    SEEN,
)


BOUND = Bound("pandas", "it was compiled for NumPy 1", SEEN, "!=1.5.3")


def said(name, specifier, message, **more):
    """Return the sentence about one refused need."""
    asked = Need(name, (SEEN,), specifier)
    ruled = more.pop("ruled", "")
    return refusal(RefusedNeed(name, message, **more), asked, POD, {"torch"}, well_known_first, ruled)


def test_a_torch_that_no_release_of_the_template_has_names_templates_that_have_it():
    text = said("torch", ">=2.8", "the project needs torch>=2.8; the template's 2.4.1+cu124 is never changed.")
    assert "of the catalogue have torch>=2.8: take one (-t runpod-" in text
    assert "widen" not in text
    none = said("torch", ">=99", "the project needs torch>=99; the template's 2.4.1+cu124 is never changed.")
    assert none.endswith("No template of the catalogue has torch>=99: take one that you have, or widen the range.")


PROOF = (
    "because scipy==1.5.2 has no usable wheels and you require scipy==1.5.2, we can conclude that your requirements "
    "are unsatisfiable."
)


@pytest.mark.parametrize(
    ("name", "specifier", "message", "more", "text"),
    [
        (
            "scipy",
            "==1.5.2",
            f"the project needs scipy==1.5.2 (requirements.txt:3): {PROOF} No release of scipy==1.5.2 has a wheel for "
            "Python 3.11: 1.9.2 is the nearest that has one.",
            {"near": "1.10.0", "fitting": "1.10.0"},
            "the project needs scipy==1.5.2 (requirements.txt:3): No release of scipy==1.5.2 has a wheel for Python "
            "3.11: 1.9.2 is the nearest that has one. scipy 1.10.0 is the nearest release that fits: ask for that, or "
            "take another template.",
        ),
        (
            "transformers",
            "==4.19.2",
            f"the project needs transformers==4.19.2 (a.txt:1): {PROOF} tokenizers 0.12.1 has no wheel for "
            "Python 3.11, only for others.",
            {},
            "the project needs transformers==4.19.2 (a.txt:1): it needs tokenizers, and tokenizers 0.12.1 has no wheel "
            "for Python 3.11, only for others.",
        ),
        (
            "xformers",
            "==0.0.18",
            "the project needs xformers==0.0.18 (a.txt:1): because xformers==0.0.18 depends on torch==2.0.0 and you "
            "require torch==2.4.1+cu124, we can conclude that your requirements are unsatisfiable.",
            {"fitting": "0.0.28.post1"},
            "the project needs xformers==0.0.18 (a.txt:1): it is made for torch==2.0.0, and the template's torch "
            "2.4.1+cu124 is never changed. Without its own limit xformers 0.0.28.post1 would fit: widen the limit, or "
            "take another template.",
        ),
        (  # a place with a colon of its own
            "xformers",
            "",
            "the project needs xformers (sat 0.4.12: sat/ops.py:1): because xformers==0.0.18 depends on torch==2.0.0 "
            "and you require torch==2.4.1+cu124, we can conclude that your requirements are unsatisfiable.",
            {},
            "the project needs xformers (sat 0.4.12: sat/ops.py:1): it is made for torch==2.0.0, and the template's "
            "torch 2.4.1+cu124 is never changed. Take a template that goes with it (podfit recommend).",
        ),
        (
            "torchvision",
            "",
            "the project needs torchvision (facenet-pytorch 2.2.9: facenet_pytorch/detect_face.py:3): because "
            "torchvision==0.28.0 depends on torch==2.13.0 and you require torch==2.4.1+cu124, we can conclude that "
            "your requirements are unsatisfiable.",
            {},
            "the project needs torchvision (facenet-pytorch 2.2.9: facenet_pytorch/detect_face.py:3): it is made for "
            "torch==2.13.0, and the template's torch 2.4.1+cu124 is never changed. Take a template that goes with it "
            "(podfit recommend).",
        ),
        (
            "xformers",
            "<0.0.23",
            "the project needs xformers<0.0.23 (a.txt:1): because xformers<=0.0.22 depends on torch>=2.0.1,<=2.1.0 and "
            "you require torch==2.4.1+cu124, we can conclude that your requirements are unsatisfiable. xformers 0.0.16 "
            "has no wheel for Python 3.11.",
            {},
            "the project needs xformers<0.0.23 (a.txt:1): it is made for torch>=2.0.1,<=2.1.0, and the template's "
            "torch 2.4.1+cu124 is never changed. Take a template that goes with it (podfit recommend).",
        ),
        (
            "librosa",
            "==0.8.1",
            "the project needs librosa==0.8.1 (a.txt:1): because you require librosa==0.8.1 and librosa>0.8.1, we can "
            "conclude that your requirements are unsatisfiable.",
            {"fitting": "0.11.0", "ruled": "librosa 0.8.1 asks for numpy.complex"},
            "the project needs librosa==0.8.1 (a.txt:1): librosa 0.8.1 asks for numpy.complex. Without its own limit "
            "librosa 0.11.0 would fit: widen the limit, or take another template.",
        ),
        (
            "torch-scatter",
            "==2.1.2+pt21cu118",
            "the project needs torch-scatter==2.1.2+pt21cu118 (a.txt:1): because there is no version of "
            "torch-scatter==2.1.2+pt21cu118 and you require torch-scatter==2.1.2+pt21cu118, we can conclude that your "
            "requirements are unsatisfiable.",
            {},
            "the project needs torch-scatter==2.1.2+pt21cu118 (a.txt:1): there is no release "
            "torch-scatter==2.1.2+pt21cu118. Nothing of it fits runpod-pytorch-2.4: take another template (podfit "
            "recommend).",
        ),
        (
            "lib",
            "==1",
            "the project needs lib==1 (a.txt:1): because lib==1 depends on other>2 and you require other==1, we can "
            "conclude that your requirements are unsatisfiable.",
            {"fitting": "2", "ruled": "lib 0.9 is old"},
            "the project needs lib==1 (a.txt:1): because lib==1 depends on other>2 and you require other==1, we can "
            "conclude that your requirements are unsatisfiable. Without its own limit lib 2 would fit: widen the "
            "limit, or take another template. What rules versions out: lib 0.9 is old.",
        ),
        (
            "protobuf",
            "==3.20.3",
            "the project needs protobuf==3.20.3 (a.txt:1); of the template, onnx 1.20.0 requires protobuf>=4.25.1. "
            f"Because {'a==1 depends on b==2 and ' * 50}you require a, we can conclude that your requirements are "
            "unsatisfiable.",
            {},
            "the project needs protobuf==3.20.3 (a.txt:1); of the template, onnx 1.20.0 requires protobuf>=4.25.1. "
            "Nothing of it fits runpod-pytorch-2.4: take another template (podfit recommend).",
        ),
        (
            "vllm",
            "",
            "the project needs vllm (a.txt:1): because vllm==0.30.0 depends on torch==2.4.1+cu124 and vllm==0.30.0 "
            "depends on numba==0.65.0, we can conclude that your requirements are unsatisfiable.",
            {},
            "the project needs vllm (a.txt:1): because vllm==0.30.0 depends on torch==2.4.1+cu124 and vllm==0.30.0 "
            "depends on numba==0.65.0, we can conclude that your requirements are unsatisfiable. Nothing of it fits "
            "runpod-pytorch-2.4: take another template (podfit recommend).",
        ),
        (
            "procgen",
            ">=0.10",
            f"the project needs procgen>=0.10 (a.txt:1): {PROOF} No release of procgen>=0.10 has a wheel for Python "
            "3.11, and no other has.",
            {},
            "the project needs procgen>=0.10 (a.txt:1): No release of procgen>=0.10 has a wheel for Python 3.11, and "
            "no other has. Nothing of it fits runpod-pytorch-2.4: take another template (podfit recommend).",
        ),
        (
            "torchtext",
            "==0.16.0",
            "the project needs torchtext==0.16.0: none.",
            {"fitting": "0.6.0"},
            "the project needs torchtext==0.16.0: none. Without its own limit only the older torchtext 0.6.0 would "
            "fit: widen the limit, or take another template.",
        ),
    ],
)
def test_a_sentence_says_what_stands_against_it_and_what_would_fit(name, specifier, message, more, text):
    assert said(name, specifier, message, **more) == text


def test_a_build_for_another_cuda_is_told_from_its_name():
    text = refusal(
        RefusedNeed("cuml-cu11", "the project needs cuml-cu11 (a.txt:1): cuda-python was yanked."),
        Need("cuml-cu11", (SEEN,)),
        POD,
        {"torch"},
    )
    assert text == (
        "the project needs cuml-cu11 (a.txt:1): it is for CUDA 11, as its name says, and the template is for 12.4: "
        "ask for cuml-cu12, or take another template."
    )


def test_what_brings_the_same_module_is_named() -> None:
    message = "the project needs faiss-gpu (a.txt:1): because faiss-gpu depends on torch==1 and you require torch==2.4"
    text = said("faiss-gpu", "", message)
    assert text.endswith(
        " is never changed. faiss-cpu and faiss-gpu-cu12 bring the same module: ask for that, or take a "
        "template that goes with it (podfit recommend)."
    )
    none = said("faiss-gpu", "", "the project needs faiss-gpu (a.txt:1): Of it nothing has a wheel for Python 3.11.")
    assert "Nothing of it fits runpod-pytorch-2.4: faiss-cpu and faiss-gpu-cu12 bring the same module: ask" in none
    assert same_module("cupy", POD) == "cupy-cuda12x brings the same module"
    assert same_module("webrtcvad", POD) == "webrtcvad-wheels brings the same module"
    assert same_module("einops", POD) == ""


def test_what_gave_way_is_told_with_what_takes_its_place():
    refused = (
        RefusedNeed("scipy", f"the project needs scipy==1.5.2 (requirements.txt:3): {PROOF}", "1.10.0", "1.10.0", "X"),
        RefusedNeed("ipex", "the project needs ipex (a.py:3): gone", gave_way="a.py:3 imports it in a function"),
    )
    overlay = Overlay({}, (), refused, {"torch": "==1.6.0"}, (), ())
    asked = {"scipy": "==1.5.2", "ipex": "", "torch": "==1.6.0"}
    needs = {name: Need(name, (SEEN,), specifier) for name, specifier in asked.items()}
    torch, scipy, ipex = given_way(overlay, needs, POD, {"torch"})
    assert {each.verdict for each in (torch, scipy, ipex)} == {Verdict.WARNING}
    assert torch.message.startswith("the project pins torch==1.6.0; the template's 2.4.1+cu124 is never changed")
    assert scipy.message.startswith("1.10.0 takes the place of scipy==1.5.2, for X (because scipy==1.5.2 has no usable")
    assert ipex.message == "ipex is left out, for a.py:3 imports it in a function (gone)"
    assert ipex.remedy == "declare it if it is wanted"
    of_a_folder = Evidence(EvidenceKind.METADATA, "serve/requirements.txt:1", "ipex")
    needs["ipex"] = Need("ipex", (of_a_folder,), declared=True)
    assert next(each for each in given_way(overlay, needs, POD, {"torch"}) if each.subject == "ipex").remedy == (
        "plan serve by itself"
    )


@pytest.mark.parametrize(("more", "verdict"), [({}, Verdict.FAILED), ({"aside": "README.md:7"}, Verdict.WARNING)])
def test_what_is_planned_without_an_extra_says_which_and_what_to_do(more, verdict):
    asked = Need("trl", (SEEN,), "==0.18.0", extras=("peft", "vllm"), **more)
    proof = "because trl[vllm]==0.18.0 depends on torch>=2.7.0, we can conclude that nothing fits: unsatisfiable."
    left = RefusedNeed("trl", f"the project needs trl[peft,vllm]==0.18.0 (requirements.txt:3): {proof}")
    overlay = Overlay({}, (), (replace(left, without=("vllm",), fitting="0.18.0"),), {}, (), ())
    (found,) = bare(overlay, {"trl": asked}, POD, {"torch"})
    assert (found.check, found.subject, found.verdict) == ("held", "trl", verdict)
    assert (
        "its extra vllm asks for torch>=2.7.0, and the template's torch 2.4.1+cu124 is never changed" in found.message
    )
    assert found.message.endswith("trl 0.18.0 is planned without its extra vllm")
    assert found.remedy.startswith("ask for trl[peft] where nothing that trl[vllm] brings is used")
    assert not list(given_way(overlay, {"trl": asked}, POD, {"torch"}))
    other = Overlay({}, (), (replace(left, without=("vllm",), fitting="0.19.0"),), {}, (), ())
    assert not list(bare(other, {"trl": asked}, POD, {"torch"}))


def test_what_an_extra_brings_and_something_held_stands_against_is_told():
    proof = (
        "because lib[gpu]<=0.1 has no usable wheels, it follows that lib[gpu]>=0.2 depends on lib>=0.1.19,<=0.1.23."
        " (1) Because lib-plugin[all]==3.1 depends on torch{sys_platform == 'linux'}>=2.7 and torch{sys_platform == "
        "'linux'}==2.4.1, we can conclude that your requirements are unsatisfiable."
    )
    left = RefusedNeed("lib", f"the project needs lib[gpu] (requirements.txt:3): {proof}", "3.1", "", without=("gpu",))
    pod = replace(POD, distributions={**POD.distributions, "lib": Distribution("lib", "3.1", SEEN, ())})
    overlay = Overlay({}, (), (left,), {}, (), ())
    (found,) = bare(overlay, {"lib": Need("lib", (SEEN,), extras=("gpu",))}, pod, {"torch", "lib"})
    told = "its extra gpu brings lib-plugin[all]==3.1, which requires torch>=2.7, and the template's torch 2.4.1+cu124"
    assert f"{told} is never changed" in found.message


def test_what_its_own_versions_alone_stand_against_is_told_by_what_was_learned():
    proof = "because you require pandas==1.5.3 and one of: pandas<1.5.3 pandas>1.5.3 we can conclude that your "
    left = RefusedNeed("pandas", f"the project needs pandas==1.5.3 (requirements.txt:3): {proof}unsatisfiable.")
    text = refusal(left, Need("pandas", (SEEN,), "==1.5.3"), POD, {"torch"})
    assert text == "the project needs pandas==1.5.3 (requirements.txt:3): no release that this admits runs here."
    overlay = Overlay({}, (), (replace(left, gave_way="one.ipynb alone imports it"),), {}, (), ())
    (told,) = given_way(overlay, {"pandas": Need("pandas", (SEEN,), "==1.5.3")}, POD, {"torch"}, [BOUND])
    assert told.message == "pandas==1.5.3 is left out, for one.ipynb alone imports it (it was compiled for NumPy 1)"


def test_what_is_built_from_its_projects_repository_has_its_address():
    text = said(
        "pytorch3d", "==0.7.5", "the project needs pytorch3d==0.7.5 (a.txt:1): there is no release pytorch3d==0.7.5"
    )
    assert text.endswith("ask for pytorch3d @ git+https://github.com/facebookresearch/pytorch3d.git.")
    assert "another template" not in text
