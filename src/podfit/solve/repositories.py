"""Needs that come from a git repository: the commit is fixed when planning, and nothing of it is fetched or run."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from podfit.index.threads import side_by_side
from podfit.model import Artefact, LockedPackage, Need, RefusedNeed
from podfit.model.steps import Steps, Wait
from podfit.solve.said import PLAN_AGAIN, SILENT, is_silent

_SECONDS = 30
_SIDE_BY_SIDE = 16
"""So many repositories are asked at the same time: each is a process of Git that waits."""

_COMMIT = re.compile(r"[0-9a-f]{40}")
_REMEDIES = (
    (SILENT, PLAN_AGAIN),
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
    """Ask the repositories (`git ls-remote`, no prompts) for the commits that references stand for today, side by side.

    Needs in allowed, which uv may build, are left to uv. A URL that states a whole commit is not asked about, nor is
    what known has; what is asked is put there, so that a branch that moves meanwhile is one commit for a whole plan.
    """
    known = {} if known is None else known
    fixed: dict[str, LockedPackage] = {}
    refused: list[RefusedNeed] = []
    of_git = [n for n in needs if n.url.startswith("git+") and ":all:" not in allowed and n.name not in allowed]
    places = [_parts(need.url)[:2] for need in of_git]
    unknown = [place for place in dict.fromkeys(places) if place not in known and not _COMMIT.fullmatch(place[1])]
    if unknown and not offline:
        answers: Commits = yield Wait(lambda: _asked(unknown))
        known.update((place, answer) for place, answer in answers.items() if place not in known)
    for need in of_git:
        base, reference, fragment = _parts(need.url)
        commit, cause = reference, ""
        if not _COMMIT.fullmatch(reference):
            if offline:
                commit, cause = "", "no network may be used"
            else:
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
    return all(
        now == commits[place][0] and is_silent(why) == is_silent(commits[place][1])
        for place, (now, why) in _asked(list(commits)).items()
    )


def _asked(places: Sequence[tuple[str, str]]) -> Commits:
    """Return what repositories answer by address and reference; a host that did not answer is not asked again."""
    unheard: dict[str, tuple[str, str]] = {}

    def one(place: tuple[str, str]) -> tuple[str, str]:
        host = urlsplit(place[0]).netloc.rpartition("@")[2]
        answer = unheard.get(host) or _ls_remote(*place)
        if host and is_silent(answer[1]):
            unheard.setdefault(host, answer)
        return answer

    return dict(zip(places, side_by_side(one, places, _SIDE_BY_SIDE, "repositories"), strict=True))


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
        return "", _without_secrets(_reason(done.stderr))
    rows = [line.split("\t", 1) for line in done.stdout.splitlines() if "\t" in line]
    peeled = [commit for commit, name in rows if name.endswith("^{}")]
    commits = peeled or [commit for commit, _ in rows]
    if commits and _COMMIT.fullmatch(commits[0]):
        return commits[0], ""
    short = bool(re.fullmatch(r"[0-9a-f]{7,39}", reference))
    return "", "a shortened commit cannot be looked up" if short else "there is no such branch or tag"


def _reason(said: str) -> str:
    """Return the line of what Git says that tells why: what ssh says first, else Git's own, else the last one.

    What follows (`Please make sure you have the correct access rights`) tells nothing.
    """
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    of_ssh = (
        line for line in lines if line.startswith("ssh: ") or re.search(r"Permission denied|Host key verif", line)
    )
    own = (line for line in lines if line.startswith(("fatal: ", "error: ", "ERROR: ", "remote: ERROR")))
    told = next(of_ssh, "") or next(own, "") or (lines[-1] if lines else "git ls-remote failed")
    return re.sub(r"^(?:fatal|error|ERROR): ", "", told)


def _without_secrets(text: str) -> str:
    """Return text without user names and passwords in its URLs."""
    return re.sub(r"://[^/@\s']+@", "://", text)
