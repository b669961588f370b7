"""Directories that code puts on Python's path: what lies in them is the project's own, and no distribution."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from podfit.readers.imports import scan_imports
from podfit.readers.imports.search_path import added


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("sys.path.append('./scene')", {"scene", "tools/scene"}),
        ("sys.path.insert(0, 'a/b')", {"a/b", "tools/a/b"}),
        ("sys.path.append(os.path.join(os.path.dirname(__file__), '..', 'lib'))", {"lib"}),
        ("sys.path.append(str(Path(__file__).resolve().parents[1] / 'scene'))", {"scene"}),
        ("sys.path.append(str(Path(__file__).parent.parent))", {""}),
        ("R = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))\nsys.path.append(R + '/deep')", {"deep"}),
        ("sys.path.append(os.path.join(os.getcwd(), 'x'))", {"x"}),
        ("here = Path(__file__).parent\nsys.path.insert(0, str(Path(here, 'src').resolve()))", {"tools/src"}),
        ("sys.path.extend(['one', f'{two}'])", {"one", "tools/one"}),
        ("sys.path.append(str(Path(given, 'src')))", {"src", "tools/src"}),
        ("sys.path.append(given)", set()),
        ("sys.path.append('/opt/ros/lib')", set()),
        ("sys.path.append(os.environ['HERE'])", set()),
        ("R = R + 'x'\nsys.path.append(R)", set()),
        ("paths.append('scene')", set()),
    ],
)
def test_what_is_added_is_read_and_not_run(line: str, expected: set[str]) -> None:
    assert added(ast.parse(line), "tools/run.py") == expected


def test_a_module_there_is_the_projects_own(tmp_path: Path) -> None:
    scripts, scene = tmp_path / "scripts", tmp_path / "scene"
    scripts.mkdir()
    scene.mkdir()
    (scene / "__init__.py").touch()
    (scene / "ndc_data.py").write_text("class Data: pass\n")
    (scene / "datasets.py").write_text("x = 1\n")
    (scripts / "prepare.py").write_text(
        "import sys\nsys.path.append('./scene')\nfrom ndc_data import Data\nfrom datasets import load_dataset\n"
    )
    assert {site.module for site in scan_imports(tmp_path).imports} == {"sys", "datasets"}
    (scripts / "prepare.py").write_text("import sys\nfrom ndc_data import Other\n")
    assert {site.module for site in scan_imports(tmp_path).imports} == {"sys", "ndc_data"}


def test_a_namespace_of_the_project_may_have_its_parts_below_several_roots(tmp_path: Path) -> None:
    for part in ("core", "common"):
        inside = tmp_path / part / "src" / "autogluon" / part
        inside.mkdir(parents=True)
        (tmp_path / part / "setup.py").touch()
        (inside / "__init__.py").touch()
    user = tmp_path / "core" / "src" / "autogluon" / "core" / "use.py"
    user.write_text(
        "import autogluon\nfrom autogluon.common import data\nimport autogluon.core\nimport autogluon.other\n"
    )
    (tmp_path / "common" / "src" / "autogluon" / "common" / "data.py").touch()
    assert {site.module for site in scan_imports(tmp_path).imports} == {"autogluon.other"}
