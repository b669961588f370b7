"""The acting half of `podfit apply`: runs in the template's own Python, on the machine that is changed.

`podfit.pod.apply.agent` brings it there, packed into one file that any Python from 3.8 on runs, and hands it a work
order (JSON) on standard input.
"""
