"""What the readers need to know of an environment beside its files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from .files import Tree


class Environment(NamedTuple):
    """A Python environment in a tree of files: this process's, or one of an image.

    path is its search path. variables are those that its programs would have. prefix and base_prefix are as in sys, the
    same outside of virtual environments. home is the user's directory, machine the architecture (`x86_64`). location
    tells the kind of a directory of path: `venv`, `system`, `user`, or the directory itself.
    """

    tree: Tree
    path: tuple[str, ...]
    variables: Mapping[str, str]
    prefix: str
    base_prefix: str
    home: str
    machine: str
    location: Callable[[str], str]
