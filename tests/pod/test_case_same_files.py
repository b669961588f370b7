"""Two wheels that bring the same file: told when planned, and the one that is there is not written over in place."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from apply_support import changes, install, make_wheel, run, tree

from podfit.cli.main import run as podfit
from podfit.model import Action, Plan
from podfit.model.serial import plan_from_dict
from podfit.pod.apply import ApplyError, Options, apply
from podfit.pod.machine import LocalMachine


@pytest.fixture
def planned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Plan]:
    """Return a function that plans a project which asks for both onto an environment, given its Python."""
    monkeypatch.setenv("PODFIT_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "empty").mkdir()
    project = tmp_path / "project"
    for name, text in (("ortlike", "made = 'cpu'\n"), ("ortlike_gpu", "made = 'gpu'\n")):
        make_wheel(project / "wh", name, "1.0", {"ortlike/__init__.py": text})
    (project / "requirements.txt").write_text("--find-links ./wh\nortlike\nortlike-gpu\n")
    (project / "s.py").write_text("import ortlike\n")

    def fit(python: str) -> Plan:
        out = tmp_path / "out"
        words = ["fit", str(project), "-t", python, "--local", "none", "--index-url", str(tmp_path / "empty")]
        assert podfit([*words, "--out", str(out)]) == 0
        (plan_file,) = out.glob("plan-*.json")
        return plan_from_dict(json.loads(plan_file.read_text()), where=str(plan_file))

    return fit


def test_it_is_told_and_what_is_there_is_not_written_over(
    make_venv: Callable[..., str], planned: Callable[[str], Plan], tmp_path: Path
) -> None:
    python = make_venv()
    both = planned(python)
    assert {decision.name for decision in both.with_action(Action.INSTALL)} == {"ortlike", "ortlike-gpu"}
    _told(both)
    install(python, tmp_path / "project" / "wh", ["ortlike==1.0"])
    plan = planned(python)
    assert [decision.name for decision in plan.with_action(Action.INSTALL)] == ["ortlike-gpu"]
    _told(plan)
    room = Path(python).parent.parent
    before = tree(room)
    with pytest.raises(ApplyError, match=r"belongs to ortlike 1\.0, and a package of the plan would overwrite it"):
        apply(LocalMachine(python), plan, Options(in_place=True))
    assert changes(before, tree(room)) == []
    apply(LocalMachine(python), plan, Options(overlay=str(tmp_path / "mine")))
    assert run(str(tmp_path / "mine" / "bin" / "python"), "import ortlike; print(ortlike.made)") == "gpu"
    assert run(python, "import ortlike; print(ortlike.made)") == "cpu"


def _told(plan: Plan) -> None:
    (told,) = [finding for finding in plan.findings if finding.check == "files"]
    assert "ortlike and ortlike-gpu both bring ortlike/__init__.py" in told.message
    assert "what is installed last wins" in told.message
    assert told.remedy.startswith("keep one of them")
