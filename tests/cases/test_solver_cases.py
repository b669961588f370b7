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
    decisions, _ = fit("pandas>=2.3\npyarrow>=21\n", "colab-gpu")
    assert decisions["pandas"]["action"] == "conflict"
    assert "google-colab 1.0.0 requires pandas==2.2.2" in decisions["pandas"]["reason"]
    assert "the template's 2.2.2 stays" in decisions["pandas"]["reason"]
    assert decisions["pyarrow"]["action"] == "change"


def test_old_pins_are_a_conflict_each_with_what_has_a_wheel(fit):
    decisions, _ = fit("pandas==1.5.3\nscikit-learn==1.2.2\n", "colab-gpu")
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


def test_a_source_that_needs_system_libraries_says_which_version_has_a_wheel(fit):
    decisions, findings = fit("av==11.0.0\ntqdm\n", "runpod-pytorch-2.4")
    assert (decisions["av"]["action"], decisions["tqdm"]["action"]) == ("install", "install")
    (told,) = [each for each in findings if (each["check"], each["subject"]) == ("sdist", "av")]
    assert "12.0.0 is the nearest with a wheel" in told["message"]
