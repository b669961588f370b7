"""An image that docker or podman runs: a container for each command, gone after it."""

from __future__ import annotations

import json
import re
import secrets
import shutil
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from podfit.model import InputError, Reporter, SilentReporter, Where
from podfit.pod.probe import probe
from podfit.readers.processes import Completed, flood, run_process

ENGINES = ("docker", "podman")
"""Programs that run containers, in the order in which they are tried; what is used here is the same in both."""

ENGINE_FAILED = 125
"""The exit status of `docker run` and `podman run` when the engine itself failed (docker run(1), podman-run(1))."""

OF_THE_MACHINE = ("gpus", "driver", "disks")
"""Facts of a manifest that are the machine's on which a container happened to run, and not the image's."""

CONFINED = ("--network", "none", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")
"""What a container of the probe may not do: reach a network, write, or gain a right."""

_NAME = re.compile(r"[A-Za-z0-9][\w.:/@-]*")
_PULL_SECONDS = 6 * 3600.0
_ASK_SECONDS = 60.0


class ContainerMachine:
    """A machine whose every command runs in a container of one image; nothing is kept between them.

    python is the interpreter in the image, label names the image in messages, and identity is the image with its digest
    where the engine knows one.
    """

    def __init__(self, image: str, *, python: str = "python3", reporter: Reporter | None = None) -> None:
        """Find an engine that answers, and the image with it; one that is not there is pulled.

        Raises InputError for what is no image's name, without an engine, and for an image that cannot be had.
        """
        if not _NAME.fullmatch(image):
            raise InputError("is no image's name", where=Where(image), remedy="write REGISTRY/NAME:TAG")
        self.image = image
        self.python = python
        self.label = image
        self.engine, found = _engine(image)
        if found is None:
            (reporter or SilentReporter()).step(f"{self.engine} pulls {image}")
            pulled = _call([self.engine, "pull", image], _PULL_SECONDS)
            if pulled.returncode != 0:
                raise self._failed(f"{self.engine} cannot pull it", pulled)
            found = _inspected(_call([self.engine, "image", "inspect", image], _ASK_SECONDS))
        self.identity = _identity(image, found or {})

    def run(
        self,
        argv: Sequence[str],
        *,
        stdin: bytes | None = None,
        timeout: float,
        env: Mapping[str, str] | None = None,
        on_line: Callable[[str], None] | None = None,
    ) -> Completed:
        """Run a command in a container of its own, as `Machine.run` says; one that runs too long is removed."""
        name = f"podfit-{secrets.token_hex(8)}"
        given = [word for key, value in (env or {}).items() for word in ("--env", f"{key}={value}")]
        call = [self.engine, "run", "--rm", "--interactive", "--name", name, *CONFINED, *given]
        call += ["--entrypoint", argv[0], self.image, *argv[1:]]
        done = run_process(call, stdin=stdin, timeout=timeout, on_line=on_line)
        if done.timed_out or done.flooded:
            _call([self.engine, "rm", "--force", name], _ASK_SECONDS)
        if done.flooded:
            raise flood(self.label)
        if done.returncode == ENGINE_FAILED:
            raise self._failed(f"{self.engine} cannot run it", done)
        return done

    def _failed(self, problem: str, done: Completed) -> InputError:
        said = done.last_words or f"exit status {done.returncode}"
        remedy = f"podfit fit -t docker://{self.image} reads it from its registry without {self.engine}"
        return InputError(f"{problem}: {said}", where=Where(self.image), remedy=remedy)


def probe_image(
    image: str, *, python: str | None = None, quick: bool = False, reporter: Reporter | None = None
) -> dict[str, Any]:
    """Return the manifest (docs/template-manifest.md) of an image, probed in a container of it.

    What belongs to the machine that ran the container is left out. python is the interpreter's path or name in the
    image. Raises InputError as `ContainerMachine` and `probe` do.
    """
    machine = ContainerMachine(image, python=python or "python3", reporter=reporter)
    manifest = probe(machine, quick=quick, reporter=reporter)
    source = f"podfit probe of {machine.identity}, in a container"
    kept = {key: value for key, value in manifest.items() if key not in OF_THE_MACHINE}
    return {**kept, "image": machine.identity, "evidence": {**manifest["evidence"], "source": source}}


def _engine(image: str) -> tuple[str, dict[str, Any] | None]:
    """Return the first engine that answers, and what it knows of the image; None when it has no such image.

    Raises InputError when there is none.
    """
    said = []
    for engine in filter(shutil.which, ENGINES):
        asked = _call([engine, "image", "inspect", image], _ASK_SECONDS)
        if asked.returncode == 0:
            return engine, _inspected(asked)
        alive = _call([engine, "version"], _ASK_SECONDS)  # a docker without its daemon fails here
        if alive.returncode == 0:
            return engine, None
        said.append(f"{engine} says {alive.last_words or f'exit status {alive.returncode}'}")
    problem = "no engine runs containers here: " + ("; ".join(said) or f"there is no {' and no '.join(ENGINES)}")
    remedy = f"podfit fit -t docker://{image} reads it from its registry without one"
    raise InputError(problem, where=Where(image), remedy=remedy)


def _call(argv: Sequence[str], timeout: float) -> Completed:
    return run_process(argv, stdin=None, timeout=timeout)


def _inspected(done: Completed) -> dict[str, Any]:
    """Return what `image inspect` says of the one image: an object in a list; empty when it is anything else."""
    try:
        found = json.loads(done.stdout)
    except ValueError:
        return {}
    first = found[0] if isinstance(found, list) and found else None
    return first if isinstance(first, dict) else {}


def _identity(image: str, inspected: Mapping[str, Any]) -> str:
    """Return NAME@DIGEST as the registry knows the image, else the name with the engine's own id, else the name."""
    digests = inspected.get("RepoDigests")
    if isinstance(digests, list):
        for digest in digests:
            if isinstance(digest, str) and _NAME.fullmatch(digest):
                return digest
    own = inspected.get("Id")
    if isinstance(own, str) and re.fullmatch(r"(?:sha256:)?[0-9a-f]{64}", own):
        return f"{image} ({own if ':' in own else f'sha256:{own}'})"
    return image
