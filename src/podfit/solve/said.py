"""What uv says where it has no answer: a refusal, a package that is not there, an index that cannot be reached."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from packaging.requirements import Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from podfit.model import canonical
from podfit.solve.addresses import place

_UNREACHABLE = re.compile(
    r"error sending request|dns error|failed to lookup|Connection refused|timed out|Network unreachable|"
    r"Failed to fetch|Request failed after",
    re.IGNORECASE,
)
NOT_FOUND = re.compile(
    r"([A-Za-z0-9][A-Za-z0-9._-]{0,127}) was not found in (?:the package registry|the provided package)"
)
DENIED = re.compile(r"(?:An index URL \((?P<url>[^\s)]+)\).*)?(?P<status>40[13] (?:Unauthorized|Forbidden))")
NOT_CACHED = re.compile(r"the network was disabled|was not found in the cache|Network connectivity is disabled")


SILENT = re.compile(
    r"(?:Could not|cannot be) resolved?\b|name resolution|failed to lookup|dns error|Failed to connect|"
    r"Connection (?:refused|reset)|"
    r"no connection|connection broke off|timed out|time ?out|unreachable|no answer within|said nothing for|no network|"
    r"git is not installed|certificate|\bSSL|\bTLS|Empty reply|error sending request|"
    r"HTTP status server error|returned error: 5\d\d|429 Too Many Requests|returned error: 429",
    re.I,
)
"""How it sounds when nobody could be asked: whether what is asked for is there is not known then."""
PLAN_AGAIN = "plan again where it can be reached"
"""What to do about that."""


def is_silent(cause: str) -> bool:
    """Tell whether a repository or an address gave nothing because nobody could be asked."""
    return bool(SILENT.search(cause))


NO_ADDRESS = re.compile(r"not a valid Uri|uri too long", re.IGNORECASE)
"""How it sounds when a name that something requires makes no address: the network has no part in it."""
CRASHED = re.compile(r"overflowed its stack|panicked at |memory allocation of \d+ bytes failed")
"""How it sounds when what is read breaks uv itself."""
_THREAD = re.compile(r"thread '[^']*'(?: \(\d+\))?")
_ENDLESS = re.compile(r"([^\s/`]{100})[^\s`]{200,}")


def is_refusal(text: str) -> bool:
    """Tell whether uv says that there is no solution."""
    return "No solution found" in text


def unbuilt(text: str) -> tuple[str, ...]:
    """Return the distributions that uv says it may not build, normalized."""
    hints = re.findall(r"hint: Wheels are required for ([^\n]*?) because building from source is disabled", text)
    return tuple(dict.fromkeys(canonical(name) for hint in hints for name in re.findall(r"`([^`]+)`", hint)))


def is_unreachable(text: str) -> bool:
    """Tell whether uv failed because of the network."""
    return bool(_UNREACHABLE.search(text)) and "does not exist" not in text and not NO_ADDRESS.search(text)


UNRESOLVED = "uv could not resolve the requirements: "
"""How an error begins that is no refusal and none of the network's: something that was answered cannot be used."""


def explanation(text: str) -> str:
    """Return uv's explanation on one line, without its decoration and hints."""
    body = text.partition("\nhint:")[0].partition("\n      hint:")[0]
    lines = [re.sub(r"^(error:|cause:|[×╰─▶│├]+)\s*", "", line.strip(" │├╰─▶×")).strip() for line in body.splitlines()]
    kept = [line for line in lines if line.strip("^ ") and not line.startswith("No solution found")]
    said = re.sub(r" in `requirements\.in` at position \d+", "", " ".join(" ".join(kept).split()))
    return _ENDLESS.sub(r"\1...", _THREAD.sub("a thread", said))


def unreachable_host(text: str) -> str:
    """Return the host that uv names in an error about the network, empty when it names none."""
    found = re.search(r"https?://[^\s`'\"]+", text)
    return host_of(found.group(0)) if found else ""


def host_of(url: str) -> str:
    """Return the host of an address without user and password, empty for a text that is none."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2]
    except ValueError:  # an open bracket: uv quotes what others wrote
        return ""


def unreachable(text: str, arguments: Sequence[str]) -> str:
    """Return one sentence about an index that cannot be reached; arguments are uv's options that name indexes."""
    found = re.search(r"https?://[^\s`'\"]+", text)
    host = unreachable_host(text)
    if found and host not in index_label(arguments).split(" or "):
        what = found.group(0) if "@" not in found.group(0) else host
    else:
        what = f"the package index at {host or index_label(arguments)}"
    causes = re.findall(r"cause: (.+)", text) or text.strip().splitlines()
    return f"{what} cannot be reached ({causes[-1].strip() if causes else 'no reason given'})"


def index_label(arguments: Sequence[str]) -> str:
    """Return for people, without credentials, the indexes that uv's options name."""
    pairs = itertools.pairwise(arguments)
    urls = [value for option, value in pairs if option in ("--default-index", "--index")]
    return " or ".join(dict.fromkeys(map(place, urls))) or "PyPI"


def asked_for(name: str, message: str, requirements: Iterable[str]) -> list[str]:
    """Return the specifiers with which name is asked for, in requirements and in uv's explanation."""
    found: dict[str, None] = {}
    for line in requirements:
        requirement = Requirement(line)
        if canonical(requirement.name) == name:
            found[str(requirement.specifier)] = None
    exact = [text for text in found if is_exact(text)]
    for text in re.findall(rf"(?<![\w.-]){re.escape(name)}(?:\[[^\]]*\])?((?:[<>=!~]=?=?[\w.+!*-]+,?)+)", message):
        try:
            found[str(SpecifierSet(text.rstrip(",.")))] = None
        except InvalidSpecifier:
            continue
    depended = re.findall(rf"depends? on {re.escape(name)}(==[\w.+!-]*\w)", message)
    return exact or depended or [text for text in found if not text.startswith("==")] or list(found) or [""]


def is_exact(specifier: str) -> bool:
    """Tell whether a specifier is a single pin (`==1.2`, `==1.*`)."""
    return specifier.startswith("==") and "," not in specifier
