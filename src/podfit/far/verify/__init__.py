"""Check an environment against a plan: the part of `podfit verify` that runs where podfit is not installed.

`podfit.writers.verify_env` packs it with the facts of a plan into one script; `podfit verify` runs that script on a
machine, a person runs it as `verify_env.py`: the verdicts are the same because the code is.

Everything that touches the environment happens in a process of its own, started from these very modules, so that a
crash or a hang is a result like any other. Nothing is written into the environment: no bytecode, and the caches of
libraries go to a temporary directory that is removed.
"""
