"""Categories: every line names a known category, and what a training run computes with is in none."""

from __future__ import annotations

from dataclasses import replace

import pytest
from packaging.utils import canonicalize_name

from podfit.catalogue import categories
from podfit.catalogue.table import table
from podfit.model import Evidence, EvidenceKind
from podfit.model.weight import About
from podfit.plan.category import category

READ = Evidence(EvidenceKind.METADATA, "METADATA")


def test_every_rule_names_a_category_and_every_member_a_normalized_name() -> None:
    found = table("categories")
    titles = categories.titles()
    assert {"development", "serving", "documentation", "data-engineering", "cloud", "notebooks"} <= set(titles)
    for kind in ("pattern", "classifier", "phrase"):
        assert {rule["category"] for rule in found[kind]} <= set(titles)
    for entry in found["category"].values():
        for name, source in entry.get("members", {}).items():
            assert name == canonicalize_name(name)
            assert source.startswith("https://")
    for phrase in (word for rule in found["phrase"] for word in rule["any"]):
        assert phrase == phrase.lower()


def test_a_name_has_its_own_line_before_a_pattern() -> None:
    own, pattern = categories.by_name("pytest"), categories.by_name("pytest-some-plugin")
    assert own is not None
    assert pattern is not None
    assert (own.name, own.title) == (pattern.name, pattern.title) == ("development", "Development tools")
    assert own.evidence.source != pattern.evidence.source
    assert own.evidence.source.startswith("https://")


@pytest.mark.parametrize("core", ["torch", "numpy", "pandas", "scikit-learn", "xgboost", "mlflow", "pydantic", "tqdm"])
def test_what_a_run_computes_with_is_placed_by_no_name(core: str) -> None:
    assert categories.by_name(core) is None


def test_a_classifier_below_a_rule_meets_it_and_a_longer_word_does_not() -> None:
    below = categories.by_classifier(["Topic :: Software Development :: Testing :: Mocking"], READ)
    assert below is not None
    assert (below.name, below.evidence.detail) == (
        "development",
        "classifier Topic :: Software Development :: Testing :: Mocking",
    )
    assert categories.by_classifier(["Topic :: Databases of another kind", "Framework :: Jupyter"], READ) is None


def test_topics_of_a_library_for_libraries_and_of_what_computes_say_nothing() -> None:
    database = About("A DataFrame library", ("Topic :: Database",), (), READ)
    assert category("made-up", database, ()).name == "data-engineering"
    assert category("made-up-cu12", database, ()).name == "other"
    science = replace(database, classifiers=("Topic :: Database", "Topic :: Scientific/Engineering :: Astronomy"))
    assert category("made-up", science, ("another",)).name == "transitive"
    assert category("pytest-made-up", science, ()).name == "development"


def test_a_library_has_no_line_of_its_own_and_each_name_is_normalized() -> None:
    found = table("categories")
    members = {name for entry in found["category"].values() for name in entry.get("members", {})}
    for name in found["library"]["names"]:
        assert name.replace("*", "x") == canonicalize_name(name.replace("*", "x"))
        assert name not in members


def test_an_address_in_a_summary_is_no_word_of_it() -> None:
    assert categories.by_keyword([], "Common libraries, see https://github.com/made/up", READ) is None
    assert categories.by_keyword([], "Everything of GitHub from Python", READ) is not None


def test_phrases_are_whole_keywords_or_whole_words_of_the_summary() -> None:
    keyword = categories.by_keyword(["AWS", "cli"], "", READ)
    assert keyword is not None
    assert (keyword.name, keyword.evidence.detail) == ("cloud", "keyword aws")
    summary = categories.by_keyword([], "A fast ASGI server.", READ)
    assert summary is not None
    assert (summary.name, summary.evidence.detail) == ("serving", "summary: A fast ASGI server.")
    assert categories.by_keyword(["databases-of-sorts"], "It lints? No: splintered flaws.", READ) is None
