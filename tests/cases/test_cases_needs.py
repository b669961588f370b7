"""Cases seen at public projects: what they need is read from what people really write, and nobody else's package."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from podfit.model import Evidence, EvidenceKind, Interpreter, Origin, Platform, Template
from podfit.needs import NeedReport, find_needs
from podfit.readers.project import read_project

WHEELS: Mapping[str, tuple[str, ...]] = {
    "dm-tree": ("tree",), "numpy-quaternion": ("quaternion",), "scikit-video": ("skvideo",), "odd-name": ("oddity",),
}  # fmt: skip


def notebook(*cells: str) -> str:
    made = [{"cell_type": "code", "source": cell, "outputs": [], "metadata": {}} for cell in cells]
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 4})


def needs(root: Path, files: Mapping[str, str], *, include_optional: bool = False) -> tuple[NeedReport, list[str]]:
    """Return what the project of these files needs on a bare template, and the notices of reading it."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    reading = read_project(root, local="none")
    bare = Template(
        "t", Interpreter("3.11.9"), Platform(), {}, Origin.GIVEN, Evidence(EvidenceKind.MEASURED, "probe.json")
    )
    report = find_needs(
        reading.project,
        bare,
        calls=reading.calls,
        include_optional=include_optional,
        wheel_modules=lambda name: (WHEELS.get(name, ()), f"the names in {name}'s wheel"),
    )
    return report, list(reading.project.notices)


def asked(report: NeedReport) -> dict[str, str]:
    """Return the needs as people write them: specifiers and addresses by name, with extras."""
    return {
        need.name + (f"[{','.join(need.extras)}]" if need.extras else ""): need.specifier or need.url
        for need in report.needs
    }


GIT = "git+https://example.org/user/some_dataset"

