"""The wheel tags that a template accepts, worked out without its interpreter."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from podfit.model.template import Template

_LEGACY = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
"""The names that PEP 600 gives as aliases of manylinux_2_17, 2_12 and 2_5; the older two exist for x86 alone."""


def platform_tags(template: Template) -> tuple[str, ...]:
    """Return the wheel tags that template accepts, best first (`cp311-cp311-manylinux_2_35_x86_64`).

    They are the probe's where it recorded them, else those that follow from the interpreter, glibc and machine.
    """
    if template.platform.tags:
        return template.platform.tags
    interpreter = template.interpreter
    return _computed(interpreter.implementation, interpreter.series, template.platform.glibc, template.platform.machine)


@lru_cache(maxsize=64)
def _computed(implementation: str, series: str, glibc: str, machine: str) -> tuple[str, ...]:
    """Return the tags of an interpreter on a glibc and a machine."""
    from packaging.tags import compatible_tags, cpython_tags, generic_tags

    major, minor = (int(part) for part in series.split(".")[:2])
    platforms = list(_platforms(glibc, machine))
    digits = f"{major}{minor}"
    if implementation == "cpython":
        # The ABIs are named here: left out, packaging would add those of the interpreter that runs podfit.
        own = [str(tag) for tag in cpython_tags((major, minor), abis=[f"cp{digits}"], platforms=platforms)]
        name = f"cp{digits}"
    else:
        name = f"pp{digits}"
        own = [str(tag) for tag in generic_tags(name, abis=[f"pypy{digits}_pp73"], platforms=platforms)]
    return (*own, *(str(tag) for tag in compatible_tags((major, minor), interpreter=name, platforms=platforms)))


def _platforms(glibc: str, machine: str) -> Iterator[str]:
    """Yield the platform tags of a glibc version (`2.35`) on a machine: its own, then the newest first (PEP 600)."""
    yield f"linux_{machine}"
    x86 = machine in ("x86_64", "i686")
    lowest = 5 if x86 else 17
    numbers = glibc.split(".")
    newest = int(numbers[1]) if len(numbers) > 1 and numbers[1].isdigit() else lowest
    for minor in range(newest, lowest - 1, -1):
        yield f"manylinux_2_{minor}_{machine}"
        if minor in _LEGACY:
            yield f"{_LEGACY[minor]}_{machine}"
