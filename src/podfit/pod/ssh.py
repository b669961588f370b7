"""A machine behind ssh, through the system's OpenSSH client: its configuration, keys, agent and jump hosts apply."""

from __future__ import annotations

import re
import shlex
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import TracebackType

from podfit.catalogue.symptoms import symptoms
from podfit.far.symptoms import Table, filled
from podfit.index.home import expanded
from podfit.model import InputError, Where
from podfit.model.valid import shown
from podfit.readers.processes import TIMED_OUT, Completed, flood, run_process

CONNECT_SECONDS = 20
"""How long to wait for a host to answer."""

IDLE_SECONDS = 60
"""How long the shared connection outlives its last command, should podfit be killed."""

_ALWAYS = (
    "BatchMode=yes",  # never ask: there may be nobody to answer
    f"ConnectTimeout={CONNECT_SECONDS}",
    "ServerAliveInterval=15",
    "ServerAliveCountMax=4",
    "RequestTTY=no",
    "ForwardX11=no",
    "ClearAllForwardings=yes",  # the person's tunnels are for the person's sessions
    "RemoteCommand=none",
    "LogLevel=ERROR",
)


@cache
def _symptoms() -> Table:
    """Return the rows of the catalogue that speak of ssh, in the order in which the first that fits is told."""
    return Table(symptoms("ssh"))


@dataclass(frozen=True, slots=True)
class Destination:
    """Where ssh goes: host without brackets, port (0: what ssh's configuration says) and further ssh options."""

    host: str
    user: str = ""
    port: int = 0
    options: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return `user@host:port`, IPv6 addresses in brackets."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (f"{self.user}@" if self.user else "") + host + (f":{self.port}" if self.port else "")

    @property
    def argv(self) -> list[str]:
        """The words that name host, user and port to ssh."""
        port = ["-p", str(self.port)] if self.port else []
        return [*port, "--", f"{self.user}@{self.host}" if self.user else self.host]


def parse_destination(text: str) -> Destination:
    """Return the destination that text names.

    Read are `host`, `user@host`, `user@host:port`, `user@[::1]:22`, `ssh://user@host:port`, and the whole command as a
    provider's page shows it (`ssh root@203.0.113.7 -p 12345 -i ~/.ssh/id_ed25519`). Raises InputError for
    anything else.
    """
    where = Where("--ssh")
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise InputError(f"cannot read {shown(text)}: {error}", where=where) from None
    words = words[1:] if words[:1] == ["ssh"] else words
    options: list[str] = []
    port = 0
    target = ""
    while words:
        word = words.pop(0)
        if re.fullmatch(r"-[piloJF].*", word):
            value = word[2:] or (words.pop(0) if words else "")
            if not value:
                raise InputError(f"{shown(word)} lacks its value in {shown(text)}", where=where)
            if word[1] == "p":
                port = _port(value, text)
            else:
                options += [word[:2], str(expanded(value)) if word[1] in "iF" else value]
        elif word.startswith("-") or target:
            raise InputError(f"cannot read {shown(word)} in {shown(text)}", where=where, remedy="write user@host:port")
        else:
            target = word
    match = re.fullmatch(
        r"(?:ssh://)?(?:(?P<user>[^@\s/:]+)@)?(?:\[(?P<v6>[0-9A-Fa-f:.%\w]+)\]|(?P<host>[^\s/@:\[\]-][^\s/@:\[\]]*))"
        r"(?::(?P<port>[^:/]*))?/?",
        target,
    ) or re.fullmatch(
        r"(?:(?P<user>[^@\s/:]+)@)?(?P<v6>[0-9A-Fa-f]*:[0-9A-Fa-f:]*:[0-9A-Fa-f:]*)(?P<host>)(?P<port>)", target
    )
    if not match:
        raise InputError(
            f"{shown(text)} is no ssh destination", where=where, remedy="write user@host or user@host:port"
        )
    if match["port"] is not None and not (match["v6"] and match["port"] == ""):
        port = _port(match["port"], text)
    return Destination(match["v6"] or match["host"], match["user"] or "", port, tuple(options))


