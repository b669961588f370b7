"""The interpreters in an image, and which of them the template is."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from podfit.far.tree.distributions import visible
from podfit.far.tree.system import conda_packages
from podfit.model.words import shortened
from podfit.readers.image.filesystem import FileSystem, ImageTree
from podfit.readers.image.limits import LARGEST_PTH, MOST_PYTHONS

USUAL_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""The search path of programs where the image states none, as container runtimes have it."""

_NAME = re.compile(r"python(?:3(?:\.\d{1,2}t?)?)?")
_LIBRARY = re.compile(r"python(3\.\d{1,2})(t?)")
_VERSION = r"(\d+\.\d+\.\d+(?:(?:a|b|rc)\d+)?\+?)"


@dataclass(frozen=True, slots=True)
class Python:
    """One interpreter. executable is as programs find it, prefix and base_prefix as in sys.

    version is exact (`3.11.10`), source says what told it. path is its search path, without the standard library's own
    files; own, base and user are the directories of packages among it: its own ones, those of the Python below a
    virtual environment, the user's. torch is the version of the torch that it would import, empty without.
    """

    executable: str
    version: str
    source: str
    prefix: str
    base_prefix: str
    library: str
    path: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    base: tuple[str, ...] = ()
    user: str = ""
    on_path: bool = True
    torch: str = ""

    @property
    def free_threaded(self) -> bool:
        """Whether it was built to run without the GIL."""
        return self.library.endswith("t")

    def location(self, folder: str) -> str:
        """Return the kind of a directory of its search path: `venv`, `system`, `user`, or the directory itself."""
        if folder in self.own:
            return "venv" if self.prefix != self.base_prefix else "system"
        if folder in self.base:
            return "system"
        return "user" if folder == self.user else folder


def find_pythons(files: FileSystem, tree: ImageTree, variables: Mapping[str, str], home: str) -> list[Python]:
    """Return the CPythons of an image, those on PATH first and in its order, each environment once.

    Raises BombError for an image with more of them than anybody makes.
    """
    found: dict[str, Python] = {}
    for number, (executable, on_path) in enumerate(_executables(files, tree, variables)):
        if number == MOST_PYTHONS:
            files.refuse(f"it has more than {MOST_PYTHONS:,} programs that are called python: it looks like a bomb")
        python = _examined(tree, executable, variables, home)
        if python is not None:
            found.setdefault(python.prefix, replace(python, on_path=on_path))
    return list(found.values())


def choose(pythons: list[Python]) -> Python | None:
    """Return the interpreter that the template is: the first with torch, else the first; None without any.

    Those on PATH come first in pythons, so that one with torch on PATH goes before one elsewhere.
    """
    return next((python for python in pythons if python.torch), pythons[0] if pythons else None)


def choice_in_words(chosen: Python, pythons: list[Python]) -> str:
    """Return the sentence about the choice; empty where there was none."""
    others = [python for python in pythons if python is not chosen]
    if not others and chosen.on_path:
        return ""
    why = "the first on PATH" if chosen.on_path else "none is on PATH" if not any(p.on_path for p in pythons) else ""
    if chosen.torch:
        why = f"{why or 'the first anywhere, though not on PATH,'} that has torch ({chosen.torch})"
    beside = f" The others: {shortened(f'{p.executable} {p.version}' for p in others)}." if others else ""
    return f"The template is {chosen.executable} (Python {chosen.version}), {why}.{beside}"


def _executables(files: FileSystem, tree: ImageTree, variables: Mapping[str, str]) -> Iterator[tuple[str, bool]]:
    """Yield the paths of what may be interpreters, and whether PATH leads to them."""
    named = dict.fromkeys(map(posixpath.normpath, variables.get("PATH", USUAL_PATH).split(":")))
    folders = [folder for folder in named if folder.startswith("/")]
    for on_path, where in ((True, folders), (False, files.folders("bin"))):
        for folder in where:
            for name in sorted(filter(_NAME.fullmatch, tree.names(folder)), key=lambda name: (len(name), name)):
                yield posixpath.join(folder, name), on_path


def _examined(tree: ImageTree, executable: str, variables: Mapping[str, str], home: str) -> Python | None:
    """Return what an executable is, None for what is no CPython with a standard library."""
    try:
        real = tree.real(executable)
    except OSError:
        return None
    if not tree.is_file(real):
        return None
    settings = _virtual(tree, executable)
    landmark = _library(tree, real)
    if landmark is None:
        return None
    base_prefix, library = landmark
    prefix, below = settings[0] if settings else base_prefix, settings[1] if settings else {}
    version, source = _version(tree, real, base_prefix, library)
    if not version:
        return None
    shared = below.get("include-system-site-packages", "true").lower() == "true"
    base = _packages(tree, base_prefix, library) if not settings or shared else ()
    own = tuple(filter(tree.is_dir, _standard(prefix, library))) if settings else base
    user = posixpath.join(variables.get("PYTHONUSERBASE") or f"{home}/.local", "lib", library, "site-packages")
    user = user if shared and not variables.get("PYTHONNOUSERSITE") and tree.is_dir(user) else ""
    stated = tuple(filter(tree.is_dir, filter(None, variables.get("PYTHONPATH", "").split(":"))))
    packages = dict.fromkeys([*filter(None, (user,)), *own, *base])
    path = tuple(dict.fromkeys([*stated, *(each for folder in packages for each in (folder, *_added(tree, folder)))]))
    torch = visible(tree, path).get("torch")
    return Python(
        executable,
        version,
        source,
        prefix,
        base_prefix,
        library,
        path,
        own,
        base if settings else (),
        user,
        torch=torch.version if torch else "",
    )


