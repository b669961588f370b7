"""Which templates of the catalogue one may be told of instead: those of the same family first, then the well known."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import islice

from podfit.catalogue.gpus import runs
from podfit.catalogue.store import leading_names, load_manifest, well_known_first
from podfit.catalogue.summary import Summary
from podfit.catalogue.torch_builds import torch_archs
from podfit.model.manifest import template_from_manifest

NAMED = 3
"""So many templates are named."""


def startable(besides: str = "", family: str = "") -> Iterator[Summary]:
    """Yield templates that can be started and have a torch with CUDA: those of a family, then the well known."""
    leading = leading_names()
    able = [one for one in well_known_first() if one.torch and one.cuda and not (one.withdrawn or one.incomplete)]
    chosen = [one for one in able if family and one.family == family] + [one for one in able if one.name in leading]
    yield from dict.fromkeys(one for one in chosen if one.name != besides)


@lru_cache(maxsize=512)
def runs_on(name: str, capability: str) -> bool:
    """Tell whether the torch of a template is known to have code for a GPU."""
    archs = torch_archs(template_from_manifest(load_manifest(name), where=name))
    return archs is not None and runs(capability, archs.value)


def with_code_for(capability: str, besides: str = "", family: str = "") -> list[str]:
    """Return the first few templates whose torch is known to have code for a compute capability."""
    fitting = (one.name for one in startable(besides, family) if runs_on(one.name, capability))
    return list(islice(fitting, NAMED))
