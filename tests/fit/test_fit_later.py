"""A release of the template's time that lacks what the project imports of it gives way to the first that has it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from fit_support import EVIDENCE, Told, dated_index, planned, project, refill, template

from podfit.fit.options import Options
from podfit.fit.session import fit_templates
from podfit.index import Index
from podfit.model import Distribution, ImportSite, LocalEnvironment, Plan, Verdict
from podfit.model.project import Grade
from podfit.solve import Uv

Releases = dict[tuple[str, str], tuple[Sequence[str], str]]

RELEASES: Releases = {
    ("torch", "2.4.0"): ((), "2024-07-24"),
    ("hub", "1.1"): (["torch>=2"], "2025-01-10"),
    ("hub", "1.2"): (["torch>=2"], "2025-02-20"),
    ("hub", "2.0"): (["torch>=2"], "2025-05-20"),
    ("hub", "2.0.1"): (["torch>=2"], "2025-06-20"),
    ("hub", "2.1"): (["torch>=2"], "2026-01-20"),
    ("hub", "3.0"): (["torch>=2.6"], "2026-08-01"),
}
SOURCES = {
    "1.1": {"hub/__init__.py": "def load(): ...\n"},
    "1.2": {"hub/__init__.py": "def load(): ...\n"},
    "2.0": {"hub/__init__.py": "def load(): ...\ndef once(): ...\n", "hub/parts.py": ""},
    "2.0.1": {"hub/__init__.py": "def load(): ...\ndef once(): ...\n", "hub/parts.py": ""},
    "2.1": {"hub/__init__.py": "def load(): ...\ndef once(): ...\n", "hub/parts.py": ""},
    "3.0": {"hub/__init__.py": "def once(): ...\ndef newest(): ...\n", "hub/parts.py": ""},
    "3.1": {"hub/__init__.py": "def once(): ...\ndef newest(): ...\n", "hub/parts.py": ""},
}
POD = template("pod", {"torch": ("2.4.0+cu124", [])})


def plan_of(folder: Path, *sites: ImportSite, tested: str = "", releases: Releases = RELEASES) -> Plan:
    """Return the plan of a project that asks for hub and imports this; tested is hub's local version."""
    given = replace(project("hub"), imports=sites)
    if tested:
        local = LocalEnvironment({"hub": Distribution("hub", tested, EVIDENCE)}, EVIDENCE)
        given = replace(given, local=local)
    with dated_index(folder / "wheels", releases) as (url, _):
        for version, files in SOURCES.items():
            if ("hub", version) in releases:
                refill(folder / "wheels", f"hub-{version}", files)
        index, uv = Index([url], cache=folder / "cache"), Uv(folder / "cache")
        options = Options(index_url=url)
        (result,) = fit_templates(given, (), [POD], index=index, uv=uv, options=options, reporter=Told())
    assert result.plan is not None
    return result.plan


@pytest.mark.parametrize(
    "site",
    [
        ImportSite("hub", "train.py", 3, names=("load", "once")),
        ImportSite("hub.parts", "train.py", 3),
        ImportSite("hub", "train.py", 3, names=("parts",)),
    ],
)
def test_the_first_series_that_has_it_is_planned(tmp_path: Path, site: ImportSite) -> None:
    plan = plan_of(tmp_path, site)
    assert plan.feasible
    assert planned(plan) == {"hub": "2.0.1"}
    (bound,) = plan.bounds
    assert bound.reason.endswith("(train.py:3), which hub 1.1 does not have; 2.0 is the first that has it")


@pytest.mark.parametrize(
    "site",
    [
        ImportSite("hub", "train.py", 3, names=("load",)),
        ImportSite("hub", "train.py", 3, names=("once",), optional=True),
        ImportSite("hub", "train.py", 3, names=("once",), grade=Grade.FUNCTION),
        ImportSite("hub", "train.py", 3, names=("never",)),
    ],
)
def test_what_is_there_or_not_sure_or_cannot_be_had_leads_nowhere(tmp_path: Path, site: ImportSite) -> None:
    plan = plan_of(tmp_path, site)
    assert planned(plan) == {"hub": "1.1"}
    assert not plan.bounds


