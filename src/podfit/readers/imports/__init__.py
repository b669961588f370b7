"""Imports: what a project's sources and notebooks import, where, and whether the code survives without it."""

from podfit.readers.imports.scan import ImportScan, scan_imports

__all__ = ["ImportScan", "scan_imports"]
