"""A name that a need's wheel imports and that what it asks for no longer has leads to an older release that has it."""

from __future__ import annotations

from pathlib import Path

import pytest
from fit_support import dated_index, project, refill, template

from podfit.audit.exports import exports
from podfit.fit.options import Options
from podfit.fit.session import Session
from podfit.model import Plan, Template, Verdict
from podfit.readers.project import ProjectReading

RELEASES = {
    ("web", "1.0"): (["tools"], "2021-01-01"),
    ("tools", "0.1"): ([], "2020-06-01"),
    ("tools", "0.2"): ([], "2021-06-01"),
    ("tools", "0.3"): ([], "2023-06-01"),
    ("tools", "0.4"): ([], "2024-06-01"),
}
LAZY = "_MAP = {'web': [%s]}\n\ndef __getattr__(name):\n    return _MAP[name]\n"
MANY = ", ".join(f"'name{number}'" for number in range(12))


def planned(folder: Path, asked: str, old: str, new: str, pod: Template, *lines: str) -> Plan:
    """Return the plan where web imports what is asked, tools had this source until 0.2 and has that since 0.3."""
    with dated_index(folder / "wheels", RELEASES) as (url, _):
        refill(folder / "wheels", "web-1.0", {"web/__init__.py": asked})
        for version, source in (("0.1", old), ("0.2", old), ("0.3", new), ("0.4", new)):
            files = {
                "few": "__all__ = ['b']\nb = quote = 1\n",
                "more": "from .few import *\nquote = b\n",
                "urls": source,
            }
            sources = {f"tools/{name}.py": text for name, text in files.items()}
            refill(folder / "wheels", f"tools-{version}", {"tools/__init__.py": "", **sources})
        reading = ProjectReading(project(*(lines or ("web",))), ())
        (result,) = Session(Options(index_url=url), cache=folder / "cache").fit(reading, [pod])
    assert result.plan is not None
    return result.plan


def version(plan: Plan) -> str | None:
    (decision,) = [each for each in plan.decisions if each.name == "tools"]
    return decision.planned


QUOTE = "def quote(text):\n    return text\n"
ASKED = "from tools.urls import quote\n"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (QUOTE, "other = 1\n", "0.2"),
        (QUOTE, "from .all import *\n", "0.4"),
        (QUOTE, "from .few import *\n", "0.2"),
        (QUOTE, "from tools.more import *\n", "0.4"),
        (QUOTE, "def __getattr__(name):\n    return name\n", "0.4"),
        (QUOTE, "import sys, os\nfolder = os.listdir(__file__)\nsys.modules[__name__] = folder\n", "0.4"),
        (QUOTE, f"OTHERS = [{MANY}]\ndef __getattr__(name):\n    if name == 'quote':\n        return str\n", "0.4"),
        (QUOTE, f"OTHERS = [{MANY}]\ndef __getattr__(name):\n    if name == 'other':\n        return str\n", "0.2"),
        (LAZY % f"'quote', {MANY}", LAZY % MANY, "0.2"),
        (QUOTE, "try:\n    from fast import quote\nexcept ImportError:\n    quote = None\n", "0.4"),
        (QUOTE, "class A:\n    quote = 1\n", "0.2"),
        (QUOTE, "this is no Python\n", "0.4"),
        ("", "", "0.4"),
    ],
)
def test_what_a_module_may_have(tmp_path: Path, old: str, new: str, expected: str) -> None:
    plan = planned(tmp_path, ASKED, old, new, template("pod", {}))
    assert version(plan) == expected
    assert plan.feasible


def test_what_the_template_has_gives_way_too_and_the_reason_is_told(tmp_path: Path) -> None:
    plan = planned(tmp_path, ASKED, QUOTE, "", template("pod", {"tools": ("0.3", [])}))
    assert version(plan) == "0.2"
    (bound,) = [each for each in plan.bounds if each.name == "tools"]
    assert bound.specifier == "<=0.2"
    assert "web 1.0 imports quote from tools.urls as it is imported (web/__init__.py:1)" in bound.reason


