"""Environments that apply makes: empty ones, ones that see the template, workshops to build in."""

from __future__ import annotations

import os
import re
import sys
import venv

from . import places

PTH_NAME = "_podfit_template.pth"
OVERLAY_PTH = "_podfit_overlay.pth"
"""Comes before the template's: such files are read in the order of their names."""


def site_packages(path: str) -> str:
    """Return the package directory of an overlay of this Python."""
    return os.path.join(path, "lib", "python{}.{}".format(*sys.version_info[:2]), "site-packages")


def make_venv(new: str, prompt: str) -> None:
    """Make an environment of this interpreter's base that sees nothing but itself, fit to be renamed."""
    # with_pip runs ensurepip, which takes seconds; the template's pip is seen, and installs into the overlay.
    venv.EnvBuilder(symlinks=True, with_pip=False, prompt=prompt).create(new)
    with open(os.path.join(new, "pyvenv.cfg"), "a", encoding="utf-8") as file:
        file.write("relocatable = true\n")  # uv then writes scripts that start the python beside them


def make_workshop(folder: str, packages: str) -> str:
    """Make an environment to build in, which sees packages and then the template; return its python."""
    make_venv(folder, "build")
    open_to_template(folder)
    with open(os.path.join(site_packages(folder), OVERLAY_PTH), "w", encoding="utf-8") as file:
        file.write(f"import site; site.addsitedir({packages!r})\n")
    return os.path.join(folder, "bin", "python")


def open_to_template(new: str) -> None:
    """Let the environment see what the template sees, after its own packages.

    The base's packages become visible where the template sees them. A template that is itself a virtual environment
    is added by a .pth line that also reads the .pth files in there (editable installs, namespaces).
    """
    in_venv = sys.prefix != sys.base_prefix
    own = _config_value(os.path.join(sys.prefix, "pyvenv.cfg"), "include-system-site-packages") if in_venv else "true"
    if own == "true":
        config = os.path.join(new, "pyvenv.cfg")
        with open(config, encoding="utf-8") as file:
            text = file.read()
        text = re.sub(r"(?m)^(include-system-site-packages\s*=\s*)false", r"\1true", text)
        with open(config, "w", encoding="utf-8") as file:
            file.write(text)
    if in_venv:
        layout = places.layout()
        folders = list(dict.fromkeys([layout["purelib"], layout["platlib"]]))
        # One statement a line: names bound by one line are not seen inside a comprehension of the same line.
        lines = [f"import site; site.addsitedir({folder!r})\n" for folder in folders]
        with open(os.path.join(site_packages(new), PTH_NAME), "w", encoding="utf-8") as file:
            file.writelines(lines)


def _config_value(path: str, key: str) -> str:
    """Return one value of a pyvenv.cfg, lower case, empty when there is none."""
    try:
        with open(path, encoding="utf-8") as file:
            for line in file:
                name, _, value = line.partition("=")
                if name.strip().lower() == key:
                    return value.strip().lower()
    except OSError:
        pass
    return ""
