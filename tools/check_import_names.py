"""Check podfit's table of import names against the file lists of real releases, and note which release showed each.

    python tools/check_import_names.py [--write] [PLACE ...] [--fetch NAME ...] [--index]

PLACE is a directory with installed distributions (site-packages, an unpacked wheel) or with wheels; without any, the
environment that runs this. --fetch downloads the named distributions with pip into a temporary directory first, without
their dependencies. --index reads the file list of the newest wheel (or source distribution) of every distribution of
which no release was seen yet, by byte ranges, through podfit's own client. Every entry of the table whose distribution
is found is checked; --write records `seen`. Exits with 1 when a release lacks the module that the table claims for it.
After --write, run tools/build_tables.py.
"""

from __future__ import annotations

import argparse
import csv
import io
import re
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from packaging.utils import canonicalize_name, parse_wheel_filename
from packaging.version import Version

from podfit.catalogue import imports as catalogue

TABLE = Path(catalogue.__file__).with_name("import_names.toml")
_LINE = re.compile(
    r'^(?P<key>"[^"]+"|\w+) = \{ distribution = "(?P<name>[^"]+)"'
    r'(?P<also>, also = \[[^\]]*\])?(?P<below>, below = "[^"]+")?(?:, seen = "[^"]*")? \}$'
)


def releases(place: Path) -> Iterator[tuple[str, str, list[str]]]:
    """Yield normalized name, version and file list of every distribution in place."""
    for record in sorted(place.glob("*.dist-info/RECORD")):
        metadata = record.with_name("METADATA")
        if metadata.is_file():
            text = metadata.read_text("utf-8", "replace")
            name = re.search(r"^Name:\s*(\S+)", text, re.MULTILINE)
            version = re.search(r"^Version:\s*(\S+)", text, re.MULTILINE)
            if name and version:
                with record.open(encoding="utf-8", newline="") as file:
                    yield str(canonicalize_name(name[1])), version[1], [row[0] for row in csv.reader(file) if row]
    for wheel in sorted(place.glob("*.whl")):
        name_, version_, _, _ = parse_wheel_filename(wheel.name)
        with zipfile.ZipFile(wheel) as archive:
            yield str(name_), str(version_), archive.namelist()


def holds(files: list[str], module: str) -> bool:
    """Return whether a release's files have module, which may be dotted and may be a namespace package."""
    base = module.replace(".", "/")
    pattern = re.compile(
        rf"^(?:[^/]+\.data/(?:pure|plat)lib/)?{re.escape(base)}(?:\.py|(?:\.[\w-]+)*\.(?:so|pyd)|/.*)$"
    )
    return any(pattern.match(path) for path in files)


def judged(
    releases: dict[Version, list[str]], module: str, below: Version | None
) -> tuple[Version | None, list[Version]]:
    """Return the newest release that has module as claimed, and those that contradict the claim.

    Of the releases that should have it only the newest is judged: old ones may well have lacked it.
    """
    claimed = sorted(version for version in releases if below is None or version < below)
    false = [v for v in releases if below is not None and v >= below and holds(releases[v], module)]
    if not claimed:
        return None, false
    if holds(releases[claimed[-1]], module):
        return claimed[-1], false
    return None, [*false, claimed[-1]]


def fetch(names: list[str], folder: Path) -> None:
    """Download the newest wheels of names that this interpreter could install."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    subprocess.run([*command, "--dest", str(folder), *names], check=True)


def listed(names: list[str]) -> dict[str, dict[Version, list[str]]]:
    """Return, by name and version, the file list of the newest release of each name, as the index has it."""
    from concurrent.futures import ThreadPoolExecutor

    from podfit.index import Index
    from podfit.model import PodfitError

    index = Index()

    def one(name: str) -> dict[Version, list[str]]:
        try:
            releases = index.releases(name)
            finals = [v for v in releases if not Version(v).is_prerelease] or list(releases)
            for version in reversed(finals):
                wheels = [file for file in releases[version] if file.kind == "wheel" and not file.yanked]
                if wheels:
                    best = min(wheels, key=lambda f: ("none-any" not in f.filename, "linux" not in f.filename))
                    return {Version(version): [member.path for member in index.wheel_listing(best).members]}
            for file in releases[finals[-1]]:
                return {Version(finals[-1]): sdist_files(index.whole_file(file))}
        except (PodfitError, ValueError, OSError, EOFError, tarfile.TarError, zipfile.BadZipFile) as error:
            print(f"{name}: {error}", file=sys.stderr)
        return {}

    with ThreadPoolExecutor(8) as pool:
        return dict(zip(names, pool.map(one, names), strict=True))


def sdist_files(data: bytes) -> list[str]:
    """Return the files of a source distribution below its one folder, and below `src/` or `lib/` in it."""
    opened = io.BytesIO(data)
    if zipfile.is_zipfile(opened):
        names = zipfile.ZipFile(opened).namelist()
    else:
        opened.seek(0)
        with tarfile.open(fileobj=opened) as archive:
            names = archive.getnames()
    inside = [name.partition("/")[2] for name in names]
    return inside + [name.partition("/")[2] for name in inside if name.startswith(("src/", "lib/", "python/"))]


def main() -> int:
    """Check, report, and write where asked to; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("places", nargs="*", type=Path, metavar="PLACE")
    parser.add_argument("--fetch", nargs="+", default=[], metavar="NAME")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--index", action="store_true")
    arguments = parser.parse_args()
    places = arguments.places or ([] if arguments.fetch or arguments.index else [Path(sysconfig.get_path("purelib"))])
    found: dict[str, dict[Version, list[str]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        if arguments.fetch:
            fetch(arguments.fetch, Path(folder))
        for place in (*places, Path(folder)):
            for name, version, files in releases(place):
                found.setdefault(name, {})[Version(version)] = files
    if arguments.index:
        matches = [_LINE.match(line) for line in TABLE.read_text("utf-8").splitlines()]
        unseen = {match["name"] for match in matches if match and "seen =" not in match.string}
        for name, versions in listed(sorted(unseen - set(found))).items():
            found.setdefault(name, {}).update(versions)
    lines, wrong, seen, entries = [], 0, 0, 0
    for line in TABLE.read_text("utf-8").splitlines():
        match = _LINE.match(line)
        entries += bool(match)
        if match and match["name"] in found:
            module = match["key"].strip('"')
            below = Version(re.findall(r"[\d.]+", match["below"])[0]) if match["below"] else None
            right, false = judged(found[match["name"]], module, below)
            wrong += len(false)
            for version in false:
                print(f"{match['name']} {version}: {module} is {'in' if below and version >= below else 'not in'} it")
            if right:
                seen += 1
                fields = f"{match['also'] or ''}{match['below'] or ''}"
                shown = f"{match['name']} {right.public}"
                line = f'{match["key"]} = {{ distribution = "{match["name"]}"{fields}, seen = "{shown}" }}'
        lines.append(line)
    if arguments.write:
        temporary = TABLE.with_suffix(".new")
        temporary.write_text("\n".join(lines) + "\n", "utf-8")
        temporary.replace(TABLE)
    print(f"{entries} entries: {seen} shown by a release here, {wrong} contradicted")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
