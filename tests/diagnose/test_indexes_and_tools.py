"""Indexes that refuse, repositories, hashes, archives, tools that do not work, and other resolvers' words."""

from __future__ import annotations

import pytest
from test_held_torch import causes

from podfit.diagnose.model import Cause

PIP_FRAME = '  File "/venv/lib/python3.11/site-packages/pip/_internal/{0}.py", line 9, in run\n    {0}()\n'
RETRY = "WARNING: Retrying (Retry(total=0)) after connection broken by '{}': /simple/wordtree/\n"


def first(log: str) -> Cause:
    return causes(log, None)[0]


@pytest.mark.parametrize(
    ("log", "symptom", "told"),
    [
        (
            "error: Failed to fetch: `https://u:hunter2@index.example.org/simple/a/`\n  Caused by: HTTP status client "
            "error (401 Unauthorized) for url (https://u:hunter2@index.example.org/simple/tool/)\n",
            "index-refuses",
            "the index index.example.org refuses to answer (401)",
        ),
        (
            "ERROR: HTTP error 403 while getting https://nexus.example.org/tool-1.0-py3-none-any.whl\n",
            "index-refuses",
            "nexus.example.org refuses to answer (403)",
        ),
        (
            "User for index.example.org: \nTraceback (most recent call last):\n"
            + PIP_FRAME.format("ask")
            + "EOFError: EOF when reading a line\n",
            "index-asks-for-a-user",
            "index.example.org wants a user",
        ),
        ("  fatal: could not read Username for 'https://github.com': No such device\n", "git-refused", "(github.com)"),
        ("Host key verification failed.\nfatal: Could not read from remote repository.\n", "git-refused", "no key"),
        ("error: pathspec 'v9' did not match any file(s) known to git\n", "git-reference-missing", "has no v9"),
        ("Downloading a.bin\ngit-lfs filter-process: 1: git-lfs: not found\n", "git-lfs-missing", "Git LFS"),
        ("  Caused by: Hash mismatch for `wordtree==2.0`\n", "hash-mismatch", "fetched for wordtree"),
        ("ERROR: In --require-hashes mode, all requirements must\n", "hashes-missing", "must have an exact version"),
        (
            RETRY.format("SSLError(1)") + "ERROR: No matching distribution found for wordtree\n",
            "network",
            "no version of wordtree follows",
        ),
        (
            RETRY.format("ProxyError('x')") + "ERROR: No matching distribution found for wordtree\n",
            "proxy-refuses",
            "no version of wordtree follows",
        ),
        (
            "  Caused by: invalid peer certificate: UnknownIssuer\n",
            "certificate-not-trusted",
            "whom this machine trusts",
        ),
        ("  Caused by: invalid peer certificate: Expired\n", "certificate-not-trusted", "the clock here is wrong"),
        ("SSLError(\"hostname 'a' doesn't match: CERTIFICATE_VERIFY_FAILED\")\n", "", "for another name"),
        ("OSError('Tunnel connection failed: 407 Proxy Authentication Required')\n", "proxy-refuses", "wants a user"),
        ("ERROR: Missing dependencies for SOCKS support.\n", "proxy-refuses", "lacks PySocks"),
        ("fatal: unable to access: Could not resolve host: github.com\n", "host-not-resolved", "cannot be resolved"),
        ("OSError: [WinError 5] 拒绝访问。: 'C:\\\\a.pyd'\n", "permission", "held open by a process"),
        (
            "error: The requested interpreter resolved to Python 3.10.12, which is incompatible "
            "with the project's Python "
            "requirement: `>=3.11`\n",
            "project-wants-other-python",
            "asks for Python >=3.11 (its requires-python), and this is Python 3.10.12",
        ),
        (
            "Current Python version (3.9.2) is not allowed by the project (^3.11).\n",
            "project-wants-other-python",
            "asks for Python ^3.11",
        ),
        (
            "  ╰─▶ Because the current Python version (3.10.12) does not satisfy Python>=3.11 and "
            "numpy==2.3.1 depends on "
            "Python>=3.11, we can conclude that numpy==2.3.1 cannot be used.\n",
            "uv-python",
            "numpy has no release for this Python",
        ),
        ("OSError: [WinError 126] 找不到. Error loading 'C:\\\\fbgemm.dll'\n", "windows-dll", "does not load: a DLL"),
        ("HINT: your system does not have Windows Long Path support enabled.\n", "windows-long-path", "260 characters"),
        (
            "  ╰─▶ Because only azure-foo<=1.0b5 is available\nhint: Pre-releases are available for `azure-foo` in the "
            "requested range (e.g., 1.0b5), but pre-releases weren't enabled\n",
            "uv-pre-release",
            "a pre-release alone (1.0b5)",
        ),
        (
            "  × No solution found when resolving dependencies:\n  ╰─▶ Because opencv was not found "
            "in the package registry "
            "and you require opencv, we can conclude\n",
            "no-matching-distribution-name",
            "no index has a distribution called opencv",
        ),
        ("RuntimeError: mamba_ssm is only supported on CUDA 11.6 and above.\n", "toolkit-too-old", "toolkit 11.6 or"),
        (
            "RuntimeError: Cuda extensions are being compiled with a version of Cuda that does not "
            "match the version used "
            "to compile Pytorch binaries.  Pytorch binaries were compiled with Cuda 12.4.\n",
            "cuda-build-mismatch",
            "compiled with (12.4)",
        ),
        (
            "host_config.h:143:2: error: #error -- unsupported GNU version! gcc versions later than 12 are not\n"
            "RuntimeError: Error compiling objects for extension\n",
            "gcc-version",
            "a gcc newer than 12",
        ),
        (
            "      error: Cannot compile MPI programs. Check\n  ERROR: Failed building wheel for mpi4py\n",
            "",
            "against MPI",
        ),
        (
            "a.c:9:10: fatal error: portaudio.h: No such file or directory\n"
            "  ERROR: Failed building wheel for PyAudio\n",
            "header-missing",
            "pyaudio is compiled from source",
        ),
        (
            "ERROR: a: failed to resolve source metadata for docker.io/a/b:9: not found\n",
            "image-not-found",
            "docker.io/a/b:9",
        ),
        ("exec /bin/sh: exec format error\n", "exec-format", "another architecture"),
        ("E: Unable to locate package libgl1-mesa-glx\n", "apt-unknown-package", "no package libgl1-mesa-glx"),
        ("E: Failed to fetch http://a.example/b.deb  404  Not Found\n", "apt-lists-old", "lists are older"),
        ("W: GPG error: x InRelease: not available: NO_PUBKEY A4B469963BF863CC\n", "apt-key-missing", "does not trust"),
        ("HfHubHTTPError: 429 Client Error: Too Many Requests for url: https://h\n", "too-many-requests", "too often"),
        ("network timeout. Try increasing UV_HTTP_TIMEOUT (current value: 30s).\n", "uv-timeout", "(30 seconds)"),
        (
            "RuntimeError: cuDNN error: CUDNN_STATUS_NOT_INITIALIZED\n",
            "cuda-library-failed",
            "(CUDNN_STATUS_NOT_INITIALIZED)",
        ),
        ("OSError: [Errno 24] Too many open files: '/data/1.jpg'\n", "open-files", "more files are open"),
        (
            "bash: /w/venv/bin/pip: /usr/bin/python3.10: bad interpreter: No such\n",
            "moved-environment",
            "/w/venv/bin/pip is",
        ),
        (
            "error: The lockfile at `uv.lock` needs to be updated, but `--locked` was provided.\n",
            "lock-outdated",
            "is not of",
        ),
        ("error: Failed to parse `uv.lock`\n", "lock-outdated", "this uv cannot read the lock file"),
        ("ValueError: The repository for a/x contains custom code which must be executed\n", "", "code of its own"),
        (
            "ValueError: Due to a serious vulnerability issue in `torch.load`, even with `weights_only=True`, we now "
            "require users to upgrade torch to at least v2.6 in order to use the function.\n",
            "torch-load-refused",
            "only with torch 2.6 and newer",
        ),
        (
            "SafetensorError: Error while deserializing header: HeaderTooLarge\n",
            "damaged-archive",
            "damaged or cut short",
        ),
        (
            "ErrorMessage \"ModuleNotFoundError: No module named 'evaluate'\"\nExecuteUserScriptError:\nExitCode 1\n",
            "no-module",
            "the module evaluate",
        ),
        ("AssertionError: libcuda.so cannot found!\n", "triton-libcuda", "Triton finds no libcuda.so"),
        (
            "InductorError: Internal Triton PTX codegen error\nptxas fatal   : Value 'sm_121a' is "
            "not defined for option "
            "'gpu-name'\n",
            "nvcc-unsupported-arch",
            "the ptxas that Triton brings does not know the GPU's architecture (sm_121a)",
        ),
        (
            "ValueError: Free memory on device (21.54/23.65 GiB) on startup is less than desired "
            "GPU memory utilization\n",
            "vllm-memory",
            "than is free (21.54/23.65 GiB)",
        ),
        ("/bin/sh: 1: pip: not found\n", "program-not-found", "no program pip"),
        ("bash: line 3: nvcc: command not found\n", "program-not-found", "no program nvcc"),
        ("/root/.venv/bin/python: No module named pip\n", "no-module", "has no pip"),
        ("OSError: [Errno 30] Read-only file system: '/opt/x'\n", "read-only-disk", "/opt/x lies on"),
        (
            "ERROR: Directory 'here' is not installable. Neither 'setup.py' nor 'pyproject.toml' found.\n",
            "",
            "here is no",
        ),
        (
            "ERROR: Can not perform a '--user' install. User site-packages are\n",
            "user-site-hidden",
            "virtual environment",
        ),
        ("packaging.version.InvalidVersion: Invalid version: '1.x-y'\n", "version-nobody-knows", "the version 1.x-y"),
        ("c++: fatal error: Killed signal terminated program cc1plus\n", "compiler-killed", "memory was used up"),
        ("ResolvePackageNotFound: \n  - a=1=py38_0\n  - b=2\n", "conda-has-not", "has a=1=py38_0, b=2"),
        ("  - nothing provides __cuda needed by a-1.0-cuda102_0\n", "conda-sees-no-driver", "no NVIDIA driver"),
        ("error: resolution-too-deep\n", "resolution-too-deep", "gave up"),
        ("Illegal instruction (core dumped)\n", "cpu-instructions", "AVX"),
    ],
)
def test_each_is_told_apart(log: str, symptom: str, told: str) -> None:
    one = first(log)
    assert told in one.cause, one
    assert one.fix
    assert not symptom or one.symptom == symptom
    assert "hunter2" not in one.cause + " ".join(one.fix)
    assert "huggingface-cli" not in " ".join(one.fix)


