"""conda's environment files: names and versions translated to PyPI's, the `pip:` part read as pip reads it.

The tree of YAML nodes is walked instead of the values, for the nodes know their lines and keep `3.10` as written.
Match specifications: https://docs.conda.io/projects/conda-build/en/latest/resources/package-spec.html.
"""

from __future__ import annotations

import re
from typing import Any

import yaml
from packaging.requirements import Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from podfit.model import Declaration, canonical
from podfit.readers.declared import requirement as pep508
from podfit.readers.declared.conda_export import SPEC, TOOLS, export_reason
from podfit.readers.declared.conda_lines import Told, declaration_of
from podfit.readers.declared.interface import Reading, Source
from podfit.readers.environment.conda_names import known_as

EXPLICIT = re.compile(r"^@EXPLICIT[ \t]*$", re.MULTILINE)
_BRACKETS = re.compile(r"\[(.*)\]\s*$")
_BRACKET_VERSION = re.compile(r"""version\s*=\s*(?:'([^']*)'|"([^"]*)"|([^,\]]+))""")
_BUILD = re.compile(r"^\s*=?=?[^=<>!~,|\s]+[=\s]([A-Za-z0-9_.*]+)$")
_PIN = re.compile(r"^\s*={1,2}\s*\d[A-Za-z0-9._]*(?:[=\s]\S+)?$")
_SELECTOR = re.compile(r"[ \t]*#[ \t]*\[([^\[\]\n]+)\]")
_SELECTED = re.compile(r"sel\(([^()]+)\)")
_ELSEWHERE = re.compile(r"(?:win|osx)(?:32|64|-64|-arm64)?|not (?:linux|unix)|arm64")
_LAST = re.compile(r"(?<=[\w*])(?:\s+|=)(?=[\w.*]*[A-Za-z_])[\w.*]+$")
_CLAUSE = re.compile(r"^(===|==|~=|!=|<=|>=|<|>|=)?\s*([A-Za-z0-9_.+!*-]+)$")


def read(source: Source, reading: Reading) -> None:
    """Add what an environment file asks for to reading.

    Raises InputError for a syntax error, another shape than an environment file's, and an invalid requirement. A
    YAML file that was found by its name and has no `dependencies` is something else, and passed over.
    """
    if not source.named and EXPLICIT.search(source.utf8):
        reading.freeze(source, "it is conda's explicit list of the files of an environment")
        return
    root = _composed(source)
    top = _mapping(root)
    dependencies = top.get("dependencies")
    if dependencies is None:
        if source.named or root is None:
            raise source.error("this is no conda environment: it has no `dependencies`")
        return
    if not isinstance(dependencies, yaml.SequenceNode):
        raise source.error("`dependencies` is not a list", _line(dependencies))
    if not source.named and (reason := export_reason(dependencies.value, source.path)):
        reading.freeze(source, reason)
        return
    reading.files.append(source.shown)
    told = Told()
    pip: list[Declaration] = []
    for node in dependencies.value:
        there = set(reading.declarations) if isinstance(node, yaml.MappingNode) else set()
        with reading.tolerant():
            if isinstance(node, yaml.ScalarNode):
                if not _of_another_system(source, node):
                    _conda_line(source, reading, node, told)
            elif isinstance(node, yaml.MappingNode):
                _part(source, reading, node, told)
            else:
                raise source.error("a dependency is neither a name nor a `pip:` list", _line(node))
        if isinstance(node, yaml.MappingNode):
            pip += [one for one in reading.declarations if one not in there]
    if "pip" in top:
        reading.notice(
            f"{source.shown}: conda passes over a `pip` that stands beside `dependencies`; it is read as meant"
        )
        there = set(reading.declarations)
        with reading.tolerant():
            _lines_of_pip(source, reading, top["pip"])
        pip += [one for one in reading.declarations if one not in there]
    _followed_by_pip(source, reading, pip)
    told.notices(source, reading)


