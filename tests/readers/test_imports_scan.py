"""Imports, guards, own modules, notebooks: files on disk, read as a project."""

from __future__ import annotations

import gc
import json
import shutil
import sys
import sysconfig
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from share import examples

from podfit.model import Grade, ImportSite, InputError
from podfit.readers.imports import ImportScan, scan_imports

EXAMPLE = Path(__file__).parents[2] / "examples" / "moola"


def project(root: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def notebook(*cells: str, **metadata: object) -> str:
    made = [{"cell_type": "code", "source": cell, "outputs": [{"data": {"x": 1}}]} for cell in cells]
    return json.dumps({"cells": [{"cell_type": "markdown", "source": ["import nothing"]}, *made], "metadata": metadata})


def modules(scan: ImportScan) -> set[str]:
    return {site.module for site in scan.imports}


def site(scan: ImportScan, module: str) -> ImportSite:
    (found,) = [one for one in scan.imports if one.module == module]
    return found


def test_every_form_of_import_with_its_line(tmp_path: Path) -> None:
    source = (
        "import os, numpy as np\n"
        "from sklearn.svm import (\n    SVC,\n    SVR as R,\n)\n"
        "def f():\n    import torch.nn.functional as F\n    class A:\n        from scipy import stats\n"
        "async def g():\n    async with x:\n        import aiohttp\n"
        "match a:\n    case 1:\n        import pandas\n    case _:\n        import polars\n"
        "for i in x:\n    import rich\nelse:\n    import tqdm\n"
        "while x:\n    import yaml\n"
        "import importlib\nplugin = importlib.import_module('xgboost.sklearn')\n"
        "from importlib import import_module as im\nim('lightgbm')\n__import__('catboost')\n"
        "importlib.import_module(name)\nimportlib.import_module('.relative', 'p')\nother.import_module('not_this')\n"
    )
    scan = scan_imports(project(tmp_path, {"a.py": source}))
    lines = {one.module: one.line for one in scan.imports}
    assert lines == {
        "os": 1, "numpy": 1, "sklearn.svm": 2, "torch.nn.functional": 7, "scipy": 9, "aiohttp": 12, "pandas": 15,
        "polars": 17, "rich": 19, "tqdm": 21, "yaml": 23, "importlib": 26, "xgboost.sklearn": 25, "lightgbm": 27,
        "catboost": 28,
    }  # fmt: skip
    assert site(scan, "sklearn.svm").names == ("SVC", "SVR")
    lazy = {"torch.nn.functional", "scipy", "aiohttp"}
    assert {one.module for one in scan.imports if one.optional} == lazy
    assert {one.module for one in scan.imports if one.grade is Grade.FUNCTION} == lazy
    assert site(scan, "scipy").reason == "in the function f at line 6"


@pytest.mark.parametrize(
    ("source", "grade"),
    [
        ("import m\n", Grade.MODULE),
        ("def main():\n    import m\nif __name__ == '__main__':\n    main()\n", Grade.MODULE),
        ("def main():\n    import m\nwith x:\n    code = int(main())\n", Grade.MODULE),
        ("def f():\n    def main():\n        import m\nmain()\n", Grade.FUNCTION),
        ("def f():\n    import m\n", Grade.FUNCTION),
        ("class A:\n    import m\n", Grade.MODULE),
        ("class A:\n    def f(self):\n        import m\n", Grade.FUNCTION),
        ("def f():\n    try:\n        import m\n    except ImportError:\n        raise\n", Grade.FUNCTION),
        ("try:\n    import m\nexcept ImportError:\n    raise RuntimeError('install m')\n", Grade.RAISING),
        ("try:\n    import m\nexcept ImportError:\n    m = None\n", Grade.GUARDED),
    ],
)
def test_the_grade_tells_what_stands_around_an_import(tmp_path: Path, source: str, grade: Grade) -> None:
    found = site(scan_imports(project(tmp_path, {"a.py": source})), "m")
    assert found.grade is grade
    assert found.optional == (grade in (Grade.FUNCTION, Grade.GUARDED))


def test_the_grade_tells_where_an_import_stands(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "train.py": "import a\n",
        "examples/run.py": "import b\n",
        "pkg/demo/show.py": "import c\n",
        "demo.ipynb": notebook("import d"),
        "explore.ipynb": notebook("import e"),
        "tests/test_it.py": "import f\n",
        "conf/a.yaml": "_target_: g.G\n",
        "examples/guarded.py": "try:\n    import h\nexcept ImportError:\n    pass\n",
    }
    scan = scan_imports(project(tmp_path, files), include_tests=True)
    grades = {one.module: (one.grade, one.optional) for one in scan.imports}
    assert grades == {
        "a": (Grade.MODULE, False), "b": (Grade.EXAMPLE, True), "c": (Grade.EXAMPLE, True), "d": (Grade.EXAMPLE, True),
        "e": (Grade.NOTEBOOK, False), "f": (Grade.TEST, False), "g": (Grade.CONFIG, False), "h": (Grade.GUARDED, True),
    }  # fmt: skip


def test_an_import_under_a_condition_is_less_sure_unless_both_ways_have_it(tmp_path: Path) -> None:
    source = (
        "import a\nif a.flag:\n    import b\n    import c.x\nelif a.other:\n    import d\nelse:\n    import c.y\n"
        "if a.flag:\n    import e.x\nelse:\n    import e.y\n"
        "if __name__ == '__main__':\n    import f\n    if a.flag:\n        import g\nimport h\n"
    )
    scan = scan_imports(project(tmp_path, {"a.py": source.replace("import a\n", "import z as a\n")}))
    grades = {one.module: one.grade for one in scan.imports}
    assert {name for name, grade in grades.items() if grade is Grade.BRANCH} == {"b", "c.x", "d", "c.y", "g"}
    assert {name for name, grade in grades.items() if grade is Grade.MODULE} == {"z", "e.x", "e.y", "f", "h"}
    assert not any(one.optional for one in scan.imports)


def test_what_protoc_makes_of_the_projects_own_files_is_its_own(tmp_path: Path) -> None:
    files = {"grpc/server.py": "import speech_api_pb2\nimport speech_api_pb2_grpc\n", "grpc/speech-api.proto": ""}
    assert not scan_imports(project(tmp_path, dict(files))).imports


def test_a_project_of_examples_alone_is_those_examples(tmp_path: Path) -> None:
    scan = scan_imports(project(tmp_path, {"examples/run.py": "import b\n", "demo.ipynb": notebook("import d")}))
    assert {one.module: one.grade for one in scan.imports} == {"b": Grade.EXAMPLE, "d": Grade.NOTEBOOK}
    scan = scan_imports(project(tmp_path / "one", {"examples/run.py": "import b\n"}))
    assert [(one.grade, one.optional) for one in scan.imports] == [(Grade.MODULE, False)]


@pytest.mark.parametrize(
    ("source", "optional"),
    [
        ("try:\n    import m.new as m\nexcept ImportError:\n    import m.old as m\n", [True, False]),
        ("try:\n    from m.new import f\nexcept ImportError:\n    from m import f\n", [True, False]),
        ("try:\n    import m.new\nexcept ImportError:\n    import n\n    import m.old\n", [True, False]),
        (
            "try:\n    import m.a\nexcept ImportError:\n    try: import m.b\n    except ImportError: pass\n",
            [True, True],
        ),
        ("try:\n    import m\nexcept ImportError:\n    from . import m\n", [True]),
    ],
)
def test_a_module_that_both_a_try_and_its_handler_import_is_needed(
    tmp_path: Path, source: str, optional: list[bool]
) -> None:
    scan = scan_imports(project(tmp_path, {"a.py": source}))
    assert [one.optional for one in scan.imports if one.top_level == "m"] == optional


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("try:\n    import m\nexcept ImportError:\n    m = None\n", "try/except ImportError"),
        ("try:\n    import m\nexcept (ValueError, ModuleNotFoundError):\n    pass\n", "try/except ModuleNotFoundError"),
        ("try:\n    import m\nexcept Exception as e:\n    print(e)\n", "try/except Exception"),
        ("try:\n    import m\nexcept:\n    pass\n", "try/except BaseException"),
        ("try:\n    import json\nexcept ImportError:\n    import m\n", "stands in"),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import m\n", "if TYPE_CHECKING"),
        ("import typing as t\nif t.TYPE_CHECKING:\n    import m\n", "if TYPE_CHECKING"),
        ("if not TYPE_CHECKING:\n    x = 1\nelse:\n    import m\n", "if not TYPE_CHECKING"),
        ("if False:\n    import m\n", "if False"),
        ("from importlib.util import find_spec\nif find_spec('m'):\n    import m\n", "test of availability"),
        ("import importlib.util\nOK = importlib.util.find_spec('m') is not None\nif OK:\n    import m\n", "(OK)"),
        ("try:\n    import x\n    got = True\nexcept ImportError:\n    got = False\nif got:\n    import m\n", "(got)"),
        ("if is_flash_attn_2_available():\n    import m\n", "test of availability"),
        ("if HAS_APEX:\n    import m\n", "test of availability"),
        ("import sys\nif sys.version_info < (3, 11):\n    import m\nelse:\n    import tomllib\n", "sys.version_info"),
        ("import os\nif os.name == 'nt':\n    import m\n", "os.name"),
        ("import contextlib\nwith contextlib.suppress(ImportError):\n    import m\n", "suppress(ImportError)"),
        ("try:\n    if x:\n        def f():\n            import m\nexcept ImportError:\n    pass\n", "try/except"),
        ("try:\n    a = __import__('m')\nexcept ImportError:\n    a = None\n", "try/except"),
    ],
)
def test_guarded_imports_are_optional_and_say_why(tmp_path: Path, source: str, reason: str) -> None:
    found = site(scan_imports(project(tmp_path, {"a.py": source})), "m")
    assert found.optional
    assert reason in found.reason


