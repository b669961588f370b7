"""What the probe reads from torch's and NVIDIA's files, against what the libraries themselves say."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import urllib.request
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from far_support import add_wheel_like, purelib, run_probe

from podfit.far.probe import disks as disks_module
from podfit.far.probe import gpu, machine
from podfit.far.probe.interpreter import environment
from podfit.far.probe.machine import nvcc
from podfit.far.tree.cuda import cuda_roots, cuda_toolkit
from podfit.far.tree.elf import fatbin_architectures
from podfit.far.tree.files import HERE, Tree
from podfit.far.tree.notes import Warnings
from podfit.far.tree.torch import torch_architectures, torch_facts, torch_folder

INDEX = "https://pypi.org/simple"


class RemoteFile(io.RawIOBase):
    """A file on a server that answers Range requests: enough for zipfile to take single members out of a wheel."""

    def __init__(self, url: str) -> None:
        self._url, self._position = url, 0
        with urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=60) as answer:
            self._size = int(answer.headers["Content-Length"])

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = 0) -> int:
        self._position = offset + (0, self._position, self._size)[whence]
        return self._position

    def readinto(self, buffer: Any) -> int:
        end = min(self._position + len(buffer), self._size)
        if end <= self._position:
            return 0
        request = urllib.request.Request(self._url, headers={"Range": f"bytes={self._position}-{end - 1}"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            assert answer.status == 206
            data = answer.read()
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)


def take(wheel: str, members: tuple[str, ...], folder: Path) -> None:
    """Extract members (regular expressions) of a wheel on PyPI, fetching little else."""
    name = re.sub(r"[-_.]+", "-", wheel.partition("-")[0]).lower()
    accept = {"Accept": "application/vnd.pypi.simple.v1+json"}
    try:
        request = urllib.request.Request(f"{INDEX}/{name}/", headers=accept)
        with urllib.request.urlopen(request, timeout=60) as answer:
            files = json.load(answer)["files"]
    except OSError as error:
        pytest.skip(f"no package index: {error}")
    url = next(file["url"] for file in files if file["filename"] == wheel)
    with zipfile.ZipFile(io.BufferedReader(RemoteFile(url), 4 * 2**20)) as archive:
        for info in archive.infolist():
            if any(re.fullmatch(member, info.filename) for member in members):
                archive.extract(info, folder)


TORCH_FILES = (r"torch/version\.py", r"torch/lib/libc10\.so", r"torch/lib/libtorch_python\.so")


@pytest.mark.network
@pytest.mark.parametrize(
    ("wheel", "cuda", "numpy_abi", "cxx11"),
    [
        # Both sides of the boundary: torch was built with NumPy 2 headers from 2.3.0 on.
        ("torch-2.2.2-cp310-cp310-manylinux1_x86_64.whl", "12.1", 1, False),
        ("torch-2.3.0-cp310-cp310-manylinux1_x86_64.whl", "12.1", 2, False),
        ("torch-2.4.0-cp311-cp311-manylinux1_x86_64.whl", "12.1", 2, False),
        # And of the other one: PyPI's torch has the C++11 ABI from 2.7.0 on (manylinux_2_28).
        ("torch-2.6.0-cp311-cp311-manylinux1_x86_64.whl", "12.4", 2, False),
        ("torch-2.7.0-cp311-cp311-manylinux_2_28_x86_64.whl", "12.6", 2, True),
    ],
)
def test_build_facts_of_real_cuda_wheels(
    wheel: str, cuda: str, numpy_abi: int, cxx11: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(wheel, TORCH_FILES, tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    warnings = Warnings()
    facts = torch_facts(HERE, torch_folder(environment(), []), warnings)
    assert not warnings.sentences
    assert "torch" not in sys.modules
    assert facts["version"].split("+")[0] == wheel.split("-")[1]
    assert (facts["cuda"], facts["numpy_abi"], facts["cxx11_abi"]) == (cuda, numpy_abi, cxx11)
    assert {"sm_80", "sm_90"} < set(facts["arch_list"])
    for key in ("version", "cuda", "numpy_abi", "cxx11_abi", "arch_list"):
        assert facts[f"{key}_evidence"]["source"].startswith(str(tmp_path / "torch"))
    kinds = {facts[f"{key}_evidence"]["kind"] for key in ("numpy_abi", "cxx11_abi", "arch_list")}
    assert kinds == {"binary"}


@pytest.mark.network
def test_architectures_from_device_code(tmp_path: Path) -> None:
    """torchvision is built for torch's own list, and PTX; its wheel is small enough to look into."""
    take("torchvision-0.17.2-cp310-cp310-manylinux1_x86_64.whl", (r"torchvision/_C\.so",), tmp_path)
    expected = ["sm_50", "sm_60", "sm_70", "sm_75", "sm_80", "sm_86", "sm_90", "compute_50"]
    assert fatbin_architectures(HERE, str(tmp_path / "torchvision" / "_C.so")) == expected
    folder = tmp_path / "torch"
    (folder / "lib").mkdir(parents=True)
    shutil.copy(tmp_path / "torchvision" / "_C.so", folder / "lib" / "libtorch_cuda.so")
    (folder / "lib" / "libtorch_python.so").write_bytes(b"a build whose flags are not to be found: sm_80 sm_90")
    facts = torch_architectures(HERE, str(folder), "12.1")
    assert facts["arch_list"] == expected
    assert "fat binaries" in facts["arch_list_evidence"]["detail"]


