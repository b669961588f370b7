"""How much an image may be: what is past these is refused in one sentence."""

from __future__ import annotations

LARGEST_DOCUMENT = 4 * 2**20
"""Bytes of an index, a manifest or a configuration; the OCI distribution specification asks registries for as much."""

MOST_LAYERS = 1000
"""Layers of an image; overlayfs mounts 500, Docker makes 127."""

MOST_ENTRIES = 2_000_000
"""Entries of all layers together; an image of 20 GB with CUDA, torch and a conda environment has 300,000."""

MOST_NAMES = 256 * 2**20
"""Characters of the names and link targets of all entries together; 300,000 entries have 25 million."""

MOST_STEPS = 30_000_000
"""Directories that paths lead through, and names that directories list, while one image is read: links may make a path
a hundred thousand steps long. An image of 300,000 entries takes three million."""

MOST_PYTHONS = 1000
"""Programs that may be interpreters; an image with thirty environments has two hundred."""

LONGEST_HEADER = 2**20
"""Bytes of one pax or GNU header; Linux names have 4096 bytes."""

LONGEST_NAME = 4096
"""Bytes of a name, as Linux' PATH_MAX."""

DEEPEST = 128
"""Directories below one another."""

MOST_LINKS = 40
"""Links that one path may lead through, as Linux has it (path_resolution(7))."""

LARGEST_RATIO = 500
"""Unpacked bytes per packed byte, past `RATIO_FROM`; text has 10, zeros under gzip 1030."""

RATIO_FROM = 256 * 2**20
"""Unpacked bytes from which `LARGEST_RATIO` counts: a file of zeros is no bomb yet."""

LARGEST_UNPACKED = 256 * 2**30
"""Unpacked bytes of all layers together."""

LARGEST_KEPT = 128 * 2**20
"""Bytes of one library or program that is kept; libtorch_python.so has 30 million."""

LARGEST_TEXT = 16 * 2**20
"""Bytes of one text that is kept: METADATA have up to a million, a RECORD or a file of conda-meta a few."""

MOST_METADATA = 64 * 2**20
"""Bytes of METADATA and PKG-INFO that are read in all; a thousand distributions have 20 million."""

LARGEST_PTH = 2**16
"""Bytes of a .pth file that are read; it has a few lines."""

MOST_KEPT = 2 * 2**30
"""Bytes of all files that are kept: they lie in a temporary file."""

CHUNK = 2**20
"""Bytes that are read at a time."""
