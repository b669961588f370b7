"""What rows on indexes, repositories, archives and tools are filled with: who refused, and what is missing."""

from __future__ import annotations

import re

from podfit.diagnose.reading import Reading
from podfit.diagnose.tracebacks import Raised
from podfit.far.symptoms import Hit
from podfit.model import canonical
from podfit.model.words import shortened

_Fields = dict[str, str]
_PIPS_OWN = re.compile(r"pip[\\/]_(?:internal|vendor)[\\/]")
_LISTED = re.compile(r"^\s*-\s+(?P<wanted>[A-Za-z0-9_][^\s,]{0,100})\s*$")
_SATISFIED = r"Requirement already satisfied: {name}(?:[\[<>=!~ ;].{{0,200}})? in (?P<place>\S{{1,300}})"
_NETWORK = ("network", "certificate-not-trusted", "proxy-refuses", "host-not-resolved")
_FOUND_NOTHING = re.compile(
    r"satisfies the requirement (?P<wanted>[A-Za-z0-9][\w.-]*).{0,200}\(from versions: none\)|"
    r"No matching distribution found for (?P<none>[A-Za-z0-9][\w.-]*)"
)
_DATE = re.compile(r"has expired|not yet valid|NotValidYet|: Expired\b")
_NAME = re.compile(r"[Hh]ostname mismatch|NotValidForName|doesn't match|not valid for")
_SHOWN = 4
"""So many of the names that conda lists are told."""


def index_fields(fields: _Fields, hit: Hit, reading: Reading, one: Raised | None) -> None:
    """Whom a row on indexes and tools speaks of: the first of its groups that the line fills."""
    fields["of_pip"] = "yes" if _is_pips(fields, one) else ""
    fields["index_host"] = _first(fields, "host", "from", "at")
    fields["refused_with"] = _first(fields, "code", "got", "why", "wrong")
    place = _first(fields, "host", "place", "missing")
    fields["git_place"] = f" ({place})" if place else ""
    fields["reference"] = _first(fields, "ref", "remote", "branch", "tree", "commit")
    fields["image_named"] = _first(fields, "image", "denied") or (
        fields.get("wanted", "") if hit.row["id"] == "image-not-found" else ""
    )
    fields["apt_named"] = _first(fields, "apt", "gone")
    fields["not_project"] = _first(fields, "directory", "editable", "named")
    fields["hashed"] = f" for {fields['wanted']}" if fields.get("wanted") else ""
    fields["index_told"] = _first(fields, "torch_index", "host")
    fields["gfx_told"] = f" ({fields['arch']})" if fields.get("arch", "").startswith("gfx") else ""
    fields["asked_words"] = " ".join(f"{name}{limit}" for name, limit in reading.asked.items())
    if hit.row["id"] in _NETWORK:
        _network(fields, hit, reading)
    if hit.row["id"] == "conda-has-not":
        listed = _conda_list(hit, reading)
        fields["conda_missing"] = shortened(listed, _SHOWN) if listed else fields.get("wanted", "")
        fields["conda_builds"] = "yes" if any(each.replace("==", "=").count("=") > 1 for each in listed) else ""


def _network(fields: _Fields, hit: Hit, reading: Reading) -> None:
    """What is wrong with a certificate or a proxy, and what pip found nothing of because of it."""
    text = reading.lines[hit.line].text
    fields["certificate_date"] = "yes" if _DATE.search(text) else ""
    fields["certificate_name"] = "yes" if _NAME.search(text) else ""
    fields["proxy_wants_user"] = "yes" if fields.get("wants") or fields.get("code") == "407" else ""
    for line in reading.lines[hit.line + 1 : hit.line + 13]:
        if "(from versions: " in line.text and "(from versions: none)" not in line.text:
            return
        found = _FOUND_NOTHING.search(line.text)
        if found:
            wanted = canonical(found["wanted"] or found["none"])
            fields["follows"] = f"; that pip found no version of {wanted} follows from that"
            return


def already_there(fields: _Fields, reading: Reading) -> None:
    """Tell where pip says that a distribution is which the Python that runs does not have."""
    name = fields.get("distribution", "")
    if not name:
        return
    pattern = re.compile(_SATISFIED.format(name=re.sub("[-_.]", "[-_.]", re.escape(name).replace(r"\-", "-"))), re.I)
    for line in reading.lines:
        found = pattern.search(line.text) if "already satisfied" in line.text else None
        if found:
            fields["already_in"] = found["place"].rstrip("(")
            return


def _is_pips(fields: _Fields, one: Raised | None) -> bool:
    """Tell whether pip's own code raised an exception, or a line speaks of a wheel that it reads."""
    frames = one.frames if one is not None else ()
    return bool(fields.get("wheel")) or any(_PIPS_OWN.search(frame.path) for frame in frames)


def _first(fields: _Fields, *names: str) -> str:
    """Return the first of some fields that holds something."""
    return next((fields[name] for name in names if fields.get(name)), "")


def _conda_list(hit: Hit, reading: Reading) -> list[str]:
    """Return what stands below conda's words, each with a dash."""
    found: list[str] = []
    for line in reading.lines[hit.line + 1 : hit.line + 60]:
        listed = _LISTED.match(line.text)
        if listed:
            found.append(listed["wanted"])
        elif (found and not line.text.strip()) or line.text.strip():
            break
    return found


def removed(fields: _Fields) -> str:
    """Return the distribution that could not be taken out, by whichever of its rows' groups."""
    name = _first(fields, "name", "plain", "uv")
    return canonical(name) if name else ""
