"""PF122: a list that is known to lack what is there."""

from __future__ import annotations

from dataclasses import replace

from podfit.audit import Subject
from podfit.audit.listing import whole_list
from podfit.model import (
    Distribution,
    Evidence,
    EvidenceKind,
    Interpreter,
    Origin,
    Overlay,
    Platform,
    Release,
    Template,
    Verdict,
)

SEEN = Evidence(EvidenceKind.PUBLISHED, "release notes")
ADDED = {"pandas": Release("pandas", "2.2.3", (), "", SEEN)}
NONE = Overlay({}, (), (), {}, (), ())


def subject(*, incomplete: bool, added: dict[str, Release] | None = None) -> Subject:
    template = Template("ngc", Interpreter("3.12.3"), Platform(), {}, Origin.PUBLISHED, SEEN, image="nvcr.io/x:1")
    there = ADDED if added is None else added
    return Subject(replace(template, incomplete=incomplete), (), NONE, there, frozenset())


def test_an_incomplete_list_is_told_with_the_way_out() -> None:
    (found,) = whole_list(subject(incomplete=True)).findings
    assert (found.check, found.verdict) == ("list", Verdict.WARNING)
    assert "the list of ngc is incomplete (0 distributions known)" in found.message
    assert "-t docker://nvcr.io/x:1" in found.remedy
    assert "podfit probe" in found.remedy


def test_what_torch_may_have_brought_is_told_by_name() -> None:
    others = {name: Release(name, "2.8", (), "", SEEN) for name in ("tensorflow", "flash-attn", "jax")}
    added = {**ADDED, **others, "triton": Release("triton", "2.1.0", (), "", SEEN)}
    without = subject(incomplete=True, added=added)
    assert len(whole_list(without).findings) == 1, "no torch is there"
    torch = {"torch": Distribution("torch", "2.8.0.dev1+cu128", SEEN, ())}
    there = replace(without, template=replace(without.template, distributions=torch))
    _, found = whole_list(there).findings
    assert (found.subject, found.verdict) == ("torch", Verdict.UNKNOWN)
    assert found.message.startswith("triton 2.1.0 may be what the template's torch brought in another version")
    assert len(whole_list(replace(there, added={**ADDED, **others})).findings) == 1
    library = {"nvidia-cuda-cccl-cu12": Release("nvidia-cuda-cccl-cu12", "12.8", (), "", SEEN)}
    assert len(whole_list(replace(there, added=library)).findings) == 2


def test_nothing_is_said_of_a_whole_list_or_where_nothing_is_installed() -> None:
    assert not whole_list(subject(incomplete=False)).findings
    assert not whole_list(subject(incomplete=True, added={})).findings
