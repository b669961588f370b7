"""Real torch: its bridge to NumPy whole and broken, its files tampered with, a CUDA library that is gone."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from verify_support import (
    X86_64,
    both,
    by_command,
    by_script,
    make_torch_environment,
    plan_over,
    put,
    site_packages,
    template_of,
)

from podfit.model import Plan

pytestmark = [pytest.mark.network, pytest.mark.slow, X86_64, pytest.mark.xdist_group("torch")]


@dataclass(frozen=True)
class Template:
    """An environment with torch 2.2.2 and NumPy 1.26.4, and the plan that keeps it."""

    python: str
    plan: Plan

    @property
    def packages(self) -> Path:
        return site_packages(self.python)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, interpreter: Callable[[str], str]) -> Template:
    python = make_torch_environment(tmp_path_factory.mktemp("verify-torch") / "environment", interpreter("3.11"))
    found = template_of(python)
    held = [name for name in found.distributions if name.startswith(("torch", "nvidia-", "triton"))]
    return Template(python, plan_over(found, {"torch": ["torch"]}, held=held, edges={"torch": ("numpy",)}))


@contextlib.contextmanager
def replaced(path: Path, content: bytes | None) -> Iterator[None]:
    """Put another content in a file's place, or none, for a while; the file itself, a hard link, is only moved."""
    away = path.with_name(path.name + ".away")
    path.rename(away)
    try:
        if content is not None:
            path.write_bytes(content)
        yield
    finally:
        path.unlink(missing_ok=True)
        away.rename(path)


def test_torch_over_the_numpy_it_was_built_for(template: Template, tmp_path: Path) -> None:
    seen = by_command(template.plan, template.python, tmp_path)
    strict = by_script(template.plan, template.python, tmp_path, "--require-gpu")
    assert seen.code == 0
    assert seen.verdicts["import", "torch"] == ("ok", "2.2.2")
    message = "torch.from_numpy and Tensor.numpy work, memory shared"
    assert seen.verdicts["function", "torch <-> NumPy"] == ("ok", message)
    message = "batches of NumPy rows arrive, with and without a worker process"
    assert seen.verdicts["function", "DataLoader"] == ("ok", message)
    held = sum(decision.held for decision in template.plan.decisions)
    verdict, message = seen.verdicts["template", "template"]
    found = re.match(
        rf"{held} held distributions unchanged: ([\d,]+) files, SHA-256 of ([\d,]+); (\d+) over 8 MiB", message
    )
    assert verdict == "ok"
    assert found
    files, hashed, large = (int(text.replace(",", "")) for text in found.groups())
    assert files == hashed + large
    assert files > 10_000
    # This build wants a GPU. Without one, that is not decided, and a failure for who asks for it.
    if seen.verdicts["gpu", "GPU"][0] == "unknown":
        assert "CUDA 12.1 of torch was not tried" in seen.verdicts["gpu", "GPU"][1]
        assert (strict.code, strict.failed) == (1, [("gpu", "GPU")])
        strict.findings["gpu", "GPU"]["verdict"] = "unknown"
    assert strict.verdicts == seen.verdicts


def test_numpy_2_under_a_torch_of_numpy_1(template: Template, tmp_path: Path) -> None:
    """`import torch` goes on with a warning, and what the project computes fails."""
    put(template.python, ["numpy==2.2.6"])
    try:
        seen = both(template.plan, template.python, tmp_path)
    finally:
        put(template.python, ["numpy==1.26.4"])
    assert seen.code == 1
    assert seen.failed == [("function", "DataLoader"), ("function", "torch <-> NumPy"), ("version", "numpy")]
    sentence = "torch 2.2.2 was built against NumPy 1's C-ABI; NumPy 2.2.6 is installed"
    assert seen.verdicts["function", "torch <-> NumPy"][1] == sentence
    assert seen.verdicts["function", "DataLoader"][1] == sentence
    assert seen.verdicts["import", "torch"] == ("warning", f"2.2.2: imports with a warning: {sentence}")
    assert seen.verdicts["version", "numpy"][1] == "2.2.6 is installed, the plan has 1.26.4"
    told = seen.findings["function", "torch <-> NumPy"]
    assert told["remedy"].startswith("put numpy back to the planned version")
    assert told["evidence"]["detail"] == "libtorch_python.so looks for numpy.core._multiarray_umath"
    # torch itself is untouched, and so says the report.
    assert seen.verdicts["template", "template"][0] == "ok"


def test_a_tampered_torch(template: Template, tmp_path: Path) -> None:
    """A patched file, and a file of gigabytes' kind cut short: both fail, although torch still imports."""
    version = template.packages / "torch" / "version.py"
    library = template.packages / "torch" / "lib" / "libtorch_cuda_linalg.so"
    with replaced(version, version.read_bytes().replace(b"2.2.2", b"2.2.3")), replaced(library, b"\x7fELF"):
        seen = by_command(template.plan, template.python, tmp_path)
    assert seen.code == 1
    assert seen.failed == [("template", "torch 2.2.2")]
    told = seen.findings["template", "torch 2.2.2"]
    assert told["message"].startswith("changed since it was installed: torch/")
    assert told["message"].endswith(", and 1 more")
    assert "torch/version.py has another content" in told["evidence"]["detail"]
    assert "torch/lib/libtorch_cuda_linalg.so has 4 bytes instead of " in told["evidence"]["detail"]


def test_a_cuda_library_that_is_gone(template: Template, tmp_path: Path) -> None:
    """torch's own words after the loader's are about sys.path; the report names library and package."""
    library = next((template.packages / "nvidia" / "cudnn" / "lib").glob("libcudnn.so.*"))
    with replaced(library, None):
        seen = both(template.plan, template.python, tmp_path)
    assert seen.code == 1
    sentence = f"the shared library {library.name} is missing"
    assert seen.verdicts["import", "torch"][1] == f"2.2.2: import torch fails: {sentence}"
    assert seen.verdicts["function", "torch <-> NumPy"][1] == sentence
    told = seen.findings["function", "torch <-> NumPy"]
    assert re.fullmatch(
        rf"nvidia-cudnn-cu12 \S+ brings {re.escape(library.name)} and it is gone: install nvidia-cudnn-cu12 again",
        told["remedy"],
    )
    assert "numpy" not in told["evidence"]["detail"]
    assert ("template", f"nvidia-cudnn-cu12 {told['remedy'].split()[1]}") in seen.failed
