"""Disks, and whether they outlive the container."""

from __future__ import annotations

import contextlib
import os
import re
import threading
from typing import Any

from ..tree.files import HERE
from ..tree.notes import Warnings

_NETWORK = re.compile(
    r"nfs4?|cifs|smb3|ceph|glusterfs|lustre|beegfs|gpfs|wekafs|afs|"
    r"fuse\.(?:juicefs|s3fs|mfs\w*|moosefs|sshfs|gcsfuse|rclone|goofys|mountpoint-s3|ceph\w*|glusterfs|lustre|weka\w*)"
)
_NO_DISK = re.compile(
    r"autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|efivarfs|fusectl|fuse\.lxcfs|hugetlbfs|iso9660|"
    r"mqueue|nsfs|proc|pstore|ramfs|rpc_pipefs|securityfs|selinuxfs|squashfs|sysfs|tracefs"
)
_HIDDEN = re.compile(r"/(?:proc|sys|run|dev(?!/shm$))(?:/.*)?")


def disks(warnings: Warnings, table: str = "/proc/self/mountinfo") -> list[dict[str, Any]]:
    """Return the manifest's `disks`: the directories that are mounts of storage which one can write to."""
    mounts: dict[str, tuple[str, str]] = {}
    for line in (HERE.text(table) or "").splitlines():
        fields, _, rest = line.partition(" - ")
        mount = re.sub(r"\\([0-7]{3})", lambda match: chr(int(match.group(1), 8)), fields.split(" ")[4])
        filesystem, source = [*rest.split(" "), "", ""][:2]
        writable = "rw" in fields.split(" ")[5].split(",")
        disk = writable and not _NO_DISK.fullmatch(filesystem) and not _HIDDEN.fullmatch(mount)
        mounts.pop(mount, None)  # a later mount hides an earlier one
        if mount == "/" or disk:
            mounts[mount] = (filesystem, source)
    runpod = on_runpod()
    found = []
    for mount, (filesystem, source) in sorted(mounts.items()):
        if not os.path.isdir(mount):
            continue  # files that a container runtime binds, such as /etc/hosts
        space = disk_space(mount)
        if space is None:
            warnings.add(f"the disk at {mount} ({filesystem}) does not answer")
            continue
        if not space[0]:
            continue
        keeps, reason = persistence(mount, filesystem, source, runpod)
        sizes = {"total_bytes": space[0], "free_bytes": space[1]}
        found.append({"mount": mount, "filesystem": filesystem, **sizes, "persistent": keeps, "reason": reason})
    return found


def disk_space(mount: str, seconds: float = 5.0) -> tuple[int, int] | None:
    """Return total bytes and bytes free to this user; None when the file server does not answer in seconds."""
    answer: list[tuple[int, int]] = []

    def ask() -> None:
        """Ask in a thread that may be left behind."""
        with contextlib.suppress(OSError):
            space = os.statvfs(mount)
            answer.append((space.f_blocks * space.f_frsize, space.f_bavail * space.f_frsize))

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(seconds)
    return answer[0] if answer else None


def on_runpod() -> bool:
    """Tell whether this is a RunPod pod: its agent sets RUNPOD_POD_ID for the container, not for ssh sessions."""
    if "RUNPOD_POD_ID" in os.environ:
        return True
    try:
        return "RUNPOD_POD_ID=" in (HERE.text("/proc/1/environ") or "")
    except OSError:
        return False


def persistence(mount: str, filesystem: str, source: str, runpod: bool) -> tuple[bool | None, str]:
    """Return whether what is written to a mount outlives the container, None when nothing tells, and why."""
    if filesystem in ("tmpfs", "ramfs"):
        return False, "kept in memory"
    if mount == "/workspace" and runpod:
        return True, "RunPod mounts the pod's volume at /workspace; it survives a stop of the pod"
    if _NETWORK.fullmatch(filesystem) or source.startswith(("mfs#", "juicefs:", "JuiceFS:")):
        return True, f"a network filesystem ({source})"
    if filesystem == "overlay":
        return False, "the container's own layer: it goes when the container goes"
    return None, "nothing on the machine tells whether this disk outlives it"
