"""What a project needs on a template: declared, imported and implied, each with its evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from share import examples

from podfit.catalogue import imports as catalogue
from podfit.model import (
    Call,
    Declaration,
    Distribution,
    Evidence,
    EvidenceKind,
    Grade,
    ImportSite,
    InputError,
    Interpreter,
    LocalEnvironment,
    Need,
    Origin,
    Platform,
    Project,
    Template,
    Verdict,
    VersionCheck,
    Where,
    canonical,
)
from podfit.needs import NeedReport, find_needs
from podfit.needs.providers import WheelModules
from podfit.readers.declared import read_declared
from podfit.readers.declared.installs import commands
from podfit.readers.declared.installs import declarations as by_hand
from podfit.readers.imports import scan_imports

EXAMPLE = Path(__file__).parents[2] / "examples" / "moola"
GIVEN = Evidence(EvidenceKind.METADATA, "freeze.txt")


def template(python: str = "3.11.9", *distributions: Distribution, machine: str = "x86_64") -> Template:
    return Template(
        "t",
        Interpreter(python),
        Platform(machine=machine),
        {one.name: one for one in distributions},
        Origin.GIVEN,
        Evidence(EvidenceKind.MEASURED, "probe.json"),
    )


def installed(name: str, version: str = "1.0", *import_names: str) -> Distribution:
    return Distribution(name, version, GIVEN, import_names=import_names)


def local(import_map: Mapping[str, tuple[str, ...]]) -> LocalEnvironment:
    return LocalEnvironment({}, Evidence(EvidenceKind.METADATA, "laptop.json"), import_map=import_map)


def project(
    *declared: str | Declaration,
    imports: tuple[str | ImportSite, ...] = (),
    environment: LocalEnvironment | None = None,
    own: frozenset[str] = frozenset(),
    name: str = "demo",
    root: str = "/demo",
) -> Project:
    declarations = tuple(
        one if isinstance(one, Declaration) else Declaration(one, Where("requirements.txt", line))
        for line, one in enumerate(declared, 1)
    )
    sites = tuple(
        one if isinstance(one, ImportSite) else ImportSite(one, "a.py", line) for line, one in enumerate(imports, 1)
    )
    return Project(root, name, sites, declarations, local=environment, own_modules=own)


def guarded(module: str) -> ImportSite:
    return ImportSite(module, "a.py", 9, True, "try/except ImportError at line 8", grade=Grade.GUARDED)


def only(report: NeedReport) -> Need:
    (need,) = report.needs
    return need


def names(report: NeedReport) -> list[str]:
    return [need.name for need in report.needs]


def test_declared_and_imported() -> None:
    report = find_needs(project("scikit-learn[plots]>=1.5", imports=("sklearn.svm",)), template())
    need = only(report)
    assert (need.name, need.specifier, need.extras) == ("scikit-learn", ">=1.5", ("plots",))
    assert (need.declared, need.imported, need.optional) == (True, True, False)
    assert need.import_names == ("sklearn",)
    assert need.evidence[0] == Evidence(EvidenceKind.METADATA, "requirements.txt:1", "scikit-learn[plots]>=1.5")
    assert need.evidence[1] == Evidence(EvidenceKind.METADATA, "a.py:1", "import sklearn.svm")
    assert "RECORD" in need.evidence[2].source
    assert not report.findings


def test_markers_are_judged_for_the_template_never_for_this_machine() -> None:
    declared = (
        "tomli; python_version < '3.11'",
        "numpy<2; python_full_version < '3.10.13'",
        "pywin32; sys_platform == 'win32'",
        "mkl; platform_machine == 'x86_64'",
        "colorama; os_name == 'nt' or implementation_name == 'pypy'",
    )
    assert names(find_needs(project(*declared), template("3.10.12"))) == ["mkl", "numpy", "tomli"]
    report = find_needs(project(*declared), template("3.12.1", machine="aarch64"))
    assert names(report) == []
    assert len(report.findings) == 5
    assert all(finding.verdict is Verdict.OK and "is false" in finding.message for finding in report.findings)


def test_what_serves_another_system_alone_is_left_out_with_a_note() -> None:
    report = find_needs(project("pywin32==306", "appnope", "pyobjc-framework-Cocoa==10.3", "numpy"), template())
    assert names(report) == ["numpy"]
    notes = {finding.subject: finding.message for finding in report.findings if "left out" in finding.message}
    assert set(notes) == {"pywin32", "appnope", "pyobjc-framework-cocoa"}
    assert notes["appnope"] == "left out: it is for macOS alone, and the template runs Linux"
    assert names(find_needs(project("appnope"), template("3.11.9", installed("appnope")))) == ["appnope"]


def test_what_serves_another_host_alone_is_left_out_with_a_note() -> None:
    beside = Declaration("condacolab", Where("a.ipynb", 1), scope="a.ipynb")
    sites = (ImportSite("condacolab", "a.ipynb", 1), ImportSite("numpy", "a.ipynb", 2))
    report = find_needs(replace(project("condacolab"), imports=sites), template())
    assert names(report) == ["numpy"]
    assert names(find_needs(replace(project(), declarations=(beside,), imports=sites), template())) == ["numpy"]
    told = [finding.message for finding in report.findings if finding.subject == "condacolab"]
    assert told == [
        "left out: it puts conda in the place of Google Colab's own Python",
        "condacolab puts conda in the place of Google Colab's own Python",
    ]
    assert not report.questions


@pytest.mark.parametrize(
    "line", ["google-colab==1.0.0", "google-colab @ file:///colabtools/dist/google_colab-1.0.0.tar.gz"]
)
def test_what_is_a_hosts_own_is_left_out_whatever_its_address(line: str) -> None:
    report = find_needs(project(line, "numpy"), template())
    assert names(report) == ["numpy"]
    assert any("part of Google Colab's own image" in finding.message for finding in report.findings)
    assert names(find_needs(project("google-colab"), template("3.11.9", installed("google-colab")))) == ["google-colab"]


def test_what_is_for_another_accelerator_is_left_out_whoever_asks_for_it():
    sure = ImportSite("torch_npu", "ascend/main.py", 1)
    lazy = replace(sure, grade=Grade.FUNCTION, optional=True)
    for site, verdict in ((sure, Verdict.WARNING), (lazy, Verdict.OK)):
        report = find_needs(replace(project("numpy"), imports=(site, ImportSite("numpy", "a.py", 1))), template())
        assert [need.name for need in report.needs] == ["numpy"]
        (told,) = [finding for finding in report.findings if finding.subject == "torch-npu"]
        assert (told.verdict, "Ascend" in told.message) == (verdict, True)
    declared = find_needs(replace(project("torch-npu==2.1.0", "numpy"), imports=(sure,)), template())
    assert [need.name for need in declared.needs] == ["numpy"]


def test_a_line_that_asks_for_nothing_gives_its_range_to_what_is_imported() -> None:
    beside = Declaration("demolib==1.2.*", Where("environment.yml", 2), scope="environment.yml", asks=False)
    assert names(find_needs(replace(project(), declarations=(beside,)), template())) == []
    imported = (ImportSite("demolib", "a.py", 1),)
    report = find_needs(replace(project(), declarations=(beside,), imports=imported), template())
    assert [(need.name, need.specifier) for need in report.needs] == [("demolib", "==1.2.*")]


def test_the_place_of_a_need_is_where_its_range_is_asked_for() -> None:
    def at(*told: tuple[str, str]) -> str:
        declared = [Declaration(text, Where(path, 1)) for path, text in told]
        return only(find_needs(project(*declared), template())).place

    assert at(("a.txt", "numpy"), ("b.txt", "numpy>=2")) == " (b.txt:1)"
    assert at(("a.txt", "numpy>=1"), ("b.txt", "numpy"), ("c.txt", "numpy<3,>=2")) == " (a.txt:1, c.txt:1)"
    assert at(("a.txt", "numpy"), ("b.txt", "numpy")) == " (a.txt:1)"


def test_extras_and_groups_only_where_selected() -> None:
    declared = [
        Declaration("torch", Where("p", 1)),
        Declaration("fastapi>=0.1", Where("p", 2), group="extra:Web_API"),
        Declaration("demo[web-api]", Where("p", 3), group="extra:all"),
        Declaration("pytest", Where("p", 4), group="group:dev"),
        Declaration("tracking; extra == 'all'", Where("p", 5)),
    ]
    made = project(*declared)
    assert names(find_needs(made, template())) == ["torch"]
    assert names(find_needs(made, template(), extras=["web.api"])) == ["fastapi", "torch"]
    assert names(find_needs(made, template(), extras=["all"])) == ["fastapi", "torch", "tracking"]
    assert names(find_needs(made, template(), groups=["dev"])) == ["pytest", "torch"]
    (finding,) = [f for f in find_needs(made, template(), extras=["wbe"]).findings if f.subject == "wbe"]
    assert finding.verdict is Verdict.WARNING
    assert "web-api" in finding.evidence.detail


def test_declarations_of_one_name_are_merged() -> None:
    need = only(find_needs(project("Pandas[excel]<3", "pandas>=2.0", "pandas[aws]!=2.1.0,<3"), template()))
    assert need.specifier == ">=2.0,<3,!=2.1.0"
    assert need.extras == ("aws", "excel")
    assert [e.source for e in need.evidence[:3]] == ["requirements.txt:1", "requirements.txt:2", "requirements.txt:3"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("a==1", "a==2"),
        ("a>=2", "a<2"),
        ("a==2.4.0+cu121", "a==2.4.0+cu124"),
        ("a~=1.4", "a>=2"),
        ("a @ https://x/a-1.zip", "a @ https://x/a-2.zip"),
    ],
)
def test_declarations_that_exclude_each_other_are_a_question_with_both_places(first: str, second: str) -> None:
    report = find_needs(project(first, "b", second), template())
    (question,) = report.questions
    assert question.subject == "a"
    assert question.message.startswith(f"requirements.txt:3: {second!r} and {first!r} at requirements.txt:1 exclude")
    assert [each.source for each in question.evidence] == ["requirements.txt:3", "requirements.txt:1"]
    needs = {need.name: need for need in report.needs}
    assert set(needs) == {"a", "b"}
    followed = Requirement(first)
    assert (needs["a"].specifier, needs["a"].url) == (str(followed.specifier), followed.url or "")


def test_a_range_that_nothing_fits_is_a_question_and_any_version_is_needed() -> None:
    report = find_needs(project("a>2,<1", "b"), template())
    (question,) = report.questions
    assert "no version of a can satisfy 'a<1,>2'" in question.message or "'a>2,<1'" in question.message
    assert [(need.name, need.specifier) for need in report.needs] == [("a", ""), ("b", "")]
    with pytest.raises(InputError, match="is not a requirement"):
        find_needs(project("a=1"), template())


def test_ranges_that_agree_across_markers_and_local_versions() -> None:
    declared = ("a==1; python_version<'3.11'", "a==2; python_version>='3.11'", "t==2.4.0", "t==2.4.0+cu124")
    report = find_needs(project(*declared), template("3.11.9"))
    assert [(need.name, need.specifier) for need in report.needs] == [("a", "==2"), ("t", "==2.4.0,==2.4.0+cu124")]


def test_the_project_itself_and_constraints_are_no_needs(tmp_path: Path) -> None:
    constraint = Declaration("numpy<2", Where("c.txt", 1), constraint=True)
    own = Declaration(f"other-name @ {tmp_path.as_uri()}", Where("r.txt", 2), editable=True)
    git = Declaration("clip @ git+https://example.org/clip.git@abc", Where("r.txt", 3), editable=True)
    away = Declaration("x<1; sys_platform=='win32'", Where("c.txt", 2), constraint=True)
    report = find_needs(project(constraint, own, git, away, "Demo", root=str(tmp_path)), template())
    assert only(report).url == "git+https://example.org/clip.git@abc"
    assert report.constraints == (constraint,)


def test_the_standard_library_is_the_templates() -> None:
    imports = ("tomllib", "imp", "os.path", "_thread", "__main__", "asyncio")
    old = find_needs(project(imports=imports), template("3.10.12"))
    new = find_needs(project(imports=imports), template("3.12.1"))
    assert names(old) == names(new) == []
    assert [site.module for site in old.unresolved] == ["tomllib"]
    assert [site.module for site in new.unresolved] == ["imp"]
    assert not new.findings
    (question,) = new.questions
    assert "not of the template's 3.12" in question.message
    assert names(find_needs(project("dataclasses", imports=("dataclasses",)), template("3.6.1"))) == ["dataclasses"]


@pytest.mark.parametrize(
    ("declared", "module"),
    [("typing", "typing"), ("dataclasses>=0.6", "dataclasses"), ("enum34==1.1.6", "enum"), ("json", "json"),
     ("futures", "concurrent.futures")],
)  # fmt: skip
def test_what_the_standard_library_has_is_left_out_and_told(declared: str, module: str) -> None:
    report = find_needs(project(declared, "click", imports=(module,)), template("3.11.9"))
    assert names(report) == ["click"]
    told = [finding for finding in report.findings if finding.check == "declared" and "left out" in finding.message]
    assert [finding.message for finding in told] == [
        f"left out: {module} is in the standard library of the template's Python 3.11"
    ]


@pytest.mark.parametrize(
    ("asked", "torch", "needed", "verdict"),
    [
        ("triton", "2.8.0+cu128", False, Verdict.OK),
        ("triton>=3.4", "2.8.0+cu128", False, Verdict.OK),
        ("triton==3.5.0", "2.8.0+cu128", False, Verdict.OK),  # what somebody had
        ("triton>=3.5.0", "2.8.0+cu128", True, None),
        ("triton>=3.5.0", "99.0.0", False, Verdict.UNKNOWN),
    ],
)
def test_a_range_that_what_torch_brought_does_not_meet_is_not_left_out(
    asked: str, torch: str, needed: bool, verdict: Verdict | None
) -> None:
    """mamba asks for triton>=3.5, and torch 2.8 goes with 3.4."""
    lacking = replace(template("3.11.9", installed("torch", torch)), incomplete=True)
    report = find_needs(project(asked), lacking)
    assert ("triton" in names(report)) is needed
    told = [finding.verdict for finding in report.findings if "left out" in finding.message]
    assert told == ([] if needed else [verdict])


@pytest.mark.parametrize(
    ("there", "needed"),
    [([("torch", "2.4.1+cu124")], ["click", "torch"]), ([], ["click", "functorch"]),
     ([("torch", "1.12.0"), ("functorch", "0.2.1")], ["click", "functorch"])],
)  # fmt: skip
def test_a_distribution_whose_module_a_framework_of_the_template_brings_is_left_out(
    there: list[tuple[str, str]], needed: list[str]
) -> None:
    """functorch 2.0.0 asks for torch<2.1, and every torch since has its module."""
    on = template("3.11.9", *(installed(*each) for each in there))
    report = find_needs(project("functorch==2.0.0", "click", imports=("functorch",)), on)
    assert names(report) == needed
    told = [finding.message for finding in report.findings if "left out" in finding.message]
    brought = "left out: functorch comes with the template's torch 2.4.1+cu124"
    assert told == ([] if "functorch" in needed else [brought])


def test_what_is_called_like_a_module_but_for_its_case_is_another_distribution() -> None:
    assert names(find_needs(project("DateTime"), template("3.11.9"))) == ["datetime"]


def test_a_removed_name_keeps_its_range_where_the_versions_are_the_same() -> None:
    report = find_needs(project("tensorflow-gpu>=2.0", "sklearn==0.0"), template("3.11.9"))
    assert {need.name: need.specifier for need in report.needs} == {"tensorflow": ">=2.0", "scikit-learn": ""}
    told = next(finding for finding in report.findings if finding.subject == "tensorflow")
    assert "asks for tensorflow-gpu>=2.0; tensorflow>=2.0 is taken" in told.message
    assert not find_needs(project(imports=("os",)), template("3.99.0")).unresolved


def test_what_newer_pythons_removed_is_of_the_distribution_that_brings_it_back() -> None:
    code = project(imports=("distutils.util", "audioop"))
    assert names(find_needs(code, template("3.11.9"))) == []
    there = template("3.13.1", installed("setuptools", "80.9.0", "setuptools", "pkg_resources"))
    report = find_needs(code, there)
    assert {need.name: need.specifier for need in report.needs} == {"audioop-lts": "", "setuptools": ">=66.1.0"}
    assert not report.questions
    assert report.needs[1].evidence[1].kind is EvidenceKind.MEASURED
    assert report.needs[1].import_names == ("distutils",)


def test_own_modules_and_the_project_are_dropped() -> None:
    made = project(imports=("utils.x", "demo.core"), own=frozenset({"utils"}))
    assert not find_needs(made, template()).needs


def test_imported_but_not_declared() -> None:
    report = find_needs(project(imports=("einops",)), template("3.11.9", installed("einops", "0.8.0")))
    need = only(report)
    assert (need.declared, need.imported, need.specifier) == (False, True, "")
    (finding,) = report.findings
    assert (finding.verdict, finding.subject) == (Verdict.WARNING, "einops")
    assert finding.message == "imported but not declared"  # the same on every template, so that it is told once


def test_declared_but_never_imported() -> None:
    report = find_needs(project("torchaudio>=2"), template())
    assert not only(report).imported
    assert only(report).import_names == ("torchaudio",)
    assert report.findings[0].verdict is Verdict.OK
    assert "kept" in report.findings[0].message
    assert not find_needs(project("torchaudio>=2"), template(), only_imported=True).needs


def test_guarded_imports() -> None:
    made = project("wandb", imports=(guarded("wandb"), guarded("comet_ml"), guarded("timm"), "timm.data"))
    report = find_needs(made, template())
    assert names(report) == ["timm", "wandb"]
    assert not any(need.optional for need in report.needs)
    (finding,) = [one for one in report.findings if one.subject == "comet-ml"]
    assert finding.verdict is Verdict.OK
    assert "try/except ImportError at line 8" in finding.message
    more = find_needs(made, template(), include_optional=True)
    assert [(need.name, need.optional) for need in more.needs] == [
        ("comet-ml", True),
        ("timm", False),
        ("wandb", False),
    ]


def test_evidence_for_a_provider_comes_from_the_best_source() -> None:
    made = project(imports=("thing",), environment=local({"thing": ("thing-for-local",)}))
    on = template("3.11.9", installed("thing-of-template", "1", "thing"))
    assert names(find_needs(made, template())) == ["thing-for-local"]
    # What the template already has serves; the laptop's choice would be one more provider of the same module.
    need = only(find_needs(made, on))
    assert need.name == "thing-of-template"
    assert (
        Evidence(EvidenceKind.METADATA, "freeze.txt", "thing-of-template provides the module thing on t")
        in need.evidence
    )
    seen = only(find_needs(project(imports=("yaml",)), template()))
    assert (seen.name, seen.evidence[-1].kind) == ("pyyaml", EvidenceKind.METADATA)


def wheels(**modules: tuple[str, ...]) -> WheelModules:
    return lambda name: (modules.get(name.replace("-", "_"), ()), f"{name}-1-py3-none-any.whl")


def test_an_import_name_is_never_taken_for_a_distribution() -> None:
    """strawberry, ceph, quaternion: the index's distributions of these names are other people's."""
    asked: list[str] = []

    def modules(name: str) -> tuple[tuple[str, ...], str]:
        asked.append(name)
        return (), ""

    report = find_needs(project("numpy", imports=("some_thing", "ceph")), template(), wheel_modules=modules)
    assert names(report) == ["numpy"]
    assert not asked
    assert [question.subject for question in report.questions] == ["some_thing", "ceph"]
    assert report.questions[1].message == "a.py:2 imports it at module level: no distribution is known to provide ceph"
    assert report.questions[1].evidence == (Evidence(EvidenceKind.METADATA, "a.py:2", "import ceph"),)
    assert "declare" in report.questions[1].remedy


def test_the_declared_distributions_own_wheels_come_first() -> None:
    """dm-tree provides tree; the curated table's opencv-python gives way to what is declared."""
    made = project("dm-treelike", "odd-opencv", imports=("arbor", "cv2"))
    report = find_needs(made, template(), wheel_modules=wheels(dm_treelike=("arbor",), odd_opencv=("cv2",)))
    assert names(report) == ["dm-treelike", "odd-opencv"]
    assert all(need.declared and need.imported for need in report.needs)
    assert any(e == Evidence(EvidenceKind.BINARY, "dm-treelike-1-py3-none-any.whl", "holds the module arbor")
               for e in report.needs[0].evidence)  # fmt: skip
    assert not report.questions
    assert names(find_needs(project(imports=("tree", "quaternion", "skvideo.io", "parselmouth")), template())) == [
        "dm-tree",
        "numpy-quaternion",
        "praat-parselmouth",
        "scikit-video",
    ]


