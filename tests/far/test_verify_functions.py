"""Checks beyond importing: real libraries compute, and stubs that only import are found out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from apply_support import make_wheel
from verify_support import X86_64, both, by_script, install, make_environment, plan_over, template_of, warm

from podfit.far.verify.checks import FUNCTIONS
from podfit.far.verify.child import CHILDREN
from podfit.far.verify.gpu import GPU_FUNCTIONS

TITLES = {
    "pyarrow <-> pandas": "a frame survives Arrow and Parquet",
    "scikit-learn fit": "LogisticRegression fits",
    "xgboost on CPU": "trains on cpu",
}


@X86_64
@pytest.mark.network
@pytest.mark.slow
def test_real_libraries_compute(interpreter: Callable[[str], str], tmp_path: Path) -> None:
    python = make_environment(tmp_path / "environment", python=interpreter("3.11"))
    specs = ["pandas==3.0.0", "pyarrow==23.0.0", "scikit-learn==1.8.0", "numpy==2.3.5"]
    install(python, specs, "--only-binary", ":all:")
    # xgboost's wheel for manylinux2014 is the one without CUDA, of 4 MB.
    install(python, ["xgboost==3.0.5"], "--no-deps", "--python-platform", "x86_64-manylinux2014")
    warm(python, "pandas, pyarrow.parquet, sklearn.linear_model, xgboost")
    used = ("pandas", "pyarrow", "scikit-learn", "numpy")
    plan = plan_over(template_of(python), {"xgboost": ["xgboost"]}, edges={"xgboost": used})
    seen = both(plan, python, tmp_path)
    functions = {subject: told for (kind, subject), told in seen.verdicts.items() if kind == "function"}
    assert functions == {title: ("ok", message) for title, message in TITLES.items()}
    assert seen.code == 0


@X86_64
@pytest.mark.network
def test_releases_of_the_years_before_compute_too(interpreter: Callable[[str], str], tmp_path: Path) -> None:
    python = make_environment(tmp_path / "environment", python=interpreter("3.11"))
    install(python, ["pandas==1.5.3", "pyarrow==12.0.1", "numpy==1.26.4"], "--only-binary", ":all:")
    plan = plan_over(template_of(python), {"pyarrow": ["pyarrow"]}, edges={"pyarrow": ("pandas",)})
    seen = by_script(plan, python, tmp_path)
    assert seen.verdicts["function", "pyarrow <-> pandas"] == ("ok", TITLES["pyarrow <-> pandas"])
    assert seen.code == 0


NUMPY = {
    "numpy/__init__.py": "__version__ = '1.26.4'\nfloat32 = int32 = float\ndef arange(*_, **__): return _Array()\n"
    "class _Array:\n"
    "    def reshape(self, *_): return self\n"
    "    __getitem__ = __mul__ = __mod__ = __gt__ = lambda self, *_: self\n"
    "    def astype(self, *_): return self\n"
}
STUBS = {
    "pandas": {
        "pandas/__init__.py": "class DataFrame:\n def __init__(self, *_): pass\n def equals(self, _): return False\n"
    },
    "pyarrow": {
        "pyarrow/__init__.py": "class Table:\n"
        " @staticmethod\n def from_pandas(frame): return Table()\n"
        " def to_pandas(self): return None\n"
    },
    "scikit-learn": {
        "sklearn/__init__.py": "",
        "sklearn/linear_model.py": "class LogisticRegression:\n"
        " def fit(self, *_): return self\n"
        " def score(self, *_): return 0.5\n",
    },
    "xgboost": {
        "xgboost/__init__.py": "__version__ = '3.0.5'\ndef DMatrix(*_, **__): pass\n"
        "def train(*_): raise RuntimeError('the booster was not built for this machine')\n"
    },
    "lightgbm": {"lightgbm/__init__.py": "import os\ndef Dataset(*_, **__): pass\ndef train(*_): os.abort()\n"},
}


@pytest.mark.slow
def test_stubs_that_import_and_cannot_compute(tmp_path: Path) -> None:
    python = make_environment(tmp_path / "environment")
    wheels = [make_wheel(tmp_path / "wheels", "numpy", "1.26.4", NUMPY)]
    wheels += [make_wheel(tmp_path / "wheels", name.replace("-", "_"), "1.0", files) for name, files in STUBS.items()]
    install(python, wheels, "--no-index")
    plan = plan_over(template_of(python), {name: [] for name in ("numpy", *STUBS)})
    seen = both(plan, python, tmp_path)
    assert seen.code == 1
    assert all(seen.verdicts["import", name][0] == "ok" for name in STUBS)
    assert {subject: seen.verdicts["function", subject][1] for _, subject in seen.failed} == {
        "lightgbm on CPU": "the process was ended by abort()",
        "pyarrow <-> pandas": "AssertionError: the frame came back changed",
        "scikit-learn fit": "AssertionError: the fit has an accuracy of 0.5",
        "xgboost on CPU": "RuntimeError: the booster was not built for this machine",
    }
    place = seen.findings["function", "xgboost on CPU"]["evidence"]["detail"]
    assert place.endswith("site-packages/xgboost/__init__.py:3")


@pytest.mark.slow
def test_what_the_project_does_not_use_is_not_tried(tmp_path: Path) -> None:
    """A template's broken scikit-learn is no failure of a project that never imports it."""
    python = make_environment(tmp_path / "environment")
    files = STUBS["scikit-learn"]
    wheels = [
        make_wheel(tmp_path / "wheels", "scikit_learn", "1.0", files),
        make_wheel(tmp_path, "numpy", "1.26.4", NUMPY),
    ]
    install(python, wheels, "--no-index")
    template = template_of(python)
    unused = both(plan_over(template, {"numpy": []}), python, tmp_path)
    assert (unused.code, [key for key in unused.findings if key[0] == "function"]) == (0, [])
    used = both(plan_over(template, {"scikit-learn": []}, edges={"scikit-learn": ("numpy",)}), python, tmp_path)
    assert used.failed == [("function", "scikit-learn fit")]


def test_every_check_has_its_child() -> None:
    for title, child, names, _ in (*FUNCTIONS, *GPU_FUNCTIONS):
        assert child in CHILDREN, title
        assert names
