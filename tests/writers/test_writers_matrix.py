"""The matrix as Markdown, JSON and on a terminal."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console
from writers_support import DECLARED, matrix_json, matrix_markdown, moola, print_matrix, template

from podfit.model import Action, Change, Decision, Finding, Plan, Verdict
from podfit.report.rows import Group, install_needed, rows

BOTH = [moola("2.2"), moola("2.4")]
BROKEN = moola(
    decisions=(
        *moola().decisions,
        Decision("flash-attn", Action.CONFLICT, "no wheel for torch 2.4", (DECLARED,), "2.8", direct=True),
        Decision("einops", Action.CONFLICT, "a dependency that cannot be had", (DECLARED,)),
    ),
    findings=(Finding("consistency", "einops", Verdict.FAILED, "is missing", DECLARED, "ask for less"),),
)


def table(markdown: str) -> dict[str, list[str]]:
    """The document's table: first cell without its stars, to the other cells."""
    body = markdown.partition("## Templates compared")[2].partition("\n## ")[0]
    split = [re.split(r"(?<!\\)\|", line)[1:-1] for line in body.splitlines() if line.startswith("|")]
    return {
        cells[0].strip().removeprefix("**").removesuffix("**"): [cell.strip() for cell in cells[1:]] for cells in split
    }


def printed(plans: list[Plan], width: int = 80, *, details: bool = False, color: bool = False) -> str:
    """What the terminal shows."""
    stream = StringIO()
    system = "truecolor" if color else None
    console = Console(file=stream, width=width, force_terminal=color, color_system=system)  # type: ignore[arg-type]
    print_matrix(plans, console, details=details)
    return stream.getvalue()


def test_rows_stand_in_the_documents_order() -> None:
    found = {row.name: row.group for row in rows(BOTH)}
    assert found["torch"] is found["nvidia-nccl-cu12"] is Group.HELD
    assert found["pandas"] is found["numpy"] is Group.DIRECT
    assert found["pyyaml"] is Group.CHANGE
    assert found["tzdata"] is Group.DEPENDENCY
    assert found["jinja2"] is Group.KEPT
    assert found["duckdb"] is Group.SKIPPED
    groups = [row.group for row in rows(BOTH)]
    assert groups == sorted(groups, key=list(Group).index)


def test_markdown_has_the_documents_table() -> None:
    text = matrix_markdown(BOTH)
    cells = table(text)
    assert cells["Package"] == ["Local", "runpod-pytorch-2.2", "runpod-pytorch-2.4", "Install needed?"]
    assert cells["Python"] == ["3.12.2", "3.10.12", "3.11.10", "no, use the template's"]
    assert cells["PyTorch"][1:3] == ["✅ 2.2.0+cu121", "✅ 2.4.0+cu124"]
    assert cells["CUDA"][1:3] == ["12.1", "12.4"]
    assert cells["NumPy"][:2] == ["1.26.4", "✅ 1.26.3"]
    assert cells["scipy"] == ["1.16.1", "🔴 install 1.15.3", "🔴 install 1.16.1", "must install"]
    assert cells["pyyaml"][1:] == ["⚠️ change 5.3.1 → 6.0.2"] * 2 + ["must change"]
    assert cells["nvidia-\\*"][1] == "✅ 3 kept"
    assert "jinja2" not in cells
    assert "- **scipy** on runpod-pytorch-2.2: 1.16.1 -> 1.15.3: 1.16 needs Python >= 3.11" in text
    assert "omegaconf 2.3.0 needs PyYAML >= 6" in text
    assert "metadata: src/moola/train.py:3 (import pandas)" in text
    assert "duckdb" in text
    assert "37.7 MB" in text


def test_every_table_line_has_its_cells() -> None:
    hostile = "a | b\n| `c` <script> [x](y) __init__ *z* \\| ~d~"
    plan = moola(
        decisions=(*moola().decisions, Decision("zzz", Action.CONFLICT, hostile, (DECLARED,), hostile, direct=True)),
        findings=(Finding("consistency", hostile, Verdict.FAILED, hostile, DECLARED, hostile),),
        changes=(Change("pyyaml", hostile, "6", hostile),),
        project=hostile,
        notes=(hostile,),
    )
    text = matrix_markdown([plan, BOTH[0]])
    width = 0
    for line in text.splitlines():
        cells = len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) if line.startswith("|") else 0
        assert cells == width or not (cells and width), line
        width = cells
    assert "<script>" not in text.replace("\\<script>", "")
    assert "[x](y)" not in text


