"""Smaller builds: offered only where nothing that the project uses is lost, and taken only where asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fit_support import template
from index_support import LocalIndex, build_wheel

from podfit.catalogue.slim import Slim, slims, spoiling_calls
from podfit.fit import slim as room
from podfit.fit.options import Options
from podfit.fit.session import fit_templates
from podfit.index import Index
from podfit.model import (
    Action,
    Call,
    Declaration,
    Evidence,
    EvidenceKind,
    ImportSite,
    Plan,
    Project,
    Template,
    Where,
)
from podfit.model.serial import plan_from_dict, plan_to_dict
from podfit.readers.imports.scan import scan_imports
from podfit.report.comparison import comparison
from podfit.solve import Uv
from podfit.writers.interface import Screen
from podfit.writers.registry import write_answer

SAID = Evidence(EvidenceKind.PUBLISHED, "https://example.org/slim", "less behind the same name")
LINE = Slim("thing", "thing-slim", "pictures", SAID, frozenset({"thing.show"}), ("file:",))
FULL = {"thing/__init__.py": b"", "thing/core.py": b"", "thing/extra/__init__.py": b"", "thing/data.txt": b"0" * 40}


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalIndex]:
    monkeypatch.setattr(room, "slims", lambda: (LINE,))
    found = LocalIndex()
    found.announce = found.serve_metadata = True  # uv then asks for nothing else of a wheel
    full = {**FULL, "thing/big.bin": bytes(range(256)) * 200}
    found.add("thing", "thing-1.0-py3-none-any.whl", build_wheel("thing", "1.0", ["heavy", "light"], full))
    slim = {name: data for name, data in FULL.items() if "extra" not in name}
    found.add("thing-slim", "thing_slim-1.0-py3-none-any.whl", build_wheel("thing_slim", "1.0", ["light"], slim))
    for name in ("heavy", "light", "other"):
        wheel = build_wheel(name, "1.0", ["thing"] if name == "other" else [], {f"{name}.py": bytes(range(256)) * 40})
        found.add(name, f"{name}-1.0-py3-none-any.whl", wheel)
    yield found
    found.close()


@pytest.fixture
def fit(index: LocalIndex, tmp_path: Path) -> Callable[..., Plan]:
    """A function that fits a project which imports these modules."""

    def made(
        *sites: ImportSite,
        slim: bool = False,
        declared: tuple[str, ...] = ("thing",),
        calls: tuple[Call, ...] = (),
        pod: Template | None = None,
    ) -> Plan:
        declarations = tuple(Declaration(line, Where("requirements.txt", 1)) for line in declared)
        project = Project("/p", "p", sites, declarations, None)
        (result,) = fit_templates(
            project,
            calls,
            [pod or template("pod", {"torch": ("2.4.0", ())})],
            index=Index([index.url], cache=tmp_path / "cache"),
            uv=Uv(tmp_path / "cache"),
            options=Options(index_url=index.url, slim=slim),
        )
        assert result.plan is not None, result.refusal
        return result.plan

    return made


def site(module: str, *names: str) -> ImportSite:
    """An import of this module."""
    return ImportSite(module, "a.py", 3, names=names)


def screen(plan: Plan) -> str:
    """What a terminal shows, on one line."""
    return " ".join(write_answer("text", comparison([plan]), Screen()).split())


def test_it_is_offered_with_what_it_saves_and_loses(fit: Callable[..., Plan], index: LocalIndex) -> None:
    plan = fit(site("thing"), site("thing", "core"))
    (offer,) = plan.slimmer
    assert (offer.name, offer.slim, offer.version, offer.taken) == ("thing", "thing-slim", "1.0", False)
    sizes = {name: len(data) for files in index.files.values() for name, data in files.items()}
    saved = sizes["thing-1.0-py3-none-any.whl"] + sizes["heavy-1.0-py3-none-any.whl"]
    assert offer.saves == saved - sizes["thing_slim-1.0-py3-none-any.whl"]
    assert offer.evidence[0].detail == "has what the project imports of it: thing, thing.core"
    assert offer.evidence[1] == SAID
    assert {d.name for d in plan.with_action(Action.INSTALL)} == {"thing", "heavy", "light"}
    assert "--slim would take thing-slim for thing: about " in screen(plan)
    assert "less; not in it: pictures" in screen(plan)
    assert plan_from_dict(plan_to_dict(plan), where="x").slimmer == plan.slimmer


def test_with_slim_the_plan_has_it_and_the_saving_is_the_difference(fit: Callable[..., Plan]) -> None:
    before, plan = fit(site("thing")), fit(site("thing"), slim=True)
    assert {d.name for d in plan.with_action(Action.INSTALL)} == {"thing-slim", "light"}
    (taken,) = plan.slimmer
    assert taken.taken
    assert taken.saves == before.download_bytes - plan.download_bytes > 0
    assert plan.feasible
    (need,) = plan.needs
    assert (need.name, need.import_names) == ("thing-slim", ("thing",))
    assert "thing-slim is in the place of thing: " in screen(plan)


@pytest.mark.parametrize(
    "sites",
    [
        (site("thing.extra"),),
        (site("thing", "extra"),),
        (site("thing"), site("thing.not_there")),
        (),
    ],
    ids=["a module that it lacks", "taken from the package", "a module that nobody has", "nothing is imported"],
)
def test_it_is_not_offered_where_a_module_is_missing(sites: tuple[ImportSite, ...], fit: Callable[..., Plan]) -> None:
    plan = fit(*sites, slim=True)
    assert plan.slimmer == ()
    assert "thing" in {d.name for d in plan.with_action(Action.INSTALL)}


@pytest.mark.parametrize(
    ("call", "offered"),
    [
        (Call("thing.show", "a.py", 5), False),
        (Call("thing.show", "a.py", 5, arguments=("screen:",)), False),
        (Call("thing.show", "a.py", 5, arguments=("file:/x",)), True),
        (Call("thing.core.run", "a.py", 5), True),
        (Call("thing.extra.run", "a.py", 5), False),
    ],
)
def test_calls_that_need_what_is_lost_speak_against_it(call: Call, offered: bool, fit: Callable[..., Plan]) -> None:
    assert bool(fit(site("thing"), calls=(call,)).slimmer) is offered


def test_it_is_not_offered_where_something_else_asks_for_the_full_one(fit: Callable[..., Plan]) -> None:
    assert fit(site("thing"), declared=("thing", "other")).slimmer == ()
    assert fit(site("thing"), declared=("thing[x]",)).slimmer == ()


def test_a_template_that_has_the_full_one_keeps_it(fit: Callable[..., Plan]) -> None:
    pod = template("pod", {"thing": ("1.0", ("light",)), "light": ("1.0", ())})
    assert fit(site("thing"), slim=True, pod=pod).slimmer == ()


def test_what_loses_the_gpu_is_for_templates_without_cuda(
    fit: Callable[..., Plan], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "slims", lambda: (replace(LINE, without_cuda=True),))
    assert fit(site("thing")).slimmer
    cuda = template("pod", {"torch": ("2.4.0+cu124", ())})
    assert cuda.cuda is not None
    assert fit(site("thing"), pod=cuda).slimmer == ()


def test_an_index_without_the_small_one_offers_nothing(fit: Callable[..., Plan], index: LocalIndex) -> None:
    index.files["thing-slim"] = {}
    assert fit(site("thing"), slim=True).slimmer == ()


def test_a_small_one_that_asks_for_more_than_is_planned_saves_nobody_knows_what(
    fit: Callable[..., Plan], index: LocalIndex
) -> None:
    slim = build_wheel("thing_slim", "1.0", ["light", "nobody-planned-this"], FULL)
    index.files["thing-slim"] = {"thing_slim-1.0-py3-none-any.whl": slim}
    assert fit(site("thing")).slimmer == ()


def test_the_scan_sees_the_calls_of_the_table(tmp_path: Path) -> None:
    assert "cv2.imshow" in spoiling_calls()
    (tmp_path / "a.py").write_text("import cv2 as c\n\ndef see(x):\n    c.imshow('w', x)\n")
    assert [call.target for call in scan_imports(tmp_path).calls] == ["cv2.imshow"]


def test_every_line_of_the_table_names_its_evidence_and_what_is_lost() -> None:
    assert len({line.full for line in slims()}) == len(slims())
    for line in slims():
        assert line.loses
        assert line.evidence.source.startswith("https://")
        assert line.evidence.detail
        assert line.slim != line.full


def test_where_the_weight_is_stands_in_a_line(fit: Callable[..., Plan]) -> None:
    plan = fit(site("thing"), declared=("thing", "light"))
    assert "heaviest: thing with heavy " in screen(plan)
    assert "heaviest" not in screen(fit(site("thing")))
