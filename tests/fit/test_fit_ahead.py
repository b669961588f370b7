"""Wheels that are likely to be planned are read by a process of its own, and nothing depends on it."""

import os
import subprocess

import pytest
from fit_support import project, template
from index_support import LocalIndex, build_wheel

from podfit.audit.at_import import AtImport
from podfit.fit import ahead
from podfit.fit.ahead import Ahead
from podfit.fit.options import Options
from podfit.fit.reading import Place
from podfit.fit.session import Session
from podfit.fit.wheels import Wanted, known
from podfit.index import Index
from podfit.readers.project import ProjectReading

NAMES = ("alpha", "beta", "gamma", "delta", "epsilon")
HERE = template("pod", {})


@pytest.fixture
def server():
    index = LocalIndex()
    yield index
    index.close()


@pytest.fixture
def index(server, tmp_path, monkeypatch):
    monkeypatch.setenv("NETRC", str(tmp_path / "no-netrc"))
    monkeypatch.setattr(ahead, "_apart", lambda: True)
    monkeypatch.setattr(ahead, "_PATIENCE_SECONDS", 300.0)
    for name in NAMES:
        files = {f"{name}/__init__.py": f"import {name}_other\n".encode()}
        server.add(name, f"{name}-1.0-py3-none-any.whl", build_wheel(name, "1.0", (), files))
    return Index([server.url], cache=tmp_path / "cache")


@pytest.fixture
def reader(index, server, tmp_path):
    made = Ahead(Place((server.url,), (), str(tmp_path / "cache")), index)
    yield made
    made.stop()


def read(index, name):
    """What is known of the import of a wheel."""
    (file,) = index.files(name)
    return known(index, Wanted(file, name, "import"))


def releases(*names):
    return {(name, "1.0"): () for name in names}


def test_what_is_expected_is_in_the_cache_when_it_is_wanted(reader, index, server):
    reader.expect(HERE, releases(*NAMES), True)
    reader.wait()
    for name in NAMES:
        (used,) = read(index, name).modules
        assert used.name == f"{name}_other"
    asked = sum(path.startswith("/files/") for path, _, _ in server.log)
    again = Ahead(Place((server.url,), (), "nowhere"), index)
    again.expect(HERE, releases(*NAMES), True)
    assert again._process is None, "all of it is known"
    assert sum(path.startswith("/files/") for path, _, _ in server.log) == asked


def test_for_a_few_wheels_or_what_nobody_asks_for_no_process_is_begun(reader, index):
    reader.expect(HERE, releases(*NAMES[:3]), True)
    reader.expect(HERE, releases(*NAMES), False)
    reader.expect(HERE, {(name, "2.0"): () for name in NAMES}, True)
    reader.expect(HERE, releases("absent"), True)
    assert reader._process is None
    reader.wait()
    reader.expect(HERE, releases(*NAMES), True)
    assert reader._process is None, "after the first solution each wheel is read where it is wanted"
    assert read(index, "alpha") is None


@pytest.mark.parametrize("command", [["false"], ["sleep", "600"], ["/nowhere/python"]])
def test_a_process_that_ends_or_never_does_costs_nothing_but_its_help(reader, index, monkeypatch, command):
    def begun():
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    monkeypatch.setattr(ahead, "_begun", begun)
    monkeypatch.setattr(ahead, "_PATIENCE_SECONDS", 0.2)
    reader.expect(HERE, releases(*NAMES[:4]), True)
    process = reader._process
    reader.expect(HERE, releases(*NAMES), True)
    reader.wait()
    assert process is None or process.returncode is not None
    assert read(index, "alpha") is None


def test_no_file_of_the_project_stands_in_the_way_of_a_module_s(reader, index, tmp_path, monkeypatch):
    project = tmp_path / "project"
    (project / "podfit").mkdir(parents=True)
    for path in ("podfit/__init__.py", "msgspec.py", "json.py", "sitecustomize.py"):
        (project / path).write_text(f"open({os.fspath(tmp_path / 'ran')!r}, 'w').close()\n")
    monkeypatch.chdir(project)
    reader.expect(HERE, releases(*NAMES), True)
    reader.wait()
    assert isinstance(read(index, "alpha"), AtImport)
    assert not (tmp_path / "ran").exists()


def test_the_password_of_an_index_is_in_no_argument(index, server, tmp_path, monkeypatch):
    server.user = "me"
    begun = ahead._begun
    made = []
    monkeypatch.setattr(ahead, "_begun", lambda: made.append(begun()) or made[-1])
    url = server.url.replace("://", "://me:secret@")
    private = Index([url], cache=tmp_path / "private")
    reader = Ahead(Place((url,), (), str(tmp_path / "private")), private)
    reader.expect(HERE, releases(*NAMES), True)
    reader.wait()
    assert "secret" not in " ".join(made[0].args)
    assert read(private, "alpha").modules


def test_a_fit_waits_for_what_was_read_ahead_and_reads_it_once(index, server, tmp_path, monkeypatch):
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    waited = []
    wait = Ahead.wait

    def counted(self):
        waited.append(self._process is not None)
        wait(self)
        server.log.clear()

    monkeypatch.setattr(Ahead, "wait", counted)
    reading = ProjectReading(project(*(f"{name}==1.0" for name in NAMES)), ())
    session = Session(Options(index_url=server.url), cache=tmp_path / "cache")
    (fitted,) = session.fit(reading, [HERE])
    assert fitted.plan is not None
    assert waited[0], "there was something to wait for"
    assert read(index, "alpha").modules
    assert not [path for path, _, _ in server.log if path.startswith("/files/alpha") and path.endswith(".whl")]
