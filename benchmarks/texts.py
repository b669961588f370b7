"""The text files of the public repositories that the benchmarks measure with: fetched by commit, kept elsewhere.

Nothing of them is ever run: git reads blobs, and only files that say what a project needs are written down.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib  # type: ignore[no-redef]

HERE = Path(__file__).resolve().parent
LIST = HERE / "repositories.toml"
CACHE = Path(os.environ.get("PODFIT_BENCHMARKS_CACHE") or Path.home() / ".cache" / "podfit-benchmarks")

SUFFIXES = frozenset(
    {".py", ".pyx", ".ipynb", ".toml", ".txt", ".cfg", ".yml", ".yaml", ".in", ".lock", ".md", ".json"}
)
NAMES = ("dockerfile", "pipfile", "containerfile", ".gitmodules", ".python-version")
JSON_NAMES = frozenset({"environment.json", "package.json"})  # other JSON is data, and much of it
ONE_FILE = 3 << 20
ONE_REPOSITORY = 64 << 20


@dataclass(frozen=True, slots=True)
class Repository:
    """One public repository at one commit, its kind in a few words, and why it is on the list."""

    name: str
    commit: str
    kinds: tuple[str, ...]
    why: str
    project: str = "."

    @property
    def slug(self) -> str:
        """The name as one path component."""
        return self.name.replace("/", "+") + ("" if self.project == "." else "+" + self.project.replace("/", "+"))

    def folder(self, cache: Path = CACHE) -> Path:
        """Where its text files lie, or will lie: a folder called like the repository, as a clone is."""
        owner, _, short = self.name.partition("/")
        return cache / "repos" / owner / self.commit[:12] / short

    def project_folder(self, cache: Path = CACHE) -> Path:
        """The folder within it that is fitted."""
        return self.folder(cache) / self.project


def repositories(path: Path = LIST) -> tuple[Repository, ...]:
    """Read the list. Raises ValueError, naming the entry, when one is unusable or there twice."""
    found: dict[str, Repository] = {}
    for entry in tomllib.loads(path.read_text(encoding="utf-8"))["repository"]:
        name, commit = entry.get("name", ""), entry.get("commit", "")
        if name.count("/") != 1 or len(commit) != 40 or not entry.get("kinds") or not entry.get("why"):
            raise ValueError(f"{path}: {name or entry}: name, commit (40 digits), kinds and why are needed")
        one = Repository(name, commit, tuple(entry["kinds"]), entry["why"], entry.get("project", "."))
        if one.slug in found:
            raise ValueError(f"{path}: {one.slug} is there twice")
        found[one.slug] = one
    return tuple(found.values())


def is_wanted(path: str, size: int) -> bool:
    """Whether a file of this path and size can say what a project needs, and stays inside the repository's folder."""
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or ".git" in pure.parts or "\\" in path or size > ONE_FILE:
        return False
    name = pure.name.lower()
    if name.startswith(NAMES):
        return True
    return pure.suffix.lower() in SUFFIXES and (pure.suffix.lower() != ".json" or name in JSON_NAMES)


def _git(directory: Path, *arguments: str, given: bytes = b"") -> bytes:
    command = ["git", "--git-dir", os.fspath(directory), "-c", "core.fsmonitor=false", *arguments]
    environment = os.environ | {"GIT_NO_LAZY_FETCH": "1"}  # what was left out for its size is never asked for
    done = subprocess.run(command, input=given, capture_output=True, env=environment)
    if done.returncode:
        raise OSError(f"git {arguments[0]} in {directory}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def listed(tree: bytes) -> Iterator[tuple[str, str, int]]:
    """Yield (blob, path, bytes) of the plain files in the output of `git ls-tree -r -l -z`; no links, no submodules."""
    for record in filter(None, tree.split(b"\0")):
        facts, _, path = record.partition(b"\t")
        mode, kind, blob, size = facts.split()
        if kind == b"blob" and mode in (b"100644", b"100755") and size.isdigit():  # "BAD": left out of the fetch
            yield blob.decode(), os.fsdecode(path), int(size)


def _blobs(directory: Path, names: Iterable[str]) -> Iterator[bytes]:
    output = _git(directory, "cat-file", "--batch", given="\n".join(names).encode() + b"\n")
    at = 0
    while at < len(output):
        head, _, _ = output[at:].partition(b"\n") if len(output) - at < 200 else output[at : at + 200].partition(b"\n")
        size = int(head.split()[2])
        begin = at + len(head) + 1
        yield output[begin : begin + size]
        at = begin + size + 1


def copy_texts(directory: Path, commit: str, into: Path) -> int:
    """Write the wanted files of a commit in a git directory under `into`, all or nothing; return how many."""
    chosen, total = [], 0
    for blob, path, size in listed(_git(directory, "ls-tree", "-r", "-l", "-z", commit)):
        if is_wanted(path, size) and total + size <= ONE_REPOSITORY:
            chosen.append((blob, path))
            total += size
    draft = into.with_name(into.name + f".{os.getpid()}.part")
    for (_, path), content in zip(chosen, _blobs(directory, [blob for blob, _ in chosen]), strict=True):
        place = draft / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    draft.rename(into)
    return len(chosen)


def is_git_directory(path: Path) -> bool:
    """Whether path looks like a git directory without a work tree."""
    return (path / "HEAD").is_file() and (path / "objects").is_dir()


def in_mirror(mirror: Path, name: str) -> Path | None:
    """Find the git directory of owner/name in a folder of them: OWNER/NAME, OWNER+NAME or NAME, with or without .git.

    The git directory may also be the one folder below (`.git` of a clone, or any other name).
    """
    owner, _, short = name.partition("/")
    for stem in (f"{owner}/{short}", f"{owner}+{short}", short):
        for place in (mirror / stem, mirror / f"{stem}.git"):
            below = sorted(place.iterdir()) if place.is_dir() else []
            for candidate in (place, *below):
                if candidate.is_dir() and is_git_directory(candidate):
                    return candidate
    return None


def bring(repository: Repository, cache: Path = CACHE, mirror: Path | None = None) -> Path:
    """Bring the repository's text files into the cache, once; return their folder. Raises OSError, naming what failed.

    With a mirror, a local folder of git directories is read; else the commit is fetched from GitHub, without history.
    """
    into = repository.folder(cache)
    if into.is_dir():
        return into
    into.parent.mkdir(parents=True, exist_ok=True)
    if mirror is not None:
        directory = in_mirror(mirror, repository.name)
        if directory is None:
            raise OSError(f"no git directory of {repository.name} in {mirror}")
    else:
        directory = cache / "git" / f"{repository.name.replace('/', '+')}.git"
        directory.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["git", "init", "--quiet", "--bare", os.fspath(directory)], check=True)
        address = f"https://github.com/{repository.name}"
        _git(
            directory,
            "fetch",
            "--quiet",
            "--depth",
            "1",
            "--filter",
            f"blob:limit={ONE_FILE}",
            address,
            repository.commit,
        )
    copy_texts(directory, repository.commit, into)
    return into