def _port(value: str, text: str) -> int:
    """Return a port number. Raises InputError when it is none."""
    if not (value.isascii() and value.isdigit() and 0 < int(value) < 65536):
        raise InputError(f"{shown(value)} is no port number in {shown(text)}", where=Where("--ssh"))
    return int(value)


class SshMachine:
    """A machine behind ssh. One connection is opened at the first use and shared by all commands (ControlMaster)."""

    def __init__(
        self,
        destination: str | Destination,
        *,
        python: str = "python3",
        identity: str | None = None,
        options: Sequence[str] = (),
    ) -> None:
        """Name the machine; nothing is sent yet.

        python is a path or name on that machine (`~/` is its home), identity a private key file here, options are
        `KEY=VALUE` settings as for `ssh -o`. Raises InputError for a bad destination, or where no ssh is installed.
        """
        self.destination = parse_destination(destination) if isinstance(destination, str) else destination
        self.python = python
        self.label = f"{self.destination} ({python})"
        self._ssh = shutil.which("ssh") or ""
        if not self._ssh:
            raise InputError("the ssh client is not installed", remedy="install OpenSSH's client (openssh-client)")
        if identity and not expanded(identity).is_file():
            raise InputError("there is no such key file", where=Where(identity))
        # Options given by the person come first: ssh keeps the first value it meets.
        self._options = [*self.destination.options]
        self._options += [word for option in (*options, *_ALWAYS) for word in ("-o", option)]
        if identity:
            self._options += ["-i", str(expanded(identity)), "-o", "IdentitiesOnly=yes"]
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._lock = threading.Lock()

    @property
    def _socket(self) -> list[str]:
        """The options that name the shared connection."""
        return ["-o", f"ControlPath={self._folder.name}/control"] if self._folder else []

    def connect(self) -> None:
        """Open the shared connection if there is none. Raises InputError with one sentence when that fails."""
        with self._lock:
            if self._folder is not None:
                return
            # Unix sockets have short names, so not under a possibly long TMPDIR.
            root = "/tmp" if Path("/tmp").is_dir() else None  # noqa: S108
            self._folder = tempfile.TemporaryDirectory(prefix="podfit-", dir=root)
            share = ["-f", "-N", "-M", "-o", f"ControlPersist={IDLE_SECONDS}"]
            # Not a pipe: the connection in the background would hold it open.
            with tempfile.TemporaryFile() as log:
                try:
                    done = subprocess.run(
                        [self._ssh, *share, *self._socket, *self._options, *self.destination.argv],
                        stdin=subprocess.DEVNULL,
                        stdout=log,
                        stderr=log,
                        timeout=3 * CONNECT_SECONDS,
                        start_new_session=True,
                    ).returncode
                except subprocess.TimeoutExpired:
                    done = 255
                    log.write(b"timed out")
                log.seek(0)
                said = log.read().decode("utf-8", "replace")
            if done != 0:
                self._folder.cleanup()
                self._folder = None
                raise self._failure(said)

    def _failure(self, said: str) -> InputError:
        """Return the error for what ssh said on its way to the host."""
        where = Where(f"ssh {self.destination}")
        hits = _symptoms().hits(said.splitlines())
        if hits:
            rows = _symptoms().rows
            row = min((hit.row for hit in hits), key=rows.index)
            remedy = filled(row["fix"][0]["what"], {"host": self.destination.host})
            return InputError(row["cause"], where=where, remedy=remedy)
        lines = [line.strip() for line in said.splitlines() if line.strip()]
        return InputError(f"ssh failed: {lines[-1] if lines else 'it said nothing'}", where=where)

    def run(
        self,
        argv: Sequence[str],
        *,
        stdin: bytes | None = None,
        timeout: float,
        env: Mapping[str, str] | None = None,
        on_line: Callable[[str], None] | None = None,
    ) -> Completed:
        """Run a command there. Its limit is kept by the far side's `timeout` where it has one, else by ssh's end."""
        words = [f"{name}={value}" for name, value in (env or {}).items()]
        command = " ".join((["env", *map(shlex.quote, words)] if words else []) + [remote_word(word) for word in argv])
        limit = max(1, round(timeout))
        # Not `exec`: sshd does not pass on which signal ended its child, the shell does (128 plus its number).
        script = (
            f"if command -v timeout >/dev/null 2>&1; then timeout -k 5 {limit} {command}; else {command}; fi; exit $?"
        )
        started = time.monotonic()
        done = self._sh(script, stdin=stdin, timeout=timeout + 15, on_line=on_line)
        if done.returncode == 128 + signal.SIGKILL and time.monotonic() - started >= limit:
            return Completed(TIMED_OUT, done.stdout, done.stderr)
        if 128 < done.returncode <= 128 + 64:
            return Completed(128 - done.returncode, done.stdout, done.stderr)
        return done

    def _sh(
        self, script: str, *, stdin: bytes | None, timeout: float, on_line: Callable[[str], None] | None = None
    ) -> Completed:
        """Run a POSIX shell script there, whatever the login shell is."""
        self.connect()
        words = [self._ssh, *self._socket, *self._options, *self.destination.argv, f"exec sh -c {shlex.quote(script)}"]
        done = run_process(words, stdin=stdin, timeout=timeout, on_line=on_line)
        if done.flooded:
            raise flood(self.label)
        if done.returncode == 255 and not self._alive():
            self.close()
            raise self._failure(done.stderr.decode("utf-8", "replace") or "the connection was lost")
        if done.returncode != 0 and b"support PTY" in done.stdout + done.stderr:
            raise self._failure("support PTY")
        return done

    def _alive(self) -> bool:
        """Tell whether the shared connection still stands: 255 may also be a command's own exit status."""
        words = [self._ssh, *self._socket, "-O", "check", *self.destination.argv]
        return run_process(words, stdin=None, timeout=10).returncode == 0

    def put(self, data: bytes, path: str, *, mode: int = 0o644) -> None:
        """Write data to a temporary name beside path, then rename it."""
        target = remote_word(path)
        script = (
            f'set -e; t={target}; d=$(dirname -- "$t"); mkdir -p -- "$d"; n=$(mktemp "$d/.podfit.XXXXXXXX"); '
            f'trap \'rm -f -- "$n"\' EXIT; cat > "$n"; '
            f'test "$(wc -c < "$n")" -eq {len(data)}; chmod {mode:o} "$n"; mv -f -- "$n" "$t"'
        )
        done = self._sh(script, stdin=data, timeout=300)
        if done.returncode != 0:
            message = f"cannot be written: {done.last_words or 'the transfer broke off'}"
            raise InputError(message, where=Where(f"{self.destination}:{path}"))

    def get(self, path: str) -> bytes:
        """Return the bytes of a file there."""
        done = self._sh(f"exec cat -- {remote_word(path)}", stdin=None, timeout=300)
        if done.returncode != 0:
            raise InputError(f"cannot be read: {done.last_words}", where=Where(f"{self.destination}:{path}"))
        return done.stdout

    def close(self) -> None:
        """End the shared connection."""
        with self._lock:
            if self._folder is not None:
                words = [self._ssh, *self._socket, "-O", "exit", *self.destination.argv]
                run_process(words, stdin=None, timeout=10)
                self._folder.cleanup()
                self._folder = None

    def __enter__(self) -> SshMachine:
        """Return the machine."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the machine."""
        self.close()


def remote_word(word: str) -> str:
    """Return word quoted for a POSIX shell; a leading `~/` means the home directory over there."""
    if word == "~":
        return '"$HOME"'
    return '"$HOME"/' + shlex.quote(word[2:]) if word.startswith("~/") else shlex.quote(word)
