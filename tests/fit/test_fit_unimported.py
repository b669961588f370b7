"""A dependency that lacks a library of the system costs no plan where what requires it does without."""

from dataclasses import replace
from pathlib import Path

import pytest
from fit_support import World, project, refill, template

from podfit.fit.session import fit_templates
from podfit.model import Evidence, EvidenceKind, Fact, Verdict
from podfit.model.facts import Facts, System

RELEASES = {("sounddevice", "0.5"): [], ("media", "1.0"): ["sounddevice"], ("studio", "1.0"): ["sounddevice"]}
GUARD = "try:\n    import sounddevice as sd\nexcept (ImportError, OSError):\n    sd = None\n"
SEEN = Evidence(EvidenceKind.MEASURED, "a probe")
POD = replace(template("pod", {}), facts=Facts(system=System(libraries=Fact(("libc.so.6",), SEEN))))


@pytest.mark.parametrize(
    ("media", "studio", "asked", "verdict"),
    [
        (GUARD, "", ("media",), Verdict.WARNING),
        (f"{GUARD}import media.deep\n", "", ("media",), Verdict.FAILED),
        ("import sounddevice\n", "", ("media",), Verdict.FAILED),
        ("", "", ("media",), Verdict.FAILED),
        (GUARD, GUARD, ("media", "studio"), Verdict.WARNING),
        (GUARD, "import sounddevice\n", ("media", "studio"), Verdict.FAILED),
        (GUARD, "", ("media", "sounddevice"), Verdict.FAILED),
    ],
)
def test_what_is_lacking(tmp_path: Path, media: str, studio: str, asked: tuple[str, ...], verdict: Verdict) -> None:
    world = World(tmp_path, RELEASES)
    deep = {"media/deep.py": "from sounddevice import Stream\n"} if "deep" in media else {}
    refill(tmp_path / "wheels", "media-1.0", {"media/__init__.py": media, **deep})
    refill(tmp_path / "wheels", "studio-1.0", {"studio/__init__.py": studio})
    (result,) = fit_templates(project(*asked), (), [POD], index=world.index, uv=world.uv, options=world.options)
    assert result.plan is not None
    (found,) = [each for each in result.plan.findings if each.check == "system"]
    assert (found.subject, found.verdict) == ("sounddevice", verdict)
    assert "libportaudio.so.2" in found.message
    assert ("does without" in found.message) is (verdict is Verdict.WARNING)
    assert "libportaudio2" in found.remedy
    assert result.plan.feasible is (verdict is Verdict.WARNING)
