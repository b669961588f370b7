"""Data that the template's distributions keep beside their modules, in `share/` and `etc/`, shown in an overlay.

Programs look for such files under their own `sys.prefix` (Jupyter's templates, extensions and kernels lie there), and
an overlay's is another than the template's.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from ..tree.distributions import Info
from ..tree.files import HERE
from ..tree.records import record, rows_below
from . import files

_FOLDERS = ("share", "etc")


def link_data(new: str, shown: Iterable[Info]) -> None:
    """Link the data files of what the template shows into an overlay, each at its place there, unless that is taken.

    shown are the distributions of the template that the overlay does not replace: the files of the others are another
    release's.
    """
    for entry in shown:
        for place, source in _data_files(entry):
            goal = os.path.join(new, place)
            if files.exists(goal) or not os.path.isfile(source):
                continue
            try:
                os.makedirs(os.path.dirname(goal), exist_ok=True)
            except (FileExistsError, NotADirectoryError):
                continue  # the overlay has a file where the template has a directory
            os.symlink(source, goal)


def _data_files(entry: Info) -> list[tuple[str, str]]:
    """Return a distribution's files in `share/` and `etc/` as its RECORD has them: place below its prefix, and path."""
    prefix = os.path.dirname(os.path.dirname(os.path.dirname(entry.folder)))  # of lib/python3.11/site-packages
    found = []
    for row in rows_below(record(HERE, entry.path), (b"../",)):
        source = os.path.normpath(os.path.join(entry.folder, row[0]))
        place = os.path.relpath(source, prefix)
        if place.partition(os.sep)[0] in _FOLDERS:
            found.append((place, source))
    return found
