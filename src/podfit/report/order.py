"""In which order distributions rest on each other, and which order an installer has to keep."""

from __future__ import annotations

from collections.abc import Iterator

from podfit.model import Action, Plan
from podfit.model.graph import reached
from podfit.model.words import listed
from podfit.plan.order import circles, critical_chain, layers
from podfit.report.model import Block, Layers, Section, Text, items, section, text
from podfit.report.words import plural


def order_section(plan: Plan) -> tuple[Section, ...]:
    """Return the layers of what a plan installs, drawn over the direct needs, and what of the order is real."""
    names = {one.name for one in plan.with_action(Action.INSTALL, Action.CHANGE)}
    if not names:
        return ()
    return section(f"Order on {plan.template.name}", *items(*_sentences(plan, names)), *_drawing(plan, names))


def _sentences(plan: Plan, names: set[str]) -> Iterator[Text]:
    """Yield what the order of an installation depends on, and what it does not."""
    yield text(
        "pip and uv work out all versions before they install the first wheel: between wheels, no order has to be "
        "kept. Requirements are met when all are there."
    )
    for build in plan.builds:
        if build.name in names and build.hidden:
            wanted = listed(build.hidden)
            yield text(
                f"{build.name} {build.version} is built from source, and its build imports {wanted}: "
                "what has that must be installed before, and the build must not be isolated."
            )
    chain = critical_chain(names, plan.edges)
    if len(chain) > 1:
        yield text(f"The longest chain of requirements has {len(chain)}: {' ← '.join(chain)}.")
    for circle in circles(names, plan.edges):
        yield text(f"{listed(circle)} require each other, in a circle.")
    counted = [len(layer) for layer in layers(names, plan.edges)]
    sizes = ", ".join(map(str, counted))
    yield text(f"{plural(len(names), 'distribution')} in {plural(len(counted), 'layer')}: {sizes}.")


def _drawing(plan: Plan, names: set[str]) -> Iterator[Block]:
    """Yield the direct needs in layers, what leads from one to another over others as an arrow."""
    direct = {need.name for need in plan.needs if need.name in names}
    if not direct:
        return
    reach = {name: _reached(name, direct, plan) for name in direct}
    # An arrow that a longer way says as well is left out (the transitive reduction).
    arrows = tuple(
        (required, name)
        for name in sorted(direct)
        for required in sorted(reach[name])
        if not any(required in reach[between] for between in reach[name] if between != required)
    )
    chain = critical_chain(direct, reach)
    yield Layers(layers(direct, reach), arrows, chain if len(chain) > 1 else ())


def _reached(start: str, direct: set[str], plan: Plan) -> set[str]:
    """Return the direct needs that requirements lead to from one of them."""
    return (reached([start], plan.edges) - {start}) & direct
