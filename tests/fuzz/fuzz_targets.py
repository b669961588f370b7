"""What is fuzzed: each target feeds one reader and holds what comes of it against what podfit promises of any input.

A target is a function of one drawn input. It fails when the reader raises something else than a PodfitError of one
printable sentence, when it takes more processor time than SECONDS, or when what is made of the input breaks its form.
`tools/fuzz.py` runs all of them for minutes, `test_fuzz.py` each for a moment.
"""

from __future__ import annotations

import ast
import contextlib
import copy
import io
import json
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from index_support import build_sdist, build_wheel, metadata_text
from writers_support import moola

from podfit.far import frame
from podfit.index.archives import opened
from podfit.index.artefacts import UnreadableError
from podfit.index.cache import Cache
from podfit.index.metadata import from_sdist, parse_metadata, sdist_import_names
from podfit.index.shown import shown_page
from podfit.index.simple import PageError, links_of_html, parse_page
from podfit.index.sources import source_files
from podfit.index.tail import metadata_of_tail
from podfit.index.transport import Transport
from podfit.index.wheel import RangeFile, list_wheel, read_metadata
from podfit.model import InputError, PodfitError, SilentReporter
from podfit.model.manifest import manifest_from_template, template_from_manifest
from podfit.model.serial import plan_from_dict, plan_to_dict

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SECONDS = 8.0
"""Processor time that one input may take: a thousand times what the largest of them needs."""

WORDS = (
    "",
    "x",
    "numpy",
    "1.0",
    "==1.0",
    "-r x",
    "\x1b]0;title\x07",
    "\x1b]52;c;cm0=\x07",
    "\x1b[2J",
    "\x9b31m",
    "a\nb",
    "a\r\nb",
    "a\u2028b",
    "\u202eabc",
    "'''",
    '"""',
    "\\",
    "x' + 'y",
    "# coding: foo",
    "\ud800",
    "\0",
    "${HOME}",
    "%s{0}",
    "../../etc/passwd",
    "/",
    "~nobody/x",
    "http://[",
    "https://me:S3CRETPASSWORD9@h/x?token=S3CRETPASSWORD9",
    "file:///dev/zero",
    "git+https://h/x@main",
    "git+ssh://git@h/x@" + "0" * 40,
    "1" * 5000,
    "1e999",
    "a" * 70_000,
    "[" * 3000,
    "(" * 3000,
    "--hash=sha256:" + "0" * 64,
    "sha256:" + "0" * 64,
    "\n--index-url http://evil.example/simple",
    "cp311-cp311-manylinux_2_17_x86_64",
    "NaN",
)
"""Text that has broken something somewhere."""

TEXTS = st.one_of(st.sampled_from(WORDS), st.text(max_size=12))
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([0, -1, 1, 2**31, 2**63, 2**64, 10**30, -(10**30)]),
    st.floats(),
    TEXTS,
    TEXTS,
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=5,
)


CHANGES: list[str] = []
"""What `changed` did to its value the last time, for whoever looks for the cause."""


@st.composite
def changed(draw: st.DrawFn, base: Any) -> Any:
    """Return a JSON value with up to four places in it replaced, removed, doubled or renamed."""
    found = copy.deepcopy(base)
    CHANGES.clear()
    for _ in range(draw(st.integers(1, 4))):
        holder: Any = None
        key: Any = None
        value = found
        path: list[Any] = []
        while isinstance(value, (dict, list)) and value and (holder is None or draw(st.integers(0, 4))):
            holder = value
            key = (
                draw(st.sampled_from(list(value))) if isinstance(value, dict) else draw(st.integers(0, len(value) - 1))
            )
            value = value[key]
            path.append(key)
        if holder is None:
            return draw(VALUES)
        how = draw(st.integers(0, 5))
        if how == 0:
            del holder[key]
        elif how == 1 and isinstance(holder, list):
            holder.append(copy.deepcopy(value))
        elif how == 1:
            holder[draw(TEXTS)] = holder.pop(key)
        elif how == 2 and isinstance(value, str):
            at = draw(st.integers(0, len(value)))
            holder[key] = value[:at] + draw(TEXTS) + value[at:]
        else:
            holder[key] = draw(VALUES)
        after = holder[key] if isinstance(holder, dict) and key in holder else "gone or moved"
        CHANGES.append(f"{path!r:.200}: {value!r:.200} -> {after!r:.300}")
    return found


