"""pip's configuration, read from its files and variables as pip reads them."""

from __future__ import annotations

import configparser
import os
from collections.abc import Mapping

from .environment import Environment
from .files import Tree
from .notes import Warnings
from .secrets import mask, mask_setting

_LARGEST = 2**20
"""Bytes of a configuration or a file of constraints that are read."""

_MOST_FILES = 50
"""So many configurations, and so many files of constraints, are read."""


def pip_config(environment: Environment, warnings: Warnings) -> dict[str, str]:
    """Return what `pip config list` would show here, credentials masked.

    Files in pip's order (later ones win): global, user (unless PIP_CONFIG_FILE exists), site, PIP_CONFIG_FILE; then
    PIP_* variables as `:env:.name`. PIP_CONFIG_FILE=os.devnull turns all files off.
    See https://pip.pypa.io/en/stable/topics/configuration/
    """
    settings: dict[str, str] = {}
    for path in pip_config_files(environment):
        told = f"pip's configuration file {path}"
        settings.update(warnings.guard(told, _pip_config_file, environment.tree, path, default={}))
    for name, value in sorted(environment.variables.items()):
        key = name[4:].lower().replace("_", "-")
        if name.startswith("PIP_") and key not in ("version", "help"):
            settings[":env:." + key] = mask_setting(key, value)
    return dict(sorted(settings.items()))


def pip_config_files(environment: Environment) -> list[str]:
    """Return the configuration files that pip reads on Linux and that exist, weakest first."""
    variables, tree, home = environment.variables, environment.tree, environment.home
    own = variables.get("PIP_CONFIG_FILE", "")
    if own == os.devnull:
        return []
    shared = [folder for folder in dict.fromkeys((variables.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(":")) if folder]
    files = [os.path.join(folder, "pip", "pip.conf") for folder in shared] + ["/etc/pip.conf"]
    if not (own and (tree.is_file(own) or tree.is_dir(own))):
        files.append(os.path.join(home, ".pip", "pip.conf"))
        files.append(os.path.join(variables.get("XDG_CONFIG_HOME") or f"{home}/.config", "pip", "pip.conf"))
    files.append(os.path.join(environment.prefix, "pip.conf"))
    if own:
        files.append(own)
    return [path for path in files[-_MOST_FILES:] if tree.is_file(path)]


def _pip_config_file(tree: Tree, path: str) -> dict[str, str]:
    """Return the settings of one configuration file, keys written as pip shows them (`global.index-url`)."""
    parser = configparser.RawConfigParser()
    parser.read_string(tree.text(path, _LARGEST) or "", path)
    settings: dict[str, str] = {}
    for section in parser.sections():
        for name, value in parser.items(section):
            key = name.lower().replace("_", "-")
            key = key[2:] if key.startswith("--") else key
            settings[f"{section}.{key}"] = mask_setting(key, value)
    return settings


def pip_constraints(environment: Environment, settings: Mapping[str, str], warnings: Warnings) -> dict[str, list[str]]:
    """Return the requirements in the files that pip's settings name as constraints, by path; credentials masked.

    settings are those of `pip_config`. Comments, options and files that are not there or lie at a URL are left out.
    """
    named = [value for key, value in sorted(settings.items()) if key.rpartition(".")[2] == "constraint"]
    found: dict[str, list[str]] = {}
    for path in list(dict.fromkeys(path for value in named for path in value.split()))[:_MOST_FILES]:
        text = None
        if path.startswith("/"):
            text = warnings.guard(f"pip's constraints {path}", environment.tree.text, path, _LARGEST)
        if text is not None:
            lines = (line.partition(" #")[0].strip() for line in text.splitlines())
            found[path] = [mask(line) for line in lines if line and not line.startswith(("#", "-"))]
    return found