CASES: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "a demo's unpublished module": (
        {"requirements.txt": "tqdm\n", "train.py": "import torch, tqdm\n",
         "demo.ipynb": notebook(f"!pip install {GIT}", "from some_dataset import X")},
        {"torch": "", "tqdm": ""},
    ),
    "a notebook is the project": (
        {"nb.ipynb": notebook('!pip install -q einops==0.7.0 "transformers[sentencepiece]>=4.40" accelerate\n',
                              "%pip install ftfy", "!uv pip install --system rich>13\n!{sys.executable} -m pip install"
                              " -r r.txt timm=={version} ./here", "import einops, transformers")},
        {"accelerate": "", "einops": "==0.7.0", "ftfy": "", "rich": ">13", "timm": "",
         "transformers[sentencepiece]": ">=4.40"},
    ),
    "a host's node": (
        {"requirements.txt": "einops\n", "__init__.py": "from .nodes import A\n",
         "nodes.py": "import torch, folder_paths, comfy.utils, execution\nfrom server import PromptServer\n"},
        {"einops": "", "torch": ""},
    ),
    "alternatives in a folder": (
        {"pyproject.toml": '[project]\nname="demo"\nversion="0.1"\ndependencies=["tqdm>=4.60"]\n',
         "requirements/a-backend.txt": "tqdm==4.50.0\n", "requirements/b-backend.txt": "einops==0.7.0\n"},
        {"tqdm": ">=4.60"},
    ),
    "alternatives beside each other": (
        {"requirements.txt": "numpy<2\ntqdm\n", "requirements-old.txt": "numpy>=2\nscipy\n"},
        {"numpy": "<2", "tqdm": ""},
    ),
    "alternatives without a main one": (
        {"requirements_cpu.txt": "faiss-cpu==1.7\nnumpy==1.2\n", "requirements_gpu.txt": "faiss-gpu\nnumpy==1.3\n"},
        {"faiss-gpu": "", "numpy": "==1.3"},
    ),
    "nothing but a Dockerfile": (
        {"main.py": "import timm\n",
         "Dockerfile": "FROM x\nRUN pip install --no-cache-dir \\\n  timm==0.4.12 \\\n  facenet-pytorch && echo done\n"
                       "RUN conda install -y nothing\n"},
        {"facenet-pytorch": "", "timm": "==0.4.12"},
    ),
    "a Dockerfile beside a manifest": (
        {"main.py": "import timm, tqdm, torch\n", "requirements.txt": "tqdm>=4\n",
         "README.md": "    pip install yacs\n",
         "Dockerfile": "RUN pip install timm==0.4.12 facenet-pytorch tqdm==3 torch==1.7.1\n"},
        {"timm": "==0.4.12", "torch": "", "tqdm": ">=4"},
    ),
    "code that asserts a version": (
        {"main.py": 'import timm, torch\n\nassert timm.__version__ == "0.3.2"  # version check\n'},
        {"timm": "==0.3.2", "torch": ""},
    ),
    "declared distributions provide the modules": (
        {"main.py": "import tree\nimport quaternion\nimport skvideo.io\nimport oddity\n",
         "requirements.txt": "dm-tree\nnumpy-quaternion\nscikit-video\nodd-name\n"},
        {"dm-tree": "", "numpy-quaternion": "", "odd-name": "", "scikit-video": ""},
    ),
    "a script's own metadata": (
        {"requirements.txt": "tqdm\n", "examples/run.py": "# /// script\n# dependencies = [\n#     \"rich>=13\",\n"
         "#     \"opencv-python-headless\",\n# ]\n# ///\nimport cv2, rich, tqdm\n"},
        {"opencv-python-headless": "", "rich": ">=13", "tqdm": ""},
    ),
    "requirements beside the code that uses them": (
        {"main.py": "import torch\n", "eval/run.py": "import tqdm\n", "eval/requirements.txt": "tqdm==4.60.0\nrich\n",
         "requirements.txt": "torch\n", "third_party/x/requirements.txt": "tqdm==3\n"},
        {"torch": "", "tqdm": "==4.60.0"},
    ),
    "requirements in a folder alone": (
        {"code/train.py": "import tqdm\n", "code/requirements.txt": "tqdm==4.60.0\nrich\n"},
        {"rich": "", "tqdm": "==4.60.0"},
    ),
    "a program that installs what it needs": (
        {"train.py": "import os, subprocess, sys\ntry:\n    import einops\nexcept ImportError:\n"
                     "    os.system('pip install -q einops==0.7.0')\n"
                     "subprocess.run([sys.executable, '-m', 'pip', 'install', 'ftfy>=6', name])\n"
                     "def later(package):\n    subprocess.check_call(['pip', 'install', package, 'regex==2024.5.15'])\n"
                     "    os.system(f'pip install {package}')\n    os.system('pip install tqdm')\n"
                     "print('pip install nothing')\n"},
        {"einops": "==0.7.0", "ftfy": ">=6"},
    ),
    "a notebook that calls pip": (
        {"nb.ipynb": notebook("import pip\npip.main(['install', 'einops<1'])", "import einops")},
        {"einops": "<1", "pip": ""},
    ),
    "a Pipfile": (
        {"Pipfile": '[[source]]\nurl = "https://pypi.org/simple"\n[packages]\ntorch = "*"\nEinops = "~=0.7"\n'
                    'uvicorn = {version = ">=0.20", extras = ["standard"]}\n[dev-packages]\npytest = "*"\n',
         "train.py": "import torch, einops\n"},
        {"torch": "", "einops": "~=0.7", "uvicorn[standard]": ">=0.20"},
    ),
    "a manifest of pixi": (
        {"pixi.toml": '[dependencies]\npython = "3.11.*"\npytorch = ">=2.1,<3"\ncmake = "*"\n'
                      '[pypi-dependencies]\neinops = "==0.7.0"\n', "train.py": "import torch, einops\n"},
        {"torch": ">=2.1,<3", "einops": "==0.7.0"},
    ),
    "a slip of the pen": (
        {"main.py": "import tqdm\n", "requirment.txt": "tqdm==4.60.0\n"}, {"tqdm": "==4.60.0"}
    ),
    "other people's packages": (
        {"main.py": "import torch, clip, apex, ceph, strawberry_fields\nimport parselmouth\nfrom quack import x\n",
         "requirements.txt": "torch\n"},
        {"praat-parselmouth": "", "torch": ""},
    ),
    "configurations name classes": (
        {"c.yaml": "model:\n  class_path: lightning.pytorch.demos.X\ndata:\n  _target_: torchvision.datasets.MNIST\n"
                   "other:\n  target: torchmetrics.Accuracy\nkind:\n  target: some.thing.Else\n"},
        {"lightning": "", "torchmetrics": "", "torchvision": ""},
    ),
    "a freeze of a Mac": (
        {"train.py": "import numpy, sklearn\n",
         "requirements.txt": "appnope @ file:///Users/b/conda-bld/appnope_1/work\nnumpy==1.2\npyobjc-core==10.3.1\n"},
        {"numpy": "", "scikit-learn": ""},
    ),
    "a notebook installs the project itself": (
        {"pyproject.toml": '[project]\nname="openthing"\nversion="1"\ndependencies=["tqdm"]\n', "thing/__init__.py": "",
         "nb.ipynb": notebook("!pip install git+https://example.org/open/thing.git", "import thing")},
        {"tqdm": ""},
    ),
    "members of the project are on disk": (
        {"requirements.txt": "-e ./ops\nlibs @ file:./libs\ntqdm\n", "main.py": "import ops_core, libs, tqdm, einops\n",
         "ops/setup.py": "from setuptools import setup\nsetup(name='ops', install_requires=['rich>=13'])\n",
         "ops/ops_core/__init__.py": "import rich\n", "libs/pyproject.toml": '[project]\nname="libs"\nversion="1"\n'
         'dependencies=["einops==0.7.0", "more @ file:../more"]\n', "libs/src/libs/__init__.py": ""},
        {"einops": "==0.7.0", "rich": ">=13", "tqdm": ""},
    ),
    "a workspace of uv": (
        {"pyproject.toml": '[project]\nname="root"\nversion="1"\ndependencies=["part-one", "tqdm"]\n'
         '[tool.uv.workspace]\nmembers=["packages/*"]\n[tool.uv.sources]\npart-one={workspace=true}\n',
         "packages/part-one/pyproject.toml": '[project]\nname="part-one"\nversion="1"\ndependencies=["rich<14"]\n',
         "packages/part-one/src/part_one/__init__.py": "import rich\n",
         "packages/part-two/pyproject.toml": '[project]\nname="part-two"\nversion="1"\n'
         'dependencies=["einops<1", "x"]\n',
         "packages/part-two/src/part_two/__init__.py": "import einops\n", "src/root/__init__.py": "import part_one\n"},
        {"einops": "<1", "rich": "<14", "tqdm": ""},
    ),
    "extension modules that the project builds": (
        {"setup.py": "from setuptools import setup\nfrom torch.utils.cpp_extension import CUDAExtension\n"
         "setup(name='x', ext_modules=[CUDAExtension('roi_cuda', []), make_cuda_ext(name='x._C', sources=[])])\n",
         "x/__init__.py": "import roi_cuda, _C, fastbits, torch\n", "x/fastbits.pyx": "",
         "run.py": "from x import _C\n"},
        {"torch": ""},
    ),
    "names that people declare and the index has not": (
        {"requirements.txt": "sklearn==0.0\npytorch\nPIL\nopencv\nclip\napex\n", "a.py": "import sklearn, clip, PIL\n"},
        {"apex": "", "opencv-python": "", "pillow": "", "scikit-learn": "", "torch": ""},
    ),
    "setup.py reads one of several files": (
        {"setup.py": "from setuptools import setup\nsetup(name='x', install_requires=lines('requirements.txt'),\n"
         "extras_require={'more': lines('requirements-extras.txt')})\n", "requirements.txt": "tqdm\n",
         "requirements-extras.txt": "rich\n", "requirements-dev.txt": "ruff\n", "x/__init__.py": "import tqdm\n"},
        {"tqdm": ""},
    ),
    "a reporter that is asked for": (
        {"t.py": "from transformers import TrainingArguments\nTrainingArguments('o', report_to=['wandb', 'mlflow'])\n"},
        {"accelerate": "", "mlflow": "", "transformers": "", "wandb": ""},
    ),
}  # fmt: skip


