"""`conda list --explicit`, and `pixi.lock`: environments as the addresses of their packages.

conda names a package's file `name-version-build.conda` (or `.tar.bz2`); a wheel's file name tells the same of a package
from an index. Both are read line by line: nothing else of these files says what is installed.
"""

from __future__ import annotations

import re

from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, parse_sdist_filename, parse_wheel_filename

from podfit.model.addresses import filename_of
from podfit.model.valid import is_version
from podfit.readers.environment.builder import Builder
from podfit.readers.environment.conda_packages import CondaPackages
from podfit.readers.environment.document import Document
from podfit.readers.environment.interface import Format, Listing

NAME = "conda list --explicit"
PIXI = "pixi.lock"

_CONDA_FILE = re.compile(r"([A-Za-z0-9_][\w.-]*)-([^-/]+)-([^-/]+)\.(?:conda|tar\.bz2)")
_ADDRESS = re.compile(r"^\s*(?:-\s+(?:conda|pypi):\s+)?(https?://[^\s#]+|file:///[^\s#]+)")
_EXPLICIT = re.compile(r"^@EXPLICIT\s*$", re.MULTILINE)
_PIXI = re.compile(r"^version:\s*\d+\s*\nenvironments:\s*$", re.MULTILINE)


def recognizes(document: Document) -> bool:
    """Tell whether conda's mark of explicit lists is there, or the head of a lock file of pixi."""
    return bool(_EXPLICIT.search(document.text) or _PIXI.match(document.text))


def read(document: Document) -> Listing:
    """Return the Python distributions among the packages, by PyPI's names; the others are named in a notice.

    Of a lock file of pixi the first environment counts, for Linux where it has that.
    """
    pixi = bool(_PIXI.match(document.text))
    builder = Builder(document, PIXI if pixi else NAME)
    packages = CondaPackages(builder)
    for line, text in _of_linux(document.lines) if pixi else enumerate(document.lines, 1):
        address = _ADDRESS.match(text)
        if address is None:
            continue
        filename = filename_of(address[1])
        name, version, build = _told(filename)
        if name == "python" or (name and is_version(version)):
            packages.add(line, name, version, build, installer="pip" if build.startswith("pypi") else "conda")
        elif name:
            packages.leave_out(name)
    return packages.listing(installed=not pixi)


def _told(filename: str) -> tuple[str, str, str]:
    """Return name, version and build that a file's name tells (`pypi` for a wheel or a source distribution)."""
    if match := _CONDA_FILE.fullmatch(filename):
        return match[1], match[2], match[3]
    try:
        if filename.endswith(".whl"):
            name, version, _, _ = parse_wheel_filename(filename)
            return str(name), str(version), "pypi_0"
        name, version = parse_sdist_filename(filename)
    except (InvalidWheelFilename, InvalidSdistFilename):
        return "", "", ""
    return str(name), str(version), "pypi_0"


def _of_linux(lines: list[str]) -> list[tuple[int, str]]:
    """Return the numbered lines of the first environment's packages for Linux, else for the first platform there is."""
    platforms: dict[str, list[tuple[int, str]]] = {}
    within, platform = False, ""
    for number, text in enumerate(lines, 1):
        if re.match(r"^packages:", text):
            break
        if re.match(r"^    packages:\s*$", text):
            if platforms:
                break  # the next environment
            within = True
        elif within and (match := re.match(r"^      ([\w-]+):\s*$", text)):
            platform = match[1]
            platforms[platform] = []
        elif within and platform:
            platforms[platform].append((number, text))
    return platforms.get("linux-64") or platforms.get("linux-aarch64") or next(iter(platforms.values()), [])


FORMAT = Format(NAME, recognizes, read)