def _virtual(tree: ImageTree, executable: str) -> tuple[str, dict[str, str]] | None:
    """Return the directory of the virtual environment that an executable belongs to, and its settings.

    Told by pyvenv.cfg beside the executable or one directory above it (PEP 405).
    """
    folder = posixpath.dirname(executable)
    for place in (folder, posixpath.dirname(folder)):
        text = tree.text(posixpath.join(place, "pyvenv.cfg")) if tree.has_bytes(f"{place}/pyvenv.cfg") else None
        if text is not None:
            pairs = (line.partition("=") for line in text.splitlines())
            return place, {key.strip().lower(): value.strip() for key, _, value in pairs}
    return None


def _library(tree: ImageTree, real: str) -> tuple[str, str] | None:
    """Return the prefix of an interpreter and the name of its library (`python3.11`, `python3.13t`).

    Sought from the executable upwards, as the interpreter itself does: `lib/python3.11/os.py`.
    """
    named = _LIBRARY.fullmatch(posixpath.basename(real))
    place = posixpath.dirname(real)
    while True:
        folder = posixpath.join(place, "lib")
        names = [named[0]] if named else [name for name in tree.names(folder) if _LIBRARY.fullmatch(name)]
        for name in names:
            if tree.is_file(f"{folder}/{name}/os.py"):
                return place, name
        if place in ("", "/"):
            return None
        place = posixpath.dirname(place)


def _standard(prefix: str, library: str) -> list[str]:
    """Return the directories of packages of a Python as Python itself has them."""
    return [posixpath.join(prefix, lib, library, "site-packages") for lib in ("lib", "lib64")]


def _packages(tree: ImageTree, prefix: str, library: str) -> tuple[str, ...]:
    """Return the directories of packages of a Python that belongs to no virtual environment, as far as they are there.

    Debian's has its own ones (/usr/lib/python3/dist-packages for its packages, /usr/local for what pip installs),
    Fedora's pip installs into /usr/local.
    """
    folders = _standard(prefix, library)
    if posixpath.normpath(prefix) == "/usr":
        local = posixpath.join("/usr/local/lib", library)
        debian = [f"{local}/dist-packages", "/usr/lib/python3/dist-packages", f"/usr/lib/{library}/dist-packages"]
        fedora = [f"/usr/local/{lib}/{library}/site-packages" for lib in ("lib", "lib64")]
        folders = [*debian, *(folders if tree.is_dir(debian[1]) else [*fedora, *folders])]
    there: dict[str, str] = {}
    for folder in filter(tree.is_dir, folders):
        there.setdefault(tree.real(folder), folder)
    return tuple(there.values())


def _added(tree: ImageTree, folder: str) -> Iterator[str]:
    """Yield the directories that the .pth files of a directory add to the search path; code in them is not run."""
    for name in tree.names(folder):
        if name.endswith(".pth") and not name.startswith(".") and tree.has_bytes(f"{folder}/{name}"):
            for line in (tree.text(f"{folder}/{name}", LARGEST_PTH) or "").splitlines():
                path = line.strip()
                if path and not path.startswith(("#", "import ", "import\t")):
                    added = posixpath.normpath(posixpath.join(folder, path))
                    if tree.is_dir(added):
                        yield added


def _version(tree: ImageTree, real: str, prefix: str, library: str) -> tuple[str, str]:
    """Return the exact version of an interpreter and what told it; empty when nothing does.

    Asked in this order: the program, its library, conda's record, patchlevel.h, dpkg's record.
    """
    series = library.removeprefix("python").rstrip("t")
    asked = re.compile(rf"(?<![\d.])({re.escape(series)}\.\d+(?:(?:a|b|rc)\d+)?\+?)\x00".encode())
    for path in (real, *_libraries(tree, prefix, series)):
        if tree.has_bytes(path):
            told = {match.decode("ascii") for match in asked.findall(tree.data(path) or b"")}
            if len(told) == 1:
                return told.pop(), path
    conda = conda_packages(tree, prefix).get("python")
    if conda is not None and conda[0].startswith(f"{series}."):
        return conda[0], f"{prefix}/conda-meta"
    header = f"{prefix}/include/{library}/patchlevel.h"
    stated = re.search(rf'PY_VERSION\s+"{_VERSION}"', (tree.text(header) or "") if tree.has_bytes(header) else "")
    if stated:
        return stated[1], header
    status = "/var/lib/dpkg/status"
    text = (tree.text(status) or "") if tree.has_bytes(status) else ""
    paragraph = text.partition(f"Package: python{series}-minimal\n")[2].partition("\n\n")[0]
    package = re.search(rf"^Version: {_VERSION}", paragraph, re.MULTILINE)
    return (package[1], status) if package else ("", "")


def _libraries(tree: ImageTree, prefix: str, series: str) -> Iterator[str]:
    """Yield the paths of an interpreter's shared library."""
    folders = [f"{prefix}/lib", f"{prefix}/lib64"]
    if posixpath.normpath(prefix) == "/usr":
        folders += [f"/usr/lib/{name}" for name in tree.names("/usr/lib") if name.endswith("-linux-gnu")]
    for folder in folders:
        for name in tree.names(folder):
            if re.fullmatch(rf"libpython{re.escape(series)}t?\.so\.1\.0", name):
                yield f"{folder}/{name}"
