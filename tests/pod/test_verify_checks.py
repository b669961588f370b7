"""Versions, requirements, held files, Python: what verify says of real environments, as planned and damaged."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from apply_support import changes, make_wheel, tree
from verify_support import (
    EVIDENCE,
    both,
    install,
    make_environment,
    plan_over,
    site_packages,
    template_of,
)

from podfit.model import Action, Decision, Need, Plan
from podfit.writers.verify_env import write_verify_env

pytestmark = [pytest.mark.network]

SPECS = (
    "rich==13.7.1",
    "markdown-it-py==3.0.0",
    "mdurl==0.1.2",
    "pygments==2.18.0",
    "packaging==24.1",
    "toolz==0.12.0",
)
NEEDS = {"rich": ["rich"], "packaging": ["packaging", "packaging.version"]}
EDGES = {"rich": ("markdown-it-py", "pygments"), "markdown-it-py": ("mdurl",)}


@pytest.fixture
def python(tmp_path: Path) -> str:
    return make_environment(tmp_path / "environment", SPECS)


@pytest.fixture
def plan(python: str) -> Plan:
    return plan_over(template_of(python), NEEDS, held=["pygments"], edges=EDGES)


def rewrite(path: Path, old: bytes, new: bytes) -> None:
    """Change a file by replacing it, as installers do."""
    data = path.read_bytes()
    assert old in data
    fresh = path.with_name(path.name + ".new")
    fresh.write_bytes(data.replace(old, new, 1))
    fresh.replace(path)


def test_an_environment_as_planned_passes(plan: Plan, python: str, tmp_path: Path) -> None:
    seen = both(plan, python, tmp_path)
    assert seen.code == 0
    assert seen.verdicts == {
        ("python", "Python"): ("ok", plan.template.interpreter.version),
        ("version", "versions"): ("ok", "6 of 6 distributions have the planned version"),
        ("import", "packaging"): ("ok", "24.1 (import packaging.version)"),
        ("import", "rich"): ("ok", "13.7.1"),
        ("template", "template"): seen.verdicts["template", "template"],
        ("metadata", "metadata"): ("ok", "3 requirements of 6 distributions judged: all hold"),
    }
    rows = (site_packages(python) / "pygments-2.18.0.dist-info" / "RECORD").read_text().splitlines()
    hashed = sum(",sha256=" in row for row in rows)
    expected = f"1 held distribution unchanged: {hashed} files, SHA-256 of {hashed}"
    assert seen.verdicts["template", "template"] == ("ok", expected)


def test_nothing_is_written_into_the_environment(
    plan: Plan, python: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even bytecode, and no temporary file stays."""
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    subprocess.run([python, "-c", "pass"], check=True)  # Python's own start compiles what .pth files import
    root, temporary = Path(python).parent.parent, tmp_path / "temporary"
    temporary.mkdir()
    before = tree(root)
    assert any(key.endswith("rich/console.py") for key in before)
    monkeypatch.setenv("TMPDIR", str(temporary))
    both(plan, python, tmp_path)
    assert changes(before, tree(root)) == []
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("piped", [False, True])
def test_no_bytecode_of_the_standard_library_either(
    piped: bool, plan: Plan, python: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Docker's Python images come without bytecode: what the script imports would leave some there."""
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    script = tmp_path / "verify_env.py"
    script.write_text(write_verify_env(plan))

    def compiled(name: str, *words: str) -> list[str]:
        """Return what a program compiles when nothing is compiled yet."""
        prefix = tmp_path / name
        with script.open("rb") as source:
            done = subprocess.run(
                [python, *words],
                env={**os.environ, "PYTHONPYCACHEPREFIX": str(prefix)},
                stdin=source,
                capture_output=True,
                check=False,
                timeout=120,
            )
        assert done.returncode == 0, done.stderr
        return sorted(str(path.relative_to(prefix)) for path in prefix.rglob("*.pyc"))

    started = compiled("start", "-c", "pass")
    assert started  # Python's own start does compile
    assert set(compiled("verify", "-" if piped else str(script))) <= set(started)


def test_a_wrong_version_of_what_the_project_uses_fails(plan: Plan, python: str, tmp_path: Path) -> None:
    install(python, ["mdurl==0.1.1", "packaging==23.0"])
    seen = both(plan, python, tmp_path)
    assert seen.code == 1
    assert seen.failed == [("version", "mdurl"), ("version", "packaging")]
    assert seen.verdicts["version", "packaging"][1] == "23.0 is installed, the plan has 24.1"
    assert seen.findings["version", "mdurl"]["remedy"].startswith("podfit apply")
    assert seen.verdicts["version", "versions"] == ("ok", "4 of 6 distributions have the planned version")


def test_a_wrong_version_of_anything_else_is_a_warning(plan: Plan, python: str, tmp_path: Path) -> None:
    install(python, ["toolz==0.12.1"])
    seen = both(plan, python, tmp_path)
    assert seen.code == 0
    expected = "the template has changed: 0.12.1 is installed, the plan has 0.12.0"
    assert seen.verdicts["version", "toolz"] == ("warning", expected)


def test_another_build_of_a_held_distribution_fails(plan: Plan, python: str, tmp_path: Path) -> None:
    install(python, ["pygments==2.17.2"])
    seen = both(plan, python, tmp_path)
    assert seen.code == 1
    assert seen.failed == [("template", "pygments 2.17.2"), ("version", "pygments")]
    assert "the template's own build was replaced" in seen.findings["version", "pygments"]["remedy"]


def test_an_absent_need_fails_once(plan: Plan, python: str, tmp_path: Path) -> None:
    shutil.rmtree(site_packages(python) / "packaging-24.1.dist-info")
    seen = both(plan, python, tmp_path)
    assert seen.code == 1
    assert seen.failed == [("version", "packaging")]
    assert seen.verdicts["version", "packaging"][1] == "not installed, the plan has 24.1"
    assert ("import", "packaging") not in seen.findings


def test_a_missing_dependency_fails_where_importing_passes(plan: Plan, python: str, tmp_path: Path) -> None:
    """`import rich` does not need mdurl; its Markdown does."""
    for name in ("mdurl", "mdurl-0.1.2.dist-info"):
        shutil.rmtree(site_packages(python) / name)
    seen = both(plan, python, tmp_path)
    assert seen.code == 1
    assert seen.verdicts["import", "rich"] == ("ok", "13.7.1")
    assert seen.failed == [("metadata", "markdown-it-py"), ("version", "mdurl")]
    assert seen.verdicts["metadata", "markdown-it-py"][1] == "3.0.0 requires mdurl~=0.1, and mdurl is missing"


def test_a_dependency_out_of_range_fails(python: str, tmp_path: Path) -> None:
    """The plan itself is wrong here, so no version is: only the requirement shows it."""
    install(python, ["markdown-it-py==1.1.0", "attrs==24.2.0"], "--no-deps")
    plan = plan_over(template_of(python), NEEDS)
    known = plan_over(replace(plan.template, distributions={}), {})
    fit = replace(plan, template=replace(plan.template, distributions=known.template.distributions))
    seen = both(fit, python, tmp_path)
    assert ("metadata", "rich") in seen.failed
    assert seen.verdicts["metadata", "rich"][1] == "13.7.1 requires markdown-it-py>=2.2.0, and markdown-it-py is 1.1.0"
    # What the untouched template breaks already is the template's affair.
    seen = both(plan, python, tmp_path)
    assert seen.code == 0
    assert seen.verdicts["metadata", "rich"][0] == "warning"
    assert seen.verdicts["metadata", "rich"][1].startswith("in the template as it is: 13.7.1 requires")


def test_a_changed_file_of_a_held_distribution_fails(plan: Plan, python: str, tmp_path: Path) -> None:
    rewrite(site_packages(python) / "pygments" / "lexer.py", b"import", b"IMPORT")
    seen = both(plan, python, tmp_path)
    assert seen.code == 1
    assert seen.failed == [("template", "pygments 2.18.0")]
    expected = "changed since it was installed: pygments/lexer.py has another content"
    assert seen.verdicts["template", "pygments 2.18.0"][1] == expected
    lexer = site_packages(python) / "pygments" / "lexer.py"
    rewrite(lexer, b"IMPORT", b"import ")
    (lexer.parent / "style.py").unlink()
    seen = both(plan, python, tmp_path)
    told = seen.findings["template", "pygments 2.18.0"]
    assert "pygments/lexer.py has " in told["message"]
    assert told["message"].endswith(", and 1 more")
    assert "pygments/style.py is missing" in told["evidence"]["detail"]


def test_a_record_rewritten_to_fit_a_changed_file_fails(plan: Plan, python: str, tmp_path: Path) -> None:
    lexer = site_packages(python) / "pygments" / "lexer.py"

    def row() -> bytes:
        digest = base64.urlsafe_b64encode(hashlib.sha256(lexer.read_bytes()).digest()).rstrip(b"=")
        return b"pygments/lexer.py,sha256=" + digest + b","

    before = row()
    rewrite(lexer, b"import", b"IMPORT")
    rewrite(site_packages(python) / "pygments-2.18.0.dist-info" / "RECORD", before, row())
    seen = both(plan, python, tmp_path)
    assert seen.code == 1
    assert seen.failed == [("template", "pygments 2.18.0")]
    assert seen.verdicts["template", "pygments 2.18.0"][1].startswith("its RECORD is not the template's")


def test_a_held_distribution_without_a_record_is_not_decided(plan: Plan, python: str, tmp_path: Path) -> None:
    (site_packages(python) / "pygments-2.18.0.dist-info" / "RECORD").unlink()
    seen = both(plan, python, tmp_path)
    assert seen.code == 0
    assert seen.verdicts["template", "pygments 2.18.0"][0] == "unknown"


def test_large_files_are_hashed_on_demand(python: str, tmp_path: Path) -> None:
    library = bytearray(9 * 2**20)
    wheel = make_wheel(tmp_path / "wheels", "large", "1.0", {"large/__init__.py": "", "large/lib.so": bytes(library)})
    install(python, [wheel], "--no-index")
    plan = plan_over(template_of(python), {}, held=["large"])
    with (site_packages(python) / "large" / "lib.so").open("r+b") as file:
        file.seek(5 * 2**20)
        file.write(b"x")
    seen = both(plan, python, tmp_path)
    assert seen.code == 0
    assert seen.verdicts["template", "template"][1].endswith("; 1 over 8 MiB by size only (--deep reads them)")
    seen = both(plan, python, tmp_path, "--deep")
    assert seen.code == 1
    message = "changed since it was installed: large/lib.so has another content"
    assert seen.verdicts["template", "large 1.0"] == ("failed", message)


def test_another_python_than_planned_fails(plan: Plan, interpreter: Callable[[str], str], tmp_path: Path) -> None:
    other = make_environment(tmp_path / "other", SPECS, python=interpreter("3.12"))
    seen = both(plan, other, tmp_path)
    assert ("python", "Python") in seen.failed
    planned = plan.template.interpreter.version
    assert seen.verdicts["python", "Python"][1].endswith(f"; the plan is for {planned}")
    assert seen.code == 1


def test_what_the_plan_could_not_decide_is_said(plan: Plan, python: str, tmp_path: Path) -> None:
    conflict = Decision("torchaudio", Action.CONFLICT, "nothing fits", EVIDENCE)
    need = Need("torchaudio", EVIDENCE, import_names=("torchaudio",))
    plan = replace(plan, decisions=(*plan.decisions, conflict), needs=(*plan.needs, need))
    seen = both(plan, python, tmp_path)
    assert seen.code == 0
    expected = ("unknown", "the plan has a conflict about it: not checked")
    assert seen.verdicts["version", "torchaudio"] == expected
    assert ("import", "torchaudio") not in seen.findings


def test_leftovers_of_installers_are_no_distributions(plan: Plan, python: str, tmp_path: Path) -> None:
    """pip renames to `~` what it is about to remove, and a kill leaves directories without METADATA."""
    packages = site_packages(python)
    shutil.copytree(packages / "packaging-24.1.dist-info", packages / "~ackaging-24.1.dist-info")
    (packages / "broken-1.0.dist-info").mkdir()
    (packages / "half-1.0.dist-info").mkdir()
    (packages / "half-1.0.dist-info" / "METADATA").write_bytes(b"\xff\xfe")
    seen = both(plan, python, tmp_path)
    assert seen.code == 0
    assert seen.verdicts["metadata", "metadata"] == ("ok", "3 requirements of 6 distributions judged: all hold")


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("pyyaml==6.0.2", "6.0.2 (import yaml)"),
        ("attrs==24.2.0", "24.2.0"),  # attr and attrs: the one named like it
        ("types-pyyaml==6.0.12.20240917", "6.0.12.20240917 (it has nothing to import)"),
        ("python-dateutil==2.8.2", "2.8.2 (import dateutil)"),
    ],
)
def test_modules_are_found_when_the_plan_names_none(spec: str, message: str, tmp_path: Path) -> None:
    python = make_environment(tmp_path / "environment")
    install(python, [spec], "--no-deps")
    name = spec.partition("==")[0]
    seen = both(plan_over(template_of(python), {name: []}), python, tmp_path)
    assert seen.verdicts["import", name] == ("ok", message)
