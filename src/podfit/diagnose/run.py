"""Run a command, show its output as it comes, and keep it: on a terminal through a terminal of its own (a pty)."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO

from podfit.model import InputError, Where

MOST = 256 << 20
"""So many bytes of output are kept; of more the first half, and the last half as it comes."""
_PIECE = 1 << 16


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended: its exit code (128 + the signal that ended it), and what it printed, to be read once."""

    status: int
    output: IO[bytes]


def run_command(words: Sequence[str]) -> Ran:
    """Run a command with this process's directory and variables; raises InputError for one that is not there.

    On a terminal it gets a terminal, so that progress bars, colours and questions work as without podfit; elsewhere its
    standard output and error are joined, as `2>&1` does. Ctrl-C reaches it, and podfit goes on to diagnose.
    """
    kept = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    try:
        status = _on_terminal(words, kept) if sys.stdin.isatty() and sys.stdout.isatty() else _piped(words, kept)
    except FileNotFoundError:
        kept.close()
        raise InputError(f"there is no command {words[0]!r}", where=Where("--run")) from None
    except PermissionError:
        kept.close()
        raise InputError(f"{words[0]!r} may not be run", where=Where("--run")) from None
    kept.write(_ended_by(status))
    kept.seek(0)
    return Ran(status, kept)


def _ended_by(status: int) -> bytes:
    """Return the line that a shell prints of a command that a signal ended, empty for another end and for Ctrl-C."""
    if not 128 < status < 160 or status == 128 + signal.SIGINT:
        return b""
    words = signal.strsignal(status - 128)
    return f"\n{words}\n".encode() if words else b""


def _status(code: int) -> int:
    """Return a return code as a shell has it."""
    return 128 - code if code < 0 else code


def _piped(words: Sequence[str], kept: IO[bytes]) -> int:
    """Run a command whose output goes through a pipe."""
    with subprocess.Popen(list(words), stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        assert process.stdout is not None  # noqa: S101 - it was asked for
        with _interrupts_are_the_commands():
            while piece := os.read(process.stdout.fileno(), _PIECE):
                _show(piece, kept)
            return _status(process.wait())


def _show(piece: bytes, kept: IO[bytes]) -> None:
    """Pass on and keep a piece of output."""
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
    if kept.tell() < MOST:
        kept.write(piece)


@contextlib.contextmanager
def _interrupts_are_the_commands() -> Iterator[None]:
    """Leave Ctrl-C to the command, which the terminal sends it as well."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _on_terminal(words: Sequence[str], kept: IO[bytes]) -> int:
    """Run a command on a terminal of its own, joined to this one."""
    import pty
    import termios
    import tty

    ours, theirs = pty.openpty()
    _copy_size(ours)
    process = subprocess.Popen(
        list(words), stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True, preexec_fn=_take_terminal
    )
    os.close(theirs)
    stdin = sys.stdin.fileno()
    before = termios.tcgetattr(stdin)
    resized = signal.signal(signal.SIGWINCH, lambda *_: _copy_size(ours))
    try:
        tty.setraw(stdin, termios.TCSADRAIN)  # what was typed already is the command's
        _between(ours, stdin, kept)
        return _status(process.wait())
    finally:
        termios.tcsetattr(stdin, termios.TCSADRAIN, before)
        signal.signal(signal.SIGWINCH, resized)
        os.close(ours)
        if process.poll() is None:
            process.kill()
            process.wait()


def _take_terminal() -> None:
    """Make standard input the controlling terminal of the new session: Ctrl-C and job control are the command's."""
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _copy_size(ours: int) -> None:
    """Give the command's terminal the size of this one."""
    import fcntl
    import termios

    with contextlib.suppress(OSError):
        size = fcntl.ioctl(sys.stdout.fileno(), termios.TIOCGWINSZ, b"\0" * 8)
        fcntl.ioctl(ours, termios.TIOCSWINSZ, size)


def _between(ours: int, stdin: int, kept: IO[bytes]) -> None:
    """Carry bytes between the two terminals until the command's is closed."""
    watched = [ours, stdin]
    while True:
        try:
            ready, _, _ = select.select(watched, [], [])
        except InterruptedError:
            continue
        if ours in ready:
            try:
                piece = os.read(ours, _PIECE)
            except OSError:  # Linux says EIO when the last process has closed it
                return
            if not piece:
                return
            _show(piece, kept)
        if stdin in ready:
            typed = os.read(stdin, _PIECE)
            if not typed:
                watched.remove(stdin)
                os.write(ours, b"\x04")
            else:
                os.write(ours, typed)
