"""Make a plan true on a machine, or leave the machine as it was."""

from podfit.pod.apply.run import Applied, ApplyError, Options, StoppedError, Verifier, apply, recover

__all__ = ["Applied", "ApplyError", "Options", "StoppedError", "Verifier", "apply", "recover"]
