"""Images for the tests: layers made entry by entry or of real files, written as archives and layouts, or pushed."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
import time
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PATH = "/usr/local/bin:/usr/bin:/bin"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"


def entry(name: str, kind: bytes = tarfile.REGTYPE, link: str = "", size: int = 0, **more: Any) -> tarfile.TarInfo:
    """Return the header of an entry."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, link, size
    for key, value in more.items():
        setattr(info, key, value)
    return info


def tar(*items: tuple[str, str | bytes] | tarfile.TarInfo | str) -> bytes:
    """Return a tar: pairs of name and content, headers without content, and directories by name."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for item in items:
            if isinstance(item, tarfile.TarInfo):
                archive.addfile(item, io.BytesIO(b"\0" * item.size) if item.isreg() else None)
            elif isinstance(item, str):
                archive.addfile(entry(item, tarfile.DIRTYPE))
            else:
                data = item[1].encode() if isinstance(item[1], str) else item[1]
                archive.addfile(entry(item[0], size=len(data), mode=0o755), io.BytesIO(data))
    return buffer.getvalue()


def link(name: str, target: str) -> tarfile.TarInfo:
    """Return the header of a symbolic link."""
    return entry(name, tarfile.SYMTYPE, target)


def hard_link(name: str, target: str) -> tarfile.TarInfo:
    """Return the header of a hard link."""
    return entry(name, tarfile.LNKTYPE, target)


def files_layer(pairs: Iterable[tuple[Path, str]]) -> bytes:
    """Return a tar of real files and directories, each under the name that it has in the image."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for source, name in pairs:
            archive.add(source, name)
    return buffer.getvalue()


def zstd(data: bytes) -> bytes:
    """Return data under zstd."""
    from backports import zstd as module  # Python 3.14 has it as compression.zstd

    return bytes(module.compress(data))


def python_at(prefix: str, version: str = "3.11.9", name: str = "") -> list[tuple[str, bytes] | tarfile.TarInfo]:
    """Return the files by which a CPython is known: the program with its version in it, and a standard library."""
    series = ".".join(version.split(".")[:2])
    below = prefix.strip("/")
    program = name or f"python{series}"
    return [
        (f"{below}/bin/{program}", b"\x7fELF" + b"\0" + version.encode() + b"\0%.80s (%.80s) %.80s\0"),
        link(f"{below}/bin/python3", program),
        link(f"{below}/bin/python", "python3"),
        (f"{below}/lib/python{series}/os.py", b""),
    ]


def distribution(site: str, name: str, version: str, **files: str) -> list[tuple[str, bytes]]:
    """Return the record of a distribution below a directory."""
    info = f"{site.strip('/')}/{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{files.pop('headers', '')}"
    made = {"METADATA": metadata, "INSTALLER": "pip\n", "RECORD": f"{name}/__init__.py,,\n", **files}
    return [(f"{info}/{key}", value.encode()) for key, value in made.items()]


LIBC = ("usr/lib/x86_64-linux-gnu/libc.so.6", b"\0GNU C Library (Debian GLIBC 2.36-9) stable release version 2.36.\n\0")