@pytest.mark.parametrize(
    "source",
    [
        "try:\n    import m\nexcept ImportError as e:\n    raise SystemExit('install m') from e\n",
        "import sys\ntry:\n    import m\nexcept ImportError:\n    print('install m')\n    sys.exit(1)\n",
        "try:\n    import m\nexcept ImportError:\n    raise\nexcept Exception:\n    pass\n",
        "try:\n    import m\nexcept ValueError:\n    pass\n",
        "try:\n    import m\nfinally:\n    x = 1\n",
        "try:\n    x = 1\nexcept ImportError:\n    pass\nelse:\n    import m\n",
        "if not TYPE_CHECKING:\n    import m\n",
        "if has_header:\n    import m\n",
        "if __name__ == '__main__':\n    import m\n",
        "with open('x') as f:\n    import m\n",
    ],
)
def test_what_only_looks_like_a_guard_is_none(tmp_path: Path, source: str) -> None:
    assert not site(scan_imports(project(tmp_path, {"a.py": source})), "m").optional


@pytest.mark.parametrize(
    ("files", "own"),
    [
        ({"src/app/__init__.py": "", "src/app/x.py": "import app.y\nfrom . import z\nfrom .. import q"}, {"app"}),
        ({"app/__init__.py": "", "app/x.py": "import app.y"}, {"app"}),
        ({"train.py": "import utils\nfrom models.net import Net", "utils.py": "", "models/net.py": ""},
         {"train", "utils", "models"}),
        ({"exp/train.py": "import utils", "exp/utils.py": ""}, {"utils"}),
        ({"exp/a/train.py": "import shared", "exp/shared.py": ""}, {"shared"}),
        ({"packages/one/pyproject.toml": "", "packages/one/src/one/__init__.py": "import two",
          "packages/two/setup.py": "", "packages/two/two/__init__.py": ""}, {"one", "two"}),
        ({"__init__.py": "", "train.py": "import mynet\nfrom pkgx import a", "mynet.py": "", "pkgx/__init__.py": ""},
         {"mynet", "pkgx"}),
        ({"main.py": "import tests.support", "tests/support.py": ""}, {"tests"}),
        ({"src/company/team/a.py": "import company.team.b", "src/company/team/b.py": ""}, {"company"}),
    ],
)  # fmt: skip
def test_own_modules_of_all_layouts(tmp_path: Path, files: dict[str, str], own: set[str]) -> None:
    scan = scan_imports(project(tmp_path, dict(files)))
    assert own <= scan.own_modules
    assert not scan.imports


