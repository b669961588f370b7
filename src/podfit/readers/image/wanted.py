"""Which files of an image are kept: those that the readers of a tree ask for, by the end of their path.

By the end alone, as another name of the same file (a hard link, the caches of conda and uv) may come first.
"""

from __future__ import annotations

import re

from podfit.readers.image.limits import LARGEST_KEPT, LARGEST_TEXT

_OF_A_DISTRIBUTION = frozenset(
    {
        "METADATA",
        "PKG-INFO",
        "RECORD",
        "INSTALLER",
        "direct_url.json",
        "requires.txt",
        "top_level.txt",
    }
)
_BY_NAME = frozenset(
    {
        "EXTERNALLY-MANAGED",
        "pyvenv.cfg",
        "pip.conf",
        "os-release",
        "cudnn_version.h",
        "nccl.h",
        "libc10.so",
        "libtorch_python.so",
        "ld.so.conf",
        "passwd",
    }
)
_PROGRAM = re.compile(r"[^/]*\.so(?:\.[\d.]+)?|libc-2\.\d+\.so|python[\d.]*t?")
"""The files that are no text, by their name."""

_BY_END = re.compile(
    r"(?:^|/)(?:"
    r"conda-meta/[^/]+\.json"
    r"|torch/(?:version|__init__)\.py"
    r"|[^/]+\.(?:egg-info|egg-link|pth)"
    r"|ld\.so\.conf\.d/[^/]+\.conf"
    r"|cuda(?:-[\d.]+)?/version\.(?:json|txt)"
    r"|var/lib/dpkg/status(?:\.d/[^/]+)?"
    r"|bin/python3(?:\.\d+t?)?"
    r"|libpython3[^/]*\.so[\d.]*"
    r"|libc(?:\.so\.6|-2\.\d+\.so)"
    r"|libstdc\+\+\.so\.6[\d.]*"
    r"|include/python3[^/]*/patchlevel\.h"
    r"|[^/]*constraint[^/]*\.txt"
    r")$"
)


def most_of(path: str) -> int:
    """Return how many bytes a file of this path may have, to be kept: a library or a program more than a text."""
    return LARGEST_KEPT if _PROGRAM.fullmatch(path.rpartition("/")[2]) else LARGEST_TEXT


def wanted(path: str, also: frozenset[str] = frozenset()) -> bool:
    """Tell whether the regular file of this path is kept; also are further paths, absolute.

    path has no leading slash.
    """
    folder, _, name = path.rpartition("/")
    if name in _OF_A_DISTRIBUTION:
        return folder.endswith((".dist-info", ".egg-info", "EGG-INFO"))
    return name in _BY_NAME or "/" + path in also or _BY_END.search(path) is not None
