"""What a source distribution shows of its build is judged without running it."""

import pytest

from podfit.index.sources import SourceFiles
from podfit.solve.builds import judge_build


def shown(setup="", pyproject="", languages=(), beside=(), below=(), headers=()):
    """Return the contents of a source distribution."""
    return SourceFiles(setup, pyproject, tuple(languages), tuple(beside), tuple(below), tuple(headers))


NUMPY = '[build-system]\nrequires = ["setuptools", "oldest-supported-numpy"]\n'
OLD = '[build-system]\nrequires = ["setuptools==59.2.0"]\nbuild-backend = "setuptools.build_meta"\n'
RUST = '[build-system]\nrequires = ["maturin"]\nbuild-backend = "maturin"\n'
NVIDIA = 'setup(description="A fake package to warn the user they are not installing the correct package.")'
STUB = '[build-system]\nrequires = ["wheel-stub"]\nbuild-backend = "wheel_stub.buildapi"\n'
EXTENSION = "from setuptools import Extension\nimport subprocess\nsubprocess.check_call(['cmake', '..'])\n"
CMAKE = '[build-system]\nrequires = ["setuptools", "cmake"]\n'
DEEP = "x" + ".a" * 2400
PURE = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'


@pytest.mark.parametrize(
    ("files", "chance", "says"),
    [
        (shown("from setuptools import setup\nsetup()"), "likely", "nothing in it is compiled"),
        (shown(pyproject=PURE, languages=("C",)), "likely", "nothing in it is compiled"),
        (shown("from setuptools import Extension", languages=("C",)), "unknown", "compiles C and needs a C compiler"),
        (shown(pyproject=RUST, languages=("Rust",)), "unknown", "needs Rust's cargo"),
        (
            shown(EXTENSION, languages=("C++",)),
            "unknown",
            "calls cmake, which its build requirements do not",
        ),
        (
            shown(EXTENSION, CMAKE, ("C",), headers=("Python.h", "math.h", "portaudio.h")),
            "unknown",
            "it compiles C and needs a C compiler there; it includes headers of the system, in Debian's packages: "
            "portaudio.h (portaudio19-dev)",
        ),
        (shown("import numpy", NUMPY), "likely", "nothing in it is compiled"),
        (shown("import numpy"), "unknown", "needs numpy while it is built"),
        (shown("try:\n    import numpy\nexcept ImportError:\n    numpy = None"), "likely", "nothing"),
        (shown("import mine", beside=("mine",)), "likely", "nothing"),
        (shown("import sys\nsys.path.insert(0, 'a')\nimport mine", below=("mine",)), "likely", "nothing"),
        (shown("print 'two'"), "unlikely", "not Python 3"),
        (shown("\x00"), "unlikely", "not Python 3"),
        (shown("setup(use_2to3=True)"), "unknown", "build it with setuptools<58"),
        (shown("import pkg_resources"), "unknown", "build it with setuptools<82"),
        (shown(pyproject=OLD), "likely", "nothing"),
        (shown(pyproject="no = [toml"), "likely", "nothing"),
        (shown(NVIDIA), "unlikely", "placeholder of NVIDIA"),
        (shown(f"{DEEP}()\nraise {DEEP}"), "unlikely", "does nothing but end: a statement that is nested too deeply"),
        (shown(pyproject=STUB), "unknown", "its build fetches a wheel"),
        (
            shown("import sys\n\nraise RuntimeError('take another')"),
            "unlikely",
            "end: raise RuntimeError('take another')",
        ),
        (shown("import sys\nsys.exit('take another')\nsetup()"), "unlikely", "sys.exit('take another') (setup.py:2)"),
        (shown("import sys\nfrom setuptools import setup\nsetup()\nsys.exit(0)"), "likely", "nothing"),
        (shown("import setuptools\nif old:\n    raise RuntimeError\nsetuptools.setup()"), "likely", "nothing"),
        (shown(pyproject=STUB.replace("wheel", "nvidia")), "unknown", "its build fetches a wheel from NVIDIA's index"),
    ],
)
def test_the_chance_of_a_build_and_why(files, chance, says):
    judged = judge_build(files, "3.11")
    assert judged.chance == chance
    assert says in "; ".join(judged.reasons)
    assert "python3-dev" not in "; ".join(judged.reasons)


@pytest.mark.parametrize(
    ("inside", "hidden"),
    [
        ("import importlib.metadata as im\n    return im.version('torch')", ("torch",)),
        ("from torch import utils", ("torch",)),
        ("try:\n        import torch\n    except ImportError:\n        pass", ()),
        (
            "try:\n        from torch.utils.cpp_extension import CUDA_HOME\n    except ImportError:\n        pass",
            ("torch",),
        ),
        ("try:\n        from numpy.distutils import core\n    except ImportError:\n        pass", ()),
        ("import numpy", ()),
    ],
)
def test_a_framework_that_a_function_of_what_compiles_asks_for_is_there_while_it_is_built(inside, hidden):
    setup = f"from setuptools import Extension, setup\ndef ask():\n    {inside}\nask()\nsetup()\n"
    assert judge_build(shown(setup, languages=("C++",)), "3.12").hidden == hidden
    assert judge_build(shown(setup.replace("Extension, ", "")), "3.12").hidden == ()


@pytest.mark.parametrize("files", [shown(pyproject=OLD), shown("setup(use_2to3=True)")])
def test_a_setuptools_that_does_not_run_on_the_python_is_no_hope_and_says_on_what_evidence(files):
    assert judge_build(files, "3.11").chance != "unlikely"
    judged = judge_build(files, "3.12")
    assert judged.chance == "unlikely"
    assert "setuptools before 66.1 does not run on Python 3.12" in judged.reasons[0]
    assert judged.evidence
