"""Checks as values: what every finding is a finding of."""

from __future__ import annotations

import re
from dataclasses import dataclass

from podfit.model.errors import InputError

PAGES = "docs/checks"
"""Where each check has a page, named for its code."""

_CODE = re.compile(r"[A-Z]{2,6}\d{3}")


@dataclass(frozen=True, slots=True)
class Check:
    """One check.

    code is what people name it by (`PF101`), and names its page; name is one word, as findings carry it; title says in
    a line what it asks. fixed is why its failures cannot be ignored; empty when they can.
    """

    code: str
    name: str
    title: str
    fixed: str = ""

    @property
    def page(self) -> str:
        """The path of its page in podfit's repository."""
        return f"{PAGES}/{self.code}.md"


_HELD = "it keeps the template from being broken"
_ORDER = "what it fails on cannot be installed"
_SEEN = "it says what is on the machine; change that, or the plan"

_OWN = (
    Check("PF101", "consistency", "Does every requirement of every distribution hold after the changes?"),
    Check("PF102", "bounds", "Does the solution keep to all that the audits taught?"),
    Check("PF103", "python", "Is it a Python that the project, or the plan, is for?"),
    Check("PF104", "held", "Which exact pins of the project give way to what the template holds?", _HELD),
    Check("PF105", "sdist", "What has to be built from source on the pod?"),
    Check("PF106", "uninstall", "Which change is to a distribution that pip cannot uninstall?"),
    Check("PF107", "conflict", "Can every need be had on the template?", _ORDER),
    Check("PF108", "plan", "Is there a plan for the template, and does it hold together?", _ORDER),
    Check("PF109", "extra", "Does each release work with the versions that its extras name?"),
    Check("PF110", "numpy", "Was each compiled release made for the NumPy that is there?"),
    Check("PF111", "torch", "Does each compiled release find its symbols in the torch that is there?"),
    Check("PF112", "libraries", "Is each release for the CUDA that is there, by its name, its version and its links?"),
    Check("PF113", "files", "Do two planned distributions bring the same files?"),
    Check("PF114", "member", "Can the project's own distributions be built on the template?"),
    Check("PF115", "symbols", "Has the system the versions of C and C++ libraries that compiled files ask for?"),
    Check("PF116", "system", "Has the system the shared libraries that no wheel brings?"),
    Check("PF117", "architecture", "Is there code for the GPU?"),
    Check("PF118", "driver", "Does the driver run the CUDA that is there?"),
    Check("PF119", "accelerator", "Which CUDA build goes onto a template that has none?"),
    Check("PF120", "index", "Is each planned distribution on one index alone?"),
    Check("PF121", "settings", "Do the image's own settings of pip let the plan's files be installed?"),
    Check("PF122", "list", "Is the template's list known to lack what is there?"),
    Check("PF123", "hashes", "Does a planned file have one of the hashes that the project states?"),
    Check("PF124", "names", "Has each planned release the names that the project's code uses?"),
    Check("PF201", "imports", "Is every import provided by a distribution that the project declares?"),
    Check("PF202", "declared", "Is what the project declares used, and can it be read?"),
    Check("PF203", "question", "What can only a person answer?"),
    Check("PF301", "interpreter", "Is the pod's interpreter the one that the plan is for?", _HELD),
    Check("PF302", "wheels", "Does every planned wheel fit the pod?", _ORDER),
    Check("PF303", "drift", "Is the template still the one of the plan?", _HELD),
    Check("PF304", "gpu", "Is there a GPU that torch was built for?", _SEEN),
    Check("PF401", "version", "Does every distribution have its planned version?", _SEEN),
    Check("PF402", "import", "Can every need be imported, each in a process of its own?", _SEEN),
    Check("PF403", "function", "Do libraries that hand data to each other work together?", _SEEN),
    Check("PF404", "template", "Are the files of the held distributions unchanged?", _HELD),
    Check("PF405", "metadata", "Does every requirement of every installed distribution hold?", _SEEN),
    Check("PF406", "cuda", "Can torch start CUDA on the machine's driver?", _SEEN),
)

_checks: dict[str, Check] = {}


def register(check: Check) -> Check:
    """Make check known, so that findings may carry its name; a check of a program's own takes a code without PF.

    Raises ValueError for a code of another shape, and for a code or a name that is taken.
    """
    if not _CODE.fullmatch(check.code):
        raise ValueError(f"{check.code!r} is no code: capital letters and three digits, such as AB101")
    taken = [other for other in _checks.values() if check.name == other.name or check.code == other.code]
    if taken and taken != [check]:
        raise ValueError(f"{check.code} {check.name} is taken: {taken[0].code} is {taken[0].name}")
    _checks[check.name] = check
    return check


def checks() -> tuple[Check, ...]:
    """Return every registered check, by code."""
    return tuple(sorted(_checks.values(), key=lambda check: check.code))


def check_named(name: str) -> Check:
    """Return the check of a finding's name. Raises ValueError when there is none."""
    try:
        return _checks[name]
    except KeyError:
        raise ValueError(f"there is no check {name!r}") from None


for _check in _OWN:
    register(_check)


def ignorable(code: str) -> Check:
    """Return the check of a code whose failures may be ignored. Raises InputError for any other code."""
    by_code = {check.code: check for check in checks()}
    check = by_code.get(code)
    if check is None:
        named = _checks.get(code)
        hint = f"the code of {code} is {named.code}" if named else f"{PAGES}/README.md lists the codes"
        raise InputError(f"there is no check {code!a} to ignore", remedy=hint)
    if check.fixed:
        raise InputError(f"{code} ({check.name}) cannot be ignored: {check.fixed}", remedy=f"see {check.page}")
    return check
