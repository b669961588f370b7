"""Which templates of the catalogue a project is tried on: of each family the one that its summary speaks for."""

from __future__ import annotations

import pytest

from podfit.catalogue.drivers import Support, support
from podfit.catalogue.gpus import capability_of
from podfit.catalogue.store import leading_names, template_summaries
from podfit.fit.candidates import candidates, others
from podfit.model import Declaration, Project, Where

SUMMARIES = {each.name: each for each in template_summaries()}


def project(*lines: str, python: str = "") -> Project:
    return Project("/x", "x", (), tuple(Declaration(line, Where("r.txt", 1)) for line in lines), requires_python=python)


def family(names: tuple[str, ...], name: str) -> str:
    (found,) = [each for each in names if SUMMARIES[each].family == name]
    return found


def test_a_project_without_limits_is_tried_on_what_answers_to_each_family() -> None:
    assert candidates(project("torch", "numpy")) == leading_names()


@pytest.mark.parametrize(
    ("limit", "kin", "expected"),
    [
        ("torch==2.4.1", "runpod", "runpod-pytorch-2.4"),
        ("torch==2.4.0", "runpod", "runpod-pytorch-2.4"),  # a pin gives way to what is held: the series is enough
        ("torch>=2.2,<2.3", "runpod", "runpod-pytorch-2.2"),
        ("torch<2.10", "runpod", "runpod-pytorch-1.0.7-cu1281-torch291"),
        ("torch==2.8.*", "runpod", "runpod-pytorch-1.0.7-cu1281-torch280"),
        ("torch==2.6.*", "colab", "colab-gpu-2025.07"),
        ("torch>=2.6", "colab", "colab-gpu-2026.08"),
        ("torch==2.6.0", "pytorch", "pytorch-2.6.0-cuda12.4"),
    ],
)
def test_what_is_asked_of_torch_decides(limit: str, kin: str, expected: str) -> None:
    assert family(candidates(project(limit)), kin) == expected


def test_what_nobody_can_start_any_more_is_not_offered() -> None:
    gone = {each.name for each in SUMMARIES.values() if each.withdrawn}
    assert "colab-gpu-2024.09" in gone
    assert not gone & set(candidates(project("torch==2.4.0")))


def test_what_is_asked_of_python_decides() -> None:
    found = candidates(project(python=">=3.10,<3.12"))
    assert SUMMARIES[family(found, "runpod")].python.startswith("3.11")
    assert SUMMARIES[family(found, "colab")].python.startswith("3.11")


def test_what_cannot_be_read_limits_nothing() -> None:
    assert candidates(project("torch=>2", "!!", python="about 3.11")) == leading_names()


def test_the_gpu_and_the_driver_decide() -> None:
    found = candidates(project("torch"), gpu=capability_of("RTX 5090"), driver="570")
    assert all(
        support("570", SUMMARIES[name].cuda) is not Support.NONE
        for name in found
        if SUMMARIES[name].family == "aws-dlc"
    )
    old = candidates(project("torch"), gpu=capability_of("P100"), driver="570")
    assert family(old, "colab") == "colab-gpu-2026.01"  # its torch is for CUDA 12.6, which has code for Pascal
    assert family(old, "runpod") != "runpod-pytorch-1.0.7-cu1281-torch291"


def test_where_there_is_no_plan_the_next_one_with_another_python_is_tried() -> None:
    asked = project("torch")
    assert others(asked, ["colab-gpu-2026.08"]) == ("colab-gpu-2026.07",)
    assert others(asked, []) == ()
    assert others(asked, ["modal-debian-slim-2025.06-py3.12"]) == ()  # all of them have the same Python
    pinned = project("torch==2.4.1")
    assert others(pinned, ["runpod-pytorch-2.4"]) == ()  # the others' torch is another
