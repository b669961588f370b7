"""What the documents say of the project holds: links, dependencies, commands."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from podfit.catalogue.store import known_names
from podfit.cli.main import podfit

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/*/*.md")])
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    for target in LINK.findall(document.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (document.parent / target).exists(), target


def test_each_dependency_has_a_line() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    lines = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8").splitlines()
    named = [line.split("|")[1].strip() for line in lines if line.startswith("| ")][1:]
    assert named == sorted(named)
    assert set(named) == {Requirement(line).name for line in declared}


def test_the_readme_s_commands_and_templates_exist() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    calls = re.findall(r"^    podfit (.+?)(?:  +#.*)?$", text, re.MULTILINE)
    assert len(calls) > 5
    for call in calls:
        name, *words = call.split()
        command = podfit.get_command(None, name)  # type: ignore[arg-type]
        assert command is not None, call
        known = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in words if word.startswith("-")} <= known | {"-"}, call
    named = set(re.findall(r"(?:-t|--template) ([a-z0-9.-]+)", text))
    assert {name for name in named if not name.endswith((".json", ".txt"))} <= set(known_names())


def test_the_readme_s_test_command_is_what_ci_runs() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "python3 dev.py check" in readme
    assert "python3 dev.py example" in readme
    assert "exec python3 dev.py check" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
