"""`podfit image`: what an image's configuration says, in a few small requests."""

from __future__ import annotations

import click

from podfit.cli.answers import format_option, show
from podfit.cli.pipes import reader_may_leave


@click.command("image")
@click.argument("image", metavar="IMAGE")
@click.option("--driver", metavar="N", default="", help="The NVIDIA driver that it is to start on, such as 570.")
@click.option("--machine", metavar="ARCH", help="Of an image for several machines the one for x86_64 or aarch64.")
@click.option("--details", is_flag=True, help="Show the evidence of every finding.")
@format_option(judged=True)
def image_command(image: str, driver: str, machine: str | None, details: bool, shape: str) -> int:
    """Show what IMAGE says of itself before anything of it is fetched: CUDA, the driver it wants, its size.

    IMAGE is docker://NAME:TAG, what `docker save` wrote, or an OCI layout. Its manifest and configuration alone are
    read, a few kilobytes; `podfit fit -t IMAGE` reads the rest. Exit code 0: shown, 1: it does not start on the
    driver, 2: a bad call, or no such image.

    \b
    Examples:
      podfit image docker://nvcr.io/nvidia/pytorch:25.03-py3
      podfit image docker://team/image:1 --driver 550
      podfit image image.tar --format json
    """  # noqa: D301
    from podfit.audit.machine import image_on
    from podfit.fit.machines import driver_named
    from podfit.model import InputError, Where
    from podfit.readers.image.read import described, source_of
    from podfit.report.findings import holds
    from podfit.report.image import Described, image_answer

    named = driver_named(driver)
    source = source_of(image)
    if source is None:
        remedy = "name docker://REGISTRY/NAME:TAG, an archive of docker save, or an OCI layout"
        raise InputError("is no image", where=Where(image), remedy=remedy)
    found, variables = described(source, machine)
    sizes = [layer.size for layer in found.layers]
    shown = Described(
        found.reference,
        found.config.created or "",
        f"{found.config.os} {found.config.machine}".strip(),
        len(sizes),
        sum(sizes) if all(size >= 0 for size in sizes) else None,
        variables,
    )
    findings = image_on(found.config.variables, named) if named else ()
    exit_code = 0 if holds(findings) else 1
    with reader_may_leave(exit_code):
        show(image_answer(shown, findings), shape, details=details)
    return exit_code
