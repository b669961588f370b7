"""The same name on two indexes: uv's rule decides, and both are named. Two real servers on loopback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from index_support import LocalIndex, build_wheel

import podfit
from podfit.catalogue import public_indexes
from podfit.fit.homes import Home, findings
from podfit.fit.options import Options
from podfit.model import Finding, Plan, Verdict

FILE = "corp_lib-{}-py3-none-any.whl"


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[tuple[LocalIndex, LocalIndex]]:
    for variable in (
        "PODFIT_INDEX_URL",
        "UV_DEFAULT_INDEX",
        "UV_INDEX_URL",
        "PIP_INDEX_URL",
        "UV_INDEX",
        "UV_EXTRA_INDEX_URL",
        "PIP_EXTRA_INDEX_URL",
    ):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "no-netrc"))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    monkeypatch.setenv("NO_PROXY", "*")
    private, public = LocalIndex(), LocalIndex()
    private.add("corp-lib", FILE.format("1.0"), build_wheel("corp_lib", "1.0", ["same", "alone"]))
    public.add("corp-lib", FILE.format("99.0"), build_wheel("corp_lib", "99.0"))
    for server in (private, public):
        server.announce = server.serve_metadata = True
        server.add("same", "same-1.0-py3-none-any.whl", build_wheel("same", "1.0"))
    public.add("alone", "alone-1.0-py3-none-any.whl", build_wheel("alone", "1.0"))
    yield private, public
    private.close()
    public.close()


def plan_of(tmp_path: Path, *extra: str, default: str) -> Plan:
    project = tmp_path / "project"
    project.mkdir(exist_ok=True)
    (project / "requirements.txt").write_text("corp-lib\n")
    manifest = {
        "schema": "podfit.template/1",
        "name": "t",
        "origin": "given",
        "interpreter": {"version": "3.11.7", "implementation": "cpython"},
        "platform": {"machine": "x86_64", "system": "linux", "glibc": "2.36"},
        "distributions": [],
    }
    (tmp_path / "t.json").write_text(json.dumps(manifest))
    options = Options(index_url=default, extra_index_urls=extra)
    (fitted,) = podfit.fit(project, str(tmp_path / "t.json"), local="none", options=options, cache=tmp_path / "cache")
    assert fitted.plan is not None, fitted.refusal
    return fitted.plan


def told(plan: Plan) -> list[Finding]:
    return [one for one in plan.findings if one.check == "index"]


def test_the_first_index_counts_and_both_are_named(servers: tuple[LocalIndex, LocalIndex], tmp_path: Path) -> None:
    private, public = servers
    plan = plan_of(tmp_path, private.url, default=public.url)
    assert {one.name: one.planned for one in plan.decisions}["corp-lib"] == "1.0", "uv's rule"
    (one,) = told(plan)
    assert (one.subject, one.verdict) == ("corp-lib", Verdict.WARNING)
    assert one.message.startswith(
        f"corp-lib: {private.url} is asked first and counts alone, and {public.url} has that name, too"
    )
    assert "hashes" in one.remedy
    assert plan.feasible


def test_the_order_decides(servers: tuple[LocalIndex, LocalIndex], tmp_path: Path) -> None:
    private, public = servers
    plan = plan_of(tmp_path, public.url, default=private.url)
    assert {one.name: one.planned for one in plan.decisions}["corp-lib"] == "99.0"
    (one,) = told(plan)
    assert f"corp-lib: {public.url} is asked first" in one.message
    assert private.url in one.message


def test_one_index_has_nobody_to_be_confused_with(servers: tuple[LocalIndex, LocalIndex], tmp_path: Path) -> None:
    private, public = servers
    private.add("alone", "alone-1.0-py3-none-any.whl", public.files["alone"]["alone-1.0-py3-none-any.whl"])
    assert told(plan_of(tmp_path, default=private.url)) == []
    assert public.log == []


def test_an_index_that_is_down_and_secrets_in_its_address(
    servers: tuple[LocalIndex, LocalIndex], tmp_path: Path
) -> None:
    private, public = servers
    hidden = private.url.replace("http://", "http://me:S3CR3T@")
    plan = plan_of(tmp_path, hidden, default=public.url)
    (one,) = told(plan)
    assert "S3CR3T" not in f"{one.message} {one.evidence}"


def test_what_is_public_is_told(
    monkeypatch: pytest.MonkeyPatch, servers: tuple[LocalIndex, LocalIndex], tmp_path: Path
) -> None:
    private, public = servers
    plan = plan_of(tmp_path, private.url, default=public.url)
    corp, pypi = "https://packages.example/simple/", "https://pypi.org/simple/"
    assert public_indexes.is_public(pypi)
    assert not public_indexes.is_public(corp)
    assert not public_indexes.is_public("http://[")
    (one,) = findings(plan, {"corp-lib": [Home(corp), Home(pypi)]})
    assert "anybody may publish on https://pypi.org/simple/: pip takes the newest of all its indexes" in one.message
    (one,) = findings(plan, {"corp-lib": [Home(pypi), Home(corp)]})
    assert "anybody may publish on https://pypi.org/simple/, so that it may be somebody else's" in one.message
    files = frozenset(text[7:] for file in plan.artefacts["corp-lib"] for text in file.hashes)
    assert findings(plan, {"corp-lib": [Home(corp), Home(pypi, files)]}) == (), "a mirror says the same"
    (one,) = findings(plan, {name: [Home(corp), Home(pypi)] for name in ("corp-lib", "same", "alone")})
    assert one.message.startswith("alone, corp-lib, same: ")
    assert "have them, too" in one.message or "these names" in one.message
