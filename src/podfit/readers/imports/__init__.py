"""Imports: what a project's sources and notebooks import, where, and whether the code survives without it."""

from podfit.readers.imports.scan import ImportScan, scan_imports
from podfit.readers.imports.statements import Call

__all__ = ["Call", "ImportScan", "scan_imports"]
