"""What may be named as a log: files, and pipes of a shell; what never ends is refused with a sentence."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path

import pytest

from podfit.diagnose.library import diagnose
from podfit.model import InputError

LOG = b"ModuleNotFoundError: No module named 'einops'\n"


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/urandom", "/dev/full"])
def test_a_device_is_no_log(device: str) -> None:
    if not os.path.exists(device):  # noqa: PTH110
        pytest.skip(f"there is no {device}")
    with pytest.raises(InputError, match=f"^{device}: is a device; name the log's file$"):
        diagnose(Path(device))


def test_a_directory_a_socket_and_no_name_at_all(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is a directory; name the log's file"):
        diagnose(tmp_path)
    with socket.socket(socket.AF_UNIX) as made, pytest.raises(InputError, match="cannot be read"):
        made.bind(str(tmp_path / "s"))
        diagnose(tmp_path / "s")
    with pytest.raises(InputError, match="not the name of a file"):
        diagnose(Path("a\0b"))


def test_a_pipe_that_nobody_writes_to_is_empty(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "log")
    assert diagnose(tmp_path / "log").causes == ()


@pytest.mark.slow
def test_a_pipe_of_a_shell_is_read_to_its_end() -> None:
    out, into = os.pipe()

    def write() -> None:
        with os.fdopen(into, "wb") as file:
            file.write(b"x\n" * 200_000 + LOG)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert diagnose(Path(f"/dev/fd/{out}")).causes
    finally:
        os.close(out)
        writer.join()
