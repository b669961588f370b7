"""Names that the project's own code uses and that some releases of what it imports lack."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from podfit.readers.imports import scan_imports

NP = "import numpy as np\n"


def uses(folder: Path, **files: str) -> list[tuple[str, str, bool]]:
    """Return the names that files (by their stem) use, where, and whether that is certain."""
    for stem, source in files.items():
        (folder / f"{stem}.py").write_text(source)
    return [(use.name, str(use), use.certain) for use in scan_imports(folder).uses]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (f"{NP}a = np.float(1)\n", [("numpy.float", 2, True)]),
        ("import numpy\na = [numpy.int, numpy.float]\n", [("numpy.float", 2, True), ("numpy.int", 2, True)]),
        (f"{NP}class A:\n    b = np.object\n", [("numpy.object", 3, True)]),
        (f"{NP}def f():\n    return np.float(1)\n", [("numpy.float", 3, False)]),
        (f"{NP}if __name__ == '__main__':\n    print(np.int(1))\n", [("numpy.int", 3, True)]),
        (f"{NP}if a:\n    print(np.int(1))\n", [("numpy.int", 3, False)]),
        ("from PIL import Image\na.resize(b, Image.ANTIALIAS)\n", [("PIL.Image.ANTIALIAS", 2, True)]),
        ("from PIL import (\n    Image as I,\n)\na = I.ANTIALIAS\n", [("PIL.Image.ANTIALIAS", 4, True)]),
        ("import PIL.Image\na = PIL.Image.ANTIALIAS\n", [("PIL.Image.ANTIALIAS", 2, True)]),
        ("import gradio as gr\na = gr.inputs.Textbox()\n", [("gradio.inputs", 2, True)]),
        (f"{NP}a = np.float32(1), np.floating, np.random.float\n", []),
        (f"{NP}# np.float\na = 'np.float'\n", []),
        (f"{NP}a = b.np.float\n", []),
        ("import jax.numpy as np\na = np.float(1)\n", []),
        ("np = 1\na = np.float\n", []),
        (f"{NP}np.float = float\na = np.float(1)\n", []),
        (f"{NP}if not hasattr(np, 'float'):\n    np.float = float\na = np.float(1)\n", []),
        (f"{NP}setattr(np, 'float', float)\na = np.float(1)\n", []),
        (f"{NP}try:\n    a = np.float\nexcept AttributeError:\n    a = float\n", []),
        (f"{NP}try:\n    a = np.float\nexcept (KeyError, OSError):\n    a = float\n", [("numpy.float", 3, False)]),
        (f"{NP}if np.__version__ < '1.24':\n    a = np.float\n", []),
        (f"{NP}a = getattr(np, 'float', float)\n", []),
        (f"{NP}a = lambda: np.float\n", [("numpy.float", 2, False)]),
        (f"{NP}from numpy import *\na = np.float(\n", []),
    ],
)
def test_what_a_module_uses(tmp_path: Path, source: str, expected: list[tuple[str, int, bool]]) -> None:
    assert sorted(uses(tmp_path, a=source)) == [(name, f"a.py:{line}", sure) for name, line, sure in expected]


def test_what_one_file_gives_all_have(tmp_path: Path) -> None:
    assert uses(tmp_path, a=f"{NP}np.int = int\n", b=f"{NP}c = np.int(1), np.float(2)\n") == [
        ("numpy.float", "b.py:2", True)
    ]


def test_each_name_is_told_once_a_file(tmp_path: Path) -> None:
    assert len(uses(tmp_path, a=f"{NP}b = np.int(1)\nc = np.int(2)\n", d=f"{NP}b = np.int(3)\n")) == 2


def test_what_one_cell_imports_another_uses(tmp_path: Path) -> None:
    cells = [{"cell_type": "code", "source": text} for text in (NP, "%matplotlib inline\na = np.float(1)\n")]
    notebook = {"cells": cells, "nbformat": 4, "metadata": {}}
    (tmp_path / "a.ipynb").write_text(json.dumps(notebook))
    assert uses(tmp_path) == [("numpy.float", "a.ipynb[2]:2", False)]


def test_examples_tell_nothing(tmp_path: Path) -> None:
    (tmp_path / "examples").mkdir()
    (tmp_path / "examples" / "old.py").write_text(f"{NP}a = np.float(1)\n")
    assert uses(tmp_path, a=NP) == []
