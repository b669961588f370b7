"""`podfit fit` and `podfit matrix`: one project, any number of templates, one matrix."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from podfit.cli.answers import format_option, show, tell
from podfit.cli.pipes import reader_may_leave
from podfit.cli.reporter import TerminalReporter

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from podfit.fit.session import Fitted
    from podfit.report.ahead import Ahead

_Command = TypeVar("_Command", bound=Callable[..., Any])


def _complete_template(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the catalogue's names, and files, that begin with incomplete."""
    from click.shell_completion import CompletionItem

    from podfit.catalogue.store import template_names

    names = [CompletionItem(name) for name in template_names() if name.startswith(incomplete)]
    return names or [CompletionItem(incomplete, type="file")]


_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.argument("project", metavar="PROJECT", type=click.Path(path_type=Path), default=Path()),
    click.option(
        "--template",
        "-t",
        "templates",
        metavar="T",
        multiple=True,
        shell_complete=_complete_template,
        help="A catalogue name, a manifest of `podfit probe`, a `pip inspect` report, a freeze, or the path of an "
        "interpreter; repeatable.",
    ),
    click.option(
        "--local",
        metavar="SOURCE",
        help="What the project was tested with: a freeze, pip list/inspect JSON, a lock file, an interpreter, or "
        "`none`. Default: a freeze or lock file of the project, else the active environment.",
    ),
    click.option(
        "--requirements",
        "-r",
        "files",
        metavar="FILE",
        multiple=True,
        type=click.Path(path_type=Path),
        help="Read the declared requirements from these files only.",
    ),
    click.option("--extra", "extras", metavar="NAME", multiple=True, help="Plan for this optional dependency too."),
    click.option("--group", "groups", metavar="NAME", multiple=True, help="Plan for this dependency group too."),
    click.option("--only-imported", is_flag=True, help="Leave out what is declared but never imported."),
    click.option(
        "--include-optional", is_flag=True, help="Plan for what only guards, functions and examples import, too."
    ),
    click.option("--include-tests", is_flag=True, help="Read the imports of tests and documentation too."),
    click.option("--exclude", metavar="GLOB", multiple=True, help="Do not read imports from these paths."),
    click.option("--hold", metavar="NAME", multiple=True, help="Never change this template distribution either."),
    click.option("--release", metavar="NAME", multiple=True, help="Allow changes to this held distribution."),
    click.option(
        "--ignore",
        metavar="CODE[=WHY]",
        multiple=True,
        help="Do not fail for this check (docs/checks); say why. Also: [tool.podfit.ignore] in pyproject.toml.",
    ),
    click.option("--python", metavar="X.Y[.Z]", help="The Python of templates given as a freeze."),
    click.option("--glibc", metavar="2.N", help="The glibc of templates given as a freeze."),
    click.option("--machine", metavar="ARCH", help="The machine of templates given as a freeze: x86_64, aarch64."),
    click.option("--index-url", metavar="URL", help="The package index. Default: pip's and uv's variables, else PyPI."),
    click.option("--extra-index-url", metavar="URL", multiple=True, help="A further package index."),
    click.option(
        "--allow-build",
        "allow_build",
        metavar="NAME",
        multiple=True,
        help="Let uv build this distribution while planning where it has no wheel (`:all:`: any). That runs its code "
        "here; by default nothing is built.",
    ),
    click.option("--exclude-newer", metavar="DATE", default="", help="Ignore files uploaded after DATE (ISO)."),
    click.option("--offline", is_flag=True, help="Use only what the caches hold."),
    click.option("--refresh", is_flag=True, help="Ask the index again even for what was read minutes ago."),
    click.option(
        "--details",
        is_flag=True,
        help="Show dependencies, all findings, and the reason and evidence of every decision.",
    ),
    click.option("--quiet", "-q", is_flag=True, help="No progress and no warnings."),
    click.option("--verbose", "-v", is_flag=True, help="Tell every step."),
)


def _shared(command: _Command) -> _Command:
    """Add the options of both commands."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What both commands show: one result per template, and sentences about how the project was read."""

    results: tuple[Fitted, ...]
    notices: tuple[str, ...]

    @property
    def refused(self) -> dict[str, str]:
        """The templates without any plan, by name, with the reason."""
        return {each.template.name: str(each.refusal) for each in self.results if each.refusal is not None}


