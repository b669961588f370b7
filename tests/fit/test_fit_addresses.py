"""An address beside the manifests that is for another machine is not followed: the index's release is planned."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from fit_support import World, planned, project, template

from podfit.fit.session import fit_templates
from podfit.model import Action, Declaration, ImportSite, Verdict, Where

WHEEL = "https://example.org/mamba_ssm-2.2.6+cu12torch2.5cxx11abiFALSE-cp311-cp311-linux_x86_64.whl"
POD = template("pod", {"torch": ("2.8.0+cu128", [])})


def test_a_wheel_for_another_torch_gives_way_to_the_index_where_no_manifest_names_it(tmp_path: Path) -> None:
    world = World(tmp_path, {("mamba-ssm", "2.3.0"): [], ("six", "1.0"): []})
    line = Declaration(f"mamba-ssm @ {WHEEL}", Where("Dockerfile", 3), scope="Dockerfile", asks=False)
    asked = project("six")
    given = replace(asked, imports=(ImportSite("mamba_ssm", "a.py", 1),), declarations=(*asked.declarations, line))
    (result,) = fit_templates(given, (), [POD], index=world.index, uv=world.uv, options=world.options)
    assert result.plan is not None
    assert planned(result.plan) == {"mamba-ssm": "2.3.0", "six": "1.0"}
    (told,) = [each for each in result.plan.findings if each.subject == "mamba-ssm" and "built for" in each.message]
    assert told.verdict is Verdict.WARNING
    assert told.message.endswith("and the template's is 2.8.0+cu128: what the index has is taken in its place")
    named = replace(given, declarations=(*asked.declarations, replace(line, scope="", asks=True)))
    (result,) = fit_templates(named, (), [POD], index=world.index, uv=world.uv, options=world.options)
    assert result.plan is not None
    assert [each.name for each in result.plan.with_action(Action.CONFLICT)] == ["mamba-ssm"]