def test_where_nothing_older_can_be_had_a_warning_says_so(tmp_path: Path) -> None:
    plan = planned(tmp_path, ASKED, QUOTE, "", template("pod", {}), "web", "tools>=0.4")
    assert version(plan) == "0.4"
    (found,) = [each for each in plan.findings if each.subject == "tools" and "imports quote" in each.message]
    assert (found.verdict, plan.feasible) == (Verdict.WARNING, True)


def test_what_a_compiled_module_of_another_release_had_is_known_to_the_catalogue(tmp_path: Path) -> None:
    releases = {
        ("topics", "1.0"): (["scipy"], "2023-08-01"),
        ("scipy", "1.12.0"): ([], "2024-01-20"),
        ("scipy", "1.13.0"): ([], "2024-04-02"),
        ("scipy", "1.14.0"): ([], "2024-06-24"),
    }
    for wanted, expected in (("triu", "1.12.0"), ("norm", "1.14.0")):
        with dated_index(tmp_path / wanted, releases) as (url, _):
            refill(tmp_path / wanted, "topics-1.0", {"topics/__init__.py": f"from scipy.linalg import {wanted}\n"})
            for old in ("1.12.0", "1.13.0", "1.14.0"):
                files = {"scipy/__init__.py": "", "scipy/linalg/__init__.py": "from ._compiled import *\n"}
                refill(tmp_path / wanted, f"scipy-{old}", files)
            reading = ProjectReading(project("topics"), ())
            options, cache = Options(index_url=url), tmp_path / wanted / "cache"
            (result,) = Session(options, cache=cache).fit(reading, [template("pod", {})])
        assert result.plan is not None
        assert {each.name: each.planned for each in result.plan.decisions}["scipy"] == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("from google.protobuf import descriptor as d\nA = d.Descriptor(name='A', fields=[])\n", "3.20.3"),
        ("import google.protobuf.descriptor as d\nA = [d.Descriptor(name='A')]\n", "3.20.3"),
        ("from google.protobuf import descriptor as d\ndef a():\n    return d.Descriptor()\n", "5.0.0"),
        ("from google.protobuf import descriptor as d\nA = d.Descriptor\n", "5.0.0"),
        ("from google.protobuf import descriptor as d\nA = d.FileDescriptor(name='A')\n", "5.0.0"),
        ("from google.protobuf import other as d\nA = d.Descriptor()\n", "5.0.0"),
    ],
)
def test_what_releases_no_longer_let_anybody_call_is_known_to_the_catalogue(
    tmp_path: Path, source: str, expected: str
) -> None:
    """What protoc before 3.19 wrote (tfrecord's example_pb2.py) raises TypeError beside protobuf 4."""
    releases = {
        ("record", "1.0"): (["protobuf"], "2022-01-01"),
        ("protobuf", "3.20.3"): ([], "2022-09-29"),
        ("protobuf", "4.21.0"): ([], "2022-05-25"),
        ("protobuf", "5.0.0"): ([], "2024-03-01"),
    }
    with dated_index(tmp_path / "wheels", releases) as (url, _):
        refill(tmp_path / "wheels", "record-1.0", {"record/__init__.py": source})
        for each in ("3.20.3", "4.21.0", "5.0.0"):
            files = {f"google/protobuf/{name}.py": "def Descriptor(): ...\n" for name in ("descriptor", "other")}
            refill(tmp_path / "wheels", f"protobuf-{each}", files)
        reading = ProjectReading(project("record"), ())
        (result,) = Session(Options(index_url=url), cache=tmp_path / "cache").fit(reading, [template("pod", {})])
    assert result.plan is not None
    assert {each.name: each.planned for each in result.plan.decisions}["protobuf"] == expected


