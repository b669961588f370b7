"""What a setup.py states in so many words, and what it computes."""

from __future__ import annotations

import pytest
from index_support import build_sdist, metadata_text

from podfit.index.metadata import from_sdist
from podfit.index.setup_py import stated_requirements

DISTUTILS = "from distutils.core import setup\n"


@pytest.mark.parametrize(
    ("source", "lines", "extras"),
    [
        (f"{DISTUTILS}setup(name='a', install_requires=['PyMeta3>=0.5.1', 'b'])", ("PyMeta3>=0.5.1", "b"), {}),
        ("import setuptools\nsetuptools.setup(install_requires=('b',))", ("b",), {}),
        ("needs = ['b', 'c']\nsetup(install_requires=needs)", ("b", "c"), {}),
        ("setup(install_requires='b\\nc>1\\n')", ("b", "c>1"), {}),
        (f"{DISTUTILS}setup(name='a')", (), {}),
        (
            "try:\n  from setuptools import setup\nexcept ImportError:\n  from distutils.core import setup\nsetup()",
            (),
            {},
        ),
        ("setup(install_requires=[], extras_require={'x': ['b'], 'y': 'c'})", (), {"x": ("b",), "y": ("c",)}),
    ],
)
def test_what_is_written_out_is_read(source: str, lines: tuple[str, ...], extras: dict[str, tuple[str, ...]]) -> None:
    assert stated_requirements(source.encode()) == (lines, extras)


@pytest.mark.parametrize(
    "source",
    [
        "",
        "this is no Python",
        "from setuptools import setup\nsetup(name='a')",  # setup.cfg may say more
        "setup(pbr=True, install_requires=['b'])",
        "setup(install_requires=open('requirements.txt').read().splitlines())",
        "setup(install_requires=['b', version])",
        "needs = ['b']\nneeds.append('c')\nsetup(install_requires=needs)",
        "needs = ['b']\nif old:\n    needs = ['c']\nsetup(install_requires=needs)",
        "setup(**told)",
        "setup(install_requires=['b'])\nsetup(install_requires=['c'])",
        "setup(install_requires=['b'], extras_require=more)",
        "setup(install_requires=['b'], extras_require={':python_version<\"3\"': ['c']})",
    ],
)
def test_what_is_computed_is_not_known(source: str) -> None:
    assert stated_requirements(source.encode()) is None


def test_a_source_distribution_without_egg_info_says_it_in_its_setup_py() -> None:
    setup = b"from distutils.core import setup\nsetup(install_requires=['b>=1'], extras_require={'x': ['c']})\n"
    info = metadata_text("demo", "1.0", level="1.1")
    read = from_sdist(build_sdist("demo", "1.0", {"PKG-INFO": info, "setup.py": setup}), "demo-1.0.tar.gz", "u")
    assert read.requires_dist == ("b>=1", 'c ; extra == "x"')
    assert read.provides_extra == ("x",)
    assert read.evidence.detail.startswith("setup.py of the source distribution")
    first = {"PKG-INFO": info, "setup.py": setup, "demo.egg-info/requires.txt": b"d\n"}
    assert from_sdist(build_sdist("demo", "1.0", first), "demo-1.0.tar.gz", "u").requires_dist == ("d",)
