"""Decisions with reasons, drift and evidence."""

from podfit.audit import AUDITS, Subject, audited
from podfit.model import (
    Action,
    Artefact,
    Bound,
    Change,
    Distribution,
    Evidence,
    EvidenceKind,
    Interpreter,
    LocalEnvironment,
    LockedPackage,
    Need,
    Origin,
    Overlay,
    Platform,
    Project,
    RefusedNeed,
    Release,
    SourceBuild,
    Template,
    Verdict,
)
from podfit.plan.build import build_plan, planned_releases
from podfit.plan.drift import same_release
from podfit.plan.files import best_first
from podfit.plan.releases import KnownReleases

EVIDENCE = Evidence(EvidenceKind.METADATA, "pyproject.toml:9")
POD = Evidence(EvidenceKind.ASSUMED, "Dockerfile")
WHEEL = "cp310-cp310-manylinux_2_17_x86_64.manylinux2014_x86_64"


POD_TEMPLATE = Template("pod", Interpreter("3.10.12"), Platform(), {}, Origin.RECONSTRUCTED, POD)


def _file(name, size=10):
    kind = "sdist" if name.endswith(".gz") else "wheel"
    return Artefact(name, f"https://files.example/{name}", ("sha256:" + "0" * 64,), kind, size)


def _plan(template, packages, needs, *, local=None, releases=(), held=(), **overlay):
    requires_python = overlay.pop("requires_python", "")
    pod = Template(
        "pod",
        Interpreter("3.10.12"),
        Platform(),
        {n: Distribution(n, v, POD, tuple(r)) for n, (v, r) in template.items()},
        Origin.RECONSTRUCTED,
        POD,
        notes=("reconstructed, not probed",),
    )
    environment = LocalEnvironment(
        {n: Distribution(n, v, Evidence(EvidenceKind.METADATA, "freeze.txt:1")) for n, v in (local or {}).items()},
        EVIDENCE,
    )
    project = Project("/p", "moola", (), (), environment, requires_python=requires_python)
    locked = {name: LockedPackage(name, version, files) for name, (version, files, _) in packages.items()}
    found = Overlay(
        locked,
        overlay.pop("changes", ()),
        overlay.pop("refused", ()),
        overlay.pop("ignored_pins", {}),
        (),
        (),
        builds=overlay.pop("builds", ()),
    )
    added = {
        name: Release(name, package.version, tuple(packages[name][2]), "", EVIDENCE)
        for name, package in planned_releases(found, pod).items()
    }
    known = {(r.name, r.version): r for r in releases}
    subject = Subject(pod, needs, found, added, frozenset(held), overlay.pop("bounds", ()))
    return build_plan(
        project,
        subject,
        audited(subject, AUDITS).findings,
        [],
        source=KnownReleases(known),
        created="2026-01-02T03:04:05",
    )


def _decision(plan, name):
    return next(decision for decision in plan.decisions if decision.name == name)


def test_a_version_with_a_wheel_is_no_way_out_of_a_build_where_it_is_ruled_out():
    sdist = _file("old-0.3.tar.gz")
    build = SourceBuild("old", "0.3", (), "unknown", "it compiles C", "0.4", sdist, EVIDENCE)
    ruled_out = Bound("old", "old 0.4 misses symbols of torch", EVIDENCE, "!=0.4")

    def remedy(*bounds):
        needs = [Need("old", (EVIDENCE,))]
        plan = _plan({}, {"old": ("0.3", (sdist,), ())}, needs, builds=(build,), bounds=bounds)
        return next(finding.remedy for finding in plan.findings if finding.check == "sdist")

    assert remedy() == "take old 0.4, which has a wheel, where it will do"
    assert remedy(ruled_out) == "no release with a wheel will do (old 0.4 misses symbols of torch)"


def test_each_distribution_gets_its_decision():
    plan = _plan(
        {"torch": ("2.2.0", ["sympy"]), "sympy": ("1.12", []), "jupyterlab": ("4.0", [])},
        {
            "torch": ("2.2.0", (), []),
            "sympy": ("1.12", (), []),
            "lightning": ("2.4.0", (_file("lightning-2.4.0-py3-none-any.whl", 800),), ["torch>=2.1", "lit-utils"]),
            "lit-utils": ("0.11", (_file("lit_utils-0.11-py3-none-any.whl", 20),), []),
        },
        [Need("lightning", (EVIDENCE,), ">=2.4", declared=True, imported=True), Need("torch", (EVIDENCE,), ">=2.1")],
        local={"lightning": "2.4.0", "pytest": "8.0"},
        held=["torch"],
    )
    actions = {d.name: d.action for d in plan.decisions}
    assert actions == {
        "torch": Action.KEEP,
        "sympy": Action.KEEP,
        "jupyterlab": Action.KEEP,
        "lightning": Action.INSTALL,
        "lit-utils": Action.INSTALL,
        "pytest": Action.SKIP,
    }
    assert plan.download_bytes == 820
    assert plan.feasible
    lightning = _decision(plan, "lightning")
    assert lightning.reason == "absent from the template, declared and imported by the project"
    assert lightning.evidence[0] == EVIDENCE
    assert lightning.direct
    assert _decision(plan, "lit-utils").required_by == ("lightning",)
    assert _decision(plan, "torch").held
    assert "never changed" in _decision(plan, "torch").reason
    assert _decision(plan, "pytest").local == "8.0"
    assert plan.edges["lightning"] == ("lit-utils", "torch")
    assert plan.notes == ()
    assert plan.created == "2026-01-02T03:04:05"


