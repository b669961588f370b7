"""`podfit completion`: the script that teaches a shell podfit's commands, options and template names."""

from __future__ import annotations

import click


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion_command(shell: str) -> None:
    """Print the completion script for SHELL. Exit code 0: printed, 2: no such shell.

    \b
    Examples:
      podfit completion bash > ~/.local/share/bash-completion/completions/podfit
      podfit completion zsh > "${fpath[1]}/_podfit"
      podfit completion fish > ~/.config/fish/completions/podfit.fish
    """  # noqa: D301
    from click.shell_completion import get_completion_class

    from podfit.cli.main import podfit

    kind = get_completion_class(shell)
    if kind is None:  # pragma: no cover - click knows the three shells
        raise click.UsageError(f"click knows no completion for {shell}")
    click.echo(kind(podfit, {}, "podfit", "_PODFIT_COMPLETE").source())
