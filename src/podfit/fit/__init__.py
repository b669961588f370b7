"""Fit: one project onto templates, from what was read to plans."""
