"""The project's own distributions on their way to a machine: which files go, packed so that equal trees are equal."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import os
import re
import stat
import subprocess
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from packaging.version import InvalidVersion, Version

from podfit.far.protocol import OrderedMember
from podfit.model import InputError, Plan, PlannedMember, Reporter, Where, canonical
from podfit.readers.declared.own_name import name_of_directory

MOST_FILE_BYTES = 10 * 2**20
"""Larger files are data, not code: they stay."""
MOST_BYTES = 64 * 2**20
"""All files of one member together."""
MOST_FILES = 20_000

_ASK_GIT = frozenset(
    {"setuptools-scm", "hatch-vcs", "flit-scm", "pdm-backend", "pdm-pep517", "poetry-dynamic-versioning", "pbr"}
)
"""What builds use to ask Git for their version."""
_TIME = 1577836800
"""2020-01-01: the time that each packed file bears (wheels cannot hold one before 1980)."""
_LEFT = frozenset({"__pycache__", "node_modules", "build", "dist", "htmlcov", "site-packages"})
_DATA = frozenset({"data", "datasets", "checkpoints", "outputs", "runs", "wandb", "mlruns", "lightning_logs"})
"""Directories at a member's top that are no part of its code, unless they are packages."""


@dataclass(slots=True)
class Carried:
    """One member as it is carried: its archive (.tar.gz) the files that are too large to go, relative paths.

    version is what its build is told, where that would ask Git.
    """

    member: PlannedMember
    archive: bytes = b""
    sha256: str = ""
    left: list[str] = field(default_factory=list)
    version: str = ""

    def ordered(self) -> OrderedMember:
        """Return what an order says of it."""
        return {
            "name": self.member.name,
            "sha256": self.sha256,
            "version": self.version,
            "fetched": list(self.member.fetched),
        }


def carry(plan: Plan, project: str) -> tuple[Carried, ...]:
    """Return plan's members packed from the project's directory (empty: the one that the plan was made from).

    Left out: what Git ignores, hidden files, virtual environments, build output, data, and files over MOST_FILE_BYTES.
    Raises InputError for a directory that is not there or is somebody else's, for a link that leads out of it, and for
    more than MOST_FILES files or MOST_BYTES bytes.
    """
    if not plan.members:
        return ()
    root = Path(project or plan.directory or ".").expanduser()
    if not root.is_dir():
        names = ", ".join(member.name for member in plan.members)
        raise InputError(
            f"the plan takes {names} from the project's directory, which is not here",
            where=Where(str(root)),
            remedy="name the project's directory with --project DIR",
        )
    return tuple(_packed(member, root) for member in plan.members)


def luggage(carried: Sequence[Carried], reporter: Reporter) -> dict[str, str]:
    """Return the members' archives as an order carries them, base64 by sha256.

    They travel with the order and lie in no file but the agent's own work: nothing stays behind on a machine where the
    work is killed.
    """
    for each in carried:
        reporter.step(f"carrying {each.member.name} ({len(each.archive) / 1e6:.1f} MB)")
    return {each.sha256: base64.b64encode(each.archive).decode("ascii") for each in carried}


