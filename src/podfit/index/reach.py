"""Which of some addresses give nothing: asked side by side, for whoever found that one of them does not."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from podfit.index.errors import IndexUnreachable
from podfit.index.threads import side_by_side
from podfit.index.transport import TooLargeError, Transport, status_text

_THREADS = 32
_LIMIT = 1 << 16
_GONE = frozenset({404, 410})


def silent(transport: Transport, urls: Iterable[str]) -> dict[str, str]:
    """Return the addresses that nobody answers or that are not there, each with why; a byte of each is asked for once.

    Of what is not http or https nothing is said, and nothing of what an answer means but that there is none.
    """

    def cause(url: str) -> str:
        try:
            reply = transport.get(url, {"Range": "bytes=0-0"}, limit=_LIMIT, tries=1)
        except TooLargeError:
            return ""
        except IndexUnreachable as error:
            return error.cause
        return status_text(reply.status) if reply.status in _GONE else ""

    asked = [url for url in dict.fromkeys(urls) if urlsplit(url).scheme in ("http", "https")]
    found = side_by_side(cause, asked, _THREADS, "addresses")
    return {url: why for url, why in zip(asked, found, strict=True) if why}
