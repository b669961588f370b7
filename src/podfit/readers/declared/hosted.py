"""What a project tells the services that host it: a Space's card of Hugging Face, and a model's cog.yaml.

Both name distributions in exact versions that the service installs before anything else, so that no requirement file
repeats them: `sdk: gradio` with `sdk_version: 4.44.0`, and cog's `python_packages`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

from podfit.readers.declared import installs
from podfit.readers.declared.installs import Installed

COG = "cog.yaml"
"""Replicate's description of a model (https://cog.run/yaml)."""
LARGEST_COG = 1 << 17
"""Characters past which a cog.yaml is none that somebody wrote."""
_CARD = re.compile(r"\A\ufeff?---[ \t]*\r?\n(?P<body>.{0,20000}?)\r?\n---[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_SDK = re.compile(r"^sdk:[ \t]*[\"']?(?P<name>[A-Za-z][\w-]{0,40})[\"']?[ \t]*\r?$", re.MULTILINE)
_VERSION = re.compile(r"^sdk_version:[ \t]*[\"']?(?P<version>\d[\w.]{0,40})[\"']?[ \t]*\r?$", re.MULTILINE)


def of_a_card(text: str) -> Iterator[Installed]:
    """Yield what the card at the head of a README asks for: a Space's SDK in the version that it names.

    An SDK without a version (docker, static) is no distribution. See
    https://huggingface.co/docs/hub/spaces-config-reference.
    """
    card = _CARD.match(text)
    sdk, version = (_SDK.search(card["body"]), _VERSION.search(card["body"])) if card else (None, None)
    if card and sdk and version:
        line = text.count("\n", 0, card.start("body") + version.start()) + 1
        yield Installed(line, (f"{sdk['name']}=={version['version']}",))


def of_cog(text: str) -> Iterator[Installed]:
    """Yield what a cog.yaml installs: its `python_packages`, and what its `run` does; nothing where it is wrong."""
    if len(text) > LARGEST_COG:
        return
    try:
        build = _entries(_entries(yaml.compose(text, Loader=yaml.SafeLoader)).get("build"))
    except (yaml.YAMLError, ValueError, RecursionError):
        return
    for item in _items(build.get("python_packages")):
        if isinstance(item, yaml.ScalarNode):
            yield Installed(item.start_mark.line + 1, (item.value.strip(),))
    for item in _items(build.get("run")):
        command = _entries(item).get("command", item)
        if isinstance(command, yaml.ScalarNode):
            yield from installs.commands(command.value, command.start_mark.line + 1)


def _entries(node: yaml.Node | None) -> dict[str, yaml.Node]:
    """Return a mapping's values by their keys, nothing for what is none."""
    pairs = node.value if isinstance(node, yaml.MappingNode) else ()
    return {key.value: value for key, value in pairs if isinstance(key, yaml.ScalarNode)}


def _items(node: yaml.Node | None) -> list[yaml.Node]:
    """Return a sequence's nodes, nothing for what is none."""
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []
