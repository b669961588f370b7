"""Which exact pins give way with what the template holds, and which stay a conflict."""

from dataclasses import replace

import pytest
from solve_support import need, only, registry, template

from podfit.model import Evidence, EvidenceKind, RefusedNeed
from podfit.solve import Uv, solve_overlay
from podfit.solve.addresses import of_another_machine
from podfit.solve.other_environments import gave_way, left_as_it_is, of_another_cuda, of_held, other_environments

TORCH = {"torch": "2.4.1+cu124", "torchaudio": "2.4.1+cu124", "numpy": "1.26.3"}


def asked(line, name, specifier=""):
    """Return a need that a line of a file declares."""
    place, _, text = line.partition(" ")
    made = need(name, specifier)
    return made.__class__(**{**_fields(made), "evidence": (Evidence(EvidenceKind.METADATA, place, text),)})


def _fields(made):
    return {name: getattr(made, name) for name in made.__dataclass_fields__}


OLD = asked("requirements.txt:8 torch==1.6.0", "torch", "==1.6.0")


def test_a_companions_range_gives_way_where_it_admits_what_belongs_to_the_pinned_torch():
    pin = asked("requirements.txt:1 torch==2.1.0", "torch", "==2.1.0")
    follows = asked("requirements.txt:2 torchaudio>=2.0.0,<2.1.2", "torchaudio", ">=2.0.0,<2.1.2")
    ignored, refused = of_held(TORCH, ["torch", "torchaudio"], [pin, follows])
    assert (ignored, refused) == ({"torch": "==2.1.0", "torchaudio": ">=2.0.0,<2.1.2"}, [])
    other = asked("requirements.txt:2 torchaudio<2", "torchaudio", "<2")
    _, (told,) = of_held(TORCH, ["torch", "torchaudio"], [pin, other])
    assert told.message == (
        "the project needs torchaudio<2 (requirements.txt:2); the template's 2.4.1+cu124 is never changed."
    )
    _, (alone,) = of_held(TORCH, ["torch", "torchaudio"], [follows])
    assert alone.name == "torchaudio"


def test_a_pin_beside_a_range_gives_way_alone():
    both = asked("environment.yml:4 torch==2.1.*", "torch", "==2.1.*,>=1.10")
    ignored, refused = of_held(TORCH, ["torch"], [both])
    assert (ignored, refused) == ({"torch": "==2.1.*"}, [])
    assert other_environments([both], ignored) == {"environment.yml": "torch==2.1.* (environment.yml:4)"}
    ignored, (told,) = of_held(TORCH, ["torch"], [asked("environment.yml:4 torch==2.1.*", "torch", "==2.1.*,<2.4")])
    assert (ignored, told.name) == ({}, "torch")


def test_files_of_another_environment_are_those_with_a_pin_that_gave_way():
    conda = asked("env.yml:7 torch==1.12.*", "torch", "==1.12.*")
    assert other_environments([OLD], {"torch": "==1.6.0"}) == {"requirements.txt": "torch==1.6.0 (requirements.txt:8)"}
    assert other_environments([conda], {"torch": "==1.12.*"}) == {"env.yml": "torch==1.12.* (env.yml:7)"}
    assert other_environments([OLD], {}) == {}


NO_WHEEL = "the project needs scipy==1.5.2: because scipy==1.5.2 has no usable wheels"
FOR_TORCH = "the project needs scipy==1.5.2: because scipy==1.5.2 depends on torch==1.6.0 and you require torch==2.4.1"


@pytest.mark.parametrize(
    ("line", "specifier", "message", "near", "fitting", "gives"),
    [
        ("requirements.txt:6 scipy==1.5.2", "==1.5.2", NO_WHEEL, "1.10.0", "1.10.0", True),
        ("other.txt:6 scipy==1.5.2", "==1.5.2", NO_WHEEL, "1.10.0", "1.10.0", False),
        ("requirements.txt:6 scipy<1.6", "<1.6", NO_WHEEL, "", "1.10.0", False),
        ("requirements.txt:6 scipy==1.5.2", "==1.5.2", FOR_TORCH.replace("1.6.0", "1.7.0"), "1.10.0", "1.10.0", False),
        ("requirements.txt:6 scipy==1.5.2", "==1.5.2", NO_WHEEL, "", "2.0", False),
        ("requirements.txt:6 scipy==1.5.2", "==1.5.2", NO_WHEEL, "2.0", "2.0", False),
        ("requirements.txt:6 scipy==1.5.2", "==1.5.2", NO_WHEEL, "", "", False),
        ("requirements.txt:6 scipy==1.5.2", "==1.5.2,>=1.0", NO_WHEEL, "1.10.0", "1.10.0", True),
        ("requirements.txt:6 scipy==1.5.2", "==1.5.2,<1.9", NO_WHEEL, "", "1.10.0", False),
    ],
)
def test_a_pin_gives_way_with_torch_s_where_a_release_of_its_series_fits(
    line, specifier, message, near, fitting, gives
):
    scipy = replace(asked(line, "scipy", specifier), imported=True)
    refused = RefusedNeed("scipy", message, fitting, near)
    files = other_environments([OLD], {"torch": "==1.6.0"})
    (judged,) = gave_way([refused], {"scipy": scipy, "torch": OLD}, files, ["torch"], TORCH)
    assert bool(judged.gave_way) is gives
    if gives:
        assert judged.gave_way.startswith("torch==1.6.0 (requirements.txt:8) stands beside it")


