"""Check an environment against a plan: the part of `podfit verify` that runs where podfit is not installed.

Standard library only, Python 3.8 and newer. `podfit.writers.verify_env` puts these modules and the facts of a plan into
one script; `podfit verify` runs that script on a machine, a person runs it as `verify_env.py`: the verdicts are the
same because the code is.

Everything that touches the environment happens in a process of its own, started from these very modules, so that a
crash or a hang is a result like any other. Nothing is written into the environment: no bytecode, and the caches of
libraries go to a temporary directory that is removed.
"""

MODULES = (
    "text",
    "errors",
    "requirements",
    "installed",
    "functions",
    "child",
    "findings",
    "processes",
    "environment",
    "explain",
    "checks",
    "gpu",
    "report",
    "main",
)
"""The modules in an order in which each imports only earlier ones."""
