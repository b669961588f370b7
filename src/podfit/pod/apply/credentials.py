"""Which indexes' credentials go along with an order: those given here, for the hosts of the plan's files."""

from __future__ import annotations

from collections.abc import Sequence

from podfit.index import default_index_urls, environment_index_urls
from podfit.index.pages import source_of
from podfit.index.transport import split_credentials


def with_credentials(given: Sequence[str]) -> list[str]:
    """Return the addresses that have a user and a password, of those given and those that variables name here.

    The variables are pip's and uv's (`podfit.index.environment_index_urls`). netrc and keyrings are for the machine's
    own uv and pip to read. Raises InputError for an address given that is none.
    """
    for url in given:
        source_of(url)
    found: list[str] = []
    for url in (*given, *environment_index_urls(), *default_index_urls()):
        try:
            if url not in found and "://" in url and split_credentials(url)[2]:
                found.append(url)
        except ValueError:  # a variable that holds no address is for others to complain about
            continue
    return found