def _composed(source: Source) -> Any:
    try:
        return yaml.compose(source.utf8, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = error.problem or error.context or "it ends too early"
        line = mark.line + 1 if mark else 0
        raise source.error(f"this is not YAML: {reason}", line, remedy="correct that line") from None
    except yaml.reader.ReaderError as error:
        line = source.utf8.count("\n", 0, error.position) + 1
        raise source.error(f"this is not YAML: {error.reason}", line) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise source.error(f"this is not YAML: {str(error).splitlines()[0] if str(error) else error!r}") from None


def _mapping(node: Any) -> dict[str, Any]:
    """Return the nodes under the plain keys of a mapping node, empty for another kind of node."""
    if not isinstance(node, yaml.MappingNode):
        return {}
    return {key.value: value for key, value in node.value if isinstance(key, yaml.ScalarNode)}


def _line(node: Any) -> int:
    return int(node.start_mark.line) + 1


def _of_another_system(source: Source, node: Any) -> bool:
    """Tell whether a comment says that a line is not for Linux (`# [win]`), as conda-lock reads it."""
    found = _SELECTOR.match(source.utf8, node.end_mark.index)
    return found is not None and _elsewhere(found[1])


def _elsewhere(selector: str) -> bool:
    """Tell whether a selector names other systems than Linux alone."""
    return all(_ELSEWHERE.fullmatch(word.strip()) for word in selector.split(" or "))


def _part(source: Source, reading: Reading, node: Any, told: Told) -> None:
    """Read the `pip:` list and micromamba's `sel(linux):`."""
    for key, value in _mapping(node).items():
        if selected := _SELECTED.fullmatch(key):
            for item in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                if not isinstance(item, yaml.ScalarNode):
                    raise source.error(f"a line of `{key}` is not a string", _line(item))
                if not _elsewhere(selected[1]):
                    _conda_line(source, reading, item, told)
            continue
        if key != "pip":
            raise source.error(f"podfit knows no part {key!r} among the dependencies, only `pip`", _line(node))
        _lines_of_pip(source, reading, value)


def _lines_of_pip(source: Source, reading: Reading, value: Any) -> None:
    """Read the lines of a `pip:` list, which are those of a requirements file."""
    from podfit.readers.declared import requirements_txt

    if isinstance(value, yaml.ScalarNode) and not value.value:
        return
    if not isinstance(value, yaml.SequenceNode):
        raise source.error("`pip` is not a list", _line(value))
    for item in value.value:
        with reading.tolerant():
            if not isinstance(item, yaml.ScalarNode):
                raise source.error("a line of `pip` is not a string", _line(item))
            requirements_txt.read_line(source, _line(item), item.value, reading)


def _followed_by_pip(source: Source, reading: Reading, pip: list[Declaration]) -> None:
    """Drop the lines of conda that a line of the `pip:` list excludes: pip comes later and replaces what is there."""
    asked = [(one, Requirement(one.requirement)) for one in pip if not one.constraint]
    own = {canonical(each.name): (one, each) for one, each in asked if each.marker is None}
    later_lines = set(pip)
    of_conda = [each for each in reading.declarations if each.where.path == source.shown and each not in later_lines]
    for declaration in of_conda if own else ():
        mine = Requirement(declaration.requirement)
        later, there = own.get(canonical(mine.name), (None, mine))
        if later is None or not (there.url or (mine.specifier & there.specifier).is_unsatisfiable()):
            continue
        del reading.declarations[declaration]
        reading.notice(
            f"{declaration.where} ({declaration.requirement}) gives way to {later.where} ({later.requirement}), which "
            "pip installs after it"
        )


def _conda_line(source: Source, reading: Reading, node: Any, told: Told) -> None:
    """Read one match specification."""
    text, line = node.value.strip(), _line(node)
    match = SPEC.match(text)
    if not match:
        raise source.error(f"{text!r} is no conda requirement", line)
    name, version = match.group(1), match.group(2)
    if brackets := _BRACKETS.search(version):
        inner = _BRACKET_VERSION.search(brackets.group(1))
        named = next(filter(None, inner.groups()), "") if inner else ""
        version = version[: brackets.start()].strip() or named
    if name.lower() == "python":
        _python(source, reading, version, line)
        return
    if name.lower() in TOOLS:
        return
    build = _BUILD.match(version)
    found = known_as(name, build.group(1) if build else "")
    if not told.of(name, found):
        return
    try:
        limits = specifier(version)
        requirement = pep508.normalized(f"{found.pypi}{limits}")
    except ValueError as error:
        if _PIN.match(version):  # 9e, 1.1.1w: versions of C libraries, which no Python distribution can have
            told.foreign.append(f"{name} {version.strip('= ')}")
            return
        raise source.error(f"{text!r} is no conda requirement: {error}", line) from None
    if "|" in version:
        reading.notice(f"{source.where(line)}: any version of {found.pypi} is taken; PEP 508 cannot say {version!r}")
    reading.add(declaration_of(found, requirement, source.where(line), source.group))


def specifier(text: str) -> str:
    """Return the version part of a match specification as a PEP 440 specifier; empty for any version, and for `|`.

    `=1.2` means 1.2 and what begins with it, `==1.2`, `1.2` after a space and `=1.2=build` mean that version, as conda
    defines it. Raises ValueError for anything that is no version.
    """
    text = text.strip()
    if not text or text == "*" or "|" in text:
        return ""
    if not text.startswith("="):
        text = _LAST.sub("", text)  # a build string says nothing to PEP 440
    fuzzy = text.startswith("=") and not text.startswith("==")
    parts = re.split(r"(?<![=<>!~])=(?!=)|\s+(?![=<>!~,])", text.lstrip("=").strip()) if text.startswith("=") else None
    if parts is not None:
        version = parts[0].strip()
        if len(parts) > 1 and parts[1].strip():  # a build string: the version is exact
            fuzzy = False
        clauses = [("=" if fuzzy else "==") + version]
    else:
        head = re.split(r"\s+(?![=<>!~,\d*])", text)[0]
        clauses = [clause.strip() for clause in re.sub(r"(?<=[\w*])\s+(?=[<>=!~])", ",", head).split(",")]
    found = [_clause(clause) for clause in clauses if clause]
    try:
        return str(SpecifierSet(",".join(filter(None, found))))
    except InvalidSpecifier:
        raise ValueError(f"{text!r} is no version") from None


def _clause(text: str) -> str:
    """Return one clause as PEP 440."""
    match = _CLAUSE.match(text)
    if not match:
        raise ValueError(f"{text!r} is no version")
    operator, version = match.group(1) or "==", match.group(2)
    if version == "*":
        return ""
    if operator == "=":
        operator, version = "==", version.rstrip("*").rstrip(".") + ".*"
    if version.endswith("*"):
        version = version.rstrip("*").rstrip(".")
        if operator in ("==", "!="):
            version += ".*"  # conda lets a star stand after an ordering, where it says nothing
    return f"{operator}{version}"


def _python(source: Source, reading: Reading, version: str, line: int) -> None:
    """Take a range of Python versions as the project's; a pin is only what this environment happened to use."""
    try:
        limits = specifier(version)
    except ValueError as error:
        raise source.error(f"'python{version}' is no conda requirement: {error}", line) from None
    if any(each.operator in ("==", "===") for each in SpecifierSet(limits)):
        reading.notice(
            f"{source.where(line)}: python{version} is the Python of this environment; the template brings its own"
        )
    elif not reading.requires_python and not source.group:
        reading.requires_python = limits
