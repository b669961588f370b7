"""`podfit apply`: make a plan true on a machine, or leave it as it was."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from podfit.cli.answers import format_option, show
from podfit.cli.options import machine_from, machine_options
from podfit.cli.reporter import TerminalReporter
from podfit.model import InputError, PodfitError, Where

if TYPE_CHECKING:
    from podfit.model import Plan
    from podfit.pod.apply import Verifier
    from podfit.pod.apply.outcome import Applied


@click.command("apply")
@click.argument("plan", metavar="PLAN.json", required=False)
@click.option("--in-place", is_flag=True, help="Install into the template's own environment. Default: an overlay.")
@click.option(
    "--overlay",
    metavar="DIR",
    default="",
    help="Where the overlay goes. Default: on the volume that persists, else under ~/.local/share/podfit/overlays.",
)
@click.option(
    "--project",
    metavar="DIR",
    default="",
    help="Where the project lies whose own packages the plan builds. Default: where it lay when the plan was made.",
)
@click.option(
    "--index-url",
    "index_urls",
    metavar="URL",
    multiple=True,
    help="The address of an index with its user and password, which plans leave out: they count for the files on its "
    "host. netrc, a keyring and pip's and uv's variables count by themselves.",
)
@click.option(
    "--find-links",
    metavar="DIR",
    multiple=True,
    help="A directory on that machine with files of the plan (a wheelhouse): they are taken from there.",
)
@click.option("--no-index", is_flag=True, help="Fetch nothing: everything has to lie in --find-links.")
@machine_options
@click.option(
    "--repair",
    is_flag=True,
    help="Where something planned does not run, plan an older release of it and apply again, until all runs.",
)
@click.option("--no-verify", is_flag=True, help="Do not run podfit verify before the change becomes final.")
@click.option("--dry-run", is_flag=True, help="Check everything, change nothing.")
@click.option("--recover", "only_recover", is_flag=True, help="Put back what an interrupted apply left, and stop.")
@click.option(
    "--break-system-packages", is_flag=True, help="With --in-place: go on although the system manages this Python."
)
@click.option(
    "--installer",
    type=click.Choice(["auto", "uv", "pip"]),
    default="auto",
    help="auto: uv, copied to the machine when it has none, else pip.",
)
@format_option(judged=True)
def apply_command(
    plan: str | None,
    in_place: bool,
    overlay: str,
    project: str,
    index_urls: tuple[str, ...],
    find_links: tuple[str, ...],
    no_index: bool,
    python: str | None,
    ssh: str | None,
    identity: str | None,
    ssh_option: tuple[str, ...],
    repair: bool,
    no_verify: bool,
    dry_run: bool,
    only_recover: bool,
    break_system_packages: bool,
    installer: str,
    shape: str,
) -> None:
    """Make PLAN.json true: an environment with the planned packages over the untouched template.

    The plan comes from `podfit fit`. On any failure, a signal or a kill, the environment returns to what it was, file
    for file; a second apply finds nothing to do. --repair writes the plan that runs in the end beside PLAN.json.
    Exit code 0: done, 1: not done and put back, 2: a bad call.

    \b
    Examples:
      podfit apply podfit-out/plan-runpod-pytorch-2.4.json
      podfit apply plan.json --ssh root@203.0.113.7:12345
      podfit apply plan.json --repair
      podfit apply plan.json --in-place --python /opt/venv
      podfit apply plan.json --find-links /workspace/wheels --no-index
      podfit apply --recover --python /opt/venv
    """  # noqa: D301
    from podfit.index.home import expanded
    from podfit.pod.apply import Options, apply, recover
    from podfit.pod.apply.answer import answer, failure

    if in_place and overlay:
        raise click.UsageError("--in-place and --overlay exclude each other")
    if not plan and not only_recover:
        raise click.UsageError("name a plan: podfit fit writes plan-NAME.json")
    if repair and (in_place or no_verify or dry_run or only_recover):
        raise click.UsageError(
            "--repair applies into the overlay and verifies; it goes with none of --in-place, "
            "--no-verify, --dry-run and --recover"
        )
    given = read_plan(plan) if plan else None
    options = Options(
        in_place=in_place,
        overlay=overlay if ssh or not overlay else str(expanded(overlay).absolute()),
        project=project,
        index_urls=index_urls,
        find_links=find_links if ssh else tuple(str(expanded(place).absolute()) for place in find_links),
        no_index=no_index,
        dry_run=dry_run,
        break_system_packages=break_system_packages,
        installer=installer,
    )
    try:
        # Where nobody watches a spinner, the steps are the log of what was done to the machine.
        with (
            TerminalReporter(verbose=not sys.stderr.isatty()) as reporter,
            machine_from(python, ssh, identity, ssh_option) as machine,
        ):
            if only_recover:
                done = recover(machine, given, options, reporter=reporter)
            elif repair and given is not None:
                from podfit.pod.prove import repair as repairing

                done, ending = repairing.repair(machine, given, options, reporter)
                written = ""
                if len(ending.rounds) > 1:
                    from podfit.cli.probe import write_whole

                    written = str(repairing.repaired_path(str(plan)))
                    write_whole(Path(written), repairing.plan_text(ending.plan))
                said = repairing.answer(done, ending, ssh or "", written)
            else:
                assert given is not None  # noqa: S101 - a plan was named, see above
                verifier = None if no_verify or dry_run else _verifier()
                done = apply(machine, given, options, reporter=reporter, verifier=verifier)
                _note_pace(given, done)
    except PodfitError as error:
        if shape != "text":
            show(failure(error), shape)
        raise
    show(said if repair else answer(done, ssh or ""), shape)
    sys.stdout.flush()


def _note_pace(plan: Plan, done: Applied) -> None:
    """Remember how long the installation took: the next plan's time is predicted by it."""
    from podfit.fit.pace import note_apply
    from podfit.index import default_cache

    if done.outcome == "applied":
        taken = sum(done.seconds.get(part, 0.0) for part in ("stage", "install"))
        note_apply(default_cache(), plan.download_bytes, taken)


def read_plan(path: str) -> Plan:
    """Return the plan in a file. Raises InputError when there is none."""
    from podfit.model.serial import plan_from_dict
    from podfit.readers.plain_file import read_bounded

    try:
        data = json.loads(read_bounded(Path(path)))
    except OSError as error:
        raise InputError(
            f"cannot be read: {error.strerror or error}", where=Where(path), remedy="podfit fit writes it"
        ) from None
    except (ValueError, RecursionError) as error:
        said = str(error) if isinstance(error, ValueError) else "it is nested without end"
        raise InputError(f"is no JSON: {said}", where=Where(path), remedy="run `podfit fit` again") from None
    return plan_from_dict(data, where=path)


def _verifier() -> Verifier | None:
    """Return the check that decides whether an applied plan stays: what `podfit verify` does."""
    from podfit.pod.verify import verifier

    return verifier
