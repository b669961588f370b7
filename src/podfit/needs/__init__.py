"""Needs: which distributions a project really uses, each with its evidence."""

from podfit.needs.find import NeedReport, find_needs

__all__ = ["NeedReport", "find_needs"]
