"""`podfit apply` into an overlay, on real environments here and behind a real sshd: the template stays untouched."""

from __future__ import annotations

import json
import os
import resource
import shlex
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from apply_support import (
    NEW,
    OLD,
    PODFIT,
    Notes,
    Recipe,
    artefact,
    changes,
    chosen,
    finding,
    install,
    kill_family,
    make_wheel,
    run,
    template_of,
    tree,
    wait_until,
    wheelhouse,
)
from pod_support import Sshd

from podfit.model import Verdict
from podfit.model.manifest import template_from_manifest
from podfit.pod.apply import ApplyError, Options, apply, recover
from podfit.pod.machine import LocalMachine
from podfit.pod.probe import probe

pytestmark = [pytest.mark.network]

PIP = "pip==24.0"


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = wheelhouse(tmp_path_factory.getbasetemp() / "apply-wheels", [*OLD, *NEW, PIP])
    entry = "[console_scripts]\ntool = heldback:main\n"
    code = "import packaging\ndef main():\n    print('tool sees packaging', packaging.__version__)\n"
    make_wheel(folder, "heldback", "2.4.0+cu124", {"heldback/__init__.py": code}, entry)
    return folder


@pytest.fixture
def python(make_venv: Callable[..., str], wheels: Path) -> str:
    found = make_venv(name="template")
    install(found, wheels, [*OLD, "heldback==2.4.0+cu124"])
    return found


def root(python: str) -> Path:
    return Path(python).parent.parent


def recipe(python: str, wheels: list[Path]) -> Recipe:
    return Recipe(template_of(python), wheels, held={"heldback"})


def test_it_sees_the_template_and_leaves_it_alone(python: str, wheels: Path, tmp_path: Path) -> None:
    plan = recipe(python, chosen(wheels, NEW)).write(tmp_path / "plan.json")
    before, place = tree(root(python)), tmp_path / "overlays" / "mine"
    words = [*PODFIT, str(plan), "--overlay", str(place), "--no-verify", "--python", python]
    first = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)
    assert first.returncode == 0, first.stderr
    assert first.stdout.startswith(f"applied: {len(NEW)} packages in {place}")
    mine = str(place / "bin" / "python")
    code = "import packaging, heldback, rich, toolz; print(packaging.__version__, heldback.__file__)"
    version, where = run(mine, code).split(maxsplit=1)
    assert version == "24.1"
    assert where.startswith(str(root(python)))
    # The template's script runs in the overlay, and the overlay's own too; the bytecode that it would leave in the
    # template is Python's doing, not podfit's.
    quiet = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    script = [str(place / "bin" / "tool")]
    tool = subprocess.run(script, env=quiet, capture_output=True, text=True, check=False, timeout=60)
    assert tool.stdout == "tool sees packaging 24.1\n"
    head = (place / "bin" / "http").read_text().split("import", 1)[0]
    assert ".podfit-apply" not in head
    shell = f". {shlex.quote(str(place))}/bin/activate && python -c 'import sys; print(sys.prefix)' && tool"
    active = subprocess.run(["sh", "-c", shell], env=quiet, capture_output=True, text=True, check=False, timeout=60)
    assert active.stdout.splitlines() == [str(place), "tool sees packaging 24.1"]
    assert sorted(path.name for path in place.parent.iterdir()) == ["mine"]
    seconds = []
    for _ in range(3):
        before_it = resource.getrusage(resource.RUSAGE_CHILDREN)
        second = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(used.ru_utime + used.ru_stime - before_it.ru_utime - before_it.ru_stime)
        assert second.stdout.startswith(f"nothing to do: {place} is as planned")
    assert min(seconds) < 1.0, seconds  # of processor time, its children's included: no other load counts
    assert changes(before, tree(root(python))) == []