CASES.update({
    "options before install": (
        {"a.ipynb": notebook("!pip -q --no-cache-dir install 'tqdm>=4' einops==0.7.0", "import tqdm, einops")},
        {"einops": "==0.7.0", "tqdm": ">=4"},
    ),
    "a logger that a configuration names": (
        {"requirements.txt": "transformers\n", "a.py": "import transformers\n",
         "config/train.yaml": "model: x\ntraining:\n  report_to:\n    - wandb  # the team's\n    - tensorboard\n"},
        {"tensorboard": "", "transformers": "", "wandb": ""},
    ),
    "a word in a configuration of something else": (
        {"requirements.txt": "tqdm\n", "a.py": "import tqdm\n", "app.yaml": "report_to: wandb\n"}, {"tqdm": ""},
    ),
    "a variable that is not set": (
        {"requirements.txt": "tqdm==${PODFIT_NOT_SET}\neinops>=0.6,<${PODFIT_NOT_SET}\n"},
        {"einops": ">=0.6", "tqdm": ""},
    ),
    "a range that nothing meets, in two files": (
        {"requirements.txt": "tqdm>4,<3\neinops\n", "requirements-extra.txt": "", "setup.py":
         "from setuptools import setup\nsetup(name='p', install_requires=['tqdm>4,<3', 'rich'])\n"},
        {"einops": "", "rich": "", "tqdm": ""},
    ),
    "host programs": (
        {"a.py": "import bpy, bge, hou, nuke, unreal, gdb, lldb, ghidra, awsglue, isaacgym, omni.usd, folder_paths\n"},
        {},
    ),
})  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_project_needs_what_an_expert_would_read(name: str, tmp_path: Path) -> None:
    files, expected = CASES[name]
    report, _ = needs(tmp_path, files)
    assert asked(report) == expected


def test_what_only_an_example_wants_is_named_and_planned_on_request(tmp_path: Path) -> None:
    files, _ = CASES["a demo's unpublished module"]
    report, _ = needs(tmp_path, files)
    (question,) = report.questions
    assert question.subject == "some-dataset"
    assert question.message == f"only demo.ipynb[2]:1 imports it, in an example; demo.ipynb[1]:1 installs {GIT}"
    assert question.remedy == "--include-optional plans it"
    more, _ = needs(tmp_path, files, include_optional=True)
    assert asked(more) == {"some-dataset": GIT, "torch": "", "tqdm": ""}