def _packed(member: PlannedMember, root: Path) -> Carried:
    """Return one member, packed."""
    directory = Path(os.path.normpath(root / member.path))
    name, certain = name_of_directory(directory) if directory.is_dir() else ("", False)
    if not directory.is_dir() or (certain and name != member.name):
        what = f"is {name}" if name else "is not there"
        raise InputError(
            f"the plan takes {member.name} from this directory, which {what}",
            where=Where(str(directory)),
            remedy="name the project's directory with --project DIR, or run `podfit fit` again",
        )
    carried = Carried(member, version=_version(directory) if _asks_git(member) else "")
    stream = io.BytesIO()
    total = count = 0
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as bundle:
        for shown, path in _files(directory):
            try:
                status = path.stat()
                if not stat.S_ISREG(status.st_mode):
                    continue
                if status.st_size > MOST_FILE_BYTES:
                    carried.left.append(shown)
                    continue
                total, count = total + status.st_size, count + 1
                data = path.read_bytes() if total <= MOST_BYTES else b""
            except OSError as error:
                raise InputError(f"cannot be read: {error.strerror}", where=Where(str(path))) from None
            if total > MOST_BYTES or count > MOST_FILES:
                raise InputError(
                    f"{member.name} has more than {MOST_BYTES >> 20} MiB or {MOST_FILES} files: not code alone",
                    where=Where(str(directory)),
                    remedy="have Git ignore what is data (.gitignore), or move it out of the directory",
                )
            entry = tarfile.TarInfo(shown)
            entry.size, entry.mtime = len(data), _TIME
            entry.mode = 0o755 if status.st_mode & 0o100 else 0o644
            bundle.addfile(entry, io.BytesIO(data))
    carried.archive = gzip.compress(stream.getvalue(), mtime=0)
    carried.sha256 = hashlib.sha256(carried.archive).hexdigest()
    return carried


def _files(directory: Path) -> Iterator[tuple[str, Path]]:
    """Yield the files of a member that are carried, with their paths relative to it, in order.

    A link inside the directory stands for what it leads to. Raises InputError for one that leads out of it.
    """
    real = os.path.realpath(directory)
    ignored = _ignored(directory)

    def inside(folder: Path, shown: str, above: tuple[str, ...]) -> Iterator[tuple[str, Path]]:
        """Yield what is in one directory; above are the real paths of those that it lies in."""
        try:
            names = sorted(path.name for path in folder.iterdir())
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror}", where=Where(str(folder))) from None
        for name in names:
            path, below = folder / name, f"{shown}{name}"
            if name.startswith(".") or name in _LEFT or name.endswith(".egg-info") or below in ignored:
                continue
            if path.is_symlink():
                goal = os.path.realpath(path)
                if goal != real and not goal.startswith(real + os.sep):
                    raise InputError(
                        f"the link leads out of {directory.name}, to {path.readlink()}: it is not followed",
                        where=Where(str(path)),
                        remedy="put the file itself there, or have Git ignore the link",
                    )
            if path.is_dir():
                here = os.path.realpath(path)
                data = not shown and name in _DATA and not (path / "__init__.py").exists()
                if not data and here not in above and not (path / "pyvenv.cfg").exists():
                    yield from inside(path, f"{below}/", (*above, here))
            else:
                yield below, path

    yield from inside(directory, "", (real,))


def _asks_git(member: PlannedMember) -> bool:
    """Tell whether a member's build asks Git for the version."""
    named = {canonical(found[0]) for each in member.requires if (found := re.match(r"[A-Za-z0-9._-]+", each.strip()))}
    return bool(named & _ASK_GIT)


def _version(directory: Path) -> str:
    """Return the version of Git's nearest tag, with the commits since as local part; `0+unknown` without."""
    said = _git(directory, "describe", "--tags", "--long", "--match", "*[0-9]*")
    found = re.fullmatch(r"\D*(\d.*)-(\d+)-g[0-9a-f]+", said.strip())
    try:
        if found:
            version = Version(found[1])
            return str(version) if found[2] == "0" else f"{version.public}+{found[2]}"
    except InvalidVersion:
        pass
    return "0+unknown"


def _git(directory: Path, *words: str) -> str:
    """Return what Git says about a directory, running nothing that the repository names; empty where it fails."""
    argv = ["git", "-C", str(directory), "-c", "core.fsmonitor=false", *words]
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.SubprocessError):
        return ""
    return os.fsdecode(done.stdout) if done.returncode == 0 else ""


def _ignored(directory: Path) -> frozenset[str]:
    """Return the paths below directory that Git ignores; none where there is no Git, or no repository of it."""
    said = _git(directory, "ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory")
    return frozenset(each.rstrip("/") for each in said.split("\0") if each)
