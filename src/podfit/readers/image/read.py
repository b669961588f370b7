"""The way in: an image's name, file or directory to the manifest of the template that it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from podfit.far.probe.machine import steering_environment
from podfit.index.home import expanded
from podfit.model import Reporter, SilentReporter
from podfit.readers.image.archive import ArchiveSource, is_archive
from podfit.readers.image.errors import DamagedError, ImageError
from podfit.readers.image.facts import manifest_of
from podfit.readers.image.filesystem import FileSystem, ImageTree
from podfit.readers.image.kept import Kept
from podfit.readers.image.layer import LayerReader, Step, lay
from podfit.readers.image.layout import LayoutSource, is_layout
from podfit.readers.image.reference import SCHEME, parse_reference
from podfit.readers.image.registry import RegistrySource
from podfit.readers.image.source import Image, Source
from podfit.readers.image.store import Store

MACHINE = "x86_64"
"""The machine that an image is read for where nobody says one."""

_FILES = ("PIP_CONSTRAINT", "PIP_CONFIG_FILE", "PIP_REQUIREMENT", "PIP_BUILD_CONSTRAINT")
"""Variables of an image that name files which pip reads."""


def source_of(spec: str) -> Source | None:
    """Return the image that spec names: `docker://...`, an archive or an OCI layout; None for anything else.

    Raises InputError for a `docker://` that names no image.
    """
    if spec.startswith(SCHEME):
        return RegistrySource(parse_reference(spec))
    try:
        path: Path = expanded(spec)
        if path.is_dir():
            return LayoutSource(spec, path) if is_layout(path) else None
        return ArchiveSource(spec, path) if is_archive(path) else None
    except (OSError, ValueError, RuntimeError):
        return None


def described(source: Source, machine: str | None = None) -> tuple[Image, dict[str, str]]:
    """Return what is known of an image without its layers, and those of its variables that steer pip, uv and CUDA.

    Credentials in the variables are masked. machine (`x86_64`) picks among images for several. Raises ImageError.
    """
    try:
        image = source.image(machine or MACHINE)
    except OSError as error:
        raise ImageError(source.label, f"cannot be read: {error.strerror or error}") from None
    return image, steering_environment(image.config.variables)


def read_image(
    source: Source,
    *,
    name: str,
    machine: str | None = None,
    python: str | None = None,
    reporter: Reporter | None = None,
    kept: Kept | None = None,
) -> dict[str, Any]:
    """Return the manifest (docs/template-manifest.md) of an image; nothing of it is run, nothing written.

    machine (`x86_64`) picks among images for several, python (`3.11`) among interpreters. What was read of the digest
    before is taken from kept, without a layer being fetched again, and is put there. Raises ImageError for what cannot
    be read, is damaged or hostile, or has no Python.
    """
    reporter = reporter or SilentReporter()
    image = source.image(machine or MACHINE)
    manifest = kept.read(image, python) if kept is not None else None
    if manifest is None:
        manifest = _read(source, image, name, python, reporter)
        if kept is not None:
            kept.write(image, python, manifest)
    for warning in manifest["probe"]["warnings"]:
        reporter.warn(warning)
    return {**manifest, "name": name}


def _read(source: Source, image: Image, name: str, python: str | None, reporter: Reporter) -> dict[str, Any]:
    """Return the manifest of an image, from its layers. Raises ImageError."""
    variables = image.config.variables
    also = frozenset(path for key in _FILES for path in variables.get(key, "").split() if path.startswith("/"))
    try:
        with Store() as store:
            files, reader = FileSystem(), LayerReader(store, also)
            _lay_all(source, image, files, reader, reporter)
            tree = ImageTree(files, store)
            told = image.reference if source.label.startswith(SCHEME) else source.label
            manifest = manifest_of(image, files, tree, name=name, source=told, python=python)
            files.spend(0)  # readers go on where a file cannot be read; of a bomb nothing is to be believed
    except DamagedError as error:
        raise ImageError(source.label, str(error)) from None
    except OSError as error:
        raise ImageError(source.label, f"cannot be read: {error.strerror or error}") from None
    if manifest is None:
        which = f"no Python {python}" if python else "no Python"
        raise ImageError(source.label, f"has {which} that podfit could read (CPython with its standard library)")
    return manifest


def _lay_all(source: Source, image: Image, files: FileSystem, reader: LayerReader, reporter: Reporter) -> None:
    """Read all layers and lay one over the other; those that come too early wait. Raises DamagedError."""
    waiting: dict[int, list[Step]] = {}
    total, laid = len(image.layers), 0
    for count, (numbers, opened) in enumerate(source.layers(), 1):
        layer = image.layers[numbers[0]]
        size = f" ({layer.size / 1e6:,.0f} MB)" if layer.size >= 0 else ""
        reporter.step(f"reading layer {count} of {total}{size} of {source.label}")
        try:
            with opened as stream:
                steps = reader.read(stream, layer)
        except DamagedError as error:
            raise type(error)(f"its layer {numbers[0] + 1} of {total} cannot be used: {error}") from None
        waiting.update(dict.fromkeys(numbers, steps))
        while laid in waiting:
            lay(files, waiting.pop(laid))
            laid += 1
