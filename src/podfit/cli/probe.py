"""`podfit probe`: what a template really is, as a manifest or as a summary."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import click

from podfit.cli.answers import format_option, show
from podfit.cli.options import machine_from, machine_options
from podfit.cli.reporter import TerminalReporter


@click.command("probe")
@machine_options
@click.option("--image", metavar="NAME", help="Act on an image, in a container that docker or podman runs.")
@click.option("--quick", is_flag=True, help="Only interpreter, platform, distributions and pip's configuration.")
@click.option("--script", is_flag=True, help="Give the probe itself, one file, to run where podfit cannot reach.")
@click.option("-o", "--output", metavar="FILE", help="Write there instead of to standard output.")
@format_option(default=None)
def probe_command(
    python: str | None,
    ssh: str | None,
    identity: str | None,
    ssh_option: tuple[str, ...],
    image: str | None,
    quick: bool,
    script: bool,
    output: str | None,
    shape: str | None,
) -> None:
    """Read a template as it really is: Python, packages, CUDA, torch's build, GPUs, disks.

    Nothing is installed or written on the machine, and torch is not imported: its build facts are read from its
    files. The JSON is a template for `podfit fit --template FILE`. Exit code 0: read, 2: a bad call, or no such Python.

    \b
    Examples:
      podfit probe                                       this environment, summarized
      podfit probe --python /opt/venv -o template.json   another one, as a manifest
      podfit probe --ssh root@203.0.113.7:12345          a pod, through ssh
      podfit probe --ssh root@pod -o pod.json && podfit fit . --template pod.json
      podfit probe --image team/image:1 -o image.json    without a network, read-only
      podfit probe --script | ssh pod python3 - > pod.json
    """  # noqa: D301
    from podfit.pod.container import probe_image
    from podfit.pod.probe import probe, probe_script
    from podfit.pod.probe_answer import answer
    from podfit.writers.registry import write_answer

    if image is not None and (ssh or identity or ssh_option or script):
        raise click.UsageError("--image names one machine: leave out --ssh, -i, --ssh-option and --script")
    if output and Path(output).is_dir():
        from podfit.model import InputError, Where

        raise InputError("is a directory", where=Where(output), remedy="name a file")
    shape = shape or ("text" if sys.stdout.isatty() and not output else "json")
    if script:
        text = probe_script().decode("utf-8")
    else:
        with TerminalReporter() as reporter:
            if image is not None:
                manifest = probe_image(image, python=python, quick=quick, reporter=reporter)
            else:
                with machine_from(python, ssh, identity, ssh_option) as machine:
                    manifest = probe(machine, quick=quick, reporter=reporter)
        if not output:
            show(answer(manifest), shape)
            return
        text = write_answer(shape, answer(manifest))
    if output:
        write_whole(Path(output), text)
    else:
        click.echo(text, nl=False)


def write_whole(path: Path, text: str) -> None:
    """Write a file, whole or not at all. Raises InputError when the directory does not take it."""
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            Path(name).chmod(0o644)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        from podfit.model import InputError, Where

        raise InputError(f"cannot be written: {error.strerror}", where=Where(str(path))) from None