def test_a_local_file_does_not_hide_a_well_known_package(tmp_path: Path) -> None:
    files = {
        "pkg/__init__.py": "",
        "pkg/datasets.py": "def load_cityscapes(): ...\n",
        "pkg/wandb.py": "import wandb\n",
        "pkg/train.py": "import wandb\nfrom datasets import load_dataset\n",
        "pkg/old.py": "from datasets import load_cityscapes\n",
        "data/datasets/get.py": "import datasets\n",
        "src/google/ours/__init__.py": "",
        "main.py": "from google.protobuf import message\nimport google.ours\nfrom google import ours\n",
    }
    scan = scan_imports(project(tmp_path, dict(files)))
    assert {(str(one), one.module) for one in scan.imports} == {
        ("pkg/wandb.py:1", "wandb"),
        ("pkg/train.py:1", "wandb"),
        ("pkg/train.py:2", "datasets"),
        ("data/datasets/get.py:1", "datasets"),
        ("main.py:1", "google.protobuf"),
    }
    assert not {"datasets", "wandb", "google"} & scan.own_modules


def test_modules_inside_a_package_are_own_only_if_they_have_what_is_used(tmp_path: Path) -> None:
    files = {
        "pkg/__init__.py": "",
        "pkg/runners/__init__.py": "",
        "pkg/runners/dockerish.py": "import dockerish\nfrom dockerish import client\n",
        "pkg/runners/run.py": "import dockerish\ndockerish.from_env()\n",
        "pkg/losser.py": "def focal(): ...\n",
        "pkg/train.py": "import losser as L\nL.focal()\n",
        "pkg/more.py": "from losser import *\n",
        "pkg/utils.py": "",
        "pkg/plain.py": "import utils\n",
        "pkg/backends/sparkish/__init__.py": "",
        "pkg/backends/sparkish/session.py": "import sparkish.sql\nimport sparkish\n",
    }
    scan = scan_imports(project(tmp_path, dict(files)))
    assert {(str(one), one.module) for one in scan.imports} == {
        ("pkg/runners/dockerish.py:1", "dockerish"),
        ("pkg/runners/dockerish.py:2", "dockerish"),
        ("pkg/runners/run.py:1", "dockerish"),
        ("pkg/backends/sparkish/session.py:1", "sparkish.sql"),
        ("pkg/backends/sparkish/session.py:2", "sparkish"),
    }


