"""Whose log it is: steps in the words of the tool that installed, and none that the tool does not know."""

from __future__ import annotations

import pytest

from podfit.diagnose import diagnose
from podfit.diagnose.installers import for_uv

UV_BUILD = (
    "  × Failed to build `flash-attn==2.7.4.post1`\n  ├─▶ The build backend returned an error\n      [stderr]\n"
    "      Traceback (most recent call last):\n"
    "        File "
    '"/root/.cache/uv/builds-v0/.tmpV/lib/python3.11/site-packages/setuptools/build_meta.py", line 334, in run\n'
    "      ModuleNotFoundError: No module named 'torch'\n"
)
UV_UNINSTALL = "$ uv pip install pyyaml==6.0.2\nerror: Unable to uninstall `PyYAML==5.4.1`. distutils-installed\n"


@pytest.mark.parametrize(
    ("log", "step"),
    [
        (UV_BUILD, "uv pip install --no-build-isolation flash-attn"),
        (UV_UNINSTALL, "uv pip install --python .venv pyyaml==6.0.2"),
        ("Collecting flash-attn\n" + UV_BUILD, "pip install --no-build-isolation flash-attn"),
    ],
)
def test_the_first_step_is_for_what_installed(log: str, step: str) -> None:
    cause = diagnose(log).causes[0]
    assert step in cause.fix[0]
    assert ("uv pip" in cause.fix[0]) is step.startswith("uv ")
    assert not any("uv pip install --ignore-installed" in each for each in cause.fix)


@pytest.mark.parametrize(
    ("pips", "uvs"),
    [
        ("pip install --force-reinstall --no-deps a==1", "uv pip install --reinstall --no-deps a==1"),
        ("/opt/v/bin/python -m pip install a", "uv pip install --python /opt/v/bin/python a"),
        ("pip uninstall -y a && pip install b", "uv pip uninstall a && uv pip install b"),
        ("pip cache purge", "uv cache clean"),
        ("uv pip install a", "uv pip install a"),
        ("see the answer of pip config list", "see the answer of pip config list"),
    ],
)
def test_calls_of_pip_as_uv_knows_them(pips: str, uvs: str) -> None:
    assert for_uv(pips) == uvs