@pytest.mark.parametrize("module", ["clip", "apex.amp", "detectron2.config", "segment_anything"])
def test_what_its_project_publishes_nowhere_is_a_question_with_its_address(module: str) -> None:
    top = module.partition(".")[0]
    report = find_needs(project(imports=(module,)), template())
    assert not report.needs
    (question,) = report.questions
    assert "repository" in question.message or "sources" in question.message
    assert "git+https://github.com/" in question.remedy
    known = catalogue.unpublished(module)
    assert known
    assert names(find_needs(project(f"other @ {known.url}@0123", imports=(module,)), template())) == ["other"]
    # Declared with its address, on the laptop from there, or in the template: then that is meant.
    git = f"{top} @ git+https://github.com/them/it.git"
    assert only(find_needs(project(git, imports=(module,)), template())).url == "git+https://github.com/them/it.git"
    assert names(find_needs(project(imports=(module,)), template("3.11.9", installed(canonical(top))))) == [
        canonical(top)
    ]
    there = Distribution(canonical(top), "1.0", GIVEN, direct_url="git+https://github.com/them/it.git@0123")
    laptop = replace(local({top: (canonical(top),)}), distributions={there.name: there})
    need = only(find_needs(project(imports=(module,), environment=laptop), template()))
    assert need.url == "git+https://github.com/them/it.git@0123"
    checkout = replace(laptop, distributions={there.name: replace(there, direct_url="file:///x", editable=True)})
    assert not find_needs(project(imports=(module,), environment=checkout), template()).needs


