"""Each host's name is looked up once: a dozen connections at once would ask a dozen times.

The lookups go out as datagrams, and who answers names (a router at home, a container's resolver) drops some of many
that come together. A lost one alone costs five seconds (resolv.conf(5), `timeout`). So connections are made to the
address that answered the first contact; where it answers no more, the name is looked up again.
"""

from __future__ import annotations

import socket
from collections.abc import MutableMapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import urllib3

Addresses = MutableMapping[tuple[str, int], str]
"""Host (as a URL has it, lower case) and port to the address that answered there."""


def with_known_addresses(manager: urllib3.PoolManager, addresses: Addresses) -> urllib3.PoolManager:
    """Return manager, whose connections go to addresses where these have the host, and look it up elsewhere.

    What is proven to the server and checked of its certificate is the host's name as ever.
    """
    from urllib3.connection import HTTPConnection, HTTPSConnection
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
    from urllib3.exceptions import HTTPError

    class Plain(HTTPConnection):
        """A connection to an address that is known."""

        def _new_conn(self) -> socket.socket:
            place = (self.host.lower(), self.port or self.default_port)
            address = addresses.get(place)
            if address is None:
                return super()._new_conn()
            name, self._dns_host = self._dns_host, address
            try:
                return super()._new_conn()
            except HTTPError:
                pass
            finally:
                self._dns_host = name
            addresses.pop(place, None)
            return super()._new_conn()

    class Secure(Plain, HTTPSConnection):
        """The same with TLS."""

    class PlainPool(HTTPConnectionPool):
        """Connections of one host."""

        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        """The same with TLS."""

        ConnectionCls = Secure

    manager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}
    return manager
