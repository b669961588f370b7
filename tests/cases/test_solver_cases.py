"""Projects that once ended without an answer, over the catalogue's templates and the real index."""

import json

import pytest

from podfit.cli.main import run

pytestmark = pytest.mark.network


@pytest.fixture
def fit(tmp_path, capsys):
    """Return a function that gives the decisions, by name, and the findings for requirements on a template."""

    def answer(requirements, template):
        project = tmp_path / "p"
        project.mkdir()
        (project / "requirements.txt").write_text(requirements)
        out = tmp_path / "out"
        code = run(["fit", str(project), "-t", template, "--local", "none", "--out", str(out)])
        assert code in (0, 1), capsys.readouterr().err
        plan = json.loads((out / f"plan-{template}.json").read_text())
        return {each["name"]: each for each in plan["decisions"]}, plan["findings"]

    return answer


def test_a_change_that_the_template_itself_excludes_names_who_does(fit):
    decisions, _ = fit("pandas>=2.3\npyarrow>=21\n", "colab-gpu-2026.07")
    assert decisions["pandas"]["action"] == "conflict"
    assert "google-colab 1.0.0 requires pandas==2.2.2" in decisions["pandas"]["reason"]
    assert "the template's 2.2.2 stays" in decisions["pandas"]["reason"]
    assert decisions["pyarrow"]["action"] == "change"


def test_old_pins_are_a_conflict_each_with_what_has_a_wheel(fit):
    decisions, _ = fit("pandas==1.5.3\nscikit-learn==1.2.2\n", "colab-gpu-2026.07")
    for name in ("pandas", "scikit-learn"):
        assert decisions[name]["action"] == "conflict"
        assert "has no wheel for Python 3.12" in decisions[name]["reason"]
        assert "is the nearest with a wheel" in decisions[name]["reason"]


def test_an_extension_that_is_built_against_torch_is_a_source_build_and_nothing_runs_here(fit):
    decisions, findings = fit("torch\nflash-attn==2.5.8\n", "runpod-pytorch-2.4")
    assert decisions["flash-attn"]["action"] == "install"
    assert {"einops", "ninja"} & decisions.keys()
    (told,) = [each for each in findings if (each["check"], each["subject"]) == ("sdist", "flash-attn")]
    assert "built from source on the pod (whether that works: unknown" in told["message"]
    assert "--no-build-isolation" in told["message"]
    assert "needs packaging, wheel and torch while it is built" in told["message"]
    assert "CUDA's compiler nvcc" in told["message"]


def test_a_source_that_needs_system_libraries_says_which_version_has_a_wheel(fit):
    decisions, findings = fit("av==11.0.0\ntqdm\n", "runpod-pytorch-2.4")
    assert (decisions["av"]["action"], decisions["tqdm"]["action"]) == ("install", "install")
    (told,) = [each for each in findings if (each["check"], each["subject"]) == ("sdist", "av")]
    assert "12.0.0 is the nearest with a wheel" in told["message"]


def test_a_range_below_the_templates_is_a_conflict_that_names_who_is_never_changed(fit):
    decisions, _ = fit("numpy>=1.18.5,<1.24.0\nprotobuf<4.21.3\n", "colab-gpu-2026.07")
    assert decisions["numpy"]["action"] == "conflict"
    assert "cupy-cuda12x is never changed" in decisions["numpy"]["reason"]
    assert "the template's 2.0.2 stays" in decisions["numpy"]["reason"]
    assert "No release of numpy>=1.18.5,<1.24.0 has a wheel for Python 3.12" in decisions["numpy"]["reason"]


def test_an_extension_pinned_to_another_torch_is_a_conflict_with_the_version_that_fits(fit):
    decisions, _ = fit("xformers==0.0.27.post2\n", "runpod-pytorch-2.4")
    assert decisions["xformers"]["action"] == "conflict"
    assert "it is made for torch==2.4.0" in decisions["xformers"]["reason"]
    assert "xformers 0.0.28 is the nearest release that fits" in decisions["xformers"]["reason"]


def test_an_extension_without_a_pin_is_the_one_for_the_templates_torch(fit):
    decisions, _ = fit("xformers\n", "runpod-pytorch-2.4")
    assert (decisions["xformers"]["action"], decisions["xformers"]["planned"]) == ("install", "0.0.28.post1")


def test_a_downgrade_takes_its_companions_along_and_brings_what_an_extra_of_the_template_asks(fit):
    decisions, findings = fit("transformers==4.46.3\n", "colab-gpu-2026.07")
    changed = {name for name, decision in decisions.items() if decision["action"] == "change"}
    assert changed == {"transformers", "tokenizers", "huggingface-hub", "gradio"}  # gradio 6 wants hub 1
    assert decisions["hf-transfer"]["action"] == "install"
    assert not [each for each in findings if each["verdict"] == "failed"]


def test_no_change_rests_on_a_source_that_will_not_build(fit):
    decisions, findings = fit("transformers==4.31.0\n", "colab-gpu-2026.07")
    assert decisions["transformers"]["action"] == "conflict"
    assert "tokenizers 0.13.3 has no wheel for Python 3.12" in decisions["transformers"]["reason"]
    assert not [each for each in findings if each["verdict"] == "failed"]


def test_what_has_no_wheel_for_the_python_says_why_its_source_does_not_help_and_what_has_one(fit):
    decisions, _ = fit("numpy==1.23.5\npandas~=1.3\n", "runpod-pytorch-1.0.7-cu1281-torch291")
    for name in ("numpy", "pandas"):
        assert decisions[name]["action"] == "conflict"
        assert "has no wheel for Python 3.12" in decisions[name]["reason"]
    assert "1.26.0 is the nearest with a wheel" in decisions["numpy"]["reason"]


def test_a_dependency_published_as_source_alone_does_not_cost_the_final_release(fit):
    decisions, findings = fit("hydra-core>=1.3\n", "runpod-pytorch-2.4")
    assert decisions["hydra-core"]["planned"] >= "1.3.2"
    assert "rc" not in decisions["hydra-core"]["planned"]
    assert decisions["antlr4-python3-runtime"]["reason"].endswith("on the pod, whether that works: likely")
    (told,) = [each for each in findings if each["check"] == "sdist"]
    assert "nothing in it is compiled" in told["message"]
