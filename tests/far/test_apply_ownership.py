"""A wheel that brings files of somebody else: refused before anything is touched, in an overlay and in place."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_apply_journal import record, write

from podfit.far.apply import ownership, places
from podfit.far.apply.talk import RefusedError


def package(site: Path, name: str, texts: dict[str, str]) -> None:
    """Install a distribution of these files."""
    for path, text in texts.items():
        write(site / path, text)
    record(site, name, "1.0", list(texts))


def check_hiding(tmp_path: Path, texts: dict[str, str]) -> None:
    """Judge an overlay of these files over a held torch."""
    package(
        tmp_path / "template", "torch", {"torch/__init__.py": "held\n", "torch/nn.py": "held\n", "functorch.py": ""}
    )
    package(tmp_path / "new", "evil", texts)
    held = {"torch": places.distributions(str(tmp_path / "template"))["torch"]}
    ownership.refuse_hiding(str(tmp_path / "new"), held)


@pytest.mark.parametrize(
    ("texts", "what"),
    [
        ({"torch/__init__.py": "evil\n"}, "torch"),
        ({"torch.py": "evil\n"}, "torch.py"),
        ({"torch.cpython-311-x86_64-linux-gnu.so": "evil\n"}, "torch.cpython-311-x86_64-linux-gnu.so"),
        ({"functorch/__init__.py": "evil\n"}, "functorch"),
    ],
)
def test_what_would_hide_a_held_module_is_refused(tmp_path: Path, texts: dict[str, str], what: str) -> None:
    with pytest.raises(RefusedError, match=r"of the held torch 1\.0") as caught:
        check_hiding(tmp_path, texts)
    assert f"a package of the plan brings {what}, which would hide " in caught.value.message


@pytest.mark.parametrize(
    "texts",
    [
        {"torch/__init__.py": "held\n"},
        {"torch/extra.py": "a part of a namespace, which a package further back precedes\n"},
        {"torchvision/__init__.py": "x\n", "torch_scatter.py": ""},
    ],
)
def test_what_hides_nothing_passes(tmp_path: Path, texts: dict[str, str]) -> None:
    check_hiding(tmp_path, texts)


def check_overwriting(tmp_path: Path, texts: dict[str, str], replaced: tuple[str, ...] = ()) -> None:
    """Judge files that are staged over an environment with opencv-python-headless."""
    site = tmp_path / "site"
    package(site, "opencv_python_headless", {"cv2/__init__.py": "headless\n", "cv2/data/x.xml": "same\n"})
    for path, text in texts.items():
        write(tmp_path / "staged" / path, text)
    ownership.refuse_overwriting([(str(tmp_path / "staged"), str(site))], [str(site)], replaced)


def test_a_file_that_another_distribution_owns_is_not_overwritten(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match=r"cv2/__init__\.py belongs to opencv-python-headless 1\.0"):
        check_overwriting(tmp_path, {"cv2/__init__.py": "opencv\n"})


def test_one_of_the_same_content_and_one_that_goes_are_no_obstacle(tmp_path: Path) -> None:
    check_overwriting(tmp_path, {"cv2/data/x.xml": "same\n", "cv2/new.py": "new\n", "other/__init__.py": ""})
    check_overwriting(tmp_path, {"cv2/__init__.py": "opencv\n"}, ("opencv-python-headless",))
