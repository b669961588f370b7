"""Readers over a file tree: what is installed there, without running any of it.

A tree is this machine's, or an image's: what these modules need beside it (a search path, variables) is handed to them.
"""
