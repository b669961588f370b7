"""One shared library (ELF): what it needs of the system, of other libraries and of other modules."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from elftools.elf.elffile import ELFFile

MACHINES = {"EM_X86_64": "x86_64", "EM_AARCH64": "aarch64"}
"""The machine names of wheels for ELF's (the System V ABI's e_machine)."""

_MOST_SYMBOLS = 2_000_000
"""More dynamic symbols than any real library has (libtorch_cpu has 200,000): a file that claims more is damaged."""

_UNDEFINED = 0  # SHN_UNDEF
_WEAK = 2  # STB_WEAK


class NotElfError(ValueError):
    """The bytes are no ELF file, or one that is damaged; the text says in what way."""


@dataclass(frozen=True)
class Library:
    """The facts of one shared library.

    machine is a wheel's name for its processor, empty for one that podfit does not know. needed are the sonames of
    DT_NEEDED, soname is DT_SONAME (empty without one). versions maps each provider of versioned symbols to the
    versions that are asked of it (`{"libc.so.6": ("GLIBC_2.17", ...)}`, from .gnu.version_r). undefined are the names
    of dynamic symbols that other libraries have to provide, weak ones left out; defined those that it provides.
    segments are the loaded parts of the file: (address, offset, size, executable), for readers of its code and text.
    fatbins are offset and size of its sections with code for GPUs.
    """

    machine: str
    soname: str
    needed: tuple[str, ...]
    versions: Mapping[str, tuple[str, ...]]
    undefined: frozenset[str]
    defined: frozenset[str]
    segments: tuple[tuple[int, int, int, bool], ...] = field(default=(), repr=False)
    fatbins: tuple[tuple[int, int], ...] = ()

    def highest(self, prefix: str, provider: str = "") -> str:
        """Return the highest version that is asked under a prefix: `2.17` for `GLIBC`; empty where none is.

        With a provider (`libstdc++.so.6`) what is asked of others, such as a copy in the wheel, does not count.
        """
        asked = [
            text.partition("_")[2]
            for name, texts in self.versions.items()
            if provider in ("", name)
            for text in texts
            if text.partition("_")[0] == prefix and text.partition("_")[2][:1].isdigit()
        ]
        return max(asked, key=_numbers, default="")

    def without_fatbins(self, data: bytes) -> bytes:
        """Return the file's bytes, a zero in the place of its code for GPUs: most of many libraries, and no text."""
        if not self.fatbins:
            return data
        parts = []
        end = 0
        for offset, size in sorted(self.fatbins):
            parts.append(data[end : max(end, offset)])
            end = max(end, offset + size)
        return b"\0".join((*parts, data[end:]))

    def address(self, offset: int) -> int | None:
        """Return the address at which a byte of the file is loaded, None when it is not."""
        for address, start, size, _ in self.segments:
            if start <= offset < start + size:
                return address + offset - start
        return None


def _numbers(version: str) -> tuple[int, ...]:
    """Return a symbol version as numbers, to compare by."""
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def read_library(data: bytes | BinaryIO) -> Library:
    """Return the facts of a shared library from its bytes or an open file. Raises NotElfError for anything else.

    Source of the layout: the System V gABI and the Linux Standard Base's symbol versioning, as pyelftools reads them.
    """
    from elftools.common.exceptions import ELFError
    from elftools.elf.elffile import ELFFile

    stream = io.BytesIO(data) if isinstance(data, bytes) else data
    if stream.read(4) != b"\x7fELF":
        raise NotElfError("it does not begin as an ELF file")
    try:
        return _read(ELFFile(stream))
    except NotElfError:
        raise
    except (ELFError, ValueError, KeyError, IndexError, TypeError, AttributeError, AssertionError, OverflowError) as e:
        # pyelftools meets damaged files with whatever its structures run into.
        raise NotElfError(f"its ELF structures cannot be read ({type(e).__name__}: {e})") from None


def _read(elf: ELFFile) -> Library:
    """Read what Library holds from an open file of pyelftools."""
    from elftools.elf.dynamic import DynamicSection
    from elftools.elf.gnuversions import GNUVerNeedSection
    from elftools.elf.sections import SymbolTableSection

    needed: list[str] = []
    soname = ""
    versions: dict[str, tuple[str, ...]] = {}
    undefined: set[str] = set()
    defined: set[str] = set()
    fatbins: list[tuple[int, int]] = []
    for section in elf.iter_sections():
        if section.name == ".nv_fatbin":
            fatbins.append((int(section["sh_offset"]), int(section["sh_size"])))
        if isinstance(section, DynamicSection):
            for tag in section.iter_tags():
                if tag.entry.d_tag == "DT_NEEDED":
                    needed.append(str(getattr(tag, "needed", "")))
                elif tag.entry.d_tag == "DT_SONAME":
                    soname = str(getattr(tag, "soname", ""))
        elif isinstance(section, GNUVerNeedSection):
            for provider, asked in section.iter_versions():
                versions[str(provider.name)] = tuple(sorted(str(each.name) for each in asked))
        elif isinstance(section, SymbolTableSection) and section["sh_type"] == "SHT_DYNSYM":
            wide = elf.elfclass == 64
            layout = struct.Struct(("<" if elf.little_endian else ">") + ("IBBHQQ" if wide else "IIIBBH"))
            names = elf.get_section(section["sh_link"]).data()
            for name, here, weak in _symbols(section.data(), names, layout, wide=wide):
                if here:
                    defined.add(name)
                elif not weak:
                    undefined.add(name)
    return Library(
        machine=MACHINES.get(str(elf["e_machine"]), ""),
        soname=soname,
        needed=tuple(dict.fromkeys(needed)),
        versions=versions,
        undefined=frozenset(undefined),
        defined=frozenset(defined),
        segments=tuple(
            (int(s["p_vaddr"]), int(s["p_offset"]), int(s["p_filesz"]), bool(s["p_flags"] & 1))
            for s in elf.iter_segments()
            if s["p_type"] == "PT_LOAD"
        ),
        fatbins=tuple(fatbins),
    )


def _symbols(table: bytes, names: bytes, layout: struct.Struct, *, wide: bool) -> Iterator[tuple[str, bool, bool]]:
    """Yield the named symbols of a table: name, whether it is defined here, whether it is weak.

    The layout is Elf64_Sym's or Elf32_Sym's (gABI, chapter 4); pyelftools reads one symbol in 0.2 ms, too slow for
    libraries with a hundred thousand of them.
    """
    count = len(table) // layout.size
    if count > _MOST_SYMBOLS:
        raise NotElfError(f"it claims {count} dynamic symbols")
    for fields in layout.iter_unpack(table[: count * layout.size]):
        start, info, section = (fields[0], fields[1], fields[3]) if wide else (fields[0], fields[3], fields[5])
        end = names.find(b"\0", start) if 0 < start < len(names) else -1
        if end > start:
            yield names[start:end].decode("utf-8", "replace"), section != _UNDEFINED, info >> 4 == _WEAK
