"""The catalogue's tables: the copy in JSON says what the TOML file says, and never outlives it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from podfit.catalogue import table as tables
from podfit.catalogue.table import digest, from_toml, table

CATALOGUE = Path(tables.__file__).parent
NAMES = sorted(path.relative_to(CATALOGUE).with_suffix("").as_posix() for path in CATALOGUE.rglob("*.toml"))


@pytest.mark.parametrize("name", NAMES)
def test_the_copy_is_of_the_file_and_says_the_same(name: str) -> None:
    source = (CATALOGUE / f"{name}.toml").read_bytes()
    copy = (CATALOGUE / "tables" / f"{name}.json").read_bytes()
    made_of, read = tables._sides(copy)
    assert made_of == digest(source), "run tools/build_tables.py"
    assert read == from_toml(source)
    assert list(read) == list(from_toml(source))


def test_there_is_no_copy_of_a_file_that_is_gone() -> None:
    copies = CATALOGUE / "tables"
    assert sorted(path.relative_to(copies).with_suffix("").as_posix() for path in copies.rglob("*.json")) == NAMES


@pytest.mark.parametrize(
    "copy",
    [
        b'{"made_of": "%s", "table": {"old": {}}}' % digest(b"[old]\n").encode(),
        b'{"made_of": "", "table": {"old": {}}}',
        b"{}",
        b"[]",
        b"not JSON",
        b"\xff",
        None,
    ],
)
def test_a_copy_of_other_bytes_or_none_at_all_leaves_the_file(
    copy: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "some.toml").write_text("[new]\nkey = 1\n", encoding="utf-8")
    (tmp_path / "tables").mkdir()
    if copy is not None:
        (tmp_path / "tables" / "some.json").write_bytes(copy)
    monkeypatch.setattr(tables, "files", lambda _package: tmp_path)
    assert table.__wrapped__("some") == {"new": {"key": 1}}


def test_a_copy_of_these_bytes_is_what_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = b"[new]\nkey = 1\n"
    (tmp_path / "some.toml").write_bytes(source)
    (tmp_path / "tables").mkdir()
    told = json.dumps({"made_of": digest(source), "table": {"read": "from the copy"}})
    (tmp_path / "tables" / "some.json").write_text(told, encoding="utf-8")
    monkeypatch.setattr(tables, "files", lambda _package: tmp_path)
    assert table.__wrapped__("some") == {"read": "from the copy"}


def test_no_other_module_of_the_catalogue_reads_toml() -> None:
    readers = [path.name for path in CATALOGUE.glob("*.py") if re.search(r"\bimport .*toml", path.read_text("utf-8"))]
    assert readers == ["table.py"]
