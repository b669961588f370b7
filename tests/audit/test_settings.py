"""PF121: pip's settings on the image, each alone, compared with a plan that installs pandas."""

from __future__ import annotations

from dataclasses import replace

import pytest

from podfit.audit import Subject
from podfit.audit.settings import setting, settings
from podfit.model import (
    Artefact,
    Evidence,
    EvidenceKind,
    Facts,
    Finding,
    Interpreter,
    LockedPackage,
    Origin,
    Overlay,
    PipSettings,
    Platform,
    Release,
    Template,
    Verdict,
)

SEEN = Evidence(EvidenceKind.MEASURED, "a probe")
PATH = "/etc/pip/constraint.txt"


def subject(
    environment: dict[str, str] | None = None,
    config: dict[str, str] | None = None,
    constraints: dict[str, tuple[str, ...]] | None = None,
    *,
    managed: bool = False,
    kind: str = "wheel",
) -> Subject:
    facts = Facts(pip_config=PipSettings(config or {}, SEEN), pip_constraints=constraints)
    template = Template(
        "ngc",
        Interpreter("3.12.3", externally_managed=managed),
        Platform(),
        {},
        Origin.PROBED,
        SEEN,
        environment=environment or {},
        facts=facts,
    )
    files = (Artefact("pandas-2.2.3", "https://x/pandas", (), kind),)
    overlay = Overlay({"pandas": LockedPackage("pandas", "2.2.3", files)}, (), (), {}, (), ())
    added = {"pandas": Release("pandas", "2.2.3", (), "", SEEN)}
    return Subject(template, (), overlay, added, frozenset())


def said(given: Subject) -> list[Finding]:
    found = list(settings(given).findings)
    assert all(finding.check == "settings" and finding.remedy and finding.evidence.source for finding in found)
    assert all(finding.verdict is not Verdict.FAILED for finding in found)
    return found


def test_without_settings_nothing_is_said() -> None:
    assert said(subject({"PIP_NO_CACHE_DIR": "1", "PIP_ROOT_USER_ACTION": "ignore"})) == []


def test_a_constraint_that_does_not_allow_the_plan_is_told_with_the_way_out() -> None:
    lines = {PATH: ("numpy==1.26.4", "pandas==2.2.2", "torch==2.6.0a0+ecf3bae40a")}
    (found,) = said(subject({"PIP_CONSTRAINT": PATH}, constraints=lines))
    assert found.message == (
        f"pip there is bound by {PATH} (PIP_CONSTRAINT), which does not allow pandas 2.2.3 (it says pandas==2.2.2)"
    )
    assert found.remedy == "podfit apply is not bound by it; with pip alone: env PIP_CONSTRAINT= pip install ..."
    assert found.evidence.source == PATH


@pytest.mark.parametrize("line", ["pandas>=2", "pandas==2.2.2; python_version < '3.12'", "numpy==1.0", "pandas", "???"])
def test_a_constraint_that_allows_the_plan_is_no_finding(line: str) -> None:
    assert said(subject({"PIP_CONSTRAINT": PATH}, constraints={PATH: (line,)})) == []


def test_a_constraint_that_nobody_read_is_unknown() -> None:
    (found,) = said(subject({"PIP_CONSTRAINT": PATH}))
    assert (found.verdict, "nobody read that file" in found.message) == (Verdict.UNKNOWN, True)


def test_pip_conf_counts_and_variables_go_before_it() -> None:
    config = {"global.constraint": PATH, "install.no-deps": "yes"}
    first, second = said(subject(config=config, constraints={PATH: ("pandas<2",)}))
    assert "(pip.conf), which does not allow pandas 2.2.3" in first.message
    assert "PIP_CONFIG_FILE=/dev/null" in first.remedy
    assert second.message == "pip there installs no dependencies (pip.conf: no-deps = yes)"
    other = subject({"PIP_CONSTRAINT": "/other"}, config, {PATH: ("pandas<2",), "/other": ("pandas",)})
    assert [finding.message for finding in said(other)] == [second.message]
    assert setting(subject({"PIP_CONSTRAINT": " "}, config).template, "constraint") == (PATH, "pip.conf")


@pytest.mark.parametrize(("value", "told"), [("", True), ("0", True), ("1", False), ("true", False)])
def test_a_managed_python_unless_the_image_goes_on(value: str, told: bool) -> None:
    found = said(subject({"PIP_BREAK_SYSTEM_PACKAGES": value}, managed=True))
    assert bool(found) is told
    if told:
        assert "EXTERNALLY-MANAGED" in found[0].message


@pytest.mark.parametrize(
    ("key", "value", "kind", "told"),
    [
        ("PIP_ONLY_BINARY", ":all:", "sdist", True),
        ("PIP_ONLY_BINARY", "pandas", "sdist", True),
        ("PIP_ONLY_BINARY", "other", "sdist", False),
        ("PIP_ONLY_BINARY", ":all:", "wheel", False),
        ("PIP_NO_BINARY", ":all:", "wheel", True),
        ("PIP_NO_BINARY", ":none:", "wheel", False),
    ],
)
def test_the_kind_of_files_that_pip_takes(key: str, value: str, kind: str, told: bool) -> None:
    assert bool(said(subject({key: value}, kind=kind))) is told


@pytest.mark.parametrize("key", ["REQUIRE_HASHES", "NO_INDEX", "REQUIRE_VIRTUALENV", "USER"])
@pytest.mark.parametrize(("value", "told"), [("1", True), ("on", True), ("0", False), ("false", False)])
def test_flags_count_when_they_are_true(key: str, value: str, told: bool) -> None:
    assert bool(said(subject({f"PIP_{key}": value}))) is told


def test_where_nothing_is_installed_nothing_is_said() -> None:
    given = replace(subject({"PIP_CONSTRAINT": PATH, "PIP_TARGET": "/x"}, managed=True), added={})
    assert said(given) == []
    assert [finding.message for finding in said(subject({"PIP_TARGET": "/x"}))] == [
        "pip there installs into that directory and not into the template (PIP_TARGET: target = /x)"
    ]
