"""One list of indexes for uv and for podfit's own client."""

from podfit.fit.indexes import index_arguments
from podfit.fit.options import Options
from podfit.fit.session import Session
from podfit.index import environment_index_urls
from podfit.solve.variables import resolver_environment

VARIABLES = {
    "UV_INDEX": "corp=https://one.example/simple two=https://two.example/simple",
    "UV_INDEX_CORP_USERNAME": "me",
    "UV_INDEX_CORP_PASSWORD": "p@ss",
    "UV_EXTRA_INDEX_URL": "https://three.example/simple",
    "PIP_EXTRA_INDEX_URL": "https://four.example/simple https://three.example/simple",
    "UV_DEFAULT_INDEX": "https://main.example/simple",
}


def test_the_variables_are_read_by_podfit_and_kept_from_uv(monkeypatch):
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    assert environment_index_urls() == (
        "https://me:p%40ss@one.example/simple",
        "https://two.example/simple",
        "https://three.example/simple",
        "https://four.example/simple",
    )
    assert not [
        name for name in resolver_environment() if name.startswith(("UV_INDEX", "UV_EXTRA_INDEX", "UV_DEFAULT_INDEX"))
    ]


def test_both_get_the_same_list(monkeypatch, tmp_path):
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    seen = {}

    def stop(*_args, index, options, **_more):
        seen.update(index=index, options=options)
        return ()

    monkeypatch.setattr("podfit.fit.session.fit_templates", stop)

    class Reading:
        calls = ()
        ignored: dict[str, str] = {}  # noqa: RUF012

        class project:  # noqa: N801 - stands for a project without indexes of its own
            index_urls = ()
            find_links = ()

    Session(Options(extra_index_urls=("https://zero.example/simple",)), cache=tmp_path).fit(Reading, ())
    arguments = index_arguments(seen["options"])
    told = [word.rpartition("@")[2].removeprefix("https://").partition("/")[0] for word in arguments[1::2]]
    assert told[0] == "main.example"
    assert (*told[1:], told[0]) == tuple(seen["index"].hosts)
