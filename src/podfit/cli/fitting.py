"""What commands share that fit one project onto templates: their options, and the call itself."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from podfit.cli.reporter import TerminalReporter
from podfit.model.choice import PREFERABLE

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from podfit.fit.session import Fitted, Session
    from podfit.model import Plan, Project
    from podfit.readers.project import ProjectReading

_Command = TypeVar("_Command", bound=Callable[..., Any])


def _complete_template(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the catalogue's names, and files, that begin with incomplete."""
    from click.shell_completion import CompletionItem

    from podfit.catalogue.store import known_names

    names = [CompletionItem(name) for name in known_names() if name.startswith(incomplete)]
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
        help="A catalogue name, a manifest of `podfit probe`, a `pip inspect` report, a freeze, the path of an "
        "interpreter, or an image (docker://NAME, what `docker save` wrote, an OCI layout); repeatable.",
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
        "--prefer",
        type=click.Choice(PREFERABLE),
        default=None,
        help="What comes first: the best versions of what the project needs, then the fewest changes to the template "
        "(needs), or the fewest changes whatever these versions (template). Default: needs.",
    ),
    click.option(
        "--slim",
        is_flag=True,
        help="Take smaller builds (mlflow-skinny, opencv-python-headless) where every module that the project imports "
        "is in their wheels.",
    ),
    click.option(
        "--ignore",
        metavar="CODE[=WHY]",
        multiple=True,
        help="Do not fail for this check (docs/checks); say why. Also: [tool.podfit.ignore] in pyproject.toml.",
    ),
    click.option(
        "--gpu",
        metavar="GPU",
        default="",
        help="The GPU that it is to run on, by name or architecture (`RTX 5090`, `sm_120`); `probed`: the template's.",
    ),
    click.option("--driver", metavar="N", default="", help="The NVIDIA driver there, such as 570 or 550.54.14."),
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


class FittingCommand(click.Command):
    """A command over one project: without a word it helps, unless this directory's pyproject.toml says the rest."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the words of a call."""
        from podfit.readers.settings import has_templates

        self.no_args_is_help = not args and not has_templates(Path())
        return super().parse_args(ctx, args)


def fit_options(command: _Command) -> _Command:
    """Add the arguments and options that say what is fitted onto what; hand them to `fitted`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def plan_options(command: _Command) -> _Command:
    """Add the options alone, for a command whose argument is not one project."""
    for option in reversed(_OPTIONS[1:]):
        command = option(command)
    return command


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a fit of the command line came to: the project as read, one result per template, and the session."""

    reading: ProjectReading
    results: tuple[Fitted, ...]
    session: Session

    @property
    def notices(self) -> tuple[str, ...]:
        """Sentences about how the project was read."""
        return self.reading.project.notices

    @property
    def plans(self) -> tuple[Plan, ...]:
        """The plans there are."""
        return tuple(each.plan for each in self.results if each.plan is not None)

    @property
    def refused(self) -> dict[str, str]:
        """The templates without any plan, by name, with the reason."""
        return {each.template.name: str(each.refusal) for each in self.results if each.refusal is not None}

    def fit_call(self, given: dict[str, Any]) -> tuple[str, ...]:
        """Return the words of the call that writes the files for the first template that fits."""
        named = tuple(dict.fromkeys(given["templates"])) or [each.template.name for each in self.results]
        pairs = zip(named, self.results, strict=True)
        working = [name for name, each in pairs if each.plan is not None and each.plan.feasible]
        words = ("podfit", "fit", str(given["project"]), *(("-t", working[0]) if working else ()))
        return (*words, *_said_to_decide())

    def further(self, names: Sequence[str]) -> tuple[Fitted, ...]:
        """Return the results for further templates of the catalogue, without a word on the way; raises PodfitError."""
        from podfit.fit.library import read_templates
        from podfit.fit.session import Session

        asked = self.session
        silent = Session(asked.options, offline=asked.offline, refresh=asked.refresh)
        return silent.fit(self.reading, read_templates(names))

    @property
    def exit_code(self) -> int:
        """0 when every template has a plan that works, else 1."""
        return 0 if all(each.plan is not None and each.plan.feasible for each in self.results) else 1


