"""Every format: a new one is a new module and a line here. Modules are loaded when their format is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from podfit.writers.interface import AnswerFormat, FileFormat, Screen

if TYPE_CHECKING:
    from podfit.model import Plan
    from podfit.report.answer import Answer


def _of(module: str, function: str = "write") -> Callable[..., str]:
    """Return the function of a module of this room, which is imported when it is called."""

    def write(*given: object) -> str:
        """Write what is given."""
        text: str = getattr(import_module(f"podfit.writers.{module}"), function)(*given)
        return text

    return write


FORMATS: tuple[FileFormat, ...] = (
    FileFormat("requirements-", ".txt", _of("requirements", "write_requirements")),
    FileFormat("lock-", ".txt", _of("lock", "write_lock")),
    # PEP 751: pylock.NAME.toml, where NAME has no dot.
    FileFormat("pylock.", ".toml", _of("pylock", "write_pylock"), dots=False),
    FileFormat("constraints-", ".txt", _of("constraints", "write_constraints")),
    FileFormat(
        "build-constraints-",
        ".txt",
        _of("build_constraints", "write_build_constraints"),
        wanted=lambda plan: bool(plan.built_from_source),
    ),
    FileFormat("Dockerfile.", "", _of("dockerfile", "write_dockerfile"), wanted=lambda plan: plan.feasible),
    FileFormat("cell-", ".py", _of("cell", "write_cell"), wanted=lambda plan: plan.feasible),
    FileFormat("start-", ".sh", _of("start", "write_start"), wanted=lambda plan: plan.feasible),
    FileFormat("plan-", ".json", _of("plan_json", "write_plan")),
    FileFormat("verify_env-", ".py", _of("verify_env", "write_verify_env")),
)
"""What a plan is written as, in the order in which the files are listed."""

ANSWERS: tuple[AnswerFormat, ...] = (
    AnswerFormat("text", _of("terminal")),
    AnswerFormat("json", _of("json_text"), ".json"),
    AnswerFormat("markdown", _of("markdown"), ".md"),
    AnswerFormat("html", _of("html"), ".html", asked=True),
    AnswerFormat("junit", _of("junit"), judged=True),
    AnswerFormat("github", _of("github"), judged=True),
)
"""What an answer is printed as, the default first."""

_COMPARISON = "matrix"
"""The name of the files of all plans of one call together, without their suffix."""


def answer_formats(*, judged: bool) -> tuple[str, ...]:
    """Return the names that --format takes for a command; judged: its answer is a verdict with findings."""
    return tuple(form.name for form in ANSWERS if judged or not form.judged)


def write_answer(name: str, answer: Answer, screen: Screen | None = None) -> str:
    """Return answer in the format of that name. Raises KeyError for a name that is none."""
    return {form.name: form for form in ANSWERS}[name].write(answer, screen or Screen())


def format_of(file_name: str) -> str:
    """Return the name of the format of answers that a file's ending asks for; empty for none."""
    return next((form.name for form in ANSWERS if form.suffix and file_name.lower().endswith(form.suffix)), "")


def plan_files(plan: Plan) -> dict[str, str]:
    """Return the files of one plan: file name to text."""
    return {form.file_name(plan.template.name): form.write(plan) for form in FORMATS if form.wanted(plan)}


def file_names(template: str) -> dict[str, str]:
    """Return the names of the files that a plan for the template of that name may have, by kind (`lock`, `plan`)."""
    return {form.kind: form.file_name(template) for form in FORMATS}


def comparison_names() -> tuple[str, ...]:
    """Return the names of the files of all plans of one call together."""
    return tuple(f"{_COMPARISON}{form.suffix}" for form in ANSWERS if form.suffix and not form.asked)


def all_files(plans: Sequence[Plan], refused: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the files of all plans of one project, and the comparison of them in each format that makes a file.

    refused maps the templates without a plan to the reason, for the comparison. Raises InputError when two templates
    lead to the same file name.
    """
    from podfit.model import InputError
    from podfit.report.comparison import comparison

    files: dict[str, str] = {}
    for plan in plans:
        for name, text in plan_files(plan).items():
            if name in files:
                raise InputError(
                    f"two templates would both write {name}",
                    remedy="fit them one by one, or give their files other names",
                )
            files[name] = text
    answer = comparison(plans, refused)
    for form in ANSWERS:
        if form.suffix and not form.asked:
            files[f"{_COMPARISON}{form.suffix}"] = form.write(answer, Screen())
    return files
