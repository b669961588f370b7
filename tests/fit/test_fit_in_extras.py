"""What an extra says of a distribution bounds it where the import of who has that extra uses it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from fit_support import EVIDENCE, Told, World, dated_index, planned, project, refill, template

from podfit.fit.options import Options
from podfit.fit.session import fit_templates
from podfit.index import Index
from podfit.model import Distribution, EvidenceKind, LocalEnvironment, Plan, Verdict
from podfit.solve import Uv

PANDAS = {("pandas", "1.5"): [], ("pandas", "2.0"): [], ("pandas", "2.1"): []}


def plan_of(folder: Path, *lines: str, source: str = "import pandas\n", ask: tuple[str, ...] = ("kit",)) -> Plan:
    """Return the plan for kit 1.0, which requires these lines and imports pandas."""
    made = World(folder, {**PANDAS, ("kit", "1.0"): lines, ("new", "1.0"): ["pandas>=2.1"]})
    refill(folder / "wheels", "kit-1.0", {"kit/__init__.py": source})
    options = made.options
    (result,) = fit_templates(project(*ask), (), [template("pod", {})], index=made.index, uv=made.uv, options=options)
    assert result.plan is not None
    return result.plan


def test_what_the_extra_says_is_planned(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, 'pandas<2.1; extra == "tables"')
    assert planned(plan) == {"kit": "1.0", "pandas": "2.0"}
    (bound,) = plan.bounds
    assert bound.reason == "kit 1.0 imports pandas and works with pandas<2.1 (its extra tables), not 2.1"
    assert bound.evidence.kind is EvidenceKind.METADATA


@pytest.mark.parametrize(
    "lines",
    [
        ['pandas<2; extra == "test"'],
        ['pandas<2; extra == "docs"'],
        ['pandas<2; extra == "old"', 'pandas; extra == "new"'],
        ["pandas", 'pandas<2; extra == "old"'],
        ['pandas<2; extra == "old" and python_version < "3.8"'],
    ],
)
def test_what_counts_for_others_bounds_nothing(tmp_path: Path, lines: list[str]) -> None:
    assert planned(plan_of(tmp_path, *lines)) == {"kit": "1.0", "pandas": "2.1"}


def test_what_is_not_imported_is_not_bounded(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, 'pandas<2; extra == "tables"', source="", ask=("kit", "pandas"))
    assert planned(plan) == {"kit": "1.0", "pandas": "2.1"}


def test_it_gives_way(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, 'pandas<2; extra == "tables"', ask=("kit", "new"))
    assert planned(plan) == {"kit": "1.0", "new": "1.0", "pandas": "2.1"}
    (finding,) = [each for each in plan.findings if each.check == "bounds"]
    assert (finding.subject, finding.verdict) == ("pandas", Verdict.WARNING)


def test_a_later_one_is_not_taken_against_the_templates_time(tmp_path: Path) -> None:
    releases = {
        ("torch", "2.4.0"): ((), "2024-07-24"),
        ("kit", "1.0"): (['graphs>=2; extra == "all"'], "2024-08-01"),
        ("graphs", "1.0"): (["torch>=2"], "2024-08-01"),
        ("graphs", "2.0"): (["torch>=2"], "2026-08-01"),
    }
    pod = template("pod", {"torch": ("2.4.0+cu124", [])})
    with dated_index(tmp_path / "wheels", releases) as (url, _):
        refill(tmp_path / "wheels", "kit-1.0", {"kit/__init__.py": "import graphs\n"})
        index, uv = Index([url], cache=tmp_path / "cache"), Uv(tmp_path / "cache")
        given = project("kit", "graphs")
        (result,) = fit_templates(given, (), [pod], index=index, uv=uv, options=Options(index_url=url))
    assert result.plan is not None
    assert planned(result.plan) == {"kit": "1.0", "graphs": "1.0"}


TORCH = {("torch", "2.4.0"): ((), "2024-07-24")}
NEAR = {("hub", "1.0"): (["torch"], "2024-08-01"), ("hub", "2.0"): (["torch"], "2026-08-01")}


@pytest.mark.parametrize(
    ("releases", "asked", "expected"),
    [
        (  # the wish is in the way of a need, and no limit is
            {
                **TORCH,
                **NEAR,
                ("kit", "1.0"): (['pandas<2; extra == "tables"'], "2024-08-01"),
                ("pandas", "1.5"): ([], "2023-01-01"),
                ("pandas", "2.1"): ([], "2024-01-01"),
                ("new", "1.0"): (["pandas>=2.1"], "2024-08-01"),
            },
            ("kit", "new", "hub"),
            {"kit": "1.0", "new": "1.0", "hub": "1.0", "pandas": "2.1"},
        ),
        (  # of what is wished there is nothing before the limit
            {
                **TORCH,
                ("kit", "1.0"): (['pandas>=1.8; extra == "tables"'], "2024-08-01"),
                ("pandas", "1.5"): ([], "2023-01-01"),
                ("pandas", "1.9"): ([], "2026-01-01"),
                ("mid", "1.0"): (["torch", "pandas"], "2024-08-01"),
            },
            ("kit", "mid"),
            {"kit": "1.0", "mid": "1.0", "pandas": "1.9"},
        ),
    ],
)
def test_no_limit_in_time_gives_way_to_find_out_that_a_wish_is_in_the_way(
    tmp_path: Path,
    releases: dict[tuple[str, str], tuple[list[str], str]],
    asked: tuple[str, ...],
    expected: dict[str, str],
) -> None:
    pod = template("pod", {"torch": ("2.4.0+cu124", [])})
    tested = LocalEnvironment({"pandas": Distribution("pandas", "1.5", EVIDENCE)}, EVIDENCE)
    told = Told()
    with dated_index(tmp_path / "wheels", releases) as (url, _):
        refill(tmp_path / "wheels", "kit-1.0", {"kit/__init__.py": "import pandas\n"})
        index, uv = Index([url], cache=tmp_path / "cache"), Uv(tmp_path / "cache")
        (result,) = fit_templates(
            replace(project(*asked), local=tested),
            (),
            [pod],
            index=index,
            uv=uv,
            options=Options(index_url=url),
            reporter=told,
        )
    assert result.plan is not None
    assert planned(result.plan) == expected
    assert not [step for step in told.steps if "of its time" in step]
