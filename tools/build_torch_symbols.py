#!/usr/bin/env python3
"""Write src/podfit/catalogue/torch_symbols.bin: which names the libraries of each torch release provide.

    .dev/py311/bin/python tools/build_torch_symbols.py [--from 2.0.0] [--keep DIR]

Reads the wheels of the package index for x86-64 Linux, one after another (0.5 to 0.9 GB each, removed afterwards);
nothing of them is loaded or run. --keep holds what was read of each in DIR: the next call reads new releases only.
"""

from __future__ import annotations

import argparse
import gzip
import re
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path

from packaging.version import Version

from podfit.audit.binary import read_library
from podfit.audit.binary.torch_symbols import is_known, pack
from podfit.index import Index
from podfit.index.files import IndexFile

TARGET = Path(__file__).resolve().parent.parent / "src" / "podfit" / "catalogue" / "torch_symbols.bin"
_WHEEL = re.compile(r"-cp311-cp311-manylinux[^-]*_x86_64\.whl$")
_LIBRARY = re.compile(r"^torch/lib/lib(?:torch|c10)[^/]*\.so$")


def provided(wheel: Path) -> set[str]:
    """Return the names that torch's libraries in a wheel provide, of those that the digest keeps."""
    names: set[str] = set()
    with zipfile.ZipFile(wheel) as bundle, tempfile.TemporaryDirectory() as room:
        for member in bundle.infolist():
            if _LIBRARY.match(member.filename):
                path = Path(bundle.extract(member, room))
                with path.open("rb") as stream:
                    names |= {name for name in read_library(stream).defined if is_known(name)}
                path.unlink()
    return names


def fetched(file: IndexFile, keep: Path | None) -> set[str]:
    """Return the names of one release, from keep or from its wheel on the index."""
    import urllib.request

    kept = keep / f"{file.filename}.txt.gz" if keep else None
    if kept is not None and kept.exists():
        return set(gzip.decompress(kept.read_bytes()).decode().split("\n"))
    with tempfile.TemporaryDirectory() as room:
        path = Path(room, file.filename)
        with urllib.request.urlopen(file.url) as reply, path.open("wb") as out:  # noqa: S310
            shutil.copyfileobj(reply, out, 1 << 20)
        names = provided(path)
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(gzip.compress("\n".join(sorted(names)).encode()))
    return names


def main() -> None:
    """Read every release and write the digest."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--from", dest="first", default="2.0.0", help="the oldest release")
    parser.add_argument("--keep", type=Path, help="a folder for what was read of each wheel")
    given = parser.parse_args()
    index = Index()
    wheels: dict[str, IndexFile] = {}
    for version, files in index.releases("torch").items():
        fitting = [file for file in files if _WHEEL.search(file.filename)]
        if fitting and Version(version) >= Version(given.first) and not Version(version).is_prerelease:
            wheels[version] = fitting[0]
    names: dict[str, set[str]] = {}
    for version, file in wheels.items():
        names[version] = fetched(file, given.keep)
        print(f"{file.filename}: {len(names[version])} names", file=sys.stderr, flush=True)
    TARGET.write_bytes(pack({version: file.filename for version, file in wheels.items()}, names))
    print(f"wrote {TARGET.name}: {TARGET.stat().st_size} bytes", file=sys.stderr)


if __name__ == "__main__":
    main()
