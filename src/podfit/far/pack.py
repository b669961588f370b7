"""Pack a program of this room into one file: standard library only, Python 3.8, nothing to unpack.

A program is a folder here with a `main.py`, whose docstring opens the file; `child.py`, where there is one, is what its
own processes run. The file holds the loader, the program's
data as JSON, and the text of every module that the program imports, directly or not.
"""

from __future__ import annotations

import functools
import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Any

_ROOM = "podfit.far"
_IMPORT = re.compile(r"^[ \t]*from (\.+)([\w.]*) import (?:\(([^)]*)\)|(.+))$", re.MULTILINE)
_DOCSTRING = re.compile(r'"""(.*?)"""\n', re.DOTALL)
_SCRIPT = '''\
"""{docstring}"""

{loader}

DATA = r\'\'\'
{data}
\'\'\'

SOURCES = {{
{sources}}}

if __name__ == "__main__":
    sys.exit(start("{program}", SOURCES, DATA, globals().get("ENVIRONMENT") or isolate()))
'''


def pack(program: str, data: Any = None) -> str:
    """Return the script of a program (`probe`, `verify`, `apply`) with data, anything that JSON can say.

    The same data give the same text. Nothing in data can leave its place: it is ASCII without a single quote, between
    three of them, and no comment or docstring repeats it.
    """
    text = json.dumps(data, indent=1, sort_keys=True, ensure_ascii=True).replace("'", "\\u0027")
    before, after = _frame(program)
    return before + text + after


@functools.cache
def _frame(program: str) -> tuple[str, str]:
    """Return what stands before and after the data in a program's script."""
    loader = text_of("loader.py")
    modules = sources(program)
    docstring = _DOCSTRING.match(modules[f"{program}/main.py"])
    listed = "".join(f"    {json.dumps(path)}: {_literal(text)},\n" for path, text in modules.items())
    script = _SCRIPT.format(
        docstring=docstring[1] if docstring else "",
        loader=_DOCSTRING.sub("", loader, count=1).strip(),
        data="\0",
        sources=listed,
        program=program,
    )
    before, _, after = script.partition("\0")
    return before, after


def _literal(text: str) -> str:
    """Return a module's text as Python writes a string; readable as it stands where that is possible."""
    if "'''" not in text and not text.endswith(("'", "\\")):
        return f"r'''{text}'''"
    return "'''" + text.replace("\\", "\\\\").replace("'''", "\\'\\'\\'") + "'''"


@functools.cache
def sources(program: str) -> Mapping[str, str]:
    """Return the modules that a program needs, by path below this room, sorted: their texts."""
    found: dict[str, str] = {}
    queue = [f"{program}/{name}.py" for name in ("main", "child") if _exists(f"{program}/{name}.py")] + ["here.py"]
    while queue:
        path = queue.pop()
        if path in found:
            continue
        found[path] = text_of(path)
        queue += _imported(path, found[path])
        folder = path.rpartition("/")[0]
        queue.append(f"{folder}/__init__.py" if folder else "__init__.py")
    return {path: found[path] for path in sorted(found)}


def _imported(path: str, text: str) -> Iterator[str]:
    """Yield the paths of the modules of this room that a module imports: all of these imports are relative."""
    for match in _IMPORT.finditer(text):
        above = path.split("/")[: -len(match[1])]
        base = [*above, *(match[2].split(".") if match[2] else [])]
        names = [part.split(" as ")[0].strip() for part in (match[3] or match[4]).split("#")[0].split(",")]
        for parts in (base, *([*base, name] for name in names)):
            file = "/".join(parts) + ".py"
            if parts and _exists(file):
                yield file


@functools.cache
def _exists(path: str) -> bool:
    """Tell whether there is such a module in this room."""
    return resources.files(_ROOM).joinpath(*path.split("/")).is_file()


@functools.cache
def text_of(path: str) -> str:
    """Return the text of a module of this room."""
    return resources.files(_ROOM).joinpath(*path.split("/")).read_text("utf-8")


@functools.cache
def archive(program: str) -> bytes:
    """Return a program without data as a zip that `podfit.far.pack.starter` runs: equal bytes for equal modules."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(zipfile.ZipInfo("__main__.py"), pack(program).encode("utf-8"), zipfile.ZIP_DEFLATED)
    return packed.getvalue()


ABSENT = 79
"""The exit status of the starter when the archive is not there, or is not the one that was meant."""
_STARTER = """
def run(path, digest):
    import hashlib, os, io, zipfile
    try:
        with open(os.path.expanduser(path), "rb") as file:
            data = file.read()
    except EnvironmentError:
        data = b""
    if hashlib.sha256(data).hexdigest() != digest:
        sys.exit(%d)
    text = zipfile.ZipFile(io.BytesIO(data)).read("__main__.py").decode("utf-8")
    exec(compile(text, "<" + PACKAGE + ">", "exec"), {"__name__": "__main__", "ENVIRONMENT": environment})

environment = isolate()
run(sys.argv[1], sys.argv[2])
"""


@functools.cache
def starter() -> str:
    """Return what `python -c` runs to start an archive: its words are the archive's path and sha256.

    It ends with ABSENT, and runs nothing, when the file there is another one: cut short, emptied or replaced.
    """
    isolation = re.search(r"^def isolate.*?(?=^class )", text_of("loader.py"), re.DOTALL | re.MULTILINE)
    assert isolation is not None  # noqa: S101 - it is in this room
    package = re.search(r"^PACKAGE = .*$", text_of("loader.py"), re.MULTILINE)
    assert package is not None  # noqa: S101
    head = f"import sys\n{package[0]}\n"
    return head + isolation[0].strip() + "\n" + _STARTER % ABSENT