def test_what_nothing_imports_stays_as_the_template_has_it_or_gives_way_for_what_fits():
    pins = {**TORCH, "pyyaml": "6.0.2", "click": "8.1"}
    ask = {
        "pyyaml": asked("requirements.txt:3 pyyaml==5.4.1", "pyyaml", "==5.4.1"),
        "openmm": asked("requirements.txt:4 openmm==7.5.1.*", "openmm", "==7.5.1.*"),
        "click": replace(asked("requirements.txt:5 click==8.0", "click", "==8.0"), imported=True),
        "torch": OLD,
    }
    kept = left_as_it_is(list(ask.values()), {"torch": "==1.6.0"}, pins, ["torch"])
    assert [each.name for each in kept] == ["pyyaml"]
    assert left_as_it_is(list(ask.values()), {}, pins, ["torch"]) == []
    bounded = asked("requirements.txt:3 pyyaml==5.4.1,<6", "pyyaml", "==5.4.1,<6")
    assert left_as_it_is([OLD, bounded], {"torch": "==1.6.0"}, pins, ["torch"]) == []
    elsewhere = asked("other.txt:3 pyyaml==5.4.1", "pyyaml", "==5.4.1")
    assert left_as_it_is([OLD, elsewhere], {"torch": "==1.6.0"}, pins, ["torch"]) == []
    files = other_environments([OLD], {"torch": "==1.6.0"})
    refused = [replace(kept[0], fitting="6.0.2"), RefusedNeed("openmm", "no release", "8.6.1")]
    judged = gave_way(refused, ask, files, ["torch"], pins)
    assert all("nothing imports it" in each.gave_way for each in judged)
    (imported,) = gave_way([RefusedNeed("click", "no release", "9.0")], ask, files, ["torch"], pins)
    assert not imported.gave_way


def test_a_pin_that_nothing_imports_takes_nothing_of_the_template_back(tmp_path):
    world = {("typing-x", "3.10"): [], ("typing-x", "4.12"): [], ("ipy", "9.0"): ["typing-x>=4"], ("ipy", "8.0"): []}
    pod = template({"torch": ("2.4.1", []), "typing-x": ("4.12", []), "ipy": ("9.0", ["typing-x>=4"])})
    torch, pin = OLD, asked("requirements.txt:9 typing-x==3.10", "typing-x", "==3.10")
    uv = Uv(tmp_path / "cache")
    arguments = only(registry(tmp_path / "wheels", world))

    def solve(needs):
        return solve_overlay(pod, needs, uv, held={"torch"}, preferences={}, index_arguments=arguments)

    overlay = solve([torch, pin])
    assert not overlay.changes
    assert overlay.packages["typing-x"].version == "4.12"
    assert "nothing imports it" in overlay.refused[0].gave_way
    moved = solve([torch, replace(pin, imported=True)])
    assert {change.name for change in moved.changes} == {"typing-x", "ipy"}


def test_the_templates_own_release_takes_the_place_of_a_pin_of_its_series():
    numpy = replace(asked("requirements.txt:4 numpy==1.18.5", "numpy", "==1.18.5"), imported=True)
    files = other_environments([OLD], {"torch": "==1.6.0"})
    refused = RefusedNeed("numpy", "no wheel", "1.26.3")
    (judged,) = gave_way([refused], {"numpy": numpy, "torch": OLD}, files, ["torch"], TORCH)
    assert judged.gave_way
    (judged,) = gave_way([refused], {"numpy": numpy, "torch": OLD}, files, ["torch"], {"numpy": "1.20"})
    assert not judged.gave_way