def test_a_package_inside_another_that_calls_itself_by_its_name_is_own(tmp_path: Path) -> None:
    files = {
        "tools/__init__.py": "",
        "tools/roformerx/__init__.py": "",
        "tools/roformerx/attend.py": "class Attend: ...\n",
        "tools/roformerx/net.py": "from roformerx.attend import Attend\nfrom roformerx.other import gone\n",
        "tools/use.py": "from roformerx.attend import Attend\n",
    }
    scan = scan_imports(project(tmp_path, dict(files)))
    assert {str(one) for one in scan.imports} == {"tools/roformerx/net.py:2"}


def test_a_module_of_another_package_is_own_where_it_makes_what_is_taken_of_it(tmp_path: Path) -> None:
    files = {
        "tools/__init__.py": "",
        "tools/my_utilsx.py": "from wrappedx import Client\ndef load_audio(): ...\nif True:\n    RATE = 1\n",
        "tools/subx/__init__.py": "",
        "tools/subx/parts.py": "class Part: ...\n",
        "tools/wandb.py": "def log(): ...\n",
        "net/__init__.py": "",
        "net/export.py": (
            "from my_utilsx import load_audio, RATE\nfrom subx.parts import Part\nfrom wandb import log\n"
            "from my_utilsx import Client\nfrom my_utilsx import gone\nfrom subx.other import Part\nimport my_utilsx\n"
        ),
        "net/wrappedx.py": "from wrappedx import Client\n",
    }
    scan = scan_imports(project(tmp_path, dict(files)))
    assert {(str(one), one.module) for one in scan.imports} == {
        ("net/export.py:3", "wandb"),
        ("net/export.py:4", "my_utilsx"),
        ("net/export.py:5", "my_utilsx"),
        ("net/export.py:6", "subx.other"),
        ("net/export.py:7", "my_utilsx"),
        ("net/wrappedx.py:1", "wrappedx"),
        ("tools/my_utilsx.py:1", "wrappedx"),
    }


def test_a_script_in_a_package_finds_what_lies_beside_it(tmp_path: Path) -> None:
    main = "if __name__ == '__main__':\n    pass\n"
    files = {
        "pkg/__init__.py": "",
        "pkg/helpersx.py": "",
        "pkg/starx.py": "from pkg.more import *\n",
        "pkg/netsx/__init__.py": "",
        "pkg/wandb.py": "",
        "pkg/train.py": f"import helpersx, netsx, wandb\nnetsx.build()\nfrom helpersx import made\n{main}",
        "pkg/module.py": "import starx\nstarx.f()\nimport helpersx\nhelpersx.g()\n",
        "pkg/tried.py": "try:\n    from fast import go\nexcept ImportError:\n    def stop(): ...\n",
        "pkg/uses.py": "import tried\nimport helpersx\ntried.stop()\n",
    }
    scan = scan_imports(project(tmp_path, dict(files)))
    assert {(str(one), one.module) for one in scan.imports} == {
        ("pkg/train.py:1", "wandb"),
        ("pkg/module.py:3", "helpersx"),
        ("pkg/tried.py:2", "fast"),
    }


