"""The HTML report at its largest: its size, the browser's time to the first paint, and its memory.

    python benchmarks/report.py [--packages 1000] [--templates 12] [--page FILE.html]

Without --page, plans of made-up distributions over made-up templates are drawn; with it, a report that podfit wrote.
Needs Chromium. Times are the browser's own (Paint Timing), memory its own count of the page's JavaScript heap; the
median of the rounds.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from podfit.model import Action, Decision, Evidence, EvidenceKind, Interpreter, Need, Origin, Plan, Platform, Template
from podfit.report.model import Report, section, text
from podfit.report.page import explained, verdicts
from podfit.writers.html import draw

TELL = """
<script>addEventListener("load", () => setTimeout(() => {
  const paint = performance.getEntriesByType("paint").find((each) => each.name === "first-contentful-paint");
  const said = {paint: paint ? paint.startTime : null, heap: performance.memory ? performance.memory.usedJSHeapSize : 0,
    ready: performance.timing.domContentLoadedEventEnd - performance.timing.navigationStart};
  document.body.innerHTML = '<pre id="said">' + JSON.stringify(said) + "</pre>";
}, 300));</script></body>
"""


def made_up(packages: int, templates: int) -> list[Plan]:
    """Return plans in which a third of the distributions stays, a third is installed and a third is not needed."""
    actions = (Action.KEEP, Action.INSTALL, Action.SKIP)
    evidence = Evidence(EvidenceKind.METADATA, "Requires-Dist", "of the distributions that ask for it")
    plans = []
    for number in range(templates):
        pod = Template(f"template-{number}", Interpreter("3.11.9"), Platform(), {}, Origin.GIVEN, evidence)
        decisions = tuple(
            Decision(
                f"distribution-{n:04}",
                actions[n % 3],
                f"absent from the template, required by distribution-{n // 7:04} and others that the project uses",
                (evidence, Evidence(EvidenceKind.METADATA, f"distribution-{n // 7:04} 1.{number}", "Requires-Dist")),
                local=f"1.{n}",
                template=f"1.{n}" if n % 3 == 0 else "",
                planned=f"1.{n}.{number}" if n % 3 == 1 else "",
                direct=n % 20 == 1,
                required_by=(f"distribution-{n // 7:04}",),
            )
            for n in range(packages)
        )
        needs = tuple(Need(d.name, (evidence,)) for d in decisions if d.direct)
        plans.append(Plan("example", pod, needs, decisions))
    return plans


def opened(page: str, chromium: str, folder: Path) -> dict[str, float]:
    """Return what the browser says of a page that it opens."""
    (folder / "page.html").write_text(page.replace("</body>", TELL), encoding="utf-8")
    words = [chromium, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'profile'}"]
    words += ["--dump-dom", (folder / "page.html").as_uri()]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    found = re.findall(r'<pre id="said">({.*?})</pre>', done.stdout)
    if not found:
        raise SystemExit("the browser said nothing")
    said: dict[str, float] = json.loads(found[-1])
    return said


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packages", type=int, default=1000)
    parser.add_argument("--templates", type=int, default=12)
    parser.add_argument("--page", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("there is no Chromium on this machine")
    started = time.perf_counter()
    if given.page is not None:
        page = given.page.read_text(encoding="utf-8")
    else:
        plans = made_up(given.packages, given.templates)
        parts = (*section("", *verdicts(plans, {})), *section("Templates compared", explained(plans)))
        page = draw(Report(text("example"), parts))
    drawn = time.perf_counter() - started
    with tempfile.TemporaryDirectory() as folder:
        said = [opened(page, chromium, Path(folder)) for _ in range(given.rounds)]
    print(f"{len(page.encode()) / 1e6:.2f} MB, drawn in {drawn:.2f} s")
    figures = (("paint", "ms to the first paint", 1), ("ready", "ms until it answers", 1), ("heap", "MB heap", 1e6))
    for key, unit, scale in figures:
        values = [each[key] / scale for each in said if each[key] is not None]
        if values:
            print(f"{statistics.median(values):.0f} {unit} ({min(values):.0f} to {max(values):.0f})")


if __name__ == "__main__":
    main()
