"""How far templates agree with lists of the same images: the tool that says it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parents[2] / "tools"
sys.path.insert(0, str(TOOLS))

import check_templates  # noqa: E402


def test_one_list_against_one_template(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "seen.txt").write_text(
        "# source: my pod\nnumpy==1.26.3\ntorch==2.4.1+cu124\nPillow==10.2.0\nmine==1.0\n"
    )
    words = ["runpod-pytorch-2.4", str(tmp_path / "seen.txt")]
    assert check_templates.main([*words, "--least", "70"]) == 0
    out = capsys.readouterr().out
    assert out.splitlines() == [
        "  75.0 %     3 of    4  runpod-pytorch-2.4  seen.txt [measured: my pod]",
        "            mine absent, seen 1.0",
    ]
    assert check_templates.main(words) == 1


def test_half_a_call(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        check_templates.main(["runpod-pytorch-2.4"])
    assert left.value.code == 2
    assert "give a template and a list, or neither" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("family", "least"), [("runpod-pytorch-2.1", 98.0), ("runpod-pytorch-2.4", 98.0), ("colab-", 100.0)]
)
def test_the_lists_that_are_kept_agree(family: str, least: float) -> None:
    pairs = [pair for pair in check_templates.known_pairs(check_templates.SOURCES) if pair[0].startswith(family)]
    assert pairs
    for name, path in pairs:
        agreement = check_templates.agreement_with(name, path)
        assert 100 * agreement.agree >= least * agreement.of, (name, agreement.differs)
