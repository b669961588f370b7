"""Declared and never imported: what verification tries to import is what the wheels hold, not what names suggest."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from apply_support import make_wheel, run

from podfit.cli.main import run as podfit
from podfit.model.serial import plan_from_dict
from podfit.pod.apply import Options, apply
from podfit.pod.machine import LocalMachine

WHEELS = {
    "Case_Hamcrest": {"casecrest/__init__.py": "v = 1\n"},
    "case_types_requests": {"requests-stubs/__init__.pyi": "v: int\n"},
    "case_zope_interface": {"casezope/interface/__init__.py": "v = 2\n"},
}


def test_a_right_plan_is_applied_and_verified(
    make_venv: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PODFIT_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "empty").mkdir()
    project = tmp_path / "project"
    for name, files in WHEELS.items():
        make_wheel(project / "wh", name, "1.0", files)
    (project / "requirements.txt").write_text("--find-links ./wh\n" + "\n".join(WHEELS) + "\n")
    (project / "s.py").write_text("print(1)\n")
    python, out = make_venv(), tmp_path / "out"
    words = ["fit", str(project), "-t", python, "--local", "none", "--index-url", str(tmp_path / "empty")]
    assert podfit([*words, "--out", str(out)]) == 0
    (plan_file,) = out.glob("plan-*.json")
    plan = plan_from_dict(json.loads(plan_file.read_text()), where=str(plan_file))
    assert apply(LocalMachine(python), plan, Options(overlay=str(tmp_path / "mine"))).outcome == "applied"
    found = run(str(tmp_path / "mine" / "bin" / "python"), "import casecrest, casezope.interface as z; print(z.v)")
    assert found == "2"
