"""What the tests of the pod share beside fixtures: a module of its own name, as every room has a conftest."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from podfit.pod.ssh import SshMachine


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
