"""Who is to blame, and which release is tried next: decided on values alone."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version
from prove_support import EVIDENCE, template

from podfit.model import Action, Bound, Decision, Evidence, EvidenceKind, Finding, Plan, Verdict
from podfit.model.member import Content, PlannedMember
from podfit.pod.prove.rounds import Ending, Tried, until_it_runs
from podfit.pod.prove.search import MOST_STEPS, Failure, Lesson, lesson, next_release

SEEN = Evidence(EvidenceKind.MEASURED, "import tool", "/site-packages/tool/__init__.py:1")
VERSIONS = {"tool": ("1.0", "2.0", "3.0", "4.0"), "back": ("1.0", "1.1")}


def failure(*owners: str) -> Failure:
    """Return a failed import that ran through the files of owners."""
    return Failure(Finding("import", "tool", Verdict.FAILED, "2.0: the import fails", SEEN), owners)


def plan(members: tuple[PlannedMember, ...] = (), **versions: str) -> Plan:
    """Return a plan that installs versions over a template of a held base and a loose other."""
    there = {"base": "2.0", "loose": "1.0"}
    decisions = [
        Decision(name, Action.KEEP, "there", (EVIDENCE,), template=v, planned=v, held=name == "base")
        for name, v in there.items()
    ]
    decisions += [Decision(name, Action.INSTALL, "asked", (EVIDENCE,), planned=v) for name, v in versions.items()]
    return Plan("example", template(there), (), tuple(decisions), members=members)


def older(name: str, version: str) -> Sequence[str]:
    """Return the older releases of the small world, newest first."""
    return [text for text in VERSIONS.get(name, ())[::-1] if Version(text) < Version(version)]


def learned(fault: Failure, of: Plan, bounds: Sequence[Bound] = (), given_up: Sequence[str] = ()) -> Lesson:
    """Return the lesson of a failure."""
    return lesson(fault, of, older, source="a run", learned=bounds, given_up=given_up)


def test_the_nearest_that_may_move_is_blamed() -> None:
    found = learned(failure("base", "loose", "tool", "back"), plan(tool="4.0", back="1.1"))
    assert found.bound is not None
    assert (found.bound.name, found.bound.specifier) == ("tool", "<=3.0")
    assert found.bound.evidence == Evidence(EvidenceKind.MEASURED, "a run", SEEN.detail)


def test_the_next_owner_when_nothing_older_is_left() -> None:
    found = learned(failure("tool", "back"), plan(tool="1.0", back="1.1"))
    assert found.bound is not None
    assert found.bound.name == "back"
    assert learned(failure("tool"), plan(tool="1.0")).reason == "no older release of tool is left to try"


def test_nothing_is_blamed_for_what_is_held_of_the_template_or_the_project_s_own() -> None:
    assert learned(failure("base"), plan()).reason.startswith("it is in base, which is held")
    assert learned(failure("loose"), plan()).reason.startswith("it is in loose, which is the template's own")
    assert learned(failure(), plan(tool="4.0")).reason.endswith("no package is blamed")
    mine = PlannedMember("mine", ".", Content.PURE, EVIDENCE)
    found = learned(failure("mine", "tool"), plan((mine,), tool="4.0"))
    assert found.bound is None
    assert found.reason == "it is in mine, which is the project's own: no package is blamed"


def test_steps_double_and_end() -> None:
    releases = [f"1.{minor}.{patch}" for minor in range(30, -1, -1) for patch in (1, 0)]
    assert [next_release(releases, "1.31.0", before) for before in range(5)] == [
        "1.30.1", "1.29.1", "1.27.1", "1.23.1", "1.15.1",
    ]  # fmt: skip
    assert next_release(["1.31.1", "1.31.0"], "1.31.2", 0) == "1.31.1"  # there is no other series
    assert next_release([], "1.0", 0) is None


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=30), st.integers(0, 9))
def test_what_is_tried_next_is_older_and_the_newest_of_its_series(pairs: list[tuple[int, int]], before: int) -> None:
    releases = [f"{major}.{minor}" for major, minor in sorted(set(pairs), reverse=True)]
    found = next_release(releases, "10.0", before)
    assert (found is None) is (not releases)
    assert found is None or found in releases


def test_who_does_not_help_is_left_as_it_was() -> None:
    """Whatever release of tool fails, an older back mends it: tool is planned as before."""

    def attempt(of: Plan) -> Tried:
        """Fail until back is older."""
        back = {d.name: d.planned for d in of.decisions}["back"]
        return Tried(() if back == "1.0" else (failure("tool", "back"),))

    def replan(bounds: tuple[Bound, ...]) -> tuple[Plan | None, str]:
        """Plan the newest that bounds allow."""
        newest = {
            name: [v for v in all_of if not any(bound.excludes(name, v) for bound in bounds)]
            for name, all_of in VERSIONS.items()
        }
        if not all(newest.values()):
            return None, "nothing fits"
        return plan(**{name: found[-1] for name, found in newest.items()}), ""

    class Quiet:
        """A reporter that says nothing."""

        def step(self, text: str) -> None:
            """Nothing."""

        def warn(self, text: str) -> None:
            """Nothing."""

    ending: Ending = until_it_runs(
        plan(tool="4.0", back="1.1"), attempt, replan, older, source="a run", reporter=Quiet()
    )
    assert ending.runs
    assert {d.name: d.planned for d in ending.plan.decisions if d.action is Action.INSTALL} == {
        "tool": "4.0",
        "back": "1.0",
    }
    assert len(ending.rounds) <= MOST_STEPS + 2