@pytest.fixture
def solve(tmp_path):
    """Return a function that solves needs over an empty template in a world of releases."""

    def run(needs, releases):
        arguments = only(registry(tmp_path / "wheels", releases))
        pod = template({})
        return solve_overlay(pod, needs, Uv(tmp_path / "cache"), held=(), preferences={}, index_arguments=arguments)

    return run


RELEASES = {
    ("transformers", "4.31.0"): ["tokenizers<0.14"],
    ("transformers", "4.35.0"): ["tokenizers>=0.14"],
    **{("tokenizers", version): [] for version in ("0.13.3", "0.14.0")},
}


@pytest.mark.parametrize("first", [True, False])
def test_of_two_pins_that_exclude_each_other_what_the_other_requires_gives_way_alone(solve, first):
    needs = [need("tokenizers", "==0.14.0"), need("transformers", "==4.31.0")]
    overlay = solve(needs if first else needs[::-1], RELEASES)
    assert {name: package.version for name, package in overlay.packages.items()} == {
        "tokenizers": "0.13.3",
        "transformers": "4.31.0",
    }
    (refused,) = overlay.refused
    assert (refused.name, refused.near) == ("tokenizers", "0.13.3")
    assert "transformers==4.31.0" in refused.gave_way
    assert "excludes it in every environment" in refused.gave_way


def test_a_range_that_a_pin_excludes_is_a_conflict(solve):
    overlay = solve([need("tokenizers", ">=0.14"), need("transformers", "==4.31.0")], RELEASES)
    assert [refused.name for refused in overlay.refused if not refused.gave_way] == ["tokenizers"]


@pytest.mark.parametrize(
    ("made_for", "pinned", "fitting", "gives"),
    [
        ("1.6.0", "0.4.2", "0.4.9", True),
        ("1.6", "0.4.2", "0.4.1", True),
        ("1.6.0", "1.4.2", "1.9", True),
        ("1.6.0", "0.4.2", "0.5.0", False),  # with a 0 in front the next number tells what is used alike
        ("1.6.0", "1.4.2", "2.0", False),
        ("1.7.0", "0.4.2", "0.4.9", False),  # not the torch that the file pins
    ],
)
def test_what_is_made_for_the_torch_that_is_pinned_beside_it_goes_with_that(made_for, pinned, fitting, gives):
    ext = replace(asked(f"requirements.txt:6 ext=={pinned}", "ext", f"=={pinned}"), imported=True)
    said = f"the project needs ext=={pinned}: because ext=={pinned} depends on torch=={made_for} and you require torch"
    refused = RefusedNeed("ext", said, fitting, fitting)
    files = other_environments([OLD], {"torch": "==1.6.0"})
    (judged,) = gave_way([refused], {"ext": ext, "torch": OLD}, files, ["torch"], TORCH)
    assert judged.gave_way == ("that goes with torch==1.6.0 (requirements.txt:8), which gave way, too" if gives else "")
    (alone,) = gave_way([refused], {"ext": ext, "torch": OLD}, {}, ["torch"], TORCH)
    assert not alone.gave_way


def test_what_is_made_for_another_torch_is_a_conflict_whoever_asks_for_it():
    vllm = need("vllm", "==0.8.5", aside="README.md:9")
    said = "the project needs vllm==0.8.5: because vllm==0.8.5 depends on torch==2.6.0 and you require torch==2.4.1"
    (judged,) = gave_way([RefusedNeed("vllm", said, "0.2.2", "0.2.2")], {"vllm": vllm}, {}, ["torch"], TORCH)
    assert not judged.gave_way


def test_what_goes_with_a_held_torch_may_be_in_a_list_that_is_incomplete(tmp_path):
    releases = {("torchvision", "0.25.0"): ["torch==2.10.0"], ("timm", "0.4.12"): ["torchvision"], **RELEASES}
    releases |= {("vllm", "0.9"): ["torch==2.10.0"]}
    arguments = only(registry(tmp_path / "wheels", releases))
    pod, uv = template({"torch": ("2.10.0a0+nv25.12", [])}), Uv(tmp_path / "cache")

    def solve(pod):
        asked = {"torchvision": "", "timm": "==0.4.12", "tokenizers": "", "scipy": "==99", "vllm": ""}
        needs = [need(*each) for each in asked.items()]
        overlay = solve_overlay(pod, needs, uv, held={"torch"}, preferences={}, index_arguments=arguments)
        assert "tokenizers" in overlay.packages
        return {each.name: each for each in overlay.refused}

    partly = solve(replace(pod, incomplete=True, image="registry.example/pod:1"))
    assert {name for name, each in partly.items() if each.open} == {"torchvision", "timm"}
    assert partly.keys() == {"torchvision", "timm", "scipy", "vllm"}
    said, _, remedy = partly["torchvision"].message.partition("; ")
    assert said.startswith("nothing that an index has of it goes with the torch 2.10.0a0+nv25.12 of pod, and the list")
    assert remedy.startswith("read the image itself (-t docker://registry.example/pod:1), or podfit probe")
    assert not any(each.open for each in solve(pod).values())


