"""What is taken of a need whose exact pin cannot be had: the nearest release of its series, upward first."""

from __future__ import annotations

from dataclasses import replace

from packaging.specifiers import Specifier
from packaging.version import Version

from podfit.model import InputError, Need
from podfit.model.steps import Steps
from podfit.solve.answer import Refusal
from podfit.solve.limits import pinned
from podfit.solve.search import Search


def is_pin(clause: Specifier) -> bool:
    """Tell whether a clause names what somebody had: `==1.13.1`, and conda's `=1.13`, which is `==1.13.*`.

    `==1.*` is a range of releases, as `>=1,<2` is.
    """
    if clause.operator not in ("==", "==="):
        return False
    return not clause.version.endswith(".*") or clause.version.count(".") > 1


def nearest(need: Need, search: Search) -> Steps[str]:
    """Return the release of the pin's series (its first number) next to it that fits what search keeps, empty for none.

    Newer ones come first: what was fixed since counts more than what was dropped. Only the need itself is looked at,
    with all that it requires; whether the other needs agree is for the next search.
    """
    version = pinned(need.specifier)
    if not version or need.url or need.name in search.offered.pins:
        return ""
    series = Version(version).release[0]
    extras = f"[{','.join(need.extras)}]" if need.extras else ""
    preferences = {name: chosen for name, chosen in search.question.preferences.items() if name != need.name}
    for limits, lowest in ((f">{version},<{series + 1}", True), (f"<{version},>={series}", False)):
        line = f"{need.name}{extras}{limits}"
        question = replace(search.question, requirements=(line,), preferences=preferences, lowest=lowest)
        try:
            answer = yield from replace(search, question=question).ask(search.released)
        except InputError:  # something below it is not to be had: told where it is asked for
            continue
        if not isinstance(answer, Refusal) and need.name in answer:
            return answer[need.name].version
    return ""