def test_a_host_programs_modules_are_known_as_such() -> None:
    comfy = ("comfy.utils", "folder_paths", "comfy_api.latest", "nodes", "server", "latent_preview", "bpy")
    report = find_needs(project(imports=comfy), template())
    assert not report.needs
    assert not report.questions
    assert {finding.subject for finding in report.findings} == {one.partition(".")[0] for one in comfy}
    assert "nodes comes with ComfyUI" in [finding.message for finding in report.findings]
    elsewhere = find_needs(project(imports=("server", "nodes")), template())
    assert [question.subject for question in elsewhere.questions] == ["server", "nodes"]


@pytest.mark.parametrize(
    ("site", "expected"),
    [
        (ImportSite("cuda.bindings.driver", "a.py", 1), "cuda-bindings"),
        (ImportSite("cuda", "a.py", 1, names=("cudart",)), "cuda-bindings"),
        (ImportSite("hydra_plugins.hydra_submitit_launcher.config", "a.py", 1), "hydra-submitit-launcher"),
        (ImportSite("google.cloud", "a.py", 1, names=("vision",)), "google-cloud-vision"),
        (ImportSite("ruamel", "a.py", 1, names=("yaml",)), "ruamel-yaml"),
    ],
)
def test_namespaces_that_no_distribution_has_to_itself(site: ImportSite, expected: str) -> None:
    assert only(find_needs(project(imports=(site,)), template())).name == expected
    declared = find_needs(project("cuda-python", imports=(ImportSite("cuda.bindings.driver", "a.py", 1),)), template())
    assert names(declared) == ["cuda-python"]


