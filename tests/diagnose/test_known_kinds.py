"""Kinds of failures whose cause is not on the line that ended the run, or whose remedy is no newer release."""

from __future__ import annotations

import pytest
from test_held_torch import causes

from podfit.catalogue.imports import brought_again
from podfit.diagnose.derived_python import gone_in
from podfit.diagnose.model import Cause
from podfit.diagnose.reading import There

PLACE = "/usr/lib/python3.13/site-packages"
LEGACY = """Collecting {0}<2.1 (from oldtool)
  Downloading {0}-2.0.6-py3-none-any.whl.metadata (3.0 kB)
WARNING: Ignoring version 2.0.6 of {0} since it has invalid metadata:
Requested {0}<2.1 from https://files.pythonhosted.org/packages/d0/eb/{0}-2.0.6-py3-none-any.whl (from oldtool) \
has invalid metadata: {1}
Please use pip<24.1 if you need to use this version.
ERROR: Could not find a version that satisfies the requirement {0}<2.1 (from oldtool) (from versions: 2.0.6)
ERROR: No matching distribution found for {0}<2.1
"""
PROXIES = """Traceback (most recent call last):
  File "app.py", line 4, in <module>
    client = Client()
{}TypeError: {}__init__() got an unexpected keyword argument 'proxies'
"""


def first(log: str, there: There | None = None) -> Cause:
    return causes(log, there)[0]


@pytest.mark.parametrize(
    "why",
    [
        ".* suffix can only be used with `==` or `!=` operators",
        "Expected matching RIGHT_PARENTHESIS for LEFT_PARENTHESIS, after version specifier",
        "Local version label can only be used with `==` or `!=` operators",
    ],
)
def test_metadata_that_pip_refuses_are_the_cause_of_what_it_does_not_find(why: str) -> None:
    one = first(LEGACY.format("wordtree", why))
    assert one.cause.startswith("wordtree 2.0.6 has requirements in its metadata that pip 24.1 and newer refuse")
    assert one.packages == ("wordtree", "pip")
    assert any("pip<24.1" in step for step in one.fix) and any("uv" in step for step in one.fix)


def test_such_metadata_come_before_the_conflict_that_they_lead_to() -> None:
    conflict = (
        "ERROR: Cannot install oldtool because these package versions have conflicting dependencies.\n\n"
        "The conflict is caused by:\n"
        "    oldtool 1.0 depends on wordtree<2.1\n    hydro 1.0.7 depends on wordtree<2.1\n\n"
        "ERROR: ResolutionImpossible: for help visit https://pip.pypa.io/\n"
    )
    assert (
        first(LEGACY.format("wordtree", "what").rpartition("ERROR: Could")[0] + conflict).symptom == "legacy-metadata"
    )
    assert first(conflict).symptom == "resolution-impossible"


@pytest.mark.parametrize(
    ("package", "name", "fix"),
    [
        ("openai", "Client.", "pip install 'openai>=1.55.3'"),
        ("openai", "AsyncClient.", "pip install 'openai>=1.55.3'"),
        ("openai", "", "pip install 'openai>=1.55.3'"),
        ("chatter", "Client.", "pip install --upgrade chatter"),
        ("", "Client.", "pip install 'httpx<0.28'"),
    ],
)
def test_a_keyword_that_a_dependency_no_longer_takes(package: str, name: str, fix: str) -> None:
    frame = f'  File "{PLACE}/{package}/_base.py", line 7, in __init__\n    super().__init__(**kw)\n' if package else ""
    one = first(PROXIES.format(frame, name))
    assert "which httpx 0.28 and newer no longer take" in one.cause
    assert one.fix[0] == fix and "pip install 'httpx<0.28'" in one.fix


@pytest.mark.parametrize(
    ("module", "brought", "gone"),
    [
        ("audioop", "audioop-lts", "3.13"),
        ("pyaudioop", "audioop-lts", "3.13"),
        ("cgi", "legacy-cgi", "3.13"),
        ("nntplib", "standard-nntplib", "3.13"),
        ("distutils", "setuptools", "3.12"),
        ("imp", "zombie-imp", "3.12"),
        ("asyncore", "pyasyncore", "3.12"),
    ],
)
def test_a_module_that_python_removed_comes_from_what_brings_it_again(module: str, brought: str, gone: str) -> None:
    log = f'  File "{PLACE}/oldtool/core.py", line 1, in <module>\n    import {module}\n'
    one = first(f"Traceback (most recent call last):\n{log}ModuleNotFoundError: No module named '{module}'\n")
    meant, stands = brought_again(module)
    assert (gone_in(meant), stands) == (gone, brought)
    assert one.cause == f"oldtool imports {meant}, which Python {gone} removed"
    assert one.fix[0] == f"pip install {brought}" and one.packages[0] == brought


