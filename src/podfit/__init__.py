"""podfit fits a Python project onto a GPU template without breaking the template, from evidence."""

__version__ = "0.1.0"
