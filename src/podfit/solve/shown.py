"""A question put to the indexes as podfit shows them (podfit.index.serving), in place of the indexes themselves."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from podfit.model.requirement import named
from podfit.model.tags import wheel_tags
from podfit.model.versions import parsed

if TYPE_CHECKING:
    from podfit.index.serving import Serving
    from podfit.solve.uv import Question

_PLATFORM = re.compile(r"([a-z0-9_]+)-manylinux_2_(\d+)")
_CLAUSE = re.compile(r"(?:===?|[~<>]=?)\s*([^\s,;()=]+)")
_PROXIES = ("no_proxy", "https_proxy", "all_proxy")
_NAMES = ("--default-index", "--index")


def shown(question: Question, serving: Serving) -> Question | None:
    """Return a question with the shown indexes in the place of its own, None for one that they cannot answer.

    What the resolver may build it fetches with the credentials of the index, and what lies at plain HTTP addresses it
    would ask of the proxy.
    """
    platform = _PLATFORM.fullmatch(question.platform)
    words = list(question.index_arguments)
    places = [place + 1 for place, word in enumerate(words[:-1]) if word in _NAMES]
    apart = [word for place, word in enumerate(words) if place not in places]
    plain = any("http://" in text for text in (*question.requirements, *apart))
    if question.build or platform is None or not places or plain:
        return None
    major, minor = question.python_version.split(".")[:2]
    tags = wheel_tags("cpython", f"{major}.{minor}", f"cp{major}{minor}", platform[1], int(platform[2]))
    asked = asked_pre_releases(question)
    for place in places:
        words[place] = serving.address(words[place], tags, asked)
    return replace(question, index_arguments=tuple(words))


def asked_pre_releases(question: Question) -> frozenset[str]:
    """Return the distributions of which a question names a pre-release, by normalized name.

    It is asked in threads, where no requirement may be parsed (podfit.model.steps): its clauses are looked for.
    """
    asked = {name for name, version in question.preferences.items() if _is_pre_release(version)}
    for line in (*question.requirements, *question.constraints):
        if any(_is_pre_release(clause) for clause in _CLAUSE.findall(line.partition(";")[0])):
            asked.add(named(line))
    return frozenset(asked)


def _is_pre_release(text: str) -> bool:
    """Tell whether a version is a pre-release."""
    version = parsed(text)
    return version is not None and version.is_prerelease


def through(proxy: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables for a resolver that reaches plain HTTP addresses through a proxy.

    Who has NO_PROXY=* asks everybody else without one still. What fails is not tried again: it is asked otherwise.
    """
    kept = dict(environment)
    if "*" in {place.strip() for key in ("no_proxy", "NO_PROXY") for place in kept.get(key, "").split(",")}:
        kept = {key: value for key, value in kept.items() if key.lower() not in _PROXIES}
    return {**kept, "http_proxy": proxy, "HTTP_PROXY": proxy, "UV_HTTP_RETRIES": "0"}