def test_guarded_names_and_what_is_younger_than_what_it_asks_are_left_alone(tmp_path: Path) -> None:
    guarded = f"try:\n    {ASKED}except ImportError:\n    pass\n"
    assert version(planned(tmp_path / "a", guarded, QUOTE, "", template("pod", {}))) == "0.4"
    later = {**RELEASES, ("web", "1.0"): (["tools"], "2025-01-01")}
    with dated_index(tmp_path / "wheels", later) as (url, _):
        refill(tmp_path / "wheels", "web-1.0", {"web/__init__.py": ASKED})
        reading = ProjectReading(project("web"), ())
        (result,) = Session(Options(index_url=url), cache=tmp_path / "cache").fit(reading, [template("pod", {})])
    assert result.plan is not None
    assert version(result.plan) == "0.4"


def test_what_the_template_has_and_is_older_gives_way_to_the_first_that_has_the_name(tmp_path: Path) -> None:
    releases = {**RELEASES, ("web", "1.0"): (["tools"], "2025-01-01")}
    with dated_index(tmp_path / "wheels", releases) as (url, _):
        refill(tmp_path / "wheels", "web-1.0", {"web/__init__.py": ASKED})
        for number, source in (("0.1", ""), ("0.2", ""), ("0.3", QUOTE), ("0.4", QUOTE)):
            refill(tmp_path / "wheels", f"tools-{number}", {"tools/__init__.py": "", "tools/urls.py": source})
        reading = ProjectReading(project("web"), ())
        pod = template("pod", {"tools": ("0.1", [])})
        (result,) = Session(Options(index_url=url), cache=tmp_path / "cache").fit(reading, [pod])
    assert result.plan is not None
    assert version(result.plan) == "0.3"
    (bound,) = [each for each in result.plan.bounds if each.name == "tools"]
    assert bound.specifier == ">=0.3"


@pytest.mark.parametrize("asked", ["web", "top"])
def test_what_is_planned_and_years_older_than_who_asks_gives_way_to_the_first_that_has_the_name(
    tmp_path: Path, asked: str
) -> None:
    """It was chosen to spare a distribution of the template."""
    releases = {
        ("top", "1.0"): (["web"], "2025-02-01"),
        ("web", "1.0"): (["tools"], "2025-01-01"),
        ("tools", "0.1"): ([], "2023-06-01"),
        ("tools", "0.2"): (["leaf>=2"], "2024-09-01"),
        ("tools", "0.3"): (["leaf>=2"], "2024-12-01"),
        ("leaf", "1.0"): ([], "2020-01-01"),
        ("leaf", "2.0"): ([], "2022-01-01"),
    }
    for source, expected in ((QUOTE, {"tools": "0.3", "leaf": "2.0"}), ("# quote\n", {"tools": "0.1", "leaf": "1.0"})):
        folder = tmp_path / str(len(source))
        with dated_index(folder / "wheels", releases) as (url, _):
            refill(folder / "wheels", "top-1.0", {"top/__init__.py": "import web\n"})
            refill(folder / "wheels", "web-1.0", {"web/__init__.py": ASKED})
            for place, text in (("0.1", "other = 1\n"), ("0.2", source), ("0.3", source)):
                refill(folder / "wheels", f"tools-{place}", {"tools/__init__.py": "", "tools/urls.py": text})
            pod = template("pod", {"leaf": ("1.0", [])})
            reading = ProjectReading(project(asked), ())
            (result,) = Session(Options(index_url=url), cache=folder / "cache").fit(reading, [pod])
        assert result.plan is not None
        found = {each.name: each.planned for each in result.plan.decisions}
        assert {name: found[name] for name in expected} == expected


