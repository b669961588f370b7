"""An image as a template: its layers are read as they come, and nothing of it is run.

`read.py` is the way in. An image is a `Source` (a registry, an archive, a directory: `source.py`) whose layers are
checked, unpacked and bounded (`blob.py`), listed (`layer.py`) and laid one over the other (`filesystem.py`). Of the
files only those that podfit's readers ask for are kept (`wanted.py`), in one temporary file without a name
(`store.py`). `pythons.py` finds the interpreters and says which one the template is, `facts.py` writes the manifest.
"""
