"""SshMachine over a real sshd, and the sentences for what goes wrong."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podfit.model import InputError
from podfit.pod.machine import LocalMachine, Machine
from podfit.pod.ssh import Destination, SshMachine, parse_destination

if TYPE_CHECKING:
    from pod_support import Sshd


@pytest.fixture(params=["local", "ssh"])
def machine(request: pytest.FixtureRequest) -> Machine:
    """The same promises, kept by both kinds of machine."""
    if request.param == "local":
        return LocalMachine()
    return request.getfixturevalue("sshd").machine()


AWKWARD = ["", " ", "a b", "'", '"', "$HOME", "`id`", "a\nb", "*", "~x", "\\", ";exit 3", "ünï", "-n", "!x", "#"]


def test_words_environment_and_bytes_arrive_as_they_are(machine: Machine) -> None:
    code = "import os,sys; sys.stdout.buffer.write(os.fsencode(repr(sys.argv[1:]) + os.environ['PODFIT_X']))"
    env = {"PODFIT_X": "v w'\"$x\n"}
    with machine:
        done = machine.run([machine.python, "-X", "utf8", "-c", code, *AWKWARD], timeout=30, env=env)
        assert done.returncode == 0, done.stderr
        assert done.stdout.decode() == repr(AWKWARD) + env["PODFIT_X"]
        payload = bytes(range(256)) * 4000
        echo = "import sys,shutil; shutil.copyfileobj(sys.stdin.buffer, sys.stdout.buffer)"
        assert machine.run([machine.python, "-c", echo], stdin=payload, timeout=30).stdout == payload
        assert machine.run([machine.python, "-c", echo], timeout=30).stdout == b""


def test_exit_statuses_signals_and_missing_programs(machine: Machine) -> None:
    with machine:
        for status in (0, 1, 3, 126, 255):
            exits = [machine.python, "-c", f"import os; os._exit({status})"]
            assert machine.run(exits, timeout=30).returncode == status
        crash = [machine.python, "-c", "import os,signal; os.kill(os.getpid(), signal.SIGSEGV)"]
        assert machine.run(crash, timeout=30).returncode == -signal.SIGSEGV
        assert machine.run(["/nowhere/python"], timeout=30).returncode == 127
        assert machine.run(["/etc/passwd"], timeout=30).returncode == 126


def test_a_command_past_its_limit_ends_with_its_children(machine: Machine, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    child = f"import time,pathlib; time.sleep(4); pathlib.Path({str(mark)!r}).write_text('alive')"
    code = f"import subprocess,sys; subprocess.Popen([sys.executable,'-c',{child!r}]).wait()"
    started = time.monotonic()
    with machine:
        done = machine.run([machine.python, "-c", code], timeout=1)
    assert done.timed_out
    assert time.monotonic() - started < 4
    time.sleep(max(0.0, started + 5 - time.monotonic()))
    assert not mark.exists()


def test_lines_are_told_while_the_command_runs(machine: Machine) -> None:
    heard: list[tuple[str, float]] = []
    code = "import sys,time; print('one', file=sys.stderr, flush=True); time.sleep(1); print('two', file=sys.stderr)"
    with machine:
        on_line = lambda line: heard.append((line, time.monotonic()))  # noqa: E731
        done = machine.run([machine.python, "-c", code], timeout=30, on_line=on_line)
    assert [line for line, _ in heard] == ["one", "two"]
    assert heard[1][1] - heard[0][1] > 0.5
    assert done.stderr == b"one\ntwo\n"


def test_files_travel_whole(machine: Machine, tmp_path: Path) -> None:
    target = tmp_path / "new folder" / "it's $here"
    data = os.urandom(300_000)
    with machine:
        machine.put(data, str(target), mode=0o600)
        assert target.read_bytes() == data
        assert target.stat().st_mode & 0o777 == 0o600
        assert machine.get(str(target)) == data
        machine.put(b"", str(target))
        assert machine.get(str(target)) == b""
        assert list(target.parent.iterdir()) == [target]
        with pytest.raises(InputError, match=r"cannot be read: .*No such file"):
            machine.get(str(tmp_path / "absent"))
        with pytest.raises(InputError, match="cannot be written"):
            machine.put(b"x", "/proc/podfit/file")


def test_one_connection_serves_all_commands_and_threads(sshd: Sshd) -> None:
    before = sshd.log.read_text().count("Accepted publickey")
    results: list[bytes] = []
    with sshd.machine() as machine:
        run = lambda: results.append(machine.run(["echo", "x"], timeout=30).stdout)  # noqa: E731
        threads = [threading.Thread(target=run) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        started = time.monotonic()
        machine.run(["true"], timeout=30)
        assert time.monotonic() - started < 1.0
    assert results == [b"x\n"] * 6
    assert sshd.log.read_text().count("Accepted publickey") == before + 1


def test_a_closed_machine_connects_again_and_leaves_nothing(sshd: Sshd) -> None:
    machine = sshd.machine()
    assert machine.run(["echo", "1"], timeout=30).stdout == b"1\n"
    folder = Path(machine._folder.name)  # type: ignore[union-attr]
    machine.close()
    machine.close()
    assert not folder.exists()
    assert machine.run(["echo", "2"], timeout=30).stdout == b"2\n"
    machine.close()


def test_a_lost_connection_is_one_sentence(sshd: Sshd) -> None:
    with sshd.machine() as machine:
        session = machine.run(["sh", "-c", "echo $PPID"], timeout=30)
        assert session.returncode == 0
        # The sshd of this connection: the oldest ancestor below the listening one.
        code = (
            "import os\n"
            "def parent(p): return int(open(f'/proc/{p}/stat').read().rsplit(')', 1)[1].split()[1])\n"
            "def name(p): return open(f'/proc/{p}/comm').read().strip()\n"
            "chain, p = [], os.getpid()\n"
            "while p > 1:\n"
            "    chain.append(p); p = parent(p)\n"
            "ours = [p for p in chain if name(p).startswith('sshd')]\n"
            "os.kill(ours[-2] if len(ours) > 1 else ours[-1], 9)\n"
            "import time; time.sleep(20)\n"
        )
        started = time.monotonic()
        with pytest.raises(InputError) as caught:
            machine.run([sys.executable, "-c", code], timeout=60)
        assert time.monotonic() - started < 15
    assert str(caught.value).startswith(f"ssh {sshd.destination}: ")
    assert "\n" not in str(caught.value)


def test_a_killed_podfit_leaves_no_connection_behind(sshd: Sshd, tmp_path: Path) -> None:
    code = (
        "import os, podfit.pod.ssh as s; s.IDLE_SECONDS = 1\n"
        f"m = s.SshMachine({sshd.destination!r}, identity={sshd.identity!r}, options={sshd.options!r})\n"
        "m.run(['true'], timeout=30); print(m._folder.name, flush=True); os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    control = Path(done.stdout.strip()) / "control"
    assert control.parent.is_dir(), done.stderr
    for _ in range(100):
        if not control.exists():
            break
        time.sleep(0.1)
    assert not control.exists()
    control.parent.rmdir()


def error_of(machine: SshMachine) -> str:
    """Return the one sentence with which a machine refuses to work."""
    with pytest.raises(InputError) as caught, machine:
        machine.run(["true"], timeout=30)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert "Traceback" not in sentence
    return sentence


def test_refused_keys(sshd: Sshd, tmp_path: Path) -> None:
    from pod_support import make_key

    other = make_key(tmp_path / "other")
    assert "refused every key" in error_of(sshd.machine(identity=other))


def test_an_unknown_and_a_changed_host_key(sshd: Sshd, tmp_path: Path) -> None:
    from pod_support import make_key

    empty = [f'UserKnownHostsFile="{tmp_path / "none"}"', *sshd.options[1:]]
    assert "accept-new" in error_of(sshd.machine(options=empty))
    make_key(tmp_path / "other")
    (tmp_path / "known").write_text(f"[127.0.0.1]:{sshd.port} " + (tmp_path / "other.pub").read_text())
    changed = [f'UserKnownHostsFile="{tmp_path / "known"}"', *sshd.options[1:]]
    assert "not the one that ssh remembers" in error_of(sshd.machine(options=changed))
    fresh = [f'UserKnownHostsFile="{tmp_path / "fresh"}"', "StrictHostKeyChecking=accept-new", "IdentityAgent=none"]
    with sshd.machine(options=fresh) as machine:
        assert machine.run(["echo", "in"], timeout=30).stdout == b"in\n"


def test_closed_port_unknown_name_and_silence() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        assert "refused" in error_of(SshMachine(f"nobody@127.0.0.1:{port}"))
    assert "no host of that name" in error_of(SshMachine("nobody@no-such-host.invalid"))
    with socket.socket() as silent:  # accepts, says nothing: no banner comes
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        quiet = SshMachine(f"nobody@127.0.0.1:{silent.getsockname()[1]}", options=["ConnectTimeout=1"])
        assert "did not answer in time" in error_of(quiet)


def test_no_client_and_no_key_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such key file"):
        SshMachine("host", identity=str(tmp_path / "absent"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="ssh client is not installed"):
        SshMachine("host")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pod", Destination("pod")),
        ("root@pod.example", Destination("pod.example", "root")),
        ("root@203.0.113.7:12345", Destination("203.0.113.7", "root", 12345)),
        ("[::1]:22", Destination("::1", "", 22)),
        ("root@[fe80::1%eth0]", Destination("fe80::1%eth0", "root")),
        ("::1", Destination("::1")),
        ("me@2001:db8::5", Destination("2001:db8::5", "me")),
        ("ssh://root@pod:2222", Destination("pod", "root", 2222)),
        ("ssh://root@pod:2222/", Destination("pod", "root", 2222)),
        ("ssh root@203.0.113.7 -p 12345", Destination("203.0.113.7", "root", 12345)),
        ("ssh -p12345 -J jump -l me pod", Destination("pod", "", 12345, ("-J", "jump", "-l", "me"))),
        ("ssh a@b -i /k/id -o Compression=yes", Destination("b", "a", 0, ("-i", "/k/id", "-o", "Compression=yes"))),
    ],
)
def test_destinations(text: str, expected: Destination) -> None:
    assert parse_destination(text) == expected


def test_a_pasted_home_directory_is_this_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    assert parse_destination("ssh r@h -i ~/.ssh/id").options == ("-i", "/home/me/.ssh/id")


@pytest.mark.parametrize(
    "text",
    ["", "ssh", "-oProxyCommand=x", "root@-oProxyCommand=x", "a b", "h:0", "h:65536", "h:x", "h:", "@h", "u@", "h/x",
     "[::1", "ssh -p", "h -p x", "h -v", "h -oProxyCommand", "'", "u@h:22:23", "a@b@c"],
)  # fmt: skip
def test_what_is_no_destination(text: str) -> None:
    if text == "h -oProxyCommand":
        assert parse_destination(text).options == ("-o", "ProxyCommand")  # ssh itself judges settings
        return
    with pytest.raises(InputError) as caught:
        parse_destination(text)
    assert "\n" not in str(caught.value)


NAMES = st.from_regex(r"[a-z0-9]([a-z0-9.-]{0,20}[a-z0-9])?", fullmatch=True)


@given(
    host=st.one_of(NAMES, st.ip_addresses().map(str)),
    user=st.one_of(st.just(""), st.from_regex(r"[a-z_][a-z0-9_-]{0,12}", fullmatch=True)),
    port=st.one_of(st.just(0), st.integers(1, 65535)),
)
def test_destinations_read_back(host: str, user: str, port: int) -> None:
    destination = Destination(host, user, port)
    assert parse_destination(str(destination)) == destination


@given(st.text(max_size=40))
def test_any_text_is_a_destination_or_one_sentence(text: str) -> None:
    try:
        found = parse_destination(text)
    except InputError as error:
        assert "\n" not in str(error)
    else:
        assert not found.host.startswith("-")
        assert not found.user.startswith("-")
