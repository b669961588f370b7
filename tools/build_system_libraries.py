#!/usr/bin/env python3
"""Write the catalogue's system_libraries.txt.gz (which Debian package brings a shared library) and manylinux.toml.

    .dev/py311/bin/python tools/build_system_libraries.py [--lists DIR] [--suite bullseye --suite bookworm ...]

Needs apt: lists of packages and of their files (Contents) are fetched with `apt-get update` into DIR, a root of their
own; the machine's own lists stay as they are. What manylinux allows is read from auditwheel's wheel on the index.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from podfit.index import Index, best_files

CATALOGUE = Path(__file__).resolve().parent.parent / "src" / "podfit" / "catalogue"
MIRROR = "http://deb.debian.org/debian"
KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"
SUITES = ("bullseye", "bookworm")

_LIBRARY = re.compile(r"^(?:usr/)?lib/(?:x86_64-linux-gnu/)?(lib[^/ ]+\.so\.[0-9][0-9.]*)\s+(\S+)$")
"""A library in a directory that the loader searches by itself, in a line of a Contents file."""


def update(suite: str, room: Path) -> Path:
    """Fetch the lists of one suite (main, amd64) with apt-get and return the directory that they lie in."""
    for part in ("lists/partial", "cache/archives/partial", "state"):
        (room / suite / part).mkdir(parents=True, exist_ok=True)
    sources = room / suite / "sources.list"
    sources.write_text(f"deb [arch=amd64 signed-by={KEYS}] {MIRROR} {suite} main\n")
    options = {
        "Dir::Etc::SourceList": sources,
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::State": room / suite / "state",
        "Dir::State::Lists": room / suite / "lists",
        "Dir::Cache": room / suite / "cache",
        "Acquire::Languages": "none",
        "Acquire::IndexTargets::deb::Contents-deb::MetaKey": "$(COMPONENT)/Contents-$(ARCHITECTURE)",
        "Acquire::IndexTargets::deb::Contents-deb::Description": "Contents",
        "Acquire::IndexTargets::deb::Contents-deb::KeepCompressed": "true",
    }
    arguments = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    subprocess.run(["apt-get", "update", *arguments], check=True)
    return room / suite / "lists"


def lines_of(lists: Path, ending: str) -> Iterator[str]:
    """Yield the lines of one of apt's lists, whatever it is compressed with."""
    (path,) = [each for each in lists.iterdir() if ending in each.name]
    reader = subprocess.Popen(["/usr/lib/apt/apt-helper", "cat-file", str(path)], stdout=subprocess.PIPE, text=True)
    assert reader.stdout is not None  # noqa: S101 - it was asked for
    yield from reader.stdout
    if reader.wait():
        raise SystemExit(f"{path} cannot be read")


def libraries(lists: Path) -> dict[str, set[str]]:
    """Return the libraries of each package: the names that the loader asks for, not those of the files behind them.

    `libz.so.1` is a link to `libz.so.1.2.13` of the same package: of such names the shortest stays.
    """
    found: dict[str, set[str]] = defaultdict(set)
    for line in lines_of(lists, "_Contents-amd64"):
        match = _LIBRARY.match(line.rstrip("\n"))
        for owner in match[2].split(",") if match else ():
            found[owner.rpartition("/")[2]].add(match[1])  # type: ignore[index]
    return {
        package: {name for name in names if not any(name != other and name.startswith(f"{other}.") for other in names)}
        for package, names in found.items()
    }


def always_there(lists: Path) -> set[str]:
    """Return the packages without which there is no such system: essential and required ones, apt, what they need."""
    needs: dict[str, list[str]] = {}
    roots = {"apt"}
    for paragraph in "".join(lines_of(lists, "_binary-amd64_Packages")).split("\n\n"):
        fields = dict(re.findall(r"^([A-Za-z-]+): (.*)$", paragraph, re.MULTILINE))
        name = fields.get("Package", "")
        wanted = f"{fields.get('Pre-Depends', '')},{fields.get('Depends', '')}"
        needs[name] = [re.split(r"[ :(|]", each.strip())[0] for each in wanted.split(",") if each.strip()]
        if fields.get("Essential") == "yes" or fields.get("Priority") == "required":
            roots.add(name)
    found: set[str] = set()
    while roots:
        name = roots.pop()
        found.add(name)
        roots |= set(needs.get(name, ())) - found
    return found


