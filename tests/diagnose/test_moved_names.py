"""The table of moved names, and the tool that reads it off wheels: both sides of a line, and a line that is wrong."""

from __future__ import annotations

import importlib.util
import io
import zipfile
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from packaging.version import Version

import podfit
from podfit.catalogue.moved_names import moved
from podfit.catalogue.table import table

TOOL = Path(__file__).resolve().parents[2] / "tools" / "check_moved_names.py"


@pytest.fixture(scope="module")
def tool() -> Any:
    spec = importlib.util.spec_from_file_location("check_moved_names", TOOL)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Wheels:
    """An index of made wheels: version by version, the text of `demo/__init__.py` and of `demo/deep.py`."""

    def __init__(self, texts: dict[str, tuple[str, str]]) -> None:
        self.texts = texts

    def releases(self, name: str) -> dict[str, list[Any]]:
        return {
            version: [SimpleNamespace(kind="wheel", yanked="", filename=f"demo-{version}-py3-none-any.whl", v=version)]
            for version in self.texts
        }

    def whole_file(self, file: Any) -> bytes:
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w") as wheel:
            for path, text in zip(("demo/__init__.py", "demo/deep.py"), self.texts[file.v], strict=True):
                wheel.writestr(path, text)
        return data.getvalue()

    @contextmanager
    def open_wheel(self, file: Any) -> Any:
        with zipfile.ZipFile(io.BytesIO(self.whole_file(file))) as wheel:
            yield wheel


def test_what_was_seen_stands_beside_its_line() -> None:
    count = 0
    for name, entries in table("moved_names").items():
        lines = {**entries["gone"], **entries["came"]}
        for key, seen in entries["seen"].items():
            before, _, after = seen.partition(" and ")
            assert Version(before) < Version(lines[key]) <= Version(after), (name, key)
            count += 1
    assert count > 100


def test_names_of_a_module(tool: Any) -> None:
    source = (
        "from a import b as c\n_lazy = {'sub': ['Lazy', 'Lazier']}\nif True:\n    later = 1\n"
        "class Kept:\n    def method(self): inner = 1\n"
    )
    assert tool.exported(source) == {"c", "_lazy", "sub", "Lazy", "Lazier", "later", "Kept"}
    assert tool.exported("def broken(:") == set()


def test_a_line_that_two_releases_show_and_one_that_is_wrong(tool: Any) -> None:
    old = "from demo.deep import leaving\n", "def hidden(): ...\n"
    new = "from demo.deep import coming\n", "x = 1\n"
    shelf = tool.Shelf(Wheels({"1.0": old, "1.1": old, "2.0": new, "2.1": new, "3.0rc1": old}), "demo")
    found = list(
        tool.checked(shelf, {"gone": {"leaving": "2.0", "hidden": "2.0", "never": "1.1"}, "came": {"coming": "1.1"}})
    )
    assert found == [
        ("gone", "leaving", "2.0", "1.1 and 2.0"),
        ("gone", "hidden", "2.0", "1.1 and 2.0"),
        ("gone", "never", "1.1", ""),
        ("came", "coming", "2.0", "1.1 and 2.0"),
    ]


def test_a_dotted_name_is_one_of_its_module_alone(tool: Any) -> None:
    old = "from .deep import leaving\n", "def leaving(): ...\n"
    new = "def __getattr__(name):\n    if name == 'leaving':\n        return 1\n", "x = 1\n"
    last = "y = 1\n", "x = 1\n"
    shelf = tool.Shelf(Wheels({"1.0": old, "2.0": new, "3.0": last}), "demo")
    found = list(tool.checked(shelf, {"gone": {"leaving": "3.0", "deep.leaving": "2.0"}}))
    assert found == [("gone", "leaving", "3.0", "2.0 and 3.0"), ("gone", "deep.leaving", "2.0", "1.0 and 2.0")]


def test_what_was_run_with_both_releases_stays_as_it_is(tool: Any) -> None:
    shelf = tool.Shelf(Wheels({"1.0": ("", ""), "2.0": ("", "")}), "demo")
    lines = {"gone": {"deep.Thing()": "2.0"}, "came": {"Thing(closed)": "2.0"}, "seen": {"deep.Thing()": "1.0 and 2.0"}}
    assert list(tool.checked(shelf, lines)) == [
        ("gone", "deep.Thing()", "2.0", "1.0 and 2.0"),
        ("came", "Thing(closed)", "2.0", ""),
    ]


def test_a_name_of_a_module_comes_before_one_of_any() -> None:
    assert moved("flask", "flask.json", "JSONEncoder") == ("2.3.0", "")
    assert moved("flask", "flask", "JSONEncoder") == ("", "")
    assert moved("scikit-learn", "sklearn.cluster", "HDBSCAN") == ("", "1.3.0")
    assert moved("no-such", "no_such", "name") == ("", "")


def test_what_torchaudio_no_longer_has_is_not_mended_by_the_torchaudio_that_is_there() -> None:
    frame = '  File "/v/lib/python3.12/site-packages/pyannote/audio/core/io.py", line 214, in Audio\n'
    log = f"Traceback (most recent call last):\n{frame}AttributeError: module 'torchaudio' has no attribute '{{}}'\n"
    one = podfit.diagnose(log.format("AudioMetaData")).causes[0]
    assert (
        one.cause == "pyannote-audio uses AudioMetaData of torchaudio, which torchaudio 2.9.0 and newer no longer have"
    )
    assert one.fix[0] == "pip install --upgrade pyannote-audio"
    assert not any("belongs to the torch" in step for step in one.fix)
    other = podfit.diagnose(log.format("nobody_knows")).causes[0]
    assert any("belongs to the torch" in step for step in other.fix)