def test_a_single_file_knows_the_modules_beside_it(tmp_path: Path) -> None:
    project(
        tmp_path,
        {"train.py": "import helper_a\nimport inner\nimport numpy", "helper_a.py": "", "inner/__init__.py": ""},
    )
    scan = scan_imports(tmp_path / "train.py")
    assert modules(scan) == {"numpy"}


def test_foreign_directories_are_not_read(tmp_path: Path) -> None:
    bad = "import wrong"
    files = {f"{name}/x.py": bad for name in (".git", ".venv", "venv", "build", "dist", "node_modules", "a/__pycache__",
                                              "lib/site-packages/p", ".tox/py")}  # fmt: skip
    files |= {"myenv/pyvenv.cfg": "", "myenv/lib/x.py": bad, "conda/conda-meta/x.json": "", "conda/x.py": bad}
    files |= {"a.py": "import right", "build/__init__.py": "import real_package", "out/b.py": bad, "c_gen.py": bad}
    scan = scan_imports(project(tmp_path, dict(files)), exclude=["out/", "*_gen.py"])
    assert modules(scan) == {"right", "real_package"} | ({"wrong"} if (tmp_path / "build/x.py").exists() else set())
    assert {one.path for one in scan.imports} == {"a.py", "build/__init__.py", "build/x.py"}


def test_a_package_that_is_called_as_environments_are_is_the_project_s(tmp_path: Path) -> None:
    files = {
        "pkg/__init__.py": "",
        "pkg/env/wrap.py": "import cv2",
        "env/__init__.py": "import gym",
        "venv/x.py": "import wrong",
    }
    files |= {"pkg/venv/pyvenv.cfg": "", "pkg/venv/__init__.py": "import wrong"}
    assert modules(scan_imports(project(tmp_path, files))) == {"cv2", "gym"}


def test_a_folder_env_without_an_environment_s_directories_is_the_project_s(tmp_path: Path) -> None:
    files = {"env/SE3/setup.py": "", "env/SE3/se3/__init__.py": "import e3nn", "a/env/x.py": "import wrong"}
    files |= {"a/env/bin/activate": "", "main.py": "import se3"}
    assert modules(scan_imports(project(tmp_path, files))) == {"e3nn"}


def test_a_plain_folder_is_not_a_package_that_has_what_it_lacks(tmp_path: Path) -> None:
    files = {
        "experiments/robot/liberox/run.py": "from liberox.envs import Env\nfrom liberox.liberox import benchmark\n",
        "experiments/robot/liberox/more.py": "from liberox.run import main\nimport utils.gone\n",
        "experiments/utils/x.py": "",
    }
    scan = scan_imports(project(tmp_path, dict(files)))
    assert {(one.path.rpartition("/")[2], one.module) for one in scan.imports} <= {
        ("run.py", "liberox.envs"),
        ("run.py", "liberox.liberox"),
    }
    first = {"experiments/robot/liberox/run.py": files["experiments/robot/liberox/run.py"]}
    assert modules(scan_imports(project(tmp_path / "alone", first))) == {"liberox.envs", "liberox.liberox"}


def test_links_that_lead_in_circles_end(tmp_path: Path) -> None:
    project(tmp_path, {"a/x.py": "import numpy"})
    (tmp_path / "a" / "again").symlink_to(tmp_path)
    (tmp_path / "a" / "gone.py").symlink_to(tmp_path / "nowhere.py")
    assert [str(one) for one in scan_imports(tmp_path).imports] == ["a/x.py:1"]


def test_a_link_out_of_the_project_is_passed_over_with_a_notice(tmp_path: Path) -> None:
    root = project(tmp_path / "project", {"a/x.py": "import numpy", "b.py": "import pandas"})
    project(tmp_path / "other", {"secret.py": "import plans"})
    (root / "main.py").symlink_to(tmp_path / "other" / "secret.py")
    (root / "same.py").symlink_to(root / "b.py")
    scan = scan_imports(root)
    assert modules(scan) == {"numpy", "pandas"}
    assert scan.notices == ("main.py: not read, for it is a link out of the project",)
    assert {one.path for one in scan.imports} == {"a/x.py", "b.py", "same.py"}


