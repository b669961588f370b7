"""What a running process has loaded of an environment that changed under it."""

from __future__ import annotations

from podfit.model import (
    Action,
    Decision,
    Distribution,
    Evidence,
    EvidenceKind,
    Interpreter,
    Origin,
    Plan,
    Platform,
    Template,
)
from podfit.pod.apply.answer import answer
from podfit.pod.apply.loaded import in_notebook, restart, stale_modules
from podfit.pod.apply.outcome import Applied

SEEN = Evidence(EvidenceKind.MEASURED, "a probe")
THERE = {
    "pillow": Distribution("pillow", "10.0", SEEN, import_names=("PIL",)),
    "numpy": Distribution("numpy", "1.26.4", SEEN),
    "pandas": Distribution("pandas", "2.0", SEEN),
}
PLAN = Plan(
    "p",
    Template("pod", Interpreter("3.11.9"), Platform(), THERE, Origin.PROBED, SEEN),
    (),
    (
        Decision("numpy", Action.KEEP, "", (), template="1.26.4", planned="1.26.4"),
        Decision("pandas", Action.CHANGE, "", (), template="2.0", planned="2.2"),
        Decision("pillow", Action.CHANGE, "", (), template="10.0", planned="11.0"),
        Decision("polars", Action.INSTALL, "", (), planned="1.0"),
    ),
)


def test_what_is_loaded_and_replaced_is_stale() -> None:
    assert stale_modules(PLAN, {"PIL": 1, "numpy": 1, "polars": 1, "json": 1}) == ("PIL",)
    assert stale_modules(PLAN, {"PIL": 1, "PIL.Image": 1, "pandas": 1}) == ("PIL", "pandas")
    assert stale_modules(PLAN, {}) == ()


def test_a_notebook_is_known_by_what_its_commands_inherit() -> None:
    assert in_notebook({"JPY_PARENT_PID": "12"})
    assert not in_notebook({"PATH": "/bin"})


def test_only_what_was_replaced_in_place_needs_a_restart() -> None:
    assert restart([], notebook=True) == ""
    many = [f"p{n} 1.0" for n in range(9)]
    assert restart(many, notebook=True).endswith("p0, p1, p2, p3, p4, p5 and 3 others until then")
    for mode, told in (("in-place", True), ("overlay", False)):
        done = Applied("applied", mode, "/opt/x", "/opt/x/bin/python", ("pandas",), ("pandas 2.0",))
        shown = str(answer(done).screen(False))
        assert ("restart the runtime: a notebook or a program" in shown) is told