def fitted(given: dict[str, Any], *, choose: Callable[[Project], Sequence[str]] | None = None) -> Outcome:
    """Read what the options of `fit_options` name and fit; raises PodfitError.

    choose names the templates for a project where nobody names one; without it that is a bad call.
    """
    from podfit.fit.library import read_templates
    from podfit.fit.options import Options
    from podfit.fit.session import Session
    from podfit.readers.project import read_project
    from podfit.readers.settings import read_settings

    with TerminalReporter(verbose=given["verbose"], quiet=given["quiet"]) as reporter:
        settings = read_settings(given["project"], reporter=reporter)
        names = tuple(dict.fromkeys(tuple(given["templates"]) or settings.templates))
        if not names and choose is None:
            raise click.UsageError(
                "name at least one template with --template, or in [tool.podfit] of pyproject.toml; "
                "`podfit templates` lists them"
            )
        extras = (*given["extras"], *settings.extras)
        groups = (*given["groups"], *settings.groups)
        of_a_list = {name: given[name] or getattr(settings, name) or None for name in ("python", "machine", "glibc")}
        templates = read_templates(names, **of_a_list, reporter=reporter)
        reading = read_project(
            given["project"],
            local=given["local"] or settings.local or None,
            files=given["files"] or tuple(map(Path, settings.requirements)),
            extras=extras,
            groups=groups,
            exclude=(*given["exclude"], *settings.exclude),
            include_tests=given["include_tests"] or settings.include_tests,
            reporter=reporter,
        )
        if not names and choose is not None:
            templates = read_templates(choose(reading.project), **of_a_list, reporter=reporter)
        options = Options(
            index_url=given["index_url"] or "",
            extras=extras,
            groups=groups,
            only_imported=given["only_imported"] or settings.only_imported,
            include_optional=given["include_optional"] or settings.include_optional,
            hold=(*given["hold"], *settings.hold),
            release=(*given["release"], *settings.release),
            prefer=given["prefer"] or settings.prefer or PREFERABLE[0],
            slim=given["slim"] or settings.slim,
            gpu=given["gpu"] or settings.gpu,
            driver=given["driver"] or settings.driver,
            extra_index_urls=tuple(filter(None, given["extra_index_url"])),
            exclude_newer=given["exclude_newer"] or settings.exclude_newer,
            allow_build=tuple(given["allow_build"]),
            ignore=_ignored(given["ignore"]),
        )
        session = Session(options, offline=given["offline"], refresh=given["refresh"], reporter=reporter)
        results = session.fit(reading, templates)
    return Outcome(reading, results, session)


_OF_ONE_CALL = frozenset({"templates", "offline", "refresh", "details", "quiet", "verbose", "out", "shape"})
"""Parameters that decide nothing of a plan, or that another call names for itself."""


def _said_to_decide() -> Iterator[str]:
    """Yield the options of this call that decide the plan, as they were given; none that may hold a secret."""
    context = click.get_current_context(silent=True)
    if context is None:
        return
    for parameter in context.command.params:
        name = parameter.name or ""
        given = context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
        if not isinstance(parameter, click.Option) or name in _OF_ONE_CALL or not given:
            continue
        value, option = context.params[name], max(parameter.opts, key=len)
        if parameter.is_flag:
            yield option
            continue
        for each in value if parameter.multiple else (value,):
            if "://" not in str(each) or "@" not in str(each):
                yield from (option, str(each))


def project_folder(project: Path) -> str:
    """Return the directory that the places of a project's evidence are relative to, from the working directory on."""
    folder = project if project.is_dir() else project.parent
    return Path(os.path.relpath(folder)).as_posix()


def _ignored(given: tuple[str, ...]) -> dict[str, str]:
    """Return the codes of --ignore with their reasons."""
    pairs = (word.partition("=") for word in given)
    return {code.strip(): reason.strip() or "asked for with --ignore" for code, _, reason in pairs}
