"""Questions that go through podfit's own server: the answers of the index itself, which is asked when in doubt."""

from dataclasses import replace

import pytest
from index_support import LocalIndex, build_sdist, build_wheel

from podfit.index import Index
from podfit.index.transport import ATTEMPTS
from podfit.model import InputError
from podfit.model.steps import finish
from podfit.solve.answer import Refusal
from podfit.solve.shown import shown, through
from podfit.solve.uv import PackageNotFoundError, Question, Uv


@pytest.fixture
def server():
    index = LocalIndex()
    yield index
    index.close()


@pytest.fixture
def question(tmp_path, server, monkeypatch):
    monkeypatch.setenv("NETRC", str(tmp_path / "no-netrc"))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    (tmp_path / "template").mkdir()
    server.add("app", "app-1.0-py3-none-any.whl", build_wheel("app", "1.0", ["lib>=1"]))
    server.add("app", "app-2.0-py3-none-any.whl", build_wheel("app", "2.0", ["lib>=2", "absent; extra == 'more'"]))
    server.add("lib", "lib-1.0-cp311-cp311-manylinux_2_17_x86_64.whl", build_wheel("lib", "1.0"))
    server.add("lib", "lib-1.0-cp311-cp311-win_amd64.whl", build_wheel("lib", "1.0"))
    server.add("lib", "lib-2.0-cp311-cp311-win_amd64.whl", build_wheel("lib", "2.0"))
    server.add("old", "old-1.0.tar.gz", build_sdist("old", "1.0", {"setup.py": b"raise SystemExit"}))
    arguments = ("--default-index", server.url)
    return Question(("app",), (), {}, "3.11.9", "x86_64-manylinux_2_35", tmp_path / "template", arguments)


@pytest.fixture
def asked(tmp_path, server):
    """Asks a question through the server and returns the answer and what the index was asked for."""
    made = []

    def ask(question, url="", **more):
        cache = tmp_path / f"cache{len(made)}"
        made.append(Uv(cache, serving=Index([url or server.url], cache=cache).serving(), **more))
        before = len(server.log)
        answer = made[-1].compile(question)
        return answer, [path for path, _, _ in server.log[before:]]

    ask.made = made
    yield ask
    for uv in made:
        uv.close()


def test_an_answer_has_the_files_as_the_index_lists_them(question, asked, server, tmp_path):
    answer, log = asked(question)
    assert {name: each.version for name, each in answer.items()} == {"app": "1.0", "lib": "1.0"}
    assert asked.made[0].serving is not None, "nothing was asked of the index itself"
    assert not any(path.startswith("/files/") and path.endswith("lib-2.0-cp311-cp311-win_amd64.whl") for path in log)
    plain = finish(Uv(tmp_path / "plain").steps(question))
    assert answer["app"] == plain["app"]
    (file,) = answer["lib"].artefacts
    assert file in plain["lib"].artefacts
    assert file.url == f"http://{server.host}/files/{file.filename}"


def test_a_refusal_says_what_the_indexes_would(question, asked, tmp_path):
    hard = replace(question, requirements=("app", "lib>=2"))
    refusal, _ = asked(hard)
    assert isinstance(refusal, Refusal)
    assert "lib>=2" in refusal.message
    assert "podfit.invalid" not in refusal.message
    unbuilt, _ = asked(replace(question, requirements=("old",)))
    assert isinstance(unbuilt, Refusal)
    assert unbuilt == finish(Uv(tmp_path / "plain").steps(replace(question, requirements=("old",))))
    assert unbuilt.unbuilt == ("old",)
    assert all(uv.serving is not None for uv in asked.made)


def test_an_absent_package_is_told_with_the_name_of_the_index(question, asked, server):
    with pytest.raises(PackageNotFoundError) as told:
        asked(replace(question, requirements=("nowhere",)))
    assert (told.value.package, told.value.index) == ("nowhere", server.host)


