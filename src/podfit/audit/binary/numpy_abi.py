"""Which NumPy a compiled module can be imported with, read from its text and code (NumPy's C interface).

What is looked for, and where it stands in the headers that compiled it:

- `import_array()` (numpy/core/include/numpy/__multiarray_api.h) imports `numpy.core._multiarray_umath`; since NumPy 2's
  headers it tries `numpy._core._multiarray_umath` first. Without the second name the module refuses every NumPy 2.
- It also refuses an older NumPy than it was compiled for. NumPy 2's headers write that version into the message
  ("compiled against NumPy C-API version 0x%x (NumPy 1.23)"); older ones only pass a number beside theirs.
- Cython compares the size of `numpy.dtype` and `numpy.ndarray` with those of its headers, and refuses a smaller one:
  dtype had 96 bytes in NumPy 1 and has 88 in NumPy 2; ndarray had 80 before 1.20, 88 before 1.22 and has 96 since.
- pybind11 reaches NumPy's table by names and fixed places. Before its 2.12 it knows NumPy 1's alone, and with NumPy 2
  it reads the wrong fields without noticing.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from podfit.audit.binary.library import Library

FEATURE_VERSIONS = {
    0x0B: "1.13",
    0x0C: "1.14",
    0x0D: "1.16",
    0x0E: "1.20",
    0x0F: "1.22",
    0x10: "1.23",
    0x11: "1.25",
    0x12: "2.0",
    0x13: "2.1",
    0x14: "2.3",
    0x15: "2.4",
}
"""The first NumPy of each C-API number (numpy/_core/include/numpy/numpyconfig.h of NumPy 2.4)."""

_NDARRAY_SIZES = {88: "1.20", 96: "1.22"}
_DTYPE_OF_NUMPY_1 = 96

_UMATH = b"numpy.core._multiarray_umath\0"
_UMATH_2 = b"numpy._core._multiarray_umath\0"
_MULTIARRAY = b"numpy.core.multiarray\0"
_ARRAY_API = b"_ARRAY_API\0"
_API_NEW = re.compile(rb"module was compiled against NumPy C-API version 0x%x \(NumPy ([0-9]+\.[0-9]+)\)")
_API_OLD = b"module compiled against API version 0x%x but this version of numpy is 0x%x\0"
_CYTHON_SIZE = b"size changed, may indicate binary incompatibility"
_PYBIND11 = b"pybind11"

_LEA_RIP = re.compile(rb"[\x48\x4c]\x8d[\x05\x0d\x15\x1d\x25\x2d\x35\x3d]")
_BACK, _AHEAD = 40, 32
"""How far around the place that names a text the number beside it is loaded, in bytes of x86-64 code."""


class NumpyAbi(str, Enum):
    """Which generations of NumPy a module works with."""

    NONE = "none"
    """It does not use NumPy's C interface."""
    ONE = "1.x only"
    """It refuses NumPy 2 when it is imported."""
    BOTH = "1.x and 2.x"
    """It was compiled with NumPy 2's headers, which serve both."""
    SILENT = "1.x, silently wrong on 2.x"
    """pybind11 before 2.12: it is imported with NumPy 2, and reads the wrong fields of dtypes."""
    UNKNOWN = "unknown"
    """It reaches NumPy's table in a way that podfit does not know."""


@dataclass(frozen=True, slots=True)
class NumpyUse:
    """What one module asks of NumPy: the generations, the least version (empty: not known), and what was seen."""

    abi: NumpyAbi
    least: str = ""
    seen: str = ""


def numpy_use(data: bytes, library: Library, text: bytes) -> NumpyUse:
    """Return what a compiled module asks of NumPy; data are the bytes that library was read from.

    text is what of them can hold names and messages.
    """
    sizes = tuple(_cython_sizes(data, library)) if _CYTHON_SIZE in text else ()
    least = max((least for _, least in sizes), key=_key, default="")
    old_dtype = next((said for said, _ in sizes if said.startswith("numpy.dtype")), "")
    new = _API_NEW.search(text)
    if new is not None and _UMATH_2 in text:
        stated = new.group(1).decode()
        seen = f"compiled against NumPy's C-API of {stated}, by headers of NumPy 2"
        return NumpyUse(NumpyAbi.BOTH, max(stated, least, key=_key), seen)
    if _UMATH in text and _ARRAY_API in text and _UMATH_2 not in text:
        number = _old_number(data, library)
        stated = FEATURE_VERSIONS.get(number, "")
        seen = "import_array() of NumPy 1's headers: it knows numpy.core alone"
        seen += f"; C-API 0x{number:x}" if number else ""
        return NumpyUse(NumpyAbi.ONE, max(stated, least, key=_key), seen)
    if old_dtype:
        return NumpyUse(NumpyAbi.ONE, least, old_dtype)
    if _PYBIND11 in text and _ARRAY_API in text:
        if _MULTIARRAY in text:
            return NumpyUse(NumpyAbi.SILENT, "", "pybind11 before 2.12: it names numpy.core.multiarray")
        return NumpyUse(NumpyAbi.BOTH, "", "pybind11 2.12 or newer: it asks for the running NumPy's generation")
    if sizes:
        return NumpyUse(NumpyAbi.BOTH, least, sizes[0][0])
    if _ARRAY_API in text and b"numpy" in text:
        return NumpyUse(NumpyAbi.UNKNOWN, "", "it reaches _ARRAY_API by other means than NumPy's headers")
    return NumpyUse(NumpyAbi.NONE)


