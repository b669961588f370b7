"""The runner's own reading of versions and requirements, held to `packaging`."""

from __future__ import annotations

import importlib.metadata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from packaging.markers import default_environment
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version
from share import examples

from podfit.far.verify import requirements as runtime
from podfit.far.verify.gpu import runs_on

NUMBER = st.integers(0, 3).map(str)
RELEASE = st.lists(NUMBER, min_size=1, max_size=4).map(".".join)
PRE = st.sampled_from(["", "a1", "b2", "rc1", "-alpha.1", "c3", ".pre", "_beta_0"])
POST = st.sampled_from(["", ".post1", "-2", "rev3", "post", "-r0"])
DEV = st.sampled_from(["", ".dev0", "dev2", "-dev", "_dev1"])
LOCAL = st.sampled_from(["", "+cu124", "+1", "+1.abc", "+abc.1", "+01", "+ubuntu-1", "+1.10", "+1.9"])
EPOCH = st.sampled_from(["", "", "", "1!", "0!", "v"])
VERSION = st.tuples(EPOCH, RELEASE, PRE, POST, DEV, LOCAL).map("".join)
PUBLIC = st.tuples(EPOCH, RELEASE, PRE, POST, DEV).map("".join)
CLAUSE = st.one_of(
    st.tuples(st.sampled_from(["<", "<=", ">", ">=", "~="]), PUBLIC).map("".join),
    st.tuples(st.sampled_from(["==", "!=", "==="]), VERSION).map("".join),
    st.tuples(st.sampled_from(["==", "!="]), EPOCH, RELEASE, st.just(".*")).map("".join),
)


@given(VERSION, VERSION)
@settings(max_examples=examples(1500), deadline=None)
def test_versions_compare_as_packaging_compares_them(one: str, two: str) -> None:
    mine = runtime.parse_version(one), runtime.parse_version(two)
    assert None not in mine
    theirs = Version(one), Version(two)
    assert (mine[0] < mine[1], mine[0] == mine[1]) == (theirs[0] < theirs[1], theirs[0] == theirs[1])  # type: ignore[operator]


@pytest.mark.slow
@given(st.lists(CLAUSE, min_size=1, max_size=2).map(",".join), VERSION)
@settings(max_examples=examples(3000), deadline=None)
@example(">1.0", "1.0.post1")
@example(">1.0", "1.0+local")
@example("<1.0", "1.0rc1")
@example("==1.0", "1+cu1")
@example("~=1.2.post3", "1.9")
def test_specifiers_allow_what_packaging_allows(specifier: str, version: str) -> None:
    try:
        expected: bool | None = SpecifierSet(specifier).contains(version, prereleases=True)
    except InvalidSpecifier:
        expected = None
    assert runtime.allows(specifier, version) is expected


@given(st.text(max_size=30))
@settings(max_examples=examples(500), deadline=None)
def test_arbitrary_text_never_raises(text: str) -> None:
    runtime.parse_version(text)
    runtime.allows(text, "1.0")
    runtime.parse_requirement(text)


def real_lines() -> list[str]:
    """Every Requires-Dist of this environment."""
    return sorted({line for d in importlib.metadata.distributions() for line in d.requires or ()})


MADE = [
    "a",
    "a[b,C_d]>=1,<2; extra == 'X_y'",
    "a (>=1.0)",
    "a @ https://example.org/a-1.0.whl ; python_version < '4'",
    "a; (os_name == 'posix' or sys_platform == 'win32') and python_version not in '2.7, 3.0'",
    "a; 'linux' in sys_platform",
    "a; platform_machine == \"x86_64\" and platform_system != 'Windows'",
    "a; python_full_version >= '3.8.0' and implementation_name == 'cpython'",
    "a~=1.4.2",
    "a==1.*",
    "a;",
    "a>=",
    "a; nonsense == '1'",
    "a; python_version >=",
    "a; (python_version > '3'",
    "a >= 1 b",
    "[x]",
]


@pytest.mark.parametrize("line", [*MADE, *real_lines()])
def test_requirements_mean_what_packaging_reads(line: str) -> None:
    mine = runtime.parse_requirement(line)
    try:
        theirs = Requirement(line)
    except InvalidRequirement:
        assert mine is None
        return
    assert mine is not None
    assert mine.name == canonicalize_name(theirs.name)
    assert mine.extras == {canonicalize_name(extra) for extra in theirs.extras}
    assert mine.url == (theirs.url or "")
    for extra in ("", "x-y", "test", "dev", "docs"):
        expected = theirs.marker.evaluate({"extra": extra}) if theirs.marker else True
        assert runtime.holds(mine.marker, extra) == expected
    for version in ("0.1", "1.0", "1.5.2", "2.0rc1", "2.0.post1", "2025.1", "26.0", "1.26.4+local"):
        assert runtime.allows(mine.specifier, version) == theirs.specifier.contains(version, prereleases=True)


def test_marker_variables_are_those_of_packaging() -> None:
    assert {**default_environment(), "extra": ""} == runtime.MARKERS


@pytest.mark.parametrize(
    ("planned", "installed", "same"),
    [
        ("2.4.0+cu124", "2.4.0+cu124", True),
        ("2.4.0", "2.4.0+cu124", True),
        ("2.4.0+cu124", "2.4.0+cu121", False),
        ("2.4.0+cu124", "2.4.0", False),
        ("2025.02", "2025.2.0", True),
        ("1.0rc1", "1.0c1", True),
        ("1.0", "1.0.post1", False),
        ("weird", "weird", True),
        ("weird", "1.0", False),
    ],
)
def test_planned_and_installed_versions(planned: str, installed: str, same: bool) -> None:
    assert runtime.same_version(planned, installed) is same


@pytest.mark.parametrize(
    ("capability", "architectures", "runs"),
    [
        ([9, 0], ["sm_80", "sm_90"], True),
        ([8, 9], ["sm_80", "sm_86"], True),
        ([8, 0], ["sm_86"], False),
        ([9, 0], ["sm_80", "sm_86"], False),
        ([9, 0], ["sm_80", "compute_80"], True),
        ([12, 0], ["sm_90", "sm_90a"], False),
        ([12, 0], ["sm_90", "compute_90a"], False),
        ([9, 0], ["sm_90a"], True),
        ([12, 0], ["sm_100", "sm_120", "compute_120"], True),
        ([7, 0], [], False),
    ],
)
def test_device_code_runs_where_nvidia_says(capability: list[int], architectures: list[str], runs: bool) -> None:
    assert runs_on(capability, architectures) is runs
