"""Every finding is of a registered check; every check has a page, a place that produces it, and a test."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from podfit.audit.consistency import CHECK
from podfit.model import Check, Evidence, EvidenceKind, Finding, InputError, Verdict
from podfit.model.check import check_named, checks, ignorable, register
from podfit.model.syntax import syntax_tree
from podfit.plan.ignore import with_ignored

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "docs" / "checks"
SEEN = Evidence(EvidenceKind.MEASURED, "here")
NAMES = {check.name for check in checks() if check.code.startswith("PF")}


def _named(node: ast.expr) -> str | None:
    """Return the check that a call of Finding or finding names, None when it is no literal."""
    if isinstance(node, ast.Name) and node.id == "CHECK":
        return CHECK
    return node.value if isinstance(node, ast.Constant) else None


def _produced() -> dict[str | None, list[str]]:
    """Return the names that the sources give to findings, with the places."""
    found: dict[str | None, list[str]] = {}
    for path in sorted((ROOT / "src").rglob("*.py")):
        for node in ast.walk(syntax_tree(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in ("Finding", "finding")
            ):
                found.setdefault(_named(node.args[0]), []).append(f"{path.name}:{node.lineno}")
    return found


@pytest.mark.slow
def test_the_sources_make_findings_of_registered_checks_and_of_each_one():
    produced = _produced()
    assert None not in produced, "the name of a check is a literal"
    assert set(produced) == NAMES


def test_every_check_is_asserted_on_by_a_test():
    here = Path(__file__).name
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py") if path.name != here]
    told = {name for text in texts for name in re.findall(r'["\']([a-z]+)["\']', text)}
    assert NAMES - told == set()


def test_every_check_has_a_page_and_every_page_a_check():
    own = [check for check in checks() if check.code.startswith("PF")]
    assert {path.stem for path in PAGES.glob("*.md")} - {"README"} == {check.code for check in own}
    index = (PAGES / "README.md").read_text(encoding="utf-8")
    for check in own:
        text = (ROOT / check.page).read_text(encoding="utf-8")
        assert text.startswith(f"# {check.code} {check.name}\n\n{check.title}\n")
        headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
        assert headings == ["What it looks at", "Example", "What to do", "Ignoring it"]
        said = f"It cannot be ignored: {check.fixed}." if check.fixed else f"--ignore {check.code}=WHY"
        assert said in text
        row = next(line for line in index.splitlines() if f"[{check.code}]" in line)
        assert f"| `{check.name}` | {check.title} |" in row
        assert row.endswith(f"| {'no' if check.fixed else 'yes'} |")


def test_a_finding_of_no_check_cannot_be_made():
    with pytest.raises(ValueError, match="there is no check 'nonsense'"):
        Finding("nonsense", "x", Verdict.OK, "x", SEEN)
    assert Finding("consistency", "x", Verdict.OK, "x", SEEN).code == "PF101"


def test_a_program_registers_its_own_checks_once():
    own = Check("ZZ901", "zz-own", "Is it mine?")
    assert register(own) is own
    assert register(own) is own
    assert check_named("zz-own") is own
    assert own in checks()
    with pytest.raises(ValueError, match="is taken"):
        register(Check("ZZ902", "zz-own", "Is it another's?"))
    with pytest.raises(ValueError, match="is no code"):
        register(Check("own", "zz-other", "Is it?"))


def test_what_is_ignored_no_longer_fails_and_says_why():
    failed = Finding("python", "moola", Verdict.FAILED, "it has 3.11", SEEN, "take another")
    warned = Finding("python", "moola", Verdict.WARNING, "it is old", SEEN)
    other = Finding("consistency", "moola", Verdict.FAILED, "it breaks", SEEN)
    found = list(with_ignored([failed, warned, other], {"PF103": "tested there"}))
    assert found[0].verdict is Verdict.WARNING
    assert found[0].ignored == "tested there"
    assert found[0].message == "failed, and ignored (tested there): it has 3.11"
    assert found[1:] == [warned, other]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("PF999", "there is no check 'PF999' to ignore"),
        ("python", "there is no check 'python' to ignore; the code of python is PF103"),
        ("PF303", "PF303 .drift. cannot be ignored: it keeps the template from being broken; see docs/checks/PF303.md"),
    ],
)
def test_what_cannot_be_ignored_is_refused(code, said):
    with pytest.raises(InputError, match=said):
        ignorable(code)
    assert ignorable("PF103").name == "python"
