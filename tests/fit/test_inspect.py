"""Wheels and environments on disk: what their files say, and what stands against them; nothing of them is run."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path

import pytest
from elf_support import asking, library
from hypothesis import given, settings
from hypothesis import strategies as st
from share import examples

from podfit.cli.main import run
from podfit.fit.inspect import inspect_environment, inspect_wheel
from podfit.model import InputError, Template, Verdict
from podfit.model.manifest import template_from_manifest
from podfit.readers.installed import is_environment, read_installed

MODULE = "ext/_c.cpython-311-x86_64-linux-gnu.so"


def pod(**more: object) -> Template:
    data = {
        "schema": "podfit.template/1",
        "name": "pod",
        "interpreter": {"version": "3.11.9"},
        "platform": {"machine": "x86_64", "glibc": "2.35", "glibcxx": "3.4.30"},
        "distributions": [{"name": "numpy", "version": "1.26.4", "requires_dist": []}],
        **more,
    }
    return template_from_manifest(data, where="pod.json")


def wheel(room: Path, members: dict[str, bytes], name: str = "ext-1.0-cp311-cp311-linux_x86_64.whl") -> str:
    path = room / name
    with zipfile.ZipFile(path, "w") as bundle:
        for member, data in members.items():
            bundle.writestr(member, data)
        bundle.writestr(
            "ext-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: ext\nVersion: 1.0\nRequires-Dist: numpy\n"
        )
    return str(path)


def environment(room: Path) -> Path:
    """A virtual environment whose python stops everything that runs it."""
    site = room / "venv" / "lib" / "python3.11" / "site-packages"
    site.mkdir(parents=True)
    (room / "venv" / "bin").mkdir()
    (room / "venv" / "bin" / "python").write_text("#!/bin/sh\necho it was run > /dev/stderr; exit 1\n")
    (room / "venv" / "bin" / "python").chmod(0o755)
    (room / "venv" / "pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.11.7\n")
    return site


def install(site: Path, name: str, files: dict[str, bytes], *requires: str) -> None:
    info = site / f"{name}-1.0.dist-info"
    info.mkdir()
    lines = "".join(f"Requires-Dist: {line}\n" for line in requires)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{lines}")
    for path, data in files.items():
        if ".." not in path:
            (site / path).parent.mkdir(parents=True, exist_ok=True)
            (site / path).write_bytes(data)
    (info / "RECORD").write_text("".join(f"{path},,\n" for path in files))


def test_a_wheel_s_facts_and_what_stands_against_it(tmp_path: Path) -> None:
    path = wheel(tmp_path, {MODULE: asking("libc.so.6", "GLIBC_2.38", "newest", tmp_path / "elf")})
    alone = inspect_wheel(path, None)
    assert alone.findings == ()
    assert alone.release is not None
    assert alone.release.requires_dist == ("numpy",)
    (said,) = inspect_wheel(path, pod()).findings
    assert (said.code, said.verdict) == ("PF115", Verdict.FAILED)
    assert not inspect_wheel(path, pod(platform={"machine": "x86_64", "glibc": "2.38"})).findings


def test_a_wheel_for_another_python_is_told(tmp_path: Path) -> None:
    path = wheel(tmp_path, {}, "ext-1.0-cp312-cp312-manylinux_2_17_x86_64.whl")
    (said,) = inspect_wheel(path, pod()).findings
    assert (said.check, said.verdict) == ("wheels", Verdict.FAILED)


def test_the_command_tells_facts_and_fails_for_findings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    member = library(
        tmp_path / "elf", "c.so", needs=["libgomp.so.1", "libGL.so.1", "libcudart.so.12", "libother-thing.so.9"]
    )
    path = wheel(tmp_path, {MODULE: member})
    assert run(["audit", path]) == 0
    told = capsys.readouterr().out
    assert "libgomp.so.1 (libgomp1)" in told
    assert "libcudart.so.12" in told
    assert "libother-thing.so.9" in told
    manifest = tmp_path / "pod.json"
    manifest.write_text(
        json.dumps(
            {
                "schema": "podfit.template/1",
                "name": "pod",
                "interpreter": {"version": "3.11.9"},
                "platform": {"machine": "x86_64", "glibc": "2.35"},
                "distributions": [],
                "system": {"os": "ubuntu 22.04", "libraries": ["libc.so.6"]},
            }
        )
    )
    assert run(["audit", path, "-t", str(manifest), "--format", "json"]) == 1
    (one,) = json.loads(capsys.readouterr().out)["audited"]
    assert {finding["code"] for finding in one["findings"] if finding["verdict"] == "failed"} == {"PF112", "PF116"}
    assert run(["audit", path, "-t", str(manifest), "--format", "junit"]) == 1
    assert "failure" in capsys.readouterr().out


def test_an_environment_is_read_and_its_python_never_run(tmp_path: Path) -> None:
    site = environment(tmp_path)
    install(
        site, "ext", {MODULE: asking("libc.so.6", "GLIBC_2.99", "newest", tmp_path / "elf"), "cv2/a.py": b""}, "gone"
    )
    install(site, "twin", {"cv2/a.py": b"", "cv2/b.py": b"", "../../../../outside.so": b"", "a/../../x.so": b""})
    for path in (tmp_path / "venv", site, tmp_path / "venv" / "bin" / "python"):
        assert is_environment(str(path))
        found = {
            (finding.code, finding.subject): finding.verdict for finding in inspect_environment(str(path)).findings
        }
        assert found["PF101", "ext"] is Verdict.FAILED
        assert found["PF113", "ext"] is Verdict.WARNING
        if os.uname().machine == "x86_64" and read_installed(str(path)).template.platform.glibc:
            assert found["PF115", "ext"] is Verdict.FAILED
    assert read_installed(str(site)).template.interpreter.version == "3.11.7"
    assert read_installed(str(site)).libraries("twin") == ()


def test_a_sound_environment_passes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    site = environment(tmp_path)
    install(site, "ext", {"ext/__init__.py": b""})
    assert run(["audit", str(tmp_path / "venv")]) == 0
    assert "nothing failed" in capsys.readouterr().out


def test_a_gpu_is_held_against_the_environment_s_torch(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    site = environment(tmp_path)
    install(site, "torch", {"torch/version.py": b"__version__ = '2.4.1+cu121'\ncuda: str = '12.1'\n"})
    (site / "torch-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: torch\nVersion: 2.4.1+cu121\n")
    assert run(["audit", str(tmp_path / "venv"), "--gpu", "RTX 5090"]) == 1
    assert "PF117 torch 2.4.1+cu121 does not run on RTX 5090" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("name", ["no wheel.whl", "ext-1.0-cp311-cp311-linux_x86_64.whl"])
def test_what_is_no_wheel_is_one_sentence(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / name).write_bytes(b"nothing of the kind")
    assert run(["audit", str(tmp_path / name)]) == 2
    assert "the wheel cannot be read" in capsys.readouterr().err


def test_two_kinds_at_once_are_a_bad_call(tmp_path: Path) -> None:
    path = wheel(tmp_path, {})
    assert run(["audit", path, str(tmp_path)]) == 2
    with pytest.raises(InputError):
        read_installed(str(tmp_path / "nowhere"))


@settings(deadline=None, max_examples=examples(60))
@given(data=st.data())
def test_a_damaged_wheel_is_a_finding_or_a_sentence(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    room = tmp_path_factory.mktemp("damaged")
    path = Path(wheel(room, {MODULE: b"\x7fELF" + b"\0" * 80, "ext/__init__.py": b""}))
    broken = bytearray(path.read_bytes())
    for place, value in data.draw(
        st.lists(st.tuples(st.integers(0, len(broken) - 1), st.integers(0, 255)), max_size=12)
    ):
        broken[place] = value
    path.write_bytes(bytes(broken[: data.draw(st.integers(0, len(broken)))]))
    try:
        inspect_wheel(str(path), pod())
    except InputError as error:
        assert str(error)
