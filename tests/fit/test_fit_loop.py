"""What an audit's violation teaches: the template is solved again under it, until the solution is clean."""

from __future__ import annotations

import pytest
from fit_support import Told, World, project, template

import podfit
from podfit.audit import AUDITS, Audited
from podfit.fit.loop import MOST_ROUNDS
from podfit.fit.session import fit_templates
from podfit.model import Action, Bound, Evidence, EvidenceKind, Verdict

SEEN = Evidence(EvidenceKind.BINARY, "alpha's wheel", "asks for a newer C library")
COMPILED = "cp311-cp311-manylinux_2_17_x86_64"


def _forbids(*bad):
    """An audit that knows which files and (name, version) do not work, as a binary audit would."""

    def audit(subject):
        bounds = []
        for name, package in subject.overlay.packages.items():
            if (name, package.version) in bad:
                bounds.append(Bound(name, f"{name} {package.version} does not load", SEEN, f"!={package.version}"))
            bounds += [
                Bound(name, f"{file.filename} does not load", SEEN, f"=={package.version}", file.filename)
                for file in package.artefacts
                if file.filename in bad
            ]
        return Audited(bounds=tuple(bounds))

    return audit


def _fit(world, requirements, pod, audit, options=None):
    told = Told()
    (result,) = fit_templates(
        project(*requirements),
        (),
        [pod],
        index=world.index,
        uv=world.uv,
        options=options or world.options,
        audits=[*AUDITS, audit],
        reporter=told,
    )
    return result, told


@pytest.fixture
def world(tmp_path):
    return World(
        tmp_path,
        {
            ("alpha", "1.0"): [],
            ("alpha", "2.0"): [],
            ("alpha", "3.0"): [],
            ("beta", "1.0"): [],
            ("beta", "2.0"): [],
        },
        [COMPILED],
    )


def test_a_version_that_an_audit_excludes_is_not_planned_and_the_plan_says_why(world):
    result, told = _fit(world, ["alpha"], template("pod", {}), _forbids(("alpha", "3.0"), ("alpha", "2.0")))
    plan = result.plan
    (decision,) = plan.with_action(Action.INSTALL)
    assert (decision.name, decision.planned) == ("alpha", "1.0")
    assert SEEN in decision.evidence
    assert [str(bound) for bound in plan.bounds] == [
        "alpha!=3.0: alpha 3.0 does not load",
        "alpha!=2.0: alpha 2.0 does not load",
    ]
    assert plan.notes == tuple(f"learned: {bound} ({SEEN})" for bound in plan.bounds)
    assert plan.feasible
    assert [step for step in told.steps if "learned" in step] == [
        "pod, round 2: learned alpha!=3.0: alpha 3.0 does not load",
        "pod, round 3: learned alpha!=2.0: alpha 2.0 does not load",
    ]


def test_of_a_version_only_the_file_that_does_not_work_is_left_out(world):
    result, _ = _fit(world, ["alpha"], template("pod", {}), _forbids(f"alpha-3.0-{COMPILED}.whl"))
    (decision,) = result.plan.with_action(Action.INSTALL)
    assert decision.planned == "3.0"
    assert [file.filename for file in result.plan.artefacts["alpha"]] == ["alpha-3.0-py3-none-any.whl"]
    assert result.plan.feasible


def test_a_version_without_a_file_left_is_left_out(world):
    bad = [f"alpha-3.0-{tag}.whl" for tag in ("py3-none-any", COMPILED)]
    result, _ = _fit(world, ["alpha"], template("pod", {}), _forbids(*bad))
    (decision,) = result.plan.with_action(Action.INSTALL)
    assert decision.planned == "2.0"
    assert [file.filename for file in result.plan.artefacts["alpha"]] == [
        f"alpha-2.0-{COMPILED}.whl",
        "alpha-2.0-py3-none-any.whl",
    ]


def test_a_loose_distribution_of_the_template_is_changed_for_the_reason_that_was_learned(world):
    result, _ = _fit(world, ["beta"], template("pod", {"beta": ("1.0", [])}), _forbids(("beta", "1.0")))
    (decision,) = result.plan.with_action(Action.CHANGE)
    assert decision.reason == "1.0 cannot stay: beta 1.0 does not load"
    assert (decision.template, decision.planned) == ("1.0", "2.0")


def test_nothing_is_learned_about_what_is_held(world):
    options = podfit.Options(index_url=world.options.index_url, find_links=world.options.find_links, hold=("beta",))
    result, told = _fit(world, ["beta"], template("pod", {"beta": ("1.0", [])}), _forbids(("beta", "1.0")), options)
    assert result.plan.bounds == ()
    assert not [step for step in told.steps if "learned" in step]
    (failed,) = [finding for finding in result.plan.findings if finding.verdict is Verdict.FAILED]
    assert failed.message == "beta!=1.0: beta 1.0 does not load; the template's 1.0 is never changed"
    assert failed.evidence == SEEN
    assert failed.check == "bounds"
    assert not result.plan.feasible
    assert [d.action for d in result.plan.decisions] == [Action.KEEP]


def test_an_audit_that_is_never_content_ends(world):
    rounds = []

    def restless(subject):
        rounds.append(subject)
        return Audited(bounds=(Bound("alpha", "never enough", SEEN, f"!=9.{len(rounds)}"),))

    result, _ = _fit(world, ["alpha"], template("pod", {}), restless)
    assert len(rounds) == MOST_ROUNDS
    assert len(result.plan.bounds) == MOST_ROUNDS - 1
    assert not result.plan.feasible
    (failed,) = [finding for finding in result.plan.findings if finding.verdict is Verdict.FAILED]
    assert failed.message.endswith(f"after {MOST_ROUNDS} rounds there was still something to learn")


def test_a_bound_that_does_not_help_is_a_failure(world):
    result, _ = _fit(
        world,
        ["alpha"],
        template("pod", {}),
        lambda subject: Audited(bounds=(Bound("alpha", "it crashes", SEEN, "!=9.0"),)),
    )
    (failed,) = [finding for finding in result.plan.findings if finding.verdict is Verdict.FAILED]
    assert failed.message == "alpha!=9.0: it crashes; the solution breaks it nevertheless"


def test_a_need_of_which_nothing_works_is_a_conflict_with_its_reason(world):
    bad = [("alpha", f"{number}.0") for number in (1, 2, 3)]
    result, _ = _fit(world, ["alpha", "beta"], template("pod", {}), _forbids(*bad))
    assert not result.plan.feasible
    decision = next(d for d in result.plan.decisions if d.name == "alpha")
    assert decision.action is Action.CONFLICT
    assert SEEN in decision.evidence
    assert [d.name for d in result.plan.with_action(Action.INSTALL)] == ["beta"]


def test_an_audit_that_is_content_changes_nothing(world):
    result, told = _fit(world, ["alpha"], template("pod", {}), lambda _: Audited())
    assert result.plan.bounds == ()
    assert result.plan.with_action(Action.INSTALL)[0].planned == "3.0"
    assert not [step for step in told.steps if "round" in step]


def test_a_bound_that_limits_nothing_is_refused():
    with pytest.raises(ValueError, match="limits versions"):
        Bound("alpha", "because", SEEN)
    with pytest.raises(ValueError, match="limits versions"):
        Bound("alpha", "because", SEEN, filename="alpha-1.0-py3-none-any.whl")
