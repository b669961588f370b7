"""The benchmark of what runs: its lines, how an end is judged, what counts; and a small world measured for real."""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))
sys.path.insert(0, str(ROOT / "tests" / "pod"))

import runs  # noqa: E402


def test_there_are_at_least_a_hundred_packages_and_ten_combinations() -> None:
    found = runs.subjects()
    alone = {name: each for name, each in found.items() if not name.startswith("+")}
    assert len(alone) >= 100
    assert len(found) - len(alone) == 10
    assert all(needs == (name,) for name, (needs, _) in alone.items())
    assert all(len(needs) > 1 for name, (needs, _) in found.items() if name.startswith("+") and name != "+serving")


@pytest.mark.parametrize("name", runs.subjects())
def test_a_line_is_python_that_imports(name: str) -> None:
    needs, line = runs.subjects()[name]
    assert all(need == canonicalize_name(need) for need in needs)
    tree = ast.parse(line)
    assert any(isinstance(node, (ast.Import, ast.ImportFrom)) for node in ast.walk(tree))


def test_how_a_line_ended() -> None:
    assert runs.kind_of(0, "a warning about libcuda.so.1") == "runs"
    assert runs.kind_of(1, "RuntimeError: Found no NVIDIA driver on your system") == "gpu"
    assert runs.kind_of(1, "OSError: libGL.so.1: cannot open shared object file: No such file") == "system"
    assert runs.kind_of(1, "OSError: libcudart.so.13: cannot open shared object file: No such file") == "fails"
    assert runs.kind_of(1, "ImportError: cannot import name 'DTensor'") == "fails"
    assert runs.kind_of(-11, "") == "fails"
    assert runs.kind_of(runs.LATE, "ImportError: something that was handled") == "late"
    assert runs.last_words("Traceback\n  File x\nValueError: one\n\nsome notice") == "ValueError: one"
    assert runs.last_words("ImportError: x (/a/b/site-packages/c/d.py)") == "ImportError: x (c/d.py)"
    cause = "ImportError: deep\n\nThe above exception was the direct cause of the following exception:\n\n"
    assert runs.last_words(f"{cause}RuntimeError: failed") == "ImportError: deep"


def test_the_table_counts_what_this_machine_can_judge(tmp_path: Path) -> None:
    outcomes = ["runs"] * 49 + ["fails", "gpu", "refused"]
    lines = [{"standin": "torch 9", "subject": f"p{n}", "outcome": outcome} for n, outcome in enumerate(outcomes)]
    again = {"standin": "torch 9", "subject": "p0", "outcome": "runs", "versions": {"p0": "2"}}
    path = tmp_path / "runs.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in [*lines, again]))
    read = runs.read([path])
    assert len(read) == 52  # the last of each subject
    assert runs.kept({**read[-1], "said": "/home/somebody", "ran": 3.0}) == read[-1]
    text = runs.table(read)
    assert "| torch 9 | packages | 52 | 49 | 1 | 1 | 0 | 1 | 0 | 0 | 98.0 % | 98.0 % |" in text
    mended = {**again, "first": "fails"}
    assert "| 98.0 % | 96.0 % |" in runs.table([*read[:-1], mended])
    assert runs.kept(mended) == mended
    assert "torch 9: p49: fails" in text


def test_a_line_has_its_own_home_and_a_limit(tmp_path: Path) -> None:
    status, said = runs.run_line(sys.executable, "import os; print(os.environ['HOME'] == os.getcwd())")
    assert (status, said.strip()) == (0, "True")
    assert runs.run_line(sys.executable, "import time; time.sleep(60)", seconds=0.5)[0] == 124


@pytest.mark.slow
def test_a_plan_that_fits_and_fails_counts_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from prove_support import FAILS, RUNS, index_of
    from verify_support import make_environment

    from podfit.fit.options import Options

    monkeypatch.setenv("PODFIT_CACHE_DIR", str(tmp_path / "cache"))
    index = index_of(
        tmp_path / "index",
        {("good", "1.0"): ({"good.py": RUNS}, ()), ("bad", "1.0"): ({"bad.py": FAILS}, ())},
    )
    python = make_environment(tmp_path / "standin")
    options = Options(index_url=index)

    def outcome(name: str, line: str) -> dict[str, object]:
        """Measure one package."""
        return runs.measure(python, [name], line, tmp_path / "room", options)

    good = outcome("good", "import good")
    assert (good["outcome"], good["versions"]) == ("runs", {"good": "1.0"})
    bad = outcome("bad", "import bad")
    assert (bad["outcome"], bad["last_words"]) == ("fails", "RuntimeError: this release needs another base")
    assert outcome("bad<1", "import bad")["outcome"] == "refused"


@pytest.mark.network
def test_a_few_real_packages_over_an_environment_without_torch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from verify_support import install, make_environment

    monkeypatch.setenv("HOME", str(tmp_path))
    python = make_environment(tmp_path / "standin")
    install(python, ["numpy==1.26.3", "typing-extensions==4.9.0"])
    for name in ("omegaconf", "sentencepiece", "lmdb"):
        needs, line = runs.subjects()[name]
        result = runs.measure(python, needs, line, tmp_path / "room")
        assert result["outcome"] == "runs", result
