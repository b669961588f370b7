"""The GPUs that the device code in a library is for, read from the headers of its fat binaries."""

from __future__ import annotations

import struct

_MAGIC = 0xBA55ED50
_PTX = 1
_MOST_ENTRIES = 200_000
"""More kernels than any library has (libtorch_cuda has 30,000 of all architectures together)."""


def device_code(data: bytes, offset: int, size: int) -> tuple[str, ...]:
    """Return the architectures of a `.nv_fatbin` section: `sm_90` for machine code, `compute_90` for PTX, sorted.

    The section holds regions (magic, version, header size, data size), each with entries (kind 1 PTX or 2 machine code,
    header size, data size, at byte 28 the architecture), as CUDA's fatbinary_section.h and cuobjdump have them. What is
    damaged ends the reading.
    """
    found: set[tuple[int, int]] = set()
    position, end = offset, min(offset + size, len(data))
    entries = 0
    while position + 16 <= end and entries < _MOST_ENTRIES:
        magic, _, header, length = struct.unpack_from("<IHHQ", data, position)
        if magic != _MAGIC:
            position = data.find(b"\x50\xed\x55\xba", position + 1, end)
            if position < 0:
                break
            continue
        entry, stop = position + header, min(position + header + length, end)
        while entry + 32 <= stop and entries < _MOST_ENTRIES:
            kind, _, entry_header, entry_length = struct.unpack_from("<HHIQ", data, entry)
            if not entry_header:
                break
            entries += 1
            found.add((kind, struct.unpack_from("<I", data, entry + 28)[0]))
            entry += entry_header + entry_length
        position += header + max(length, 1)
    known = sorted((number, kind) for kind, number in found if kind in (1, 2) and 20 <= number < 1000)
    return tuple(f"{'compute' if kind == _PTX else 'sm'}_{number}" for number, kind in known)
