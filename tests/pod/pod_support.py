"""What the tests of the pod share beside fixtures: a module of its own name, as every room has a conftest."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from podfit.pod.ssh import SshMachine

SERIES = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13")


def find_interpreter(series: str) -> str | None:
    """Return a CPython of a series: this one, one of pyenv's, or one on PATH."""
    if series == "{}.{}".format(*sys.version_info[:2]):
        return sys.executable
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    candidates = [str(path) for path in sorted(root.glob(f"versions/{series}.*/bin/python"))]
    candidates.append(shutil.which(f"python{series}") or "")
    for candidate in candidates:
        ask = "import sys; print('%d.%d' % sys.version_info[:2])"
        if candidate:
            done = subprocess.run([candidate, "-c", ask], capture_output=True, text=True, check=False)
            if done.stdout.strip() == series:
                return candidate
    return None


@dataclass(frozen=True)
class Sshd:
    """A running sshd: where it listens and what a client needs to get in."""

    user: str
    port: int
    identity: str
    known_hosts: str
    log: Path

    @property
    def destination(self) -> str:
        return f"{self.user}@127.0.0.1:{self.port}"

    @property
    def options(self) -> tuple[str, ...]:
        """Settings that keep the person's own ssh files and agent out of it."""
        return (
            f'UserKnownHostsFile="{self.known_hosts}"',
            "GlobalKnownHostsFile=/dev/null",
            "StrictHostKeyChecking=yes",
            "IdentityAgent=none",
        )

    def machine(self, python: str = sys.executable, **changes: object) -> SshMachine:
        """Return a machine behind this sshd."""
        arguments = {"identity": self.identity, "options": self.options, **changes}
        return SshMachine(self.destination, python=python, **arguments)  # type: ignore[arg-type]


def make_key(path: Path) -> str:
    """Write a new key pair without a passphrase; return the private key's path."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    return str(path)
