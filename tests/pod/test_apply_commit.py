"""A need that comes from a commit: planned by its full name, built from it, and known by it afterwards."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from apply_support import Recipe, run, template_of

from podfit.model import Action, Artefact, Decision, Evidence, EvidenceKind, Need
from podfit.pod.apply import ApplyError, Options, apply
from podfit.pod.apply.order import packages
from podfit.pod.machine import LocalMachine
from podfit.solve.answer import locked_packages

BACKEND = """
import zipfile
from pathlib import Path

def build_wheel(directory, config_settings=None, metadata_directory=None):
    name = "tool-1.5-py3-none-any.whl"
    with zipfile.ZipFile(Path(directory, name), "w") as wheel:
        wheel.writestr("tool.py", "VALUE = 5")
        wheel.writestr("tool-1.5.dist-info/METADATA", "Metadata-Version: 2.1\\nName: tool\\nVersion: 1.5\\n")
        wheel.writestr("tool-1.5.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("tool-1.5.dist-info/RECORD", "".join(f"{each},,\\n" for each in wheel.namelist()))
    return name
"""


@pytest.fixture
def repository(tmp_path: Path) -> tuple[str, str]:
    """A Git repository with a package below a folder, whose version only a build tells: its URL and its commit."""
    folder = tmp_path / "tool" / "py"
    folder.mkdir(parents=True)
    (folder / "backend.py").write_text(BACKEND)
    (folder / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    )
    git = ["git", "-C", str(folder.parent), "-c", "user.name=x", "-c", "user.email=x@example.org"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "one"]):
        subprocess.run([*git, *words], check=True, timeout=60)
    said = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True, timeout=60)
    return folder.parent.as_uri(), said.stdout.strip()


def test_uv_s_answer_keeps_the_commit() -> None:
    commit = "c0ffee42" * 5
    vcs = f'{{ type = "git", url = "https://a.org/x", commit-id = "{commit}", subdirectory = "py" }}'
    (package,) = locked_packages(
        f'lock-version = "1.0"\ncreated-by = "uv"\n[[packages]]\nname = "x"\nvcs = {vcs}\n'
    ).values()
    (file,) = package.artefacts
    assert (file.kind, file.filename, file.hashes) == ("commit", "", ())
    assert file.url == f"git+https://a.org/x@{commit}#subdirectory=py"
    assert package.url == f"git+https://a.org/x@{commit}"


@pytest.mark.parametrize("known", [True, False])
def test_a_commit_is_applied_and_known_again(
    known: bool, repository: tuple[str, str], make_venv: Callable[..., str], tmp_path: Path
) -> None:
    url, commit = repository
    python = make_venv()
    exact = f"git+{url}@{commit}"
    decision = Decision(
        "tool", Action.INSTALL, "asked", (Evidence(EvidenceKind.METADATA, "test"),), planned="1.5" if known else exact
    )
    plan = replace(
        Recipe(template_of(python), []).plan(),
        needs=(Need("tool", decision.evidence, url=f"git+{url}"),),
        artefacts={"tool": (Artefact("", f"{exact}#subdirectory=py", (), "commit"),)},
    )
    plan = replace(plan, decisions=(*plan.decisions, decision))
    assert plan.problems() == ()
    assert packages(plan)["tool"]["hashes"] == [commit]
    options = Options(overlay=str(tmp_path / "overlay"))
    done = apply(LocalMachine(python), plan, options)
    assert (done.outcome, done.installed) == ("applied", ("tool",))
    assert run(done.python, "import tool; print(tool.VALUE)") == "5"
    assert apply(LocalMachine(python), plan, options).outcome == "unchanged"


def test_another_commit_is_not_taken_for_it(
    repository: tuple[str, str], make_venv: Callable[..., str], tmp_path: Path
) -> None:
    url, _ = repository
    python = make_venv()
    missing = f"git+{url}@{'c0ffee42' * 5}"
    plan = Recipe(template_of(python), []).plan()
    evidence = (Evidence(EvidenceKind.METADATA, "test"),)
    plan = replace(
        plan,
        decisions=(*plan.decisions, Decision("tool", Action.INSTALL, "asked", evidence, planned="1.5")),
        artefacts={"tool": (Artefact("", missing, (), "commit"),)},
    )
    with pytest.raises(ApplyError, match="c0ffee42"):
        apply(LocalMachine(python), plan, Options(overlay=str(tmp_path / "overlay")))
