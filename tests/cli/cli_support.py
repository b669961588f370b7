"""What the tests of the command line share: a call and what it gave, and a small package index."""

from __future__ import annotations

import functools
import hashlib
import os
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

STEERING = (
    "CONDA_PREFIX",
    "PIP_EXTRA_INDEX_URL",
    "PIP_INDEX_URL",
    "PODFIT_INDEX_URL",
    "UV_DEFAULT_INDEX",
    "UV_EXTRA_INDEX_URL",
    "UV_INDEX",
    "UV_INDEX_URL",
    "UV_OFFLINE",
    "VIRTUAL_ENV",
)
"""Variables of the person who runs the tests that would change what podfit is asked."""


@dataclass(frozen=True)
class Ran:
    """What a call gave: exit code, standard output, standard error."""

    code: int
    out: str
    err: str

    @property
    def sentence(self) -> str:
        """The one sentence with which a bad call ends: exit code 2, nothing on standard output."""
        assert self.code == 2, (self.code, self.err)
        assert self.out == ""
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        assert lines[0].startswith("error: ")
        return lines[0].removeprefix("error: ")


def podfit(*words: object, cwd: Path | None = None, **variables: str) -> Ran:
    """Run podfit as a process of its own."""
    command = [sys.executable, "-m", "podfit", *map(str, words)]
    done = subprocess.run(
        command, cwd=cwd, env={**os.environ, **variables}, capture_output=True, text=True, check=False
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Write files (path below folder, text)."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def tree(folder: Path) -> dict[str, bytes]:
    """Return every file below folder with its bytes, directories as empty ones."""
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else b"" for path in folder.rglob("*")}


def make_index(folder: Path, releases: Mapping[tuple[str, str], Sequence[str]]) -> Path:
    """Write a package index (PEP 503) of one pure wheel per release: (name, version) to its Requires-Dist lines."""
    rows: dict[str, list[str]] = {}
    for (name, version), requires in releases.items():
        module = name.replace("-", "_")
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        metadata += "".join(f"Requires-Dist: {line}\n" for line in requires)
        path = folder / name / f"{module}-{version}-py3-none-any.whl"
        path.parent.mkdir(parents=True, exist_ok=True)
        info = f"{module}-{version}.dist-info"
        with zipfile.ZipFile(path, "w") as wheel:
            wheel.writestr(f"{module}.py", "")
            wheel.writestr(f"{info}/METADATA", metadata)
            wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{info}/RECORD", f"{module}.py,,\n")
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        rows.setdefault(name, []).append(f'<a href="{path.name}#sha256={digest}">{path.name}</a>')
    for name, links in rows.items():
        (folder / name / "index.html").write_text("<br>\n".join(links), encoding="utf-8")
    return folder


class _Handler(SimpleHTTPRequestHandler):
    """Serves files without a word on standard error."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve an index on a free port of 127.0.0.1 and give its URL; afterwards the port is closed."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Handler, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
