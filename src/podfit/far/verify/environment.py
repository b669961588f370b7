"""What is checked, and against what."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from ..protocol import VerifyFacts
from ..symptoms import Table


class Environment:
    """What the inventory found, the plan, and how far to look."""

    def __init__(self, plan: VerifyFacts, options: argparse.Namespace, inventory: Mapping[str, Any]) -> None:
        self.plan, self.options, self.python = plan, options, inventory
        self.distributions: dict[str, dict[str, Any]] = inventory["distributions"]
        self.symptoms = Table(plan["symptoms"])

    def version(self, name: str) -> str:
        """Return the installed version of a distribution, empty when it is absent."""
        return str(self.distributions.get(name, {}).get("version", ""))

    def has(self, *names: str) -> bool:
        """Tell whether all of these are installed and the project uses them, or the template holds them."""
        wanted = {*self.plan["used"], *self.plan["held"]}
        return all(name in wanted and name in self.distributions for name in names)
