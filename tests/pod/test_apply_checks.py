"""What has to agree between a plan and the machine: its platform."""

from typing import Any

import pytest

from podfit.model import (
    Action,
    Artefact,
    Decision,
    Evidence,
    EvidenceKind,
    Interpreter,
    Origin,
    Plan,
    Platform,
    Template,
    Verdict,
)
from podfit.pod.apply.checks import check

WHY = Evidence(EvidenceKind.MEASURED, "podfit probe")
COMPILED = "x-1.0-cp311-cp311-manylinux_2_31_x86_64.whl"


def place(free_threaded: bool = False, **changes: Any) -> Template:
    interpreter = Interpreter("3.11.9", free_threaded=free_threaded)
    return Template("pod", interpreter, Platform(**{"glibc": "2.35", **changes}), {}, Origin.PROBED, WHY)


def failures(filename: str, reality: Template) -> list[str]:
    plan = Plan(
        "p",
        place(),
        (),
        (Decision("x", Action.INSTALL, "asked", (WHY,), planned="1.0"),),
        {"x": (Artefact(filename, f"https://files.example/{filename}", ("sha256:" + "0" * 64,), "wheel"),)},
    )
    assert plan.feasible
    return [found.message for found in check(plan, reality) if found.verdict is Verdict.FAILED]


@pytest.mark.parametrize(
    ("reality", "said"),
    [
        (place(), ""),
        (place(tags=("cp311-cp311-manylinux_2_31_x86_64", "py3-none-any")), ""),
        (place(glibc="2.28"), "Python 3.11, glibc 2.28, x86_64"),
        (place(glibc="", libc="musl"), "Python 3.11, musl, x86_64"),
        (place(glibc=""), "Python 3.11, glibc unknown, x86_64"),
        (place(free_threaded=True), "Python 3.11t, glibc 2.35, x86_64"),
        (place(tags=("py3-none-any",)), "Python 3.11, glibc 2.35, x86_64"),
    ],
)
def test_wheels_have_to_fit_the_machine_even_where_the_probe_named_no_tags(reality: Template, said: str) -> None:
    expected = [f"{COMPILED} does not fit the environment ({said})"] if said else []
    assert failures(COMPILED, reality) == expected
    assert failures("x-1.0-py3-none-any.whl", reality) == []