def test_what_nobody_knows_is_not_installed_by_its_modules_name() -> None:
    one = first("ModuleNotFoundError: No module named 'frobnicator_lib'\n")
    assert one.cause.endswith("the module frobnicator_lib, and which distribution brings it podfit does not know")
    assert one.packages == () and not any(step.startswith("pip") for step in one.fix)


@pytest.mark.parametrize(
    ("module", "address"),
    [("clip", "openai/CLIP.git"), ("detectron2", "detectron2.git"), ("amp_C", "apex.git"), ("simple_knn", "")],
)
def test_what_no_index_has_comes_from_its_project(module: str, address: str) -> None:
    one = first(f"ModuleNotFoundError: No module named '{module}'\n")
    assert address in one.fix[0] if address else "its own instructions" in one.fix[0]
    assert not one.fix[0].startswith("pip install")
    log = f"ImportError: {PLACE}/{module}/_C.so: undefined symbol: _ZN3c105ErrorC2ENS_14SourceLocationESs\n"
    again = first(log).fix
    assert not any(step.startswith("pip install") and "git+" not in step for step in again)


def test_a_module_of_pythons_own_is_nobodys_release() -> None:
    one = first(">>> import distutils.util\nModuleNotFoundError: No module named 'distutils'\n")
    assert one.fix[0] == "pip install setuptools" and not any("distutils" in step for step in one.fix)


def test_the_launcher_of_a_kernel_is_ipykernels() -> None:
    assert first("/opt/venv/bin/python: No module named ipykernel_launcher\n").fix[0] == "pip install ipykernel"


FRAME = '  File "{}/{}/core.py", line 9, in run\n    run()\n'


def within(package: str, message: str) -> str:
    """A log of an exception that a library's file raised."""
    return f"Traceback (most recent call last):\n{FRAME.format(PLACE, package)}{message}\n"


def test_a_build_that_is_made_for_one_torch_is_not_merely_upgraded() -> None:
    for package in ("xformers", "vllm"):
        log = f"ImportError: {PLACE}/{package}/_C.abi3.so: undefined symbol: _ZN3c105ErrorC2ENS_14SourceLocationESs\n"
        (step,) = first(log).fix
        assert step.startswith(f"install the {package} that was built for the torch that is here")


def test_what_xformers_says_of_the_torch_that_is_there_is_read() -> None:
    log = (
        "WARNING[XFORMERS]: xFormers can't load C++/CUDA extensions. xFormers was built for:\n"
        "    PyTorch 2.5.1+cu121 with CUDA 1201 (you have 2.4.1+cu124)\n    Python  3.11.10 (you have 3.11.10)\n"
        "NotImplementedError: No operator found for `memory_efficient_attention_forward` with inputs:\n"
    )
    one = first(log)
    assert one.symptom == "xformers-built-for"
    assert one.fix[0].startswith("install the xformers that was built for torch 2.4.1+cu124")


def test_what_torch_requires_comes_back_where_something_else_took_its_place() -> None:
    log = within("torch", f"ImportError: cannot import name 'Driver' from 'triton.x' ({PLACE}/triton/x.py)")
    one = first(log, There({"torch": "2.4.1+cu124"}, {}, "pod", "", "12.4"))
    assert "another one took the place of torch's own" in one.cause
    assert one.fix == (
        "pip install --force-reinstall torch==2.4.1+cu124 --index-url https://download.pytorch.org/whl/cu124",
    )


def test_a_template_stays_in_sight_of_a_virtual_environment() -> None:
    for log in (
        "$ pip install einops\nerror: externally-managed-environment\n",
        "error: externally-managed-environment\n",
    ):
        one = first(log)
        assert "--system-site-packages" in one.fix[0] and "..." not in "".join(one.fix)
    log = "error: uninstall-distutils-installed-package\n\n× Cannot uninstall blinker 1.4\n╰─> It is a distutils one.\n"
    assert first(log).fix[0] == "pip install --ignore-installed --no-deps blinker"