def test_no_device_code_in_this_python(tmp_path: Path) -> None:
    assert fatbin_architectures(HERE, sys.executable) == []
    (tmp_path / "text").write_text("no ELF")
    assert fatbin_architectures(HERE, str(tmp_path / "text")) == []


@pytest.mark.parametrize("damage", ["empty", "missing", "text"])
def test_an_unreadable_torch_is_warnings(damage: str, make_venv: Callable[..., str]) -> None:
    python = make_venv()
    folder = purelib(python) / "torch"
    (folder / "lib").mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    if damage != "missing":
        for name in ("version.py", "lib/libc10.so", "lib/libtorch_python.so", "lib/libtorch_cuda.so"):
            (folder / name).write_bytes(b"" if damage == "empty" else b"\0= not (python nor ELF")
    manifest = run_probe(python)
    assert not set(manifest.get("torch", {})) & {"version", "cxx11_abi", "numpy_abi"}
    assert len(manifest["probe"]["warnings"]) >= 3


@pytest.fixture(scope="session")
def torch_cpu(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An environment with a real CPU build of torch; skipped where none can be had without gigabytes."""
    folder = tmp_path_factory.mktemp("torch")
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    python = str(folder / "bin" / "python")
    install = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "torch==2.13.0+cpu", "numpy>=2"]
    done = subprocess.run(install, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip("pip is not configured with a place that has torch 2.13.0+cpu for this Python")
    return python


@pytest.mark.slow
@pytest.mark.network
def test_build_facts_are_what_torch_says_of_itself(torch_cpu: str) -> None:
    code = (
        "import torch, json, numpy; torch.from_numpy(numpy.ones(2)).numpy(); print(json.dumps(dict("
        "version=torch.__version__, cuda=torch.version.cuda, hip=torch.version.hip,"
        "cxx11_abi=torch._C._GLIBCXX_USE_CXX11_ABI, arch_list=torch.cuda.get_arch_list(),"
        "compiled=torch.compiled_with_cxx11_abi(), numpy=numpy.__version__)))"
    )
    done = subprocess.run([torch_cpu, "-c", code], capture_output=True, text=True, check=True)
    said = json.loads(done.stdout)
    facts = run_probe(torch_cpu)["torch"]
    for key in ("version", "cuda", "hip", "cxx11_abi", "arch_list"):
        assert facts[key] == said[key], key
    assert facts["cxx11_abi"] == said["compiled"]
    # NumPy 2 went through from_numpy() above, which only a build with NumPy 2 headers survives.
    assert said["numpy"].startswith("2.")
    assert facts["numpy_abi"] == 2


# --- CUDA libraries


@pytest.mark.network
def test_libraries_of_nvidia_wheels_have_their_distributions_version(make_venv: Callable[..., str]) -> None:
    python = make_venv(pip=True)
    wanted = "nvidia-cuda-runtime-cu12==12.4.127"
    subprocess.run([python, "-m", "pip", "install", "-q", "--no-deps", wanted], check=True)
    cuda = run_probe(python)["cuda"]
    assert cuda["cudart"] == "12.4.127"
    assert cuda["cudart_evidence"]["source"] == "nvidia-cuda-runtime-cu12 12.4.127"
    path = purelib(python) / "nvidia" / "cuda_runtime" / "lib" / "libcudart.so.12"
    assert cuda["libraries"][str(path.resolve())] == "12.4.127"


@pytest.mark.network
def test_nccl_by_its_real_header_cudart_by_its_file_name(make_venv: Callable[..., str], tmp_path: Path) -> None:
    nccl = "nvidia_nccl_cu12-2.20.5-py3-none-manylinux2014_x86_64.whl"
    take(nccl, (r"nvidia/nccl/include/nccl\.h",), tmp_path)
    lib = tmp_path / "nvidia" / "nccl" / "lib"
    lib.mkdir()
    (lib / "libnccl.so.2").write_bytes(b"")
    (lib / "libcudart.so.12.4.127").write_bytes(b"")
    (lib / "libcudart.so.12").symlink_to("libcudart.so.12.4.127")
    (lib / "libcudnn.so.8").write_bytes(b"")
    cuda = run_probe(make_venv(), LD_LIBRARY_PATH=str(lib))["cuda"]
    assert (cuda["nccl"], cuda["cudart"], cuda["cudnn"]) == ("2.20.5", "12.4.127", "8")
    assert cuda["nccl_evidence"]["source"].endswith("nccl.h")
    assert "no more precise" in cuda["cudnn_evidence"]["detail"]
    assert cuda["libraries"][str(lib.resolve() / "libcudart.so.12.4.127")] == "12.4.127"


def test_what_a_wheel_brings_comes_before_the_system(make_venv: Callable[..., str], tmp_path: Path) -> None:
    python = make_venv()
    site = purelib(python)
    file = "nvidia/nccl/lib/libnccl.so.2"
    (site / "nvidia" / "nccl" / "lib").mkdir(parents=True)
    (site / file).write_bytes(b"")
    add_wheel_like(site, "nvidia_nccl_cu12", "2.27.3", files=(file,))
    other = tmp_path / "system"
    other.mkdir()
    (other / "libnccl.so.2.18.1").write_bytes(b"")
    cuda = run_probe(python, LD_LIBRARY_PATH=str(other))["cuda"]
    assert cuda["nccl"] == "2.27.3"
    assert cuda["libraries"][str(other / "libnccl.so.2.18.1")] == "2.18.1"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"version.json": '{"cuda": {"name": "CUDA SDK", "version": "12.4.20240318"}}'}, "12.4.20240318"),
        ({"version.txt": "CUDA Version 10.2.89\n"}, "10.2.89"),
    ],
)
def test_toolkit(files: dict[str, str], expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    monkeypatch.setenv("CUDA_HOME", str(tmp_path))
    assert cuda_toolkit(environment())["toolkit"] == expected


def test_toolkit_is_what_nvcc_says() -> None:
    program = shutil.which("nvcc") or "/usr/local/cuda/bin/nvcc"
    if not Path(program).exists() or Path(program).parent.parent.joinpath("version.json").exists():
        pytest.skip("no CUDA toolkit that only nvcc can tell of")
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    assert f"V{(cuda_toolkit(environment()) or nvcc(cuda_roots(environment())))['toolkit']}" in done.stdout


# --- GPUs and driver: programs in the place of nvidia-smi and libcuda, for machines without a GPU

NVIDIA_SMI = """#!/bin/sh
case "$*" in
  *compute_cap*) {known} ;;
  *query-gpu*) printf 'NVIDIA H100 80GB HBM3, 81559, 550.54.15\\nNVIDIA H100 80GB HBM3, 81559, 550.54.15\\n' ;;
  *) echo '| NVIDIA-SMI 550.54.15    Driver Version: 550.54.15    CUDA Version: 12.4     |' ;;