def test_tests_and_docs_are_left_out_with_a_notice_or_kept(tmp_path: Path) -> None:
    files = dict.fromkeys(("tests/t.py", "docs/conf.py", "conftest.py", "setup.py", "noxfile.py"), "import pytest")
    project(tmp_path, {**files, "a.py": "import numpy", "pkg/__init__.py": "", "pkg/setup.py": "import torch"})
    scan = scan_imports(tmp_path)
    assert modules(scan) == {"numpy", "torch"}
    assert scan.notices == (
        "5 files of tests, documentation and build tools left out (conftest.py, docs/, noxfile.py, setup.py, tests/)",
    )
    kept = scan_imports(tmp_path, include_tests=True)
    assert len([one for one in kept.imports if one.module == "pytest"]) == 5
    assert not kept.notices


def test_tests_beside_the_code_are_tests_and_scripts_that_try_a_model_out_are_none(tmp_path: Path) -> None:
    files = {
        "pkg/net.py": "import a\n",
        "pkg/net_test.py": "import b, pytest\n",
        "pkg/test_net.py": "import c\ndef test_it(): ...\n",
        "pkg/test_loss.py": "from unittest import TestCase\nimport d\nif __name__ == '__main__': main()\n",
        "test_model.py": "import e, argparse\ndef test_model(net): ...\n",
        "tools/test_images.py": "import f\nf.run()\n",
        "pkg/latest.py": "import pytest\n",
    }
    assert modules(scan_imports(project(tmp_path, dict(files)))) >= {"a", "e", "f", "pytest"}
    assert not modules(scan_imports(tmp_path)) & {"b", "c", "d"}
    project(tmp_path, {"CI/submit.py": "import boto3\n", "CI/Dockerfile": "RUN pip install awscli\n"})
    project(tmp_path, {"stats/ci/__init__.py": "import g\n"})
    again = scan_imports(tmp_path)
    assert (modules(again) & {"boto3", "g"}, again.tree.dockerfiles) == ({"g"}, [])
    kept = scan_imports(tmp_path, include_tests=True)
    assert {one.module for one in kept.imports if one.grade is Grade.TEST} >= {"b", "c", "d"}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("import numpy\ndef broken(:\n    pass\n", ["bad.py:2", "cannot parse"]),
        ("import numpy\nprint 'hello'\n", ["bad.py:2", "Python 2"]),
        ("try:\n    x()\nexcept IOError, e:\n    pass\n", ["bad.py:3", "Python 2"]),
        (b"x = '\xff\xfe'\n", ["bad.py:1", "cannot parse"]),
        (b"# coding: no-such\nimport numpy\n", ["bad.py", "no-such"]),
        (b"import numpy\x00\n", ["bad.py", "null bytes"]),
        ("x = " + "(" * 5000 + ")" * 5000, ["bad.py"]),
        ("x = " + "-" * 100_000 + "1", ["bad.py"]),
    ],
)
def test_what_cannot_be_parsed_is_a_notice(tmp_path: Path, content: str | bytes, words: list[str]) -> None:
    scan = scan_imports(project(tmp_path, {"bad.py": content, "good.py": "import torch"}))
    assert modules(scan) == {"torch"}
    (notice,) = scan.notices
    assert all(word in notice for word in words), notice
    assert "\n" not in notice


def test_a_long_chain_of_elifs_is_read_whole(tmp_path: Path) -> None:
    chain = "".join(f"elif a == {number}:\n    import numpy\n" for number in range(600))
    scan = scan_imports(project(tmp_path, {"a.py": f"if a == 'x':\n    pass\n{chain}else:\n    import torch\n"}))
    assert len(scan.imports) == 601
    assert not scan.notices


def test_encodings_of_pep_263(tmp_path: Path) -> None:
    files = {
        "latin.py": "# -*- coding: latin-1 -*-\ns = 'é'\nimport numpy\n".encode("latin-1"),
        "bom.py": b"\xef\xbb\xbfimport pandas\n",
        "sjis.py": "# vim: set fileencoding=shift_jis :\ns = '日本'\nimport scipy\n".encode("shift_jis"),
        "crlf.py": b"x = 1\r\nimport torch\r\n",
    }
    scan = scan_imports(project(tmp_path, dict(files)))
    assert {str(one): one.module for one in scan.imports} == {
        "latin.py:3": "numpy", "bom.py:1": "pandas", "sjis.py:3": "scipy", "crlf.py:2": "torch",
    }  # fmt: skip