def test_what_is_held_stays_and_who_asks_is_older(tmp_path: Path) -> None:
    releases = {
        ("torch", "2.4.0"): ([], "2024-07-01"),
        **{("web", text): (["torch"], f"2024-0{month}-01") for text, month in (("0.1", 5), ("0.2", 8), ("0.3", 9))},
    }
    with dated_index(tmp_path / "wheels", releases) as (url, _):
        refill(tmp_path / "wheels", "torch-2.4.0", {"torch/__init__.py": "", "torch/nn.py": "relu = 1\n"})
        for number, asked in (("0.1", "relu"), ("0.2", "relu"), ("0.3", "relu, later")):
            refill(tmp_path / "wheels", f"web-{number}", {"web/__init__.py": f"from torch.nn import {asked}\n"})
        reading = ProjectReading(project("web"), ())
        pod = template("pod", {"torch": ("2.4.0", [])})
        (result,) = Session(Options(index_url=url), cache=tmp_path / "cache").fit(reading, [pod])
    assert result.plan is not None
    (decision,) = [each for each in result.plan.decisions if each.name == "web"]
    assert decision.planned == "0.2"
    assert "does without" in decision.reason or any("does without" in bound.reason for bound in result.plan.bounds)


def test_names_outside_functions_count() -> None:
    source = b"import a.b, c as d\nfrom e import f as g\nh, (i, j) = k = 1, (2, 3)\nif h:\n"
    source += b"    def l(): m = 1\nclass n:\n    o = 1\n"
    found = exports(source)
    assert found is not None
    assert {"a", "d", "g", "h", "i", "j", "k", "l", "n"} <= found
    assert not found & {"b", "c", "e", "f", "m", "o"}
    assert exports(b"\0") is None
    assert exports(b"import a" + b".a" * 100_000) is None, "Python's parser takes minutes for it"


@pytest.mark.parametrize(("source", "expected"), [("", set()), ("import plugin\n", {"pandas"})])
def test_what_is_read_for_its_age_alone_brings_no_further_need(tmp_path: Path, source: str, expected: set[str]) -> None:
    releases: dict[tuple[str, str], tuple[list[str], str]] = {
        ("app", "1.0"): (["plugin"], "2026-01-01"),
        ("plugin", "1.0"): (["api"], "2021-01-01"),
        ("api", "1.0"): ([], "2026-01-01"),
        ("pandas", "2.0"): ([], "2026-01-01"),
    }
    with dated_index(tmp_path / "wheels", releases) as (url, _):
        refill(tmp_path / "wheels", "app-1.0", {"app/__init__.py": source})
        refill(tmp_path / "wheels", "plugin-1.0", {"plugin/__init__.py": "import pandas\n"})
        reading = ProjectReading(project("app"), ())
        (result,) = Session(Options(index_url=url), cache=tmp_path / "cache").fit(reading, [template("pod", {})])
    assert result.plan is not None
    assert {each.name for each in result.plan.decisions} - {"app", "plugin", "api"} == expected


ALONE = "def __getattr__(name):\n    return gone(module='lines', all=__all__, attribute=name)\n"
FIRST = "def __getattr__(name):\n    if name not in __all__:\n        raise KeyError\n    return getattr(new, name)\n"


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (f"__all__ = ['search']\n{ALONE}", True),
        (f"__all__ = ['search']\n{FIRST}", True),
        (f"import new\n__all__ = new.__all__\n{ALONE}", False),
        (f"import new\n__all__ = ['search']\n__all__ += new.names\n{ALONE}", False),
        (f"import new\n__all__ = ['search']\n__all__.extend(new.names)\n{ALONE}", False),
        ("__all__ = ['search']\ndef __getattr__(name):\n    return getattr(new, name)\n", False),
        (f"__all__ = ['search']\n{FIRST.replace('not in', 'in')}", False),
    ],
)
def test_a_module_that_gives_what_its_list_has_alone_has_no_other_names(source: str, told: bool) -> None:
    """So scipy.optimize.linesearch lost names that geoopt 0.5.0 imports."""
    found = exports(source.encode())
    assert (found is not None) is told
    assert found is None or ("search" in found and "__getattr__" not in found)
