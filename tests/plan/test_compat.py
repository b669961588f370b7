"""Which releases work together: from runs and binaries, from metadata, and a document held against it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podfit.catalogue.torch_numpy import torch_numpy_runs, torch_numpy_uses
from podfit.fit.compat import compat_grid, newest_of_series, turned
from podfit.model import EvidenceKind, InputError
from podfit.model.claim import Claim
from podfit.plan.compat import Works, judge, measured_grid, stated_grid
from podfit.readers.claims import claims
from podfit.report.compat import compat_answer
from podfit.writers.registry import write_answer

DOCUMENT = """\
| PyTorch 2.2 + NumPy 1.26.4 | 1.26.4 | WORKS |
| PyTorch 2.2 + NumPy 2.0+ | 2.0+ | WORKS |
| PyTorch 2.8.0 with numpy==2.0.2 | fails |

**Rule:** Pin `numpy>=1.26,<2.0` for safety across all PyTorch versions

### Issue
```python
import torch
# ImportError: cannot import name '_ARRAY_API'
```
**Root Cause:** NumPy 2.1+ with PyTorch 2.4

### Another
```python
import torch
# RuntimeError: something
```
No cause is named, and numpy 2.1 stands alone.
"""


def test_the_boundary_is_torch_2_3_and_what_was_run_agrees_with_the_binaries() -> None:
    grid = measured_grid()
    assert grid.boundary == "torch 2.3.0 is the first that works with numpy 2.0.2 and newer"
    measured = [cell for cell in grid.cells.values() if cell.evidence.kind is EvidenceKind.MEASURED]
    assert len(measured) > 90
    assert not any("import torch" in cell.fails for cell in measured)
    one = grid.at("2.2.2", "2.0.2")
    assert (one.works, one.evidence.kind) == (Works.FAILS, EvidenceKind.MEASURED)
    assert one.fails["torch.from_numpy(array)"] == "RuntimeError: Numpy is not available"
    derived = grid.at("2.2.1", "2.0.2")
    assert (derived.works, derived.evidence.kind) == (Works.FAILS, EvidenceKind.BINARY)
    for run in torch_numpy_runs():  # the two kinds of evidence say the same wherever both are there
        old = tuple(map(int, run.torch.split(".")[:2])) < (2, 3)
        assert bool(run.fails) == (old and not run.numpy.startswith("1."))
        assert set(run.fails) <= set(torch_numpy_uses())


def test_a_grid_turned_says_the_same() -> None:
    assert compat_grid("NumPy", "torch", None).at("2.0.2", "2.2.2").works is Works.FAILS
    assert turned(turned(measured_grid())) == measured_grid()


def test_metadata_tell_of_any_other_pair() -> None:
    ones = {"2.4.0": (), "2.5.0": ("sympy",)}
    others = {
        "0.19.0": ("torch==2.4.0", "numpy"),
        "0.20.0": ('torch>=2.5; extra == "torch"',),
        "0.1": ("no requirement!",),
    }
    grid = stated_grid("torch", "torchvision", ones, others)
    assert grid.columns == ("0.1", "0.19.0", "0.20.0")
    assert [grid.at("2.4.0", each).works for each in grid.columns] == [Works.UNKNOWN, Works.WORKS, Works.REFUSED]
    assert [grid.at("2.5.0", each).works for each in grid.columns] == [Works.UNKNOWN, Works.REFUSED, Works.WORKS]
    assert grid.at("2.4.0", "0.19.0").evidence.detail == "torch==2.4.0"
    assert grid.boundary == ""


def test_a_document_is_held_against_it() -> None:
    found = list(claims(DOCUMENT, "doc.md", "torch", "numpy"))
    assert [(claim.where, claim.one, claim.other, claim.works, claim.use) for claim in found] == [
        ("doc.md:1", "==2.2.*", "==1.26.4", True, ""),
        ("doc.md:2", "==2.2.*", ">=2.0", True, ""),
        ("doc.md:3", "==2.8.0", "==2.0.2", False, ""),
        ("doc.md:5", "", ">=2.0", False, ""),
        ("doc.md:10", "==2.4.*", ">=2.1", False, "import torch"),
    ]
    judged = [judge(claim, measured_grid()) for claim in found]
    assert [each.right for each in judged] == [True, False, False, False, False]
    assert "raises nothing" in judged[-1].why
    assert "combinations" in judged[3].why


def test_what_is_beyond_the_grid_is_unknown() -> None:
    claim = Claim("x:1", "", "==9.*", ">=2", True)
    assert judge(claim, measured_grid()).right is None
    assert judge(Claim("x:1", "", "no specifier", ">=2", True), measured_grid()).right is None


@pytest.mark.parametrize("shape", ["text", "markdown", "json"])
def test_every_format_draws_it(shape: str) -> None:
    grid = measured_grid()
    judged = [judge(claim, grid) for claim in claims(DOCUMENT, "doc.md", "torch", "numpy")]
    text = write_answer(shape, compat_answer(grid, judged, "doc.md"), None)
    assert "torch 2.3.0 is the first that works with numpy 2.0.2" in text
    assert "wrong" in text or '"right": false' in text


def test_the_newest_final_release_of_each_series() -> None:
    versions = ["2.0.0", "2.0.1", "2.1.0rc1", "1.9", "2.1.0.dev1", "2.2.0.post1"]
    assert newest_of_series(versions) == ["1.9", "2.0.1", "2.2.0.post1"]
    assert newest_of_series(versions, 1) == ["2.2.0.post1"]


def test_one_distribution_twice_is_one_sentence() -> None:
    with pytest.raises(InputError, match="one distribution"):
        compat_grid("numpy", "NumPy", None)
    with pytest.raises(InputError, match="no runs are known"):
        compat_grid("numpy", "scipy", None)


WORDS = st.sampled_from(
    [
        "PyTorch 2.2",
        "numpy 2.0+",
        "| ",
        "works",
        "FAILS",
        "```",
        "import torch",
        "# XError: y",
        "\n",
        "pin all",
        "`numpy>=1,<2`",
        "#",
    ]
)


@given(st.lists(WORDS, max_size=30).map(" ".join) | st.text(max_size=200))
def test_any_text_is_read(text: str) -> None:
    for claim in claims(text, "x", "torch", "numpy"):
        assert judge(claim, measured_grid()).why