def test_an_empty_git_submodule_is_named() -> None:
    made = replace(project(imports=("deepthing",)), missing={"deepthing": ".gitmodules:1"})
    (question,) = find_needs(made, template()).questions
    assert ".gitmodules:1" in question.message
    assert "git submodule update --init" in question.remedy


def test_an_empty_git_submodule_that_says_more_in_its_name() -> None:
    there = {"depth_diff_gaussian_rasterization": ".gitmodules:1", "simple_knn": ".gitmodules:4"}
    made = replace(project(imports=("diff_gaussian_rasterization",)), missing=there)
    (question,) = find_needs(made, template()).questions
    assert ".gitmodules:1" in question.message
    two = replace(made, missing={**there, "other_diff_gaussian_rasterization": ".gitmodules:7"})
    (question,) = find_needs(two, template()).questions
    assert ".gitmodules" not in question.message


def test_an_everyday_name_is_not_the_standard_library_of_python_2_4() -> None:
    (question,) = find_needs(project(imports=("util",)), template()).questions
    assert "looks like a module of the project" in question.message
    (question,) = find_needs(project(imports=("urllib2",)), template()).questions
    assert "standard library of other Pythons" in question.message


def test_a_readme_that_installs_the_project_itself_asks_for_nothing() -> None:
    readme = Declaration("deepgraph", Where("README.md", 3), scope="README.md")
    assert names(find_needs(project(readme, own=frozenset({"deepgraph"}), name=""), template())) == []
    notebook = Declaration("gemmi", Where("a.ipynb", 3), scope="a.ipynb")
    assert names(find_needs(project(notebook, own=frozenset({"deepgraph"}), name=""), template())) == ["gemmi"]


def test_an_assertion_about_a_version_asks_for_nothing_that_the_code_can_do_without() -> None:
    check = VersionCheck("wandb", ">=0.13.6", Where("a.py", 10))
    lazy = replace(project(imports=(guarded("wandb"),)), checks=(check,))
    assert names(find_needs(lazy, template())) == []
    assert only(find_needs(lazy, template(), include_optional=True)).specifier == ">=0.13.6"
    sure = replace(project(imports=("wandb",)), checks=(check,))
    assert only(find_needs(sure, template())).specifier == ">=0.13.6"


def test_a_readme_that_offers_the_projects_extras_selects_none() -> None:
    extra = Declaration("click", Where("setup.py", 3), group="extra:amd")
    readme = Declaration("demo[amd]", Where("README.md", 3), scope="README.md", asks=False)
    assert names(find_needs(project(extra, readme), template())) == []
    dockerfile = replace(readme, asks=True)
    assert names(find_needs(project(extra, dockerfile), template())) == ["click"]