def test_a_damaged_archive_is_pips_only_where_pip_read_it() -> None:
    own = 'Traceback (most recent call last):\n  File "/work/read.py", line 3, in <module>\n    open()\n'
    error = "zipfile.BadZipFile: Bad CRC-32 for file 'a.npy'\n"
    assert "pip cache purge" not in first(own + error).fix
    assert "pip cache purge" in first("Traceback (most recent call last):\n" + PIP_FRAME.format("unpack") + error).fix


def test_what_pip_has_for_another_python_is_not_asked_for_again() -> None:
    log = (
        "Requirement already satisfied: einops in /usr/lib/python3/dist-packages (0.7.0)\n"
        'Traceback (most recent call last):\n  File "/work/a.py", line 1, in <module>\n    import einops\n'
        "ModuleNotFoundError: No module named 'einops'\n"
    )
    one = first(log)
    assert "another Python's" in one.cause and "pip install einops" not in one.fix
    assert first(log.partition("\n")[2]).fix == ("pip install einops",)


def test_the_first_index_of_uv_is_the_cause_and_not_who_asks() -> None:
    log = (
        "  × No solution found when resolving dependencies:\n"
        "  ╰─▶ Because only wordtree==2.28 is available and you require wordtree>=2.31, we can conclude that your "
        "requirements are unsatisfiable.\n\n"
        "      hint: `wordtree` was found on https://download.pytorch.org/whl/cu124, but not at the requested version "
        "(wordtree>=2.31).\n"
    )
    one = first(log)
    assert one.symptom == "uv-first-index" and "explicit = true" in one.fix[0]


