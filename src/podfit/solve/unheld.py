"""What an installer comes to that holds nothing: what is there stays where it can, everything else is the newest."""

from __future__ import annotations

from collections.abc import Sequence

from podfit.model import LockedPackage, Need, Reporter, Template
from podfit.model.steps import Steps
from podfit.solve.answer import Refusal
from podfit.solve.overlay import requirement_line
from podfit.solve.search import Search
from podfit.solve.sources import Sources
from podfit.solve.template_index import flat_index, offer, resolver_platform
from podfit.solve.uv import Question, Uv


def unheld_steps(
    template: Template,
    needs: Sequence[Need],
    uv: Uv,
    *,
    index_arguments: Sequence[str],
    exclude_newer: str,
    sources: Sources,
    reporter: Reporter,
) -> Steps[dict[str, LockedPackage] | Refusal]:
    """Return what `pip install` of needs leads to in template, one package by name, or why nothing does.

    As pip does it: an installed distribution is the first choice for its name, held or not, and gives way when a
    requirement excludes it; every other name gets the newest release. Raises InputError as the resolver does.
    """
    offered = offer(template, frozenset())
    question = Question(
        requirements=tuple(requirement_line(need) for need in needs if need.name not in offered.left_out),
        constraints=(),
        preferences=dict(offered.pins),
        python_version=template.target.python,
        platform=resolver_platform(template),
        find_links=flat_index(template, offered, uv.cache),
        index_arguments=tuple(index_arguments),
        exclude_newer=exclude_newer,
        build_constraints=offered.build_constraints,
    )
    search = Search(
        template, offered, frozenset(), question, uv, reporter, weights={}, soft=frozenset(), sources=sources
    )
    return (yield from search.ask(()))
