"""Needs with an address of their own: where one of these cannot be had, all others are asked for at once."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from podfit.model import InputError, Need, RefusedNeed
from podfit.model.steps import Steps, Wait
from podfit.solve.refusals import at_address
from podfit.solve.said import PLAN_AGAIN, is_silent
from podfit.solve.uv import Uv

_CAUSE = re.compile(r"cannot be reached \((.*)\)$", re.DOTALL)
"""Why an address gave nothing, in the words of an error about it."""


def silent_beside(
    error: InputError, needs: Sequence[Need], dropped: Collection[str], uv: Uv
) -> Steps[list[RefusedNeed]]:
    """Return the needs whose address gives nothing, each with why, where an error speaks of one's address.

    One of which nobody could be asked is an open question, as a repository that does not answer is.

    The resolver tries an address several times and tells of the first that fails: fifty would take minutes. dropped are
    the needs that are left out already.
    """
    failed = at_address(error, needs)
    others = [need for need in needs if need.url and need.name not in {*failed, *dropped}]
    reach = uv.reach
    stated = {need.name: need for need in needs if need.url and need.name not in dropped}
    silent = _CAUSE.search(error.message)
    first = [_left(stated[name], silent[1]) for name in failed if name in stated and silent and is_silent(silent[1])]
    if not failed or not others or reach is None or uv.offline:
        return first
    urls = {need.name: need.url.partition("#")[0] for need in others}
    found: dict[str, str] = yield Wait(lambda: dict(reach(urls.values())))
    return first + [_left(need, found[urls[need.name]]) for need in others if urls[need.name] in found]


def _left(need: Need, cause: str) -> RefusedNeed:
    """Return a need that is left out for its address gives nothing; open where nobody could be asked."""
    short = cause.partition("; ")[0]
    does = PLAN_AGAIN if is_silent(cause) else "correct it, or check the network and the proxy variables"
    told = f"the project needs {need.called}{need.place}: its address cannot be had ({short}); {does}"
    return RefusedNeed(need.name, told, open=is_silent(cause))
