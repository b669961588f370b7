"""A small world to fit in: wheels in a directory, projects, templates that are given as objects."""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import json
import threading
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from podfit.fit.options import Options
from podfit.fit.session import fit_templates
from podfit.index import Index
from podfit.model import (
    Action,
    Declaration,
    Distribution,
    Evidence,
    EvidenceKind,
    ImportSite,
    Interpreter,
    LocalEnvironment,
    Origin,
    Plan,
    Platform,
    Project,
    Template,
    Where,
)
from podfit.solve import Uv

EVIDENCE = Evidence(EvidenceKind.METADATA, "pyproject.toml:7")


def template(name: str, distributions: Mapping[str, tuple[str, Sequence[str]]], python: str = "3.11.9") -> Template:
    """Return a template of {name: (version, requires)}."""
    found = {n: Distribution(n, v, EVIDENCE, tuple(lines)) for n, (v, lines) in distributions.items()}
    return Template(name, Interpreter(python), Platform(), found, Origin.GIVEN, EVIDENCE)


def project(*requirements: str) -> Project:
    """Return a project that declares these requirements and imports nothing."""
    declared = tuple(
        Declaration(line, Where("requirements.txt", number)) for number, line in enumerate(requirements, 1)
    )
    return Project("/project", "example", (), declared, None)


def wheels(folder: Path, releases: Mapping[tuple[str, str], Sequence[str]], tags: Sequence[str] = ()) -> Path:
    """Write a directory of wheels: {(name, version): requires}; tags are further files of each release."""
    folder.mkdir(parents=True, exist_ok=True)
    for (name, version), requires in releases.items():
        for tag in ("py3-none-any", *tags):
            stem = f"{name.replace('-', '_')}-{version}"
            metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
            metadata += "".join(f"Requires-Dist: {line}\n" for line in requires)
            with zipfile.ZipFile(folder / f"{stem}-{tag}.whl", "w") as wheel:
                wheel.writestr(f"{name.replace('-', '_')}.py", "")
                wheel.writestr(f"{stem}.dist-info/METADATA", metadata)
                wheel.writestr(f"{stem}.dist-info/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n")
                wheel.writestr(f"{stem}.dist-info/RECORD", "")
    return folder


def refill(folder: Path, stem: str, files: Mapping[str, str]) -> None:
    """Put files (path to text) into the pure wheel of a release (`lib-1.0`) in place of its module."""
    (path,) = folder.glob(f"{stem}-*.whl")
    with zipfile.ZipFile(path) as wheel:
        kept = {name: wheel.read(name).decode() for name in wheel.namelist() if ".dist-info/" in name}
    with zipfile.ZipFile(path, "w") as wheel:
        for name, text in {**kept, **files}.items():
            wheel.writestr(name, text)


def simple_index(folder: Path, releases: Mapping[tuple[str, str], Sequence[str]]) -> Path:
    """Write a package index (PEP 503) of pure wheels."""
    for name in {name for name, _ in releases}:
        own = wheels(folder / name, {key: lines for key, lines in releases.items() if key[0] == name})
        links = "".join(f'<a href="{path.name}">{path.name}</a>' for path in sorted(own.glob("*.whl")))
        (own / "index.html").write_text(links)
    return folder


class World:
    """An index of wheels alone, a cache, and uv over both."""

    def __init__(self, folder: Path, releases: Mapping[tuple[str, str], Sequence[str]], tags: Sequence[str] = ()):
        empty = folder / "index"
        empty.mkdir(parents=True)
        links = wheels(folder / "wheels", releases, tags)
        self.cache = folder / "cache"
        self.options = Options(index_url=str(empty), find_links=(str(links),))
        self.index = Index([str(empty)], cache=self.cache, find_links=[str(links)])
        self.uv = Uv(self.cache)