@pytest.mark.parametrize(
    ("other", "verdict"),
    [
        ((), Verdict.FAILED),  # no module of the project that imports it can be imported
        ((ImportSite("hub", "train.py", 2, names=("load",)),), Verdict.FAILED),
        ((ImportSite("hub", "more.py", 2, names=("load",), optional=True),), Verdict.FAILED),
        ((ImportSite("hub", "more.py", 2, names=("load",)),), Verdict.WARNING),
    ],
)
def test_what_the_held_torch_stands_against_is_told(
    tmp_path: Path, other: tuple[ImportSite, ...], verdict: Verdict
) -> None:
    plan = plan_of(tmp_path, ImportSite("hub", "train.py", 3, names=("newest",)), *other)
    assert planned(plan) == {"hub": "1.1"}
    (finding,) = [each for each in plan.findings if each.check == "bounds"]
    assert (finding.subject, finding.verdict) == ("hub", verdict)
    assert finding.message.endswith("3.0 is the first that has it, and requires torch>=2.6, and cannot be had")
    assert plan.feasible is (verdict is Verdict.WARNING)


def test_a_later_one_that_goes_with_the_held_torch_is_taken(tmp_path: Path) -> None:
    releases = {**RELEASES, ("hub", "3.1"): (["torch>=2"], "2026-09-01")}
    plan = plan_of(tmp_path, ImportSite("hub", "train.py", 3, names=("newest",)), releases=releases)
    assert planned(plan) == {"hub": "3.1"}
    (bound,) = plan.bounds
    assert bound.reason.endswith("which hub 1.1 does not have; 3.1 is the first that has it and goes with what is held")


def test_what_was_tested_is_taken(tmp_path: Path) -> None:
    site = ImportSite("hub", "train.py", 3, names=("once",))
    assert planned(plan_of(tmp_path, site, tested="1.1")) == {"hub": "1.1"}


BESIDE_NUMPY = {
    ("numpy", "1.26.4"): ((), "2024-02-05"),
    ("numpy", "2.1.0"): ((), "2024-08-18"),
    ("hub", "1.2"): (["numpy"], "2024-01-20"),
    ("hub", "2.0"): (["numpy<2"], "2024-05-20"),
    ("hub", "2.1"): (["numpy<2"], "2024-08-20"),
    ("aside", "1.0"): (["numpy"], "2020-01-20"),
    ("aside", "2.0"): (["numpy>=2"], "2024-09-01"),
}


def numpy_plan_of(folder: Path, name: str, *asked: str) -> Plan:
    """Return the plan over NumPy 2 of a project that imports a name of hub, which is for NumPy 1 from 2.0 on."""
    given = replace(project("hub", *asked), imports=(ImportSite("hub", "train.py", 3, names=(name,)),))
    pod = template("pod", {"torch": ("2.4.0+cu124", []), "numpy": ("2.1.0", [])})
    with dated_index(folder / "wheels", {("torch", "2.4.0"): ((), "2024-07-24"), **BESIDE_NUMPY}) as (url, _):
        for version in ("1.2", "2.0", "2.1"):
            refill(folder / "wheels", f"hub-{version}", SOURCES[version])
        index, uv = Index([url], cache=folder / "cache"), Uv(folder / "cache")
        options = Options(index_url=url)
        (result,) = fit_templates(given, (), [pod], index=index, uv=uv, options=options, reporter=Told())
    assert result.plan is not None
    return result.plan


def test_numpy_moves_where_no_release_beside_it_has_what_is_imported(tmp_path: Path) -> None:
    """And the newest that this gives is taken: it was not its time that stood against it."""
    plan = numpy_plan_of(tmp_path, "once")
    assert planned(plan) == {"hub": "2.1", "numpy": "1.26.4"}
    assert [(change.name, change.after) for change in plan.changes] == [("numpy", "1.26.4")]