def test_drift_names_the_python_that_the_local_version_needs():
    plan = _plan(
        {},
        {"scipy": ("1.15.3", (_file(f"scipy-1.15.3-{WHEEL}.whl"),), [])},
        [Need("scipy", (EVIDENCE,), ">=1.14")],
        local={"scipy": "1.16.1"},
        releases=[Release("scipy", "1.16.1", (), ">=3.11", EVIDENCE)],
    )
    expected = "scipy 1.16.1 -> 1.15.3: 1.16.1 needs Python >= 3.11, the template has 3.10"
    assert _decision(plan, "scipy").drift == expected


def test_drift_names_the_templates_distribution_that_the_local_version_excludes():
    plan = _plan(
        {"numpy": ("1.26.4", [])},
        {"numpy": ("1.26.4", (), []), "jax": ("0.4", (_file("jax-0.4-py3-none-any.whl"),), ["numpy>=1.24"])},
        [Need("jax", (EVIDENCE,))],
        local={"jax": "0.7", "numpy": "2.3.0"},
        releases=[Release("jax", "0.7", ("numpy>=2.0",), "", EVIDENCE)],
    )
    assert _decision(plan, "jax").drift == "jax 0.7 -> 0.4: 0.7 requires numpy>=2.0, the template has 1.26.4"
    assert _decision(plan, "numpy").drift == "numpy 2.3.0 -> 1.26.4: the template has 1.26.4, and it fits"


def test_drift_names_the_planned_distribution_that_limits_it():
    plan = _plan(
        {},
        {
            "pandas": ("2.3.3", (_file("pandas-2.3.3-py3-none-any.whl"),), []),
            "pandera": ("0.26", (_file("pandera-0.26-py3-none-any.whl"),), ["pandas<3"]),
        },
        [Need("pandera", (EVIDENCE,)), Need("click", (EVIDENCE,), "<9")],
        local={"pandas": "3.0.0", "pandera": "0.27"},
    )
    assert _decision(plan, "pandas").drift == "pandas 3.0.0 -> 2.3.3: pandera 0.26 requires pandas<3"
    assert _decision(plan, "pandera").drift == "pandera 0.27 -> 0.26: the index has no 0.27"


def test_drift_follows_exact_requirements_to_the_cause_behind_them():
    plan = _plan(
        {"packaging": ("26.2", [])},
        {
            "mlflow": ("3.5", (_file("mlflow-3.5-py3-none-any.whl"),), ["mlflow-skinny==3.5"]),
            "mlflow-skinny": ("3.5", (_file("mlflow_skinny-3.5-py3-none-any.whl"),), ["packaging<27"]),
            "packaging": ("26.2", (), []),
        },
        [Need("mlflow", (EVIDENCE,))],
        local={"mlflow": "3.4", "mlflow-skinny": "3.4", "packaging": "25.0"},
        releases=[
            Release("mlflow", "3.4", ("mlflow-skinny==3.4",), "", EVIDENCE),
            Release("mlflow-skinny", "3.4", ("packaging<26",), "", EVIDENCE),
        ],
    )
    because = "3.4 requires packaging<26, the template has 26.2"
    assert _decision(plan, "mlflow-skinny").drift == f"mlflow-skinny 3.4 -> 3.5: {because}"
    expected = f"mlflow 3.4 -> 3.5: 3.4 requires mlflow-skinny==3.4, and mlflow-skinny {because}"
    assert _decision(plan, "mlflow").drift == expected


def test_a_series_is_no_version_whose_cause_could_be_followed():
    """`core==3.*` names no release of core: asking why `3.*` is kept out gave a reason that was not true."""
    plan = _plan(
        {},
        {"app": ("1.0", (_file("app-1.0-py3-none-any.whl"),), ["core==2.*"]),
         "core": ("2.1", (_file("core-2.1-py3-none-any.whl"),), [])},
        [Need("app", (EVIDENCE,), declared=True)],
        local={"app": "2.0", "core": "3.4"},
        releases=[
            Release("app", "2.0", ("core==3.*",), "", EVIDENCE),
            Release("core", "3.*", (), ">=3.99", EVIDENCE),
            Release("core", "3.4", (), "", EVIDENCE),
        ],
    )  # fmt: skip
    assert _decision(plan, "app").drift == "app 2.0 -> 1.0: 2.0 requires core==3.*, planned is 2.1"