def test_what_a_folder_alone_wants_of_another_torch_is_left_out(tmp_path):
    why = "serve/Dockerfile:2 declares it for serve, and nothing else imports it"
    releases = {("torch", "2.3.1"): [], ("llm", "0.16"): ["torch==2.3.1"], ("llm", "0.2"): [], **RELEASES}
    llm = need("llm", "==0.16", aside="serve/Dockerfile:2", imported=True)
    arguments = only(registry(tmp_path / "wheels", releases))
    pod, uv = template({"torch": ("2.4.1", [])}), Uv(tmp_path / "cache")

    def solve(needs):
        return solve_overlay(pod, needs, uv, held={"torch"}, preferences={}, index_arguments=arguments)

    overlay = solve([need("tokenizers"), replace(llm, dispensable=why)])
    assert [(each.name, each.fitting, each.gave_way) for each in overlay.refused] == [("llm", "", why)]
    assert overlay.packages.keys() >= {"tokenizers"}
    assert not solve([llm]).refused[0].gave_way


def test_a_pin_that_no_manifest_asks_for_gives_way_to_what_fits_of_its_series():
    flow = need("flow", "==2.11.0", aside="bench/requirements.txt:11", beside=True)
    for fitting, gives in (("2.20.0", True), ("3.0.0", False)):
        (judged,) = gave_way([RefusedNeed("flow", NO_WHEEL, fitting, "2.12.0")], {"flow": flow}, {}, ["torch"], TORCH)
        assert bool(judged.gave_way) is gives
        (judged,) = gave_way(
            [RefusedNeed("flow", NO_WHEEL, fitting, "2.12.0")], {"flow": replace(flow, aside="")}, {}, ["torch"], TORCH
        )
        assert not judged.gave_way


def test_what_no_manifest_asks_for_is_left_out_or_taken_in_another_version(solve):
    lazy = need("absent", dispensable="a.py:9 imports it in a function, and no manifest declares it")
    scoped = need("tokenizers", ">=0.1,<0.2", aside="examples/requirements.txt:3", beside=True)
    overlay = solve([lazy, scoped], RELEASES)
    assert {each.name: (each.fitting, each.gave_way) for each in overlay.refused} == {
        "absent": ("", "a.py:9 imports it in a function, and no manifest declares it"),
        "tokenizers": ("0.14.0", "examples/requirements.txt:3 is not among what the project requires here"),
    }


ALONE = "pyproject.toml:9 declares it for the extra serve alone"


@pytest.mark.parametrize("first", [True, False])
def test_what_only_an_extra_declares_is_left_out_before_what_is_required_gives_way(solve, first):
    releases = {("server", "2.0"): ["tokenizers<0.14"], ("server", "1.0"): [], **RELEASES}
    needs = [need("tokenizers", "==0.14.0"), need("server", ">=2", dispensable=ALONE)]
    overlay = solve(needs if first else needs[::-1], releases)
    assert {name: package.version for name, package in overlay.packages.items()} == {"tokenizers": "0.14.0"}
    assert [(each.name, each.gave_way) for each in overlay.refused] == [("server", ALONE)]


@pytest.mark.parametrize(
    ("tags", "told"),
    [("cp310-cp310-manylinux2014_x86_64", True), ("cp311-cp311-win_amd64", True), ("py3-none-any", False)],
)
def test_a_wheel_by_its_address_that_is_for_another_machine_is_told_from_its_name(tags, told):
    url = f"https://example.org/latest/ray-3.0.0.dev0-{tags}.whl"
    found = of_another_machine([need("ray", url=url)], template({}))
    assert [each.name for each in found] == ["ray"] * told
    if told:
        assert f"names ray-3.0.0.dev0-{tags}.whl, which is not for" in found[0].message


