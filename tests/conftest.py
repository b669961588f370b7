"""What holds for every test: signals act as they do at a terminal, and no example is judged by the clock."""

from __future__ import annotations

import signal

from hypothesis import settings

# Whoever starts the tests in the background may hand down ignored signals (a shell's `&` does so with SIGINT); commands
# under test would inherit that, and could not be stopped.
for _number, _handler in (
    (signal.SIGINT, signal.default_int_handler),
    (signal.SIGHUP, signal.SIG_DFL),
    (signal.SIGQUIT, signal.SIG_DFL),
    (signal.SIGTERM, signal.SIG_DFL),
):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, _handler)

settings.register_profile("podfit", settings(), deadline=None)  # over the profile that CI gets: no chance in it
settings.load_profile("podfit")