def test_scripts_of_a_template_whose_path_has_spaces(
    make_venv: Callable[..., str], wheels: Path, tmp_path: Path
) -> None:
    """No `#!` line holds such a path: installers write a trampoline."""
    python = make_venv(name="the template, mine")
    install(python, wheels, [*OLD, "heldback==2.4.0+cu124"])
    place = tmp_path / "my overlay"
    apply(LocalMachine(python), recipe(python, chosen(wheels, NEW)).plan(), Options(overlay=str(place)))
    tool, http = (
        subprocess.run([str(place / "bin" / name)], capture_output=True, text=True, check=False, timeout=60)
        for name in ("tool", "http")
    )
    assert tool.stdout == "tool sees packaging 24.1\n", tool.stderr
    assert "No module named 'requests'" in http.stderr  # the script starts the overlay's Python


def test_data_of_the_template_is_seen_where_programs_look_for_it(make_venv: Callable[..., str], tmp_path: Path) -> None:
    """Jupyter and others look under `sys.prefix`; of what the overlay has itself the template's files stay away."""

    def packed(name: str, version: str, data: dict[str, str]) -> Path:
        files = {f"{name}-{version}.data/data/{place}": text for place, text in data.items()}
        return make_wheel(tmp_path / "wheels", name, version, {f"{name}.py": "", **files})

    packed("shown", "1.0", {"share/shown/look.txt": "of the template", "etc/shown/set up.json": "{}", "other": ""})
    packed("taken", "1.0", {"share/taken/old.txt": "1.0", "share/both.txt": "1.0"})
    newer = packed("taken", "2.0", {"share/taken/new.txt": "2.0", "share/both.txt": "2.0", "share/clash": "a file"})
    packed("clashing", "1.0", {"share/clash/deep.txt": "where the overlay has a file"})
    python = make_venv(name="template")
    install(python, tmp_path / "wheels", ["shown==1.0", "taken==1.0", "clashing==1.0"])
    before, place = tree(root(python)), tmp_path / "overlay"
    apply(LocalMachine(python), recipe(python, [newer]).plan(), Options(overlay=str(place)))
    found = {str(path.relative_to(place)) for part in ("share", "etc") for path in (place / part).rglob("*.*")}
    assert found == {"share/shown/look.txt", "etc/shown/set up.json", "share/taken/new.txt", "share/both.txt"}
    assert (place / "share" / "shown" / "look.txt").read_text() == "of the template"
    assert (place / "share" / "both.txt").read_text() == "2.0"
    assert (place / "share" / "clash").read_text() == "a file"
    assert not (place / "other").exists()
    assert changes(before, tree(root(python))) == []