@contextlib.contextmanager
def dated_index(
    folder: Path,
    releases: Mapping[tuple[str, str], tuple[Sequence[str], str]],
    sources: Mapping[tuple[str, str], str | tuple[str, bytes]] | None = None,
) -> Iterator[tuple[str, list[str]]]:
    """Serve an index (PEP 691, with PEP 700's times) of pure wheels: {(name, version): (requires, date)}.

    sources are releases with a source distribution alone: {(name, version): date, or date and bytes}. Yields its
    address and the list of the paths that were asked for. uv has a cache of its own meanwhile: the next index may get
    the same port, and what uv knows of this one is fresh for ten minutes.
    """
    links = wheels(folder, {key: requires for key, (requires, _) in releases.items()})
    dates = {f"{n.replace('-', '_')}-{v}-py3-none-any.whl": date for (n, v), (_, date) in releases.items()}
    for (name, version), given in (sources or {}).items():
        date, content = (given, b"") if isinstance(given, str) else given
        (links / f"{name}-{version}.tar.gz").write_bytes(content)
        dates[f"{name}-{version}.tar.gz"] = date
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            name = self.path.strip("/").rpartition("/")[2]
            kind = "application/vnd.pypi.simple.v1+json"
            found = sorted(links.glob(f"{name.replace('-', '_')}-*[lz]"))
            if self.path.endswith(".metadata"):
                kind = "application/octet-stream"
                with zipfile.ZipFile(links / name.removesuffix(".metadata")) as wheel:
                    data = wheel.read(next(path for path in wheel.namelist() if path.endswith("/METADATA")))
            elif self.path.startswith("/files/"):
                kind, data = "application/octet-stream", (links / name).read_bytes()
            else:
                files = [
                    {
                        "filename": path.name,
                        "url": f"/files/{path.name}",
                        "hashes": {"sha256": hashlib.sha256(path.read_bytes()).hexdigest()},
                        "size": path.stat().st_size,
                        "core-metadata": path.suffix == ".whl",
                        **({"upload-time": f"{dates[path.name]}T12:00:00Z"} if dates[path.name] else {}),
                    }
                    for path in found
                ]
                versions = [path.name.removesuffix(".tar.gz").split("-")[1] for path in found]
                page = {"meta": {"api-version": "1.1"}, "name": name, "versions": versions, "files": files}
                data = json.dumps(page).encode()
            self.send_response(200 if found or kind.endswith("stream") else 404)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("UV_CACHE_DIR", str(folder.parent / "uv-cache"))
            yield f"http://127.0.0.1:{server.server_port}/simple/", asked
    finally:
        server.shutdown()
        server.server_close()


class Told:
    """A reporter that remembers."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.warnings: list[str] = []

    def step(self, text: str) -> None:
        """Remember a step."""
        self.steps.append(text)

    def warn(self, text: str) -> None:
        """Remember a warning."""
        self.warnings.append(text)


def plan_over(
    folder: Path,
    releases: Mapping[tuple[str, str], tuple[Sequence[str], str]],
    pod: Template,
    *requirements: str,
    tested: Mapping[str, str] | None = None,
    sources: Mapping[tuple[str, str], str | tuple[str, bytes]] | None = None,
    sites: Sequence[ImportSite] = (),
) -> Plan | None:
    """Return the plan of a project over an index with dates; pod is its template, tested are local versions."""
    with dated_index(folder / "wheels", releases, sources) as (url, _):
        given = replace(project(*requirements), imports=tuple(sites))
        if tested:
            found = {name: Distribution(name, version, EVIDENCE) for name, version in tested.items()}
            given = replace(given, local=LocalEnvironment(found, EVIDENCE))
        (result,) = fit_templates(
            given,
            (),
            [pod],
            index=Index([url], cache=folder / "cache"),
            uv=Uv(folder / "cache"),
            options=Options(index_url=url),
            reporter=Told(),
        )
    return result.plan


def planned(plan: Plan) -> dict[str, str]:
    """Return the versions of what a plan installs and changes, by name."""
    return {d.name: d.planned for d in plan.with_action(Action.INSTALL, Action.CHANGE)}
