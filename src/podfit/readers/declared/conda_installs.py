"""`conda install` lines of notebooks and Dockerfiles, as requirement lines: what conda's packages are on the index.

https://docs.conda.io/projects/conda/en/stable/commands/install.html has the options; mamba and micromamba take them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

SIGN = re.compile(r"\b(?:conda|mamba|micromamba)\s+(?:(?:-\S+|base|run)\s+)*(?:install|create)\b")
"""Words that may install with conda."""
_PROGRAM = re.compile(r"^(?:.*/)?(?:conda|mamba|micromamba)(?:\.exe)?$")
_VALUED = frozenset(
    """-c --channel -n --name -p --prefix --file -f --solver --repodata-fn --subdir --platform --clone --revision
    --experimental --download-priority --extract-threads --rc-file -r --root-prefix --category""".split()  # noqa: SIM905
)
_BEFORE = frozenset({"sudo", "env", "time", "exec", "&&", "then", "do", "yes", "$", ">"})


def specs_of(words: Sequence[str]) -> tuple[str, ...]:
    """Return the match specifications that one command of conda installs, none where it is another command."""
    start = _start(words)
    if not start:
        return ()
    found: list[str] = []
    rest = iter(words[start:])
    for word in rest:
        if word in _VALUED or re.match(r"^(?:\d|&)?>>?$", word):
            next(rest, "")
        elif not word.startswith(("-", "$", "{", ".", "/", "~")) and not re.search(
            r"[${}]|\.(?:tar\.bz2|conda)$", word
        ):
            found.append(word)
    return tuple(found)


def requirements_of(specs: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what match specifications are on the index: by names that are known, and by names that are only the same.

    What is no Python distribution, what the imports alone can tell, and what is no specification is left out.
    """
    from podfit.readers.declared import requirement as pep508
    from podfit.readers.declared.conda import specifier
    from podfit.readers.declared.conda_export import SPEC, TOOLS
    from podfit.readers.environment.conda_names import Known, known_as

    known: list[str] = []
    unsure: list[str] = []
    for text in specs:
        match = SPEC.match(text)
        if match is None or match[1].lower() in {*TOOLS, "python", "mamba", "micromamba"}:
            continue
        found = known_as(match[1])
        if found.known not in (Known.DISTRIBUTION, Known.UNSURE):
            continue
        try:
            requirement = pep508.normalized(f"{found.pypi}{specifier(match[2])}")
        except ValueError:
            continue
        (known if found.known is Known.DISTRIBUTION else unsure).append(requirement)
    return tuple(known), tuple(unsure)


def _start(words: Sequence[str]) -> int:
    """Return where the arguments of `conda install` begin, 0 when words are something else."""
    for number, word in enumerate(words[:-1]):
        if _PROGRAM.match(word):
            if not all(each in _BEFORE or "=" in each for each in words[:number]):
                return 0
            for later in range(number + 1, len(words)):
                if words[later] in ("install", "create"):
                    return later + 1
                if not words[later].startswith("-"):
                    return 0
            return 0
    return 0


def run_by(words: list[str]) -> list[str]:
    """Return the command that `conda run` starts, any other command as it is."""
    if len(words) > 2 and _PROGRAM.match(words[0]) and words[1] == "run":
        later = (number for number, word in enumerate(words) if re.match(r"^(?:.*/)?(?:pip|python|uv)[\d.]*$", word))
        return words[next(later, 0) :]
    return words
