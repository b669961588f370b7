"""Which indexes and directories of files are asked, and how uv is told."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

from podfit.fit.options import Options
from podfit.index.home import expanded
from podfit.model import (
    Evidence,
    EvidenceKind,
    InputError,
    OpenQuestion,
    Project,
    Reporter,
    SilentReporter,
    Where,
)
from podfit.readers.plain_file import exists
from podfit.solve.addresses import place, unset
from podfit.solve.settings import as_link


def with_project_indexes(options: Options, project: Project, reporter: Reporter | None = None) -> Options:
    """Return options with the indexes and links that the project's requirement files name.

    PyTorch's own wheel index is left out: what it has is the template's, and never fetched. So are directories of
    links that are not there, with a warning: pip ignores them, too. An index whose address names a variable that is
    not set is not asked, with a warning; what it was to be asked for is told with the reason.
    """
    urls = (*options.extra_index_urls, *project.index_urls)
    unasked = {place(url): f"${{{unset(url)[0]}}}, which its address holds, is not set" for url in urls if unset(url)}
    for label, reason in unasked.items():
        (reporter or SilentReporter()).warn(f"the index {label} is not asked: {reason}")
    links = [*options.find_links, *project.find_links]
    for link in project.find_links:
        if "://" not in link and not exists(expanded(link)):
            links.remove(link)
            (reporter or SilentReporter()).warn(
                f"--find-links {link} is ignored, as pip does: there is no such directory"
            )
    return replace(
        options,
        extra_index_urls=tuple(url for url in dict.fromkeys(urls) if not _is_torch_index(url) and not unset(url)),
        unasked=unasked,
        find_links=tuple(link for link in dict.fromkeys(links) if not _is_torch_index(link)),
    )


def without_place(project: Project, error: InputError) -> Project | None:
    """Return project without the index or links that an error speaks of, with a question; None for another error.

    Nobody named it in this call, so that it costs what it alone has and not the run.
    """
    from podfit.index.simple import without_credentials

    for named in (*project.index_urls, *project.find_links):
        clean = without_credentials(named)
        host = _host(clean)
        if not _is_broken(named) and not any(word and word in str(error) for word in (host, named, clean)):
            continue
        text = f"it is named as an index of packages and cannot be used: {error.message}"
        evidence = Evidence(EvidenceKind.METADATA, "the project's requirement files", clean)
        remedy = "what it alone has is not planned, and what has the same name elsewhere may be another's: see to it"
        return replace(
            project,
            index_urls=tuple(url for url in project.index_urls if url != named),
            find_links=tuple(link for link in project.find_links if link != named),
            questions=(*project.questions, OpenQuestion(clean, text, (evidence,), remedy)),
        )
    return None


def _is_torch_index(url: str) -> bool:
    """Tell whether a URL is below PyTorch's wheel index."""
    return _host(url) == "download.pytorch.org"


def _is_broken(named: str) -> bool:
    """Tell whether no request can be made from an address."""
    from podfit.index.pages import source_of

    try:
        source_of(named)
    except InputError:
        return True
    return False


def _host(url: str) -> str:
    """Return the host that a URL names, empty where there is none or the text is no URL."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def index_arguments(options: Options) -> tuple[str, ...]:
    """Return uv's options for the indexes. Raises InputError for a directory that does not exist."""
    arguments = ["--default-index", _address(options.index_url)]
    for url in options.extra_index_urls:
        arguments += ["--index", _address(url)]
    for link in options.find_links:
        arguments += ["--find-links", as_link(_address(link))]
    return tuple(arguments)


def _address(text: str) -> str:
    """Return a URL as it is and a path in full: uv runs in a directory of its own, and takes any word for a path."""
    if "://" in text:
        return text
    path = expanded(text).resolve()
    if not exists(path):
        raise InputError(
            "there is no such directory of packages",
            where=Where(text),
            remedy="name a directory, or a URL that begins with https://",
        )
    return str(path) if str(path).isprintable() else path.as_uri()  # a name that is not UTF-8, or has line breaks
