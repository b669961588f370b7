"""Needs that come from a git repository: the commit is fixed when planning, and nothing of it is fetched or run."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from podfit.model import Artefact, LockedPackage, Need, RefusedNeed
from podfit.model.steps import Steps, Wait

_SECONDS = 30
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SILENT = re.compile(
    r"Could not resolve host|Failed to connect|timed out|unreachable|no answer within|no network|git is not installed",
    re.I,
)
"""How it sounds when nobody answered: whether what is asked for is there is not known then."""

_REMEDIES = (
    (_SILENT, "plan again where it can be reached"),
    (
        re.compile(
            r"Authentication failed|could not read (Username|Password)|Permission denied|40[13]|terminal prompts", re.I
        ),
        "see to the access (a token for Git, an SSH key)",
    ),
    (re.compile(r"shortened commit"), "write the commit out"),
)
"""What to do about what Git says, by its words."""


@dataclass(frozen=True, slots=True)
class Repositories:
    """What became of the needs with a git URL: fixed ones by name, and those whose repository gave no commit.

    Of the latter those are open whose repository could not be asked.
    """

    fixed: dict[str, LockedPackage]
    refused: tuple[RefusedNeed, ...]


Commits = dict[tuple[str, str], tuple[str, str]]
"""What repositories answered: by address and reference the commit, or an empty text and why there is none."""


def fixed_commits(
    needs: Iterable[Need], allowed: Collection[str], *, offline: bool, known: Commits | None = None
) -> Steps[Repositories]:
    """Ask each repository (`git ls-remote`, no prompts) for the commit that its reference stands for today.

    Needs in allowed, which uv may build, are left to uv. A URL that states a whole commit is not asked about, nor is
    what known has; what is asked is put there, so that a branch that moves meanwhile is one commit for a whole plan.
    """
    known = {} if known is None else known
    fixed: dict[str, LockedPackage] = {}
    refused: list[RefusedNeed] = []
    for need in needs:
        if not need.url.startswith("git+") or ":all:" in allowed or need.name in allowed:
            continue
        base, reference, fragment = _parts(need.url)
        commit, cause = reference, ""
        if not _COMMIT.fullmatch(reference):
            if offline:
                commit, cause = "", "no network may be used"
            else:
                if (base, reference) not in known:
                    known[base, reference] = yield Wait(lambda base=base, ref=reference: _ls_remote(base, ref))  # type: ignore[misc]
                commit, cause = known[base, reference]
        if not commit:
            told = _without_secrets(base)
            text = f"the repository {told} gives no commit for {reference or 'its default branch'} ({cause}); "
            remedy = next((does for said, does in _REMEDIES if said.search(cause)), "correct the address")
            told = f"{text}{remedy}, or state a commit of 40 digits"
            refused.append(RefusedNeed(need.name, told, open=is_silent(cause)))
            continue
        url = f"git+{base}@{commit}" + (f"#{fragment}" if fragment else "")
        fixed[need.name] = LockedPackage(need.name, "", (Artefact("", url, (), "commit"),), url)
    return Repositories(fixed, tuple(refused))


def still(commits: Commits) -> bool:
    """Tell whether repositories answer as they did, or as little: each is asked again."""
    for (base, reference), (commit, cause) in commits.items():
        now, why = _ls_remote(base, reference)
        if now != commit or is_silent(why) != is_silent(cause):
            return False
    return True


def is_silent(cause: str) -> bool:
    """Tell whether a repository gave no commit because nobody answered."""
    return bool(_SILENT.search(cause))


def _parts(url: str) -> tuple[str, str, str]:
    """Return the repository, the reference (empty: its default branch) and the fragment of `git+URL@REF#FRAGMENT`."""
    parts = urlsplit(url.removeprefix("git+"))
    path, at, reference = parts.path.rpartition("@")
    if not at:
        path, reference = parts.path, ""
    return urlunsplit((parts.scheme, parts.netloc, path, parts.query, "")), reference, parts.fragment


def _ls_remote(base: str, reference: str) -> tuple[str, str]:
    """Return the commit of a reference and an empty string, or an empty one and why there is none."""
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "", "LC_ALL": "C"}
    environment.setdefault("GIT_SSH_COMMAND", "ssh -oBatchMode=yes")
    command = ["git", "-c", "protocol.ext.allow=never", "ls-remote", "--", base]
    command += [reference, f"{reference}^{{}}"] if reference else ["HEAD"]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            env=environment,
            stdin=subprocess.DEVNULL,
            cwd=os.sep,  # the settings of the repository that one happens to stand in say what Git runs, and where from
            timeout=_SECONDS,
            check=False,
        )
    except FileNotFoundError:
        return "", "git is not installed"
    except subprocess.TimeoutExpired:
        return "", f"no answer within {_SECONDS} s"
    if done.returncode:
        last = [line for line in done.stderr.splitlines() if line.strip()][-1:] or ["git ls-remote failed"]
        return "", _without_secrets(last[0].removeprefix("fatal: "))
    rows = [line.split("\t", 1) for line in done.stdout.splitlines() if "\t" in line]
    peeled = [commit for commit, name in rows if name.endswith("^{}")]
    commits = peeled or [commit for commit, _ in rows]
    if commits and _COMMIT.fullmatch(commits[0]):
        return commits[0], ""
    short = bool(re.fullmatch(r"[0-9a-f]{7,39}", reference))
    return "", "a shortened commit cannot be looked up" if short else "there is no such branch or tag"


def _without_secrets(text: str) -> str:
    """Return text without user names and passwords in its URLs."""
    return re.sub(r"://[^/@\s']+@", "://", text)
