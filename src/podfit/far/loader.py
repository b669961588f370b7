"""The head of every program that podfit sends to another machine.

`podfit.far.pack` puts this text first, so it stands alone. It keeps the machine's own files out of the program: before
anything is imported, the search path is cut down to the standard library's directories, so that neither a `json.py` in
the working directory nor one on PYTHONPATH is run. What the search path was before is what the program looks at.
"""

import sys  # alone: not even __future__, whose bytecode Python would write

PACKAGE = "podfit_far"
"""What `podfit.far` is called where it runs: a podfit that is installed there is another one."""


def isolate() -> "list[str]":
    """Leave nothing but the standard library on sys.path; return what an ordinary program here would have there.

    That is sys.path without its first entry, the directory of the script (the working directory, for a script from
    standard input): it is no part of the environment, unless Python was told to leave it out (`-I`, `-P`).
    """
    sys.dont_write_bytecode = True  # an image's standard library may come without bytecode, and stays so
    environment = list(sys.path)
    if environment and not (sys.flags.isolated or getattr(sys.flags, "safe_path", False)):
        del environment[0]
    sys.path[:] = environment
    import os  # Python itself imported it before this program began

    home = os.path.dirname(os.path.realpath(getattr(os, "__file__", "") or ""))
    own = []
    for folder in environment:
        name, real = os.path.basename(folder), os.path.realpath(folder)
        archive = name.startswith("python") and name.endswith(".zip") and folder.startswith((sys.base_prefix, home))
        compiled = name == "lib-dynload" and folder.startswith((sys.base_exec_prefix, home))
        if real == home or archive or compiled:
            own.append(folder)
    if any(os.path.realpath(folder) == home for folder in own):
        sys.path[:] = own
    return environment


class Importer:
    """Imports the modules of PACKAGE from their texts: path (`verify/main.py`) to source."""

    def __init__(self, sources: "dict[str, str]") -> None:
        self.sources = sources

    def _file(self, name: str) -> str:
        """Return the path of a module, empty when it is none of these."""
        head, _, rest = (name + ".").partition(".")
        inside = rest.replace(".", "/")
        found = [path for path in (inside + "__init__.py", inside[:-1] + ".py") if path in self.sources]
        return found[0] if head == PACKAGE and found else ""

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> object:
        """Return the specification of a module, None for what is not of PACKAGE (importlib's protocol)."""
        path = self._file(name)
        if not path:
            return None
        from importlib.machinery import ModuleSpec

        package = path.endswith("__init__.py")
        return ModuleSpec(name, self, origin=f"<{PACKAGE}/{path}>", is_package=package)  # type: ignore[arg-type]

    def create_module(self, _spec: object) -> None:
        """Leave making the module to Python (importlib's protocol)."""

    def exec_module(self, module: object) -> None:
        """Run a module's text in it (importlib's protocol)."""
        name = module.__name__  # type: ignore[attr-defined]
        exec(compile(self.get_source(name), f"<{PACKAGE}/{self._file(name)}>", "exec"), module.__dict__)  # noqa: S102

    def get_source(self, name: str) -> str:
        """Return the text of a module, for tracebacks."""
        return self.sources[self._file(name)]


def start(program: str, sources: "dict[str, str]", data: str, environment: "list[str]") -> int:
    """Run `main(data, sources, arguments)` of a program's main module and return its exit code.

    data is JSON; environment is the search path that the program looks at.
    """
    import importlib
    import json

    sys.meta_path.insert(0, Importer(sources))  # type: ignore[arg-type]
    importlib.import_module(f"{PACKAGE}.here").look_at(environment)
    main = importlib.import_module(f"{PACKAGE}.{program}.main").main
    return int(main(json.loads(data), sources, sys.argv[1:]))
