"""What compiled files say of themselves: read from their bytes, nothing is loaded and nothing runs."""

from podfit.audit.binary.library import Library, NotElfError, read_library
from podfit.audit.binary.numpy_abi import NumpyAbi, NumpyUse, numpy_use, refusal, silent_fault

__all__ = ["Library", "NotElfError", "NumpyAbi", "NumpyUse", "numpy_use", "read_library", "refusal", "silent_fault"]
