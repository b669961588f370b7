"""Check podfit's table of names that releases gained or lost against real wheels, on both sides of each line.

    python tools/check_moved_names.py [--write] [DISTRIBUTION ...]

For each line of catalogue/moved_names.toml the release that the line names and the final release before it are read
from the index, by byte ranges: the package's own `__init__` first, then every module where that does not tell.
Nothing of a wheel is run. A line that both releases show gets a line in `seen` (`--write`). Where they do not, the
releases are searched for the place where the name really came or went, and the line is corrected; one that no two
releases show keeps no `seen`, and stays assumed. Exits with 1 where a line was wrong. After --write, run
tools/build_tables.py.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from packaging.version import InvalidVersion, Version

from podfit.catalogue.table import from_toml
from podfit.index import Index
from podfit.model import PodfitError

TABLE = Path(__file__).resolve().parents[1] / "src" / "podfit" / "catalogue" / "moved_names.toml"
PACKAGES = {
    "huggingface-hub": "huggingface_hub",
    "protobuf": "google/protobuf",
    "scikit-learn": "sklearn",
    "setuptools": "pkg_resources",
    "pillow": "PIL",
}
"""Where a distribution's package is, if not under its own name."""


def exported(source: str) -> set[str]:
    """Return the names that a module binds itself, and the strings of its lists (`__all__`, lazy imports)."""
    found: set[str] = set()
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return found
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.alias):
            found.add(node.asname or node.name)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found |= {node.name} | (answered(node) if node.name == "__getattr__" else set())
            continue
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            found |= {
                each.value for each in node.elts if isinstance(each, ast.Constant) and isinstance(each.value, str)
            }
        elif isinstance(node, ast.Dict):
            found |= {
                each.value for each in node.keys if isinstance(each, ast.Constant) and isinstance(each.value, str)
            }
        waiting.extend(ast.iter_child_nodes(node))
    return found


def answered(function: ast.AST) -> set[str]:
    """Return the strings in a module's `__getattr__`: the names that it still answers, and some words besides."""
    constants = (each for each in ast.walk(function) if isinstance(each, ast.Constant))
    return {each.value for each in constants if isinstance(each.value, str) and each.value.isidentifier()}


def in_module(wheel: zipfile.ZipFile, module: str) -> set[str]:
    """Return what one module (`package/module`) exports, a package's own `__init__` among them, and its submodules."""
    names = wheel.namelist()
    wanted = [f"{module}{place}{end}" for place in ("", "/__init__") for end in (".py", ".pyi")]
    found = {each for path in wanted if path in names for each in exported(wheel.read(path).decode("utf-8", "replace"))}
    inside = (path[len(module) + 1 :] for path in names if path.startswith(f"{module}/"))
    return found | {path.partition("/")[0].partition(".")[0] for path in inside}


def in_package(wheel: zipfile.ZipFile, package: str) -> set[str]:
    """Return what a package's own `__init__` exports, or the one module that a distribution is, and its submodules."""
    return in_module(wheel, package)


def anywhere(wheel: zipfile.ZipFile, package: str) -> set[str]:
    """Return the modules of a package, and all that its modules define at any depth."""
    found: set[str] = set()
    for path in wheel.namelist():
        if path.startswith(f"{package}/") and path.endswith((".py", ".pyi")):
            found.add(path.rpartition("/")[2].partition(".")[0])
            source = wheel.read(path).decode("utf-8", "replace")
            found |= set(re.findall(r"^\s*(?:async )?(?:def|class) (\w+)", source, re.MULTILINE))
            found |= set(re.findall(r"^(\w+)(?:: [^=\n]+)? = ", source, re.MULTILINE))
    return found