esac
"""
KNOWN = "printf 'NVIDIA H100 80GB HBM3, 81559, 550.54.15, 9.0\\nNVIDIA H100 80GB HBM3, 81559, 550.54.15, 9.0\\n'"
UNKNOWN = "echo 'Field \"compute_cap\" is not a valid field to query.'; exit 2"

LIBCUDA = """
#include <stddef.h>
#include <string.h>
int cuDriverGetVersion(int *v) { *v = 12080; return 0; }
int cuInit(unsigned flags) { return 0; }
int cuDeviceGetCount(int *n) { *n = 1; return 0; }
int cuDeviceGet(int *d, int i) { *d = i; return 0; }
int cuDeviceGetName(char *name, int size, int d) { strncpy(name, "Test GPU", size); return 0; }
int cuDeviceTotalMem_v2(size_t *bytes, int d) { *bytes = 25757220864ULL; return 0; }
int cuDeviceGetAttribute(int *value, int what, int d) { *value = what == 75 ? 8 : what == 76 ? 9 : -1; return 0; }
"""


def has_gpu() -> bool:
    """Tell whether a real driver is here, which must not be mistaken for the programs of these tests."""
    return Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi") is not None


def fake_smi(folder: Path, known: str) -> str:
    """Write an nvidia-smi and return a PATH that has it first."""
    folder.mkdir()
    (folder / "nvidia-smi").write_text(NVIDIA_SMI.replace("{known}", known))
    (folder / "nvidia-smi").chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


@pytest.fixture
def libcuda(tmp_path: Path) -> str:
    """A directory with a libcuda.so.1 that answers."""
    compiler = shutil.which((sysconfig.get_config_var("CC") or "cc").split()[0]) or shutil.which("gcc")
    if compiler is None:
        pytest.skip("there is no C compiler")
    (tmp_path / "cuda").mkdir()
    (tmp_path / "cuda.c").write_text(LIBCUDA)
    library = tmp_path / "cuda" / "libcuda.so.1"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", str(library), str(tmp_path / "cuda.c")], check=True)
    return str(library.parent)


@pytest.mark.skipif(has_gpu(), reason="a real GPU answers here")
def test_nvidia_smi(tmp_path: Path) -> None:
    manifest = run_probe(sys.executable, PATH=fake_smi(tmp_path / "bin", KNOWN))
    gpu = {"name": "NVIDIA H100 80GB HBM3", "compute_capability": "9.0", "memory_bytes": 81559 * 2**20}
    assert manifest["gpus"] == [gpu, gpu]
    assert (manifest["driver"]["version"], manifest["driver"]["cuda"]) == ("550.54.15", "12.4")


@pytest.mark.skipif(has_gpu(), reason="a real GPU answers here")
def test_libcuda_answers_where_nvidia_smi_is_absent(libcuda: str) -> None:
    manifest = run_probe(sys.executable, LD_LIBRARY_PATH=libcuda)
    assert manifest["gpus"] == [{"name": "Test GPU", "compute_capability": "8.9", "memory_bytes": 25757220864}]
    assert manifest["driver"]["cuda"] == "12.8"
    assert "version" not in manifest["driver"]


@pytest.mark.slow
@pytest.mark.skipif(has_gpu(), reason="a real GPU answers here")
def test_libcuda_knows_the_capability_that_an_old_nvidia_smi_does_not(tmp_path: Path, libcuda: str) -> None:
    path = fake_smi(tmp_path / "bin", UNKNOWN)
    alone = run_probe(sys.executable, PATH=path)
    assert [set(gpu) for gpu in alone["gpus"]] == [{"name", "memory_bytes"}] * 2
    both = run_probe(sys.executable, PATH=path, LD_LIBRARY_PATH=libcuda)
    assert [gpu["compute_capability"] for gpu in both["gpus"]] == ["8.9"]
    assert both["driver"] == {**both["driver"], "version": "550.54.15", "cuda": "12.8"}


@pytest.mark.skipif(has_gpu(), reason="a real GPU answers here")
def test_no_gpu_is_an_empty_list_and_no_driver() -> None:
    manifest = run_probe(sys.executable)
    assert manifest["gpus"] == []
    assert "driver" not in manifest


@pytest.mark.skipif(not has_gpu(), reason="no NVIDIA GPU on this machine")
def test_the_real_gpu() -> None:
    manifest = run_probe(sys.executable)
    assert manifest["gpus"]
    for one in manifest["gpus"]:
        assert re.fullmatch(r"\d+\.\d", one["compute_capability"])
        assert one["memory_bytes"] > 2**30
    assert re.fullmatch(r"\d+\.\d+", manifest["driver"]["cuda"])


def test_kernel_module_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    for line, version in (
        ("NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue Mar  5 22:23:56 UTC 2024", "550.54.15"),
        ("NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.86.10  Release Build", "570.86.10"),
        ("", ""),
    ):
        monkeypatch.setattr(Tree, "text", lambda tree, path, line=line: line)
        assert gpu.proc_driver_version() == version


# --- disks

POD_MOUNTS = r"""
1 0 0:50 / / rw,relatime - overlay overlay rw,lowerdir=/a,upperdir=/b,workdir=/c
2 1 0:53 / /proc rw,nosuid - proc proc rw
3 1 0:54 / /dev rw,nosuid - tmpfs tmpfs rw,size=65536k
4 3 0:55 / /dev/shm rw,nosuid - tmpfs shm rw,size=1024k
5 1 8:1 /var/lib/docker/hosts /etc/hosts rw,relatime - ext4 /dev/sda1 rw
6 1 0:60 / /workspace rw,relatime - fuse mfs#eu-ro-1.example:9421 rw,user_id=0
7 1 0:61 / /data\040sets rw,relatime - nfs4 server:/x rw,vers=4.1
8 1 8:2 /pods/1 /cache rw,relatime - xfs /dev/nvme0n1 rw
9 1 0:62 / /run/secrets rw,relatime - tmpfs tmpfs rw
10 1 8:3 / /readonly ro,relatime - ext4 /dev/sdb1 rw
"""


@pytest.mark.parametrize("runpod", [False, True])
def test_disks_of_a_pod(runpod: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mountinfo").write_text(POD_MOUNTS.lstrip())
    monkeypatch.setattr(disks_module.os.path, "isdir", lambda path: path != "/etc/hosts")
    monkeypatch.setattr(disks_module, "disk_space", lambda mount: None if mount == "/cache" else (100, 60))
    monkeypatch.setattr(disks_module, "on_runpod", lambda: runpod)
    warnings = Warnings()
    found = {disk["mount"]: disk for disk in disks_module.disks(warnings, str(tmp_path / "mountinfo"))}
    persistent = {mount: disk["persistent"] for mount, disk in found.items()}
    assert persistent == {"/": False, "/dev/shm": False, "/workspace": True, "/data sets": True}
    assert ("RunPod" in found["/workspace"]["reason"]) == runpod
    assert all(disk["reason"] and disk["total_bytes"] == 100 and disk["free_bytes"] == 60 for disk in found.values())
    assert warnings.sentences == ["the disk at /cache (xfs) does not answer"]


def test_the_root_disk_is_the_one_that_python_sees() -> None:
    root = next(disk for disk in run_probe(sys.executable)["disks"] if disk["mount"] == "/")
    assert root["total_bytes"] == shutil.disk_usage("/").total
    assert abs(root["free_bytes"] - shutil.disk_usage("/").free) < 2**33


def test_a_mounted_tmpfs(tmp_path: Path) -> None:
    folder = tmp_path / "in memory"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "podfit", str(folder)], check=False)
    if mounted.returncode != 0:
        pytest.skip("mounting needs root")
    try:
        disk = next(disk for disk in run_probe(sys.executable)["disks"] if disk["mount"] == str(folder))
    finally:
        subprocess.run(["umount", str(folder)], check=True)
    assert disk == {**disk, "filesystem": "tmpfs", "total_bytes": 8 * 2**20, "persistent": False}


# --- the container's own variables


def test_variables_of_process_1_that_this_session_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIP_CONSTRAINT", raising=False)
    monkeypatch.setenv("CUDA_HOME", "/same")
    lines = b"PIP_CONSTRAINT=/etc/pip/constraint.txt\0CUDA_HOME=/same\0HOME=/root\0UV_INDEX=https://u:p@x.example/\0"
    real = open
    monkeypatch.setitem(
        vars(machine), "open", lambda path, *a: io.BytesIO(lines) if path == "/proc/1/environ" else real(path, *a)
    )
    warnings = Warnings()
    machine.container_environment(warnings)
    assert [re.sub(" of this machine has ", " ", text) for text in warnings.sentences] == [
        "process 1 PIP_CONSTRAINT=/etc/pip/constraint.txt, which this session has not",
        "process 1 UV_INDEX=https://****@x.example/, which this session has not",
    ]
