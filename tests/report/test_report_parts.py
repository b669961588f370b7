"""Order, sizes and quantities as they are drawn: on a terminal, in Markdown, for Mermaid."""

from __future__ import annotations

from podfit.model import Action, Decision, Evidence, EvidenceKind, Interpreter, Need, Origin, Plan, Platform, Template
from podfit.report.answer import Answer
from podfit.report.model import Bar, Bars, Layers, Report, Tile, Tiles, section, text
from podfit.report.order import order_section
from podfit.report.sizes import human_seconds
from podfit.writers.markdown import draw, mermaid
from podfit.writers.registry import format_of, write_answer

EVIDENCE = Evidence(EvidenceKind.METADATA, "requirements.txt:1")
POD = Template("pod", Interpreter("3.11.9"), Platform(), {}, Origin.GIVEN, EVIDENCE)


def plan(edges: dict[str, tuple[str, ...]], needs: tuple[str, ...]) -> Plan:
    """A plan that installs all names of edges."""
    decisions = tuple(Decision(name, Action.INSTALL, "", (), planned="1.0") for name in sorted(edges))
    return Plan("example", POD, tuple(Need(name, (EVIDENCE,)) for name in needs), decisions, edges=edges)


def test_an_arrow_that_a_longer_way_says_as_well_is_left_out() -> None:
    edges = {"a": ("b", "c", "hidden"), "b": ("hidden",), "hidden": ("c",), "c": ()}
    (part,) = order_section(plan(edges, ("a", "b", "c")))
    drawing = next(block for block in part.blocks if isinstance(block, Layers))
    assert drawing.layers == (("c",), ("b",), ("a",))
    assert drawing.arrows == (("b", "a"), ("c", "b"))
    assert drawing.chain == ("c", "b", "a")
    said = draw(Report((), (part,)))
    assert "The longest chain of requirements has 4: c ← hidden ← b ← a." in said
    assert "4 distributions in 4 layers: 1, 1, 1, 1." in said


def test_circles_are_told() -> None:
    (part,) = order_section(plan({"a": ("b",), "b": ("a",)}, ("a",)))
    assert "a and b require each other, in a circle." in draw(Report((), (part,)))


def test_nothing_to_install_has_no_order() -> None:
    assert order_section(plan({}, ())) == ()


def test_mermaid_quotes_names_and_leaves_out_arrows_to_nowhere() -> None:
    block = Layers((('a"]; click x',), ("b",)), (('a"]; click x', "b"), ("gone", "b")), ("b",))
    assert list(mermaid(block)) == [
        "graph TD",
        '    n0["a#quot;]; click x"]',
        '    n1["b"]',
        "    n0 --> n1",
        "    class n1 chain",
        "    classDef chain stroke-width:3px",
    ]


def test_quantities_are_drawn_as_bars_and_nested_lists() -> None:
    bars = Bars((Bar(text("big"), 10.0, "10 MB"), Bar(text("small"), 1.0, "1 MB"), Bar(text("none"), 0.0, "0 B")))
    tiles = Tiles((Tile("mlflow", 3.0, "3 MB", "cloud", (Tile("flask", 1.0, "1 MB"),)),))
    report = Report((), section("", bars, tiles))
    answer = Answer("podfit report", lambda details: report, lambda: report, dict)
    screen = write_answer("text", answer).splitlines()
    assert screen == [
        f"big    {'█' * 40} 10 MB",
        f"small  {'█' * 4} 1 MB",
        "none    0 B",
        "mlflow: 3 MB",
        "  flask: 1 MB",
    ]
    document = write_answer("markdown", answer)
    assert document == "- big: 10 MB\n- small: 1 MB\n- none: 0 B\n\n- mlflow: 3 MB (cloud)\n  - flask: 1 MB\n"


def test_times_and_endings() -> None:
    assert [human_seconds(value) for value in (0.2, 8.4, 125.0)] == ["under 1 s", "8 s", "2 min 5 s"]
    assert [format_of(name) for name in ("a.md", "b.JSON", "c.txt", "md")] == ["markdown", "json", "", ""]
