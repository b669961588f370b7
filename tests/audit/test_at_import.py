"""What the import of a wheel's packages does is read from its source: what always happens, and nothing else."""

from __future__ import annotations

from podfit.audit.at_import import AtImport, at_import


def found(sources: dict[str, str], *roots: str) -> tuple[set[str], set[str]]:
    """Return the modules and the names of NumPy that an import asks for."""
    facts = at_import(sources, roots or ("lib",), lambda paths: {path: sources[path].encode() for path in paths})
    return {used.name for used in facts.modules}, {used.name for used in facts.numpy}


def test_own_modules_are_followed_and_those_that_nothing_imports_are_not() -> None:
    sources = {
        "lib/__init__.py": "from . import core\nfrom .deep.leaf import thing\nimport pandas as pd\n",
        "lib/core.py": "import yaml.nodes\nfrom lib.other import x\n",
        "lib/other.py": "from six import moves\n",
        "lib/deep/__init__.py": "import attr\n",
        "lib/deep/leaf.py": "from ..up import y\n",
        "lib/up.py": "import tqdm\n",
        "lib/tests.py": "import pytest\n",
    }
    assert found(sources)[0] == {"pandas", "yaml.nodes", "six", "attr", "tqdm"}


def test_another_package_of_the_same_wheel_is_its_own_too() -> None:
    sources = {"lib/__init__.py": "import fabric.core\n", "fabric/__init__.py": "", "fabric/core.py": "import yaml\n"}
    assert found(sources)[0] == {"yaml"}


def test_a_module_of_which_the_wheel_carries_a_copy_is_its_own_too() -> None:
    sources = {
        "lib/__init__.py": "import jaraco.text, requests, tomli, six, tvm, yaml, core\n",
        "lib/_vendor/jaraco/text/__init__.py": "",
        "lib/_vendored/requests/api.py": "",
        "lib/third_party/tomli.py": "",
        "lib/externals/six/__init__.py": "",
        "lib/3rdparty/tvm/python/tvm/__init__.py": "",
        "lib/vendor.py": "",
        "lib/yaml/__init__.py": "",
        "lib/_vendor/core.txt": "",
    }
    assert found(sources)[0] == {"yaml", "core"}


def test_what_is_guarded_or_waits_for_a_call_is_not_found() -> None:
    source = """
from __future__ import annotations
try:
    import a
except ImportError:
    a = None
if HAS_B:
    import b
with suppress(ImportError):
    import c
def f(x: np.float = 1):
    import d
    return np.int
g = lambda: np.sctypes
h = np.product if old else None
import numpy as np
import e
raise ImportError("gone")
import never
"""
    assert found({"lib/__init__.py": source}) == ({"numpy", "e"}, set())


def test_names_of_numpy_are_found_where_they_are_asked_for_at_import() -> None:
    source = """
import numpy as np
import numpy.linalg
from numpy import product, array
KINDS = [np.sctypes["float"], numpy.cast]
@np.deprecate
def f(x=np.NaN, *, y: np.float_ = None) -> np.str: return np.inside
class A(np.matrix):
    z: np.int = 1
    kind = np.bool8
    def g(self): return np.also_inside
np.seterr(all="raise")
"""
    modules, names = found({"lib.py": source})
    assert modules == {"numpy", "numpy.linalg"}
    assert names == {
        "product",
        "array",
        "sctypes",
        "cast",
        "deprecate",
        "NaN",
        "float_",
        "str",
        "matrix",
        "int",
        "bool8",
        "seterr",
    }


def test_a_place_is_a_path_with_its_line_and_what_cannot_be_read_says_nothing() -> None:
    sources = {"lib/__init__.py": b"\nimport pandas\nfrom . import bad\n", "lib/bad.py": b"import (\n"}
    facts = at_import(sources, ("lib", "absent"), lambda paths: {path: sources[path] for path in paths})
    assert [(used.name, used.place) for used in facts.modules] == [("pandas", "lib/__init__.py:2")]
    assert at_import(sources, ("lib",), lambda paths: {}) == AtImport()


def test_a_name_without_end_costs_nothing() -> None:
    long = "lib" + ".a" * 100_000
    for name in (long, long.replace(".", " . "), long.replace(".", "\\\n.")):
        assert found({"lib/__init__.py": f"import {name}\nimport six\n"})[0] == set()


def test_what_is_caught_whatever_it_raises_is_told_apart() -> None:
    guards = (
        "except OSError:\n    pass\nexcept ImportError:",
        "except Exception:",
        "except:",
        "except (ImportError, OSError) as e:",
    )
    for guard in guards:
        source = f"try:\n    import sounddevice as sd\n    from portaudio.deep import x\n{guard}\n    sd = None\n"
        facts = at_import(
            {"lib/__init__.py": source}, ("lib",), lambda _, source=source: {"lib/__init__.py": source.encode()}
        )
        assert [(used.name, used.place) for used in facts.guarded] == [
            ("sounddevice", "lib/__init__.py:2"),
            ("portaudio.deep", "lib/__init__.py:3"),
        ]
        assert facts.modules == ()
    for other in ("except ImportError:", "except OSError:", "except ValueError:", "finally:"):
        source = f"try:\n    import sounddevice\n{other}\n    pass\n"
        facts = at_import(
            {"lib/__init__.py": source}, ("lib",), lambda _, source=source: {"lib/__init__.py": source.encode()}
        )
        assert facts == AtImport()
