"""Whose a compiled module is: told where something shows it, and never read from its name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import podfit
from podfit.diagnose import extract
from podfit.diagnose.facts import Facts, facts_of
from podfit.diagnose.model import Cause

PLACE = "/usr/lib/python3.11/site-packages"
SYMBOL = "undefined symbol: _ZN3c105ErrorC2ENS_14SourceLocationESs"


def log(module: str, *frames: str) -> str:
    told = "".join(f'  File "{path}", line 3, in <module>\n    import {module}\n' for path in frames)
    file = f"{PLACE}/{module}.cpython-311-x86_64-linux-gnu.so"
    return f"Traceback (most recent call last):\n{told}ImportError: {file}: {SYMBOL}\n"


def cause(text: str, facts: Facts | None = None) -> Cause:
    return podfit.diagnose(text, facts=facts).causes[0]


def test_a_build_that_names_its_module_tells_whose_it_is() -> None:
    one = cause(log("selective_scan_cuda", "a.py", f"{PLACE}/mamba_ssm/ops/scan.py"))
    assert one.packages == ("mamba-ssm", "torch")
    other = cause(log("causal_conv1d_cuda", "a.py", f"{PLACE}/mamba_ssm/ops/scan.py"))
    assert other.packages == ("causal-conv1d", "torch")
    assert "mamba" not in " ".join((other.cause, *other.fix))


def test_what_imports_an_unknown_module_is_told_as_that() -> None:
    one = cause(log("fastwhirl_cuda", "a.py", f"{PLACE}/whirl_net/ops.py"))
    assert "fastwhirl_cuda (a compiled module that whirl-net imports)" in one.cause
    assert one.packages == ("whirl-net", "torch")


def test_a_module_that_nothing_tells_of_is_named_and_not_installed() -> None:
    for text in (log("fastwhirl_cuda"), log("fastwhirl_cuda", "a.py")):
        one = cause(text)
        assert one.cause.startswith("the compiled module fastwhirl_cuda")
        assert one.packages == ("torch",)
        assert len(one.fix) == 1 and "packages_distributions" in one.fix[0]


def test_the_folder_of_a_compiled_module_is_its_distributions() -> None:
    text = f"ImportError: {PLACE}/whirl_net/_C.cpython-311-x86_64-linux-gnu.so: {SYMBOL}\n"
    assert cause(text).packages == ("whirl-net", "torch")


def test_the_files_of_the_environment_come_first(tmp_path: Path) -> None:
    (tmp_path / "pod.txt").write_text("# python: 3.11.9\nfast-whirl==1.0\n", encoding="utf-8")
    facts = facts_of(template=str(tmp_path / "pod.txt"), offline=True)
    (there,) = facts.template.distributions.values()
    seen = {there.name: replace(there, import_names=("fastwhirl_cuda",))}
    facts = replace(facts, template=replace(facts.template, distributions=seen))
    one = cause(log("fastwhirl_cuda", "a.py", f"{PLACE}/whirl_net/ops.py"), facts)
    assert one.packages == ("fast-whirl", "torch")


@pytest.mark.parametrize(
    ("path", "module", "distribution"),
    [
        (f"{PLACE}/pyannote/audio/core/io.py", "pyannote.audio", "pyannote-audio"),
        (f"{PLACE}/google/cloud/storage/blob.py", "google.cloud.storage", "google-cloud-storage"),
        (f"{PLACE}/google/nobody/knows.py", "google", ""),
        (f"{PLACE}/requests/api.py", "requests", "requests"),
        ("/workspace/google/cloud/storage.py", "", ""),
    ],
)
def test_a_namespace_is_no_distribution(path: str, module: str, distribution: str) -> None:
    assert extract.module_of(path) == module
    assert extract.distribution_of(module) == distribution
