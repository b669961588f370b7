"""Code that runs on other machines, in their own Python: the probe, verify, apply's agent.

Standard library only, Python 3.8 and newer, nothing of the rest of podfit: `tests/far` holds every module of this room
to it. The near ends are `podfit.pod` and `podfit.readers`.
"""