def test_a_declared_name_that_no_index_has_is_asked_about_and_not_asked_for() -> None:
    found = find_needs(project("isaacgym", "matplotlib", imports=("isaacgym.gymapi",)), template())
    assert names(found) == ["matplotlib"]
    assert [question.subject for question in found.questions] == ["isaacgym"]
    assert "no index has it" in found.questions[0].message


def test_a_declared_repository_provides_the_module_in_its_name() -> None:
    address = "smooth-topk @ git+https://example.org/smooth-topk.git"
    found = find_needs(project(address, imports=("topk",)), template())
    assert names(found) == ["smooth-topk"]
    assert found.questions == ()
    assert any(one.kind is EvidenceKind.ASSUMED and "by its name" in one.detail for one in only(found).evidence)
    two = find_needs(project(address, "topk-torch @ git+https://example.org/topk-torch", imports=("topk",)), template())
    assert [question.subject for question in two.questions] == ["topk"]
    from_index = find_needs(project("smooth-topk", imports=("topk",)), template())
    assert [question.subject for question in from_index.questions] == ["topk"]


def test_wheels_are_not_asked_where_something_better_answers() -> None:
    def never(module: str) -> tuple[tuple[str, ...], str]:
        raise AssertionError(module)

    made = project("scikit-learn", imports=("sklearn", "cv2"), environment=local({"cv2": ("opencv-python",)}))
    assert names(find_needs(made, template(), wheel_modules=never)) == ["opencv-python", "scikit-learn"]


@pytest.mark.parametrize(
    ("declared", "there", "laptop", "expected"),
    [
        ("opencv-python-headless", "", "", "opencv-python-headless"),
        ("opencv-python-headless", "", "opencv-python", "opencv-python-headless"),
        ("", "opencv-contrib-python", "", "opencv-contrib-python"),
        ("", "", "opencv-python-headless", "opencv-python-headless"),
        ("", "", "", "opencv-python"),
    ],
)
def test_one_module_of_several_distributions(declared: str, there: str, laptop: str, expected: str) -> None:
    made = project(
        *filter(None, [declared]), imports=("cv2",), environment=local({"cv2": (laptop,)}) if laptop else None
    )
    on = template("3.11.9", *(installed(name) for name in filter(None, [there])))
    need = only(find_needs(made, on))
    assert (need.name, need.import_names) == (expected, ("cv2",))


def test_namespaces_that_distributions_share() -> None:
    provided = {"google": ("google-auth", "google-cloud-storage", "protobuf"), "grumpy": ("grumpy-a", "grumpy-b")}
    sites = (
        ImportSite("google.cloud", "a.py", 1, names=("storage",)),
        ImportSite("google.protobuf.message", "a.py", 2),
        ImportSite("grumpy.x", "a.py", 3),
        ImportSite("google.nothing.known", "a.py", 4),
        ImportSite("google.colab", "a.py", 5),
    )
    for environment in (local(provided), None):
        report = find_needs(project("google-auth", imports=sites, environment=environment), template())
        found = {need.name: need.import_names for need in report.needs if need.imported}
        assert found["google-cloud-storage"] == ("google.cloud.storage",)
        assert found["protobuf"] == ("google.protobuf",)
    report = find_needs(project(imports=sites, environment=local(provided)), template())
    assert [site.module for site in report.unresolved] == ["grumpy.x", "google.nothing.known", "google.colab"]
    assert "grumpy-a, grumpy-b" in " ".join(question.message for question in report.questions)
    assert "Google Colab's own image" in " ".join(finding.message for finding in report.findings)


def test_a_namespace_is_not_taken_for_the_templates_distribution_of_that_name() -> None:
    sites = (ImportSite("google.colab", "a.py", 1), ImportSite("google.nothing.known", "a.py", 2))
    report = find_needs(project(imports=sites), template("3.11.9", installed("google")))
    assert not report.needs
    assert "Google Colab's own image" in " ".join(finding.message for finding in report.findings)
    declared = find_needs(project("google", imports=sites), template("3.11.9", installed("google")))
    assert [need.name for need in declared.needs] == ["google"]


@pytest.mark.parametrize("module", ["utils", "models.resnet", "_speedups"])
def test_no_distribution_is_invented_for_a_missing_module(module: str) -> None:
    report = find_needs(project(imports=(module,)), template())
    assert not report.needs
    assert [site.module for site in report.unresolved] == [module]
    assert [question.subject for question in report.questions] == [module.partition(".")[0]]
    survived = find_needs(project(imports=(guarded(module),)), template())
    assert not survived.questions
    assert survived.findings[0].verdict is Verdict.OK
    assert names(find_needs(project("utils", imports=("utils",)), template())) == ["utils"]


def test_a_module_that_later_releases_lack_limits_the_version() -> None:
    assert only(find_needs(project(imports=("pkg_resources",)), template())).specifier == "<82"
    assert only(find_needs(project("setuptools>=60", imports=("pkg_resources",)), template())).specifier == ">=60,<82"
    assert only(find_needs(project("setuptools>=90", imports=("pkg_resources",)), template())).specifier == ">=90"
    assert only(find_needs(project("setuptools", imports=("setuptools",)), template())).specifier == ""


def call(target: str, *arguments: str, receiver: str = "", **keywords: str) -> Call:
    return Call(target, "a.py", 3, receiver, arguments, tuple(keywords.items()))