def _key(version: str) -> tuple[int, ...]:
    """Return a feature version as numbers, to compare by."""
    return tuple(int(part) for part in version.split(".") if part)


def _cython_sizes(data: bytes, library: Library) -> Iterator[tuple[str, str]]:
    """Yield what Cython's size checks say: the check in words, and the least NumPy that passes it (or "")."""
    for size in _beside(data, library, b"dtype\0", (_DTYPE_OF_NUMPY_1,)):
        yield f"numpy.dtype of {size} bytes is expected, as in NumPy 1; NumPy 2's has 88", ""
    for size in _beside(data, library, b"ndarray\0", tuple(_NDARRAY_SIZES)):
        yield f"numpy.ndarray of {size} bytes is expected", _NDARRAY_SIZES[size]


def _old_number(data: bytes, library: Library) -> int:
    """Return the C-API number that NumPy 1's import_array() compares with, 0 when it cannot be read."""
    found = set(_beside(data, library, _API_OLD, tuple(FEATURE_VERSIONS)))
    return found.pop() if len(found) == 1 else 0


def _beside(data: bytes, library: Library, text: bytes, wanted: tuple[int, ...]) -> Iterator[int]:
    """Yield the wanted numbers that x86-64 code loads beside the address of a text.

    A compiler loads both for one call: `lea reg, [rip + text]` and `mov reg, number`, in any order. The text ends with
    its zero byte; a linker may have made it the end of a longer one.
    """
    if library.machine != "x86_64":
        return
    addresses = set()
    start = data.find(text)
    while start >= 0:
        address = library.address(start)
        if address is not None:
            addresses.add(address)
        start = data.find(text, start + 1)
    if not addresses:
        return
    for base, offset, size, executable in library.segments:
        if not executable:
            continue
        code = data[offset : offset + size]
        for found in _LEA_RIP.finditer(code):
            place = found.start()
            if place + 7 > len(code):
                break
            if base + place + 7 + struct.unpack_from("<i", code, place + 3)[0] in addresses:
                yield from _loaded(code[max(0, place - _BACK) : place + 7 + _AHEAD], wanted)


def _loaded(code: bytes, wanted: tuple[int, ...]) -> Iterator[int]:
    """Yield the wanted numbers that a piece of x86-64 code loads into registers (`mov r32, imm32`)."""
    for place in range(len(code) - 4):
        if 0xB8 <= code[place] <= 0xBF:
            number = struct.unpack_from("<I", code, place + 1)[0]
            if number in wanted:
                yield number


def refusal(use: NumpyUse, numpy: str) -> str:
    """Return in one sentence why a module is not imported with a version of NumPy; empty when nothing says so.

    numpy is an exact version (PEP 440). Raises InvalidVersion for a text that is none.
    """
    from packaging.version import Version

    there = Version(numpy)
    if use.abi is NumpyAbi.ONE and there.major >= 2:
        return f"it was compiled for NumPy 1 and refuses {numpy} ({use.seen})"
    if use.least and there.release[:2] < Version(use.least).release[:2]:
        return f"it was compiled for NumPy {use.least} or newer and refuses {numpy} ({use.seen})"
    return ""


def silent_fault(use: NumpyUse, numpy: str) -> str:
    """Return in one sentence what goes wrong without an error; empty when nothing says so. numpy as in `refusal`."""
    from packaging.version import Version

    if use.abi is NumpyAbi.SILENT and Version(numpy).major >= 2:
        return f"it is imported with NumPy {numpy}, and its results can be wrong ({use.seen})"
    return ""
