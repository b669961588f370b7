"""uv's answer, a lock of the standard format (PEP 751): the packages that it names, and what steers the next one."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from podfit.model import Artefact, LockedPackage, PodfitError
from podfit.model.invariants import COMMIT

if TYPE_CHECKING:
    from packaging.pylock import Package, PackageArchive, PackageSdist, PackageWheel


def preferences(versions: Mapping[str, str]) -> Iterator[str]:
    """Yield a pylock.toml (PEP 751) that uv takes as the previous answer, whose versions it keeps where they fit."""
    yield 'lock-version = "1.0"\ncreated-by = "podfit"\n'
    for name, version in sorted(versions.items()):
        yield f'[[packages]]\nname = "{name}"\nversion = "{version}"\n'


def locked_packages(text: str) -> dict[str, LockedPackage]:
    """Return the packages of a pylock.toml by normalized name. Raises PodfitError when `packaging` cannot read it."""
    from packaging.pylock import Pylock, PylockValidationError

    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    try:
        lock = Pylock.from_dict(tomllib.loads(text))
    except (PylockValidationError, tomllib.TOMLDecodeError) as error:
        raise PodfitError(
            f"uv's answer is no lock of the standard format: {error}", remedy="install the newest podfit and uv"
        ) from None
    return {str(package.name): _locked(package) for package in lock.packages}


def _locked(package: Package) -> LockedPackage:
    """Return one package; the files that have a URL, wheels first, or the commit that it is built from."""
    files: list[PackageWheel | PackageSdist | PackageArchive] = [*(package.wheels or ())]
    files += [file for file in (package.sdist, package.archive) if file is not None]
    artefacts = tuple(_artefact(file) for file in files if file.url)
    version = "" if package.version is None else str(package.version)
    url = _direct_url(package)
    if package.vcs is not None and COMMIT.fullmatch(url):
        below = f"#subdirectory={package.vcs.subdirectory}" if package.vcs.subdirectory else ""
        artefacts = (Artefact("", url + below, (), "commit"),)
    return LockedPackage(str(package.name), version, artefacts, url)


def _artefact(file: PackageWheel | PackageSdist | PackageArchive) -> Artefact:
    """Return one file of a package; an archive is what its name says."""
    url = file.url or ""
    filename = getattr(file, "name", None) or unquote(urlsplit(url).path.rpartition("/")[2])
    return Artefact(
        filename=filename,
        url=url,
        hashes=tuple(f"{algorithm}:{digest}" for algorithm, digest in sorted(file.hashes.items())),
        kind="wheel" if filename.endswith(".whl") else "sdist",
        size=file.size or 0,
        upload_time=file.upload_time.isoformat() if file.upload_time else "",
    )


def _direct_url(package: Package) -> str:
    """Return the URL of a package that comes from none of the indexes, as pip writes it; empty for the others."""
    if package.vcs is not None:
        return f"{package.vcs.type}+{package.vcs.url or package.vcs.path or ''}@{package.vcs.commit_id}"
    if package.archive is not None:
        return package.archive.url or package.archive.path or ""
    return package.directory.path if package.directory is not None else ""
