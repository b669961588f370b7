"""Secrets in addresses reach no plan and no message."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podfit.fit.secrets import NOTE, without_secrets
from podfit.index.pages import source_of
from podfit.model import (
    Action,
    Artefact,
    Decision,
    Evidence,
    EvidenceKind,
    InputError,
    Interpreter,
    Origin,
    Plan,
    Platform,
    Template,
    secrets,
)
from podfit.model.secrets import hidden
from podfit.readers.declared.interface import Reading, Source
from podfit.readers.declared.requirements_txt import read
from podfit.writers.plan_json import write_plan

SECRET = "S3CR3T"
SEEN = Evidence(EvidenceKind.METADATA, "requirements.txt:1", "")
NAME = "alpha-1.0-py3-none-any.whl"


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what other tests filled in."""
    monkeypatch.setattr(secrets, "_filled", {})
    monkeypatch.setenv("P", SECRET)


def plan_with(url: str) -> Plan:
    """Return a plan that installs a file from url and quotes it everywhere."""
    return Plan(
        "p",
        Template("pod", Interpreter("3.11.9"), Platform(), {}, Origin.GIVEN, SEEN),
        (),
        (Decision("alpha", Action.INSTALL, f"asked for at {url}; yes", (SEEN,), planned="1.0"),),
        artefacts={"alpha": (Artefact(NAME, url, ("sha256:" + "0" * 64,), "wheel"),)},
        notes=(f"see {url}.",),
    )


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (f"https://user:{SECRET}@host/{NAME}", f"https://host/{NAME}"),
        (f"https://{SECRET}@host/{NAME}#sha256=0", f"https://host/{NAME}#sha256=0"),
        (f"ftp://user:{SECRET}@host/{NAME}", f"ftp://host/{NAME}"),
        (f"https://host/{NAME}?token={SECRET}", f"https://host/{NAME}"),
        (f"https://host/{NAME}?a=1&X-Amz-Signature={SECRET}&b=2#x=1", f"https://host/{NAME}?a=1&b=2#x=1"),
        (f"https://host/{NAME}?q=0{SECRET}aaaaBBBB1111", f"https://host/{NAME}"),
        (f"git+ssh://git:{SECRET}@host/a.git@{'0' * 40}", f"git+ssh://host/a.git@{'0' * 40}"),
    ],
)
def test_no_secret_of_an_address_is_in_a_plan(url: str, shown: str) -> None:
    plan = without_secrets(plan_with(url))
    assert SECRET not in write_plan(plan)
    assert plan.artefacts["alpha"][0].url == shown
    assert plan.notes == (f"see {shown}.", NOTE)


@pytest.mark.parametrize(
    "url",
    [
        f"https://host:8080/{NAME}?file=alpha#sha256=00",
        "git+ssh://git@github.com/openai/CLIP.git@main",
        "git+https://github.com/openai/CLIP.git@v1.0#subdirectory=a",
        "https://host/\udcff\udcfe.whl",  # a name that is not UTF-8
    ],
)
def test_what_is_no_secret_stays(url: str) -> None:
    plan = plan_with(url)
    assert without_secrets(plan) is plan


@given(st.text(max_size=50))
def test_hiding_twice_is_hiding_once(text: str) -> None:
    once = hidden(f"https://a:{text}")
    assert hidden(once) == once


@pytest.mark.parametrize(
    "line",
    [
        "alpha ${P} nonsense",
        "alpha --hash=${P}",
        "alpha --config-settings=token=${P}",
        f"alpha --config-settings=token={SECRET}",
        "-r ftp://u:${P}@127.0.0.1/r.txt",
        f"-r ftp://u:{SECRET}@127.0.0.1/r.txt",
        "alpha; ${P}",
        "-c ${P}.txt",
        "x" * 110 + " ${P} y",
    ],
)
def test_a_message_about_a_line_shows_the_variable_and_not_its_value(line: str, tmp_path: Path) -> None:
    path = tmp_path / "requirements.txt"
    path.write_text(line + "\n")
    reading = Reading()
    try:
        read(Source(tmp_path, path), reading)
    except InputError as error:
        reading.notice(str(error))
    assert reading.notices
    assert not any(SECRET[:4] in notice for notice in reading.notices)


def test_a_value_that_was_filled_into_an_address_stands_for_its_variable(tmp_path: Path) -> None:
    path = tmp_path / "requirements.txt"
    path.write_text(f"alpha @ https://host/${{P}}/{NAME}\n")
    reading = Reading()
    read(Source(tmp_path, path), reading)
    (declaration,) = reading.declarations
    url = declaration.requirement.partition(" @ ")[2]
    assert SECRET in url, "the resolver needs it"
    plan = without_secrets(plan_with(url))
    assert SECRET not in write_plan(plan)
    assert plan.artefacts["alpha"][0].url == f"https://host/${{P}}/{NAME}"


@pytest.mark.parametrize("url", [f"http://u:{SECRET}/x@127.0.0.1/", f"http://u:{SECRET} x@127.0.0.1:18081/"])
def test_an_address_of_an_index_that_is_none_is_refused_unseen(url: str) -> None:
    with pytest.raises(InputError, match="is not the URL of a package index") as caught:
        source_of(url)
    assert SECRET not in str(caught.value)


def test_a_plan_without_addresses_is_itself() -> None:
    plan = dataclasses.replace(plan_with("x"), artefacts={})
    assert without_secrets(plan) is plan


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("looked for /work/https:/u:hunter2@x.example/y", "looked for /work/https:/x.example/y"),
        ("y @ file:///work/https%3A/u%3Ahunter2%40x.example/y", "y @ file:///work/https%3A/x.example/y"),
        ("https://h/?next=https%3A%2F%2Fu%3Ahunter2%40x.example", "https://h/"),
        ("C:/Users/me@work/x.whl and a/b@1.0", "C:/Users/me@work/x.whl and a/b@1.0"),
    ],
)
def test_an_address_that_was_taken_for_a_path_shows_no_secret(text, shown):
    assert hidden(text) == shown