def policies() -> tuple[str, list[dict[str, object]]]:
    """Return the name of auditwheel's newest wheel and its manylinux policies."""
    index = Index()
    version = list(index.releases("auditwheel"))[-1]
    file = best_files(index.files("auditwheel"), version, ("py3-none-any",))[0]
    with index.open_wheel(file) as bundle:
        found: list[dict[str, object]] = json.loads(bundle.read("auditwheel/policy/manylinux-policy.json"))
    return file.filename, [policy for policy in found if str(policy["name"]).startswith("manylinux_")]


def manylinux(base: Mapping[str, set[str]]) -> str:
    """Return the text of manylinux.toml; base are the libraries that every system of a suite has."""
    wheel, found = policies()
    allowed = sorted({str(name) for policy in found for name in policy["lib_whitelist"]})  # type: ignore[attr-defined]
    everywhere = sorted(name for name in allowed if all(name in names for names in base.values()))
    lines = [
        "# What wheels for Linux may expect of a system: written by tools/build_system_libraries.py.",
        "",
        "# Libraries that manylinux (PEP 600) lets a wheel use without bringing them.",
        f"allowed = {json.dumps(allowed)}",
        f'evidence = {{ kind = "published", source = "{wheel}: auditwheel/policy/manylinux-policy.json" }}',
        "",
        "# Those of them that no system lacks, however small; X11, OpenGL and GLib are absent from most containers.",
        "[base]",
        f"libraries = {json.dumps(everywhere)}",
        'evidence = { kind = "metadata", source = "Debian\'s Packages and Contents: '
        f'{", ".join(base)}", detail = "packages of priority required and apt, with what they depend on" }}',
        "",
        "# The highest versions of symbols that every system of a glibc has.",
        "[least]",
    ]
    for policy in sorted(found, key=lambda each: int(str(each["name"]).split("_")[2])):
        versions = policy["symbol_versions"]["x86_64"]  # type: ignore[index,call-overload]
        highest = {key: max(filter(_plain, versions[key]), key=_numbers) for key in ("GLIBCXX", "CXXABI")}
        glibc = str(policy["name"]).removeprefix("manylinux_").replace("_", ".")
        lines.append(f'"{glibc}" = {{ glibcxx = "{highest["GLIBCXX"]}", cxxabi = "{highest["CXXABI"]}" }}')
    return "\n".join(lines) + "\n"


def _plain(version: str) -> bool:
    """Tell whether a symbol version is a number."""
    return re.fullmatch(r"[0-9.]+", version) is not None


def _numbers(version: str) -> tuple[int, ...]:
    """Return a version as numbers."""
    return tuple(map(int, version.split(".")))


def main() -> None:
    """Fetch the lists, read them, write both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lists", type=Path, help="a folder for apt's lists; those that lie there already are taken")
    parser.add_argument("--suite", dest="suites", action="append", help="a release of Debian, the oldest first")
    given = parser.parse_args()
    suites: list[str] = given.suites or list(SUITES)
    with tempfile.TemporaryDirectory() as room:
        place = given.lists or Path(room)
        table: dict[str, dict[str, set[str]]] = {}
        base: dict[str, set[str]] = {}
        for suite in suites:
            lists = place / suite / "lists"
            if not any(lists.glob("*_Contents-amd64*")):
                update(suite, place)
            table[suite] = libraries(lists)
            always = always_there(lists)
            base[suite] = {name for package in always for name in table[suite].get(package, ())}
    packages: dict[tuple[str, str], list[str]] = defaultdict(list)
    for suite, found in table.items():
        for package, names in found.items():
            for name in names:
                packages[name, package].append(suite)
    head = f"# library package suites; of Debian main, amd64: {' '.join(suites)}; tools/build_system_libraries.py\n"
    body = "".join(f"{name} {package} {','.join(where)}\n" for (name, package), where in sorted(packages.items()))
    (CATALOGUE / "system_libraries.txt.gz").write_bytes(gzip.compress((head + body).encode(), 9, mtime=0))
    (CATALOGUE / "manylinux.toml").write_text(manylinux(base), encoding="utf-8")


if __name__ == "__main__":
    main()
