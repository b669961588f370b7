"""Addresses that cannot be asked: those in which a variable was to be filled in and is not set."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from podfit.model import Need, RefusedNeed, Template
from podfit.model.addresses import filename_of
from podfit.model.words import listed

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
"""What pip replaces in requirement files; a reader that found the variable set has replaced it."""

_TORCH = re.compile(r"torch([0-9]+\.[0-9]+)")
"""How a wheel's local version says for which torch it was built (`+cu12torch2.5cxx11abiFALSE`)."""


def unset(text: str) -> list[str]:
    """Return the names of the variables that text still holds, each once."""
    return list(dict.fromkeys(_VARIABLE.findall(text)))


def place(url: str) -> str:
    """Return an index's address for people: its host, or its path, without user and password."""
    return urlsplit(url).netloc.rpartition("@")[2] or url


def unfilled(needs: Iterable[Need]) -> list[RefusedNeed]:
    """Return the needs whose address holds a variable that is not set: nobody can be asked for them."""
    refused = []
    for need in needs:
        if names := unset(need.url):
            variables = listed([f"${{{name}}}" for name in names])
            are = "is" if len(names) == 1 else "are"
            text = (
                f"its address{need.place} holds {variables}, which {are} not set: set it and fit again, or write it out"
            )
            refused.append(RefusedNeed(need.name, text))
    return refused


def of_another_machine(needs: Iterable[Need], template: Template) -> list[RefusedNeed]:
    """Return the needs whose address names a wheel that, by its name, does not fit the template or its torch."""
    refused = []
    for need in needs:
        filename = filename_of(need.url)
        try:
            _, version, _, tags = parse_wheel_filename(filename)
        except InvalidWheelFilename:
            continue
        built, torch = _TORCH.search(version.local or ""), template.distributions.get("torch")
        if not template.target.would_fit(frozenset(map(str, tags))):
            what = f"not for {template.target}"
        elif built and torch is not None and not f"{torch.version}.".startswith(f"{built[1]}."):
            what = f"built for torch {built[1]}, and the template's is {torch.version}"
        else:
            continue
        text = (
            f"its address{need.place} names {filename}, which is {what}: name a wheel that fits, or "
            f"{need.name}=={version.public} without the address where the index has it"
        )
        refused.append(RefusedNeed(need.name, text))
    return refused
