"""Whatever a plan holds, its files can be read, and nothing held is ever asked for."""

from __future__ import annotations

import json
import sys
from io import StringIO
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.version import Version
from rich.console import Console
from share import examples
from writers_support import matrix_json_text, matrix_markdown, print_matrix

from podfit.model import (
    Action,
    Artefact,
    Change,
    Decision,
    Distribution,
    Evidence,
    EvidenceKind,
    Finding,
    Interpreter,
    Need,
    OpenQuestion,
    Origin,
    Plan,
    Platform,
    Template,
    Verdict,
    canonical,
)
from podfit.model.check import checks
from podfit.model.serial import plan_from_dict
from podfit.writers import toml
from podfit.writers.registry import plan_files

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PHASES = [Phase.explicit, Phase.reuse, Phase.generate]
"""No shrinking of whole plans: it takes minutes, and the first failing one tells enough."""

NAMES = st.sampled_from(["torch", "nvidia-nccl-cu12", "numpy", "pandas", "scipy", "a", "b-c", "x2", "zope-interface"])
VERSIONS = st.sampled_from(["1.0", "2.4.0+cu124", "2.6.0a0+nv25.1", "1!3.2.post1", "2024.1", "0.0.1.dev3", "1.2rc1"])
TEMPLATE_VERSIONS = st.one_of(VERSIONS, st.sampled_from(["", "1.0-ubuntu", "0.1ubuntu5"]))
SPECIFIERS = st.sampled_from(["", ">=1", "==1.0", ">=1, <3", "~=2.4", "!=1.5,>=0.1", "==2.*"])
# Text as it comes from logs and file names: line breaks of every kind, quotes, controls, markup.
TEXTS = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        ["a\nb==1", "\\", "x \\", "| a |", '"""', "'", "[red]", "#", "a\x0bb==2", "\x1b[31m", "\u2028c==1", "\x7f"]
    ),
)
EVIDENCE = st.builds(Evidence, st.sampled_from(EvidenceKind), TEXTS, TEXTS)
EVIDENCES = st.lists(EVIDENCE, max_size=2).map(tuple)
CHECKS = st.sampled_from([check.name for check in checks()])
QUESTIONS = st.builds(OpenQuestion, TEXTS, TEXTS, EVIDENCES, TEXTS)
HASHES = st.lists(st.sampled_from(["sha256:" + "a" * 64, "sha512:" + "b" * 128]), max_size=2, unique=True).map(tuple)
TIMES = st.sampled_from(["", "2025-08-21T10:26:36.236789Z", "2020-01-01T00:00:00+02:00", "yesterday"])
HOSTS = st.sampled_from(["https://files.pythonhosted.org/packages/ab/", "https://wheels.example.org/a%20b/"])


def artefacts(name: str, version: str) -> st.SearchStrategy[tuple[Artefact, ...]]:
    """Files of a release, named as the index must name them."""
    stem = f"{name.replace('-', '_')}-{version}"

    def built(kind: str, host: str, hashes: tuple[str, ...], size: int, time: str) -> Artefact:
        filename = f"{stem}-py3-none-any.whl" if kind == "wheel" else f"{stem}.tar.gz"
        return Artefact(filename, f"{host}{filename}", hashes, kind, size, time)

    one = st.builds(built, st.sampled_from(["wheel", "sdist"]), HOSTS, HASHES, st.integers(0, 2**40), TIMES)
    return st.lists(one, max_size=3).map(tuple)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """A plan with any mixture of decisions, consistent or not, and texts that try to leave their place."""
    distributions = [
        Distribution(name, draw(TEMPLATE_VERSIONS), draw(EVIDENCE), editable=draw(st.booleans()))
        for name in draw(st.lists(NAMES, unique=True))
    ]
    template = Template(
        name=draw(st.sampled_from(["runpod-pytorch-2.4", "t", "a b/../c", "..."])),
        interpreter=Interpreter(draw(st.sampled_from(["3.10.12", "3.13.0"]))),
        platform=Platform(),
        distributions={d.name: d for d in distributions},
        origin=draw(st.sampled_from(Origin)),
        evidence=draw(EVIDENCE),
        captured=draw(TEXTS),
        notes=draw(st.lists(TEXTS, max_size=2).map(tuple)),
    )
    decisions = [
        draw(
            st.builds(
                Decision,
                name=st.just(name),
                action=st.sampled_from(Action),
                reason=TEXTS,
                evidence=EVIDENCES,
                local=st.one_of(st.just(""), VERSIONS),
                template=st.just(template.distributions[name].version if name in template.distributions else ""),
                planned=VERSIONS,
                direct=st.booleans(),
                held=st.booleans(),
                required_by=st.lists(NAMES, max_size=2).map(tuple),
                drift=TEXTS,
                download_bytes=st.integers(0, 2**40),
            )
        )
        for name in sorted(draw(st.lists(NAMES, unique=True)))
    ]
    needs = st.builds(Need, NAMES, EVIDENCES, SPECIFIERS, st.sampled_from([(), ("gpu", "all")]), optional=st.booleans())
    return Plan(
        project=draw(TEXTS),
        template=template,
        needs=tuple(draw(st.lists(needs, max_size=4, unique_by=lambda need: need.name))),
        decisions=tuple(decisions),
        artefacts={d.name: draw(artefacts(d.name, d.planned)) for d in decisions if draw(st.booleans())},
        changes=tuple(draw(st.lists(st.builds(Change, NAMES, TEXTS, TEXTS, TEXTS), max_size=2))),
        edges=draw(st.dictionaries(NAMES, st.lists(NAMES, max_size=3, unique=True).map(tuple))),
        findings=tuple(
            draw(
                st.lists(
                    st.builds(Finding, CHECKS, TEXTS, st.sampled_from(Verdict), TEXTS, EVIDENCE, TEXTS), max_size=2
                )
            )
        ),
        notes=draw(st.lists(TEXTS, max_size=2).map(tuple)),
        created=draw(TEXTS),
        local_python=draw(st.sampled_from(["", "3.12.2"])),
        questions=draw(st.lists(QUESTIONS, max_size=2).map(tuple)),
    )


