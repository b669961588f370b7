"""Files that are none: FIFOs, devices and what blocks are refused, in every place that reads a file."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from podfit.model import InputError
from podfit.readers import plain_file
from podfit.readers.declared.interface import Source
from podfit.readers.environment.document import open_document
from podfit.readers.plain_file import read_bounded


@pytest.fixture
def fifo(tmp_path: Path) -> Path:
    """Return a FIFO that nobody writes to."""
    path = tmp_path / "requirements.txt"
    os.mkfifo(path)
    return path


def test_a_pipe_that_nobody_writes_to_is_empty_and_does_not_wait(fifo: Path) -> None:
    assert read_bounded(fifo) == b""
    assert Source(fifo.parent, fifo).data == b""
    assert open_document(str(fifo)).text == ""


def test_a_pipe_is_read_to_its_end() -> None:
    text = b"six==1.16.0\n" * 100_000
    reader, writer = os.pipe()

    def write() -> None:
        with os.fdopen(writer, "wb") as file:
            file.write(text)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        assert read_bounded(f"/dev/fd/{reader}") == text
    finally:
        thread.join()
        os.close(reader)


def test_a_pipe_whose_writer_says_nothing_ends_in_a_sentence(fifo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain_file, "PATIENCE", 0.01)
    writer = os.open(fifo, os.O_RDWR)
    try:
        with pytest.raises(InputError, match="cannot be read: nothing can be read from it without waiting"):
            open_document(str(fifo))
    finally:
        os.close(writer)


def test_in_a_project_a_pipe_is_no_file(fifo: Path) -> None:
    with pytest.raises(OSError, match="it is not a regular file"):
        read_bounded(fifo, pipes=False)


def test_an_endless_device_is_read_up_to_the_limit() -> None:
    assert len(read_bounded("/dev/zero", 5000)) == 5001
    with pytest.raises(InputError, match="larger than 32 MiB: no file that declares requirements"):
        _ = Source(Path("/dev"), Path("/dev/zero")).data


def test_a_directory_is_told_apart(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        read_bounded(tmp_path)