@pytest.mark.parametrize(
    ("index", "wanted", "symptom"),
    [
        ("https://pypi.org/simple", "tool", "from pypi.org"),
        ("https://download.pytorch.org/whl/cpu", "markupsafe", "PyTorch's own index"),
        ("https://download.pytorch.org/whl/cpu", "torch", "which has no file of it"),
    ],
)
def test_a_lock_without_a_file_for_this_machine(index: str, wanted: str, symptom: str) -> None:
    log = (
        f"error: Distribution `{wanted}==1.0 @ registry+{index}` can't be installed because it doesn't have a source "
        "distribution or wheel for the current platform\n"
    )
    assert symptom in first(log).cause


POETRY = (
    "Because no versions of torchvision match >0.15.2,<0.16.0\n and torchvision (0.15.2) depends on torch (2.0.1), "
    "torchvision (>=0.15.2,<0.16.0) requires torch (2.0.1).\nSo, because mine depends on both torch (^2.1.0) and "
    "torchvision (^0.15.2), version solving failed.\n"
)
PDM = (
    "[ResolutionImpossible]: Unable to find a resolution\nbecause of the following conflicts:\n"
    "  torch>=2.1.0 (from project)\n  torch==2.0.1 (from torchvision@0.15.2)\n"
)
CONDA = (
    "LibMambaUnsatisfiableError: Encountered problems while solving:\n  - package torchaudio-2.0.2-py310_cu117 "
    "requires pytorch-cuda 11.7.*, but none of the providers can be installed\n"
)
PIP = (
    "ERROR: Cannot install tool==4.57.0 because these package versions have conflicting dependencies.\n\n"
    "The conflict is caused by:\n    tool 4.57.0 depends on wordtree<1.0 and >=0.34.0\n"
    "    The user requested (constraint) wordtree==0.23.0\n"
)


