"""The text files of a plan, one format at a time, and how they reach the disk."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from writers_support import DECLARED, PUBLISHED, artefact, moola, template

from podfit.model import Action, Artefact, Decision, Distribution, InputError, Need
from podfit.model.serial import plan_from_dict
from podfit.writers.constraints import write_constraints
from podfit.writers.files import is_anothers, refuse_others, write_files
from podfit.writers.lock import write_lock
from podfit.writers.pylock import write_pylock
from podfit.writers.registry import all_files, plan_files
from podfit.writers.requirements import next_major_range, requirement, write_requirements

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def lines(text: str) -> list[str]:
    """The lines of a requirements file that are no comments, continuations joined."""
    return [line for line in text.replace("\\\n", "").splitlines() if line and not line.startswith("#")]


def test_the_files_of_a_plan_and_their_names() -> None:
    files = plan_files(moola())
    assert {
        "requirements-runpod-pytorch-2.4.txt",
        "lock-runpod-pytorch-2.4.txt",
        "pylock.runpod-pytorch-2-4.toml",
        "constraints-runpod-pytorch-2.4.txt",
        "Dockerfile.runpod-pytorch-2.4",
        "cell-runpod-pytorch-2.4.py",
        "start-runpod-pytorch-2.4.sh",
        "plan-runpod-pytorch-2.4.json",
        "verify_env-runpod-pytorch-2.4.py",
    } == set(files)
    for name, text in files.items():
        assert text.endswith("\n")
        if name.endswith((".txt", ".toml")):
            assert text.startswith("# podfit")
    written = plan_from_dict(json.loads(files["plan-runpod-pytorch-2.4.json"]), where="test")
    assert written == moola()


def test_two_templates_may_not_write_the_same_file() -> None:
    assert set(all_files([moola("2.2"), moola("2.4")])) >= {"matrix.md", "matrix.json"}
    with pytest.raises(InputError, match=r"pylock\.a-b\.toml"):
        all_files([replace(moola(), template=template(name)) for name in ("a.b", "a-b")])


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("2.3.3", ">=2.3.3,<3"),
        ("0.26.1", ">=0.26.1,<1"),
        ("2024.1", ">=2024.1,<2025"),
        ("1.0.post1", ">=1.0.post1,<2"),
        ("2.6.0a0+nv25.1", ">=2.6.0a0,<3"),
        ("1!2.0", ">=1!2.0,<1!3"),
        ("0.0.0-ubuntu", ""),
        ("", ""),
    ],
)
def test_ranges_from_versions(version: str, expected: str) -> None:
    assert next_major_range(version) == expected
    if expected:
        assert Requirement(f"x{expected}").specifier.contains(version, prereleases=True)


def test_requirements_name_direct_needs_and_nothing_held() -> None:
    text = write_requirements(moola("2.2"))
    assert lines(text) == ["pandas[excel]>=2.3.3,<3", "scipy>=1.14,<2", "numpy>=1.26,<2"]
    assert "2.3.3: missing on the template" in text
    assert "1.16 needs Python >= 3.11" in text
    assert "torch 2.2.0+cu121" in text, "what is held is told in a comment"


@pytest.mark.parametrize(
    ("declared", "version", "line"),
    [
        (">=1.26", "1.26.3", "x>=1.26,<2"),
        (">=2.16,!=3.0", "3.2.0", "x>=2.16,!=3.0,<4"),
        (">=1.14, <2", "1.15.3", "x>=1.14,<2"),
        ("~=2.4", "2.6.0", "x~=2.4"),
        ("==2.3.3", "2.3.3", "x==2.3.3"),
        ("<=3", "2.3.3", "x<=3"),
        (">=1", "", "x>=1"),
    ],
)
def test_a_declared_range_gets_an_upper_end_where_it_has_none(declared: str, version: str, line: str) -> None:
    decision = Decision("x", Action.INSTALL, "missing", (), planned=version, direct=True)
    assert requirement(decision, Need("x", (), declared))[0] == line


def test_a_declared_range_that_the_plan_left_is_not_repeated() -> None:
    decision = Decision("scipy", Action.INSTALL, "missing", (), planned="1.15.3", direct=True)
    line, source = requirement(decision, Need("scipy", (), ">=1.16"))
    assert line == "scipy>=1.15.3,<2"
    assert "does not admit" in source
    line, _ = requirement(decision, Need("scipy", (), "what?"))
    assert line == "scipy>=1.15.3,<2"
    assert requirement(decision, Need("scipy", (), url="https://x.example/scipy-1.15.3.zip"))[0] == (
        "scipy @ https://x.example/scipy-1.15.3.zip"
    )
    assert requirement(Decision("ours", Action.KEEP, "there", (), direct=True), None)[0] == "ours"


def test_conflicts_and_skipped_needs_are_told_not_asked_for() -> None:
    plan = moola(
        decisions=(
            Decision("flash", Action.CONFLICT, "no wheel for this torch", (DECLARED,), direct=True),
            Decision("colorama", Action.SKIP, "only on Windows", (DECLARED,), direct=True),
        ),
        needs=(Need("flash", (DECLARED,), ">=3"),),
    )
    text = write_requirements(plan)
    assert lines(text) == []
    assert "# flash>=3: no wheel for this torch" in text
    assert "# colorama: only on Windows" in text
    for name, text in all_files([plan]).items():
        if name.endswith((".txt", ".toml")):
            assert "DOES NOT WORK" in text, name
            assert "conflict: flash: no wheel for this torch" in text, name


def test_the_lock_holds_dependencies_and_changes_with_all_hashes() -> None:
    text = write_lock(moola("2.2"))
    a, b = f"--hash=sha256:{'a' * 64}", f"--hash=sha256:{'b' * 64}"
    assert [line.split() for line in lines(text)] == [
        ["pandas==2.3.3", a],
        ["pyyaml==6.0.2", a],
        ["scipy==1.15.3", a, b],
        ["tzdata==2025.2", a],
    ]
    assert "# replaces 5.3.1" in text
    assert "# required by pandas" in text


def direct_plan(url: str, *files: Artefact) -> Any:
    """A plan that installs one direct reference."""
    return moola(
        decisions=(Decision("thing", Action.INSTALL, "missing", (), planned="1.0", direct=True),),
        needs=(Need("thing", (DECLARED,), url=url),),
        artefacts={"thing": files} if files else {},
    )


def test_direct_references() -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"
    git = direct_plan(f"git+https://example.org/thing.git@{commit}#egg=thing")
    assert lines(write_lock(git)) == [], "one line without a hash makes pip refuse all"
    assert "install it apart: pip install --no-deps 'thing @ git+https" in write_lock(git)
    (package,) = tomllib.loads(write_pylock(git))["packages"]
    assert package["vcs"] == {"type": "git", "url": "https://example.org/thing.git", "commit-id": commit}

    branch = direct_plan("git+https://example.org/thing.git@main")
    parsed = tomllib.loads(write_pylock(branch))
    assert parsed["packages"] == []
    assert parsed["tool"]["podfit"]["left-out"] == ["thing"]

    exact = f"git+https://example.org/thing.git@{commit}"
    resolved = direct_plan("git+https://example.org/thing.git@main", Artefact("", exact, (), "commit"))
    (package,) = tomllib.loads(write_pylock(resolved))["packages"]
    assert package["vcs"] == {"type": "git", "url": "https://example.org/thing.git", "commit-id": commit}
    assert lines(write_lock(resolved)) == [], "pip checks files alone"

    url = "https://example.org/thing-1.0.tar.gz"
    archive = direct_plan(url, Artefact("thing-1.0.tar.gz", url, ("sha256:" + "c" * 64,), "sdist", 12))
    assert lines(write_lock(archive)) == [f"thing @ {url}     --hash=sha256:{'c' * 64}"]
    (package,) = tomllib.loads(write_pylock(archive))["packages"]
    assert package["archive"] == {"url": url, "size": 12, "hashes": {"sha256": "c" * 64}}


def test_pylock_holds_what_the_lock_holds() -> None:
    parsed = tomllib.loads(write_pylock(moola("2.2")))
    assert parsed["lock-version"] == "1.0"
    assert parsed["requires-python"] == "==3.10.*"
    packages = {package["name"]: package for package in parsed["packages"]}
    assert sorted(packages) == ["pandas", "pyyaml", "scipy", "tzdata"]
    assert packages["pandas"]["dependencies"] == [{"name": "tzdata"}], "numpy is the template's"
    assert packages["scipy"]["sdist"]["name"] == "scipy-1.15.3.tar.gz"
    (wheel,) = packages["scipy"]["wheels"]
    assert wheel["size"] == 1_000_000
    assert wheel["upload-time"].isoformat() == "2025-08-21T10:26:36+00:00"
    assert "size" not in packages["tzdata"]["wheels"][0]
    assert packages["scipy"]["index"] == "https://pypi.org/simple"


def test_an_index_is_named_only_where_it_is_known() -> None:
    other = replace(artefact("pandas", "2.3.3"), url="https://wheels.example.org/pandas-2.3.3-py3-none-any.whl")
    parsed = tomllib.loads(write_pylock(moola(artefacts={"pandas": (other,)})))
    (package,) = parsed["packages"]
    assert "index" not in package
    assert parsed["tool"]["podfit"]["left-out"] == ["pyyaml", "scipy", "tzdata"], "no file of theirs is known"


def test_constraints_are_the_templates_pins() -> None:
    odd = [
        Distribution("editable", "1.0", PUBLISHED, editable=True),
        Distribution("nameless", "", PUBLISHED),
        Distribution("odd", "1.0-ubuntu", PUBLISHED),
        Distribution("conda-made", "2.1+l", PUBLISHED, direct_url="file:///croot/conda-made/work"),
    ]
    plan = replace(moola(), template=template(extra=[*odd, Distribution("pyyaml", "5.3.1", PUBLISHED)]))
    text = write_constraints(plan)
    pins = lines(text)
    assert "torch==2.4.0+cu124" in pins
    assert "pyyaml==6.0.2" in pins, "a replaced distribution is constrained to what replaces it"
    assert "conda-made==2.1+l" in pins
    assert pins == sorted(pins)
    for name in ("editable", "nameless", "odd"):
        assert f"# {name} is left out" in text
        assert not any(pin.startswith(f"{name}==") for pin in pins)


def test_files_are_written_whole(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    paths = write_files({"b.txt": "b\n", "a.json": '"\udcff"\n'}, folder)
    assert [path.name for path in paths] == ["b.txt", "a.json"]
    assert (folder / "b.txt").read_bytes() == b"b\n"
    assert json.loads((folder / "a.json").read_text()) == "\udcff"
    assert (folder / "b.txt").stat().st_mode & 0o777 == 0o644
    (folder / "b.txt").chmod(0o600)
    write_files({"b.txt": "c\n"}, folder)
    assert (folder / "b.txt").read_text() == "c\n"
    assert (folder / "b.txt").stat().st_mode & 0o777 == 0o600


def test_a_failing_write_leaves_everything_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_files({"a.txt": "old\n"}, tmp_path)
    real = os.fsync
    calls = []

    def full(number: int) -> None:
        calls.append(number)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        real(number)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match="No space left on device"):
        write_files({"a.txt": "new\n", "b.txt": "new\n"}, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "old\n"

    calls.clear()
    with pytest.raises(InputError):
        write_files({"a.txt": "new\n", "b.txt": "new\n"}, tmp_path / "deep" / "er")
    assert not (tmp_path / "deep").exists(), "directories made for it go, too"

    def interrupted(number: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_files({"b.txt": "new\n"}, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_what_podfit_did_not_write_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "matrix.md").write_text("| mine |\n")
    (tmp_path / "plan.json").write_text('{"schema": "podfit.plan/1"}')
    (tmp_path / "late.md").write_bytes(b"x" * (3 << 20) + b"podfit apply plan.json\n")
    (tmp_path / "empty.txt").write_text("")
    (tmp_path / "link.txt").symlink_to(tmp_path / "matrix.md")
    (tmp_path / "nowhere.txt").symlink_to(tmp_path / "gone" / "x")
    os.mkfifo(tmp_path / "pipe")
    refuse_others(["plan.json", "late.md", "empty.txt", "new.txt"], tmp_path)
    for name in ("matrix.md", "link.txt", "nowhere.txt", "pipe"):
        with pytest.raises(InputError, match="podfit did not write it") as caught:
            refuse_others(["new.txt", name], tmp_path)
        assert caught.value.exit_code == 2
    assert not (tmp_path / "new.txt").exists()


def test_everything_that_podfit_writes_is_its_own_the_next_time(tmp_path: Path) -> None:
    files = all_files([moola()])
    write_files(files, tmp_path)
    refuse_others(files, tmp_path)
    assert not any(is_anothers(tmp_path / name) for name in files)


def test_places_that_take_no_files(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "a.txt").mkdir()
    for files, folder in (
        ({"b": ""}, tmp_path / "file"),
        ({"b": ""}, tmp_path / "file" / "x"),
        ({"a.txt": ""}, tmp_path),
    ):
        with pytest.raises(InputError) as caught:
            write_files(files, folder)
        assert caught.value.exit_code == 2
        assert str(tmp_path) in str(caught.value)
    with pytest.raises(InputError):
        write_files({"b": ""}, Path("/proc/nothing"))
    for name in ("../b", "x/y", "", ".", ".."):
        with pytest.raises(ValueError, match="not the name of a file"):
            write_files({name: ""}, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.txt", "file"]
