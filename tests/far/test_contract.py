"""Everything of far runs on any Python from 3.8 on with nothing but its standard library, and is one file."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from far_support import SERIES

from podfit import far
from podfit.far import frame
from podfit.far.pack import pack, sources

ROOM = Path(far.__file__).parent
MODULES = sorted(path.relative_to(ROOM).as_posix() for path in ROOM.rglob("*.py"))
PROGRAMS = sorted(path.parent.name for path in ROOM.glob("*/main.py"))
HERE_ONLY = {"pack.py"}
"""Modules that no program carries: they are for the near ends."""


def imports(path: str) -> Iterator[tuple[int, str, list[str]]]:
    """Yield level, module and names of every import in a module of far, wherever it stands."""
    tree = ast.parse((ROOM / path).read_text("utf-8"), filename=path, feature_version=(3, 8))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((0, alias.name, []) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.level, node.module or "", [alias.name for alias in node.names]


def starts(program: str) -> list[str]:
    """Return the modules that a program's processes begin with."""
    return [path for path in (f"{program}/main.py", f"{program}/child.py") if path in MODULES]


def test_there_is_something_to_hold_to_it() -> None:
    assert PROGRAMS == ["apply", "probe", "verify"]
    assert len(MODULES) > 30


@pytest.mark.parametrize("path", MODULES)
def test_a_module_is_python_3_8_and_imports_the_standard_library_and_far_alone(path: str) -> None:
    depth = len(Path(path).parts)
    for level, module, _ in imports(path):
        if level:
            assert level <= depth, f"{path} imports from above the room"
        else:
            assert module.partition(".")[0] in sys.stdlib_module_names, f"{path} imports {module}"


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_carries_what_it_imports_and_nothing_else(program: str) -> None:
    wanted, queue = set(), [*starts(program), "here.py"]
    while queue:
        path = queue.pop()
        if path in wanted:
            continue
        wanted.add(path)
        folder = Path(path).parent
        queue.append((folder / "__init__.py").as_posix())
        for level, module, names in imports(path):
            if not level:
                continue
            base = Path(*Path(path).parts[:-level], *module.split(".")) if module else Path(*Path(path).parts[:-level])
            for found in (base, *(base / name for name in names)):
                if f"{found.as_posix()}.py" in MODULES:
                    queue.append(f"{found.as_posix()}.py")
    assert set(sources(program)) == wanted


def test_every_module_is_in_a_program() -> None:
    """The loader is each program's head, and a notebook's cell is one module as it stands."""
    carried = {path for program in PROGRAMS for path in sources(program)}
    assert {path for path in MODULES if path not in carried} - {"loader.py", "cell.py"} <= HERE_ONLY


@pytest.mark.parametrize("series", SERIES)
@pytest.mark.parametrize("program", PROGRAMS)
def test_every_python_imports_every_module(
    program: str, series: str, interpreter: Callable[[str], str], tmp_path: Path
) -> None:
    path = tmp_path / "program.py"
    path.write_text(pack(program), encoding="utf-8")
    code = (
        f"import runpy; found = runpy.run_path({str(path)!r}); import sys, importlib\n"
        "sys.meta_path.insert(0, found['Importer'](found['SOURCES']))\n"
        "for path in found['SOURCES']:\n"
        "    name = path[:-3].replace('/', '.').replace('.__init__', '').replace('__init__', '')\n"
        "    importlib.import_module('podfit_far.' + name if name else 'podfit_far')\n"
        "print(len(found['SOURCES']))\n"
    )
    done = subprocess.run([interpreter(series), "-B", "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == str(len(sources(program))), done.stderr


# --- data stay data

NASTY = [
    "x coding: foo",
    "# -*- coding: utf-7 -*-",
    "'''\nraise SystemExit(3)\n'''",
    '"""\nraise SystemExit(3)\n"""',
    "\\",
    "\\'''",
    "\\N{BULLET}",
    "a\r\nimport os\r\n",
    "\u2028\x00\x1b]0;t\x07\ud800",
    "{sources} {program} %s %(prog)s",
]


@pytest.mark.parametrize("text", NASTY)
@pytest.mark.parametrize("program", PROGRAMS)
def test_data_cannot_leave_their_place(program: str, text: str, tmp_path: Path) -> None:
    script = pack(program, {text: [text]})
    plain = pack(program, {})
    path = tmp_path / "program.py"
    path.write_text(script, encoding="utf-8")
    tree, same = ast.parse(path.read_bytes()), ast.parse(plain)
    for one, other in zip(tree.body, same.body, strict=True):
        if isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name) and one.targets[0].id == "DATA":
            assert json.loads(ast.literal_eval(one.value)) == {text: [text]}
        else:
            assert ast.dump(one) == ast.dump(other)
    assert script.splitlines()[:2] == plain.splitlines()[:2]


# --- answers


def test_an_answer_is_told_from_what_stands_around_it() -> None:
    word, other = frame.nonce(), frame.nonce()
    greeting = b'{"outcome": "x"}\nWelcome!' + frame.framed('{"a": 2}', other)
    said = greeting + frame.framed('{"a": 1}', word) + b"logout\n"
    assert frame.answer(said, word) == {"a": 1}
    assert frame.answer(said, frame.nonce()) is None


def test_an_answer_that_was_cut_off_is_none() -> None:
    word = frame.nonce()
    said = frame.framed(json.dumps({"a": "\u00e9" * 10}), word)
    assert frame.answer(said, word) == {"a": "\u00e9" * 10}
    assert all(frame.answer(said[:end], word) is None for end in range(len(said) - 1))


@pytest.mark.parametrize("text", ["[1]", "[" * 100_000, "null", "1" * 10_000, "{", "NaN"])
def test_an_answer_that_is_no_object_is_none(text: str) -> None:
    assert frame.answer(frame.framed(text, "w"), "w") is None


def test_events_are_told_by_their_word() -> None:
    line = frame.event_line({"event": "ready", "python": "/x"}, "w")
    assert frame.event_of(line, "w") == {"event": "ready", "python": "/x"}
    others = ['{"event": "ready"}', line.replace(" w ", " v "), line[:-1], "podfit-event w [1]"]
    for other in (*others, 'podfit-event w {"event": 1}'):
        assert frame.event_of(other, "w") is None
