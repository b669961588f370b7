"""A module that is imported and that the planned release no longer has leads to an older one, where that can be had."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from fit_support import EVIDENCE, Told, World, planned, project, refill, template

from podfit.fit.session import fit_templates
from podfit.model import Distribution, ImportSite, LocalEnvironment, Plan, Project, Verdict

RELEASES = {
    ("asker", "1.0"): ["lib"],
    ("lib", "1.0"): [],
    ("lib", "1.5"): [],
    ("lib", "2.0"): [],
    ("lib", "3.0"): [],
    ("other", "1.0"): ["lib>=2"],
}
WITH_OLD = {"lib/__init__.py": "", "lib/old/__init__.py": "", "lib/old/deep.py": ""}
WITHOUT = {"lib/__init__.py": "", "lib/new.py": ""}


def world(folder: Path, asks: str, *, had: bool = True) -> World:
    """Return a world in which asker's import does this, and lib up to 1.5 has lib.old, if had."""
    made = World(folder, RELEASES)
    contents: dict[str, Mapping[str, str]] = {"asker-1.0": {"asker/__init__.py": asks}}
    contents |= {f"lib-{version}": WITH_OLD if had and version < "2" else WITHOUT for _, version in list(RELEASES)[1:5]}
    for stem, files in contents.items():
        refill(folder / "wheels", stem, files)
    return made


def plan_of(made: World, asked: Project, told: Told | None = None) -> Plan:
    """Return the plan over an empty template."""
    (result,) = fit_templates(
        asked, (), [template("pod", {})], index=made.index, uv=made.uv, options=made.options, reporter=told
    )
    assert result.plan is not None
    return result.plan


def test_a_module_that_the_newest_release_lost_leads_to_the_newest_that_has_it(tmp_path: Path) -> None:
    told = Told()
    plan = plan_of(world(tmp_path, "from lib.old.deep import thing\n"), project("asker"), told)
    assert planned(plan) == {"asker": "1.0", "lib": "1.5"}
    learned = "asker 1.0 imports lib.old.deep (asker/__init__.py:1), which lib 3.0 does not have; 1.5 is the newest"
    assert any(learned in step for step in told.steps)


def test_what_is_guarded_or_made_as_the_package_runs_says_nothing(tmp_path: Path) -> None:
    guarded = world(tmp_path / "guarded", "try:\n    import lib.old\nexcept ImportError:\n    pass\n")
    assert planned(plan_of(guarded, project("asker")))["lib"] == "3.0"
    dynamic = world(tmp_path / "dynamic", "import lib.old\n", had=False)
    assert planned(plan_of(dynamic, project("asker")))["lib"] == "3.0"


HOOK = "import sys\nsys.meta_path.append(Importer(%s))\n"


@pytest.mark.parametrize(
    ("own", "lib"),
    [
        ('"lib.old"', "3.0"),
        ('f"{__name__}.old"', "3.0"),
        ('__name__ + ".old"', "3.0"),
        ('"lib.older"', "1.5"),
        ('"gold"', "1.5"),
    ],
)
def test_a_module_that_an_importer_of_the_release_makes_is_there(tmp_path: Path, own: str, lib: str) -> None:
    made = world(tmp_path, "import lib.old\n")
    files = {"lib/__init__.py": "from lib._made import hook\n", "lib/_made.py": HOOK % own, "lib/new.py": ""}
    refill(tmp_path / "wheels", "lib-3.0", files)
    refill(tmp_path / "wheels", "lib-2.0", WITHOUT)
    assert planned(plan_of(made, project("asker")))["lib"] == lib


LAZY = "import typing\nif typing.TYPE_CHECKING:\n    from .deep import Thing\ndef __getattr__(name): ...\n"


@pytest.mark.parametrize(("folder", "lib"), [("lib/old", "3.0"), ("lib/others", "1.5")])
def test_a_module_that_another_distribution_adds_is_there(tmp_path: Path, folder: str, lib: str) -> None:
    made = World(tmp_path, {**RELEASES, ("lib-more", "1.0"): ["lib"], ("pandas", "2.0"): []})
    for version in ("1.0", "1.5", "2.0", "3.0"):
        refill(tmp_path / "wheels", f"lib-{version}", WITH_OLD if version < "2" else WITHOUT)
    more = {f"{folder}/__init__.py": LAZY, f"{folder}/deep.py": "import pandas\nclass Thing: ...\n"}
    refill(tmp_path / "wheels", "lib_more-1.0", more)
    asked = replace(project("lib-more"), imports=(ImportSite("lib.old", "train.py", 3, names=("Thing",)),))
    found = planned(plan_of(made, asked))
    assert (found["lib"], "pandas" in found) == (lib, folder == "lib/old")


def test_what_the_project_imports_counts_too_but_not_against_what_was_tested(tmp_path: Path) -> None:
    made = world(tmp_path, "")
    site = ImportSite("lib.old", "train.py", 3)
    asked = replace(project("lib"), imports=(site,))
    assert planned(plan_of(made, asked)) == {"lib": "1.5"}
    assert planned(plan_of(made, replace(asked, imports=(replace(site, optional=True),)))) == {"lib": "3.0"}
    tested = LocalEnvironment({"lib": Distribution("lib", "2.0", EVIDENCE)}, EVIDENCE)
    assert planned(plan_of(made, replace(asked, local=tested))) == {"lib": "2.0"}


def test_where_the_older_release_cannot_be_had_the_plan_stands_with_a_warning(tmp_path: Path) -> None:
    plan = plan_of(world(tmp_path, "import lib.old\n"), project("asker", "other"))
    assert planned(plan) == {"asker": "1.0", "lib": "3.0", "other": "1.0"}
    (finding,) = [each for each in plan.findings if each.check == "bounds"]
    assert (finding.subject, finding.verdict) == ("lib", Verdict.WARNING)
    assert "asker 1.0 imports lib.old" in finding.message
    assert plan.feasible


def source(folder: Path, version: str, *paths: str) -> None:
    """Put a source distribution of lib there, with metadata that are final and these files."""
    info = f"Metadata-Version: 2.2\nName: lib\nVersion: {version}\n"
    with tarfile.open(folder / "wheels" / f"lib-{version}.tar.gz", "w:gz") as archive:
        for path in ("PKG-INFO", "pyproject.toml", *paths):
            data = info.encode() if path == "PKG-INFO" else b""
            member = tarfile.TarInfo(f"lib-{version}/{path}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["lib/__init__.py", "lib/old/__init__.py", "lib/old/deep.py"], "1.9"),
        (["src/lib/__init__.py", "src/lib/old/deep.py"], "1.9"),
        (["lib/__init__.py", "lib/old/deep.py", "lib/fast.cpp"], "1.5"),
        (["lib/__init__.py"], "1.5"),
    ],
)
def test_a_source_that_compiles_nothing_is_nearer_than_an_old_wheel(
    tmp_path: Path, files: list[str], expected: str
) -> None:
    made = world(tmp_path, "from lib.old.deep import thing\n")
    source(tmp_path, "1.2", "lib/__init__.py", "lib/old/deep.py")
    source(tmp_path, "1.9", *files)
    plan = plan_of(made, project("asker"))
    assert planned(plan) == {"asker": "1.0", "lib": expected}
    assert [build.version for build in plan.builds] == (["1.9"] if expected == "1.9" else [])
