"""What source distributions are built with where there is no network: wheels of all that their builds ask for."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from podfit.index.sources import SourceFiles
from podfit.model import Artefact, Plan, PodfitError
from podfit.model.requirement import named
from podfit.model.toml_text import toml_table
from podfit.plan.builds import build_constraints, seen_builds
from podfit.plan.files import best_first
from podfit.solve.answer import Refusal
from podfit.solve.template_index import resolver_platform
from podfit.solve.uv import Question, Uv

_LEGACY = ("setuptools>=40.8.0", "wheel")
"""What a source without PEP 518's table is built with (pip, "Build System Interface": fallback behaviour)."""


@dataclass(frozen=True, slots=True)
class Tool:
    """One wheel that a build needs: the build's distribution, and the wheel's own name and version."""

    build: str
    name: str
    version: str
    artefact: Artefact


@dataclass(frozen=True, slots=True)
class Toolset:
    """What one build is made with: what it asks for (PEP 508), the wheels of that, or why they cannot be had."""

    asked: tuple[str, ...]
    tools: tuple[Tool, ...] = ()
    reason: str = ""


class Toolsmith:
    """Finds the tools of builds for a plan's template; index_urls are asked, the last one for what no other has."""

    def __init__(self, plan: Plan, uv: Uv, index_urls: Sequence[str]) -> None:
        self.plan = plan
        self.uv = uv
        *others, default = index_urls
        self.arguments = ("--default-index", default, *(word for url in others for word in ("--index", url)))
        self.seen = {each.name: each for each in seen_builds(plan)}

    def tools(self, name: str, source: SourceFiles) -> Toolset:
        """Return the tools of one build, whose source is read and never run.

        What is held is never among them: such a build sees the environment. A tool without a wheel for the template is
        no tool: it would have to be built itself.
        """
        asked = tuple(self._asked(name, source))
        if not asked:
            return Toolset(())
        platform = resolver_platform(self.plan.template)
        with tempfile.TemporaryDirectory(prefix="podfit-tools-") as nothing:
            question = Question(
                requirements=asked,
                constraints=tuple(build_constraints(self.plan)),
                preferences={},
                python_version=self.plan.template.target.python,
                platform=platform,
                find_links=Path(nothing),
                index_arguments=self.arguments,
            )
            try:
                found = self.uv.compile(question)
            except PodfitError as error:
                return Toolset(asked, (), error.message)
        if isinstance(found, Refusal):
            return Toolset(asked, (), found.message)
        tools = []
        for package in found.values():
            files = [file for file in best_first(package.artefacts, self.plan.template) if file.kind == "wheel"]
            if not files:
                return Toolset(asked, (), f"{package.name} {package.version} has no wheel for the template")
            tools.append(Tool(name, package.name, package.version, files[0]))
        return Toolset(asked, tuple(tools))

    def _asked(self, name: str, source: SourceFiles) -> Iterator[str]:
        """Yield what a build asks for, without what is held; setuptools of some releases asks for wheel as it runs."""
        held = self.plan.held_versions.keys()
        lines = [line for line in build_requires(source) if named(line) not in held]
        seen = self.seen.get(name)
        yield from dict.fromkeys((*lines, *(seen.fetched if seen is not None else ())))
        names = {named(line) for line in lines}
        if "setuptools" in names and "wheel" not in names:
            yield "wheel"


def build_requires(source: SourceFiles) -> tuple[str, ...]:
    """Return the lines (PEP 508) of `[build-system] requires`, setuptools and wheel where nothing says what."""
    try:
        table: Any = toml_table(source.pyproject).get("build-system") if source.pyproject else None
    except ValueError:
        table = None
    lines = table.get("requires") if isinstance(table, dict) else None
    return tuple(line for line in lines if isinstance(line, str)) if isinstance(lines, list) else _LEGACY
