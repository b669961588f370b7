"""The independent pass: what the plan breaks fails, what the template broke before is told."""

import importlib.metadata

from hypothesis import given
from hypothesis import strategies as st

from podfit.audit import check_consistency, walk
from podfit.model import (
    Distribution,
    Evidence,
    EvidenceKind,
    Interpreter,
    Need,
    Origin,
    Platform,
    Release,
    Template,
    Verdict,
    canonical,
)
from podfit.model.requirement import Markers, only_extra, parse_requires_dist

EVIDENCE = Evidence(EvidenceKind.METADATA, "METADATA")


def _template(distributions, python="3.11.9"):
    return Template(
        "pod",
        Interpreter(python),
        Platform(),
        {n: Distribution(n, v, EVIDENCE, None if r is None else tuple(r)) for n, (v, r) in distributions.items()},
        Origin.GIVEN,
        EVIDENCE,
    )


def _release(name, version, requires=(), python=""):
    return Release(name, version, tuple(requires), python, EVIDENCE)


def _verdicts(findings):
    return [(finding.verdict, finding.subject) for finding in findings]


def test_a_sound_plan_passes_with_the_number_of_requirements_judged():
    pod = _template({"torch": ("2.4.0+cu124", ["sympy", "numpy; extra == 'x'"]), "sympy": ("1.12", [])})
    findings, seen = check_consistency(pod, {"lightning": _release("lightning", "2.4", ["torch>=2.1,<4"])}, [])
    assert _verdicts(findings) == [(Verdict.OK, "pod")]
    assert seen.judged == 2
    assert seen.edges["lightning"] == ("torch",)


def test_a_dependency_that_is_absent_or_out_of_range_fails():
    pod = _template({"numpy": ("1.26.4", [])})
    added = {"a": _release("a", "1", ["numpy>=2"]), "b": _release("b", "1", ["missing-thing"])}
    findings, _ = check_consistency(pod, added, [])
    assert _verdicts(findings) == [(Verdict.FAILED, "a"), (Verdict.FAILED, "b")]
    assert "requires numpy>=2, and there is 1.26.4" in findings[0].message
    assert "it is absent" in findings[1].message


def test_what_the_template_breaks_itself_is_a_warning():
    pod = _template({"torch": ("2.4.0", ["nvidia-cublas-cu12==12.1"]), "click": ("8.1", [])})
    findings, _ = check_consistency(pod, {"typer": _release("typer", "0.12", ["click"])}, [])
    assert _verdicts(findings) == [(Verdict.OK, "pod"), (Verdict.WARNING, "torch")]


def test_a_change_that_breaks_another_template_distribution_fails():
    pod = _template({"numpy": ("1.26.4", []), "vision": ("1.0", ["numpy<2"])})
    findings, _ = check_consistency(pod, {"numpy": _release("numpy", "2.1.0")}, [])
    assert _verdicts(findings) == [(Verdict.FAILED, "vision")]


def test_the_python_of_the_template_is_judged():
    findings, _ = check_consistency(_template({}, "3.10.12"), {"scipy": _release("scipy", "1.16.1", (), ">=3.11")}, [])
    assert findings[0].verdict is Verdict.FAILED
    assert "requires Python >=3.11, and there is 3.10.12" in findings[0].message


def test_extras_are_judged_only_when_somebody_asks_for_them():
    pod = _template({"uvicorn": ("0.30", ["httptools; extra == 'standard'"])})
    assert _verdicts(check_consistency(pod, {}, [])[0]) == [(Verdict.OK, "pod")]
    asked = [Need("uvicorn", (EVIDENCE,), extras=("standard",))]
    assert _verdicts(check_consistency(pod, {}, asked)[0]) == [(Verdict.FAILED, "uvicorn")]
    through = {"app": _release("app", "1", ["uvicorn[standard]"])}
    assert _verdicts(check_consistency(pod, through, [])[0]) == [(Verdict.FAILED, "uvicorn")]


def test_unknown_metadata_is_said_to_be_unknown():
    findings, _ = check_consistency(_template({"google-colab": ("1.0.0", None)}), {}, [])
    assert _verdicts(findings) == [(Verdict.OK, "pod"), (Verdict.UNKNOWN, "pod")]
    assert "google-colab" in findings[1].message


def test_it_agrees_with_the_environment_that_runs_the_tests():
    """The environment was installed by uv, so every requirement in it holds."""
    environment = {}
    for found in importlib.metadata.distributions():
        name = canonical(found.metadata["Name"])
        environment.setdefault(name, _release(name, found.version, found.requires or ()))
    import platform

    seen = walk(environment, _template({}, platform.python_version()))
    assert seen.violations == ()
    assert seen.judged > 20


MARKERS = st.sampled_from(
    [
        "extra == 'a'",
        'extra == "A"',
        "python_version >= '3.8' and extra == 'a'",
        "extra == 'a' and python_version >= '3.8'",
        "extra == 'a' or extra == 'b'",
        "(python_version < '3.0' or extra == 'a')",
        "(python_version > '3.0') and (extra == 'a')",
        "python_version < '3'",
        "sys_platform == 'linux'",
        "",
    ]
)


@given(MARKERS, st.sampled_from([("",), ("", "a"), ("", "b"), ("", "a", "b")]))
def test_the_quick_look_for_extras_agrees_with_packaging(marker, extras):
    line = f"numpy>=1; {marker}" if marker else "numpy>=1"
    environment = dict(_template({}).marker_environment)
    parsed = parse_requires_dist(line)
    expected = parsed.requirement.marker is None or any(
        parsed.requirement.marker.evaluate({**environment, "extra": extra}) for extra in extras
    )
    assert bool(list(Markers(environment).active([line], extras))) == expected
    if only_extra(line):
        assert not list(Markers(environment).active([line]))
