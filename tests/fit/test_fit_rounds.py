"""The fewest changes are sought once, when nothing more is learned; the rounds before that look for versions alone."""

from __future__ import annotations

from fit_support import Told, World, project, template

from podfit.fit.session import fit_templates
from podfit.model import Action
from podfit.solve.search import Search


def test_rounds_that_learn_leave_the_fewest_changes_to_the_last_one(tmp_path, monkeypatch):
    releases = {
        ("hub", version): [f'torch>={least}; extra == "torch"', "wire>=2", "lock>=2"]
        for version, least in (("1.0", "2.0"), ("1.1", "2.6"), ("1.2", "2.8"))
    }
    world = World(tmp_path, {**releases, ("wire", "2.0"): [], ("lock", "2.0"): []})
    others = {f"other{number}": ("1.0", ["wire", "lock"]) for number in range(3)}
    pod = template("pod", {"torch": ("2.4.1+cu124", []), "wire": ("1.0", []), "lock": ("1.0", []), **others})
    monkeypatch.setattr("podfit.solve.overlay.QUICK_RUNS", 0)
    asked: list[int] = []

    real = Search.exactly

    def exactly(search, most):
        asked.append(most if search.soft is None else 0)
        return (yield from real(search, most))

    monkeypatch.setattr(Search, "exactly", exactly)
    (result,) = fit_templates(
        project("hub"), (), [pod], index=world.index, uv=world.uv, options=world.options, reporter=Told()
    )
    plan = result.plan
    assert {d.name: d.planned for d in plan.with_action(Action.INSTALL)} == {"hub": "1.0"}
    assert {d.name for d in plan.with_action(Action.CHANGE)} == {"wire", "lock"}
    assert [most for most in asked if most] == [40, 12], "with versions that stand, then what would change less"
    assert plan.feasible