def asked(text: str) -> dict[str, tuple[Requirement, list[str]]]:
    """The requirements of a pip requirements file with their hashes, as pip reads its lines."""
    found = {}
    for line in text.replace("\\\n", "").splitlines():
        if line and not line.startswith("#"):
            words = line.split(" --hash=")
            requirement = Requirement(words[0].strip())
            assert canonical(requirement.name) not in found
            found[canonical(requirement.name)] = (requirement, [word.strip() for word in words[1:]])
    return found


@pytest.mark.slow
@settings(max_examples=examples(80), deadline=None, phases=PHASES)
@given(plans())
def test_every_file_of_any_plan_is_sound(plan: Plan) -> None:
    files = plan_files(plan)
    by_kind = {name.partition("-")[0].partition(".")[0]: text for name, text in files.items()}
    assert plan_from_dict(json.loads(by_kind["plan"]), where="test") == plan

    held = {d.name for d in plan.decisions if d.held}
    decisions = {d.name: d for d in plan.decisions}
    ranges = asked(by_kind["requirements"])
    assert not held & set(ranges)
    for name, (requirement, _) in ranges.items():
        decision = decisions[name]
        assert decision.direct
        assert decision.action in (Action.INSTALL, Action.CHANGE, Action.KEEP)
        assert requirement.specifier.contains(decision.planned, prereleases=True)

    locked = asked(by_kind["lock"])
    assert not held & set(locked)
    for name, (requirement, hashes) in locked.items():
        assert decisions[name].action in (Action.INSTALL, Action.CHANGE)
        assert str(requirement.specifier) == f"=={decisions[name].planned}"
        assert set(hashes) == {h for a in plan.artefacts[name] for h in a.hashes}
        assert hashes

    parsed: dict[str, Any] = tomllib.loads(by_kind["pylock"])
    packages = {package["name"]: package for package in parsed["packages"]}
    assert set(packages) == set(locked)
    assert all({d["name"] for d in p.get("dependencies", [])} <= set(packages) for p in packages.values())

    pins = asked(by_kind["constraints"])
    for name, (requirement, _) in pins.items():
        replaced = name in decisions and decisions[name].action is Action.CHANGE and name not in held
        version = decisions[name].planned if replaced else plan.template.distributions[name].version
        assert requirement.specifier.contains(Version(version), prereleases=True)
    usable = {d.name for d in plan.template.distributions.values() if d.version in VERSION_TEXTS and not d.editable}
    assert usable <= set(pins)


VERSION_TEXTS = {"1.0", "2.4.0+cu124", "2.6.0a0+nv25.1", "1!3.2.post1", "2024.1", "0.0.1.dev3", "1.2rc1"}


@pytest.mark.slow
@settings(max_examples=examples(80), deadline=None, phases=PHASES)
@given(plans())
def test_pylock_is_valid_by_the_packaging_library(plan: Plan) -> None:
    pylock = pytest.importorskip("packaging.pylock", reason="this packaging has no pylock (added in 26.0)")
    name, text = next((n, t) for n, t in plan_files(plan).items() if n.startswith("pylock."))
    from pathlib import Path

    assert pylock.is_valid_pylock_path(Path(name))
    pylock.Pylock.from_dict(tomllib.loads(text)).validate()


@pytest.mark.slow
@settings(max_examples=examples(40), deadline=None, phases=PHASES)
@given(st.lists(plans(), min_size=1, max_size=3), st.booleans(), st.sampled_from([60, 80, 150]))
def test_the_views_of_any_plans_hold_their_shape(many: list[Plan], details: bool, width: int) -> None:
    stream = StringIO()
    print_matrix(many, Console(file=stream, width=width, color_system=None), details=details)
    assert "\x1b" not in stream.getvalue()
    shown = "".join(stream.getvalue().split())
    held = {d.name for plan in many for d in plan.decisions if d.held}
    decided = [d for plan in many for d in plan.decisions if d.direct]
    assert all(d.name in shown for d in decided if d.name not in held)
    assert all(d.name in shown for d in decided if d.action in (Action.INSTALL, Action.CHANGE, Action.CONFLICT))
    assert json.loads(matrix_json_text(many))["schema"] == "podfit.matrix/1"
    markdown = matrix_markdown(many)
    assert all(c.isprintable() or c in "\n\ufe0f" for c in markdown)
    for plan in many:
        for decision in plan.decisions:
            assert decision.name in markdown.lower() or decision.name in held, "held libraries share a line"


@given(
    st.dictionaries(
        st.text(),
        st.recursive(
            st.one_of(st.text(), st.integers(-(2**63), 2**63 - 1), st.booleans()),
            lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)),
            max_leaves=8,
        ),
        max_size=4,
    )
)
def test_toml_reads_back(table: dict[str, Any]) -> None:
    assert tomllib.loads("\n".join(toml.pairs(table))) == table


def test_toml_has_no_floats_here() -> None:
    with pytest.raises(TypeError, match="float"):
        toml.value(1.5)
