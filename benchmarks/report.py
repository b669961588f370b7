"""The HTML report at its largest: its size, the browser's time to the first paint, and its memory.

    python benchmarks/report.py [--packages 1000] [--templates 12] [--page FILE.html]

Without --page, plans of made-up distributions over made-up templates are drawn; with it, a report that podfit wrote.
Needs Chromium and ChromeDriver. Times are the browser's own (Paint Timing), memory its own count of the
page's JavaScript heap; the median of the rounds.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import shutil
import socket
import statistics
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from podfit.model import Action, Decision, Evidence, EvidenceKind, Interpreter, Need, Origin, Plan, Platform, Template
from podfit.report.model import Report, section, text
from podfit.report.page import explained, verdicts
from podfit.writers.html import draw

ASK = """
const paint = performance.getEntriesByType("paint").find((each) => each.name === "first-contentful-paint");
const moments = performance.getEntriesByType("navigation")[0];
return {paint: paint ? paint.startTime : null, ready: moments.domContentLoadedEventEnd,
  heap: performance.memory ? performance.memory.usedJSHeapSize : 0};
"""
"""What the page is asked once it is there: Paint Timing, Navigation Timing, the heap."""


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


class Driver:
    """A headless Chromium behind ChromeDriver (W3C WebDriver), each page in a session of its own."""

    def __init__(self, chromium: str, chromedriver: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"http://127.0.0.1:{free.getsockname()[1]}"
        words = [chromedriver, f"--port={self.address.rpartition(':')[2]}"]
        self.process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.chromium = chromium

    def call(self, method: str, path: str, **body: Any) -> Any:
        """Return the value of one command."""
        data = json.dumps(body).encode() if method == "POST" else None
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.address}{path}", data, headers, method=method)
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.load(answer)["value"]

    def opened(self, page: Path) -> dict[str, float]:
        """Return what the browser says of a page that it opens."""
        words = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
        words += ["--disable-component-update", "--disable-sync", "--window-size=1280,900"]
        options = {"goog:chromeOptions": {"binary": self.chromium, "args": words}}
        session = self.call("POST", "/session", capabilities={"alwaysMatch": options})["sessionId"]
        try:
            self.call("POST", f"/session/{session}/url", url=page.as_uri())
            while True:  # the paint comes a frame after the page is loaded
                said: dict[str, float] = self.call("POST", f"/session/{session}/execute/sync", script=ASK, args=[])
                if said["paint"] is not None:
                    return said
                time.sleep(0.05)
        finally:
            self.call("DELETE", f"/session/{session}")

    def ready(self) -> None:
        """Wait until it answers."""
        for _ in range(200):
            with contextlib.suppress(OSError):
                if self.call("GET", "/status")["ready"]:
                    return
            time.sleep(0.1)
        raise SystemExit("ChromeDriver does not answer")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packages", type=int, default=1000)
    parser.add_argument("--templates", type=int, default=12)
    parser.add_argument("--page", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    chromedriver = shutil.which("chromedriver")
    if chromium is None or chromedriver is None:
        raise SystemExit("there is no Chromium with its ChromeDriver on this machine")
    started = time.perf_counter()
    if given.page is not None:
        page = given.page.read_text(encoding="utf-8")
    else:
        plans = made_up(given.packages, given.templates)
        parts = (*section("", *verdicts(plans, {})), *section("Templates compared", explained(plans)))
        page = draw(Report(text("example"), parts))
    drawn = time.perf_counter() - started
    driver = Driver(chromium, chromedriver)
    try:
        driver.ready()
        with tempfile.TemporaryDirectory() as folder:
            shown = Path(folder) / "page.html"
            shown.write_text(page, encoding="utf-8")
            said = [driver.opened(shown) for _ in range(given.rounds)]
    finally:
        driver.process.terminate()
    print(f"{len(page.encode()) / 1e6:.2f} MB, drawn in {drawn:.2f} s")
    figures = (("paint", "ms to the first paint", 1), ("ready", "ms until it answers", 1), ("heap", "MB heap", 1e6))
    for key, unit, scale in figures:
        values = [each[key] / scale for each in said if each[key] is not None]
        if values:
            print(f"{statistics.median(values):.0f} {unit} ({min(values):.0f} to {max(values):.0f})")


if __name__ == "__main__":
    main()
