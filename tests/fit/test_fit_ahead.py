"""Wheels that are likely to be planned are read by a process of its own, and nothing depends on it."""

import os
import subprocess
import time

import msgspec
import pytest
from fit_support import project, template
from index_support import LocalIndex, build_wheel

from podfit.audit.at_import import AtImport
from podfit.fit import ahead
from podfit.fit.ahead import Ahead, Foreseen
from podfit.fit.jobs import made_all
from podfit.fit.options import Options
from podfit.fit.phases import Needed
from podfit.fit.planned import Planned
from podfit.fit.reach import Entered
from podfit.fit.reading import Place
from podfit.fit.session import Session
from podfit.fit.wheels import Wanted
from podfit.index import Index
from podfit.model import Artefact, LockedPackage, Need
from podfit.needs import NeedReport
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
    return Wanted(file, name, "import").known(index)


def wanted(index, *names):
    return [Wanted(index.files(name)[0], name, "import") for name in names]


def planned(index, *names, needs=()):
    """A plan that adds releases, of which the first is what the project imports."""
    return Planned(
        *(frozenset(names), {name: index.files(name)[0] for name in names}, dict.fromkeys(names, "")),
        *(dict.fromkeys(names, frozenset()), dict.fromkeys(names, "1.0"), frozenset(), frozenset(needs), frozenset()),
        *(names[:1], HERE.target.tags),
    )


def foreseen(reader, index, *needs):
    project_of = project(*needs)
    report = NeedReport(tuple(Need(name, ()) for name in needs), (), (), ())
    return Foreseen(reader, index, Needed(HERE, report, frozenset()), project_of, {})


def test_what_is_expected_is_in_the_cache_when_it_is_wanted(reader, index, server):
    reader.expect(wanted(index, *NAMES))
    reader.wait()
    for name in NAMES:
        (used,) = read(index, name).modules
        assert used.name == f"{name}_other"
    asked = sum(path.startswith("/files/") for path, _, _ in server.log)
    again = Ahead(Place((server.url,), (), "nowhere"), index)
    again.expect(wanted(index, *NAMES))
    assert again._process is None, "all of it is known"
    assert sum(path.startswith("/files/") for path, _, _ in server.log) == asked


def test_for_a_few_wheels_no_process_is_begun(reader, index):
    reader.expect(wanted(index, *NAMES[:3]))
    assert reader._process is None
    reader.follow(lambda: pytest.fail("nobody follows"))
    reader.share(wanted(index, *NAMES))()
    reader.wait()
    reader.stop()
    reader.expect(wanted(index, *NAMES))
    reader.begin(NAMES)
    assert reader._process is None, "it is over"
    assert read(index, "alpha") is None


def test_where_the_index_was_never_asked_the_process_is_begun_at_once(reader, index):
    reader.begin(NAMES[:3])
    assert reader._process is None, "too few"
    for name in NAMES[:2]:
        index.files(name)
    reader.begin(NAMES)
    assert reader._process is None, "two of the five are known"
    reader.begin((*NAMES, "zeta", "eta"))
    assert reader._process is not None


def test_what_the_imports_of_a_plan_reach_is_read(reader, index, server):
    files = {"alpha/__init__.py": b"from beta.parts import thing\n"}
    server.add("alpha", "alpha-1.0-py3-none-any.whl", build_wheel("alpha", "1.0", (), files))
    files = {"beta/__init__.py": b"", "beta/parts.py": b"import gamma\n"}
    server.add("beta", "beta-1.0-py3-none-any.whl", build_wheel("beta", "1.0", (), files))
    reader.begin(("zeta", "eta", "theta", "iota"))
    reader.follow(lambda: planned(index, "alpha", "beta", "gamma", needs=["alpha"]))
    job = Entered(index.files("beta")[0], "beta", ("beta.parts", "beta.parts.thing"))
    assert soon(lambda: job.known(index) is not None)
    assert [used.name for used in job.known(index).modules] == ["gamma"]
    assert read(index, "alpha").modules


def soon(true):
    """Wait for something that another process does, as long as it takes."""
    deadline = time.monotonic() + 120
    while not true() and time.monotonic() < deadline:
        time.sleep(0.01)
    return true()


