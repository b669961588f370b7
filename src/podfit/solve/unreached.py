"""Needs with an address of their own: where one of these cannot be had, all others are asked for at once."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from podfit.model import InputError, Need, RefusedNeed
from podfit.model.steps import Steps, Wait
from podfit.solve.refusals import at_address
from podfit.solve.uv import Uv


def silent_beside(
    error: InputError, needs: Sequence[Need], dropped: Collection[str], uv: Uv
) -> Steps[list[RefusedNeed]]:
    """Return the needs whose address gives nothing either, each with why, where an error speaks of one's address.

    The resolver tries an address several times and tells of the first that fails: fifty would take minutes. dropped are
    the needs that are left out already.
    """
    failed = at_address(error, needs)
    others = [need for need in needs if need.url and need.name not in {*failed, *dropped}]
    reach = uv.reach
    if not failed or not others or reach is None or uv.offline:
        return []
    urls = {need.name: need.url.partition("#")[0] for need in others}
    found: dict[str, str] = yield Wait(lambda: dict(reach(urls.values())))
    return [
        RefusedNeed(
            need.name,
            f"the project needs {need.called}{need.place}: its address cannot be had ({found[urls[need.name]]}); "
            "correct it, or check the network and the proxy variables",
        )
        for need in others
        if urls[need.name] in found
    ]
