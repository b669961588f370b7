"""The tool that measures runs: what it prints is what the catalogue reads."""

from __future__ import annotations

import sys
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TOOLS = Path(__file__).resolve().parents[2] / "tools"
CATALOGUE = TOOLS.parent / "src" / "podfit" / "catalogue"
sys.path.insert(0, str(TOOLS))

import measure_runs  # noqa: E402


def _seen(version: str, outcome: str) -> dict[str, object]:
    return {"versions": {"hub": version}, "outcome": outcome, "last_words": f'ImportError: "{version}"'}


def test_a_printed_bound_has_the_keys_of_the_catalogue_s():
    seen = [_seen("2.1", "fails"), _seen("2.0", "fails"), _seen("1.9", "runs")]
    printed = measure_runs.head("torch 2.8.0, Python 3.12", "2026-11-29") + measure_runs.entry("hub", "2.8.0", seen)
    data = tomllib.loads(printed)
    kept = tomllib.loads((CATALOGUE / "bounds-torch-2.4.1.toml").read_text("utf-8"))
    assert data.keys() == kept.keys()
    assert data["run"].keys() == kept["run"].keys()
    assert data["bound"][0].keys() == kept["bound"][0].keys()
    assert data["bound"] == [
        {
            "name": "hub",
            "allowed": "<2.0",
            "against": {"torch": "==2.8.*"},
            "happens": 'ImportError: "2.0"',
            "failed": ["2.1", "2.0"],
            "ran": ["1.9"],
        }
    ]
