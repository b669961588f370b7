"""Whose certificates are trusted: the system's, and those of the variables that pip reads."""

from __future__ import annotations

import os
import ssl
import sys

from podfit.index.errors import IndexUnreachable

_BUNDLES = ("PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


def tls_context() -> ssl.SSLContext:
    """Return the TLS settings: the system's trusted certificates, and those of the variables that pip reads.

    SSL_CERT_FILE and SSL_CERT_DIR are OpenSSL's own variables and count by themselves.
    """
    context = _system_context()
    for variable in _BUNDLES:
        bundle = os.environ.get(variable, "")
        try:
            if os.path.isfile(bundle):  # noqa: PTH113 - an empty variable is no path
                context.load_verify_locations(cafile=bundle)
        except (OSError, ssl.SSLError) as error:
            raise IndexUnreachable(bundle, f"the certificates of {variable} cannot be read: {error}") from None
    return context


def _system_context() -> ssl.SSLContext:
    """Return TLS settings with the system's trusted certificates.

    Where OpenSSL finds the system's bundle by itself it is read once; truststore, for all other systems, reads its
    certificates again for each connection (60 ms of the processor on Linux) and makes connections one after the other.
    """
    if sys.platform.startswith("linux") and ssl.get_default_verify_paths().cafile:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.set_default_verify_paths()
        return context
    import truststore

    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