@pytest.mark.parametrize(("torch", "told"), [("2.8.0+cu128", True), ("2.5.1+cu124", False), ("", False)])
def test_a_wheel_by_its_address_that_was_built_for_another_torch_is_told_from_its_name(torch, told):
    wheel = "mamba_ssm-2.2.6.post3+cu12torch2.5cxx11abiFALSE-cp311-cp311-linux_x86_64.whl"
    pod = template({"torch": (torch, [])} if torch else {})
    found = of_another_machine([need("mamba-ssm", url=f"https://example.org/{wheel}")], pod)
    assert [each.name for each in found] == ["mamba-ssm"] * told
    if told:
        assert f"names {wheel}, which is built for torch 2.5, and the template's is 2.8.0+cu128" in found[0].message


def test_what_nothing_imports_is_left_out_where_the_pin_beside_it_is_of_another_machine():
    pin = asked("requirements.txt:9 scipy==1.5.2", "scipy", "==1.5.2")
    files = {"requirements.txt": "torch==1.6.0 (requirements.txt:8)"}
    for message, imported, gives in ((NO_WHEEL, False, True), (NO_WHEEL, True, False), (FOR_TORCH, False, False)):
        needs = {"scipy": replace(pin, imported=imported)}
        (left,) = gave_way([RefusedNeed("scipy", message)], needs, files, {"torch"}, {})
        assert bool(left.gave_way) is gives
    (left,) = gave_way([RefusedNeed("scipy", NO_WHEEL)], {"scipy": pin}, {}, {"torch"}, {})
    assert left.gave_way == ""


def test_the_libraries_of_another_machines_cuda_are_not_put_beside_those_of_the_templates_torch():
    """nvidia-x-cu11 and nvidia-x-cu12 write the same files: those of the pinned torch belong to it alone."""
    pins = {**TORCH, "nvidia-x-cu12": "12.4.5"}
    cuda = asked("requirements.txt:4 nvidia-x-cu11==11.10", "nvidia-x-cu11", "==11.10")
    free = asked("requirements.txt:4 nvidia-x-cu11", "nvidia-x-cu11")
    held = ["nvidia-x-cu12", "torch"]
    (left,) = of_another_cuda([OLD, cuda], {"torch": "==1.6.0"}, pins, held)
    assert left.message.endswith("the template's torch has nvidia-x-cu12 12.4.5.")
    files = other_environments([OLD, cuda], {"torch": "==1.6.0"})
    (judged,) = gave_way([left], {cuda.name: cuda}, files, held, pins)
    assert "nothing imports it" in judged.gave_way
    others = [free, replace(cuda, imported=True), asked("x.txt:4 nvidia-x-cu11==11.10", "nvidia-x-cu11", "==11.10")]
    assert not [one for need in others for one in of_another_cuda([OLD, need], {"torch": "==1.6.0"}, pins, held)]
    assert of_another_cuda([OLD, cuda], {"torch": "==1.6.0"}, pins, ["torch"]) == []
    assert of_another_cuda([cuda], {}, pins, held) == []


@pytest.mark.parametrize("fitting", ["", "2.21.0"])
def test_what_a_group_alone_declares_gives_way_also_to_what_something_else_brings(fitting):
    why = "requirements/bench.txt:11 declares it for the group bench alone"
    flow = replace(asked("requirements/bench.txt:11 flow==2.11.0", "flow", "==2.11.0"), dispensable=why, imported=True)
    refused = RefusedNeed("flow", "flow==2.11.0 has no wheel", fitting)
    (judged,) = gave_way([refused], {"flow": flow}, {}, ["torch"], TORCH)
    assert judged.gave_way == why
    (stays,) = gave_way([refused], {"flow": replace(flow, dispensable="")}, {}, ["torch"], TORCH)
    assert stays.gave_way == ""


@pytest.mark.parametrize(
    ("message", "beside", "gives"),
    [
        pytest.param(NO_WHEEL, False, True, id="a manifest asks for any version"),
        pytest.param(NO_WHEEL, True, False, id="no manifest asks for it"),
        pytest.param("because flow==7.7 depends on torch==1.9", False, False, id="it is made for another torch"),
    ],
)
def test_a_pin_of_a_folders_file_gives_way_where_a_manifest_asks_for_any_version(message, beside, gives):
    flow = need("flow", "==7.7.*", aside="notebooks/environment.yml:6", beside=beside)
    (judged,) = gave_way([RefusedNeed("flow", message, "8.6.1")], {"flow": flow}, {}, ["torch"], TORCH)
    why = "notebooks/environment.yml:6 is not among what the project requires here, and a manifest asks for any version"
    assert judged.gave_way == why * gives