def test_the_templates_version_in_another_spelling_is_the_templates():
    """`1.0` and `1.0.0` are one version: who has it is the template, not the plan."""
    plan = _plan(
        {"core": ("1.0", [])},
        {"app": ("1.0", (_file("app-1.0-py3-none-any.whl"),), ["core<2"]), "core": ("1.0.0", (), [])},
        [Need("app", (EVIDENCE,), declared=True)],
        local={"app": "2.0"},
        releases=[Release("app", "2.0", ("core>=2",), "", EVIDENCE)],
    )
    assert _decision(plan, "app").drift == "app 2.0 -> 1.0: 2.0 requires core>=2, the template has 1.0"
    assert _decision(plan, "core").action is Action.KEEP


def test_a_local_part_is_no_drift():
    assert same_release("2.4.0", "2.4.0+cu124")
    assert same_release("1.0", "1.0.0")
    assert not same_release("2.4.0", "2.4.1")


def test_a_change_carries_its_conflict():
    plan = _plan(
        {"typing-extensions": ("4.4.0", [])},
        {"typing-extensions": ("4.12.2", (_file("typing_extensions-4.12.2-py3-none-any.whl"),), [])},
        [Need("typing-extensions", (EVIDENCE,), ">=4.6")],
        changes=(Change("typing-extensions", "4.4.0", "4.12.2", "Because a is and b is, c cannot be."),),
    )
    decision = _decision(plan, "typing-extensions")
    assert decision.action is Action.CHANGE
    assert (decision.template, decision.planned) == ("4.4.0", "4.12.2")
    assert decision.reason == "4.4.0 cannot stay: the project needs typing-extensions>=4.6"
    assert plan.changes[0].conflict == "the project needs typing-extensions>=4.6"
    assert decision.evidence[-1].detail == "Because a is and b is, c cannot be."


def test_a_refused_need_is_a_conflict_and_the_plan_cannot_work():
    plan = _plan(
        {},
        {"scipy": ("1.15.3", (_file(f"scipy-1.15.3-{WHEEL}.whl"),), [])},
        [Need("scipy", (EVIDENCE,), "==1.16.1")],
        refused=(RefusedNeed("scipy", "1.16.1 needs Python 3.11.", "1.15.3"),),
    )
    decision = _decision(plan, "scipy")
    assert decision.action is Action.CONFLICT
    assert "scipy 1.15.3 would fit" in decision.reason
    assert not plan.feasible


def test_the_projects_python_and_pins_are_judged():
    plan = _plan(
        {"torch": ("2.2.0", [])},
        {"torch": ("2.2.0", (), [])},
        [Need("torch", (EVIDENCE,), "==2.4.0")],
        held=["torch"],
        ignored_pins={"torch": "==2.4.0"},
        requires_python=">=3.11",
    )
    verdicts = {finding.check: finding.verdict for finding in plan.findings}
    assert verdicts["python"] is Verdict.FAILED
    assert verdicts["held"] is Verdict.WARNING
    assert not plan.feasible


def test_of_one_tag_the_highest_build_comes_first():
    """PEP 427: the build number sorts as a number, what follows it as text, and a wheel without one comes last."""
    builds = ("", "-9", "-10", "-2b", "-2a", "-10z")
    files = [_file(f"x-1.0{build}-py3-none-any.whl", number) for number, build in enumerate(builds)]
    better = _file(f"x-1.0-{WHEEL}.whl", 100)
    ordered = best_first([*files, better, _file("x-1.0.tar.gz", 101)], POD_TEMPLATE)
    assert [file.filename.removeprefix("x-1.0") for file in ordered] == [
        f"-{WHEEL}.whl",
        *(f"{build}-py3-none-any.whl" for build in ("-10z", "-10", "-9", "-2b", "-2a", "")),
        ".tar.gz",
    ]
    assert best_first(reversed(ordered), POD_TEMPLATE) == ordered


def test_only_files_that_fit_are_planned_and_a_source_build_is_told():
    files = (
        _file("x-1.0-cp311-cp311-manylinux_2_17_x86_64.whl"),
        _file("x-1.0-py3-none-any.whl", 5),
        _file(f"x-1.0-{WHEEL}.whl", 7),
        _file("x-1.0.tar.gz"),
    )
    plan = _plan(
        {},
        {"x": ("1.0", files, []), "y": ("1.0", (_file("y-1.0.tar.gz"),), [])},
        [Need("x", (EVIDENCE,)), Need("y", (EVIDENCE,))],
    )
    assert [file.size for file in plan.artefacts["x"]] == [7, 5, 10]
    assert _decision(plan, "x").download_bytes == 7
    assert [f.subject for f in plan.findings if f.check == "sdist"] == ["y"]