def test_who_cannot_be_had_beside_a_pinned_torch_has_a_name() -> None:
    log = (
        "  × No solution found when resolving dependencies:\n"
        "  ╰─▶ Because servus==0.6.3 depends on torch==2.4.0 and you require torch==2.4.1+cu124, we can conclude that\n"
        "      your requirements are unsatisfiable.\n"
    )
    one = first(log)
    assert set(one.packages) == {"torch", "servus"}
    assert one.fix[0].startswith("leave torch as the template has it, and let servus give way: loosen that pin")
    log = (
        "The conflict is caused by:\n"
        "    The user requested torch==2.4.1\n    torchvision 0.17.0 depends on torch==2.2.0\n\n"
        "ERROR: ResolutionImpossible: for help visit https://pip.pypa.io/\n"
    )
    assert "torchvision==0.19.1" in first(log).fix[1]


def test_limits_that_exclude_each_other_are_no_requirement() -> None:
    log = (
        "The conflict is caused by:\n    one 1.0 depends on wordtree==1.7.1\n    two 2.0 depends on wordtree>=1.9\n\n"
        "ERROR: ResolutionImpossible: for help visit https://pip.pypa.io/\n"
    )
    assert first(log).fix[0] == "no wordtree is what all of one, two ask for: let one of them give way"


@pytest.mark.parametrize(
    ("log", "symptom", "word"),
    [
        (
            "RuntimeError: CUDA error: CUBLAS_STATUS_NOT_INITIALIZED when calling `x`\n",
            "cublas-not-initialized",
            "most",
        ),
        ("Error while creating shared memory segment /dev/shm/nccl-x (size 9)\n", "nccl-shared-memory", "/dev/shm"),
        (within("speedy", "RuntimeError: Ninja is required to load C++ extensions"), "ninja-missing", "ninja"),
        (
            within(
                "speedy",
                "speedy.Mismatch: Installed CUDA version 11.8 does not match the version torch was compiled with 12.4",
            ),
            "cuda-build-mismatch",
            "(11.8) is not the one that torch was compiled with (12.4)",
        ),
        (
            within("triton", "RuntimeError: Failed to find C compiler. Please specify via CC environment variable."),
            "compiler-missing",
            "at run time",
        ),
        (
            "ImportError: /lib/libstdc++.so.6: version `GLIBCXX_3.4.32' not found (required by /root/x/fused.so)\n",
            "glibc-version",
            "which fused.so needs",
        ),
        (
            within("speedy", "AttributeError: module 'torch' has no attribute 'uint64'"),
            "torch-name-gone",
            "speedy uses uint64 of torch",
        ),
    ],
    ids=lambda each: each[:24],
)
def test_what_the_words_tell_is_told(log: str, symptom: str, word: str) -> None:
    one = first(log)
    assert one.symptom == symptom and word in one.cause


@pytest.mark.parametrize(("kind", "fix"), [("qwen3", "'transformers>=4.51'"), ("whistler", "--upgrade transformers")])
def test_the_release_that_brought_a_models_type_is_asked_for_where_it_is_known(kind: str, fix: str) -> None:
    log = f"ValueError: The checkpoint has model type `{kind}` but Transformers does not recognize this architecture.\n"
    assert first(log).fix[0] == f"pip install {fix}"


def test_versions_of_the_environment_are_not_told_as_the_logs() -> None:
    there = There({"torch": "2.4.1+cu124", "torchvision": "0.19.1+cu124"}, {}, "pod", "", "12.4")
    assert "(" not in first("RuntimeError: operator torchvision::nms does not exist\n", there).cause


@pytest.mark.parametrize(
    ("log", "fix"),
    [
        (within("waves", "ImportError: cannot import name 'bool' from 'numpy' (/v/numpy/__init__.py)"), "'numpy<1.24'"),
        (
            within("waves", "ImportError: cannot import name 'float_' from 'numpy' (/v/numpy/__init__.py)"),
            "'numpy<2.0'",
        ),
        (
            within("waves", "ImportError: cannot import name 'whistle' from 'numpy' (/v/numpy/__init__.py)"),
            "--upgrade waves",
        ),
        (
            within(
                "torch",
                f"ImportError: cannot import name 'TypeIs' from 'typing_extensions' ({PLACE}/typing_extensions.py)",
            ),
            "'typing-extensions>=4.10'",
        ),
    ],
    ids=["an alias", "a name", "an unknown name", "a newer one"],
)
def test_a_name_asks_for_the_release_that_has_it(log: str, fix: str) -> None:
    assert first(log).fix[0] == f"pip install {fix}"