@pytest.mark.parametrize(
    ("log", "told"),
    [
        (POETRY, "torchvision 0.15.2 asks for torch==2.0.1"),
        (PDM, "torch>=2.1.0 is asked for; torchvision 0.15.2 asks for torch==2.0.1"),
        (CONDA, "torchaudio 2.0.2 asks for pytorch-cuda 11.7.*"),
        (PIP, "tool 4.57.0 asks for wordtree<1.0,>=0.34.0"),
    ],
)
def test_other_resolvers_conflicts_name_both_sides(log: str, told: str) -> None:
    one = first(log)
    assert told in one.cause
    assert not any(step.endswith(("install both", "install pytorch-cuda", "torchvision==0.15.2")) for step in one.fix)


def test_two_to_three_needs_the_setuptools_before_58() -> None:
    log = "Collecting oldtool==0.11\n  Preparing metadata (setup.py) ... error\n      error in oldtool setup command: "
    assert any("setuptools<58" in step for step in first(log + "use_2to3 is invalid.\n").fix)
    assert any("setuptools<66" in step for step in first(log + "'extras_require' must be a dictionary\n").fix)


def test_a_library_that_is_no_cuda_library_is_not_hidden_by_its_first_letters() -> None:
    log = (
        'Traceback (most recent call last):\n  File "/v/lib/python3.10/site-packages/{0}/__init__.py", line 1, in f\n'
        "    import x\nImportError: {1}: cannot open shared object file: No such file or directory\n"
    )
    assert "libcudf.so is missing" in first(log.format("pylibcudf", "libcudf.so")).cause
    assert "apt-get" in " ".join(first(log.format("pycurl", "libcurl.so.4")).fix)
    assert first(log.format("tool", "libcurand.so.10")).category == "missing_cuda_lib"
