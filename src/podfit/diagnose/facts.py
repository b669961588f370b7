"""What is known of the environment that a log comes from: a template, a live interpreter, or what a plan makes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from podfit.diagnose.reading import There
from podfit.model import Action, InputError, Plan, Template, Where


@dataclass(frozen=True)
class Facts:
    """An environment: its template, and the versions that a plan puts into it.

    source is how people know it. python is the interpreter that a fix is for, empty for the one on PATH. offline: the
    index is not asked when a fix is solved.
    """

    template: Template
    source: str
    planned: Mapping[str, str]
    python: str = ""
    offline: bool = False

    @cached_property
    def versions(self) -> Mapping[str, str]:
        """What is there, by normalized name."""
        there = {name: one.version for name, one in self.template.distributions.items()}
        return {**there, **self.planned}

    @property
    def whole(self) -> bool:
        """Whether this is all that was there: a live interpreter or a plan, and no template that more is put into."""
        return bool(self.python or self.planned)

    @cached_property
    def there(self) -> There:
        """What a log is read beside. A module that several distributions have is nobody's."""
        found: dict[str, set[str]] = {}
        for name, one in self.template.distributions.items():
            for module in one.import_names:
                found.setdefault(module, set()).add(name)
        owners = {module: next(iter(names)) for module, names in found.items() if len(names) == 1}
        cuda = self.template.cuda.value if self.template.cuda is not None else ""
        named = (have for name, have in self.versions.items() if name.startswith("nvidia-cudnn-cu"))
        known = self.template.facts.cuda
        cudnn = next(named, "") or (known.cudnn.value if known is not None and known.cudnn is not None else "")
        return There(self.versions, owners, self.template.name, self.template.family, cuda, cudnn)

    def requires(self, name: str) -> tuple[str, ...]:
        """Return the Requires-Dist lines of a distribution, none where they are not known."""
        one = self.template.distributions.get(name)
        return (one.requires_dist or ()) if one is not None and name not in self.planned else ()


def facts_of(
    *, template: str | None = None, python: str | None = None, plan: str | None = None, offline: bool = False
) -> Facts:
    """Return the facts of what one of these names: a template, an interpreter, a plan's file.

    Raises InputError for something that is not there or cannot be read.
    """
    from podfit.readers.template import read_template

    if plan is not None:
        given = _read_plan(plan)
        planned = {each.name: each.planned for each in given.with_action(Action.INSTALL, Action.CHANGE) if each.planned}
        return Facts(given.template, f"{given.template.name} with {plan}", planned, offline=offline)
    if python is not None:
        spec = python if "/" in python else f"./{python}" if python.endswith((".py",)) else python
        return Facts(read_template(spec), python, {}, python=python, offline=offline)
    if template is None:
        raise InputError("no environment is named", where=Where("podfit diagnose"))
    return Facts(read_template(template), template, {}, offline=offline)


def _read_plan(path: str) -> Plan:
    """Return the plan in a file. Raises InputError where there is none."""
    import json
    from pathlib import Path

    from podfit.model.serial import plan_from_dict
    from podfit.readers.plain_file import read_bounded

    try:
        data = json.loads(read_bounded(Path(path)))
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror or error}", where=Where(path)) from None
    except (ValueError, RecursionError):
        raise InputError("is no JSON", where=Where(path), remedy="run `podfit fit` again") from None
    return plan_from_dict(data, where=path)
