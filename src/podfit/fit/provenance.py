"""What a fit was made with, as its plans keep it."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from podfit import __version__
from podfit.fit.options import Options
from podfit.model import Provenance, Template
from podfit.model.choice import NEEDS
from podfit.model.provenance import shown_address

if TYPE_CHECKING:
    from podfit.index import Index
    from podfit.solve import Uv


def provenance(options: Options, template: Template, index: Index, uv: Uv) -> Provenance:
    """Return the provenance of a plan for template that was made now."""
    urls = dict.fromkeys(shown_address(url) for url in (*options.extra_index_urls, options.index_url) if url)
    return Provenance(
        podfit=__version__,
        uv=_uv_version(),
        python=platform.python_version(),
        indexes=tuple(urls),
        find_links=tuple(shown_address(link) for link in options.find_links),
        options=tuple(_words(options)),
        exclude_newer=options.exclude_newer,
        captured=template.captured,
        offline=uv.offline,
        from_cache=tuple(sorted({*uv.from_cache, *index.from_cache})),
    )


def _words(options: Options) -> Iterator[str]:
    """Yield the options that steer a plan, as the command takes them."""
    for word, names in (
        ("--extra", options.extras),
        ("--group", options.groups),
        ("--hold", options.hold),
        ("--release", options.release),
        ("--ignore", options.ignore),
    ):
        yield from (f"{word}={name}" for name in names)
    yield from [f"--prefer={options.prefer}"] * (options.prefer != NEEDS)
    yield from [f"--gpu={options.gpu}"] * bool(options.gpu)
    yield from [f"--driver={options.driver}"] * bool(options.driver)
    yield from ["--slim"] * options.slim
    yield from ["--only-imported"] * options.only_imported
    yield from ["--include-optional"] * options.include_optional


def _uv_version() -> str:
    """Return the version of the uv in podfit's own environment, empty when it has none."""
    import uv

    place = Path(uv.__file__).parent.parent  # importlib.metadata would tell the same, and take 15 ms to import
    found = [path.name.split("-")[1] for path in place.glob("uv-*.dist-info")]
    return found[0].removesuffix(".dist") if len(found) == 1 else ""
