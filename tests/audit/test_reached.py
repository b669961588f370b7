"""What modules of a wheel reach, read from the lines that begin with an import, and confirmed by a syntax tree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podfit.audit.at_import import AtImport, Used
from podfit.audit.reached import is_at_import, reached


def read(files: Mapping[str, str], *entries: str) -> AtImport:
    """What a wheel with these files reaches from these modules."""

    def members(paths: Sequence[str]) -> dict[str, bytes]:
        return {path: files[path].encode() for path in paths}

    return reached(files, entries, members)


def names(found: Sequence[Used]) -> set[str]:
    return {used.name for used in found}


def test_only_what_the_entered_modules_import_is_followed() -> None:
    files = {
        "lib/__init__.py": "import os\n",
        "lib/run.py": "from .deep import thing\nfrom . import beside\nimport other.part as op\n",
        "lib/deep/__init__.py": "from typing_extensions import (\n    TypeIs,  # new\n    Self as S,\n)\n",
        "lib/beside.py": "from lib.deep \\\n    import more\n",
        "lib/deep/more.py": "from elsewhere import *\n",
        "lib/never.py": "import nobody\n",
    }
    found = read(files, "lib.run")
    assert names(found.modules) == {"os", "other.part", "typing_extensions", "elsewhere"}
    assert names(found.names) == {"typing_extensions:TypeIs", "typing_extensions:Self"}
    places = {used.name: used.place for used in found.names}
    assert places["typing_extensions:TypeIs"] == "lib/deep/__init__.py:1"
    assert names(read(files, "lib").modules) == {"os"}
    assert read(files, "gone.module") == AtImport()


def test_what_is_indented_is_passed_over_and_a_namespace_is_somebody_elses() -> None:
    guarded = "try:\n    import a\nexcept ImportError:\n    a = None\nif X:\n    import b\n"
    found = read({"ns/part/__init__.py": f"{guarded}from ns.other import c\n"}, "ns.part")
    assert names(found.modules) == {"ns.other"}
    assert names(found.names) == {"ns.other:c"}


GIVES = "import sys\ndef load(found):\n    setattr(sys.modules[__name__], 'jax', found)\n"


@pytest.mark.parametrize("run", ["from .backend import jax, torch\n", "from lib.backend import (\n    jax,\n)\n"])
def test_what_a_package_sets_as_it_runs_is_none_of_its_modules(run: str) -> None:
    files = {
        "lib/__init__.py": "",
        "lib/run.py": run,
        "lib/backend/__init__.py": GIVES,
        "lib/backend/jax/__init__.py": "from .deep import a\n",
        "lib/backend/jax/deep.py": "import jax\n",
    }
    assert names(read(files, "lib.run").modules) == {"sys"}
    plain = {**files, "lib/backend/__init__.py": "import sys\n"}
    assert names(read(plain, "lib.run").modules) == {"sys", "jax"}
    sure = {**files, "lib/__init__.py": "import lib.backend.jax\n"}
    assert names(read(sure, "lib.run").modules) == {"sys", "jax"}
    later = {**files, "lib/backend/__init__.py": f"{GIVES}from . import jax\nfrom . import more\n"}
    later["lib/backend/more.py"] = "import lib.backend.jax.deep\n"
    assert names(read(later, "lib.run").modules) == ({"sys", "jax"})


PARTS = {"lib/part.py": "from graphs import Data\nclass Set: ...\n", "lib/other.py": "import elsewhere\n"}


@pytest.mark.parametrize(
    "source",
    [
        "try:\n    from .part import Set\nexcept ImportError:\n    pass\n",
        "try:\n    import graphs\n    from lib.part import Set as Set\nexcept ImportError:\n    print('without')\n",
        "if has('graphs'):\n    from .part import Set\nelse:\n    Other = None\n",
        "with quiet():\n    try:\n        from .part import Other, Set\n    finally:\n        done()\n",
    ],
)
def test_an_import_under_a_condition_counts_where_it_alone_gives_what_is_asked_for(source: str) -> None:
    files = {"lib/__init__.py": source, **PARTS}
    assert names(read(files, "lib", "lib.Set").modules) == {"graphs"}
    assert names(read(files, "lib", "lib.Nothing").modules) == set()


@pytest.mark.parametrize(
    "lazily",
    [
        "sys.modules[__name__] = _LazyModule(__name__, __file__, names, module_spec=__spec__)\n",
        "def __getattr__(name):\n    return load(name)\n",
        "import lazy_loader\n__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)\n",
    ],
)
def test_a_module_that_imports_what_it_is_asked_for_tells_type_checkers_from_where(lazily: str) -> None:
    typed = "import typing\nif typing.TYPE_CHECKING:\n    from .part import Set\n    from .other import Other\n"
    files = {"lib/__init__.py": typed + lazily, **PARTS}
    found = names(read(files, "lib", "lib.Set").modules) - {"typing", "lazy_loader"}
    assert found == {"graphs"}
    assert "graphs" not in names(read(files, "lib").modules)


@pytest.mark.parametrize(
    "source",
    [
        "try:\n    from .part import Set\nexcept ImportError:\n    Set = None\n",
        "if new:\n    from .part import Set\nelse:\n    from .other import Set\n",
        "def Set(): ...\ntry:\n    from .part import Set\nexcept ImportError:\n    pass\n",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .part import Set\n",
        "def load():\n    from .part import Set\n",
        "for _ in ():\n    from .part import Set\n",
        "try:\n    from .part import Set\nexcept:\n    is no Python\n",
    ],
)
def test_an_import_under_a_condition_that_may_not_have_run_says_nothing(source: str) -> None:
    assert "graphs" not in names(read({"lib/__init__.py": source, **PARTS}, "lib.Set").modules)


def test_what_is_asked_for_is_followed_through_several_conditions() -> None:
    files = {
        "lib/__init__.py": "if there:\n    from .data import Set\n",
        "lib/data/__init__.py": "try:\n    from ..part import Set\nexcept ImportError:\n    pass\n",
        **PARTS,
    }
    assert names(read(files, "lib.Set").modules) == {"graphs"}


def test_a_cycle_ends_and_what_is_no_python_says_nothing() -> None:
    files = {"a/__init__.py": "from a.b import c\n", "a/b.py": "from a import b\nimport \\\n"}
    assert read({**files, "a/c.py": "from ... import x\n"}, "a", "a.c").modules == ()


@pytest.mark.parametrize(
    ("source", "name", "expected"),
    [
        ("from x.y import z\n", "x.y:z", True),
        ("import x.y\n", "x.y", True),
        ('"""Use it so:\n\nfrom x.y import z\n"""\n', "x.y:z", False),
        ("def f():\n    from x.y import z\n", "x.y:z", False),
        ("not python (\n", "x.y", False),
    ],
)
def test_a_string_is_no_import(source: str, name: str, expected: bool) -> None:
    assert is_at_import(source.encode(), "pkg/module.py", Used(name, "pkg/module.py:3")) is expected


@given(st.text(alphabet="from import.,()\\\n#*_ab\t=", max_size=200))
def test_any_text_is_read_to_its_end(text: str) -> None:
    found = read({"pkg/__init__.py": text}, "pkg")
    assert all(used.place.startswith("pkg/__init__.py:") for used in (*found.modules, *found.names))


def test_what_the_wheel_carries_a_copy_of_is_not_reached() -> None:
    sources = {"lib/__init__.py": b"from tvm import ir\nimport yaml\n", "lib/3rdparty/tvm/python/tvm/__init__.py": b""}
    found = reached(sources, ["lib"], lambda paths: {path: sources[path] for path in paths})
    assert [used.name for used in found.modules] == ["yaml"]
    assert found.names == ()
