"""A wheel that brings files of somebody else: refused before anything is touched, in an overlay and in place."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_apply_journal import record, write

from podfit.far.apply import files, ownership, places, records
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
        ({"torch/__init__.pyc": "evil\n"}, "torch"),
        ({"torch/__init__.cpython-311-x86_64-linux-gnu.so": "evil\n"}, "torch"),
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
    entry = places.distributions(str(site))["opencv-python-headless"]
    going = records.owned_files(entry, [str(site)]) if replaced else []
    moves = [(str(tmp_path / "staged"), str(site))]
    ownership.refuse_overwriting(moves, [str(site)], replaced, going, str(tmp_path / "site" / ".podfit-apply"))


def test_a_file_that_another_distribution_owns_is_not_overwritten(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match=r"cv2/__init__\.py belongs to opencv-python-headless 1\.0"):
        check_overwriting(tmp_path, {"cv2/__init__.py": "opencv\n"})


def test_one_of_the_same_content_and_one_that_goes_are_no_obstacle(tmp_path: Path) -> None:
    check_overwriting(tmp_path, {"cv2/data/x.xml": "same\n", "cv2/new.py": "new\n", "other/__init__.py": ""})
    check_overwriting(tmp_path, {"cv2/__init__.py": "opencv\n"}, ("opencv-python-headless",))


@pytest.mark.parametrize("path", ["mine.py", "cv2/mine.txt"])
def test_a_file_that_somebody_wrote_is_not_overwritten(path: str, tmp_path: Path) -> None:
    write(tmp_path / "site" / path, "mine\n")
    with pytest.raises(RefusedError, match=f"{path} belongs to nothing that is replaced") as caught:
        check_overwriting(tmp_path, {path: "theirs\n"})
    assert caught.value.remedy == "move it away if it is yours, or use an overlay (the default)"
    check_overwriting(tmp_path / "again", {path: "theirs\n"})


def test_nothing_gets_into_podfits_own_directory(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match=r"brings .*/\.podfit-apply, which is podfit's"):
        check_overwriting(tmp_path, {".podfit-apply/journal.json": "{}"})


def test_bytecode_and_a_replaced_distributions_scripts_are_no_obstacle(tmp_path: Path) -> None:
    """A script that conda made of an entry point stands in no RECORD."""
    info = "opencv_python_headless-1.0.dist-info/entry_points.txt"
    write(tmp_path / "site" / info, "[console_scripts]\nlook = cv2:look\n[other]\nname = a:b\n")
    for path in ("look", "name", "a.pyc"):
        write(tmp_path / "site" / path, "old\n")
    check_overwriting(tmp_path, {"look": "new\n", "a.pyc": "new\n"}, ("opencv-python-headless",))
    with pytest.raises(RefusedError, match="look belongs to nothing"):
        check_overwriting(tmp_path, {"look": "new\n"})
    with pytest.raises(RefusedError, match="name belongs to nothing"):
        check_overwriting(tmp_path, {"look": "new\n", "name": "new\n"}, ("opencv-python-headless",))


def test_what_makes_an_environment_is_not_replaced(tmp_path: Path) -> None:
    for path in ("pyvenv.cfg", "bin/activate"):
        write(tmp_path / "new" / path, "own\n")
    before = files.snapshot([str(tmp_path / "new")])
    write(tmp_path / "new" / "bin" / "tool", "theirs\n")
    ownership.refuse_changed(before, str(tmp_path / "new"))
    write(tmp_path / "new" / "bin" / "activate", "evil\n")
    with pytest.raises(RefusedError, match="brings bin/activate in place of the environment's own"):
        ownership.refuse_changed(before, str(tmp_path / "new"))


def test_what_runs_at_each_start_is_named_with_its_distribution(tmp_path: Path) -> None:
    site = tmp_path / "site"
    texts = {"a.pth": "/somewhere\nimport os\n", "paths.pth": "/somewhere\n", "sitecustomize.py": "", "site_x.py": ""}
    package(site, "evil", {**texts, "usercustomize/__init__.py": ""})
    package(site, "old", {"old.pth": "import os\n"})
    told = [f"{name} of evil 1.0" for name in ("a.pth", "sitecustomize.py", "usercustomize/__init__.py")]
    assert ownership.starting(str(site), ["evil"]) == told
