"""A project may name files of this machine as its requirements: no line of them shows, unless they are requirements."""

from __future__ import annotations

from pathlib import Path

import pytest

from podfit.readers.project import read_project

SECRETS = ("root:x:0:0:root:/root:/bin/bash\n", "[default]\nkey = root:x\n", "-----BEGIN KEY-----\nroot:x/abc+=\n")


def project(tmp_path: Path, **texts: str) -> Path:
    """A project's directory with files; `_` in their names stands for a dot."""
    root = tmp_path / "mine" / "project"
    root.mkdir(parents=True)
    (root / "main.py").write_text("import numpy\n")
    for name, text in texts.items():
        (root / name.replace("_", ".")).write_text(text)
    return root


def declared(root: Path) -> set[str]:
    return {each.requirement for each in read_project(root, local="none").project.declarations}


@pytest.mark.parametrize("name", ["passwd", "notes.txt", ".cache/notes.txt"])
@pytest.mark.parametrize("text", SECRETS)
def test_a_file_elsewhere_that_is_no_list_of_requirements_is_not_read(name: str, text: str, tmp_path: Path) -> None:
    secret = tmp_path / "home" / name
    secret.parent.mkdir(parents=True)
    secret.write_text(text)
    root = project(tmp_path, requirements_txt=f"numpy\n-r ../../home/{name}\n-c ../../home/{name}\n")
    read = read_project(root, local="none").project
    assert "root:x" not in repr(read)
    assert {each.requirement for each in read.declarations} == {"numpy"}
    assert "lies outside the project" in repr(read)


@pytest.mark.parametrize("text", SECRETS)
def test_nor_is_one_that_a_link_leads_to(text: str, tmp_path: Path) -> None:
    secret = tmp_path / "passwd"
    secret.write_text(text)
    root = project(tmp_path)
    (root / "requirements.txt").symlink_to(secret)
    read = read_project(root, local="none").project
    assert "root:x" not in repr(read)
    assert "lies outside the project" in repr(read)


def test_a_word_in_a_hidden_directory_is_no_requirement(tmp_path: Path) -> None:
    """A token alone on a line is a name (PEP 508), and would be asked of the index."""
    token = tmp_path / "home" / ".cache" / "token.txt"
    token.parent.mkdir(parents=True)
    token.write_text("hf_abcdef\n")
    root = project(tmp_path, requirements_txt="-r ../../home/.cache/token.txt\n")
    assert "hf_abcdef" not in repr(read_project(root, local="none"))
    token.rename(tmp_path / "home" / "token")
    (root / "requirements.txt").write_text("-r ../../home/token\n")
    assert "hf_abcdef" not in repr(read_project(root, local="none"))


def test_a_list_of_requirements_elsewhere_is_read(tmp_path: Path) -> None:
    root = project(tmp_path, requirements_txt="-r ../base.txt\n")
    (tmp_path / "mine" / "base.txt").write_text(
        "# for all\n--extra-index-url https://example.org/simple\nscipy>=1.10 ; python_version >= '3.9'\n"
        "attrs==23.1.0 --hash=sha256:" + "0" * 64 + "\ngit+https://example.org/a/tool.git#egg=tool\n"
    )
    assert {line.split(" ")[0].split(">")[0].split("=")[0] for line in declared(root)} >= {"scipy", "attrs", "tool"}


def test_what_lies_in_the_same_repository_is_the_project_s(tmp_path: Path) -> None:
    root = project(tmp_path, requirements_txt="-r ../base.cfg\n")
    (tmp_path / "mine" / "base.cfg").write_text("scipy\n./tool\n")
    assert declared(root) == set()
    (tmp_path / "mine" / ".git").mkdir()
    assert "scipy" in declared(root)
