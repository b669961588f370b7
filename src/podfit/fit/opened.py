"""A planned file as a zip file of its modules: a wheel as it is, a source distribution as the wheel that it becomes.

Most source distributions say what they install: they list it, or it is called like the project.
"""

from __future__ import annotations

import contextlib
import io
import zipfile
from collections.abc import Iterator
from typing import TYPE_CHECKING

from podfit.catalogue.imports import modules_of
from podfit.index.archives import ArchiveError, walk
from podfit.index.errors import MetadataUnknown
from podfit.model import canonical

if TYPE_CHECKING:
    from podfit.index import Index, IndexFile

MOST_SOURCES = 16 << 20
"""So many bytes of modules of a source distribution are looked at at most."""


@contextlib.contextmanager
def opened(index: Index, file: IndexFile, name: str) -> Iterator[zipfile.ZipFile]:
    """Open a file of a distribution, empty where a source distribution does not tell what it installs.

    Errors as `Index.wheel_listing`.
    """
    if file.kind == "wheel":
        with index.open_wheel(file) as bundle:
            yield bundle
        return
    data = index.whole_file(file)
    try:
        modules = _modules(data, file.filename)
    except (ArchiveError, ValueError) as error:
        raise MetadataUnknown(f"{file.filename} cannot be read ({error})") from None
    roots = _installed(modules, name)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as bundle:
        for path, text in modules.items():
            if path.partition("/")[0].removesuffix(".py") in roots:
                bundle.writestr(path, text)
    with zipfile.ZipFile(packed) as bundle:
        yield bundle


def _modules(data: bytes, filename: str) -> dict[str, bytes]:
    """Return the modules of a source distribution, and its lists of packages, by path below its folder or `src/`."""
    found: dict[str, bytes] = {}
    left = MOST_SOURCES
    for path, read in walk(data, filename):
        inner = path.strip("/").partition("/")[2].removeprefix("src/")
        if inner.endswith((".py", ".egg-info/top_level.txt")) and left > 0:
            found[inner] = read()
            left -= len(found[inner])
    return found


def _installed(modules: dict[str, bytes], name: str) -> frozenset[str]:
    """Return the top-level names of what a source distribution installs, none where it does not tell.

    It lists them, or they are called like the project or as the catalogue knows.
    """
    for path, text in modules.items():
        if path.endswith("/top_level.txt"):
            return frozenset(text.decode("utf-8", "replace").split())
    tops = {path.partition("/")[0].removesuffix(".py") for path in modules}
    return frozenset(top for top in tops if canonical(top) == canonical(name) or top in modules_of(name))
