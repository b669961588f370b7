"""Which names torch's libraries provide, version by version: a compact digest that tools/build_torch_symbols.py makes.

Kept are C++ names of the namespaces at, c10 and torch and the C shim (`aoti_torch_*`, `torch_*`); at::native, torch's
inner kernels, is left out. Of each name 32 bits of a hash are kept: one absent name in 60,000 passes for present.
"""

from __future__ import annotations

import hashlib
import json
import re
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from packaging.version import InvalidVersion, Version

_FILE = "torch_symbols.bin"
_KEPT = re.compile(r"^(?:aoti_torch_|torch_|_Z[A-Z]*.*(?:2at|3c10|5torch)[0-9A-Z])")
_INNER = "2at6native"


def is_torchs(name: str) -> bool:
    """Tell whether a symbol's name is one that torch's libraries provide, its inner kernels included."""
    return bool(_KEPT.match(name))


def is_shim(name: str) -> bool:
    """Tell whether a name belongs to torch's stable C interface (torch/csrc/stable, torch/csrc/inductor/aoti_torch)."""
    return name.startswith(("aoti_torch_", "torch_"))


def is_known(name: str) -> bool:
    """Tell whether the digest speaks of a name: whether it is torch's and none of the inner kernels."""
    return is_torchs(name) and _INNER not in name


def hashed(name: str) -> int:
    """Return the 32 bits that stand for a name."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=4).digest(), "big")


@dataclass(frozen=True)
class TorchSymbols:
    """The digest. versions are torch's releases, oldest first, with the wheel that each was read from.

    present maps a name's hash to a number whose bit N tells whether versions[N] provides it.
    """

    versions: Mapping[str, str]
    present: Mapping[int, int]

    def release(self, version: str) -> str:
        """Return the release that speaks for a version of torch; empty when none does.

        The local part (`+cu124`) is another CUDA build of the same sources. Pre-releases and development versions have
        names of their own: nothing speaks for them.
        """
        try:
            there = Version(version)
        except InvalidVersion:
            return ""
        return there.public if there.public in self.versions and not there.is_prerelease else ""

    def around(self, version: str) -> tuple[str, str]:
        """Return the releases next before and after a version of torch, each empty where there is none.

        A nightly build of torch's own stands between them: a name that neither has is none of its. A vendor's build
        (`2.6.0a0+nv25.1`) may be compiled otherwise: after it comes nothing.
        """
        try:
            there = Version(version)
        except InvalidVersion:
            return "", ""
        known = [(Version(each), each) for each in self.versions]
        before = next((text for each, text in reversed(known) if each < there), "")
        after = next((text for each, text in known if each > there), "") if there.is_devrelease else ""
        return before, after

    def missing(self, names: Iterable[str], version: str) -> tuple[str, ...]:
        """Return which of names a release of torch (a key of versions) does not provide, sorted."""
        bit = 1 << list(self.versions).index(version)
        return tuple(sorted(n for n in set(names) if is_known(n) and not self.present.get(hashed(n), 0) & bit))

    def least(self, names: Iterable[str]) -> str:
        """Return the first release that provides all of names and whose successors do, empty when there is none."""
        known = [name for name in set(names) if is_known(name)]
        every = (1 << len(self.versions)) - 1
        for name in known:
            every &= self.present.get(hashed(name), 0)
        first = len(self.versions)
        while first and every >> (first - 1) & 1:
            first -= 1
        return list(self.versions)[first] if first < len(self.versions) else ""


def pack(versions: Mapping[str, str], names: Mapping[str, Iterable[str]]) -> bytes:
    """Return the digest's file: a line of JSON, then per set of releases the sorted hashes, each in four bytes.

    versions maps releases to the wheel that was read, oldest first; names gives what each provides.
    """
    bits: dict[int, int] = {}
    for number, version in enumerate(versions):
        for name in names[version]:
            if is_known(name):
                key = hashed(name)
                bits[key] = bits.get(key, 0) | 1 << number
    groups: dict[int, list[int]] = {}
    for key, mask in bits.items():
        groups.setdefault(mask, []).append(key)
    head = {
        "schema": "podfit.torchsymbols/1",
        "versions": dict(versions),
        "groups": [[mask, len(keys)] for mask, keys in sorted(groups.items())],
    }
    line = json.dumps(head, separators=(",", ":")).encode() + b"\n"
    return line + b"".join(struct.pack(f"<{len(keys)}I", *sorted(keys)) for _, keys in sorted(groups.items()))


def unpack(data: bytes) -> TorchSymbols:
    """Return the digest of a file that `pack` made. Raises ValueError for any other."""
    line, _, body = data.partition(b"\n")
    head = json.loads(line)
    present: dict[int, int] = {}
    place = 0
    try:
        for mask, count in head["groups"]:
            present.update(dict.fromkeys(struct.unpack_from(f"<{count}I", body, place), mask))
            place += 4 * count
    except (struct.error, KeyError, TypeError):
        raise ValueError("the digest of torch's symbols is damaged") from None
    return TorchSymbols(head["versions"], present)


@lru_cache(maxsize=1)
def torch_symbols() -> TorchSymbols:
    """Return the digest that podfit ships."""
    return unpack(resources.files("podfit.catalogue").joinpath(_FILE).read_bytes())