@pytest.mark.parametrize(
    ("made", "needed"),
    [
        (call("pandas.read_parquet"), ["pyarrow"]),
        (call(".to_parquet"), ["pyarrow"]),
        (call(".to_parquet", receiver="geopandas"), []),
        (call("pandas.read_parquet", engine="fastparquet"), ["fastparquet"]),
        (call("pandas.read_parquet", "s3://bucket/x"), ["pyarrow", "s3fs"]),
        (call("pandas.read_excel", "a.xlsx"), ["openpyxl"]),
        (call("pandas.read_excel", "A.XLS"), ["xlrd"]),
        (call("pandas.read_excel", engine="calamine"), ["python-calamine"]),
        (call("pandas.read_csv"), []),
        (call("pandas.read_csv", engine="python"), []),
        (call("pandas.read_csv", "gs://b/x.csv", engine="pyarrow"), ["gcsfs", "pyarrow"]),
        (call("pandas.read_hdf"), ["tables"]),
        (call(".plot", receiver="pandas"), ["matplotlib"]),
        (call(".plot"), []),
        (call(".plot", receiver="pandas", backend="plotly"), []),
        (call("sqlalchemy.create_engine", "postgresql://u@h/d"), ["psycopg2-binary"]),
        (call("sqlalchemy.create_engine", "postgresql+psycopg://u@h/d"), ["psycopg"]),
        (call("sqlalchemy.create_engine", "sqlite://"), []),
        (call("torch.utils.tensorboard.SummaryWriter"), ["tensorboard"]),
        (call("pytorch_lightning.loggers.TensorBoardLogger"), ["tensorboard"]),
        (call("lightning.pytorch.loggers.WandbLogger"), ["wandb"]),
        (call("transformers.AutoModel.from_pretrained", device_map="auto"), ["accelerate"]),
        (call("transformers.AutoModel.from_pretrained", "bert"), []),
        (call("transformers.AutoModel.from_pretrained", load_in_8bit="False"), []),
        (call("xgboost.XGBClassifier"), ["scikit-learn"]),
        (call(".to_pandas", receiver="deltalake"), ["pyarrow"]),
        (call(".to_pyarrow_table", receiver="deltalake"), ["pyarrow"]),
        (call(".to_pandas"), []),
    ],
)
def test_implied_needs(made: Call, needed: list[str]) -> None:
    report = find_needs(project("pandas", imports=("pandas",)), template(), calls=[made])
    assert [name for name in names(report) if name != "pandas"] == needed
    for need in report.needs:
        if need.name != "pandas":
            assert (need.declared, need.imported, need.optional) == (False, False, False)
            assert any(e.kind is EvidenceKind.PUBLISHED and e.source.startswith("https://") for e in need.evidence)
            assert any(e.source == "a.py:3" for e in need.evidence)
            assert need.import_names
    assert [f.subject for f in report.findings if f.verdict is Verdict.WARNING] == needed


@pytest.mark.parametrize(
    ("declared", "grade", "optional", "needed"),
    [
        ((), Grade.EXAMPLE, False, []),
        ((), Grade.MODULE, False, ["pandas", "pyarrow"]),
        (("pandas",), Grade.EXAMPLE, False, ["pandas", "pyarrow"]),
        ((), Grade.EXAMPLE, True, ["pandas", "pyarrow"]),
    ],
)
def test_a_call_of_what_is_left_out_needs_nothing(
    declared: tuple[str, ...], grade: Grade, optional: bool, needed: list[str]
) -> None:
    site = ImportSite("pandas", "examples/a.py", 9, grade is not Grade.MODULE, "an example", grade=grade)
    made = call("pandas.read_parquet")
    report = find_needs(project(*declared, imports=(site,)), template(), calls=[made], include_optional=optional)
    assert [each.name for each in report.needs] == needed


def test_an_alternative_that_is_declared_serves_an_implied_need() -> None:
    calls = [call("pandas.read_parquet")]
    report = find_needs(project("pandas", "fastparquet", imports=("pandas",)), template(), calls=calls)
    assert names(report) == ["fastparquet", "pandas"]
    assert not report.findings
    report = find_needs(project("fastparquet"), template(), calls=calls, only_imported=True)
    assert names(report) == ["fastparquet"]


def test_many_import_sites_are_counted_not_listed() -> None:
    sites = tuple(ImportSite("numpy", f"m{number}.py", 1) for number in range(300))
    need = only(find_needs(project("numpy", imports=sites), template()))
    assert len(need.evidence) == 8
    assert need.evidence[6].detail == "295 more imports, in 300 files altogether"


@pytest.mark.parametrize("python", ["3.10.12", "3.11.9"])
def test_the_example_needs_its_declarations_pyarrow_and_what_it_imports_besides(python: str) -> None:
    scan = scan_imports(EXAMPLE)
    declared = read_declared(EXAMPLE)
    made = Project(str(EXAMPLE), declared.name, scan.imports, declared.declarations, own_modules=scan.own_modules)
    report = find_needs(made, template(python), calls=scan.calls)
    fifteen = {
        "click", "hydra-core", "imbalanced-learn", "loguru", "mlflow", "numpy", "pandas", "pandera", "pydantic",
        "pytorch-lightning", "scikit-learn", "scipy", "torch", "typer", "xgboost",
    }  # fmt: skip
    assert {need.name for need in report.needs if need.declared} == fifteen
    assert all(need.imported for need in report.needs if need.declared)
    # Nobody declares pyarrow, and no file imports it: the calls tell.
    assert [need.name for need in report.needs if not need.declared and not need.imported] == ["pyarrow"]
    # Two more are imported without a guard and come only through declared ones: hydra-core and mlflow bring them.
    besides = {need.name: need for need in report.needs if not need.declared and need.imported}
    assert set(besides) == {"matplotlib", "omegaconf"}
    assert besides["omegaconf"].evidence[0].source == "src/moola/config.py:9"
    assert besides["matplotlib"].evidence[0].source == "notebooks/explore.ipynb[2]:2"
    assert not report.unresolved
    warned = {finding.subject for finding in report.findings if finding.verdict is Verdict.WARNING}
    assert warned == {"matplotlib", "omegaconf", "pyarrow"}
    reported = {finding.subject for finding in report.findings if finding.verdict is Verdict.OK}
    assert reported == {"fastapi", "polars", "uvicorn", "wandb"}
    with_api = find_needs(made, template(python), extras=["api"], calls=scan.calls)
    assert {need.name for need in with_api.needs} - {need.name for need in report.needs} == {"fastapi", "uvicorn"}


VERSIONS = st.sampled_from(["1.0", "1.5", "2.0", "2.1.3", "3.0"])
RANGES = st.builds(lambda op, v: f"{op}{v}", st.sampled_from(["==", ">=", "<", "!=", "~=", "<="]), VERSIONS)


@settings(max_examples=examples(150), deadline=None)
@given(st.lists(RANGES, max_size=5))
def test_merging_keeps_exactly_the_versions_that_satisfy_every_declaration(ranges: list[str]) -> None:
    trial = ["0.9", "1.0", "1.2", "1.5", "1.9", "2.0", "2.1.3", "2.1.9", "2.5", "3.0", "4.0"]
    expected = [version for version in trial if all(version in SpecifierSet(one) for one in ranges)]
    made = project("a", *(f"a{one}" for one in ranges))
    report = find_needs(made, template())
    need = only(report)
    left = [version for version in trial if version in SpecifierSet(need.specifier)]
    if report.questions:  # one that excludes what came before is left out, and the rest can be had
        assert not expected
        assert not SpecifierSet(need.specifier).is_unsatisfiable()
    else:
        assert left == expected


