"""An open question about a module that a planned distribution of its name brings is answered by that."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from fit_support import World, project, refill, template

from podfit.fit.session import fit_templates
from podfit.model import ImportSite, Verdict

RELEASES = {
    ("graph", "1.0"): ["graph-sdk>=1"],
    ("graph-sdk", "1.2"): [],
    ("other", "1.0"): [],
}


@pytest.mark.parametrize(
    ("declared", "module", "files", "asked"),
    [
        pytest.param("graph", "graph_sdk", None, False, id="it comes with what is declared"),
        pytest.param("graph", "graph_sdk", {"elsewhere/__init__.py": ""}, True, id="its wheel has no such module"),
        pytest.param("other", "graph_sdk", None, True, id="nothing that is planned requires it"),
        pytest.param("graph", "helpers", {"helpers/__init__.py": ""}, True, id="the name is no sign that it is meant"),
    ],
)
def test_what_comes_with_a_need_is_no_question(
    tmp_path: Path, declared: str, module: str, files: dict[str, str] | None, asked: bool
) -> None:
    world = World(tmp_path, RELEASES)
    if files is not None:
        refill(tmp_path / "wheels", "graph_sdk-1.2", files)
    source = replace(project(declared), imports=(ImportSite(module, "auth.py", 3),))
    (fitted,) = fit_templates(
        source, (), [template("pod", {"held": ("1.0", [])})], index=world.index, uv=world.uv, options=world.options
    )
    assert fitted.plan is not None
    assert [question.subject for question in fitted.plan.questions] == [module] * asked
    told = [each for each in fitted.plan.findings if each.check == "imports" and each.subject == "graph-sdk"]
    assert [(each.verdict, each.message, each.remedy) for each in told] == [
        (
            Verdict.WARNING,
            "imported but not declared: it comes with graph, which may do without it one day",
            "declare graph-sdk",
        )
    ] * (not asked)