@click.command("fit", no_args_is_help=True)
@_shared
@click.option(
    "--out",
    "-o",
    metavar="DIR",
    type=click.Path(path_type=Path),
    default=Path("podfit-out"),
    show_default=True,
    help="Where the files go.",
)
@format_option(judged=True)
def fit_command(out: Path, shape: str, **given: Any) -> int:
    """Fit PROJECT onto each template: solve, print the matrix, write the files.

    For each template: requirements-T.txt (ranges, for pip install -r ... -c ...), constraints-T.txt (the template's
    pins), lock-T.txt (exact, hashed), pylock.T.toml (PEP 751), plan-T.json (for podfit apply and verify) and
    verify_env-T.py; where something is built from source, build-constraints-T.txt (for pip's --build-constraint); and
    the matrix as matrix.md and matrix.json. A template without a plan loses the files that an earlier run wrote for it.

    Exit code 0: every template has a plan that works, 1: one has none, 2: a bad call or input.

    \b
    Examples:
      podfit fit . -t runpod-pytorch-2.4
      podfit fit . -t runpod-pytorch-2.2 -t runpod-pytorch-2.4 --local freeze.txt
      podfit fit . -t pod.json                          a template that podfit probe wrote
      podfit fit . -t freeze.txt --python 3.11          a template given as a freeze
    """  # noqa: D301
    from podfit.fit.session import plans_of
    from podfit.report.ahead import Ahead
    from podfit.writers.files import write_files
    from podfit.writers.registry import all_files, comparison_names, file_names

    quiet = given["quiet"]
    outcome = _fit(given)
    plans = plans_of(outcome.results)
    files = all_files(plans, outcome.refused) if plans else {}
    stale = {name for template in outcome.refused for name in (*file_names(template).values(), *comparison_names())}
    stale |= {name for plan in plans for name in file_names(plan.template.name).values()}
    written = write_files(files, out, stale=stale)
    if written and not quiet:
        tell(f"wrote {len(written)} files to {out}/: {', '.join(sorted(path.name for path in written))}")
    names = {plan.template.name: file_names(plan.template.name) for plan in plans}
    with reader_may_leave(_exit_code(outcome)):
        _show(outcome, shape, Ahead(str(out), names), details=given["details"], quiet=quiet)
    return _exit_code(outcome)


@click.command("matrix", no_args_is_help=True)
@_shared
@format_option(judged=True)
def matrix_command(shape: str, **given: Any) -> int:
    """Print the matrix of PROJECT over templates and write nothing.

    Without --template, the project is compared over the whole catalogue.

    Exit code 0: every template has a plan that works, 1: one has none, 2: a bad call or input.

    \b
    Examples:
      podfit matrix .
      podfit matrix . -t runpod-pytorch-2.2 -t colab-gpu --details
      podfit matrix . --format json | jq .
    """  # noqa: D301
    from podfit.report.ahead import Ahead

    outcome = _fit(given, whole_catalogue=True)
    with reader_may_leave(_exit_code(outcome)):
        _show(outcome, shape, Ahead(call=_fit_call(given, outcome)), details=given["details"], quiet=given["quiet"])
    return _exit_code(outcome)


def _fit(given: dict[str, Any], *, whole_catalogue: bool = False) -> _Outcome:
    """Read what the options name and fit; raises PodfitError."""
    from podfit.catalogue.store import template_names
    from podfit.fit.library import read_templates
    from podfit.fit.options import Options
    from podfit.fit.session import Session
    from podfit.readers.project import read_project

    names = tuple(dict.fromkeys(given["templates"])) or (template_names() if whole_catalogue else ())
    if not names:
        raise click.UsageError("name at least one template with --template; `podfit templates` lists them")
    with TerminalReporter(verbose=given["verbose"], quiet=given["quiet"]) as reporter:
        templates = read_templates(
            names, python=given["python"], machine=given["machine"], glibc=given["glibc"], reporter=reporter
        )
        reading = read_project(
            given["project"],
            local=given["local"],
            files=given["files"],
            extras=given["extras"],
            groups=given["groups"],
            exclude=given["exclude"],
            include_tests=given["include_tests"],
            reporter=reporter,
        )
        options = Options(
            index_url=given["index_url"] or "",
            extras=given["extras"],
            groups=given["groups"],
            only_imported=given["only_imported"],
            include_optional=given["include_optional"],
            hold=given["hold"],
            release=given["release"],
            extra_index_urls=tuple(filter(None, given["extra_index_url"])),
            exclude_newer=given["exclude_newer"],
            allow_build=tuple(given["allow_build"]),
            ignore=_ignored(given["ignore"]),
        )
        session = Session(options, offline=given["offline"], refresh=given["refresh"], reporter=reporter)
        results = session.fit(reading, templates)
    return _Outcome(results, reading.project.notices)


def _ignored(given: tuple[str, ...]) -> dict[str, str]:
    """Return the codes of --ignore with their reasons."""
    pairs = (word.partition("=") for word in given)
    return {code.strip(): reason.strip() or "asked for with --ignore" for code, _, reason in pairs}


def _fit_call(given: dict[str, Any], outcome: _Outcome) -> tuple[str, ...]:
    """Return the words of the call that writes the files for the first template that fits."""
    named = tuple(dict.fromkeys(given["templates"])) or [result.template.name for result in outcome.results]
    working = [
        n for n, each in zip(named, outcome.results, strict=True) if each.plan is not None and each.plan.feasible
    ]
    return ("podfit", "fit", str(given["project"]), *(("-t", working[0]) if working else ()))


def _show(outcome: _Outcome, shape: str, ahead: Ahead, *, details: bool, quiet: bool) -> None:
    """Print what there is to say on standard error, and then the comparison on standard output."""
    from podfit.fit.session import plans_of
    from podfit.report.comparison import comparison

    if not quiet:
        for notice in outcome.notices:
            tell(f"note: {notice}")
    for reason in outcome.refused.values():
        tell(f"error: {reason}")
    show(comparison(plans_of(outcome.results), outcome.refused, ahead), shape, details=details)


def _exit_code(outcome: _Outcome) -> int:
    """Return 0 when every template has a plan that works, else 1."""
    return 0 if all(result.plan is not None and result.plan.feasible for result in outcome.results) else 1
