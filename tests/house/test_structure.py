"""How the house is built: no module too long, no circle of imports, one helper for one thing, a page that agrees."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

from podfit.model.syntax import syntax_tree

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted((ROOT / "src" / "podfit").rglob("*.py"))
LIMIT = 400


def says_why(text: str) -> bool:
    """Tell whether a module is short, or has a line `Long because ...` in its docstring."""
    docstring = ast.get_docstring(syntax_tree(text)) or ""
    return len(text.splitlines()) <= LIMIT or bool(re.search(r"^Long because \w+", docstring, re.MULTILINE))


@pytest.mark.slow
def test_a_module_over_400_lines_says_why() -> None:
    assert [str(path.relative_to(ROOT)) for path in MODULES if not says_why(path.read_text("utf-8"))] == []
    assert not says_why("\n" * 401)
    assert says_why('"""One thing.\n\nLong because it is a table.\n"""' + "\n" * 401)


def test_no_module_grows_past_all_reason() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines()) for path in MODULES}
    assert len(lengths) > 150
    assert {name: length for name, length in lengths.items() if length > 2 * LIMIT} == {}


def circles(edges: dict[str, set[str]]) -> list[set[str]]:
    """Return the groups of nodes that reach each other (those of two and more)."""

    def reached(start: str) -> set[str]:
        seen: set[str] = set()
        queue = [start]
        while queue:
            for each in edges.get(queue.pop(), ()):
                if each not in seen:
                    seen.add(each)
                    queue.append(each)
        return seen

    reach = {node: reached(node) for node in edges}
    groups = {frozenset(other for other in reach[node] if node in reach.get(other, ())) for node in edges}
    return sorted((set(group) for group in groups if len(group) > 1), key=sorted)


def test_no_circle_of_imports() -> None:
    """Neither at the top of modules nor within functions; what only a type checker imports does not count."""
    grimp = pytest.importorskip("grimp", reason="comes with import-linter: the environment for linting has it")
    graph = grimp.build_graph("podfit", exclude_type_checking_imports=True)
    edges = {module: set(graph.find_modules_directly_imported_by(module)) - {"podfit"} for module in graph.modules}
    assert len(edges) > 150
    assert circles(edges) == []


def test_circles_are_found() -> None:
    edges = {"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": set(), "e": {"d"}, "f": {"g"}, "g": {"f"}}
    assert circles(edges) == [{"a", "b", "c"}, {"f", "g"}]
    assert circles({"a": {"b"}, "b": set()}) == []


@pytest.mark.parametrize(
    ("pattern", "home"),
    [
        (r"\bget_close_matches\b", {"model/words.py"}),
        (r"\bdef same_version\b", {"model/versions.py"}),
        (r"Version\([^()]*\) == Version\(", {"model/versions.py"}),
        (r" more\" if len\(", {"model/words.py"}),
        (r"\bimport dependency_groups\b|\bfrom dependency_groups\b", set()),
    ],
)
def test_one_helper_for_one_thing(pattern: str, home: set[str]) -> None:
    """What runs on other machines (far/) carries its own: it may import nothing."""
    src = ROOT / "src" / "podfit"
    found = {str(path.relative_to(src)) for path in MODULES if re.search(pattern, path.read_text("utf-8"))}
    assert {name for name in found if not name.startswith("far/")} <= home


def layers() -> list[str]:
    """Return the rooms as pyproject.toml's contract lists them, the highest first."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    (listed,) = (contract["layers"] for contract in contracts if contract["type"] == "layers")
    return [name.removeprefix("podfit.") for name in listed]


def test_the_contract_covers_every_room() -> None:
    rooms = {path.name for path in (ROOT / "src" / "podfit").iterdir() if (path / "__init__.py").exists()}
    assert rooms <= set(layers())


def test_the_page_shows_the_rooms_of_the_contract() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    listed = re.search(r"that in CI:\s+([a-z,\s]+)\.", page)
    assert listed is not None
    assert listed[1].replace("\n", " ").split(", ") == layers()
    table = re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)
    assert sorted(table) == sorted(layers())
    drawing = page.partition("```mermaid\n")[2].partition("```")[0]
    drawn = set(re.findall(r"\w+", drawing))
    assert set(layers()) - drawn == {"model"}


def test_no_two_test_modules_have_one_name() -> None:
    """pytest imports them by their bare names: two of one name stop the whole run."""
    names = [path.name for path in (ROOT / "tests").rglob("*.py") if path.name != "conftest.py"]
    assert sorted(names) == sorted(set(names))