def test_readings_are_shared_and_what_is_followed_is_left(reader, index):
    reader.begin(("zeta", "eta", "theta", "iota"))
    jobs = wanted(index, *NAMES)
    wait = reader.share(jobs)
    wait()
    assert all(job.known(index) is not None for job in jobs)
    assert made_all(index, jobs, "test", reader.share) == [job.known(index) for job in jobs]


def test_jobs_that_cannot_be_made_say_why(reader, index, server):
    server.add("alpha", "alpha-1.0-py3-none-any.whl", b"no zip file")
    reader.begin(("zeta", "eta", "theta", "iota"))
    jobs = [*wanted(index, *NAMES), *wanted(index, "alpha")]
    said = {}
    found = made_all(index, jobs, "test", reader.share, lambda place, error: said.update({place: str(error)}))
    assert [each is None for each in found] == [True, False, False, False, False, True]
    assert said.keys() == {0, 5} and "alpha-1.0-py3-none-any.whl" in said[0]


def test_what_is_likely_and_an_answer_of_the_resolver_are_expected(reader, index):
    reader.begin(("zeta", "eta", "theta", "iota"))
    told = foreseen(reader, index, "alpha", "beta")
    told.releases({("alpha", "1.0"): ("delta>=1", 'gamma; extra == "x"'), ("absent", "1.0"): (), ("gamma", "2.0"): ()})
    told.all_of_them()
    told.answer({"alpha": package(index, "alpha"), "beta": package(index, "beta")})
    reader.wait()
    assert read(index, "alpha") is not None
    assert read(index, "beta") is None, "one new release is no other answer"
    told.answer({name: package(index, name) for name in NAMES})
    reader.wait()
    assert read(index, "beta") is not None
    made = told._planned(told._told.values())
    assert made.edges["alpha"] == {"delta"}
    assert made.files.keys() == {*NAMES} and made.needs == {"alpha", "beta"}


def test_nothing_compiled_is_read_before_it_is_known_what_it_requires(reader, index, server):
    linux = "cp311-cp311-manylinux_2_17_x86_64"
    server.add("comp", f"comp-1.0-{linux}.whl", build_wheel("comp", "1.0", ["numpy"], {"comp/_c.so": b"no library"}))
    told = foreseen(reader, index, "comp")
    asked = []
    reader.expect = asked.extend
    packages = {name: package(index, name) for name in ("comp", *NAMES)}
    told.answer(packages)
    assert "comp" in {name for name, _ in told._told}
    assert [each.file.filename for each in asked if linux in each.file.filename] == []
    told = foreseen(reader, index, "comp")
    index.metadata("comp", "1.0")
    told.answer(packages)
    assert [each.how for each in asked if linux in each.file.filename] == ["numpy"]


def package(index, name):
    """A package as the resolver's answer has it."""
    (file,) = index.files(name)
    return LockedPackage(name, "1.0", (Artefact(file.filename, file.url, file.hashes, "wheel", file.size, ""),))


@pytest.mark.parametrize("command", [["false"], ["sleep", "600"], ["/nowhere/python"]])
def test_a_process_that_ends_or_never_does_costs_nothing_but_its_help(reader, index, monkeypatch, command):
    def begun():
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    monkeypatch.setattr(ahead, "_begun", begun)
    monkeypatch.setattr(ahead, "_PATIENCE_SECONDS", 0.2)
    reader.expect(wanted(index, *NAMES[:4]))
    process = reader._process
    reader.expect(wanted(index, *NAMES))
    for _ in range(20):  # more than a pipe holds
        reader.follow(lambda: msgspec.structs.replace(planned(index, *NAMES), tags=("tag" * 100,) * 100))
    reader.wait()
    jobs = wanted(index, *NAMES)
    assert read(index, "alpha") is None
    assert all(made_all(index, jobs, "test", reader.share)), "it is read here, then"
    reader.stop()
    assert process is None or process.returncode is not None


def test_no_file_of_the_project_stands_in_the_way_of_a_module_s(reader, index, tmp_path, monkeypatch):
    project = tmp_path / "project"
    (project / "podfit").mkdir(parents=True)
    for path in ("podfit/__init__.py", "msgspec.py", "json.py", "sitecustomize.py"):
        (project / path).write_text(f"open({os.fspath(tmp_path / 'ran')!r}, 'w').close()\n")
    monkeypatch.chdir(project)
    reader.expect(wanted(index, *NAMES))
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
    reader.expect(wanted(private, *NAMES))
    reader.wait()
    reader.stop()
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
