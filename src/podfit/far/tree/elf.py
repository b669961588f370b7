"""What 64-bit little-endian ELF files say about themselves: sections, and the GPUs that device code is for."""

from __future__ import annotations

import mmap
import struct
import time

from .files import Tree


def fatbin_architectures(tree: Tree, path: str, seconds: float = 20.0) -> list[str]:
    """Return the GPU architectures of a library's device code: `sm_90` for machine code, `compute_90` for PTX.

    Walks the headers only, so a gigabyte costs milliseconds: .nv_fatbin holds regions (magic 0xBA55ED50, header size,
    data size), each with entries (kind 1 PTX or 2 ELF, header size, data size, at byte 28 the architecture). Layout as
    in CUDA's fatbinary_section.h and as cuobjdump lists it. Stops after seconds.
    """
    found: set[tuple[int, int]] = set()
    deadline = time.monotonic() + seconds
    with tree.mapped(path) as data:
        for offset, size in elf_sections(data, b".nv_fatbin"):
            position, end = offset, offset + size
            while position + 16 <= end and time.monotonic() < deadline:
                magic, _, header, length = struct.unpack_from("<IHHQ", data, position)
                if magic != 0xBA55ED50:
                    position = data.find(b"\x50\xed\x55\xba", position + 1, end)
                    if position < 0:
                        break
                    continue
                entry, stop = position + header, min(position + header + length, end)
                while entry + 32 <= stop:
                    kind, _, entry_header, entry_length = struct.unpack_from("<HHIQ", data, entry)
                    if not entry_header:
                        break
                    found.add((kind, struct.unpack_from("<I", data, entry + 28)[0]))
                    entry += entry_header + entry_length
                position = position + header + max(length, 1)
    return [
        ("compute_" if kind == 1 else "sm_") + str(number)
        for kind, number in sorted(found, key=lambda pair: (-pair[0], pair[1]))
    ]


def elf_sections(data: mmap.mmap, name: bytes) -> list[tuple[int, int]]:
    """Return offset and size of the sections of a 64-bit little-endian ELF file that have name."""
    if data[:6] != b"\x7fELF\x02\x01":
        return []
    (table,) = struct.unpack_from("<Q", data, 0x28)
    width, count, names = struct.unpack_from("<HHH", data, 0x3A)
    rows = [struct.unpack_from("<IIQQQQ", data, table + index * width) for index in range(count)]
    if names >= len(rows):
        return []
    base = rows[names][4]
    return [(row[4], row[5]) for row in rows if data[base + row[0] : base + row[0] + len(name) + 1] == name + b"\0"]