def test_what_one_template_holds_and_another_lacks_has_its_own_line() -> None:
    bare = template("bare", {"numpy": "1.26.3"})
    install = Decision("nvidia-nccl-cu12", Action.INSTALL, "xgboost asks for it", (DECLARED,), planned="2.30.4")
    plans = [moola("2.4"), moola(template=bare, decisions=(install,))]
    cells = table(matrix_markdown(plans))
    assert cells["nvidia-nccl-cu12"][1:] == ["✅ 2.20.5", "🔴 install 2.30.4", "must install on bare"]
    assert cells["nvidia-\\*"][1:3] == ["✅ 2 kept", "–"]
    assert "xgboost asks for it" in matrix_markdown(plans)
    assert "install 2.30.4" not in printed(plans), "a dependency like others"
    assert "install 2.30.4" in printed(plans, details=True)
    direct = moola(template=bare, decisions=(replace(install, direct=True),))
    assert "install 2.30.4" in printed([moola("2.4"), direct])


def test_the_drift_of_dependencies_takes_a_second_look() -> None:
    drift = Decision(
        "idna", Action.KEEP, "fits", (DECLARED,), "3.13", "3.4", "3.4", drift="idna 3.13 -> 3.4: the template has it"
    )
    plan = moola("2.2", decisions=(*moola("2.2").decisions, drift))
    assert "3.13 -> 3.4" not in printed([plan])
    assert "3.13 -> 3.4" in printed([plan], details=True)
    before, _, after = matrix_markdown([plan]).partition("1 distribution that the project does not name itself")
    assert "3.13 -> 3.4" in after
    assert "1.16.1 -> 1.15.3" in before


def test_the_last_column_tells_where() -> None:
    names = ["one", "two", "three"]
    keep = Decision("x", Action.KEEP, "", ())
    install, change, conflict = (replace(keep, action=a) for a in (Action.INSTALL, Action.CHANGE, Action.CONFLICT))

    def needed(*cells: Decision | None) -> str:
        row = replace(rows(BOTH)[0], cells=cells)
        return install_needed(row, names)

    assert needed(keep, keep, None) == "no, use the template's"
    assert needed(replace(keep, action=Action.SKIP), None, None) == "no, not needed"
    assert needed(install, install, install) == "must install"
    assert needed(conflict, conflict, None) == "cannot be had"
    assert needed(install, keep, install) == "must install on one and three"
    assert needed(keep, change, conflict) == "must change on two; cannot be had on three"


def test_a_conflict_is_seen_everywhere() -> None:
    markdown = matrix_markdown([BROKEN])
    assert table(markdown)["flash-attn"][1:] == ["❌ conflict", "cannot be had"]
    assert "## Conflicts" in markdown
    assert "- ❌ runpod-pytorch-2.4" in markdown
    for text in (markdown, printed([BROKEN]), printed([BROKEN], 200), printed([BROKEN], color=True)):
        assert "no wheel for torch 2.4" in text
        assert "einops" in text
        assert "is missing" in text
        assert "ask for less" in text
    assert "does not fit" in printed([BROKEN])
    plain = matrix_json([BROKEN])
    assert plain["feasible"] is False
    assert plain["templates"][0]["counts"]["conflict"] == 2


def test_json_says_the_same() -> None:
    plain = json.loads(json.dumps(matrix_json(BOTH)))
    assert plain["schema"] == "podfit.matrix/1"
    assert [t["python"] for t in plain["templates"]] == ["3.10.12", "3.11.10"]
    assert [t["download_bytes"] for t in plain["templates"]] == [37_700_007, 37_700_007]
    assert plain["templates"][0]["checks"][0] == {"check": "consistency", "worst": "ok", "verdicts": {"ok": 2}}
    scipy = next(row for row in plain["rows"] if row["name"] == "scipy")
    assert [cell["planned"] for cell in scipy["cells"]] == ["1.15.3", "1.16.1"]
    assert scipy["install_needed"] == "must install"
    assert plain["drift"] == [
        {"name": "scipy", "text": "1.16.1 -> 1.15.3: 1.16 needs Python >= 3.11", "templates": [0]}
    ]
    assert len(plain["rows"]) == len({d.name for plan in BOTH for d in plan.decisions})


