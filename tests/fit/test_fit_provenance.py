"""What a plan says of how it was made: versions, indexes without secrets, options, dates, the cache's part."""

from __future__ import annotations

import importlib.metadata
import platform
from dataclasses import replace
from datetime import datetime, timezone

import pytest
from fit_support import World, project, template
from hypothesis import given
from hypothesis import strategies as st

import podfit
from podfit.fit.session import fit_templates
from podfit.model import Provenance
from podfit.model.provenance import shown_address
from podfit.model.serial import plan_from_dict, plan_to_dict
from podfit.report.comparison import comparison
from podfit.writers.interface import Screen
from podfit.writers.registry import write_answer

RELEASES = {("alpha", "1.0"): [], ("alpha", "2.0"): []}


def _plan(world, day=1, **named):
    (result,) = fit_templates(
        project("alpha"),
        (),
        [replace(template("pod", {}), captured="2026-01-31")],
        index=world.index,
        uv=world.uv,
        options=replace(world.options, **named),
        now=lambda: datetime(2026, 2, day, tzinfo=timezone.utc),
    )
    return result.plan


def test_a_plan_says_what_it_was_made_with(tmp_path):
    world = World(tmp_path, RELEASES)
    made = _plan(world, extras=("x",), hold=("numpy",), only_imported=False, exclude_newer="2026-01-01").provenance
    assert made == Provenance(
        podfit=podfit.__version__,
        uv=importlib.metadata.version("uv"),
        python=platform.python_version(),
        indexes=(world.options.index_url,),
        find_links=world.options.find_links,
        options=("--extra=x", "--hold=numpy"),
        exclude_newer="2026-01-01",
        captured="2026-01-31",
    )


def test_the_same_inputs_give_the_same_plan_but_for_its_date(tmp_path):
    world = World(tmp_path, RELEASES)
    first, second = plan_to_dict(_plan(world, 1)), plan_to_dict(_plan(world, 2))
    assert first.pop("created") != second.pop("created")
    assert first == second


def test_it_is_kept_in_the_plan_file_and_plans_without_it_are_read(tmp_path):
    plan = _plan(World(tmp_path, RELEASES))
    data = plan_to_dict(plan)
    assert plan_from_dict(data, where="plan.json").provenance == plan.provenance
    del data["provenance"], data["bounds"]
    old = plan_from_dict(data, where="plan.json")
    assert old.provenance is None
    assert replace(old, provenance=plan.provenance) == plan_from_dict(plan_to_dict(plan), where="plan.json")


def test_it_is_shown_with_details_and_at_the_foot_of_the_document(tmp_path):
    plan = _plan(World(tmp_path, RELEASES), hold=("numpy",))
    answer = comparison([plan])
    line = f"podfit {podfit.__version__}, uv {importlib.metadata.version('uv')}, Python {platform.python_version()}"
    assert line in write_answer("text", answer, Screen(200, details=True))
    assert line not in write_answer("text", answer, Screen(200, details=False))
    foot = write_answer("markdown", answer, Screen(200)).partition("How this was made")[2]
    assert line in foot
    assert "hold=numpy" in foot
    assert "template as of 2026-01-31" in foot
    write_answer("text", comparison([replace(plan, provenance=None)]), Screen(200, details=True))


def test_an_offline_plan_says_so(tmp_path):
    world = World(tmp_path, RELEASES)
    world.uv.offline = True
    world.index.offline = True
    assert "offline: everything is from the cache" in _plan(world).provenance.sentences


SECRET = "".join(["gh", "p_", "16C7e42F292c6912E7710c838347Ae178B4a"])


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("https://pypi.org/simple/", "https://pypi.org/simple/"),
        ("https://download.pytorch.org/whl/cu124", "https://download.pytorch.org/whl/cu124"),
        ("https://user:secret@host.example:8443/simple", "https://host.example:8443/simple"),
        (f"https://{SECRET}@host.example/simple", "https://host.example/simple"),
        (f"https://dl.example/{SECRET}/org/simple/", "https://dl.example/***/org/simple/"),
        (f"https://host.example/simple?token={SECRET}#x", "https://host.example/simple"),
        ("https://host.example/a:secret@b/simple", "https://host.example/***/simple"),
        ("https://[2001:db8::1]/simple/", "https://[2001:db8::1]/simple/"),
        ("https://host.example:port/simple", "***"),
        ("/srv/wheels", "/srv/wheels"),
    ],
)
def test_addresses_are_shown_without_secrets(given, shown):
    assert shown_address(given) == shown


@given(
    st.text(alphabet="abcdefXYZ0123456789-_", min_size=20, max_size=40).filter(
        lambda text: any(c.isdigit() for c in text) and any(c.isalpha() for c in text)
    ),
    st.sampled_from(
        ["https://{}@h.example/s", "https://u:{}@h.example/s", "https://h.example/{}/s", "https://h.example/s?t={}"]
    ),
)
def test_no_token_is_ever_shown(token, address):
    assert token not in shown_address(address.format(token))
