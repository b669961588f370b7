"""What can go wrong with an index, one sentence each."""

from __future__ import annotations

from collections.abc import Sequence

from podfit.model import InputError, PodfitError


class ProjectNotFound(InputError):  # noqa: N818 - reads as the fact it states
    """None of the indexes has the project: exit code 2.

    project is its normalized name, hosts say where it was sought.
    """

    def __init__(self, project: str, hosts: Sequence[str], *, alike: Sequence[str] = ()) -> None:
        hint = f"did you mean {' or '.join(alike)}? " if alike else ""
        super().__init__(
            f"the package {project} does not exist on {' or '.join(hosts) or 'any index: none was given'}",
            remedy=f"{hint}correct its name, or name the index that has it",
        )
        self.project = project
        self.hosts = tuple(hosts)


class IndexUnreachable(InputError):  # noqa: N818
    """An index gives no usable answer and the cache has none either: exit code 2.

    host is the server's name (or a path), cause what happened there in a few words. transient tells that it may go
    away by itself, so that what the cache holds may be used in its place.
    """

    def __init__(self, host: str, cause: str, *, remedy: str = "", transient: bool = True) -> None:
        super().__init__(
            f"the package index at {host} cannot be used ({cause})",
            remedy=remedy or "check the network, the proxy variables and the index URL",
        )
        self.host = host
        self.cause = cause
        self.transient = transient


class MetadataUnknown(PodfitError):  # noqa: N818
    """A release's dependencies cannot be told without building it: exit code 2."""


class IndexTooSlow(IndexUnreachable):
    """An index sends an answer so slowly that nobody would wait for its end."""