def test_notebooks_with_magics_and_shell_lines(tmp_path: Path) -> None:
    cells = (
        "%matplotlib inline\nimport numpy as np\n!pip install -q einops \\\n    timm\nfrom torch import nn",
        "%%time\nimport pandas",
        "%%bash\nimport nothing from here\n",
        "files = !ls\ndf?\n%time import scipy\nif True:\n    !echo {files}\nimport xgboost  # why?\nx = await load()",
        "text = '''\n%not a magic\n!nor this\n'''\nimport polars",
        "import (",
    )
    scan = scan_imports(project(tmp_path, {"n.ipynb": notebook(*cells)}))
    assert {(one.module, one.cell, one.line) for one in scan.imports} == {
        ("numpy", 2, 2), ("torch", 2, 5), ("pandas", 3, 2), ("scipy", 5, 3), ("xgboost", 5, 6), ("polars", 6, 5),
    }  # fmt: skip
    assert str(scan.imports[0]) == "n.ipynb[2]:2"
    assert [notice.partition(":")[0] for notice in scan.notices] == ["n.ipynb[7]"]


def test_a_cell_of_another_language_may_begin_with_comments(tmp_path: Path) -> None:
    cells = ("#@title Keep this alive\n\n#@markdown music\n%%html\n<audio src=x>\n", "import numpy")
    scan = scan_imports(project(tmp_path, {"n.ipynb": notebook(*cells)}))
    assert (modules(scan), scan.notices) == ({"numpy"}, ())


def test_old_odd_and_broken_notebooks(tmp_path: Path) -> None:
    old = {
        "worksheets": [{"cells": [{"cell_type": "code", "input": ["import numpy\n", "import torch"]}]}],
        "nbformat": 3,
    }
    nan = '{"cells": [{"cell_type": "code", "source": "import pandas", "outputs": [NaN]}]}'
    files = {
        "old.ipynb": json.dumps(old),
        "nan.ipynb": nan,
        "r.ipynb": notebook("library(dplyr)", kernelspec={"language": "R"}),
        "cut.ipynb": nan[:-3],
        "list.ipynb": "[1, 2]",
        "empty.ipynb": "",
    }
    scan = scan_imports(project(tmp_path, dict(files)))
    assert modules(scan) == {"numpy", "torch", "pandas"}
    assert sorted(notice.partition(":")[0] for notice in scan.notices) == [
        "cut.ipynb", "empty.ipynb", "list.ipynb", "r.ipynb",
    ]  # fmt: skip


def test_targets_of_hydra_configurations(tmp_path: Path) -> None:
    config = "a:\n  _target_: timm.create_model\nb:\n  '_target_': 'torch.optim.Adam'  # c\nd:\n- _target_: app.Net\n"
    scan = scan_imports(project(tmp_path, {"conf/c.yaml": config, "app/__init__.py": ""}))
    assert [(str(one), one.module, one.names) for one in scan.imports] == [
        ("conf/c.yaml:2", "timm", ("create_model",)),
        ("conf/c.yaml:4", "torch.optim", ("Adam",)),
    ]


def test_calls_that_imply_needs(tmp_path: Path) -> None:
    source = (
        "import pandas as pd\nfrom pandas import read_excel as rx\n"
        "df = pd.read_parquet('s3://b/x.parquet', engine='fastparquet')\n"
        "rx('a.xls', index_col=0)\ndf['a'].groupby(df.b).mean().plot.bar()\n"
        "def f(frame: pd.DataFrame, ax):\n    frame.hist()\n    ax.plot([1])\n    frame.to_parquet(p)\n"
    )
    calls = scan_imports(project(tmp_path, {"a.py": source})).calls
    assert [(c.target, c.receiver, c.line, c.arguments, dict(c.keywords)) for c in calls] == [
        ("pandas.read_parquet", "", 3, ("s3://b/x.parquet",), {"engine": "fastparquet"}),
        ("pandas.read_excel", "", 4, ("a.xls",), {}),
        (".plot", "pandas", 5, (), {}),
        (".hist", "pandas", 7, (), {}),
        (".plot", "", 8, (), {}),
        (".to_parquet", "pandas", 9, (), {}),
    ]


def test_a_missing_project_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such project"):
        scan_imports(tmp_path / "nowhere")


