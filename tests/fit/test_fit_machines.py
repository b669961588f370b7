"""The GPU and the driver that somebody names are facts of every template of the call."""

from __future__ import annotations

import pytest

from podfit.audit.machine import capability
from podfit.fit.machines import on_machine
from podfit.model import Evidence, EvidenceKind, Fact, InputError, Interpreter, Origin, Platform, Template
from podfit.model.facts import Facts, Gpu

SEEN = Evidence(EvidenceKind.MEASURED, "probe")


def template(*gpus: Gpu) -> Template:
    return Template(
        "pod", Interpreter("3.11.9"), Platform(), {}, Origin.GIVEN, SEEN, facts=Facts(gpus=gpus if gpus else None)
    )


def test_a_named_gpu_takes_the_place_of_the_probed_one() -> None:
    probed = template(Gpu(Fact("NVIDIA A40", SEEN), Fact("8.6", SEEN)))
    for text, number in (("RTX 5090", "12.0"), ("sm_90", "9.0")):
        (gpu,) = on_machine(probed, text, "").facts.gpus or ()
        found = capability(gpu)
        assert found is not None
        assert found.value == number
    assert on_machine(probed, "", "") is probed
    assert on_machine(probed, "probed", "") is probed


def test_a_driver_is_a_fact_with_its_option_as_evidence() -> None:
    driver = on_machine(template(), "", "550.54.14").facts.driver
    assert driver is not None
    assert driver.version is not None
    assert (driver.version.value, driver.version.evidence.source) == ("550.54.14", "--driver 550.54.14")


@pytest.mark.parametrize(
    ("gpu", "driver", "words"),
    [
        ("probed", "", "says of no GPU"),
        ("RTX 6000", "", "RTX 6000 Ada"),
        ("", "12.4", "no driver's version"),
        ("", "new", "no driver's version"),
    ],
)
def test_what_is_no_machine_is_one_sentence(gpu: str, driver: str, words: str) -> None:
    with pytest.raises(InputError) as error:
        on_machine(template(), gpu, driver)
    assert words in str(error.value)
