"""What can be hoped of a build from source on the pod, judged by what the source distribution shows; nothing runs."""

from __future__ import annotations

import ast
import sys
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet

from podfit.catalogue.builds import empty_rules, python_rules, setup_rules
from podfit.catalogue.held import frameworks
from podfit.catalogue.table import table
from podfit.model import Evidence, canonical
from podfit.model.syntax import UNPARSED, dotted, ending, syntax_tree, told
from podfit.model.toml_text import toml_table
from podfit.model.words import listed
from podfit.solve.limits import disjoint

if TYPE_CHECKING:
    from podfit.index.sources import SourceFiles

_PROGRAMS = ("cmake", "swig")
"""Programs that a setup.py may call and that may come as a build requirement of their name."""
_PYTHONS = frozenset({"python3-dev"})
"""Packages of Python itself, whose headers come with it where anything is compiled."""
_WITH_SETUPTOOLS = frozenset({"setuptools", "pkg_resources", "distutils", "_distutils_hack"})
_PURE_BACKENDS = ("flit", "hatchling", "pdm", "poetry", "pbr", "uv_build")
"""Backends that compile nothing by themselves."""

_COMPILERS = {
    "C": "a C compiler",
    "C++": "a C++ compiler",
    "CUDA": "CUDA's compiler nvcc",
    "Cython": "a C compiler",
    "Fortran": "a Fortran compiler",
    "Rust": "Rust's cargo",
}
_MOST_SAID = 120
"""So much of a statement is told."""

_EXTENSION_WORDS = ("Extension", "ext_modules", "build_ext", "cffi_modules", "rust_extensions", "cythonize")
_BRINGS = {
    "cython": "Cython",
    "oldest-supported-numpy": "numpy",
    "pyyaml": "yaml",
    "scikit-build": "skbuild",
    "setuptools-rust": "setuptools_rust",
    "setuptools-scm": "setuptools_scm",
}
"""The module that a build requirement brings, where it is not called like it."""


@dataclass(frozen=True, slots=True)
class BuildJudgement:
    """What can be hoped of one build: likely, unlikely or unknown, and the reasons as clauses.

    hidden are the modules that the build imports and that an isolated environment lacks; limits are PEP 508 lines for
    what it is built with; evidence is that of the rules that spoke; requires is what its `[build-system]` asks for.
    """

    chance: str
    reasons: tuple[str, ...]
    hidden: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    requires: tuple[str, ...] = ()


def judge_build(found: SourceFiles, python: str) -> BuildJudgement:
    """Return what can be hoped of building a source distribution on a Python (`3.11`)."""
    requires, backend = _build_system(found.pyproject)
    setup = _setup(found.setup)
    reasons: list[str] = []
    evidence: list[Evidence] = []
    limits: list[str] = []
    chance = "likely"
    for empty in empty_rules():
        if empty.text in found.setup or empty.text in found.pyproject:
            return BuildJudgement(empty.chance, (empty.reason,), evidence=(empty.evidence,))
    if setup is None:
        return BuildJudgement("unlikely", ("its setup.py is not Python 3",))
    words = setup.words
    if setup.end:
        return BuildJudgement("unlikely", (f"its setup.py does nothing but end: {setup.end}",))
    if found.raising is not None:
        place, statement = found.raising
        return BuildJudgement("unlikely", (f"it is a placeholder that cannot be imported: {statement} ({place})",))
    given = {canonical(name) for name in requires}
    hidden = [
        name
        for name in setup.imported
        if name not in sys.stdlib_module_names
        and name not in _WITH_SETUPTOOLS
        and name not in found.beside
        and not ("sys.path" in found.setup and name in found.below)
        and canonical(name) not in given
        and name not in {_BRINGS.get(other, "") for other in given}
    ]
    compiled = _compiled(found, words, backend)
    if compiled:
        hidden += [name for name in setup.asked_inside if name not in (*hidden, *given)]
    if hidden:
        chance = "unknown"
        reasons.append(
            f"it needs {listed(hidden)} while it is built, which its build requirements do not name: "
            "--no-build-isolation on the pod, as podfit apply does"
        )
    if compiled:
        chance = "unknown"
        tools = list(dict.fromkeys(_COMPILERS[name] for name in compiled))
        reasons.append(f"it compiles {listed(compiled)} and needs {listed(tools)} there")
    elif not hidden:
        reasons.append("nothing in it is compiled")
    if compiled and ("pkg-config" in found.setup or "pkgconfig" in found.setup):
        reasons.append("it looks for libraries of the system and their headers with pkg-config")
    if compiled:
        reasons += _of_the_system(found, words, given)
    if "urlretrieve" in words or "urlopen" in words:
        reasons.append("its setup.py fetches files of its own, perhaps a ready wheel")
    for rule in setup_rules():
        if rule.sign in words:
            limits.append(rule.limit)
            reasons.append(f"{rule.reason}: build it with {rule.limit}")
            evidence.append(rule.evidence)
            chance = "unknown"
    version = tuple(int(part) for part in python.split(".")[:2])
    with_limits = [*requires.values(), *map(Requirement, limits)]
    asked = SpecifierSet(",".join(str(each.specifier) for each in with_limits if _setuptools(each)))
    for first in python_rules():
        if version >= first.since and disjoint(asked, SpecifierSet(f">={first.setuptools}")):
            evidence.append(first.evidence)
            said = (f"its build asks for setuptools{asked}, and {first.reason}",)
            chance, reasons = "unlikely", list(said)
            break
    lines = tuple(map(str, requires.values()))
    return BuildJudgement(chance, tuple(reasons), tuple(hidden), tuple(limits), tuple(evidence), lines)