def test_open_questions_have_their_places(tmp_path: Path) -> None:
    files = {**CASES["other people's packages"][0], "lazy.py": "def f():\n    import unheard_of\n"}
    report, _ = needs(tmp_path, files)
    assert {question.subject for question in report.questions} == {
        "clip", "apex", "ceph", "strawberry_fields", "quack", "unheard_of",
    }  # fmt: skip
    by_subject = {question.subject: question for question in report.questions}
    assert by_subject["unheard_of"].message.startswith("lazy.py:2 imports it lazily: no distribution is known")
    assert by_subject["clip"].evidence[0].source == "main.py:1"
    assert all(question.remedy for question in report.questions)


def test_what_an_unselected_extra_declares_is_offered(tmp_path: Path) -> None:
    manifest = '[project]\nname="p"\nversion="1"\n[project.optional-dependencies]\nhil=["odd-robot>=1"]\n'
    report, _ = needs(tmp_path, {"pyproject.toml": manifest, "p.py": "import odd_robot\n"})
    (question,) = report.questions
    assert question.message == "p.py:1 imports it at module level: odd-robot is declared for hil alone"
    assert question.remedy == "--extra hil plans it"


def test_of_the_extras_that_declare_a_module_the_smallest_is_offered(tmp_path: Path) -> None:
    manifest = (
        '[project]\nname="p"\nversion="1"\n[project.optional-dependencies]\n'
        'arm=["odd-robot>=1"]\nall=["odd-robot>=1", "rich", "tqdm"]\n'
    )
    report, _ = needs(tmp_path, {"pyproject.toml": manifest, "p.py": "import odd_robot\n"})
    assert [question.remedy for question in report.questions] == ["--extra arm plans it"]


def test_a_variable_that_is_not_set_is_named(tmp_path: Path) -> None:
    _, notices = needs(tmp_path, CASES["a variable that is not set"][0])
    assert "requirements.txt:1: ${PODFIT_NOT_SET} is not set: tqdm is read for tqdm==${PODFIT_NOT_SET}" in notices[0]


def test_a_name_that_is_another_projects_is_asked_about_even_if_declared(tmp_path: Path) -> None:
    report, _ = needs(tmp_path, {"requirements.txt": "torch\nclip\n", "a.py": "import clip\nclip.load('x')\n"})
    assert asked(report) == {"torch": ""}
    (question,) = report.questions
    assert question.subject == "clip"
    assert question.message.startswith("requirements.txt:2 asks for clip, and the code imports clip, which is OpenAI's")
    assert "git+https://github.com/openai/CLIP.git" in question.remedy


def test_what_gives_way_is_said(tmp_path: Path) -> None:
    report, notices = needs(tmp_path, CASES["a Dockerfile beside a manifest"][0])
    said = [finding.message for finding in report.findings]
    assert "Dockerfile:1 asks for tqdm==3, which requirements.txt:1 excludes; not followed" in said
    assert "Dockerfile:1 installs torch==1.7.1; the template's own stays" in said
    assert any("Dockerfile:1 installs timm==0.4.12 facenet-pytorch" in notice for notice in notices)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a slip of the pen", "requirment.txt is taken for requirements.txt"),
        ("alternatives in a folder", "--group a-backend"),
        ("a variable that is not set", "set it and fit again"),
        ("alternatives beside each other", "choose with -r requirements-old.txt"),
        (
            "requirements beside the code that uses them",
            "no more: eval/requirements.txt; -r FILE takes all",
        ),
        ("a freeze of a Mac", "taken as a local environment"),
    ],
)
def test_what_was_read_in_an_unexpected_way_is_a_notice(name: str, words: str, tmp_path: Path) -> None:
    _, notices = needs(tmp_path, CASES[name][0])
    assert any(words in notice for notice in notices), notices


def test_a_member_that_is_not_there_is_a_question_and_asked_of_no_index(tmp_path: Path) -> None:
    files = {
        "requirements.txt": "tqdm\n-e ./ops\n",
        "main.py": "import ops, deepthing\n",
        ".gitmodules": '[submodule "x"]\n\tpath = third_party/deepthing\n\turl = https://x.org/a/Deep.git\n',
    }
    report, _ = needs(tmp_path, files)
    assert asked(report) == {"tqdm": ""}
    said = {question.subject: question for question in report.questions}
    assert "requirements.txt:2 declares it as the directory ops, which is not there" in said["ops"].message
    assert ".gitmodules:2, third_party/deepthing" in said["deepthing"].message
    assert "git submodule update --init" in said["deepthing"].remedy