def test_what_a_need_cannot_be_imported_without_and_does_not_require_is_needed_as_well() -> None:
    report = find_needs(project("torchtune"), template())
    assert names(report) == ["torchtune", "torchao"]
    (why,) = report.needs[1].evidence
    assert (why.kind, why.source) == (EvidenceKind.BINARY, "torchtune 0.5.0 and 0.6.1: torchtune/__init__.py")
    assert names(find_needs(project("torchtune"), template("3.11.9", installed("torchao")))) == ["torchtune"]
    asked = {need.name: need.specifier for need in find_needs(project("torchtune", "torchao<1"), template()).needs}
    assert asked == {"torchtune": "", "torchao": "<1"}
    assert names(find_needs(project("torchvision"), template())) == ["torchvision"]


def test_an_unselected_extra_gives_its_range_to_what_the_code_imports_and_asks_for_nothing() -> None:
    trt = Declaration("tensorrt-cu12==10.12.0.36", Where("pyproject.toml", 40), group="extra:tensorrt")
    hub = Declaration("transformers>=4.5,<4.57", Where("pyproject.toml", 41), group="extra:extra")
    other = Declaration("transformers>=5", Where("pyproject.toml", 42), group="extra:new")
    idle = Declaration("onnx", Where("pyproject.toml", 43), group="extra:tensorrt")
    report = find_needs(project("click", trt, hub, other, idle, imports=("tensorrt", "transformers")), template())
    assert {need.name: need.specifier for need in report.needs} == {
        "click": "",
        "tensorrt-cu12": "==10.12.0.36",
        "transformers": ">=4.5,<4.57",
    }
    assert not [finding for finding in report.findings if finding.verdict is Verdict.WARNING]


def test_a_templates_own_provider_comes_before_an_unselected_extras() -> None:
    headless = Declaration("opencv-python-headless", Where("pyproject.toml", 40), group="extra:dev")
    there = installed("opencv-python", "4.10", "cv2")
    assert names(find_needs(project(headless, imports=("cv2",)), template("3.11.9", there))) == ["opencv-python"]
    assert names(find_needs(project(headless, imports=("cv2",)), template())) == ["opencv-python-headless"]


def test_a_line_beside_the_manifests_narrows_no_range_of_theirs() -> None:
    example = Declaration("numpy==1.22.4", Where("examples/a/requirements.in", 3), scope="examples/a", asks=False)
    assert only(find_needs(project("numpy>=1.22,<2", example), template())).specifier == ">=1.22,<2"
    assert only(find_needs(project("numpy", example), template())).specifier == "==1.22.4"


def test_a_part_that_declares_another_held_version_than_the_templates_is_warned_of() -> None:
    there = template("3.11.9", installed("torch", "2.4.0+cu124", "torch"))
    for top in ((), ("torch",)):
        part = Declaration("torch>=2.6", Where("part/setup.py", 3), scope="part", asks=False)
        (told,) = find_needs(project(*top, part, imports=("torch",)), there).findings
        assert told.verdict is Verdict.WARNING
        assert told.message == "part/setup.py:3 declares torch>=2.6 for part; the template's 2.4.0+cu124 stays"
        fits = replace(part, requirement="torch>=2")
        assert [one.verdict for one in find_needs(project(*top, fits, imports=("torch",)), there).findings] in (
            [Verdict.OK],
            [],
        )


def test_a_range_that_an_extra_declares_holds_for_a_framework_that_the_template_has_not() -> None:
    extra = Declaration("tensorflow<=2.19", Where("pyproject.toml", 6), group="extra:export")
    assert only(find_needs(project(extra, imports=("tensorflow",)), template())).specifier == "<=2.19"
    there = template("3.11.9", installed("tensorflow", "2.21.0", "tensorflow"))
    assert only(find_needs(project(extra, imports=("tensorflow",)), there)).specifier == ""


@pytest.mark.parametrize(
    ("group", "imports", "specifier"),
    [
        ("extra:torch", ("torch",), ">=2.6"),
        ("extra:torch", (), None),  # nobody uses it
        ("extra:serve", ("torch",), ""),
        ("group:torch", ("torch",), ""),
    ],
)
def test_an_extra_that_is_named_after_a_framework_bounds_it(
    group: str, imports: tuple[str, ...], specifier: str | None
) -> None:
    """alignment-handbook's extra torch asks for torch>=2.6, its install_requires for none."""
    extra = Declaration("torch>=2.6", Where("setup.py", 6), group=group)
    on = template("3.11.9", installed("torch", "2.4.1", "torch"))
    needs = {need.name: need for need in find_needs(project("click", extra, imports=imports), on).needs}
    assert (needs["torch"].specifier if "torch" in needs else None) == specifier
    if specifier:
        assert needs["torch"].dispensable == "setup.py:6 declares it for the extra torch alone"


def test_what_is_declared_for_other_environments_is_not_planned_for_an_import_that_need_not_run() -> None:
    windows = 'directml; platform_system == "Windows"'
    branch = ImportSite("directml", "a.py", 9, grade=Grade.BRANCH)
    host = local({"directml": ("directml",)})
    report = find_needs(project(windows, imports=(branch,), environment=host), template())
    assert names(report) == []
    assert "requirements.txt:1 declares it for other environments" in report.findings[1].message
    sure = find_needs(project(windows, imports=("directml",), environment=host), template())
    assert names(sure) == ["directml"]
    plain = only(find_needs(project(imports=(branch,), environment=host), template()))
    assert plain.dispensable == "a.py:9 imports it under a condition, and no manifest declares it"


def test_a_pin_beside_a_manifest_moves_nothing_that_the_template_has() -> None:
    pin = Declaration("numpy==1.23.5", Where("part/requirements.txt", 9), scope="part", asks=False)
    pod = template("3.11.9", installed("numpy", "2.1.2"))
    report = find_needs(project("numpy", pin, imports=("numpy",)), pod)
    assert (only(report).specifier, only(report).beside) == ("", False)
    (told,) = [finding for finding in report.findings if finding.verdict is Verdict.WARNING]
    assert told.message == (
        "part/requirements.txt:9 asks for numpy==1.23.5; requirements.txt:1 asks for any version, and the template's "
        "2.1.2 stays"
    )
    assert only(find_needs(project("numpy", pin, imports=("numpy",)), template())).specifier == "==1.23.5"
    alone = only(find_needs(project(pin, imports=("numpy",)), pod))
    assert (alone.specifier, alone.beside) == ("==1.23.5", True)
    asked = replace(pin, requirement="numpy<2")
    assert only(find_needs(project("numpy", asked, imports=("numpy",)), pod)).specifier == "<2"