def _of_the_system(found: SourceFiles, words: frozenset[str], given: Collection[str]) -> Iterator[str]:
    """Yield what a build asks of the system besides compilers: programs that setup.py calls, headers of libraries."""
    system = table("system_packages")
    for name in _PROGRAMS:
        if name in words and name not in given:
            package = system["tools"][name]
            yield f"its setup.py calls {name}, which its build requirements do not name (Debian: {package})"
    packages: dict[str, str] = {}
    for header in found.headers:
        package = system["headers"].get(header, "")
        if package and package not in _PYTHONS:
            packages.setdefault(package, header)
    if packages:
        asked = listed([f"{header} ({package})" for package, header in packages.items()])
        yield f"it includes headers of the system, in Debian's packages: {asked}"


def _setuptools(requirement: Requirement) -> bool:
    return canonical(requirement.name) == "setuptools"


def _compiled(found: SourceFiles, words: frozenset[str], backend: str) -> tuple[str, ...]:
    """Return the languages that a build compiles: with sources in one, and something that compiles them."""
    pure = backend.split(".")[0].split("_")[0] in _PURE_BACKENDS or backend.startswith("uv_build")
    declared = "ext-modules" in found.pyproject or "cffi" in found.pyproject
    if any(word in words for word in _EXTENSION_WORDS) or any("Extension" in word for word in words) or declared:
        return found.languages or _implied(words)
    by_setuptools = backend.startswith("setuptools") or not backend
    return () if pure or by_setuptools else found.languages


def _implied(words: frozenset[str]) -> tuple[str, ...]:
    """Return the languages that a setup.py compiles when their sources are not in the source distribution."""
    if "CUDAExtension" in words:
        return ("C++", "CUDA")
    return ("C++",) if "CppExtension" in words else ("C",)


def _build_system(pyproject: str) -> tuple[dict[str, Requirement], str]:
    """Return what a build requires, by normalized name, and its backend, empty for setuptools by default."""
    try:
        table: Any = toml_table(pyproject).get("build-system", {})
    except ValueError:
        return {}, ""
    if not isinstance(table, dict):
        return {}, ""
    lines = table.get("requires", [])
    backend = table.get("build-backend", "")
    found: dict[str, Requirement] = {}
    for line in lines if isinstance(lines, list) else ():
        try:
            requirement = Requirement(str(line))
        except InvalidRequirement:
            continue
        found[canonical(requirement.name)] = requirement
    return found, backend if isinstance(backend, str) else ""


@dataclass(frozen=True, slots=True)
class _Setup:
    """What a setup.py shows: the modules that it imports as it starts, and the words in it.

    asked_inside are the frameworks that its functions import, of which it tries to import a part, or whose version it
    asks for (`version("torch")`). end is the statement of its own in which it ends before anything is set up, empty for
    none.
    """

    imported: tuple[str, ...] = ()
    words: frozenset[str] = frozenset()
    asked_inside: tuple[str, ...] = ()
    end: str = ""


def _setup(text: str) -> _Setup | None:
    """Return what a setup.py shows, None where Python 3 cannot read it."""
    if not text:
        return _Setup()
    try:
        tree = syntax_tree(text)
    except UNPARSED:
        return None
    words = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    words |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    words |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg}
    words |= {str(node.value) for node in ast.walk(tree) if isinstance(node, ast.Constant) and _is_word(node.value)}
    words |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
    imported = tuple(dict.fromkeys(_imports(tree.body)))
    return _Setup(imported, frozenset(words | set(imported)), _asked_inside(tree), _early_end(tree))


def _asked_inside(tree: ast.Module) -> tuple[str, ...]:
    """Return the frameworks that functions of a setup.py import, or that it asks the version of, sorted.

    And those of which it tries to import a part (`from torch.utils.cpp_extension import ...`): where they are not there
    it leaves out what it would compile with that, as mmcv does its operators.
    """
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _called(node) in ("version", "distribution"):
            found |= {str(each.value) for each in node.args if isinstance(each, ast.Constant)}
        elif isinstance(node, ast.FunctionDef):
            found |= {*_imports(node.body)}
        elif isinstance(node, ast.Try):
            tried = [part.module or "" for part in ast.walk(node) if isinstance(part, ast.ImportFrom)]
            found |= {name.partition(".")[0] for name in tried if "." in name}
    return tuple(sorted(found & {*frameworks()}))


def _early_end(tree: ast.Module) -> str:
    """Return the statement in which a setup.py always ends before it may set anything up; empty for none."""
    end = ending(tree)
    before = tree.body[: tree.body.index(end)] if end is not None else []
    calls = (node for each in before for node in ast.walk(each) if isinstance(node, ast.Call))
    if end is None or any(_called(call) == "setup" for call in calls):
        return ""
    return f"{told(end, _MOST_SAID)} (setup.py:{end.lineno})"


def _called(call: ast.Call) -> str:
    """Return the last name of what a call calls, empty where that has none."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else dotted(call.func)


def _is_word(value: object) -> bool:
    return isinstance(value, str) and value.isidentifier()


def _imports(body: Sequence[ast.stmt]) -> Iterator[str]:
    """Yield the top-level modules that statements import when they run, without those that may be absent."""
    for node in body:
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node.module.partition(".")[0]
        elif isinstance(node, (ast.If, ast.With)):
            yield from _imports(node.body)
