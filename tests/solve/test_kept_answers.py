"""uv's kept answers: the same question within ten minutes runs no uv; whatever the answer depends on is its key."""

import http.server
import os
import threading
import time
from dataclasses import replace

import pytest
from solve_support import registry

from podfit.model import Artefact, InputError, LockedPackage
from podfit.model.steps import finish
from podfit.solve import uv as module
from podfit.solve.answers import Answers, keeps
from podfit.solve.uv import Question, Uv

FILE = Artefact(
    "app-1.0.tar.gz", "https://example.org/app-1.0.tar.gz", ("sha256:00",), "sdist", 7, "2026-01-01T00:00:00"
)
LOCK = {
    "app": LockedPackage("app", "1.0", (FILE,)),
    "other": LockedPackage("other", "", (), "git+https://example.org@00"),
}


@pytest.fixture
def wheels(tmp_path):
    return registry(tmp_path / "wheels", {("app", "1.0"): []})


@pytest.fixture
def url(wheels):
    """The address of an index of what the folder wheels holds."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            name = self.path.rstrip("/").rpartition("/")[2]
            file = wheels / name
            names = sorted(path.name for path in wheels.iterdir() if path.name.startswith(f"{name}-"))
            links = "".join(f'<a href="/files/{each}">{each}</a>' for each in names)
            body = file.read_bytes() if file.is_file() else links.encode()
            self.send_response(200 if file.is_file() or names else 404)
            self.send_header("Content-Type", "application/octet-stream" if file.is_file() else "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/simple/"
    server.shutdown()
    server.server_close()


@pytest.fixture
def runs(monkeypatch, tmp_path):
    """The runs of uv, as their words."""
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    made = []
    run = module.run_watched

    def counted(command, **more):
        if not threading.current_thread().name.startswith("podfit-begun"):  # begun by another test, and not waited for
            made.append(command)
        return run(command, **more)

    monkeypatch.setattr(module, "run_watched", counted)
    return made


@pytest.fixture
def question(tmp_path, url):
    (tmp_path / "template").mkdir()
    arguments = ("--default-index", url)
    return Question(("app",), (), {}, "3.11.9", "x86_64-manylinux_2_35", tmp_path / "template", arguments)


def _asked(question, tmp_path, **more):
    answer = Uv(tmp_path / "cache", **more).compile(question)
    return {name: package.version for name, package in answer.items()}


def test_the_same_question_is_answered_without_uv_and_others_are_not(question, runs, tmp_path, wheels):
    assert _asked(question, tmp_path) == {"app": "1.0"}
    first = finish(Uv(tmp_path / "cache").steps(question))
    assert len(runs) == 1
    assert first["app"].artefacts[0].filename == "app-1.0-py3-none-any.whl"
    assert _asked(replace(question, constraints=("app<3",)), tmp_path) == {"app": "1.0"}
    assert len(runs) == 2
    registry(wheels, {("app", "2.0"): []})
    assert _asked(question, tmp_path) == {"app": "1.0"}
    assert _asked(question, tmp_path, refresh=True) == {"app": "2.0"}
    assert _asked(question, tmp_path) == {"app": "2.0"}
    assert len(runs) == 3
    with pytest.raises(InputError):  # --offline: what uv's own cache holds, which is nothing of an index without ETags
        _asked(question, tmp_path, offline=True)
    assert "--offline" in runs[3]


def test_after_ten_minutes_the_index_is_asked_again(question, runs, tmp_path, wheels):
    assert _asked(question, tmp_path) == {"app": "1.0"}
    registry(wheels, {("app", "2.0"): []})
    then = time.time() - module.FRESH_SECONDS - 1
    for path in (tmp_path / "cache" / "asked").iterdir():
        os.utime(path, (then, then))
    _asked(question, tmp_path)
    assert len(runs) == 2
    assert "--offline" not in runs[1]


@pytest.mark.parametrize("harm", ["cut short", "altered", "empty"])
def test_a_damaged_answer_counts_as_none(question, runs, tmp_path, harm):
    _asked(question, tmp_path)
    (kept,) = (tmp_path / "cache" / "asked").glob("*.json")
    data = kept.read_bytes()
    kept.write_bytes({"cut short": data[:-9], "altered": data.replace(b"app", b"apq"), "empty": b""}[harm])
    assert _asked(question, tmp_path) == {"app": "1.0"}
    assert len(runs) > 1


def test_the_key_holds_uv_and_its_variables(question, tmp_path):
    program = tmp_path / "uv-program"
    program.write_bytes(b"1")
    settings = {"UV_INDEX_STRATEGY": "first-index", "HOME": "/one"}
    Answers(tmp_path, settings, str(program)).keep(question, LOCK)

    def found(environment):
        return Answers(tmp_path, environment, str(program)).find(question, 600)

    assert found(settings) == LOCK
    assert found({**settings, "HOME": "/other"}) == LOCK
    assert found({**settings, "UV_INDEX_STRATEGY": "unsafe-best-match"}) is None
    assert found({"HOME": "/one"}) is None
    program.write_bytes(b"another uv")
    assert found(settings) is None


@pytest.mark.parametrize(
    "more",
    [
        {"index_arguments": ("--default-index", "file:///wheels")},
        {"index_arguments": ("--default-index", "/wheels")},
        {"index_arguments": ("--default-index", "https://example.org/simple/", "--find-links", "file:///wheels")},
        {"index_arguments": ("--default-index", "https://user:secret@example.org/simple/")},
        {"index_arguments": ()},
        {"build": (":all:",)},
        {"requirements": ("app @ file:///app",)},
        {"requirements": ("app@git+https://token@example.org/app",)},
        {"constraints": ("other @ https://example.org/other.whl",)},
    ],
)
def test_what_could_change_without_the_key_or_holds_a_secret_is_not_kept(question, tmp_path, more):
    assert keeps(question)
    other = replace(question, **more)
    assert not keeps(other)
    answers = Answers(tmp_path / "none", {}, str(tmp_path))
    answers.keep(other, LOCK)
    assert answers.find(other, 600) is None
    assert not (tmp_path / "none").exists()
