"""The benchmarks' own judgement: labels, scores, and which files of a repository are read."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2] / "benchmarks"
sys.path.insert(0, str(ROOT))

import scoring  # noqa: E402
import texts  # noqa: E402

LABEL = """
repository = "someone/something"
commit = "0123"
[required]
torch = "train.py:1"
"opencv-python|opencv-python-headless" = "train.py:2"
[optional]
wandb = "train.py:9, guarded"
[not_a_distribution]
datasets = "own package"
"""


@pytest.fixture
def label(tmp_path: Path) -> scoring.Label:
    """One label with an alternative, an option and a module of the project's own."""
    path = tmp_path / "label.toml"
    path.write_text(LABEL)
    return scoring.read_label(path)


def test_a_perfect_answer_names_one_of_the_alternatives(label: scoring.Label) -> None:
    result = scoring.score(label, ["Torch", "opencv_python.headless"])
    assert (result.recall, result.precision) == (1.0, 1.0)
    assert result.extra == result.wrong == ()


def test_what_is_optional_neither_helps_nor_harms(label: scoring.Label) -> None:
    assert scoring.score(label, ["torch", "wandb"]) == scoring.score(label, ["torch"])


def test_a_need_that_is_not_named_lowers_recall(label: scoring.Label) -> None:
    result = scoring.score(label, ["torch"])
    assert (result.recall, result.precision) == (0.5, 1.0)
    assert result.missed == ("opencv-python",)


def test_a_package_of_somebody_else_is_extra_and_wrong(label: scoring.Label) -> None:
    result = scoring.score(label, ["torch", "opencv-python", "datasets", "left-pad"])
    assert (result.recall, result.precision) == (1.0, 0.5)
    assert result.extra == ("datasets", "left-pad")
    assert result.wrong == ("datasets",)


def test_a_module_counts_as_what_a_reader_would_look_up(label: scoring.Label) -> None:
    result = scoring.score(label, ["torch"], ["cv2", "datasets", "yaml"])
    assert (result.found, result.extra, result.wrong) == (("opencv-python", "torch"), ("pyyaml",), ())


def test_scores_add_up(label: scoring.Label) -> None:
    both = scoring.together([scoring.score(label, ["torch"]), scoring.score(label, ["torch", "cv2", "opencv-python"])])
    assert both.recall == 0.75
    assert both.precision == 0.75


@pytest.mark.parametrize(
    ("more", "complaint"),
    [("numpy = ''\n", "say where"), ("torch = 'again'\n", "twice"), ("[guesses]\n", "unknown")],
)
def test_a_bad_label_is_named(tmp_path: Path, more: str, complaint: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(LABEL + more)
    with pytest.raises(ValueError, match=f"bad.toml.*{complaint}"):
        scoring.read_label(path)


def test_every_label_can_be_read_and_is_on_the_list() -> None:
    listed = {one.name: one.commit for one in texts.repositories()}
    assert len(listed) >= 30
    labels = [scoring.read_label(path) for path in sorted((ROOT / "needs" / "labels").glob("*.toml"))]
    assert len(labels) >= 12
    assert all(listed[label.repository] == label.commit for label in labels)


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("train.py", True),
        ("docker/Dockerfile.gpu", True),
        ("requirements/base.txt", True),
        ("weights/model.safetensors", False),
        ("data/train.json", False),
        ("../outside.py", False),
        ("/etc/hosts.txt", False),
        (".git/hooks/a.py", False),
    ],
)
def test_only_files_that_tell_of_needs_are_read(path: str, wanted: bool) -> None:
    assert texts.is_wanted(path, 100) is wanted


def test_too_large_files_are_left_out() -> None:
    assert not texts.is_wanted("notebook.ipynb", texts.ONE_FILE + 1)


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder, as nobody in particular; return what it prints."""
    who = ["-c", "user.name=n", "-c", "user.email=e@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_a_mirror_gives_the_text_files_of_one_commit_without_links(tmp_path: Path) -> None:
    work = tmp_path / "mirror" / "someone+something"
    work.mkdir(parents=True)
    (work / "pkg").mkdir()
    (work / "pkg" / "model.py").write_text("import torch\n")
    (work / "empty.py").write_text("")
    (work / "weights.bin").write_bytes(b"\0" * 10)
    (work / "link.py").symlink_to("/etc/passwd")
    git(work, "init", "--quiet")
    git(work, "add", "-A")
    git(work, "commit", "--quiet", "-m", "one")
    commit = git(work, "rev-parse", "HEAD")
    (work / "later.py").write_text("import later\n")
    git(work, "add", "-A")
    git(work, "commit", "--quiet", "-m", "two")
    one = texts.Repository("someone/something", commit, ("test",), "a test")
    folder = texts.bring(one, tmp_path / "cache", tmp_path / "mirror")
    found = {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}
    assert found == {"pkg/model.py": "import torch\n", "empty.py": ""}
    assert texts.bring(one, tmp_path / "cache", tmp_path / "nowhere") == folder


def test_a_repository_that_a_mirror_lacks_is_named(tmp_path: Path) -> None:
    one = texts.Repository("someone/something", "0" * 40, ("test",), "a test")
    with pytest.raises(OSError, match="someone/something"):
        texts.bring(one, tmp_path / "cache", tmp_path)
