"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from podfit.pod.machine import Machine

_Command = TypeVar("_Command", bound=Callable[..., Any])


def machine_options(command: _Command) -> _Command:
    """Add --python, --ssh, -i/--identity and --ssh-option: parameters python, ssh, identity and ssh_option.

    Hand them to `machine_from`.
    """
    for option in reversed(
        (
            click.option(
                "--python",
                metavar="PATH",
                help="The interpreter (or the environment's directory) to act on. Default: the one that runs podfit; "
                "with --ssh, python3 over there.",
            ),
            click.option(
                "--ssh",
                metavar="USER@HOST[:PORT]",
                help="Act on a machine behind ssh. A provider's whole line works too: 'ssh root@203.0.113.7 -p 12345'.",
            ),
            click.option("-i", "--identity", metavar="FILE", help="The private key for --ssh."),
            click.option("--ssh-option", metavar="KEY=VALUE", multiple=True, help="A setting for ssh -o; repeatable."),
        )
    ):
        command = option(command)
    return command


def machine_from(
    python: str | None, ssh: str | None, identity: str | None = None, ssh_option: Sequence[str] = ()
) -> Machine:
    """Return the machine that the options of `machine_options` name; nothing is contacted yet.

    Raises InputError for an interpreter that is not there or a destination that cannot be read, and
    click.UsageError for ssh's options without --ssh.
    """
    if ssh is None:
        if identity or ssh_option:
            raise click.UsageError("-i and --ssh-option need --ssh")
        from podfit.pod.machine import LocalMachine

        return LocalMachine(python)
    from podfit.pod.ssh import SshMachine

    return SshMachine(ssh, python=python or "python3", identity=identity, options=ssh_option)
