"""The table of symptoms: every row has its sample and counter-sample, and each of them is needed."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any

import pytest

from podfit.catalogue.symptoms import families, symptoms
from podfit.far.symptoms import Table, applies, case, filled
from podfit.model import EvidenceKind

ROWS = symptoms("log")
CATEGORIES = set(
    """
    disk_full
    driver_too_old
    externally_managed_or_cannot_uninstall
    glibc_or_glibcxx
    gpu_arch
    hf_version_mismatch
    missing_cuda_lib
    missing_module_name_mismatch
    nccl_mismatch
    numpy2_abi
    numpy_api_removed
    oom_or_other_not_dependency
    opencv_libgl
    pip_resolution_impossible
    protobuf_descriptors
    pydantic_v1_v2
    python_version_unsupported
    sdist_build_failure
    torch_ext_symbol
    torch_reinstalled_or_downgraded
    torchvision_mismatch
    xgboost_lightgbm
    """.split()  # noqa: SIM905 - a list to read
)


def test_every_category_has_rows_and_no_other_is_named() -> None:
    named = {each["category"] for row in ROWS for each in (row, *row.get("case", ())) if "category" in each}
    assert named == CATEGORIES
    assert len(families()) > 20


def test_names_of_rows_are_unique() -> None:
    names = [row["id"] for row in ROWS]
    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_a_row_knows_its_sample_and_not_its_counter_sample(row: Mapping[str, Any]) -> None:
    table = Table([row])
    assert table.hits([row["sample"]]), "the sample"
    assert not table.hits([row["counter"]]), "the counter-sample"
    assert EvidenceKind(row["source"]["kind"]) and row["source"]["source"]
    assert row["role"] in ("failure", "warning", "consequence")
    assert 0 < row["weight"] <= 100


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_without_the_row_its_sample_is_known_no_more(row: Mapping[str, Any]) -> None:
    others = Table([other for other in ROWS if other is not row])
    assert row["id"] not in {hit.row["id"] for hit in others.hits([row["sample"]])}


@pytest.mark.parametrize("row", [row for row in ROWS if row.get("pattern")], ids=lambda row: row["id"])
def test_patterns_are_fast_on_hostile_lines(row: Mapping[str, Any]) -> None:
    table = Table([row])
    line = row["sample"]
    lines = [
        f"{word * 700}{literal}{word * 700}" for literal in row["literals"] for word in ("a", "a ", "(a", "=1,", "'")
    ] + [line * 500, line[: len(line) // 2] * 500]
    started = time.process_time()
    table.hits(lines)
    assert time.process_time() - started < 0.6 + 0.05 * len(lines)


def test_blanks_are_filled_or_the_text_is_left_out() -> None:
    assert filled("{a} of {b|many}", {"a": "one"}) == "one of many"
    assert filled("{a} of {b|many}", {"b": "2"}) == ""
    assert filled("{a}{b|}", {"a": "one"}) == "one"
    assert applies("a,!b,c=x|y", {"a": "1", "c": "y"})
    assert not applies("a,!c=y", {"a": "1", "c": "y"})
    assert applies("", {})
    row = {"cause": "one", "case": [{"when": "b", "cause": "two"}]}
    assert (case(row, {})["cause"], case(row, {"b": "1"})["cause"]) == ("one", "two")


def test_blanks_have_names() -> None:
    """A blank of a row is a group of a pattern or a field that the room derives."""
    from pathlib import Path

    import podfit.diagnose

    room = Path(podfit.diagnose.__file__).parent
    code = "".join(path.read_text("utf-8") for path in room.glob("*.py"))
    derived = set(re.findall(r'fields(?:\.setdefault\(|\[)\s*"(\w+)"', code)) | {"numpy_version", "torch_seen"}
    derived |= {"torchvision_seen", "numpy_seen", "numpy_shrank", "numpy_grew"}
    for row in ROWS:
        groups = set(re.findall(r"\(\?P<(\w+)>", row.get("pattern", "")))
        texts = [row["cause"], *row["packages"], *(step["what"] for step in row["fix"])]
        for each in row.get("case", ()):
            texts += [each.get("cause", ""), *each.get("packages", ()), *(step["what"] for step in each.get("fix", ()))]
        for blank in {name for text in texts for name in re.findall(r"\{(\w+)", text)}:
            assert blank in groups | derived, (row["id"], blank)
