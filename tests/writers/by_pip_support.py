"""A small plan that pip can carry out from an index on loopback: one change, one build that sees the environment."""

from __future__ import annotations

import hashlib
import platform
from dataclasses import replace

from index_support import LocalIndex, build_sdist, build_wheel
from writers_support import DECLARED, template

from podfit.model import Action, Artefact, Change, Decision, Need, Plan, Platform, Provenance, SourceBuild

OLD = (
    ("six", "1.15.0", {"six.py": "old = True\n"}),
    ("torch", "2.4.0+cu999", {"torch.py": "__version__ = '2.4.0+cu999'\n"}),
)
"""What the template of the plan has: name, version, files."""


def small_plan(index: LocalIndex) -> Plan:
    """A plan that changes six and builds made-here, whose build imports torch and helper, from a real index."""
    pyproject = b'[build-system]\nrequires = ["helper"]\nbuild-backend = "helper"\n'
    files = {
        "six-1.16.0-py3-none-any.whl": build_wheel("six", "1.16.0", files={"six.py": b"now = True\n"}),
        "helper-1.0-py3-none-any.whl": build_wheel("helper", "1.0", files={"helper.py": BACKEND}),
        "made_here-1.0.tar.gz": build_sdist("made_here", "1.0", {"pyproject.toml": pyproject, "PKG-INFO": b""}),
    }
    artefacts = {}
    for file, data in files.items():
        name = file.split("-")[0].replace("_", "-")
        index.add(name, file, data)
        digest = hashlib.sha256(data).hexdigest()
        kind = "sdist" if file.endswith(".gz") else "wheel"
        artefacts[name] = (Artefact(file, f"http://{index.host}/files/{file}", (f"sha256:{digest}",), kind, len(data)),)
    del artefacts["helper"]
    base = template("small", {"six": "1.15.0", "torch": "2.4.0+cu999"}, python=platform.python_version())
    base = replace(base, image="localhost/pod:1", platform=Platform())
    (sdist,) = artefacts["made-here"]
    built = SourceBuild("made-here", "1.0", (), "likely", "x", "", sdist, DECLARED, ("torch",), (), (), ("helper",))
    decisions = (
        Decision("made-here", Action.INSTALL, "asked", (DECLARED,), planned="1.0", direct=True),
        Decision("six", Action.CHANGE, "asked", (DECLARED,), template="1.15.0", planned="1.16.0", direct=True),
        Decision("torch", Action.KEEP, "held", (DECLARED,), template="2.4.0+cu999", planned="2.4.0+cu999", held=True),
    )
    return Plan(
        "small", base, (Need("six", (DECLARED,)), Need("made-here", (DECLARED,))), decisions, artefacts,
        (Change("six", "1.15.0", "1.16.0", "asked"),), builds=(built,),
        provenance=Provenance("0", "0", "3", (index.url,)),
    )  # fmt: skip


def backend(imports: str, seen: str) -> bytes:
    """Return a build backend (PEP 517) that imports modules and builds `made_here`, whose `seen` is this text."""
    return f"""
import {imports}
def build_wheel(directory, config_settings=None, metadata_directory=None):
    name = "made_here-1.0-py3-none-any.whl"
    with zipfile.ZipFile(directory + "/" + name, "w") as wheel:
        wheel.writestr("made_here.py", "seen = '{seen}'")
        wheel.writestr("made_here-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: made-here\\nVersion: 1.0\\n")
        wheel.writestr("made_here-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nTag: py3-none-any\\n")
        wheel.writestr("made_here-1.0.dist-info/RECORD", "")
    return name
""".encode()


BACKEND = backend("zipfile, torch", "built")
