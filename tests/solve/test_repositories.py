"""git+ needs: the commit is fixed, nothing is fetched, and one repository that is not there ends nothing."""

import subprocess
import threading

import pytest
from solve_support import EVIDENCE, need, only, registry, template

from podfit.index import Index
from podfit.model import Bound
from podfit.model.steps import finish
from podfit.solve import Uv, solve_overlay
from podfit.solve.repositories import _reason, fixed_commits
from podfit.solve.said import is_silent
from podfit.solve.sources import Sources


@pytest.fixture
def repository(tmp_path):
    """A repository with a setup.py that must not run, and its commit and tag."""
    room = tmp_path / "repository"
    room.mkdir()
    (room / "setup.py").write_text(f"open({str(tmp_path / 'RAN')!r}, 'w')\n")

    def git(*words):
        who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        return subprocess.run(
            ["git", *who, *words], cwd=room, check=True, capture_output=True, text=True
        ).stdout.strip()

    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "one")
    git("tag", "-a", "v1", "-m", "v1")
    first = git("rev-parse", "HEAD")
    git("commit", "-q", "--allow-empty", "-m", "two")
    return room, first, git("rev-parse", "HEAD")


def _solve(tmp_path, url, bounds=()):
    pod = template({})
    wheels = registry(tmp_path / "wheels", {("six", "1.0"): [], ("clip", "0.2"): []})
    overlay = solve_overlay(
        pod,
        [need("clip", url=url), need("six")],
        Uv(tmp_path / "cache"),
        held=(),
        preferences={},
        index_arguments=only(wheels),
        sources=Sources(Index([], cache=tmp_path / "cache"), pod, tmp_path / "cache"),
        bounds=bounds,
    )
    assert overlay.packages["six"].version == "1.0"
    assert not (tmp_path / "RAN").exists()
    return overlay


def test_the_commit_is_fixed_and_nothing_of_the_repository_runs(tmp_path, repository):
    room, first, last = repository
    for reference, commit in (("", last), ("@v1", first), (f"@{first}", first)):
        overlay = _solve(tmp_path, f"git+file://{room}{reference}#egg=clip")
        assert overlay.packages["clip"].url == f"git+file://{room}@{commit}#egg=clip"
        assert [(file.kind, file.url) for file in overlay.packages["clip"].artefacts] == [
            ("commit", overlay.packages["clip"].url)
        ]
        assert not overlay.refused
        assert any("not known" in note for note in overlay.notes)


def test_a_commit_stays_whatever_is_learned_of_releases(tmp_path, repository):
    bound = Bound("clip", "its releases do not run here", EVIDENCE, "<0.1")
    overlay = _solve(tmp_path, f"git+file://{repository[0]}@{repository[1]}#egg=clip", [bound])
    assert [file.kind for file in overlay.packages["clip"].artefacts] == ["commit"]


@pytest.mark.parametrize("url", ["git+file:///no/such/repository", "git+https://user:secret@127.0.0.1:9/x.git"])
def test_a_repository_that_is_not_there_is_one_conflict(tmp_path, url):
    overlay = _solve(tmp_path, url)
    (refused,) = overlay.refused
    assert (refused.name, refused.fitting) == ("clip", "")
    assert "clip" not in overlay.packages
    assert "secret" not in refused.message
    assert "gives no commit for its default branch" in refused.message


def test_a_reference_that_the_repository_lacks_is_told(tmp_path, repository):
    (refused,) = _solve(tmp_path, f"git+file://{repository[0]}@v9").refused
    assert "v9 (there is no such branch or tag)" in refused.message


def test_settings_of_the_repository_that_one_stands_in_do_not_count(tmp_path, repository, monkeypatch):
    """They say what Git runs (`credential.helper`, `core.sshCommand`) and which address stands for another."""
    room, _, _ = repository
    project = tmp_path / "project"
    subprocess.run(["git", "init", "-q", str(project)], check=True)
    config = f'[url "file://{room}"]\n\tinsteadOf = file://{tmp_path}/good\n'
    with (project / ".git" / "config").open("a") as file:
        file.write(config)
    monkeypatch.chdir(project)
    (refused,) = _solve(tmp_path, f"git+file://{tmp_path}/good").refused
    assert refused.name == "clip"


def test_repositories_are_asked_side_by_side_and_a_silent_host_once(monkeypatch):
    asked, together = [], threading.Barrier(3, timeout=20)

    def answered(base, reference):
        asked.append(base)
        if "silent" in base:
            return "", "Could not resolve host: silent.example"
        together.wait()
        return "a" * 40, ""

    monkeypatch.setattr("podfit.solve.repositories._ls_remote", answered)
    monkeypatch.setattr("podfit.solve.repositories._SIDE_BY_SIDE", 3)
    needs = [need(f"a{i}", url=f"git+https://host{i}.example/o/a.git") for i in range(3)]
    known = {}
    found = finish(fixed_commits(needs, (), offline=False, known=known))
    assert sorted(found.fixed) == ["a0", "a1", "a2"]
    monkeypatch.setattr("podfit.solve.repositories._SIDE_BY_SIDE", 1)
    quiet = [need(f"b{i}", url=f"git+https://silent.example/o/b{i}.git") for i in range(9)]
    found = finish(fixed_commits(quiet, (), offline=False, known=known))
    assert len(found.refused) == 9
    assert all(each.open for each in found.refused)
    assert len([base for base in asked if "silent" in base]) == 1


@pytest.mark.parametrize(
    ("said", "told", "silent"),
    [
        (
            "ssh: Could not resolve hostname h: Name or service not known\nfatal: Could not read from remote.\n"
            "\nPlease make sure you have the correct access rights\nand the repository exists.\n",
            "ssh: Could not resolve hostname h: Name or service not known",
            True,
        ),
        (
            "git@h: Permission denied (publickey).\nfatal: Could not read from remote repository.\n\nand the rest\n",
            "git@h: Permission denied (publickey).",
            False,
        ),
        (
            "remote: Repository not found.\nfatal: repository 'https://h/o/' not found\n",
            "repository 'https://h/o/' not",
            False,
        ),
        ("", "git ls-remote failed", False),
    ],
)
def test_the_line_of_gits_that_tells_why(said, told, silent):
    assert told in _reason(said)
    assert is_silent(_reason(said)) is silent