@pytest.mark.parametrize("width", [60, 80, 100, 160])
@pytest.mark.parametrize("details", [False, True])
def test_the_terminal_view_fits_and_loses_nothing(width: int, details: bool) -> None:
    text = printed(
        [*BOTH, replace(BOTH[0], template=template("a-template-with-a-rather-long-name-1.0"))], width, details=details
    )
    assert "\x1b" not in text
    assert all(len(line) <= width for line in text.splitlines())
    for word in (
        "Python",
        "3.10.12",
        "3.12.2",
        "pandas",
        "install 2.3.3",
        "scipy",
        "1.15.3",
        "5.3.1 -> 6.0.2",
        "37.7 MB",
    ):
        assert word in text
    squeezed = "".join(text.split())
    assert "a-template-with-a-rather-long-name-1.0" in squeezed
    assert "1.16needsPython>=3.11" in squeezed or width == 160
    assert "torch2.2.0+cu121,torchvision0.17.0+cu121" in squeezed
    assert "omegaconf2.3.0needsPyYAML>=6" in squeezed
    assert "consistency:ok(2ok)" in squeezed
    assert ("tzdata" in text) is details
    assert ("missingonthetemplate" in squeezed) is details
    assert ("--details" in text) is not details


def test_a_wide_terminal_has_the_same_statements_in_the_same_order() -> None:
    text, wide = printed(BOTH, 100), printed(BOTH, 200)
    said, said_wide = (re.split("Changes to the templates|In brief", each)[1] for each in (text, wide))
    assert said.split() == said_wide.split()
    assert wide.count("1.16.1 -> 1.15.3") == text.count("1.16.1 -> 1.15.3") == 1
    assert "scipy on runpod-pytorch-2.2: 1.16.1 -> 1.15.3: 1.16 needs Python >= 3.11" in text


def test_colour_is_an_addition() -> None:
    colored = printed(BOTH, color=True)
    assert "\x1b[" in colored
    bare = re.sub(r"\x1b\[[0-9;]*m", "", colored)
    assert [line.rstrip() for line in bare.splitlines()] == [line.rstrip() for line in printed(BOTH).splitlines()]


def test_text_is_no_markup_and_no_escape() -> None:
    plan = moola(notes=("[bold]x[/bold] :smile: \x1b[31mred",), project="[red]")
    text = printed([plan])
    assert "[bold]x[/bold] :smile: [31mred" in text
    assert "\x1b" not in text
    hostile = moola(decisions=(Decision("pandas", Action.INSTALL, "", (), planned="1[/]", direct=True),))
    assert "install 1[/]" in printed([hostile])


def test_many_findings_are_cut_but_failures_never() -> None:
    many = tuple(Finding("wheels", f"file{n}.so", Verdict.WARNING, "is odd", DECLARED) for n in range(50))
    failed = tuple(Finding("wheels", f"bad{n}.so", Verdict.FAILED, "is broken", DECLARED) for n in range(12))
    text = printed([moola(findings=(*many, *failed))])
    assert text.count("is broken") == 12
    assert "is odd" not in text
    assert "and 50 more that did not fail" in text
    assert printed([moola(findings=many)]).count("is odd") == 8
    assert printed([moola(findings=many)], details=True).count("is odd") == 50
    assert "wheels: failed (50 warning, 12 failed)" in text


def test_an_empty_plan_prints() -> None:
    empty = Plan("", template(versions={}), (), ())
    assert "nothing to decide" in printed([empty])
    assert "# This project: dependency matrix" in matrix_markdown([empty])
    assert matrix_json([empty])["rows"] == []
    for line in matrix_markdown([empty]).splitlines():
        assert not any(unicodedata.category(c) == "Cc" for c in line)
