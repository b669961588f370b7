#!/usr/bin/env python3
"""What the audits of the example's plan cost, with nothing kept and with all kept: bytes, requests, processor seconds.

    .dev/py311/bin/python benchmarks/audit_cost.py [TEMPLATE ...]

Each fit runs in a process of its own. Counted is what goes on between a solution and what the audits say of it, all
rounds together: the index's answers that are bodies (byte ranges of wheels), and the processor time of this process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "examples" / "moola"
TEMPLATES = ("runpod-pytorch-2.4", "runpod-pytorch-2.8")


def counted_fit(template: str) -> dict[str, Any]:
    """Fit the example onto a template in this process; return what its audits cost."""
    from podfit.fit import loop
    from podfit.fit.library import fit

    plain = loop.audit_phase
    total: dict[str, Any] = {"rounds": 0, "bytes": 0, "requests": 0, "processor": 0.0, "clock": 0.0}

    def audit_phase(given: Any, *rest: Any) -> Any:
        transport = given.index.transport
        before = (transport.received, transport.requests, time.process_time(), time.perf_counter())
        answer = yield from plain(given, *rest)
        after = (transport.received, transport.requests, time.process_time(), time.perf_counter())
        total["rounds"] += 1
        for name, one, other in zip(("bytes", "requests", "processor", "clock"), before, after, strict=True):
            total[name] += other - one
        return answer

    loop.audit_phase = audit_phase  # type: ignore[assignment]
    (fitted,) = fit(EXAMPLE, template, local=str(EXAMPLE / "local-environment.txt"))
    assert fitted.plan is not None, fitted.refusal
    return {**total, "findings": len(fitted.plan.findings)}


def main() -> int:
    """Print a line per template and state of the cache."""
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(counted_fit(sys.argv[2])))
        return 0
    for template in sys.argv[1:] or TEMPLATES:
        with tempfile.TemporaryDirectory(prefix="podfit-audit-cost-") as cache:
            for state in ("cold", "warm"):
                environment = {**os.environ, "PODFIT_CACHE_DIR": cache}
                words = [sys.executable, __file__, "--one", template]
                done = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
                cost = json.loads(done.stdout.splitlines()[-1])
                print(
                    f"{template}, {state}: {cost['rounds']} rounds, {cost['requests']} requests, "
                    f"{cost['bytes'] / 1e6:.1f} MB, {cost['processor']:.2f} s of the processor, "
                    f"{cost['clock']:.1f} s by the clock, load {os.getloadavg()[0]:.0f}",
                    flush=True,
                )
    return 0


if __name__ == "__main__":
    sys.exit(main())