class Shelf:
    """The final releases of one distribution, and what each of them has, read as it is asked for."""

    def __init__(self, index: Index, name: str) -> None:
        self.name, self.index = name, index
        self.package = PACKAGES.get(name, name.replace("-", "_"))
        files = {}
        for version, those in index.releases(name).items():
            wheels = [file for file in those if file.kind == "wheel" and not file.yanked]
            if wheels and final(version):
                files[Version(version)] = min(
                    wheels, key=lambda f: ("none-any" not in f.filename, "x86_64" not in f.filename, f.filename)
                )
        self.files = files
        self.versions = sorted(files)
        self.top = cache(self._top)
        self.deep = cache(self._deep)
        self.inside = cache(self._inside)

    def _top(self, version: Version) -> set[str]:
        with self.index.open_wheel(self.files[version]) as wheel:
            return in_package(wheel, self.package)

    def _deep(self, version: Version) -> set[str]:
        import io

        with zipfile.ZipFile(io.BytesIO(self.index.whole_file(self.files[version]))) as wheel:
            return anywhere(wheel, self.package)

    def _inside(self, version: Version, module: str) -> set[str]:
        with self.index.open_wheel(self.files[version]) as wheel:
            return in_module(wheel, f"{self.package}/{module.replace('.', '/')}")

    def has(self, version: Version, name: str, deep: bool) -> bool:
        """Tell whether a release has a name: in its package, or anywhere; a dotted one in the module that it names."""
        module, dot, last = name.rpartition(".")
        if dot:
            return last in self.inside(version, module)
        return name in (self.deep if deep else self.top)(version)

    def pair(self, line: str) -> tuple[Version, Version] | None:
        """Return the last release before a version, and the first from it on; None where there are not both."""
        before = [each for each in self.versions if each < Version(line)]
        after = [each for each in self.versions if each >= Version(line)]
        return (before[-1], after[0]) if before and after else None

    def moved(self, name: str, line: str, came: bool) -> tuple[Version, Version] | None:
        """Return the releases between which a name came or went, beginning at a line; None where none show it."""
        pair = self.pair(line)
        for deep in (False, True):
            if pair is not None and [self.has(each, name, deep) for each in pair] == [not came, came]:
                return pair
            known = [self.versions[0], *(pair or ()), self.versions[-1]]
            low = [each for each in known if self.has(each, name, deep) is not came]
            high = [each for each in known if self.has(each, name, deep) is came and low and each > max(low)]
            if low and high:
                return self._between(name, came, deep, max(low), min(high))
        return None

    def _between(self, name: str, came: bool, deep: bool, before: Version, after: Version) -> tuple[Version, Version]:
        low, high = self.versions.index(before), self.versions.index(after)
        while high - low > 1:
            middle = (low + high) // 2
            if self.has(self.versions[middle], name, deep) is came:
                high = middle
            else:
                low = middle
        return self.versions[low], self.versions[high]


def final(version: str) -> bool:
    """Tell whether a version is a final one."""
    try:
        return not Version(version).is_prerelease
    except InvalidVersion:
        return False


def checked(shelf: Shelf, table: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, str, str, str]]:
    """Yield for each name: kind (`gone`, `came`), name, version as it is, what was seen or nothing.

    What no source says, and was run with both releases (a call, a keyword), stays as it is.
    """
    for kind in ("gone", "came"):
        for name, line in table.get(kind, {}).items():
            if name.endswith(")"):
                yield kind, name, line, table.get("seen", {}).get(name, "")
                continue
            moved = shelf.moved(name, line, kind == "came") if line != "9999" else None
            if moved is None:
                yield kind, name, line, ""
            else:
                yield kind, name, line if shelf.pair(line) == moved else str(moved[1]), f"{moved[0]} and {moved[1]}"


def written(name: str, entries: Mapping[str, str]) -> str:
    """Return one line of the table."""
    inside = ", ".join(f'{key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else chr(34) + key + chr(34)} = "{value}"'
                       for key, value in entries.items())  # fmt: skip
    return f"{name} = {{ {inside} }}" if inside else f"{name} = {{}}"


def main(words: Sequence[str] | None = None) -> int:
    """Check, report, and write where asked to; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="DISTRIBUTION")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args(words)
    text = TABLE.read_text(encoding="utf-8")
    table = from_toml(text.encode())
    index, wrong, lines, shown = Index(), 0, 0, 0
    parts = [text.partition("\n[")[0].rstrip()]
    for name, entries in table.items():
        new: dict[str, dict[str, str]] = {kind: dict(entries.get(kind, {})) for kind in ("gone", "came", "seen")}
        if not options.names or name in options.names:
            try:
                new["seen"] = {}
                for kind, key, line, seen in checked(Shelf(index, name), entries):
                    lines, shown = lines + 1, shown + bool(seen)
                    if line != entries[kind][key]:
                        wrong += 1
                        print(f"{name}: {key} {kind} with {line}, not {entries[kind][key]}")
                    elif not seen:
                        print(f"{name}: {key} ({kind} {line}) is shown by no two releases")
                    new[kind][key] = line
                    if seen:
                        new["seen"][key] = seen
            except (PodfitError, OSError, zipfile.BadZipFile) as error:
                print(f"{name}: {error}", file=sys.stderr)
                new["seen"] = dict(entries.get("seen", {}))
        heading = name if re.fullmatch(r"\w+", name) else f'"{name}"'
        parts.append(f"[{heading}]\n" + "\n".join(written(kind, new[kind]) for kind in ("gone", "came", "seen")))
    if options.write:
        TABLE.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    print(f"{lines} lines: {shown} shown by two releases, {wrong} corrected")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
