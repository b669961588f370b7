"""pip's requirement files, in every spelling that pip takes.

Logical lines and options are told apart by pip-requirements-parser, which is pip's own parser made a library. What it
leaves out is here: `${VARIABLES}`, cycles of `-r`, names for addresses and paths, and options newer than itself.
https://pip.pypa.io/en/stable/reference/requirements-file-format/ describes the format.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import Any

import pip_requirements_parser as pip

from podfit.model import Declaration, InputError
from podfit.readers.declared import requirement as pep508
from podfit.readers.declared import windows_paths
from podfit.readers.declared.discover import developers_word
from podfit.readers.declared.foreign import is_foreign, is_plain_list, other_than
from podfit.readers.declared.freeze import freeze_reason
from podfit.readers.declared.interface import OwnExtras, Reading, Source
from podfit.readers.declared.own_name import name_of_directory
from podfit.readers.declared.text import expand_variables, folded_variables
from podfit.readers.plain_file import exists, is_file

_OPTION = re.compile(r"(?:^|\s)-")
_HASH = re.compile(r"^(?:sha256|sha384|sha512):[0-9a-f]+$")
_REMOTE = re.compile(r"^(?:https?|ftp):", re.I)
_SCP = re.compile(r"^(?:git\+)?[\w.-]+@[\w.-]+:(?!//)")
_NEWER = re.compile(
    # Options of pip releases later than the parser (pip 22 to 26), each with the value that it takes.
    r"(?:^|(?<=\s))(?:(?:--config-settings?|-C)(?:=|\s+)(?:\"[^\"]*\"|'[^']*'|\S+)"
    r"|(?:--uploaded-prior-to|--all-releases|--only-final)(?:=|\s+)\S+)"
)
_NAMED_BY_VARIABLE = re.compile(r"^\s*[\w.-]*\$\{[A-Z0-9_]+\}")
"""A token that stands where a name should would be shown, and asked of an index."""
_URL_EXTRAS = re.compile(r"^(.+?)\s*\[([^\[\]]*)\]$")
LONGEST_LOGICAL_LINE = 1 << 18
"""Characters of a requirement with all its hashes, on however many lines: a thousand wheels have a third of that."""
MOST_LINES = 20_000
"""Requirements of one file: a limit that podfit sets, assumed to be far above any real list."""
_DEEPEST_INCLUDE = 50
"""Files between the first one and one that it includes."""
_NOTED = {
    "pre": "--pre asks for pre-releases; podfit takes one only where a requirement names it",
    "no_index": "--no-index is not obeyed: podfit asks the package index",
}


@dataclass(frozen=True)
class _Line:
    """One logical line: the file, the number of its first physical line, its text, and what included the file."""

    source: Source
    number: int
    text: str
    constraint: bool = False
    above: tuple[Path, ...] = ()
    written: str = ""
    """The text as it stands in the file, before variables were filled in; messages never show their values."""

    @property
    def place(self) -> str:
        """`file:line` for a notice."""
        return str(self.source.where(self.number))

    def error(self, message: str, remedy: str = "") -> InputError:
        """Return the error for this line."""
        said = (folded_variables(text, self.written) for text in (message, remedy))
        return self.source.error(next(said), self.number, next(said))

    def notice(self, reading: Reading, sentence: str) -> None:
        """Add a notice about this line to reading."""
        reading.notice(f"{self.place}: {folded_variables(sentence, self.written)}")


def read(source: Source, reading: Reading) -> None:
    """Add the requirements of source, and of the files it includes, to reading.

    Raises InputError for a line that pip would refuse, and for an included file that is not there.
    """
    _read_file(source, reading)


def read_line(source: Source, number: int, text: str, reading: Reading) -> None:
    """Add one requirement line that stands at line number of another kind of file (a conda file's `pip:` part)."""
    for _, inner, written in _split(source, text):
        with reading.tolerant():
            _read_line(_Line(source, number, inner, written=written), reading)


def _read_file(source: Source, reading: Reading, constraint: bool = False, above: tuple[Path, ...] = ()) -> None:
    here = _absolute(source.path)
    if (above or not source.named) and is_foreign(source) and not is_plain_list(source):
        with reading.tolerant():
            raise source.error(
                "it lies outside the project and is not a list of requirements alone: it is not read",
                remedy="copy into the project what it needs of it",
            )
        return
    text = source.text
    if (known := (here, source.group, constraint)) in reading.included:
        return  # a file that two others include: reading it again adds nothing
    reading.included.add(known)
    if len(above) > _DEEPEST_INCLUDE:
        raise source.error(f"is included through more than {_DEEPEST_INCLUDE} files", 0, "include it from fewer files")
    if source.shown not in reading.files:
        reading.files.append(source.shown)
    said, remedy = other_than(text)
    if said:
        with reading.tolerant():
            raise source.error(said, 1, remedy)
        return
    for count, (number, line, written) in enumerate(_split(source, text)):
        with reading.tolerant():
            if count == MOST_LINES:
                raise source.error(f"has more than {MOST_LINES} requirements; those after them are not read", number)
            _read_line(_Line(source, number, line, constraint, (*above, here), written), reading)
        if count == MOST_LINES:
            return


def _split(source: Source, text: str) -> Iterator[tuple[int, str, str]]:
    """Yield number and text of each logical line without its comment: with variables filled in, and as written."""
    try:
        lines = list(pip.preprocess(text))
    except Exception as error:
        raise source.error(f"is no requirements file: {_sentence(error)}") from None
    for entry in lines:
        if not isinstance(entry, pip.CommentLine):
            yield entry.line_number, expand_variables(entry.line), entry.line


def _read_line(line: _Line, reading: Reading) -> None:
    if len(line.text) > LONGEST_LOGICAL_LINE:
        raise line.error(
            f"{line.text[:100]!r}... goes on for over {LONGEST_LOGICAL_LINE} characters: no requirement does"
        )
    text = _NEWER.sub("", line.text).strip()
    if text != line.text.strip():
        line.notice(reading, f"settings for builds are not passed on: {_without_settings(line.text)}")
    if not text:
        return
    try:
        if not _OPTION.search(text):
            _read_requirement(line, text, reading)
        else:
            _read_options(line, text, reading)
    except InputError:
        raise
    except ValueError as error:
        raise line.error(_sentence(error)) from None
    except Exception as error:  # the parser raises what it likes; a person gets one sentence
        raise line.error(f"{line.text[:120]!r} is no line of a requirements file: {_sentence(error)}") from None


def _without_settings(text: str) -> str:
    """Return a line for a message, the values of its settings for builds left out: a token may be among them."""
    return _NEWER.sub(lambda match: re.split(r"[=\s]", match[0], maxsplit=1)[0] + "=...", text).strip()


def _read_options(line: _Line, text: str, reading: Reading) -> None:
    asked, options, rest = pip.get_line_parser()(text)
    hashes = tuple(options.hashes)
    for digest in hashes:
        if not _HASH.match(digest):
            raise line.error(f"{digest!r} is no hash that pip takes", "write --hash=sha256:DIGEST")
    if asked:
        _read_requirement(line, asked, reading, hashes)
        return
    if options.editables and rest[:1] == ["@"] and len(rest) > 1:  # -e name @ address, without quotes
        options.editables[-1] += f" @ {rest[1]}"
        rest = rest[2:]
    if rest:
        line.notice(reading, f"ignored, as pip does, for it follows an option that does not take it: {' '.join(rest)}")
    if len(options.editables) > 1:
        raise line.error("more than one -e on a line", "put each on a line of its own")
    for editable in options.editables:
        _read_editable(line, editable, reading, hashes)
    for url in filter(None, (options.index_url, *options.extra_index_urls)):
        reading.index(url)
    for place in options.find_links:
        beside = line.source.path.parent / place
        reading.links(str(_absolute(beside)) if not _REMOTE.match(place) and exists(beside) else place)
    for name, sentence in _NOTED.items():
        if getattr(options, name, None):
            line.notice(reading, sentence)
    for target in options.requirements:
        _include(line, target, reading, constraint=line.constraint)
    for target in options.constraints:
        _include(line, target, reading, constraint=True)


def _include(line: _Line, target: str, reading: Reading, *, constraint: bool) -> None:
    """Read the file that `-r target` or `-c target` names, relative to the file it stands in."""
    if _REMOTE.match(target):
        line.notice(reading, f"{target} is not fetched; download it beside the project if it matters")
        return
    path = line.source.path.parent / pep508.local_path(target)
    if not is_file(path):
        raise line.error(f"the included file {target!r} is not there", f"podfit looked for {path}")
    there = _absolute(path)
    if there in line.above:
        line.notice(reading, f"{target} is being read already; the circle ends here")
        return
    if line.source.group and not constraint and there in reading.base_files:
        return  # requirements-dev.txt includes requirements.txt: what is always needed, and read for itself
    source = Source(line.source.root, path, line.source.group, line.source.named)
    plain = not (constraint or source.named or source.group)
    if plain and (word := developers_word(path)):
        line.notice(reading, f"{target} is for who develops the project, by its name: --group {word} takes it, too")
        reading.note_group(word)
        source = Source(line.source.root, path, f"group:{word}")
    if not constraint and not source.named and (reason := freeze_reason(source.text, path, source.data)):
        reading.freeze(source, reason)
        return
    _read_file(source, reading, constraint, line.above)


def _read_editable(line: _Line, target: str, reading: Reading, hashes: tuple[str, ...]) -> None:
    if line.constraint:
        raise line.error(
            "a constraints file cannot ask for an editable install", "move the line to a requirements file"
        )
    if pip.is_name_at_url_requirement(target):
        parsed = pep508.parse(target)
        parsed.url = pep508.clean_address(parsed.url or "")
        _add(line, str(parsed), reading, hashes, editable=True)
        return
    target, marker = _without_marker(target)
    _read_address(line, target, reading, hashes, marker, editable=True)


def _read_requirement(line: _Line, text: str, reading: Reading, hashes: tuple[str, ...] = ()) -> None:
    """Add one requirement: PEP 508, or pip's bare address or path."""
    bare, marker = _without_marker(text)
    if _is_address(bare):
        _read_address(line, bare, reading, hashes, marker)
        return
    if text != line.written.strip() and _NAMED_BY_VARIABLE.match(line.written):
        raise line.error("a variable gives the name of what is asked for: no index is asked for its value", "write it")
    plain = pep508.without_idle_stars(text)
    if plain != text:
        line.notice(reading, f"{text} is read as {plain}, as old pips did; no pip of today takes it")
        text = plain
    unlimited, names = pep508.without_unset_variables(text)
    if names:
        variables = " and ".join(f"${{{name}}}" for name in names)
        line.notice(reading, f"{variables} is not set: {unlimited} is read for {text}; set it and fit again")
        text = unlimited
    free, version = pep508.without_foreign_version(text)
    if free:
        line.notice(reading, f"{version} is no version that PEP 440 knows; {free} is asked for in any version")
    parsed = pep508.parse(free or text)
    if not parsed.url:
        _add(line, str(parsed), reading, hashes)
        return
    if (there := windows_paths.on_a_drive(parsed.url)) is not None:
        _read_elsewhere(line, there, reading, parsed.name, parsed.extras, str(parsed.marker or ""))
        return
    if "://" not in parsed.url and not _SCP.match(parsed.url):  # `name @ file:dir`, and uv's `name @ ./dir`
        if not re.search(r"^file:|^\.|/", parsed.url):
            raise line.error(f"{parsed.url!r} is neither an address nor a path", "write ./ before a path")
        path = _locate(line, parsed.url, reading)
        if _is_own(line, path, parsed.extras, reading):
            return
        parsed.url = pep508.address_of(path, parsed.url)
    else:
        parsed.url = pep508.clean_address(parsed.url)
    _add(line, str(parsed), reading, hashes)


def _is_address(text: str) -> bool:
    """Tell whether text is a URL or a path, by pip's rule: a scheme, a separator, a dot in front, an archive's name."""
    if pip.is_url(text) or _SCP.match(text) or windows_paths.on_a_drive(text):
        return True
    if pip.is_name_at_url_requirement(text) or re.match(r"^[\w.\[\],\s-]+@", text):
        return False
    path = text.partition("[")[0] or text
    return "/" in path or path.startswith(".") or path.lower().endswith(pep508.ARCHIVES)


def _without_marker(text: str) -> tuple[str, str]:
    """Split `address ; marker`. In an address a `;` may stand for itself, so a space has to be beside it."""
    parts = re.split(r"\s;|;\s", text, maxsplit=1)
    return parts[0].strip(), parts[1].strip() if len(parts) > 1 else ""


def _read_address(
    line: _Line, text: str, reading: Reading, hashes: tuple[str, ...], marker: str, editable: bool = False
) -> None:
    """Add what a bare URL or path installs, under the name that it tells."""
    extras: tuple[str, ...] = ()
    if "#egg=" not in text and "&egg=" not in text and (match := _URL_EXTRAS.match(text)):
        text, extras = match.group(1), tuple(match.group(2).split(","))
    name, egg_extras = pep508.egg(text)
    extras = extras or egg_extras
    scp = _SCP.match(text)
    if scp and not text.startswith("git+"):
        text = "git+" + text
    if scp or (pip.is_url(text) and not text.lower().startswith("file:")):
        _read_remote(line, text, reading, hashes, marker, name, extras, editable)
        return
    if (there := windows_paths.on_a_drive(text)) is not None:
        _read_elsewhere(line, there, reading, name, extras, marker)
        return
    text = windows_paths.with_slashes(text)
    path = _locate(line, text, reading)
    if _is_own(line, path, extras, reading):
        return
    if not name:
        name = pep508.name_of_archive(path.name) if path.name.endswith(pep508.ARCHIVES) else ""
    if not name and not path.name.endswith(pep508.ARCHIVES):
        name, certain = name_of_directory(path)
        if name and not certain:
            line.notice(reading, f"{text} says nowhere what it is called; its directory's name is taken: {name}")
    if not name:
        line.notice(reading, f"left out, for {text} names no distribution; write NAME @ {text}")
        return
    _add(line, pep508.direct(name, pep508.address_of(path, text), extras, marker), reading, hashes, editable)


def _read_elsewhere(
    line: _Line, path: PureWindowsPath, reading: Reading, name: str, extras: Sequence[str] | set[str], marker: str
) -> None:
    """Add what a file on a drive of Windows was: its release by name, for the file is on nobody else's machine."""
    told, version = windows_paths.release_of(path.name)
    if not (name or told):
        line.notice(reading, f"left out, for {path} lies on another machine, and its name tells no distribution")
        return
    asked = pep508.parse(f"{name or told}{f'=={version}' if version else ''}{f' ; {marker}' if marker else ''}")
    asked.extras = set(extras)
    line.notice(reading, f"{path} lies on another machine, under Windows: {asked} is read for it")
    _add(line, str(asked), reading)


def _read_remote(
    line: _Line,
    url: str,
    reading: Reading,
    hashes: tuple[str, ...],
    marker: str,
    name: str,
    extras: Sequence[str],
    editable: bool,
) -> None:
    if not name:
        name, certain = pep508.guess_name(url)
        if not name:
            line.notice(reading, f"left out, for {url} names no distribution; write NAME @ {url}")
            return
        if not certain:
            line.notice(reading, f"{url} does not say what it installs; taken to be {name}")
    _add(line, pep508.direct(name, pep508.clean_address(url), extras, marker), reading, hashes, editable)


def _locate(line: _Line, text: str, reading: Reading) -> Path:
    """Return the path that text means: beside the file (uv's rule), else from the project's root (pip's usual one)."""
    path = pep508.local_path(text.partition("#")[0])
    beside, below = line.source.path.parent / path, line.source.root / path
    found = beside if exists(beside) or not exists(below) else below
    if not exists(found):
        line.notice(reading, f"{text} is not there; podfit looked for {found}")
    return found


def _is_own(line: _Line, path: Path, extras: Sequence[str] | set[str], reading: Reading) -> bool:
    """Tell whether path is the project itself; what it declares is read anyway, so only the extras are noted."""
    if _absolute(path) != _absolute(line.source.root):
        return False
    reading.own_extras.append(OwnExtras(tuple(sorted(extras)), line.source.group))
    return True


def _add(line: _Line, requirement: str, reading: Reading, hashes: tuple[str, ...] = (), editable: bool = False) -> None:
    reading.add(
        Declaration(
            requirement,
            line.source.where(line.number),
            group=line.source.group,
            hashes=hashes,
            constraint=line.constraint,
            editable=editable,
        )
    )


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links


def _sentence(error: Any) -> str:
    """Return the first line of an error's text, or its kind when it says nothing."""
    text = str(getattr(error, "msg", None) or error).strip()
    text = text.removeprefix("pip_requirements_parser: error: ")
    return text.split("\n", 1)[0].rstrip(". ") or type(error).__name__
