"""NumPy's C interface in real wheels; benchmarks/numpy_abi.py holds the same reading against real imports."""

from __future__ import annotations

import pytest
from packaging.version import Version

from podfit.audit.binary import NumpyAbi
from podfit.audit.binary.facts import WheelBinaries, wheel_binaries
from podfit.index import Index
from podfit.index.wheel import fetch_members

WHEELS = {
    # wheel: (what it is, least NumPy of any of its modules)
    "cftime-1.6.3-cp310-cp310-manylinux_2_17_x86_64.manylinux2014_x86_64.whl": (NumpyAbi.ONE, "1.20"),
    "cftime-1.6.4-cp310-cp310-manylinux_2_17_x86_64.manylinux2014_x86_64.whl": (NumpyAbi.BOTH, "1.16"),
    "scs-3.2.2-cp39-cp39-manylinux_2_17_x86_64.manylinux2014_x86_64.whl": (NumpyAbi.ONE, "1.16"),
    "numexpr-2.10.2-cp39-cp39-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl": (NumpyAbi.BOTH, "1.23"),
    "chroma_hnswlib-0.7.3-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl": (NumpyAbi.SILENT, ""),
    "chroma_hnswlib-0.7.6-cp310-cp310-manylinux_2_17_x86_64.manylinux2014_x86_64.whl": (NumpyAbi.BOTH, ""),
    "pymongo-4.9.1-cp310-cp310-manylinux_2_17_x86_64.manylinux2014_x86_64.whl": (NumpyAbi.NONE, ""),
    # Cython's size check alone, without import_array():
    "POT-0.8.2-cp39-cp39-manylinux_2_12_x86_64.manylinux2010_x86_64.whl": (NumpyAbi.ONE, ""),
}


def facts_of(wheel: str) -> WheelBinaries:
    """Read one wheel's compiled files through the index."""
    index = Index()
    name = wheel.partition("-")[0]
    (file,) = (file for file in index.files(name) if file.filename == wheel)
    with index.open_wheel(file) as bundle:
        return wheel_binaries(bundle, fetch_members)


@pytest.mark.network
@pytest.mark.parametrize("wheel", WHEELS)
def test_real_wheels(wheel: str) -> None:
    abi, least = WHEELS[wheel]
    facts = facts_of(wheel)
    assert facts.libraries
    assert not facts.unread
    used = {library.numpy.abi for library in facts.libraries} - {NumpyAbi.NONE}
    assert used == ({abi} - {NumpyAbi.NONE})
    leasts = [library.numpy.least for library in facts.libraries if library.numpy.least]
    assert max(leasts, key=Version, default="") == least
