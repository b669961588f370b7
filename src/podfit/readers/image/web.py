"""Requests to a registry: tokens, redirects, bounds. urllib3 does the work, and is imported with the first one."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urljoin, urlsplit

from podfit.index.transport import (
    CONNECT_SECONDS,
    LEAST_RATE,
    READ_SECONDS,
    SLOW_SECONDS,
    proxy_for,
    proxy_manager,
    unreachable,
)
from podfit.index.trust import tls_context
from podfit.readers.image.credentials import Credentials, credentials_for
from podfit.readers.image.errors import ImageError
from podfit.readers.image.limits import LARGEST_DOCUMENT
from podfit.readers.image.reference import Reference, is_loopback

if TYPE_CHECKING:
    import urllib3
    from urllib3.response import BaseHTTPResponse

_MOST_REDIRECTS = 5
_LARGEST_TOKEN = 2**16
_TRIES = 3
_PARAMETER = re.compile(r'(\w+)\s*=\s*(?:"([^"]*)"|([^\s,"]+))')


class Web:
    """Gets documents and streams below one repository of a registry. label names the image in messages."""

    def __init__(self, reference: Reference, label: str) -> None:
        self.requests = 0
        self._reference = reference
        self._label = label
        self._authorization = ""
        self._credentials: Credentials | None = None
        self._pools: dict[str, urllib3.PoolManager] = {}
        self._base = f"{'http' if reference.plain else 'https'}://{reference.server}/v2/{reference.repository}/"

    def document(self, path: str, accept: str) -> tuple[bytes, Mapping[str, str]]:
        """Return a document of the repository and the answer's headers, in lower case. Raises ImageError."""
        answer = self.stream(path, {"Accept": accept})
        body = self._body(answer, LARGEST_DOCUMENT)
        return body, {key.lower(): value for key, value in answer.headers.items()}

    def stream(self, path: str, headers: Mapping[str, str]) -> BaseHTTPResponse:
        """Return the answer of the registry, or of where it leads to, its body unread. Raises ImageError."""
        answer = self._asked(path, headers)
        if answer.status == 401 and self._log_in(answer.headers.get("www-authenticate", "")):
            answer.close()
            answer = self._asked(path, headers)
        if answer.status in (200, 206):
            return answer
        answer.close()
        raise self._refused(answer.status)

    def broken(self, error: Exception | None) -> ImageError:
        """Return the error for a connection that does not hold."""
        cause = unreachable(self._reference.server, error, "").cause if error else "the connection broke off"
        return ImageError(
            self._label,
            f"the registry {self._reference.registry} cannot be used ({cause})",
            remedy="check the network, the proxy variables and the registry's name",
        )

    def hurry(self, begun: float, count: int) -> None:
        """Raise ImageError where an answer brought no more than count bytes since begun (time.monotonic)."""
        taken = time.monotonic() - begun
        if taken > SLOW_SECONDS and count < taken * LEAST_RATE:
            registry = self._reference.registry
            raise ImageError(self._label, f"{registry} sent {count} bytes in {taken:.0f} s", remedy="try again later")

    def _refused(self, status: int) -> ImageError:
        """Return the error for an answer that is none."""
        registry = self._reference.registry
        if status == 404:
            return ImageError(self._label, f"{registry} has no such image", remedy="check its name and its tag")
        if status in (401, 403):
            known = self._credentials or Credentials()
            if known.user or known.identity:
                return ImageError(self._label, f"{registry} does not take the credentials that this machine has for it")
            kept = f" (podfit does not run docker-credential-{known.helper})" if known.helper else ""
            return ImageError(
                self._label,
                f"{registry} has no such image, or shows it only to whom it knows{kept}",
                remedy=f"check the name, or log in: `docker login {registry}`, or a line in ~/.netrc",
            )
        if status == 429:
            return ImageError(
                self._label, f"{registry} answers nobody that asks so often", remedy="log in, or try again later"
            )
        return ImageError(self._label, f"{registry} answers with HTTP status {status}")

    def _asked(self, path: str, headers: Mapping[str, str]) -> BaseHTTPResponse:
        """Return the answer to a request for a path of the repository, redirects followed.

        The authorization goes to the registry alone.
        """
        url = urljoin(self._base, path)
        first = urlsplit(url).netloc
        for _ in range(_MOST_REDIRECTS + 1):
            sent = dict(headers)
            if self._authorization and urlsplit(url).netloc == first:
                sent["Authorization"] = self._authorization
            answer = self._once("GET", url, sent)
            if answer.status not in (301, 302, 303, 307, 308):
                return answer
            answer.close()
            url = self._safe(answer.headers.get("location", ""), url)
        raise ImageError(self._label, f"{self._reference.registry} leads from address to address without end")

    def _safe(self, url: str, base: str = "") -> str:
        """Return an address that the registry names, as seen from base.

        Raises ImageError for one that is not encrypted, or none.
        """
        try:
            url = urljoin(base, url)
            parts = urlsplit(url)
            host = parts.hostname
            _ = parts.port
        except ValueError:
            host = ""
        if not host or parts.scheme not in ("http", "https"):
            raise ImageError(self._label, f"{self._reference.registry} leads to something that is no address")
        if parts.scheme == "http" and not (self._reference.plain and is_loopback(parts.netloc.rpartition("@")[2])):
            raise ImageError(self._label, f"{self._reference.registry} leads to {host}, which is not encrypted")
        return url

    def _once(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> BaseHTTPResponse:
        """Return the answer to one request, its body unread."""
        import urllib3
        from urllib3.exceptions import HTTPError

        parts = urlsplit(url)
        proxy = proxy_for(parts.scheme, parts.netloc.rpartition("@")[2])
        pool = self._pools.get(proxy)
        if pool is None:
            timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
            settings: dict[str, Any] = {"timeout": timeout, "ssl_context": tls_context()}
            pool = self._pools[proxy] = proxy_manager(proxy, settings) if proxy else urllib3.PoolManager(**settings)
        sent = {"User-Agent": "podfit", "Accept-Encoding": "identity", **headers}
        failure: Exception | None = None
        for _ in range(_TRIES):
            self.requests += 1
            try:
                answer = pool.request(
                    method, url, headers=sent, body=body, redirect=False, retries=False, preload_content=False
                )
            except (HTTPError, OSError) as error:
                failure = error
                continue
            if answer.status not in (500, 502, 503, 504):
                return answer
            answer.close()
            failure = None
            status = answer.status
        if failure is not None:
            raise self.broken(failure)
        raise self._refused(status)

    def _body(self, answer: BaseHTTPResponse, most: int) -> bytes:
        """Return the body of an answer. Raises ImageError for more than most bytes."""
        from urllib3.exceptions import HTTPError

        body = bytearray()
        begun = time.monotonic()
        try:
            while chunk := answer.read1(1 << 16):
                body += chunk
                self.hurry(begun, len(body))
                if len(body) > most:
                    answer.close()
                    raise ImageError(
                        self._label, f"{self._reference.registry} sends a document of more than {most} bytes"
                    )
        except (HTTPError, OSError) as error:
            raise self.broken(error) from None
        answer.release_conn()
        return bytes(body)

    def _log_in(self, challenge: str) -> bool:
        """Do what a challenge asks for (RFC 7235); tell whether it is worth while to ask again.

        `Basic` wants user and password, `Bearer` a token that another address gives to whom it knows, or to anybody.
        """
        if self._credentials is None:
            self._credentials = credentials_for(self._reference.registry)
        known = self._credentials
        kind, _, rest = challenge.strip().partition(" ")
        if kind.lower() == "basic":
            self._authorization = _basic(known)
            return bool(self._authorization)
        if kind.lower() != "bearer":
            return False
        parameters = {name.lower(): quoted or bare for name, quoted, bare in _PARAMETER.findall(rest)}
        token = self._token(parameters, known)
        self._authorization = f"Bearer {token}"
        return True

    def _token(self, parameters: Mapping[str, str], known: Credentials) -> str:
        """Return the token that a challenge asks for. Raises ImageError when there is none to be had."""
        registry = self._reference.registry
        realm = self._safe(parameters.get("realm", ""))
        scope = parameters.get("scope") or f"repository:{self._reference.repository}:pull"
        asked = {"service": parameters.get("service", ""), "scope": scope}
        if known.identity:
            form = {"grant_type": "refresh_token", "refresh_token": known.identity, "client_id": "podfit", **asked}
            kind = {"Content-Type": "application/x-www-form-urlencoded"}
            answer = self._once("POST", realm, kind, urlencode(form).encode("ascii"))
        else:
            basic = _basic(known)
            url = f"{realm}{'&' if urlsplit(realm).query else '?'}{urlencode(asked)}"
            answer = self._once("GET", url, {"Authorization": basic} if basic else {})
        if answer.status != 200:
            answer.close()
            raise self._refused(answer.status)
        try:
            found = json.loads(self._body(answer, _LARGEST_TOKEN))
            token = found.get("token") or found.get("access_token")
        except (ValueError, AttributeError, RecursionError):
            token = None
        if not isinstance(token, str) or not re.fullmatch(r"[\x21-\x7e]+", token):
            raise ImageError(self._label, f"{registry} asks for a token, and none is to be had where it says")
        return token


def _basic(known: Credentials) -> str:
    """Return the header's value for a user and a password, empty for none."""
    if not known.user or not known.password:
        return ""
    from urllib3 import make_headers

    return str(make_headers(basic_auth=f"{known.user}:{known.password}")["authorization"])
