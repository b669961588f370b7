"""Fields about Python itself: modules that releases removed or brought, names of its library, syntax."""

from __future__ import annotations

import re
from functools import lru_cache

from podfit.catalogue.imports import brought_again
from podfit.diagnose.reading import Reading
from podfit.diagnose.tracebacks import Raised
from podfit.far.symptoms import Hit
from podfit.model import canonical

_Fields = dict[str, str]
_NAME_GONE = {
    ("collections", name): "3.10"
    for name in (
        "Mapping",
        "MutableMapping",
        "MutableSet",
        "MutableSequence",
        "Sequence",
        "Iterable",
        "Iterator",
        "Callable",
        "Hashable",
        "Set",
        "Sized",
        "Container",
        "Generator",
    )
} | {
    ("fractions", "gcd"): "3.9",
    ("inspect", "getargspec"): "3.11",
    ("inspect", "formatargspec"): "3.11",
    ("asyncio", "coroutine"): "3.11",
    ("asyncio", "async"): "3.7",
    ("typing", "io"): "3.13",
    ("typing", "re"): "3.13",
    ("typing", "ByteString"): "3.14",
    ("ast", "Str"): "3.14",
    ("ast", "Num"): "3.14",
    ("importlib", "find_loader"): "3.12",
    ("pkgutil", "ImpImporter"): "3.12",
    ("unittest", "makeSuite"): "3.13",
    ("configparser", "SafeConfigParser"): "3.12",
    ("locale", "format"): "3.12",
    ("importlib.resources", "contents"): "3.13",
    ("time", "clock"): "3.8",
    ("base64", "encodestring"): "3.9",
    ("base64", "decodestring"): "3.9",
    ("math", "gcd"): "",
}
"""Since which Python a name is gone (docs.python.org/3/whatsnew, the sections "Removed")."""
_NEW_SYNTAX = (
    (r"^\s*match .+:$|^\s*case .+:$", "match needs 3.10"),
    (r":=", ":= needs 3.8"),
    (r"f['\"].*\{[^{}]*=\}", "f'{x=}' needs 3.8"),
    (r"^\s*except\*", "except* needs 3.11"),
    (r"^\s*type \w+ ?=|^\s*(?:def|class) \w+\[", "type parameters need 3.12"),
    (r"from __future__ import annotations", "from __future__ import annotations needs 3.7"),
    (r"^\s*def .*\(.*/[,)]", "positional-only parameters need 3.8"),
    (r"^\s*with \($", "with (...) needs 3.10"),
)


@lru_cache(maxsize=1)
def _by_version() -> tuple[tuple[str, frozenset[str]], ...]:
    """Return the modules of each Python 3 that stdlibs knows, oldest first."""
    import stdlibs

    known = sorted((each for each in stdlibs.KNOWN_VERSIONS if each.startswith("3.")), key=lambda each: int(each[2:]))
    return tuple((version, frozenset(stdlibs.stdlib_module_names(version))) for version in known)


def gone_in(module: str) -> str:
    """Return the first Python that no longer has a module of its library, empty where all later ones have it."""
    had = False
    for version, names in _by_version():
        if module in names:
            had = True
        elif had:
            return version
    return ""


def came_in(module: str) -> str:
    """Return the first Python 3 that has a module, empty for one that all have or none."""
    versions = _by_version()
    if module in versions[0][1]:
        return ""
    return next((version for version, names in versions if module in names), "")


def python_fields(fields: _Fields, hit: Hit, reading: Reading, one: Raised | None) -> None:
    """Fill in what a module, a name or a syntax error tells about Python."""
    module = fields.get("module", "").partition(".")[0]
    if module and not fields.get("in_build"):
        meant, brought = brought_again(module)
        gone, came = gone_in(meant), came_in(meant)
        fields["gone_from_python"], fields["gone_module"] = gone, meant if gone else ""
        fields["new_in_python"] = "" if gone else came
        fields["stand_in"] = brought if gone else ""
    where = fields.get("where", "")
    name = fields.get("name", "")
    gone_name = _NAME_GONE.get((where, name), "")
    fields["name_gone"] = gone_name
    fields["stdlib_gone"] = gone_name
    if hit.row["id"] == "requires-different-python" and not fields.get("wanted"):
        near = " ".join(line.text for line in reading.lines[hit.line : hit.line + 6])
        found = re.search(
            r"(?:satisfies the requirement|No matching distribution found for) ([A-Za-z0-9][\w.-]*)", near
        )
        fields["wanted"] = canonical(found[1]) if found else ""
        asked = re.search(rf"{re.escape(found[1])}==(\d[\w.]*)", near) if found else None
        listed = re.search(rf"[:;] {re.escape(asked[1])} Requires-Python ([<>=!~.,*\d ]+)", near) if asked else None
        fields["none_fits"] = "yes" if "(from versions: none)" in near else ""
        fields["need"] = fields.get("need") or (listed[1].strip() if listed else "")
    need = fields.get("need", "")
    fields["need_told"] = f" (it needs {need})" if need and hit.row["category"] == "python_version_unsupported" else ""
    if hit.row["id"] == "new-syntax":
        _syntax(fields, hit, reading)


def _syntax(fields: _Fields, hit: Hit, reading: Reading) -> None:
    """Tell what of a newer or older Python stands in the lines above a syntax error, and whose file it is."""
    from podfit.diagnose.extract import importable

    above = [line.text for line in reading.lines[max(0, hit.line - 4) : hit.line]]
    path = next((found[1] for text in reversed(above) if (found := re.search(r'File "([^"]+)"', text))), "")
    fields["culprit"] = importable(path)
    for pattern, told in _NEW_SYNTAX:
        if any(re.search(pattern, text) for text in above if 'File "' not in text):
            fields["syntax_new"] = told
    if "Missing parentheses in call to 'print'" in reading.lines[hit.line].text or any(
        re.match(r"\s+print \S|\s+exec \S|\s+except \w+, \w+:", text) for text in above
    ):
        fields["python2"] = "yes"
        fields["syntax_new"] = ""
    if "future feature annotations" in reading.lines[hit.line].text:
        fields["syntax_new"] = "from __future__ import annotations needs 3.7"
