"""Read a large image from a registry on this machine: seconds, MB/s and memory, beside what the registry itself gives.

    python benchmarks/images.py [--gigabytes 2]

The image has layers of about half a gigabyte each as they are stored (gzip), with 20,000 small files in each, a Python
and the records of 400 distributions. It is pushed to Debian's docker-registry on loopback, its blobs are fetched with
curl, and podfit reads it in a process of its own, whose highest memory is what the kernel says. Writes a directory of
twice the size, and removes it.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import os
import random
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "readers"))

from image_support import (  # noqa: E402
    CONFIG,
    LAYER,
    LIBC,
    MANIFEST,
    PATH,
    descriptor,
    digest,
    distribution,
    docker_registry,
    python_at,
    sent,
    tar,
)

SITE = "/usr/local/lib/python3.11/site-packages"
READ = """
import json, re, sys, time
from podfit.readers.image.read import read_image, source_of
begun = time.monotonic()
source = source_of(sys.argv[1])
manifest = read_image(source, name="x")
print(json.dumps({
    "seconds": time.monotonic() - begun,
    "processor": time.process_time(),
    "mebibytes": int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) / 1024,
    "distributions": len(manifest["distributions"]),
    "requests": source.requests,
}))
"""


def payload(number: int, size: int, files: int) -> bytes:
    """Return a layer of about size bytes as it is stored: many small files, and a large one, half noise, half text.

    The large one's parts are packed once, as members of gzip, and follow each other again and again.
    """
    noise = random.Random(number)
    text = b"".join(path.read_bytes() for path in sorted((ROOT / "src").rglob("*.py")))
    pieces = [noise.randbytes(2**20) + text[:part].ljust(part) for part in [2**20] * 8]
    members = [gzip.compress(piece, 6, mtime=0) for piece in pieces]
    rounds = max(1, size // sum(map(len, members)))
    head = io.BytesIO()
    with tarfile.open(fileobj=head, mode="w") as archive:
        for each in range(files):
            info = tarfile.TarInfo(f"opt/{number}/{each % 100}/{each}.py")
            info.size = 700
            archive.addfile(info, io.BytesIO(text[each : each + 700]))
        start = archive.offset
    large = tarfile.TarInfo(f"opt/{number}/lib.so")
    large.size = rounds * sum(map(len, pieces))
    before = head.getvalue()[:start] + large.tobuf(tarfile.GNU_FORMAT)
    return gzip.compress(before, 6, mtime=0) + b"".join(members) * rounds + gzip.compress(bytes(1024), mtime=0)


def push(address: str, gigabytes: float) -> list[tuple[str, int]]:
    """Push the image, a layer at a time; return digest and size of each layer."""
    small = [tar(*python_at("/usr/local"), LIBC)]
    records = [each for n in range(400) for each in distribution(SITE, f"package{n}", "1.0", headers="X: y\n" * 2000)]
    small.append(tar(*records))
    layers: list[tuple[str, int]] = []
    diff_ids = []

    def add(data: bytes, diff_id: str) -> None:
        place = sent("POST", f"http://{address}/v2/big/image/blobs/uploads/", b"")["location"]
        sent("PUT", f"{place}&digest={digest(data)}", data, "application/octet-stream")
        layers.append((digest(data), len(data)))
        diff_ids.append(diff_id)

    for plain in small:
        add(gzip.compress(plain, 6, mtime=0), digest(plain))
    wanted = int(gigabytes * 1e9)
    while (left := wanted - sum(size for _, size in layers)) > 10e6:
        add(payload(len(layers), min(left, 500_000_000), 20_000), digest(b"not looked at: the blob's own digest is"))
    settings = {"Env": [f"PATH={PATH}"]}
    config = json.dumps(
        {"architecture": "amd64", "os": "linux", "config": settings, "rootfs": {"diff_ids": diff_ids}}
    ).encode()
    place = sent("POST", f"http://{address}/v2/big/image/blobs/uploads/", b"")["location"]
    sent("PUT", f"{place}&digest={digest(config)}", config, "application/octet-stream")
    listed = [{"mediaType": LAYER + "+gzip", "digest": key, "size": size} for key, size in layers]
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": descriptor(config, CONFIG), "layers": listed}
    sent("PUT", f"http://{address}/v2/big/image/manifests/1", json.dumps(manifest).encode(), MANIFEST)
    return layers


def curl(address: str, layers: list[tuple[str, int]]) -> float:
    """Return the seconds in which curl fetches all layers, one after the other, over one connection."""
    urls = [word for key, _ in layers for word in (f"http://{address}/v2/big/image/blobs/{key}", "-o", "/dev/null")]
    begun = time.monotonic()
    subprocess.run(["curl", "-s", "-f", *urls], check=True)
    return time.monotonic() - begun


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=2.0)
    gigabytes = parser.parse_args().gigabytes
    folder = Path(tempfile.mkdtemp(prefix="podfit-benchmark-", dir=os.environ.get("TMPDIR", "/var/tmp")))
    try:
        with docker_registry(folder) as address:
            layers = push(address, gigabytes)
            total = sum(size for _, size in layers) / 1e6
            print(f"{len(layers)} layers, {total:,.0f} MB as they are stored; load {os.getloadavg()[0]:.1f}")
            for run in range(3):
                alone = curl(address, layers)
                words = [sys.executable, "-c", READ, f"docker://{address}/big/image:1"]
                found = json.loads(subprocess.run(words, check=True, capture_output=True).stdout)
                print(
                    f"run {run + 1}: curl {alone:.1f} s ({total / alone:,.0f} MB/s); podfit {found['seconds']:.1f} s "
                    f"({total / found['seconds']:,.0f} MB/s; {found['processor']:.1f} s of one processor), "
                    f"at most {found['mebibytes']:.0f} MiB, "
                    f"{found['distributions']} distributions, {found['requests']} requests; "
                    f"load {os.getloadavg()[0]:.1f}"
                )
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
