"""Requests to package indexes: pools, proxies, credentials, retries and short limits; urllib3 does the work.

urllib3 is imported when the first request is made.
"""

from __future__ import annotations

import os
import re
import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit, urlunsplit

from podfit.index.errors import IndexTooSlow, IndexUnreachable
from podfit.index.lookups import Addresses, with_known_addresses
from podfit.index.simple import without_credentials

if TYPE_CHECKING:
    from ssl import SSLContext

    import urllib3

CONNECT_SECONDS = 4.0
"""How long one address may take to accept a connection."""
FIRST_CONTACT_SECONDS = 8.0
"""How long a host's first contact may take in all, the name lookup included, which has no limit of its own."""
_JOINED_AFTER_SECONDS = (1.2, 3.0)
READ_SECONDS = 15.0
"""How long a server may stay silent in the middle of an answer."""
SLOW_SECONDS = 10.0
LEAST_RATE = 1024
"""Bytes a second that an answer must bring, once it took longer than SLOW_SECONDS."""
ATTEMPTS = 4
_BACKOFF_SECONDS = 0.3
_LONGEST_PAUSE_SECONDS = 10.0
_DOWN_SECONDS = 30.0
_TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 522, 524})
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Reply:
    """A server's answer. headers have lower-case names; url is the final one, without credentials."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


class TooLargeError(Exception):
    """An answer is longer than its reader wants to hold."""


class Transport:
    """Gets bytes over HTTP, from many threads at once.

    credentials maps a host (`host:port` where the URL names a port) to the user and password of the index there;
    for other hosts netrc is asked. requests and received count requests and bytes of bodies so far.
    """

    def __init__(self, credentials: Mapping[str, tuple[str, str]] | None = None) -> None:
        self.requests = 0
        self.received = 0
        self._credentials = dict(credentials or {})
        self._lock = threading.Lock()
        self._pools: dict[str, urllib3.PoolManager] = {}
        self._contacts: dict[tuple[str, int], threading.Lock] = {}
        self._addresses: Addresses = {}
        self._down: dict[tuple[str, int], tuple[float, IndexUnreachable]] = {}
        self._context: SSLContext | None = None
        self._proxies: dict[tuple[str, str], str] = {}

    def trust(self, host: str, credentials: tuple[str, str]) -> None:
        """Ask a host with a user and a password from now on."""
        with self._lock:
            self._credentials[host] = credentials

    @property
    def guarded(self) -> frozenset[str]:
        """The hosts that were asked with a user and a password, wherever these came from."""
        with self._lock:
            return frozenset(host for host, pair in self._credentials.items() if any(pair))

    def get(
        self, url: str, headers: Mapping[str, str] | None = None, *, limit: int | None = None, tries: int = ATTEMPTS
    ) -> Reply:
        """Return the answer to a GET of url, redirects followed; any status that is not transient is an answer.

        limit is the most bytes of a body to take (TooLargeError past it). Transient failures are tried again with
        growing pauses, at most tries times. Raises IndexUnreachable when no answer came.
        """
        import urllib3
        from urllib3.exceptions import HTTPError

        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        proxy = self._proxies.get((parts.scheme, host))
        if proxy is None:  # the environment is read once per host: it is slow, and does not change
            proxy = self._proxies[parts.scheme, host] = proxy_for(parts.scheme, host)
        contact = self._first_contact(proxy or url, _label(host, proxy))
        sent = {"User-Agent": "podfit", "Accept-Encoding": "identity", **(headers or {}), **self._authorization(host)}
        for attempt in range(1, tries + 1):
            try:
                reply = self._once(url, sent, proxy, limit)
            except (HTTPError, OSError) as error:
                failure = unreachable(host, error, proxy)
                if not failure.transient or attempt == tries:
                    if isinstance(error, urllib3.exceptions.MaxRetryError):
                        self._mark_down(contact, failure)
                    raise failure from None
                pause = _BACKOFF_SECONDS * 2 ** (attempt - 1)
            else:
                if reply.status not in _TRANSIENT:
                    return reply
                if attempt == tries:
                    raise IndexUnreachable(host, status_text(reply.status), remedy="try again later")
                pause = max(_BACKOFF_SECONDS * 2 ** (attempt - 1), _retry_after(reply.headers))
            time.sleep(min(pause, _LONGEST_PAUSE_SECONDS))
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _once(self, url: str, headers: Mapping[str, str], proxy: str, limit: int | None) -> Reply:
        """Make one request and read its body."""
        from urllib3 import Retry

        redirects = Retry(total=None, connect=0, read=0, status=0, other=0, redirect=6)
        with self._lock:
            self.requests += 1
        pool = self._pool(proxy)
        answer = pool.request("GET", url, headers=dict(headers), retries=redirects, preload_content=False)
        try:
            lowered = {key.lower(): value for key, value in answer.headers.items()}
            length = lowered.get("content-length", "")
            if limit is not None and length.isdigit() and int(length) > limit:
                raise TooLargeError(f"{length} bytes")
            body = bytearray()
            begun = time.monotonic()
            # read1 returns what has come; stream would wait for a whole chunk, byte by byte.
            while chunk := answer.read1(_CHUNK, decode_content=True):
                body += chunk
                taken = time.monotonic() - begun
                if taken > SLOW_SECONDS and len(body) < taken * LEAST_RATE:
                    host = urlsplit(url).netloc.rpartition("@")[2]
                    raise IndexTooSlow(host, f"it sent {len(body)} bytes in {taken:.0f} s")
                if limit is not None and len(body) > limit:
                    raise TooLargeError(f"more than {limit} bytes")
            with self._lock:
                self.received += len(body)
        except BaseException:
            answer.close()  # the rest of the body is unread: the connection cannot be used again
            raise
        answer.release_conn()
        final = answer.url or url
        return Reply(answer.status, lowered, bytes(body), without_credentials(final if "://" in final else url))

    def _pool(self, proxy: str) -> urllib3.PoolManager:
        """Return the connections that go through proxy, or directly where it is empty."""
        import urllib3

        with self._lock:
            pool = self._pools.get(proxy)
            if pool is None:
                if self._context is None:
                    from podfit.index.trust import tls_context

                    self._context = tls_context()
                settings: dict[str, Any] = {
                    "num_pools": 16,
                    "maxsize": 32,
                    "timeout": urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
                    "ssl_context": self._context,
                }
                pool = proxy_manager(proxy, settings) if proxy else urllib3.PoolManager(**settings)
                self._pools[proxy] = with_known_addresses(pool, self._addresses)
        return pool

    def _first_contact(self, url: str, label: str) -> tuple[str, int]:
        """Make sure that a host can be reached, the first time it is asked for, within FIRST_CONTACT_SECONDS.

        A name lookup cannot be interrupted, so that it runs in a thread of its own which nobody waits for longer.
        Hosts that failed are not tried again for half a minute: nine hundred projects would each wait. Raises
        IndexUnreachable.
        """
        parts = urlsplit(url)
        try:
            contact = (parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))
        except ValueError as error:
            raise IndexUnreachable(label, str(error).lower(), remedy="correct the URL", transient=False) from None
        if contact in self._addresses:
            return contact
        with self._lock:
            lock = self._contacts.setdefault(contact, threading.Lock())
        with lock:
            if contact in self._addresses:
                return contact
            down = self._down.get(contact)
            if down is not None and time.monotonic() - down[0] < _DOWN_SECONDS:
                raise IndexUnreachable(label, down[1].cause, remedy=down[1].remedy)
            found = _try_contact(*contact)
            if isinstance(found, Exception):
                down_now = unreachable(label, found, "")
                self._mark_down(contact, down_now)
                raise down_now
            self._addresses[contact] = found
        return contact

    def _mark_down(self, contact: tuple[str, int], failure: IndexUnreachable) -> None:
        """Remember that a host cannot be reached."""
        self._down[contact] = (time.monotonic(), failure)
        self._addresses.pop(contact, None)

    def _authorization(self, host: str) -> dict[str, str]:
        """Return the header that proves who asks, for a host; empty where nothing is known."""
        with self._lock:
            if host not in self._credentials:
                self._credentials[host] = from_netrc(host)
            user, password = self._credentials[host]
        if not user and not password:
            return {}
        from urllib3 import make_headers

        return {key: str(value) for key, value in make_headers(basic_auth=f"{user}:{password}").items()}


def _label(host: str, proxy: str) -> str:
    """Return how messages name a host that is reached through proxy, if any."""
    return f"{host} through the proxy {split_credentials(proxy)[1]}" if proxy else host


def split_credentials(url: str) -> tuple[str, str, tuple[str, str] | None]:
    """Return a URL without its credentials, its host, and the credentials (user, password) where it has them."""
    parts = urlsplit(url)
    userinfo, at, host = parts.netloc.rpartition("@")
    if not at:
        return url, host, None
    user, _, password = userinfo.partition(":")
    return urlunsplit(parts._replace(netloc=host)), host, (unquote(user), unquote(password))


def status_text(status: int) -> str:
    """Return `HTTP status 503 Service Unavailable`."""
    from http import HTTPStatus

    try:
        return f"HTTP status {status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"HTTP status {status}"


def _try_contact(host: str, port: int) -> Exception | str:
    """Connect to host and hang up; return the address that answered, or what went wrong.

    A try that is slow is joined by another, as a lost packet of a name lookup alone costs five seconds; a try that
    fails at once is repeated after a pause. Whichever connects first counts.
    """
    outcomes: SimpleQueue[Exception | str] = SimpleQueue()

    def connect() -> None:
        try:
            with socket.create_connection((host, port), timeout=CONNECT_SECONDS) as connection:
                outcomes.put(str(connection.getpeername()[0]))
        except (OSError, UnicodeError) as error:  # UnicodeError: a host name that IDNA cannot encode
            outcomes.put(error)

    failure: Exception = TimeoutError()
    running = 0
    begun = time.monotonic()
    for number, until in enumerate((*_JOINED_AFTER_SECONDS, FIRST_CONTACT_SECONDS)):
        threading.Thread(target=connect, name=f"first contact of {host}", daemon=True).start()
        running += 1
        while running:
            try:
                outcome = outcomes.get(timeout=max(0.0, begun + min(until, FIRST_CONTACT_SECONDS) - time.monotonic()))
            except Empty:
                break
            if isinstance(outcome, str):
                return outcome
            running -= 1
            failure = outcome
            if isinstance(outcome, UnicodeError) or getattr(outcome, "errno", None) == socket.EAI_NONAME:
                return outcome
        if not running and number < len(_JOINED_AFTER_SECONDS):
            time.sleep(_BACKOFF_SECONDS * 2**number)
    return failure


def proxy_for(scheme: str, host: str) -> str:
    """Return the proxy that the environment names for a host, with its credentials; empty for none."""
    from urllib.request import getproxies, proxy_bypass

    proxies = getproxies()
    proxy = proxies.get(scheme) or proxies.get("all") or ""
    if not proxy or proxy_bypass(host):
        return ""
    proxy = proxy if "://" in proxy else f"http://{proxy}"
    spoken = urlsplit(proxy).scheme
    if spoken not in ("http", "https"):
        raise IndexUnreachable(
            _label(host, proxy),
            f"podfit does not speak {spoken}",
            remedy="name an HTTP proxy in HTTPS_PROXY, or except the index with NO_PROXY",
            transient=False,
        )
    return proxy


def proxy_manager(proxy: str, settings: dict[str, Any]) -> urllib3.PoolManager:
    """Return the connections of a proxy."""
    import urllib3

    clean, _, credentials = split_credentials(proxy)
    headers = urllib3.make_headers(proxy_basic_auth=":".join(credentials)) if credentials else None
    return urllib3.ProxyManager(clean, proxy_headers=headers, **settings)


def from_netrc(host: str) -> tuple[str, str]:
    """Return the user and password that netrc has for a host; empty ones where it has none."""
    from netrc import NetrcParseError, netrc

    try:
        entry = netrc(os.environ.get("NETRC")).authenticators(host.partition(":")[0])
    except (OSError, NetrcParseError, UnicodeDecodeError):  # absent, or not written for us: others complain about it
        return "", ""
    return (entry[0] or "", entry[2] or "") if entry else ("", "")


def _retry_after(headers: Mapping[str, str]) -> float:
    """Return the seconds that a server asks to wait, 0 when it does not say."""
    value = headers.get("retry-after", "")
    return float(value) if value.isdigit() else 0.0


def unreachable(host: str, error: Exception, proxy: str) -> IndexUnreachable:
    """Return the sentence for a failed request."""
    from urllib3 import exceptions as http

    if isinstance(error, IndexUnreachable):
        return error
    reason: object = error
    while isinstance(reason, (http.MaxRetryError, http.ProxyError)):
        through = isinstance(reason, http.ProxyError)
        inner = reason.original_error if isinstance(reason, http.ProxyError) else reason.reason
        if through and proxy:
            host = _label(host, proxy)
        if inner is None:
            break
        reason = inner
    cause = _cause(reason)
    tls = isinstance(reason, http.SSLError) or "certificate" in cause.lower()
    remedy = "check the clock and the trusted certificates (SSL_CERT_FILE)" if tls else ""
    endless = isinstance(reason, http.ResponseError)
    return IndexUnreachable(host, cause, remedy=remedy, transient=not (tls or endless))


def _cause(reason: object) -> str:
    """Return in a few words why a request failed."""
    from urllib3 import exceptions as http

    if isinstance(reason, (http.NameResolutionError, socket.gaierror)):
        return "its name cannot be resolved (DNS)"
    if isinstance(reason, http.ReadTimeoutError):
        return f"it said nothing for {READ_SECONDS:.0f} s"
    if isinstance(reason, (http.ConnectTimeoutError, TimeoutError)) and not isinstance(reason, http.NewConnectionError):
        return "no connection in time"
    if isinstance(reason, http.ProtocolError):
        return "the connection broke off"
    if isinstance(reason, http.SSLError):
        return f"TLS: {_plain(str(reason))}"
    if isinstance(reason, http.NewConnectionError):
        origin = reason.__cause__ or reason.__context__
        return _cause(origin) if isinstance(origin, OSError) else "no connection"
    if isinstance(reason, OSError) and reason.strerror:
        return _plain(reason.strerror)
    return _plain(str(reason)) or type(reason).__name__


def _plain(text: str) -> str:
    """Return a library's message without its decoration, in lower case at the front."""
    text = re.sub(r"^\[[A-Z0-9: _]+\]\s*", "", text.strip("()'\" ,")).split(" (_ssl.c")[0].rstrip(" .")
    return text[:1].lower() + text[1:] if text[1:2].islower() else text
