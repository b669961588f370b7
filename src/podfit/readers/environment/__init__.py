"""Lists of distributions: what pip, uv, poetry, pdm, pipenv, conda and podfit write about one environment.

One small module per format (`interface.py` states the contract, `registry.py` lists them), and `interpreter.py` for
environments that can be asked.
"""

from podfit.readers.environment.document import Document, open_document
from podfit.readers.environment.interface import Format, Listing
from podfit.readers.environment.interpreter import find_interpreter, probe_interpreter
from podfit.readers.environment.registry import FORMATS, detect, read_document, read_listing

__all__ = [
    "FORMATS",
    "Document",
    "Format",
    "Listing",
    "detect",
    "find_interpreter",
    "open_document",
    "probe_interpreter",
    "read_document",
    "read_listing",
]
