"""What the import of a need asks for and nothing planned has becomes a need, or rules the release out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from fit_support import World, project, refill, template

from podfit.fit.session import fit_templates
from podfit.index import Index
from podfit.model import Action, EvidenceKind, Plan, Template

RELEASES = {
    ("tabular", "4.1"): ["scipy"],
    ("tabular", "3.0"): [],
    ("pandas", "2.0"): [],
    ("scipy", "1.0"): [],
    ("setuptools", "81.0"): [],
    ("setuptools", "82.0"): [],
}


def world(folder: Path, **sources: str) -> World:
    """Return a world in which tabular 4.1 and 3.0 have this source: `new` and `old`."""
    made = World(folder, RELEASES)
    for version, source in (("4.1", sources["new"]), ("3.0", sources.get("old", ""))):
        refill(folder / "wheels", f"tabular-{version}", {"tabular/__init__.py": source})
    return made


def planned(made: World, pod: Template, *ask: str, **options: object) -> Plan:
    """Return the plan of a project that asks for tabular."""
    given = replace(made.options, **options)
    (result,) = fit_templates(project(*(ask or ("tabular",))), (), [pod], index=made.index, uv=made.uv, options=given)
    assert result.plan is not None
    return result.plan


def versions(plan: Plan) -> dict[str, str]:
    """Return what is installed or changed."""
    return {d.name: d.planned for d in plan.with_action(Action.INSTALL, Action.CHANGE)}


def test_a_module_that_nobody_requires_is_needed_too(tmp_path: Path) -> None:
    made = world(tmp_path, new="import scipy, os\nfrom pandas import DataFrame\nimport nobody_knows_this\n")
    plan = planned(made, template("pod", {}))
    assert versions(plan) == {"tabular": "4.1", "scipy": "1.0", "pandas": "2.0"}
    (need,) = [need for need in plan.needs if need.name == "pandas"]
    (why,) = need.evidence
    assert (why.kind, why.source) == (EvidenceKind.BINARY, "tabular 4.1: tabular/__init__.py:2")
    assert why.detail == "imports pandas as it is imported, and does not require pandas"
    assert plan.feasible
    assert versions(planned(made, template("pod", {"pandas": ("1.0", [])}))) == {"tabular": "4.1", "scipy": "1.0"}


def test_a_release_that_raises_with_the_templates_python_is_ruled_out_with_all_older(tmp_path: Path) -> None:
    guard = "import sys\nif sys.version_info >= (3, 11):\n    raise RuntimeError('for 3.10 and older')\n"
    made = world(tmp_path, new=guard)
    assert versions(planned(made, template("pod", {}, python="3.10.12"))) == {"tabular": "4.1", "scipy": "1.0"}
    (result,) = fit_templates(
        project("tabular"),
        (),
        [template("pod", {}, python="3.11.9")],
        index=made.index,
        uv=made.uv,
        options=made.options,
    )
    said = str(result.refusal) if result.plan is None else " ".join(result.plan.problems())
    assert "tabular" in said
    assert "tabular 4.1 ends its import in an error with Python >=3.11 (tabular/__init__.py:2)" in said


def test_a_script_that_lies_beside_a_wheels_packages_is_imported_by_nobody(tmp_path: Path) -> None:
    made = world(tmp_path, new="")
    refill(tmp_path / "wheels", "tabular-4.1", {"vendor/part/__init__.py": "", "rec2idx.py": "import pandas\n"})
    assert versions(planned(made, template("pod", {}))) == {"tabular": "4.1", "scipy": "1.0"}


def test_a_module_that_something_required_has_under_another_name_is_there(tmp_path: Path) -> None:
    made = world(tmp_path, new="import pandas\n")
    assert set(versions(planned(made, template("pod", {})))) == {"tabular", "scipy", "pandas"}
    refill(tmp_path / "wheels", "scipy-1.0", {"pandas/__init__.py": ""})
    again = World(tmp_path / "again", {})
    made.index = Index([made.options.index_url], cache=again.cache, find_links=made.options.find_links)
    assert versions(planned(made, template("pod", {}))) == {"tabular": "4.1", "scipy": "1.0"}


def test_a_module_that_a_release_no_longer_has_needs_the_one_before(tmp_path: Path) -> None:
    made = world(tmp_path, new="import pkg_resources\n")
    plan = planned(made, template("pod", {"setuptools": ("82.0", [])}))
    assert versions(plan) == {"tabular": "4.1", "scipy": "1.0", "setuptools": "81.0"}
    assert versions(planned(made, template("pod", {"setuptools": ("81.0", [])}))) == {"tabular": "4.1", "scipy": "1.0"}


def test_distutils_is_there_where_setuptools_is(tmp_path: Path) -> None:
    made = world(tmp_path, new="from distutils.version import LooseVersion\n")
    assert "setuptools" not in versions(planned(made, template("pod", {}, python="3.11.9")))
    assert "setuptools" in versions(planned(made, template("pod", {}, python="3.12.1")))
    with_it = template("pod", {"setuptools": ("82.0", [])}, python="3.12.1")
    assert "setuptools" not in versions(planned(made, with_it))


def test_a_release_that_asks_for_what_numpy_no_longer_has_is_refused_with_the_place(tmp_path: Path) -> None:
    made = world(tmp_path, new="import numpy as np\nKINDS = np.sctypes\n")
    plan = planned(made, template("pod", {"numpy": ("2.1.2", [])}))
    assert not plan.feasible
    (problem,) = plan.problems()
    assert "tabular 4.1 asks for numpy.sctypes as it is imported (tabular/__init__.py:2)" in problem
    assert planned(made, template("pod", {"numpy": ("1.26.4", [])})).feasible


def test_where_the_newer_release_asks_for_it_no_longer_it_is_taken(tmp_path: Path) -> None:
    made = world(tmp_path, new="", old="import numpy\nX = numpy.float_\n")
    pod = template("pod", {"numpy": ("2.1.2", [])})
    assert versions(planned(made, pod))["tabular"] == "4.1"
    assert not planned(made, pod, "tabular<4").feasible


def test_a_module_that_python_itself_no_longer_has_leads_to_a_release_that_does_without(tmp_path: Path) -> None:
    made = world(tmp_path, new="import os\n", old="import lib2to3\n")
    new = template("pod", {}, python="3.13.1")
    plan = planned(made, new, "tabular<4")
    assert not plan.feasible
    said = "tabular 3.0 imports lib2to3 as it is imported (tabular/__init__.py:1), which Python 3.13 does not have"
    assert said in str(plan.decisions)
    assert versions(planned(made, template("pod", {}), "tabular<4")) == {"tabular": "3.0"}
    assert versions(planned(made, new)) == {"tabular": "4.1", "scipy": "1.0"}


def test_a_placeholder_is_no_release(tmp_path: Path) -> None:
    says = "import os\nraise ImportError('get it from elsewhere')\n"
    made = world(tmp_path, new=says, old="try:\n    import x\nexcept ImportError:\n    raise ImportError('x')\n")
    plan = planned(made, template("pod", {}))
    assert versions(plan) == {"tabular": "3.0"}
    (bound,) = plan.bounds
    assert bound.reason.startswith("tabular 4.1 cannot be imported, whatever is there: raise ImportError('get it")


def test_a_module_of_which_no_table_knows_is_that_which_an_extra_of_who_imports_it_names(tmp_path: Path) -> None:
    releases = {
        ("tabular", "4.1"): ["fast-things>=2; extra == 'fast'"],
        ("fast-things", "2.0"): [],
        ("other-things", "2.0"): [],
    }
    made = World(tmp_path, releases)
    source = "import fast_things.client\nimport other_things\n"
    refill(tmp_path / "wheels", "tabular-4.1", {"tabular/__init__.py": source})
    assert versions(planned(made, template("pod", {}))) == {"tabular": "4.1", "fast-things": "2.0"}
