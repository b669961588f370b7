"""Is a plan true on a machine? Every check in a process of its own; a crash or a hang is a result."""

from podfit.pod.verify.run import Report, examine, verifier, verify

__all__ = ["Report", "examine", "verifier", "verify"]
