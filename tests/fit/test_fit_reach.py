"""What is imported through several wheels and cannot be had there is noticed: a module, a name of what is kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from fit_support import dated_index, planned, project, refill, template

from podfit.fit.options import Options
from podfit.fit.session import fit_templates
from podfit.index import Index
from podfit.model import ImportSite, Plan, Template
from podfit.solve import Uv

RELEASES = {
    ("app", "1.0"): (["middle"], "2024-06-01"),
    ("middle", "1.0"): (["deep"], "2024-06-01"),
    ("deep", "1.0"): (["typing-extensions"], "2024-06-01"),
    ("pandas", "2.0"): ([], "2024-01-01"),
    ("typing-extensions", "4.9.0"): ([], "2023-12-01"),
    ("typing-extensions", "4.12.0"): ([], "2024-05-01"),
    ("old", "1.0"): ([], "2021-01-01"),
}
APP = {"app/__init__.py": "from middle.run import go\n"}
MIDDLE = {
    "middle/__init__.py": "",
    "middle/run.py": "import deep.parts\ndef go(): ...\n",
    "middle/unused.py": "import scipy\n",
}
KEPT_POD = {"typing-extensions": ("4.9.0", ())}
KEPT = {"typing_extensions.py": "def Self(): ...\n"}
YOUNGER = {"typing_extensions.py": "def Self(): ...\ndef TypeIs(): ...\n"}


def fit(
    folder: Path, deep: dict[str, str], pod: Template, *sites: ImportSite, ask: str = "app", typed: str = ""
) -> Plan:
    """The plan of a project that asks for app, over an index in which deep has these files."""
    with dated_index(folder / "wheels", RELEASES) as (url, _):
        for stem, files in (
            ("app-1.0", APP),
            ("middle-1.0", MIDDLE),
            ("deep-1.0", deep),
            ("typing_extensions-4.9.0", {name: text + typed for name, text in KEPT.items()}),
            ("typing_extensions-4.12.0", {name: text + typed for name, text in YOUNGER.items()}),
        ):
            refill(folder / "wheels", stem, files)
        given = replace(project(ask), imports=sites)
        index = Index([url], cache=folder / "cache")
        options = Options(index_url=url)
        (result,) = fit_templates(given, (), [pod], index=index, uv=Uv(folder / "cache"), options=options)
    assert result.plan is not None
    return result.plan


NOTHING = {"deep/__init__.py": "", "deep/parts.py": ""}


@pytest.mark.parametrize(
    ("parts", "more"),
    [
        ("import pandas\n", {"pandas": "2.0"}),
        ("def f():\n    import pandas\n", {}),
        ('"""Example:\n\nimport pandas\n"""\n', {}),
        (
            "try:\n    import pandas\nexcept ImportError as error:\n    raise RuntimeError('ask') from error\n",
            {"pandas": "2.0"},
        ),
        (
            "try:\n    from pandas import a\nexcept ImportError:\n    print('ask')\n    raise\nelse:\n    b = 1\n",
            {"pandas": "2.0"},
        ),
        ("try:\n    import pandas\nexcept ImportError:\n    pandas = None\nexcept Exception:\n    raise\n", {}),
        ("try:\n    import pandas\nexcept ImportError:\n    if deep:\n        raise\n", {}),
        ("try:\n    import pandas\nfinally:\n    raise_nothing = 1\n", {}),
    ],
)
def test_a_module_that_is_reached_and_that_nobody_requires(tmp_path: Path, parts: str, more: dict[str, str]) -> None:
    plan = fit(tmp_path, {**NOTHING, "deep/parts.py": parts}, template("pod", KEPT_POD))
    assert planned(plan) == {"app": "1.0", "middle": "1.0", "deep": "1.0", **more}
    places = [need.evidence[0].source for need in plan.needs if need.name in more]
    line = parts[: parts.index("pandas")].count("\n") + 1
    assert places == [f"deep 1.0: deep/parts.py:{line}" for _ in more]


def test_a_name_that_what_is_kept_is_too_old_for(tmp_path: Path) -> None:
    pod = template("pod", KEPT_POD)
    asks = {**NOTHING, "deep/parts.py": "from typing_extensions import TypeIs\n"}
    plan = fit(tmp_path / "new", asks, pod)
    assert planned(plan)["typing-extensions"] == "4.12.0"
    has = {**NOTHING, "deep/parts.py": "from typing_extensions import Self\n"}
    assert "typing-extensions" not in planned(fit(tmp_path / "has", has, pod))
    unreached = {**NOTHING, "deep/other.py": "from typing_extensions import TypeIs\n"}
    assert "typing-extensions" not in planned(fit(tmp_path / "unreached", unreached, pod))


@pytest.mark.parametrize(
    ("parts", "newer"),
    [
        ("import typing_extensions\nclass A(\n    object, typing_extensions.TypeIs  # one\n): ...\n", True),
        ("import os, typing_extensions as t\nclass A(t.TypeIs): ...\n", True),
        ("import typing_extensions as t\nclass A(t.Self): ...\n", False),
        ("import typing_extensions as t\nif t:\n    class A(t.TypeIs): ...\n", False),
        ("try:\n    import typing_extensions as t\nexcept ImportError:\n    t = 1\nclass A(t.TypeIs): ...\n", False),
        ('"""\nimport typing_extensions as t\nclass A(t.TypeIs): ...\n"""\n', False),
    ],
)
def test_what_a_class_is_made_from_is_asked_for(tmp_path: Path, parts: str, newer: bool) -> None:
    plan = fit(tmp_path, {**NOTHING, "deep/parts.py": parts}, template("pod", KEPT_POD))
    assert planned(plan).get("typing-extensions") == ("4.12.0" if newer else None)


@pytest.mark.parametrize(
    ("root", "newer"),
    [
        ("def __getattr__(name):\n    if name == 'go':\n        from .late import go\n        return go\n", True),
        ("_MAP = {'go': '.late:go'}\ndef __getattr__(name): ...\n", True),
        ("_MAP = {'go': '_app_late:go'}\ndef __getattr__(name): ...\n", True),
        ("_MAP = {'go': '.late:go'}\n", False),
        ("def __getattr__(name): ...\n", False),
    ],
)
def test_of_what_a_need_imports_when_it_is_asked_the_names_count(tmp_path: Path, root: str, newer: bool) -> None:
    late = "import pandas\nfrom middle.run import go\n"
    files = {"app/__init__.py": root, "app/late.py": late, "_app_late.py": late}
    deep = {**NOTHING, "deep/parts.py": "from typing_extensions import TypeIs\n"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(f"{__name__}.APP", files)
        plan = fit(tmp_path, deep, template("pod", KEPT_POD))
    assert planned(plan).get("typing-extensions") == ("4.12.0" if newer else None)
    assert "pandas" not in planned(plan)


@pytest.mark.parametrize(("keyword", "version"), [("closed", "4.12.0"), ("total", None)])
def test_a_keyword_of_a_class_that_came_with_a_release(tmp_path: Path, keyword: str, version: str | None) -> None:
    parts = f"from typing_extensions import Self, TypedDict\nclass A(TypedDict, {keyword}=True): ...\n"
    plan = fit(tmp_path, {**NOTHING, "deep/parts.py": parts}, template("pod", KEPT_POD), typed="TypedDict = 1\n")
    assert planned(plan).get("typing-extensions") == version


def test_a_name_that_a_module_mentions_only_as_one_of_another_is_no_name_of_it(tmp_path: Path) -> None:
    kept = "from base.parts import Self\n\ndef f(x): x.parts\n"
    pod = template("pod", {"tools": ("2.0", ())})
    releases = {**RELEASES, ("deep", "1.0"): (["tools"], "2023-06-01")}
    releases |= {("tools", "1.0"): ([], "2023-05-01"), ("tools", "2.0"): ([], "2024-05-01")}
    had = {"tools.py": "from base import parts\n"}
    with dated_index(tmp_path / "wheels", releases) as (url, _):
        deep = {**NOTHING, "deep/parts.py": "from tools import parts\n"}
        parts = (("app-1.0", APP), ("middle-1.0", MIDDLE), ("deep-1.0", deep))
        for stem, files in (*parts, ("tools-1.0", had), ("tools-2.0", {"tools.py": kept})):
            refill(tmp_path / "wheels", stem, files)
        index, options = Index([url], cache=tmp_path / "cache"), Options(index_url=url)
        (result,) = fit_templates(project("app"), (), [pod], index=index, uv=Uv(tmp_path / "cache"), options=options)
    assert result.plan is not None
    assert planned(result.plan)["tools"] == "1.0"


def test_what_the_project_imports_is_entered_too(tmp_path: Path) -> None:
    deep = {**NOTHING, "deep/extra.py": "import pandas\n"}
    site = ImportSite("deep", "main.py", 1, names=("extra",))
    pod = template("pod", KEPT_POD)
    assert "pandas" not in planned(fit(tmp_path / "without", deep, pod))
    assert planned(fit(tmp_path / "with", deep, pod, site))["pandas"] == "2.0"
    optional = replace(site, optional=True)
    assert "pandas" not in planned(fit(tmp_path / "optional", deep, pod, optional))