@pytest.mark.parametrize(("name", "asked"), [("load", ()), ("once", ("numpy>=2",)), ("once", ("aside>=2",))])
def test_numpy_stays_where_nothing_is_gained_or_another_need_is_lost(
    tmp_path: Path, name: str, asked: tuple[str, ...]
) -> None:
    plan = numpy_plan_of(tmp_path, name, *asked)
    assert planned(plan)["hub"] == "1.2"
    assert not plan.changes


def test_numpy_stays_where_another_need_would_lose_years(tmp_path: Path) -> None:
    assert planned(numpy_plan_of(tmp_path, "once", "aside")) == {"hub": "1.2", "aside": "2.0"}


GONE = {
    ("torch", "2.4.0"): ((), "2024-07-24"),
    ("hub", "1.0"): ((), "2023-01-10"),
    ("hub", "1.1"): ((), "2023-06-10"),
    ("hub", "2.0"): ((), "2024-01-20"),
    ("hub", "2.1"): ((), "2024-02-20"),
}
"""hub lost `old` with 2.0; what 1.1 has nobody knows, where its module says that it may have anything."""


def gone_plan_of(folder: Path, asked: str = "hub", *, sure: bool = True, name: str = "old") -> Plan:
    """Return the plan of a project that imports a name of hub which its releases from 2.0 on do not have."""
    given = replace(project(asked), imports=(ImportSite("hub", "train.py", 3, names=("load", name)),))
    with dated_index(folder / "wheels", GONE) as (url, _):
        for version in ("1.0", "1.1", "2.0", "2.1"):
            code = "def load(): ...\n" + ("def old(): ...\n" if version[0] == "1" and sure else "")
            code += "def __getattr__(name): ...\n" if version[0] == "1" and not sure else ""
            refill(folder / "wheels", f"hub-{version}", {"hub/__init__.py": code})
        index, uv = Index([url], cache=folder / "cache"), Uv(folder / "cache")
        options = Options(index_url=url)
        (result,) = fit_templates(given, (), [POD], index=index, uv=uv, options=options, reporter=Told())
    assert result.plan is not None
    return result.plan


def test_what_the_newest_no_longer_has_leads_to_the_newest_that_has_it(tmp_path: Path) -> None:
    plan = gone_plan_of(tmp_path)
    assert planned(plan) == {"hub": "1.1"}
    (bound,) = plan.bounds
    lacks = "the project imports old from hub (train.py:3), which hub 2.1 does not have"
    assert bound.reason == f"{lacks}; 1.1 is the newest before it that has it"


@pytest.mark.parametrize(
    ("asked", "sure", "name"), [("hub>=2", True, "old"), ("hub", False, "old"), ("hub", True, "never")]
)
def test_the_newest_stays_where_no_older_one_is_allowed_or_sure(
    tmp_path: Path, asked: str, sure: bool, name: str
) -> None:
    assert planned(gone_plan_of(tmp_path, asked, sure=sure, name=name)) == {"hub": "2.1"}


@pytest.mark.parametrize(
    ("now", "version"),
    [
        ("def once(): ...\n", "1.2"),
        ("", "1.2"),
        ("def load(): ...\n", "4.0"),
        ("from elsewhere import *\n", "4.0"),
        ("def __getattr__(name): ...\n", "4.0"),
    ],
)
def test_whether_the_newest_still_has_it_its_source_tells(tmp_path: Path, now: str, version: str) -> None:
    releases = {("hub", each): ((), f"2024-0{place}-01") for place, each in enumerate(("1.1", "1.2", "3.0", "4.0"), 1)}
    had = {"1.1": "def load(): ...\n", "1.2": "def load(): ...\n", "3.0": now, "4.0": now}
    given = replace(project("hub"), imports=(ImportSite("hub", "train.py", 3, names=("load",)),))
    with dated_index(tmp_path / "wheels", releases) as (url, _):
        for each, source in had.items():
            refill(tmp_path / "wheels", f"hub-{each}", {"hub/__init__.py": source})
        index, uv = Index([url], cache=tmp_path / "cache"), Uv(tmp_path / "cache")
        pods = [template("pod", {})]
        (result,) = fit_templates(given, (), pods, index=index, uv=uv, options=Options(index_url=url))
    assert result.plan is not None
    assert planned(result.plan) == {"hub": version}