def test_what_only_an_unselected_extra_declares_is_dispensable_however_it_is_imported() -> None:
    extra = Declaration("click>=8", Where("pyproject.toml", 6), group="extra:serve")
    need = only(find_needs(project(extra, imports=("click",)), template()))
    why = "pyproject.toml:6 declares it for the extra serve alone"
    assert (need.specifier, need.aside, need.dispensable) == (">=8", "", why)
    assert only(find_needs(project(extra, imports=("click",)), template(), extras=("serve",))).dispensable == ""
    example = Declaration("click", Where("examples/a.py", 3), scope="examples/a.py", asks=False)
    assert only(find_needs(project(example, extra, imports=("click",)), template())).dispensable == why
    assert only(find_needs(project("click", extra, imports=("click",)), template())).dispensable == ""


def test_what_a_folder_alone_declares_and_imports_is_dispensable_where_there_is_more() -> None:
    line = Declaration("click==8.1.0", Where("serve/Dockerfile", 2), scope="serve/Dockerfile", asks=False)
    inside, outside = ImportSite("click", "serve/bench/a.py", 9), ImportSite("click", "train.py", 9)
    for imports, spare in (
        ((inside, "yaml"), True),
        ((inside,), False),
        ((inside, outside), False),
        ((ImportSite("click", "server/a.py", 9), "yaml"), False),
    ):
        needs = find_needs(project(line, imports=imports), template()).needs
        need = next(each for each in needs if each.name == "click")
        why = "serve/Dockerfile:2 declares it for serve, and nothing else imports it"
        assert (need.dispensable, need.aside) == (why if spare else "", "serve/Dockerfile:2")
    needs = find_needs(project("click", line, imports=(inside, "yaml")), template()).needs
    assert [each.dispensable for each in needs if each.name == "click"] == [""]


def test_what_one_of_several_projects_in_folders_asks_for_is_dispensable() -> None:
    line = Declaration("click==8.1.0", Where("paddle/requirements.txt", 1), scope="paddle")
    other = Declaration("rich", Where("torch/requirements.txt", 1), scope="torch")
    inside = ImportSite("click", "paddle/a.py", 9)
    outside = (ImportSite("rich", "torch/b.py", 1), ImportSite("click", "torch/b.py", 2))
    why = "paddle/requirements.txt:1 declares it for paddle, and nothing else imports it"
    for declared, imports, spare in (
        ((line, other), (inside, outside[0]), True),
        ((line, other), (inside, *outside), False),
        ((line, other), (inside, outside[0], replace(outside[1], behind="nothing imports torch/b.py")), True),
        ((line,), (inside, outside[0]), False),  # the only one that says what it needs
        ((line, other, "attrs"), (inside, outside[0]), False),  # the root says what the project needs
        ((line, other, "click"), (inside, outside[0]), False),
    ):
        needs = find_needs(project(*declared, imports=imports), template()).needs
        assert [each.dispensable for each in needs if each.name == "click"] == [why if spare else ""]


def test_what_is_installed_without_what_it_requires_is_dispensable() -> None:
    found = [*commands("RUN pip install --no-deps click==8.1.0\nRUN pip install attrs")]
    lines, _ = by_hand(Path("/p"), "Dockerfile", found, scope="Dockerfile", asks=False)
    assert [line.alone for line in lines] == [True, False]
    needs = find_needs(project(*lines, imports=("click", "attr", "yaml")), template()).needs
    told = {need.name: need.dispensable for need in needs}
    assert told["click"] == (
        "Dockerfile:1 installs it without what it requires: pip install --no-deps click==8.1.0, after the rest"
    )
    assert told["attrs"] == ""
    needs = find_needs(project("click", *lines, imports=("click", "yaml")), template()).needs
    assert [need.dispensable for need in needs if need.name == "click"] == [""]


def test_what_one_notebook_among_other_files_wants_is_dispensable() -> None:
    site = ImportSite("click", "a.ipynb", 9, cell=2, grade=Grade.NOTEBOOK)
    line = Declaration("click==8.1.0", Where("a.ipynb", 3), scope="a.ipynb")
    for declared in ((), (line,)):
        need = only(find_needs(project(*declared, imports=(site,)), template()))
        assert need.dispensable == ""
        needs = find_needs(project(*declared, imports=(site, "yaml")), template()).needs
        need = next(each for each in needs if each.name == "click")
        assert need.dispensable == "a.ipynb alone imports it, and no manifest declares it"
    needs = find_needs(project("click", imports=(site, "yaml")), template()).needs
    assert [each.dispensable for each in needs if each.name == "click"] == [""]
    other = ImportSite("click", "b.ipynb", 9, cell=2, grade=Grade.NOTEBOOK)
    assert only(find_needs(project(imports=(site, other)), template())).dispensable == ""


def test_what_only_files_want_that_nothing_runs_is_dispensable_where_manifests_say_what_is_needed() -> None:
    site = ImportSite("click", "pkg/worker.py", 9, behind="nothing imports pkg/worker.py")
    why = "nothing imports pkg/worker.py, and no manifest declares it"
    told = {each.name: each.dispensable for each in find_needs(project("rich", imports=(site,)), template()).needs}
    assert told == {"click": why, "rich": ""}
    lazy = ImportSite("click", "pkg/core.py", 3, grade=Grade.BRANCH)
    needs = find_needs(project("rich", imports=(site, lazy)), template()).needs
    assert needs[0].dispensable == why
    for declared in ((), ("click",)):  # no manifest at all, one that declares it
        assert only(find_needs(project(*declared, imports=(site,)), template())).dispensable == ""
    ran = ImportSite("click", "pkg/core.py", 3)
    needs = find_needs(project("rich", imports=(site, ran)), template()).needs
    assert needs[0].dispensable == ""


def test_a_file_in_the_place_of_another_tells_nothing_where_it_is_not_chosen() -> None:
    other = Declaration("click<8", Where("spark_requirements.txt", 6), group="group:spark", instead=True)
    assert only(find_needs(project(other, imports=("click",)), template())).specifier == ""
    assert only(find_needs(project(other, imports=("click",)), template(), groups=("spark",))).specifier == "<8"


def test_what_no_manifest_asks_for_is_known_as_such() -> None:
    lazy = ImportSite("click", "a.py", 9, grade=Grade.FUNCTION)
    readme = Declaration("click==8.1.0", Where("README.md", 3), scope="README.md", asks=False)
    need = only(find_needs(project(readme, imports=(lazy,)), template()))
    assert (need.aside, need.dispensable) == (
        "README.md:3",
        "a.py:9 imports it in a function, and no manifest declares it",
    )
    sure = only(find_needs(project(readme, imports=("click",)), template()))
    assert (sure.aside, sure.dispensable) == ("README.md:3", "")
    asked = only(find_needs(project("click==8.1.0", imports=(lazy,)), template()))
    assert (asked.aside, asked.dispensable) == ("", "")