class Image:
    """An image that a test makes: its layers as they are stored, and its configuration."""

    def __init__(
        self, *layers: bytes, packed: str = "gzip", env: Iterable[str] = (f"PATH={PATH}",), **config: Any
    ) -> None:
        self.plain = layers
        pack = {"gzip": lambda data: gzip.compress(data, 6, mtime=0), "zstd": zstd, "": bytes}[packed]
        self.ending = f"+{packed}" if packed else ""
        self.layers = [pack(layer) for layer in layers]
        self.config: dict[str, Any] = {
            "architecture": "amd64",
            "os": "linux",
            "created": "2026-01-02T03:04:05.123456Z",
            "config": {"Env": list(env)},
            "rootfs": {"type": "layers", "diff_ids": [digest(layer) for layer in layers]},
            **config,
        }

    @property
    def config_bytes(self) -> bytes:
        """The configuration as it is stored."""
        return json.dumps(self.config).encode()

    def manifest(self) -> dict[str, Any]:
        """Return the manifest."""
        return {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": descriptor(self.config_bytes, CONFIG),
            "layers": [descriptor(layer, LAYER + self.ending) for layer in self.layers],
        }

    def blobs(self) -> dict[str, bytes]:
        """Return all blobs but the manifest, by digest."""
        return {digest(data): data for data in (self.config_bytes, *self.layers)}

    def blobs_named(self) -> dict[str, bytes]:
        """Return all blobs but the manifest, by their names in a layout."""
        return {f"blobs/sha256/{key[7:]}": data for key, data in self.blobs().items()}

    def save(self, path: Path, tag: str = "local/image:1") -> Path:
        """Write what older `docker save` writes, a layer in a directory of its own."""
        config = digest(self.config_bytes)[7:] + ".json"
        names = [f"{digest(layer)[7:]}/layer.tar" for layer in self.plain]
        listed = json.dumps([{"Config": config, "RepoTags": [tag], "Layers": names}])
        members = dict(zip(names, self.plain, strict=True))
        path.write_bytes(tar(*sorted(members.items()), (config, self.config_bytes), ("manifest.json", listed)))
        return path

    def layout_files(self, name: str = "") -> dict[str, bytes]:
        """Return the files of an OCI layout."""
        manifest = json.dumps(self.manifest()).encode()
        entry = descriptor(manifest, MANIFEST)
        if name:
            entry["annotations"] = {"org.opencontainers.image.ref.name": name}
        index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]}
        blobs = {**self.blobs(), digest(manifest): manifest}
        return {
            "oci-layout": b'{"imageLayoutVersion": "1.0.0"}',
            "index.json": json.dumps(index).encode(),
            **{f"blobs/sha256/{key[7:]}": data for key, data in blobs.items()},
        }

    def layout(self, folder: Path) -> Path:
        """Write an OCI layout."""
        for name, data in self.layout_files().items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
        return folder

    def push(self, address: str, name: str = "team/image", tag: str = "1") -> str:
        """Push it to a registry at `host:port`, as the distribution specification has it; return its digest."""
        for blob in self.blobs().values():
            place = sent("POST", f"http://{address}/v2/{name}/blobs/uploads/", b"")["location"]
            place = place if "://" in place else f"http://{address}{place}"
            joint = "&" if "?" in place else "?"
            sent("PUT", f"{place}{joint}digest={digest(blob)}", blob, "application/octet-stream")
        manifest = json.dumps(self.manifest()).encode()
        sent("PUT", f"http://{address}/v2/{name}/manifests/{tag}", manifest, MANIFEST)
        return digest(manifest)


def descriptor(data: bytes, media_type: str, **more: Any) -> dict[str, Any]:
    """Return the descriptor of data."""
    return {"mediaType": media_type, "digest": digest(data), "size": len(data), **more}


def digest(data: bytes) -> str:
    """Return `sha256:...` of data."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def sent(method: str, url: str, body: bytes, kind: str = "") -> Mapping[str, str]:
    """Make one request; return the headers of its answer, in lower case."""
    request = urllib.request.Request(url, body, {"Content-Type": kind} if kind else {}, method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return {key.lower(): value for key, value in answer.headers.items()}


@contextmanager
def docker_registry(folder: Path) -> Iterator[str]:
    """Run Debian's docker-registry over a directory; yield its `host:port`. It must be on PATH."""
    program = shutil.which("docker-registry") or "docker-registry"
    port = _free_port()
    settings = {
        "version": 0.1,
        "storage": {"filesystem": {"rootdirectory": str(folder)}, "delete": {"enabled": True}},
        "http": {"addr": f"127.0.0.1:{port}"},
        "log": {"level": "error", "accesslog": {"disabled": True}},
    }
    path = folder / "config.yml"
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(settings))
    clean = {"PATH": os.environ.get("PATH", ""), "OTEL_TRACES_EXPORTER": "none"}
    process = subprocess.Popen(
        [program, "serve", str(path)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=clean
    )
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/v2/", timeout=2).close()
                break
            except OSError:
                time.sleep(0.1)
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def _free_port() -> int:
    """Return a port that nobody listens on."""
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port