def test_what_cannot_be_shown_is_asked_of_the_index_itself(question, asked, server):
    broken = build_wheel("app", "3.0").replace(b"METADATA", b"METABASE")
    server.add("app", "app-3.0-py3-none-any.whl", broken)
    server.troubles["/simple/app/"] = [(403, {}, b"")]
    answer, _ = asked(replace(question, requirements=("app<3",)))
    assert answer["app"].version == "1.0"
    assert asked.made[0].serving is None


def test_an_index_that_podfit_has_asked_in_vain_is_asked_once_more(question, asked, server, monkeypatch):
    monkeypatch.setattr("podfit.index.transport._BACKOFF_SECONDS", 0.01)
    server.troubles["/simple/app/"] = [(503, {}, b"")] * 20
    with pytest.raises(InputError, match=r"cannot be reached"):
        asked(question)
    assert server.asked("/simple/app/") == ATTEMPTS + 1


def test_where_nobody_may_listen_the_index_is_asked_itself(question, asked, monkeypatch):
    def refused(*_):
        raise PermissionError("no sockets here")

    monkeypatch.setattr("podfit.index.serving._Server", refused)
    answer, _ = asked(question)
    assert answer["app"].version == "1.0"
    assert asked.made[0].serving is None


def test_questions_that_only_the_index_can_answer_are_not_shown(question, tmp_path, server):
    serving = Index([server.url], cache=tmp_path / "cache").serving()
    assert shown(question, serving) is not None
    for other in (
        replace(question, build=("old",)),
        replace(question, platform="aarch64-apple-darwin"),
        replace(question, index_arguments=()),
        replace(question, index_arguments=("--no-index", "--find-links", "http://example.org/links")),
        replace(question, index_arguments=(*question.index_arguments, "--find-links", "http://example.org/links")),
        replace(question, requirements=("app @ http://example.org/app-1.0-py3-none-any.whl",)),
    ):
        assert shown(other, serving) is None, other


def test_without_the_network_podfit_s_cache_answers(question, server, tmp_path):
    cache = tmp_path / "cache"
    first = Uv(cache, serving=Index([server.url], cache=cache).serving())
    answer = first.compile(question)
    first.close()
    server.close()
    for known in (tmp_path / "uv").glob("*"):
        assert known.exists()
    again = Uv(cache, offline=True, serving=Index([server.url], cache=cache, offline=True).serving())
    assert again.compile(question) == answer
    again.close()


def test_a_proxy_of_the_person_s_for_other_hosts_stays():
    ours, theirs = "http://podfit:w@127.0.0.1:9", "http://corporate:1"
    made = through(ours, {"HTTPS_PROXY": theirs, "http_proxy": theirs, "NO_PROXY": "localhost,*.corp"})
    assert made["HTTPS_PROXY"] == theirs
    assert made["NO_PROXY"] == "localhost,*.corp"
    assert made["http_proxy"] == made["HTTP_PROXY"] == ours
    without = through(ours, {"HTTPS_PROXY": theirs, "ALL_PROXY": theirs, "no_proxy": "localhost, *", "A": "b"})
    assert without.keys() == {"A", "http_proxy", "HTTP_PROXY", "UV_HTTP_RETRIES"}


def test_who_wants_no_proxy_is_shown_the_indexes_nevertheless(question, asked, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "*")
    answer, _ = asked(question)
    assert answer["app"].version == "1.0"
    assert asked.made[0].serving is not None


def test_pre_releases_are_asked_for_by_a_requirement_a_constraint_or_what_was_tested(question, tmp_path):
    """Each question that names one has an address of its own, for other pages are shown there."""
    serving = Index(["https://example.org/simple/"], cache=tmp_path / "cache").serving()

    def address(**more):
        asked = shown(
            replace(question, index_arguments=("--default-index", "https://example.org/simple/"), **more), serving
        )
        return asked.index_arguments[1]

    plain = address()
    one = address(requirements=("App[all]>=2.0b1,<3 ; python_version > '3.8'",))
    assert one == address(constraints=("app==2.0.dev20250101+cu128",)) == address(preferences={"app": "2.0rc1"})
    assert plain == address(requirements=("app>=2,!=2.1rc1 ; platform_release > '5.dev1'",), constraints=("app<3.*",))
    assert plain != one
