"""Every file format of a plan: a new one is a new module and a line here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from podfit.model import InputError, Plan
from podfit.writers.constraints import write_constraints
from podfit.writers.interface import FileFormat
from podfit.writers.lock import write_lock
from podfit.writers.markdown import matrix_markdown
from podfit.writers.matrix_json import matrix_json_text
from podfit.writers.plan_json import write_plan
from podfit.writers.pylock import write_pylock
from podfit.writers.requirements import write_requirements


def _verify_env(plan: Plan) -> str:
    """Return the stdlib-only script that checks an environment against plan."""
    # Only fit writes it; what merely prints the matrix need not wait for it.
    from podfit.writers.verify_env import write_verify_env

    return write_verify_env(plan)


FORMATS: tuple[FileFormat, ...] = (
    FileFormat("requirements-", ".txt", write_requirements),
    FileFormat("lock-", ".txt", write_lock),
    # PEP 751: pylock.NAME.toml, where NAME has no dot.
    FileFormat("pylock.", ".toml", write_pylock, dots=False),
    FileFormat("constraints-", ".txt", write_constraints),
    FileFormat("plan-", ".json", write_plan),
    FileFormat("verify_env-", ".py", _verify_env),
)
"""The formats in the order in which their files are listed."""

MATRIX_FORMATS = {"matrix.md": matrix_markdown, "matrix.json": matrix_json_text}
"""The files of all plans of one call together, by name."""


def plan_files(plan: Plan) -> dict[str, str]:
    """Return the files of one plan: file name to text."""
    return {form.file_name(plan.template.name): form.write(plan) for form in FORMATS}


def file_names(template: str) -> tuple[str, ...]:
    """Return the names of the files that a plan for the template of that name has."""
    return tuple(form.file_name(template) for form in FORMATS)


def all_files(plans: Sequence[Plan], refused: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the files of all plans of one project, and the matrix of them as `matrix.md` and `matrix.json`.

    refused maps the templates without a plan to the reason, for the matrix. Raises InputError when two templates lead
    to the same file name.
    """
    files: dict[str, str] = {}
    for plan in plans:
        for name, text in plan_files(plan).items():
            if name in files:
                raise InputError(
                    f"two templates would both write {name}",
                    remedy="fit them one by one, or give their files other names",
                )
            files[name] = text
    files.update({name: write(plans, refused) for name, write in MATRIX_FORMATS.items()})
    return files
