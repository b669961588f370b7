"""Read ahead of an answer: the metadata that a solution will need, side by side, before the resolver is asked.

So it is at hand, and what has no wheel is offered from the start (podfit.solve.sources): the resolver would find out
that it may not build it only when it has tried everything else.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

from podfit.model import Template
from podfit.model.requirement import Markers
from podfit.model.steps import Steps, Wait
from podfit.model.versions import within
from podfit.solve.sources import Sources

_DEEPEST = 6
"""So long chains of who asks for what are followed; what lies deeper is read when it is chosen."""


def read_ahead(
    sources: Sources,
    template: Template,
    exact: Mapping[str, str],
    tested: Mapping[str, str],
    extras: Mapping[str, Sequence[str]],
) -> Steps[None]:
    """Read the metadata of exact versions and of what they ask for: the tested version, else the newest with a wheel.

    extras are those that are asked for of exact, by name, the empty one among them. What the template has is known
    already. What they ask for and no wheel can meet is offered where its build is likely. sources are told what is
    likely to be chosen (`Sources.likely`).
    """
    markers = Markers(template.marker_environment)
    seen = {*exact, *template.distributions}
    front = dict(exact)
    for _ in range(_DEEPEST):
        stated = yield from sources.requirements(front.items())
        if sources.likely is not None:
            yield Wait(functools.partial(sources.likely.releases, stated))
        asked: dict[str, str] = {}
        for (name, _), lines in stated.items():
            for line in markers.active(lines, extras.get(name, ("",))):
                if line.target not in seen and not line.requirement.url:
                    seen.add(line.target)
                    asked[line.target] = str(line.requirement.specifier)
        if not asked:
            break
        front = yield from best_versions(sources, asked, tested)
        yield from sources.offer_likely({name: limit for name, limit in asked.items() if name not in front})
    if sources.likely is not None:
        yield Wait(functools.partial(sources.likely.all_of_them))


def best_versions(sources: Sources, asked: Mapping[str, str], tested: Mapping[str, str]) -> Steps[dict[str, str]]:
    """Return the version that is best for each of what is asked (specifiers by name), as far as the index tells.

    It is the tested one where that is allowed and has a wheel, else the newest that has one.
    """
    exact = {name: f"=={tested[name]}" for name, limit in asked.items() if within(limit, tested.get(name, ""))}
    best = yield from sources.newest_wheels(exact)
    newest = yield from sources.newest_wheels({name: limit for name, limit in asked.items() if name not in best})
    return {**best, **newest}