@pytest.mark.parametrize(
    ("log", "symptom", "fix"),
    [
        ("FileNotFoundError: [Errno 2] No such file or directory: 'ffmpeg'\n", "program-missing", "install -y ffmpeg"),
        ("FileNotFoundError: [Errno 2] No such file or directory: 'pdftoppm'\n", "program-missing", "poppler-utils"),
        ("FileNotFoundError: [Errno 2] No such file or directory: 'a.csv'\n", "file-missing", "check the path"),
        (
            within("x", "AttributeError: 'NoneType' object has no attribute 'cadam32bit_grad_fp32'"),
            "bitsandbytes-setup",
            "",
        ),
        (
            within("torch", "RuntimeError: nvrtc: error: failed to open libnvrtc-builtins.so.12.1."),
            "cuda-library-missing",
            "",
        ),
        (
            within("x", "RuntimeError: Error building extension 'y'\n/bin/sh: 1: c++: not found"),
            "compiler-missing",
            "apt",
        ),
    ],
    ids=lambda each: each[-24:],
)
def test_what_is_missing_has_its_name(log: str, symptom: str, fix: str) -> None:
    one = first(log)
    assert one.symptom == symptom and fix in one.fix[0]


def test_triton_stays_with_torch() -> None:
    one = first(within("bits", "ModuleNotFoundError: No module named 'triton.ops'"))
    assert one.fix[0] == "pip install --upgrade bits"
    assert not any(step.startswith("pip") and "triton" in step for step in one.fix)


def test_a_local_version_that_no_index_has_leaves_the_templates_torch() -> None:
    log = (
        "ERROR: Could not find a version that satisfies the requirement torch=={}+cu110 (from versions: 2.2.0, 2.4.1)\n"
        "ERROR: No matching distribution found for torch=={}+cu110\n"
    )
    one = first(log.format("1.7.1", "1.7.1"))
    assert one.fix[0].startswith("take torch out of the requirements")
    assert any("no torch 1.7.1 for this Python at all" in step for step in one.fix)
    assert not any("at all" in step for step in first(log.format("2.4.1", "2.4.1")).fix)


def test_the_projects_own_code_is_named_where_frames_show_it() -> None:
    raised = "ModuleNotFoundError: No module named 'imp'\n"
    own = 'Traceback (most recent call last):\n  File "/home/me/train.py", line 1, in <module>\n    import imp\n'
    assert first(own + raised).cause.startswith("the project's own code imports imp")
    assert first(raised).cause.startswith("what runs here imports imp")


def test_numpy_that_does_not_know_itself_was_replaced_while_it_was_loaded() -> None:
    log = (
        "/usr/local/lib/python3.11/dist-packages/numpy/random/_pickle.py in <module>\n"
        "----> 1 from .mtrand import RandomState\n\n"
        "{0}.pyx in init {1}()\n\n"
        "ValueError: numpy.dtype size changed, may indicate binary incompatibility. "
        "Expected 96 from C header, got 88 from PyObject\n"
    )
    one = first(log.format("numpy/random/mtrand", "numpy.random.mtrand"))
    assert one.cause.startswith("NumPy's own numpy.random.mtrand is of another release than the NumPy that is loaded")
    assert one.fix[0].startswith("restart the runtime")
    other = first(log.format("gensim/models/word2vec_inner", "gensim.models.word2vec_inner"))
    assert "compiled against NumPy 1" in other.cause


def test_a_release_for_another_python_names_it_and_asks_for_no_other_release_where_there_is_none() -> None:
    log = (
        "ERROR: Ignored the following versions that require a different python version: 0.0.10 Requires-Python "
        ">=3.6.0, <3.9; 0.22.0 Requires-Python >=3.9.0, <3.12\n"
        "ERROR: Could not find a version that satisfies the requirement speech==0.22.0 (from versions: {0})\n"
        "ERROR: No matching distribution found for speech==0.22.0\n"
    )
    one = first(log.format("none"))
    assert one.cause == "speech needs another Python than this one (it needs >=3.9.0, <3.12)"
    assert one.fix == ("use a Python that fits >=3.9.0, <3.12",)
    assert any(step.startswith("pip install speech") for step in first(log.format("0.30.0")).fix)
