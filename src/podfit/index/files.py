"""The files that an index lists for a project, and which of them fit a platform."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from packaging.utils import BuildTag, InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from podfit.model import Artefact
from podfit.model.valid import LONGEST_VERSION
from podfit.model.versions import parsed, read_version, same_version

_SDIST_SUFFIXES = (".tar.gz", ".zip", ".tar.bz2", ".tgz", ".tar.xz")


@dataclass(frozen=True, slots=True)
class IndexFile:
    """One file of a project on an index.

    url is absolute and free of credentials. hashes are `algorithm:hexdigest`. size is in bytes, 0 when the index
    does not say (PEP 700). yanked is False, True, or the reason (PEP 592). upload_time is ISO 8601, empty when
    unknown. metadata tells that the index serves the METADATA file apart (PEP 658, PEP 714), metadata_hash its
    hash where stated. kind is "wheel" or "sdist"; version is normalized (PEP 440).
    """

    filename: str
    url: str
    hashes: tuple[str, ...]
    size: int
    requires_python: str
    yanked: bool | str
    upload_time: str
    metadata: bool
    kind: str
    version: str
    metadata_hash: str = ""

    @property
    def sha256(self) -> str:
        """The hexdigest of the file's SHA-256, empty when the index states another hash or none."""
        return next((value[7:] for value in self.hashes if value.startswith("sha256:")), "")


def index_file(file: Artefact, version: str) -> IndexFile:
    """Return a file of a solution as an index lists it: what only a page tells (PEP 503, 592, 658) is left open."""
    return IndexFile(
        file.filename, file.url, file.hashes, file.size, "", False, file.upload_time, False, file.kind, version
    )


@lru_cache(maxsize=1 << 16)
def normal_version(text: str) -> str:
    """Return a version as PEP 440 normalizes it; empty when it is none."""
    read = parsed(text) if len(text) <= LONGEST_VERSION else None
    return "" if read is None else str(read)


@lru_cache(maxsize=1 << 12)
def _canonical(name: str) -> str:
    """Return a name as PEP 503 normalizes it: a page writes the same one thousands of times."""
    return str(canonicalize_name(name))


@lru_cache(maxsize=1 << 14)
def _wheel_version(stem: str, text: str, name: str) -> str:
    """Return the normalized version in the name of a wheel, empty for one of another project, or for none (PEP 440)."""
    return normal_version(text) if _canonical(stem) == name else ""


def kind_and_version(filename: str, name: str) -> tuple[str, str]:
    """Return ("wheel" | "sdist", normalized version) of a file of the project name, or ("", "") for other files.

    Eggs, Windows installers, files of another project and versions that PEP 440 cannot read count as other files,
    as they do for pip.
    """
    if filename.endswith(".whl"):
        stem, _, rest = filename.partition("-")
        version = _wheel_version(stem, rest.partition("-")[0], name) if filename.count("-") in (4, 5) else ""
        return ("wheel", version) if version else ("", "")
    suffix = next((suffix for suffix in _SDIST_SUFFIXES if filename.endswith(suffix)), "")
    if not suffix:
        return "", ""
    stem = filename[: -len(suffix)]
    dash = stem.find("-")
    while dash != -1:  # old names and versions hold dashes too: the project's name says where to cut
        if _canonical(stem[:dash]) == name:
            version = normal_version(stem[dash + 1 :])
            if version:
                return "sdist", version
        dash = stem.find("-", dash + 1)
    return "", ""


def best_files(files: Iterable[IndexFile], version: str, tags: Sequence[str] = ()) -> tuple[IndexFile, ...]:
    """Return the files of one version: the wheels that fit tags, best first, then the source distributions.

    tags are a platform's wheel tags, best first (`platform_tags`). Without tags every wheel fits: those for any
    platform come first, then those for Linux on x86. A higher build number wins among wheels of one tag (PEP 427).
    """
    ranks = _ranks(tuple(tags))
    wheels: list[tuple[int, tuple[int, str], str, IndexFile]] = []
    sdists: list[IndexFile] = []
    for file in files:
        if not same_version(file.version, version):
            continue
        if file.kind == "sdist":
            sdists.append(file)
            continue
        parsed = _wheel_tags(file.filename)
        if parsed is None:
            continue
        build, names = parsed
        if ranks:
            fitting = [ranks[name] for name in names if name in ranks]
            if not fitting:
                continue
            rank = min(fitting)
        else:
            rank = min(_portability(name) for name in names)
        number, letters = build or (0, "")
        wheels.append((rank, (-number, letters), file.filename, file))
    wheels.sort(key=lambda row: row[:3])
    sdists.sort(key=lambda file: (not file.filename.endswith(".tar.gz"), file.filename))
    return (*(row[3] for row in wheels), *sdists)


def metadata_files(
    files: Sequence[IndexFile], version: str, tags: Sequence[str], most: int
) -> tuple[list[IndexFile], list[IndexFile]]:
    """Return the files that may tell a release's metadata, best first, at most so many of a kind.

    First wheels that fit tags, then those for other platforms, which are returned once more, then source distributions.
    """
    fitting = best_files(files, version, tags)
    wheels = [file for file in fitting if file.kind == "wheel"][:most]
    sdists = [file for file in fitting if file.kind == "sdist"][:most]
    known = {file.filename for file in fitting}
    others = [f for f in best_files(files, version) if f.kind == "wheel" and f.filename not in known] if tags else []
    return [*wheels, *others[:most], *sdists], others


def newest_release(releases: Mapping[str, Sequence[IndexFile]]) -> str:
    """Return the newest of some releases, oldest first: final, not yanked, with a wheel, as far as there are such."""
    order = {version: place for place, version in enumerate(releases)}
    newest_first = sorted(releases, key=lambda version: (read_version(version).is_prerelease, -order[version]))
    wheeled = (each for each in newest_first if any(f.kind == "wheel" and f.yanked is False for f in releases[each]))
    return next(wheeled, newest_first[0])


def _portability(tag: str) -> int:
    """Return how likely a wheel tag fits a machine that nobody named: any platform, Linux on x86, the rest."""
    if tag.endswith("-any"):
        return 0
    return 1 if "linux" in tag and tag.endswith("x86_64") else 2


@lru_cache(maxsize=64)
def _ranks(tags: tuple[str, ...]) -> Mapping[str, int]:
    """Return how good each tag is, 0 the best."""
    ranks: dict[str, int] = {}
    for rank, tag in enumerate(tags):
        ranks.setdefault(tag, rank)
    return ranks


@lru_cache(maxsize=1 << 14)
def _wheel_tags(filename: str) -> tuple[BuildTag, tuple[str, ...]] | None:
    """Return the build number and the tags of a wheel's name, None when it is not well formed."""
    try:
        _, _, build, tags = parse_wheel_filename(filename)
    except InvalidWheelFilename:
        return None
    return build, tuple(str(tag) for tag in tags)
