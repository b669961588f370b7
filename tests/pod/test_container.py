"""`podfit probe --image`: a container of the image, by an engine that plays one and by podman where it runs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from podfit.cli.main import podfit
from podfit.model import InputError
from podfit.model.manifest import template_from_manifest
from podfit.pod.container import CONFINED, ContainerMachine, probe_image

DIGEST = "sha256:" + "ab" * 32
ENGINE = f"""#!{sys.executable}
import json, os, subprocess, sys
state = {{state!r}}
words = sys.argv[1:]
with open(os.path.join(state, "calls"), "a") as calls:
    calls.write(json.dumps(words) + "\\n")
if os.path.exists(os.path.join(state, "dead")):
    sys.exit("Cannot connect to the daemon")
if words[:2] == ["image", "inspect"]:
    if not os.path.exists(os.path.join(state, "pulled")):
        sys.exit("no such image")
    print(json.dumps([{{{{"RepoDigests": ["team/image@{DIGEST}"], "Id": "cd" * 32}}}}]))
elif words[0] == "pull":
    if words[1] == "team/private:1":
        sys.exit("denied: you may not")
    open(os.path.join(state, "pulled"), "w").close()
elif words[0] == "run":
    entry = words.index("--entrypoint")
    if words[entry + 2] == "team/broken:1":
        print("exec format error", file=sys.stderr)
        sys.exit(125)
    argv = [words[entry + 1], *words[entry + 3:]]
    sys.exit(subprocess.call(argv))
