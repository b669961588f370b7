"""The project's own distributions: unpacked and built aside, so that they can be installed like any wheel."""

from __future__ import annotations

import binascii
import email
import hashlib
import io
import os
import re
import tarfile
import zipfile
from collections.abc import Callable

from ..protocol import Order, OrderedMember, OrderedPackage
from ..text import canonical
from .stage import Installer, Task
from .talk import RefusedError, Talk
from .wheelhouse import local_package

MOST_BYTES = 256 * 2**20
"""Bytes that one archive may unpack to."""


def built(order: Order, talk: Talk, work: str, workshop: Callable[[str], str]) -> dict[str, OrderedPackage]:
    """Return the wheels of an order's members, built below work, as packages by name.

    workshop makes an environment in a directory that sees what the finished one will, and returns its python: what the
    build alone needs is fetched into it, and it is never shipped. Raises RefusedError when a build fails.
    """
    packages: dict[str, OrderedPackage] = {}
    for number, member in enumerate(order.get("members", [])):
        folder = os.path.join(work, "members", str(number))
        source, out = os.path.join(folder, "source"), os.path.join(folder, "wheel")
        os.makedirs(out)
        os.makedirs(os.path.join(folder, "tmp"))
        talk.step(f"Building {member['name']}, the project's own")
        unpack(member, order.get("archives", {}).get(member["sha256"], ""), source)
        python = workshop(os.path.join(folder, "workshop"))
        task = Task(f"{member['name']}, the project's own,", member["fetched"], (), member["version"])
        Installer(order, talk).build(task, python, source, out, folder)
        packages[member["name"]] = package_of(member["name"], out)
    return packages


def unpack(member: OrderedMember, archive: str, target: str) -> None:
    """Unpack a member's archive (base64) into target: plain files below it, bounded; else RefusedError."""
    data = binascii.a2b_base64(archive)
    if hashlib.sha256(data).hexdigest() != member["sha256"]:
        raise RefusedError(f"the archive of {member['name']} was changed on its way", "apply again")
    os.makedirs(target)
    left = MOST_BYTES
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as bundle:
        for entry in bundle:
            parts = entry.name.split("/")
            left -= entry.size
            if not entry.isfile() or entry.name.startswith("/") or {"..", ""} & set(parts) or left < 0:
                raise RefusedError(f"the archive of {member['name']} has something that is no file: {entry.name}")
            path = os.path.join(target, *parts)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            content = bundle.extractfile(entry)
            with open(path, "wb") as file:
                file.write(content.read() if content else b"")
            os.chmod(path, 0o755 if entry.mode & 0o100 else 0o644)
            os.utime(path, (entry.mtime, entry.mtime))


def package_of(name: str, folder: str) -> OrderedPackage:
    """Return the wheel that a build left in folder, as what is installed under name."""
    wheels = [found for found in os.listdir(folder) if found.endswith(".whl")]
    if len(wheels) != 1:
        raise RefusedError(f"the build of {name} made {len(wheels)} wheels instead of one")
    path = os.path.join(folder, wheels[0])
    try:
        with zipfile.ZipFile(path) as wheel:
            infos = [each for each in wheel.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", each)]
            metadata = email.message_from_bytes(wheel.read(infos[0]))
    except (zipfile.BadZipFile, IndexError, KeyError) as error:
        raise RefusedError(f"the build of {name} made no wheel: {error}") from None
    called, version = str(metadata["Name"]), str(metadata["Version"])
    if canonical(called) != name:
        raise RefusedError(f"the directory of {name} builds {called}", "correct the name in what the project declares")
    with open(path, "rb") as stream:
        digest = hashlib.sha256(stream.read()).hexdigest()
    return local_package(name, version, path, digest)
