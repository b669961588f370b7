"""Something real to act on: an sshd on loopback."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pod_support import Sshd, make_key


def _sshd_program() -> str:
    """Return the path of sshd, installing Debian's openssh-server as root; skip with the reason otherwise."""
    folders = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin"
    found = shutil.which("sshd", path=folders)
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for words in (
            ["update", "-qq"],
            ["install", "-y", "-qq", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300", "openssh-server"],
        ):
            subprocess.run(["apt-get", *words], env=quiet, capture_output=True, check=False, timeout=300)
        found = shutil.which("sshd", path=folders)
    if found is None:
        pytest.skip("there is no sshd (Debian: openssh-server), and only root can install one")
    if shutil.which("ssh") is None or shutil.which("ssh-keygen") is None:
        pytest.skip("there is no OpenSSH client")
    return found


@pytest.fixture(scope="session")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """A real sshd on a free port of 127.0.0.1, with its own host key and one authorized key."""
    program = _sshd_program()
    folder = tmp_path_factory.mktemp("sshd")
    host_key, identity = make_key(folder / "host_key"), make_key(folder / "identity")
    (folder / "authorized_keys").write_text((folder / "identity.pub").read_text())
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    (folder / "config").write_text(
        f'ListenAddress 127.0.0.1\nPort {port}\nHostKey "{host_key}"\nPidFile none\n'
        f'AuthorizedKeysFile "{folder / "authorized_keys"}"\nStrictModes no\nUsePAM no\nPermitRootLogin yes\n'
        "PasswordAuthentication no\nKbdInteractiveAuthentication no\nMaxStartups 100\nPrintMotd no\n"
    )
    public = (folder / "host_key.pub").read_text()
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {public}")
    log = folder / "log"
    with log.open("wb") as sink:
        process = subprocess.Popen([program, "-D", "-e", "-f", str(folder / "config")], stderr=sink, stdout=sink)
    try:
        _wait_for(port, process, log)
        yield Sshd(getpass.getuser(), port, identity, str(folder / "known_hosts"), log)
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until sshd listens; skip when it cannot run here."""
    for _ in range(400):
        if process.poll() is not None:
            pytest.skip(f"sshd does not run here: {log.read_text().strip()}")
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail("sshd did not listen within twenty seconds")