@st.composite
def cut(draw: st.DrawFn, base: bytes) -> bytes:
    """Return bytes with some changed, left out or put in."""
    data = bytearray(base)
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, max(0, len(data) - 1)))
        how = draw(st.integers(0, 3))
        if how == 0:
            del data[at : at + draw(st.integers(1, 64))]
        elif how == 1:
            data[at:at] = draw(st.binary(max_size=16))
        elif how == 2 and data:
            data[at] = draw(st.integers(0, 255))
        else:
            data[at : at + 4] = draw(st.sampled_from([b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff"]))
    return bytes(data)


@contextlib.contextmanager
def promised() -> Iterator[None]:
    """Hold a reader to what every input may do: nothing, or one printable sentence, in bounded time."""
    begun = time.process_time()
    try:
        yield
    except PodfitError as error:
        from podfit.writers.plain import plain

        told = plain(str(error))
        assert told.isprintable()
        assert len(told) < 20_000, f"a message of {len(told)} characters: {told[:200]}"
    taken = time.process_time() - begun
    assert taken < SECONDS, f"it took {taken:.1f} s of processor time"


@contextlib.contextmanager
def project(files: dict[str, bytes]) -> Iterator[Path]:
    """Have a directory with these files for a while."""
    with tempfile.TemporaryDirectory() as folder:
        for name, data in files.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        yield Path(folder)


def encoded(text: str) -> bytes:
    """Return text as a file may hold it, lone surrogates and all."""
    return text.encode("utf-8", "surrogatepass")


def as_json(value: Any) -> str:
    """Return a value as JSON."""
    return json.dumps(value)


PIECES = st.lists(st.one_of(TEXTS, st.sampled_from(["\n", " ", ",", ";", "=", "[", "]", "{", "}", '"', "'", "#", "-", ":"])),
                  max_size=14).map("".join)  # fmt: skip


# --- the targets


def requirements(text: str) -> None:
    """Requirement files, and all that lies in a project beside them."""
    from podfit.readers.declared import read_declared

    with project({"requirements.txt": encoded(text), "x": b"numpy\n"}) as root, promised():
        read_declared(root, lenient=True)
        read_declared(root, files=[root / "requirements.txt"])


_PYPROJECT = {
    "project": {
        "name": "p",
        "dependencies": ["numpy>=1"],
        "optional-dependencies": {"a": ["x"]},
        "dynamic": ["version"],
    },
    "dependency-groups": {"dev": ["pytest", {"include-group": "b"}], "b": ["x"]},
    "tool": {
        "uv": {"sources": {"x": {"path": "../x"}}, "index": [{"url": "https://h/simple", "name": "h"}]},
        "poetry": {"dependencies": {"python": "^3.8", "x": {"version": "^1", "optional": True}}},
        "podfit": {"ignore": {"PF101": "a reason"}},
        "pdm": {"dev-dependencies": {"d": ["x"]}},
    },
}


def toml_of(value: Any) -> str:
    """Return a value as inline TOML."""
    if isinstance(value, bool) or value is None:
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, list):
        return f"[{', '.join(map(toml_of, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml_of(str(key))} = {toml_of(inner)}" for key, inner in value.items()) + "}"
    safe = "".join(
        char if 31 < ord(char) < 0xD800 and char not in '"\\\x7f' else f"\\u{ord(char) % 0xD800:04x}" for char in value
    )
    return f'"{safe}"'  # fmt: skip


def pyproject(value: Any) -> None:
    """pyproject.toml of every tool."""
    from podfit.readers.project import read_project

    text = "".join(f"{key} = {toml_of(inner)}\n" for key, inner in value.items()) if isinstance(value, dict) else "x"
    with project({"pyproject.toml": encoded(text), "a.py": b"import numpy\n"}) as root, promised():
        read_project(root, local="none")


def other_declarations(pair: tuple[str, str]) -> None:
    """setup.cfg, setup.py, environment.yml, Dockerfile, README, .gitmodules, Pipfile."""
    from podfit.readers.project import read_project

    name, text = pair
    with project({name: encoded(text), "a.py": b"import numpy\n"}) as root, promised():
        read_project(root, local="none")


def code(text: str) -> None:
    """Python files."""
    from podfit.readers.imports import scan_imports

    with project({"a.py": encoded(text)}) as root, promised():
        scan_imports(root)


_NOTEBOOK = {
    "nbformat": 4,
    "metadata": {"kernelspec": {"language": "python", "name": "python3"}, "language_info": {"name": "python"}},
    "cells": [
        {"cell_type": "code", "source": ["%pip install x==1\n", "import numpy as np\n", "a = !ls\n"], "outputs": [{}]},
        {"cell_type": "code", "source": "!pip install -r requirements.txt 'y>1'\n%%time\nimport x\n"},
        {"cell_type": "markdown", "source": "x"},
    ],
    "worksheets": [{"cells": [{"cell_type": "code", "input": "import x"}]}],
}


def notebook(value: Any) -> None:
    """Notebooks."""
    from podfit.readers.imports import scan_imports

    with project({"a.ipynb": as_json(value).encode()}) as root, promised():
        found = scan_imports(root)
        for notice in found.notices:
            assert len(notice) < 20_000


def notebook_bytes(data: bytes) -> None:
    """Notebooks that are none."""
    from podfit.readers.imports import scan_imports

    with project({"a.ipynb": data}) as root, promised():
        scan_imports(root)


def _manifest() -> dict[str, Any]:
    """Return a manifest with every kind of fact."""
    found = manifest_from_template(moola().template)
    found["distributions"] = found["distributions"][:3]
    found["distributions"][0] |= {"requires_dist": ["numpy>=1; extra == 'x'"], "import_names": ["x"], "editable": True}
    evidence = {"kind": "binary", "source": "/x", "detail": ""}
    return {
        **found,
        "environment": {"PIP_CONSTRAINT": "/x"},
        "pip_config": {"global.index-url": "https://h/simple"},
        "cuda": {"toolkit": "12.4", "cudnn": "9.1", "toolkit_evidence": evidence},
        "torch": {"version": "2.4.0", "cuda": "12.4", "arch_list": ["sm_80"], "numpy_abi": 1, "cxx11_abi": False},
        "gpus": [{"name": "H100", "compute_capability": "9.0", "memory_bytes": 10}],
        "driver": {"version": "550.1", "cuda": "12.4"},
        "disks": [{"mount": "/", "filesystem": "ext4", "free_bytes": 1, "total_bytes": 2, "persistent": None, "reason": "x"}],
        "probe": {"version": "1", "seconds": 0.1, "warnings": ["x"]},
    }  # fmt: skip


def manifest(value: Any) -> None:
    """Template manifests, from a file: what they lead to is printed, written and read again."""
    with promised():
        template = template_from_manifest(value, where="m.json")
        again = template_from_manifest(json.loads(json.dumps(manifest_from_template(template))), where="m.json")
        assert again.name == template.name
        _ = template.target, template.marker_environment
        from podfit.model.cuda import torch_cuda
        from podfit.model.decision import Action, Decision
        from podfit.model.plan import Plan
        from podfit.solve.template_index import flat_index, offer

        _ = torch_cuda(template)
        decisions = tuple(
            Decision(name, Action.KEEP, "there", (template.evidence,), template=each.version, planned=each.version)
            for name, each in sorted(template.distributions.items())
        )
        _written(Plan("p", template, (), decisions))
        with tempfile.TemporaryDirectory() as folder, contextlib.suppress(PodfitError):
            flat_index(template, offer(template, ()), Path(folder))


def answer_of_a_probe(value: Any) -> None:
    """What a machine answers to a probe, told by its frame and shown."""
    from podfit.model import Where
    from podfit.pod.probe import _readable
    from podfit.pod.probe_answer import answer
    from podfit.readers.environment.interpreter import warnings_of
    from podfit.readers.environment.manifest import listing_of
    from podfit.writers.registry import write_answer

    with promised():
        found = frame.answer(frame.framed(json.dumps(value), "n0nce"), "n0nce")
        if found is None:
            return
        known = _readable(found, Where("pod"))
        template_from_manifest(known or {}, where="pod")
        listing_of(known or {}, where="pod")
        for text in warnings_of(known or {}):
            assert isinstance(text, str)
        for form in ("text", "json", "markdown"):
            _harmless(write_answer(form, answer(known or {})))


def frames(data: bytes) -> None:
    """Whatever a machine prints."""
    with promised():
        found = frame.answer(data, "n0nce")
        assert found is None or isinstance(found, dict)
        for line in data.decode("utf-8", "replace").splitlines():
            frame.event_of(line, "n0nce")


def _harmless(text: str) -> None:
    """Assert that a text can go to a terminal or a file: no control character but line break and tabulator."""
    bad = [char for char in text if not char.isprintable() and char not in "\n\t"]
    assert not bad, f"{bad[:5]!r} in {text[:200]!r}"


def _written(plan: Any) -> None:
    """Write a plan in all formats and hold each to its form."""
    from packaging.requirements import Requirement

    from podfit.writers.registry import all_files

    for name, text in all_files([plan]).items():
        _harmless(text if not name.endswith(".json") else text.replace("\n", ""))
        if name.endswith(".py"):
            tree = ast.parse(text.encode())
            if not name.startswith("verify_env"):
                continue
            named = {target.id: node.value for node in tree.body if isinstance(node, ast.Assign)
                     for target in node.targets if isinstance(target, ast.Name)}  # fmt: skip
            data = named["DATA"]
            assert isinstance(data, ast.Constant), "the data have left their place"
            json.loads(str(data.value))
        elif name.endswith(".toml"):
            tomllib.loads(text)
        elif name.endswith(".json"):
            json.loads(text)
        elif name.endswith(".txt"):
            for line in text.splitlines():
                line = line.removesuffix("\\").strip()
                if line and not line.startswith(("#", "--hash=")):
                    Requirement(line)


_PLAN = plan_to_dict(moola())


def plan(value: Any) -> None:
    """Plans from a file: what is accepted is written, ordered and read again."""
    from podfit.pod.apply.order import work_order

    with promised():
        found = plan_from_dict(value, where="plan.json")
        _written(found)
        assert plan_from_dict(json.loads(json.dumps(plan_to_dict(found))), where="x") == found
        if not found.problems():
            order = work_order(found)
            for entry in order["packages"].values():
                tomllib.loads(entry["pylock"])
                assert "\n" not in entry["pip"]


_LISTS = {
    "freeze.txt": "# python: 3.11\nnumpy==1.26.3\n-e git+https://h/x@abc#egg=x\ny @ file:///x/y-1.0-py3-none-any.whl\n",
    "list.txt": "Package    Version Location\n---------- ------- --------\nnumpy      1.26.3  /x\n",
    "conda.txt": "# packages in environment at /opt/conda:\n#\n# Name   Version  Build  Channel\nnumpy  1.26.3  py311_0  main\n",
    "env.yml": "name: x\ndependencies:\n  - python=3.11\n  - numpy=1.26.3=py311_0\n  - pip:\n    - x==1\n",
    "poetry.lock": '[[package]]\nname = "numpy"\nversion = "1.26.3"\n\n[metadata]\nlock-version = "2.0"\npython-versions = "^3.8"\n',
    "uv.lock": 'version = 1\nrequires-python = ">=3.8"\n\n[[package]]\nname = "numpy"\nversion = "1.26.3"\nsource = { registry = "https://pypi.org/simple" }\n',
    "pylock.toml": 'lock-version = "1.0"\ncreated-by = "x"\n\n[[packages]]\nname = "numpy"\nversion = "1.26.3"\n',
}
_JSON_LISTS = {
    "inspect.json": {
        "version": "1",
        "pip_version": "24.0",
        "installed": [{"metadata": {"name": "numpy", "version": "1.26.3", "requires_dist": ["x>1"]}, "installer": "pip",
                       "direct_url": {"url": "file:///x", "dir_info": {"editable": True}}}],
        "environment": {"python_version": "3.11", "python_full_version": "3.11.7", "platform_machine": "x86_64", "sys_platform": "linux"},
    },
    "list.json": [{"name": "numpy", "version": "1.26.3", "editable_project_location": "/x"}],
    "Pipfile.lock": {"_meta": {"requires": {"python_version": "3.11"}}, "default": {"numpy": {"version": "==1.26.3"}}, "develop": {}},
}  # fmt: skip


@st.composite
def lists(draw: st.DrawFn) -> tuple[str, str]:
    """Return a name and a text that lists an environment, mostly."""
    if draw(st.booleans()):
        name = draw(st.sampled_from(sorted(_JSON_LISTS)))
        return name, as_json(draw(changed(_JSON_LISTS[name])))
    name = draw(st.sampled_from(sorted(_LISTS)))
    text = _LISTS[name]
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(TEXTS) + text[at + draw(st.integers(0, 5)) :]
    return name, text


def environment(pair: tuple[str, str]) -> None:
    """Lists of an environment in every format, as a local environment and as a template."""
    from podfit.readers.environment import Document, read_document
    from podfit.readers.local import local_environment
    from podfit.readers.template import read_template

    name, text = pair
    with promised():
        local_environment(read_document(Document(name, text)))
    with project({name: encoded(text)}) as root, promised():
        template = read_template(str(root / name), python="3.11")
        template_from_manifest(json.loads(json.dumps(manifest_from_template(template))), where="x")


_PAGE = {
    "meta": {"api-version": "1.1"},
    "name": "alpha",
    "versions": ["1.0"],
    "files": [
        {"filename": "alpha-1.0-py3-none-any.whl", "url": "/f/alpha-1.0-py3-none-any.whl", "hashes": {"sha256": "0" * 64},
         "size": 1, "requires-python": ">=3", "yanked": False, "upload-time": "2024-01-01T00:00:00Z", "core-metadata": {"sha256": "0" * 64}},
        {"filename": "alpha-1.0.tar.gz", "url": "https://h/alpha-1.0.tar.gz", "hashes": {}},
    ],
}  # fmt: skip
_HTML = (
    '<!DOCTYPE html><html><head><base href="/x/"></head><body><a href="/f/alpha-1.0-py3-none-any.whl#sha256=00" '
    'data-requires-python="&gt;=3" data-yanked="x" data-core-metadata="sha256=00">alpha</a></body></html>'
)


@st.composite
def pages(draw: st.DrawFn) -> tuple[str, bytes]:
    """Return a content type and a page."""
    if draw(st.booleans()):
        return "application/vnd.pypi.simple.v1+json", as_json(draw(changed(_PAGE))).encode()
    text = _HTML
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(TEXTS) + text[at + draw(st.integers(0, 8)) :]
    return "text/html", encoded(text)


def index_page(pair: tuple[str, bytes]) -> None:
    """Pages of an index."""
    from podfit.index.files import best_files
    from podfit.index.pages import _DECODER, Releases, _entry_bytes

    with promised(), contextlib.suppress(PageError):
        listing = parse_page(pair[1], pair[0], "https://h/simple/alpha/", "alpha")
        releases = Releases([_DECODER.decode(_entry_bytes(True, listing)).releases])
        for version, files in releases.items():
            best_files(files, version)
        entry = _DECODER.decode(_entry_bytes(True, listing))
        body = shown_page("alpha", entry.releases, {"py3-none-any"}, "http://podfit.invalid/1/0-0/files/")
        again = parse_page(body, "application/vnd.pypi.simple.v1+json", "http://podfit.invalid/", "alpha")
        assert again.keys() == listing.keys(), "a release went, or came"
    with promised():
        links_of_html(pair[1], "file:///x/", "alpha")


def asked_of_the_server(text: str) -> None:
    """What is asked of the server that shows the indexes."""
    from podfit.index.pages import Pages
    from podfit.index.serving import Serving

    def unreadable(*_: object) -> Any:
        raise AssertionError("nothing was shown, and so nothing may be read")

    with promised():
        pages = Pages([], Transport(), Cache(Path("/nonexistent")), SilentReporter(), offline=True)
        serving = Serving(pages, unreadable)
        shown = serving.address("https://example.org/simple/", ["py3-none-any"])
        for url in (text, f"{shown}{text}", f"{shown.removesuffix('simple/')}files/{text}.metadata"):
            status, _, _, body = serving.answer(url)
            assert (status, body) == (404, b"")
        assert serving.troubles == 3


_WHEEL = build_wheel(
    "alpha", "1.0", ["beta>=1; extra == 'x'"], {"alpha/__init__.py": b"x = 1\n", "alpha/a.so": b"\x7fELF" + b"\0" * 80}
)
_SDIST = build_sdist(
    "alpha",
    "1.0",
    {
        "PKG-INFO": metadata_text("alpha", "1.0", ["beta"], level="2.2"),
        "pyproject.toml": b"[project]\nname='alpha'\ndependencies=['x']\n",
        "setup.py": b"from setuptools import setup\nsetup()\n",
        "alpha.egg-info/requires.txt": b"x\n[e:python_version>'3']\ny\n",
        "alpha.egg-info/top_level.txt": b"alpha\n",
    },
)


def wheel(data: bytes) -> None:
    """Damaged wheels, their metadata, their libraries."""
    from podfit.audit.binary.facts import wheel_binaries

    with promised(), contextlib.suppress(ValueError), opened(io.BytesIO(data)) as bundle:
        listing = list_wheel(bundle, "alpha-1.0-py3-none-any.whl")
        _ = listing.import_names, listing.import_roots, listing.disk_bytes
        with contextlib.suppress(ValueError):
            parse_metadata(read_metadata(bundle, "alpha"), "u", "d")
        wheel_binaries(bundle)
    for known in (100, 400, len(data)):
        with promised(), contextlib.suppress(OSError):  # it asks for bytes that are not there
            file = RangeFile(lambda start, end: data[start:end], len(data), data[-known:])
            metadata_of_tail(file, data[-known:], "alpha")


def metadata(data: bytes) -> None:
    """Metadata that are none."""
    with promised(), contextlib.suppress(ValueError):
        found = parse_metadata(data, "u", "d")
        from podfit.model.requirement import parse_requires_dist

        for line in found.requires_dist:
            parse_requires_dist(line)


def sdist(pair: tuple[str, bytes]) -> None:
    """Damaged source distributions: nothing but ValueError, which their readers know."""
    name, data = pair
    for read in (
        lambda: from_sdist(data, name, "u"),
        lambda: source_files(data, name),
        lambda: sdist_import_names(data, name),
    ):
        with promised(), contextlib.suppress(ValueError, UnreadableError):
            read()


@st.composite
def sdists(draw: st.DrawFn) -> tuple[str, bytes]:
    """Return a name and the bytes of a source distribution: its files changed, or its bytes, or both."""
    files = {"PKG-INFO": draw(cut(metadata_text("alpha", "1.0", ["beta"], level="2.2"))),
             "pyproject.toml": encoded(draw(PIECES)), "alpha.egg-info/requires.txt": encoded(draw(PIECES))}  # fmt: skip
    if draw(st.booleans()):
        data = build_sdist("alpha", "1.0", files)
        return "alpha-1.0.tar.gz", draw(cut(data)) if draw(st.booleans()) else data
    stream = io.BytesIO()
    if draw(st.booleans()):
        with zipfile.ZipFile(stream, "w") as bundle:
            for path, content in files.items():
                bundle.writestr(f"alpha-1.0/{path}", content)
        return "alpha-1.0.zip", draw(cut(stream.getvalue()))
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for path, content in files.items():
            entry = tarfile.TarInfo(f"alpha-1.0/{path}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return "alpha-1.0.tar.gz", draw(cut(stream.getvalue()))


_LIBRARY = next(Path(sys.base_prefix).rglob("lib-dynload/_bisect*.so"), None)


def library(data: bytes) -> None:
    """Damaged libraries."""
    from podfit.audit.binary.facts import library_facts
    from podfit.audit.binary.library import NotElfError

    with promised(), contextlib.suppress(NotElfError):
        library_facts("alpha/a.so", data)


def destination(text: str) -> None:
    """What --ssh is given."""
    from podfit.pod.ssh import parse_destination

    with promised():
        found = parse_destination(text)
        assert not found.host.startswith("-")
        assert not found.user.startswith("-")


def answer_of_uv(text: str) -> None:
    """uv's lock and its sentences."""
    from podfit.index.shown import original
    from podfit.solve import said
    from podfit.solve.answer import locked_packages
    from podfit.solve.unsolvable import words_of

    with promised():
        for read in (said.explanation, said.unbuilt, said.unreachable_host, said.is_refusal, said.is_unreachable):
            read(text)
        words_of(text)
        original(text)
        locked_packages(text)


_LOCK = {"lock-version": "1.0", "packages": [{"name": "x", "version": "1", "wheels": [{"url": "https://h/x-1-py3-none-any.whl", "size": 1, "hashes": {"sha256": "00"}}]},
                                            {"name": "y", "vcs": {"type": "git", "url": "https://h/y", "commit-id": "0" * 40}}]}  # fmt: skip


def hidden_secrets(text: str) -> None:
    """Secrets in addresses never come through, whatever stands around them."""
    from podfit.model.secrets import hidden

    word = "S3CRETPASSWORD9"
    for address in (f"https://user:{word}@host/x", f"https://{word}@host/x", f"https://host/x?token={word}&y=1"):
        with promised():
            around = text.replace(word, "")
            assert word not in hidden(f"{around} {address} {around}"), address


def _files(*names: str) -> st.SearchStrategy[tuple[str, str]]:
    """Return a strategy of a file's name and text."""
    bases = {
        "setup.cfg": "[metadata]\nname = x\n[options]\ninstall_requires =\n    numpy>1\n[options.extras_require]\na = b\n",
        "setup.py": "from setuptools import setup\nR = ['numpy']\nsetup(name='x', install_requires=R + ['y'])\n",
        "environment.yml": "name: x\ndependencies:\n  - python=3.11\n  - numpy>=1\n  - pip:\n    - x\n",
        "Dockerfile": "FROM x\nRUN pip install numpy==1 \\\n  -r requirements.txt && pip install y\n",
        "README.md": "```\npip install numpy\n```\n",
        ".gitmodules": '[submodule "x"]\n\tpath = x\n\turl = ../x\n',
        "conf/a.yaml": "_target_: torch.optim.Adam\nx: {class_path: y.Z}\n",
        "Pipfile": '[packages]\nnumpy = "*"\n',
    }

    @st.composite
    def texts(draw: st.DrawFn) -> tuple[str, str]:
        name = draw(st.sampled_from(names or sorted(bases)))
        text = bases[name]
        for _ in range(draw(st.integers(1, 4))):
            at = draw(st.integers(0, len(text)))
            text = text[:at] + draw(PIECES) + text[at + draw(st.integers(0, 6)) :]
        return name, text

    return texts()


CODE = "import numpy as np\ntry:\n    import a\nexcept ImportError:\n    a = None\nfrom b import (c,\n d)\n__import__('e')\n"
TARGETS: dict[str, tuple[st.SearchStrategy[Any], Callable[[Any], None]]] = {
    "requirements": (PIECES, requirements),
    "pyproject": (changed(_PYPROJECT), pyproject),
    "other declarations": (_files(), other_declarations),
    "code": (st.builds(lambda at, text: CODE[:at] + text + CODE[at:], st.integers(0, len(CODE)), PIECES), code),
    "notebook": (changed(_NOTEBOOK), notebook),
    "notebook bytes": (cut(json.dumps(_NOTEBOOK).encode()), notebook_bytes),
    "manifest": (changed(_manifest()), manifest),
    "answer of a probe": (changed(_manifest()), answer_of_a_probe),
    "frames": (st.lists(st.sampled_from([b"podfit-answer n0nce 5\n", b"podfit-answer n0nce 99999999999\n", b'{"a": 1}', b"\n",
                                          b"podfit-event n0nce ", b"\xff", b"[" * 2000, b"podfit-answer n0nce 2000\n"]), max_size=8).map(b"".join), frames),
    "plan": (changed(_PLAN), plan),
    "environment": (lists(), environment),
    "index page": (pages(), index_page),
    "wheel": (cut(_WHEEL), wheel),
    "asked of the server": (PIECES, asked_of_the_server),
    "metadata": (cut(metadata_text("alpha", "1.0", ["beta>=1; extra == 'x'"])), metadata),
    "sdist": (sdists(), sdist),
    "library": (cut(_LIBRARY.read_bytes() if _LIBRARY else b"\x7fELF"), library),
    "destination": (PIECES, destination),
    "answer of uv": (st.one_of(PIECES, changed(_LOCK).map(lambda value: "".join(f"{k} = {toml_of(v)}\n" for k, v in value.items()) if isinstance(value, dict) else "")), answer_of_uv),
    "hidden secrets": (PIECES, hidden_secrets),
}  # fmt: skip
"""Name to what is drawn, and what is done with it."""

__all__ = ["TARGETS", "InputError"]