def test_the_example_is_read_whole() -> None:
    scan = scan_imports(EXAMPLE)
    assert {"moola"} <= scan.own_modules
    assert not any(one.top_level == "moola" for one in scan.imports)
    found = {one.top_level for one in scan.imports if not one.optional} - set(sys.stdlib_module_names)
    assert found == {
        "click", "hydra", "imblearn", "loguru", "matplotlib", "mlflow", "numpy", "omegaconf", "pandas", "pandera",
        "pydantic", "pytorch_lightning", "scipy", "sklearn", "torch", "typer", "xgboost",
    }  # fmt: skip
    guarded = {one.top_level for one in scan.imports if one.optional}
    assert guarded == {"fastapi", "numpy", "polars", "uvicorn", "wandb"}
    assert {"pandas.read_parquet", ".to_parquet"} <= {call.target for call in scan.calls}


@pytest.mark.slow
def test_it_is_quick_enough(tmp_path: Path) -> None:
    # Real code: the email, json, logging ... packages of the standard library, some 100 lines a file like a project's.
    library = Path(sysconfig.get_path("stdlib"))
    sources = [path for path in sorted(library.glob("*/*.py")) if 500 < path.stat().st_size < 8000][:500]
    for number, path in enumerate(sources):
        shutil.copy(path, tmp_path / f"m{number}.py")
    scan_imports(EXAMPLE)  # the tables are read
    begin = time.process_time()
    scan_imports(tmp_path)
    seconds = time.process_time() - begin
    # 500 files a second are wanted of an idle machine; a quarter of that still holds on a loaded one.
    assert len(sources) / seconds > 125
    assert gc.isenabled()


@settings(max_examples=examples(150), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.text(), st.binary(), st.text(alphabet="import from.\n\t:(),*as try except%!?'\"\\_x")))
def test_arbitrary_text_never_raises(tmp_path: Path, text: str | bytes) -> None:
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    cell = data.decode("utf-8", "replace")
    project(tmp_path, {"a.py": data, "b.ipynb": data, "c.ipynb": notebook(cell), "d.yaml": b"_target_: " + data})
    scan = scan_imports(tmp_path)
    assert all(one.line >= 1 for one in scan.imports)


NAMES = st.from_regex(r"[a-z][a-z0-9]{2,8}_q", fullmatch=True)
STATEMENTS = st.one_of(
    st.builds(lambda m: (f"import {m}", m), NAMES),
    st.builds(lambda m, n: (f"import {m}.{n} as z", f"{m}.{n}"), NAMES, NAMES),
    st.builds(lambda m, n: (f"from {m} import {n}, other as o", m), NAMES, NAMES),
    st.builds(lambda m: (f"x = __import__('{m}')", m), NAMES),
    st.builds(lambda m: (f"import importlib; importlib.import_module('{m}')", m), NAMES),
)
BLOCKS = st.sampled_from(["{}", "if x:\n    {}", "def f():\n    {}", "class A:\n    def f(self):\n        {}",
                          "try:\n    {}\nexcept ImportError:\n    pass", "x = '''\nimport fake\n'''\n{}",
                          "with a as b:\n    for c in d:\n        {}", "# import fake\n{}"])  # fmt: skip


@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(STATEMENTS, BLOCKS), min_size=1, max_size=8))
def test_generated_imports_are_all_found_where_they_stand(
    tmp_path: Path, made: list[tuple[tuple[str, str], str]]
) -> None:
    lines: list[str] = []
    wanted = set()
    for (statement, module), block in made:
        text = block.format(statement).split("\n")
        offset = next(number for number, line in enumerate(text) if statement in line)
        wanted.add((module, len(lines) + offset + 1, any(word in block for word in ("except ImportError", "def f"))))
        lines += text
    project(tmp_path, {"a.py": "\n".join(lines), "b.ipynb": notebook("\n".join([*lines, "%magic"]))})
    scan = scan_imports(tmp_path)
    for path in ("a.py", "b.ipynb"):
        found = {(o.module, o.line, o.optional) for o in scan.imports if o.path == path and o.module != "importlib"}
        assert found == wanted


@pytest.mark.parametrize(
    ("line", "own"),
    [
        ("!git clone https://github.com/lab/DiT.git", True),
        ("!git clone --depth 1 https://github.com/lab/DiT && cd DiT", True),
        ("!git clone https://github.com/lab/Other.git", False),
        ("!pip install something", False),
    ],
)
def test_a_notebook_that_clones_the_project_imports_its_folder(tmp_path: Path, line: str, own: bool) -> None:
    files = {"DiT/models.py": "", "DiT/run.ipynb": notebook(line, "import DiT")}
    scan = scan_imports(project(tmp_path, files) / "DiT")
    assert ("DiT" not in modules(scan)) is own