def test_the_template_may_grow_a_package_and_pip_in_the_overlay_keeps_out_of_it(
    python: str, wheels: Path, tmp_path: Path
) -> None:
    install(python, wheels, [PIP])
    before, place = tree(root(python), skip=["__pycache__"]), tmp_path / "mine"
    given = recipe(python, chosen(wheels, ["click==8.1.7"]))
    apply(LocalMachine(python), given.plan(), Options(overlay=str(place)))
    pip = [str(place / "bin" / "python"), "-m", "pip"]
    more = [*pip, "install", "-q", "--no-index", "--no-deps", str(chosen(wheels, ["tqdm==4.66.4"])[0])]
    done = subprocess.run(more, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert run(str(place / "bin" / "python"), "import tqdm; print(tqdm.__file__)").startswith(str(place))
    assert changes(before, tree(root(python), skip=["__pycache__"])) == []


def test_an_overlay_on_a_pip_only_machine(python: str, wheels: Path, tmp_path: Path) -> None:
    install(python, wheels, [PIP])
    options = Options(overlay=str(tmp_path / "mine"), installer="pip")
    done = apply(LocalMachine(python), recipe(python, chosen(wheels, NEW)).plan(), options)
    assert done.outcome == "applied"
    assert run(done.python, "import rich, packaging; print(packaging.__version__)") == "24.1"
    http = subprocess.run([str(tmp_path / "mine/bin/http")], capture_output=True, text=True, check=False, timeout=60)
    assert "No module named 'requests'" in http.stderr


def test_a_failure_keeps_the_overlay_that_was_there(python: str, wheels: Path, tmp_path: Path) -> None:
    place, machine = tmp_path / "overlays" / "mine", LocalMachine(python)
    options = Options(overlay=str(place))
    first = recipe(python, chosen(wheels, ["click==8.1.7"]))
    assert apply(machine, first.plan(), options).outcome == "applied"
    kept, template = tree(place.parent), tree(root(python))
    given = recipe(python, chosen(wheels, NEW))
    with pytest.raises(ApplyError, match="verification failed, so everything was put back: subject: it hangs"):
        apply(machine, given.plan(), options, verifier=lambda *_: [finding(Verdict.FAILED, "it hangs")])  # type: ignore[list-item]
    assert changes(kept, tree(place.parent)) == []
    bad = make_wheel(tmp_path / "bad", "extra", "1.0", {"extra.py": "x = 1\n" * 10_000})
    for how in ("hash", "truncated"):
        plan = recipe(python, [*chosen(wheels, NEW), bad]).plan()
        if how == "hash":
            plan = replace(plan, artefacts={**plan.artefacts, "extra": (artefact(bad, sha256="0" * 64),)})
        else:
            bad.write_bytes(bad.read_bytes()[:-100])
            plan = recipe(python, [*chosen(wheels, NEW), bad]).plan()
        with pytest.raises(ApplyError, match="extra"):
            apply(machine, plan, options)
        assert changes(kept, tree(place.parent)) == []
    assert apply(machine, given.plan(), options, verifier=lambda *_: [finding(Verdict.OK)]).outcome == "applied"  # type: ignore[list-item]
    assert run(str(place / "bin" / "python"), "import packaging; print(packaging.__version__)") == "24.1"
    assert changes(template, tree(root(python))) == []


def test_a_strangers_directory_is_refused(python: str, wheels: Path, tmp_path: Path) -> None:
    place = tmp_path / "precious"
    place.mkdir()
    (place / "thesis.txt").write_text("mine")
    with pytest.raises(ApplyError, match="exists and is no overlay of podfit"):
        apply(LocalMachine(python), recipe(python, []).plan(), Options(overlay=str(place)))
    assert [path.name for path in place.iterdir()] == ["thesis.txt"]


def test_killed_it_leaves_nothing_behind_once_recovered(python: str, wheels: Path, tmp_path: Path) -> None:
    plan = recipe(python, chosen(wheels, NEW)).write(tmp_path / "plan.json")
    home = tmp_path / "home"
    home.mkdir()
    place = home / ".local/share/podfit/overlays"
    environment = {**os.environ, "HOME": str(home), "UV_CACHE_DIR": str(tmp_path / "cache")}
    elsewhere = tmp_path / "volume"
    for folder, given in ((place, []), (elsewhere, ["--overlay", str(elsewhere / "mine")])):
        words = [*PODFIT, str(plan), "--no-verify", "--python", python, *given]
        process = subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        wait_until(lambda folder=folder: any(folder.glob(".podfit-apply-*/work/environment/bin")))  # type: ignore[misc]
        kill_family(process)
        assert list(folder.glob(".podfit-apply-*/work"))
        recovery = [*PODFIT, "--recover", "--python", python]
        done = subprocess.run(recovery, env=environment, capture_output=True, text=True, check=False, timeout=60)
        assert (done.returncode, done.stdout[:20]) == (0, "put back as it was: "), done.stderr
        assert list(place.iterdir()) + list(elsewhere.glob("*")) == []


def test_the_persistent_volume_is_chosen(tmp_path: Path) -> None:
    from podfit.model import Disk
    from podfit.pod.apply.run import _persistent

    disks = [
        Disk("/", persistent=False, free_bytes=10**12),
        Disk("/workspace", persistent=True, free_bytes=10**10),
        Disk("/data", persistent=True, free_bytes=10**9),
        Disk("/mystery", persistent=None, free_bytes=10**13),
    ]
    assert _persistent(disks, "/root") == "/workspace/podfit/overlays/"
    assert _persistent(disks, "/workspace/me") == "/data/podfit/overlays/"
    assert _persistent(disks[:1], "/root") == "/root/.local/share/podfit/overlays/"


def test_gpu_and_driver_are_compared_with_the_plan(python: str, wheels: Path) -> None:
    from podfit.model.facts_json import facts_from_json
    from podfit.pod.apply.checks import check

    plan = recipe(python, chosen(wheels, NEW)).plan()
    torch = {"cuda": "12.4", "arch_list": ["sm_80", "sm_90"]}

    def told(gpus: list[dict[str, str]], driver: str = "12.4", arches: list[str] | None = None) -> list[str]:
        facts = {
            "torch": {**torch, "arch_list": arches or torch["arch_list"]},
            "gpus": gpus,
            "driver": {"cuda": driver},
        }
        known = facts_from_json(facts, plan.template.evidence)
        return [found.message for found in check(plan, replace(plan.template, facts=known)) if found.check == "gpu"]

    h100, blackwell = ({"name": name, "compute_capability": cc} for name, cc in (("H100", "9.0"), ("B200", "10.0")))
    assert told([h100]) == []
    assert told([]) == ["there is no GPU, and torch is built for CUDA 12.4: it will compute on the CPU"]
    assert told([blackwell]) == ["torch has no code for B200 (compute capability 10.0)"]
    assert told([blackwell], arches=["sm_90", "compute_90"]) == []
    assert told([{"name": "A10", "compute_capability": "8.6"}]) == []
    assert told([h100], driver="11.8") == ["the driver supports CUDA up to 11.8, and torch is built for 12.4"]
    assert told([h100], driver="12.2") == []


@pytest.mark.slow
def test_over_ssh(sshd: Sshd, python: str, wheels: Path, tmp_path: Path) -> None:
    """Nothing of podfit is installed on the far side; uv is copied there, and the connection may break."""
    before, place = tree(root(python)), tmp_path / "far" / "overlay"
    with sshd.machine(python) as machine:
        template = template_from_manifest(probe(machine, quick=True), where="far")
        plan = Recipe(template, chosen(wheels, NEW), held={"heldback"}).plan()
        notes = Notes()
        done = apply(
            machine, plan, Options(overlay=str(place)), reporter=notes, verifier=lambda *_: [finding(Verdict.OK)]
        )  # type: ignore[list-item]
        assert done.outcome == "applied"
        assert any("uv" in step for step in notes.steps)
        assert run(done.python, "import packaging, heldback; print(packaging.__version__)") == "24.1"
        assert apply(machine, plan, Options(overlay=str(place))).outcome == "unchanged"
        kept = tree(place.parent)
        in_place = Options(in_place=True)
        with pytest.raises(ApplyError, match="no such import"):
            apply(machine, plan, in_place, verifier=lambda *_: [finding(Verdict.FAILED, "no such import")])  # type: ignore[list-item]
        assert changes(before, tree(root(python))) == []
        assert recover(machine, plan).outcome == "clean"
    assert changes(kept, tree(place.parent)) == []


@pytest.mark.slow
def test_over_ssh_when_the_connection_breaks(sshd: Sshd, python: str, wheels: Path, tmp_path: Path) -> None:
    """The agent notices by itself that nobody listens any more, and puts the environment back."""
    before = tree(root(python))
    plan = recipe(python, chosen(wheels, NEW)).write(tmp_path / "plan.json")
    code = (
        "import sys, time\n"
        "from podfit.cli.apply import read_plan\n"
        "from podfit.pod.apply import Options, apply\n"
        "from podfit.pod.ssh import SshMachine\n"
        "machine = SshMachine(sys.argv[2], python=sys.argv[3], identity=sys.argv[4], options=sys.argv[5:])\n"
        "apply(machine, read_plan(sys.argv[1]), Options(in_place=True), verifier=lambda *_: time.sleep(60))\n"
    )
    words = [sys.executable, "-c", code, str(plan), sshd.destination, python, sshd.identity, *sshd.options]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    purelib = Path(run(python, "import sysconfig; print(sysconfig.get_path('purelib'))"))
    wait_until(lambda: (purelib / "rich").exists() or process.poll() is not None, 60)
    time.sleep(0.5)
    assert process.poll() is None, process.communicate()
    kill_family(process)
    wait_until(lambda: not (purelib.parent / ".podfit-apply").exists(), 30)
    assert changes(before, tree(root(python))) == []


def test_the_command_refuses_bad_calls(python: str, tmp_path: Path) -> None:
    bad = tmp_path / "plan.json"
    for text, words, expected in (
        (None, [str(bad)], "cannot be read"),
        ("{", [str(bad)], "is no JSON"),
        ("{}", [str(bad)], "not a plan"),
        ("{}", [], "name a plan"),
        ("{}", [str(bad), "--in-place", "--overlay", "x"], "exclude each other"),
    ):
        if text is not None:
            bad.write_text(text)
        done = subprocess.run([*PODFIT, *words], capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 2, (words, done.stderr)
        assert expected in done.stderr
        assert "Traceback" not in done.stderr


def test_json_of_a_failure_names_the_findings(python: str, wheels: Path, tmp_path: Path) -> None:
    given = recipe(python, chosen(wheels, NEW))
    held = replace(given.template.distributions["heldback"], version="2.5.0")
    given.template = replace(given.template, distributions={**given.template.distributions, "heldback": held})
    plan = given.write(tmp_path / "plan.json")
    words = [*PODFIT, str(plan), "--overlay", str(tmp_path / "mine"), "--python", python, "--format", "json"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert told["outcome"] == "failed"
    assert [found["check"] for found in told["findings"] if found["verdict"] == "failed"] == ["drift"]
    assert not (tmp_path / "mine").exists()
    assert list(tmp_path.glob(".podfit*")) == []


@pytest.mark.parametrize("series", ["3.8", "3.9", "3.13"])
def test_other_pythons(
    series: str, interpreter: Callable[[str], str], make_venv: Callable[..., str], tmp_path: Path
) -> None:
    """The agent runs on every Python that templates have."""
    python = make_venv(interpreter(series), name="template")
    old = make_wheel(tmp_path / "wheels", "thing", "1.0", {"thing/__init__.py": "v = 1\n", "thing/gone.py": ""})
    install(python, old.parent, ["thing==1.0"])
    wheel = make_wheel(
        tmp_path / "wheels", "thing", "2.0", {"thing.py": "v = 2\n"}, "[console_scripts]\nthing = thing:__doc__\n"
    )
    plan = Recipe(template_of(python), [wheel]).plan()
    before, machine = tree(root(python)), LocalMachine(python)
    overlay = Options(overlay=str(tmp_path / "mine"))
    done = apply(machine, plan, overlay)
    assert (done.outcome, run(done.python, "import thing; print(thing.v)")) == ("applied", "2")
    assert apply(machine, plan, overlay).outcome == "unchanged"
    in_place = Options(in_place=True)
    with pytest.raises(ApplyError):
        apply(machine, plan, in_place, verifier=lambda *_: [finding(Verdict.FAILED)])  # type: ignore[list-item]
    assert changes(before, tree(root(python))) == []
    assert apply(machine, plan, in_place).replaced == ("thing 1.0",)
    assert run(python, "import thing; print(thing.v)") == "2"
    assert apply(machine, plan, in_place).outcome == "unchanged"


def test_uv_for_another_kind_of_machine() -> None:
    from importlib import metadata

    from uv import find_uv_bin

    from podfit.pod.apply.agent import _uv_for

    program = _uv_for("aarch64", metadata.version("uv"), str(find_uv_bin()))
    assert program[:4] == b"\x7fELF"
    assert program[18:20] == b"\xb7\x00"  # e_machine: EM_AARCH64 (elf.h)