"""
"""What docker does of what podfit asks of it: the container is this machine."""


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[list[str]]]:
    """A docker on PATH, and nothing else there; the function returns the calls that it had."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "docker").write_text(ENGINE.format(state=str(tmp_path)))
    (folder / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    return lambda: [json.loads(line) for line in (tmp_path / "calls").read_text().splitlines()]


def invoke(*words: str) -> Result:
    return CliRunner().invoke(podfit, ["probe", *words])


def test_an_image_is_pulled_and_probed_in_a_container_that_may_do_nothing(
    engine: Callable[[], list[list[str]]],
) -> None:
    manifest = probe_image("team/image:1", python=sys.executable, quick=True)
    assert manifest["image"] == f"team/image@{DIGEST}"
    assert manifest["evidence"]["source"] == f"podfit probe of team/image@{DIGEST}, in a container"
    template_from_manifest(manifest, where="a container")
    said = engine()
    assert [words[0] for words in said] == ["image", "version", "pull", "image", "run"]
    run = said[-1]
    assert [word for word in run if word in CONFINED] == list(CONFINED)
    assert run[run.index("--entrypoint") + 1 :][:3] == [sys.executable, "team/image:1", "-B"]


def test_an_image_that_is_there_is_not_pulled(engine: Callable[[], list[list[str]]], tmp_path: Path) -> None:
    (tmp_path / "pulled").touch()
    ContainerMachine("team/image:1")
    assert [words[0] for words in engine()] == ["image"]


def test_facts_of_this_machine_are_left_out(engine: Callable[[], list[list[str]]], tmp_path: Path) -> None:
    (tmp_path / "pulled").touch()
    done = invoke("--image", "team/image:1", "--python", sys.executable, "-o", str(tmp_path / "image.json"))
    assert done.exit_code == 0, done.output
    manifest = json.loads((tmp_path / "image.json").read_text())
    assert not {"gpus", "driver", "disks"} & set(manifest)
    assert manifest["distributions"]


@pytest.mark.parametrize(
    ("image", "python", "said"),
    [
        ("team/private:1", "python3", "docker cannot pull it: denied: you may not"),
        ("team/broken:1", "python3", "docker cannot run it: exec format error"),
        ("team/image:1", "/no/such/python", "that is no Python interpreter"),
        ("-v/:/host", "python3", "is no image's name"),
        ("a b", "python3", "is no image's name"),
    ],
)
def test_what_cannot_be_probed_is_one_sentence(
    image: str, python: str, said: str, engine: Callable[[], list[list[str]]]
) -> None:
    with pytest.raises(InputError, match=said):
        probe_image(image, python=python)


def test_without_an_engine_another_way_is_named(
    engine: Callable[[], list[list[str]]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dead").touch()
    with pytest.raises(InputError, match="docker says Cannot connect to the daemon") as raised:
        ContainerMachine("team/image:1")
    assert raised.value.remedy == "podfit fit -t docker://team/image:1 reads it from its registry without one"
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    with pytest.raises(InputError, match="there is no docker and no podman"):
        ContainerMachine("team/image:1")


def test_a_second_engine_answers_for_a_dead_one(engine: Callable[[], list[list[str]]], tmp_path: Path) -> None:
    (tmp_path / "dead").touch()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "pulled").touch()
    (tmp_path / "bin" / "podman").write_text(ENGINE.format(state=str(tmp_path / "other")))
    (tmp_path / "bin" / "podman").chmod(0o755)
    assert ContainerMachine("team/image:1").engine == "podman"


def test_a_container_that_runs_too_long_is_removed(engine: Callable[[], list[list[str]]], tmp_path: Path) -> None:
    (tmp_path / "pulled").touch()
    machine = ContainerMachine("team/image:1", python=sys.executable)
    done = machine.run([sys.executable, "-c", "import time; time.sleep(600)"], timeout=0.5)
    assert done.timed_out
    run, removed = engine()[-2:]
    assert removed == ["rm", "--force", run[run.index("--name") + 1]]


def test_no_other_machine_goes_with_it() -> None:
    for words in (["--ssh", "root@pod"], ["--script"], ["-i", "key"]):
        assert invoke("--image", "team/image:1", *words).exit_code == 2


STORAGE = """[storage]
driver = "vfs"
graphroot = "{0}/store"
runroot = "{0}/run"
"""
CONTAINERS = """[containers]
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
"""


@pytest.mark.slow
def test_by_podman(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not (shutil.which("podman") and shutil.which("runc")):
        pytest.skip("there is no podman with runc on this machine")
    (tmp_path / "storage.conf").write_text(STORAGE.format(tmp_path))
    (tmp_path / "containers.conf").write_text(CONTAINERS)
    monkeypatch.setenv("CONTAINERS_STORAGE_CONF", str(tmp_path / "storage.conf"))
    monkeypatch.setenv("CONTAINERS_CONF", str(tmp_path / "containers.conf"))
    monkeypatch.setattr("podfit.pod.container.ENGINES", ("podman",))
    python = _image_of_this_python(tmp_path)
    ran = subprocess.run(["podman", "run", "--rm", "localhost/probed:1", python, "-c", ""], capture_output=True)
    if ran.returncode != 0:
        pytest.skip(f"podman runs no containers here: {ran.stderr.decode().strip()[-150:]}")
    manifest = probe_image("localhost/probed:1", python=python)
    assert manifest["image"].startswith("localhost/probed")
    assert "sha256:" in manifest["image"]
    assert manifest["interpreter"]["version"] == ".".join(map(str, sys.version_info[:3]))
    assert [each["name"] for each in manifest["distributions"]] == ["shown"]
    assert "gpus" not in manifest


def _image_of_this_python(folder: Path) -> str:
    """Import an image that holds this Python, what it is linked to and one distribution; return the python's path."""
    root, base = folder / "root", Path(sys.base_prefix)
    python = Path(os.path.realpath(sys.executable))
    library = base / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}"
    ignored = shutil.ignore_patterns("test", "tests", "site-packages", "idlelib", "__pycache__", "config-*")
    shutil.copytree(library, root / library.relative_to("/"), ignore=ignored)
    linked = subprocess.run(["ldd", str(python)], capture_output=True, text=True, check=True).stdout
    modules = subprocess.run(
        ["ldd", *map(str, library.glob("lib-dynload/*.so"))], capture_output=True, text=True
    ).stdout
    found = {word for word in (linked + modules).split() if word.startswith("/") and not word.endswith(":")}
    for file in (str(python), *found):
        target = root / Path(file).relative_to("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, target)
    info = root / library.relative_to("/") / "site-packages" / "shown-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: shown\nVersion: 1.0\n")
    for name in ("tmp", "proc", "dev", "sys", "etc"):
        (root / name).mkdir()
    subprocess.run(["tar", "-C", str(root), "-cf", str(folder / "root.tar"), "."], check=True)
    words = ["podman", "import", str(folder / "root.tar"), "localhost/probed:1"]
    subprocess.run(words, check=True, capture_output=True)
    return str(python)
