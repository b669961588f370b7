"""How often `podfit diagnose` is right, over logs with labels.

    .dev/py311/bin/python benchmarks/diagnose_accuracy.py LABELS.jsonl [--show] [--dressed]

Each line is an object with id, log, category, packages, fix, and perhaps also_accept (further categories that are
right). Judged are: the first category; whether the fix acts on one of the labelled packages, in the labelled direction
where the label's words tell one (a limit, a newer or an older release, an installation); and for what is no dependency
failure, that no package is changed. --dressed judges each log again as people paste logs: see DRESSES.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import podfit
from podfit.diagnose.model import OTHER

_UP = re.compile(r"\b(?:upgrade|update|newer|raise|install|add|use|-U)\b|--upgrade|>=?\s?\d", re.IGNORECASE)
_DOWN = re.compile(r"\b(?:downgrade|older|pin|lower)\b|<=?\s?\d|==", re.IGNORECASE)
_NEUTRAL = ("disk_full", "externally_managed_or_cannot_uninstall", OTHER)


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def direction(text: str) -> set[str]:
    """Return which ways a fix's words go: up, down, or neither."""
    return ({"up"} if _UP.search(text) else set()) | ({"down"} if _DOWN.search(text) else set())


def right_fix(label: dict[str, Any], first: Any) -> bool:
    """Tell whether a cause's fix acts on what the label acts on, in a direction of the label's."""
    if label["category"] == OTHER or not label["packages"]:
        return not first.packages
    wanted = {normal(name) for name in label["packages"]}
    if not wanted & {normal(name) for name in first.packages}:
        return label["category"] in _NEUTRAL and bool(first.fix)
    words = " ; ".join(first.fix)
    ways = direction(label["fix"])
    return bool(first.fix) and (not ways or bool(ways & direction(words)))


def cut(lines: list[str]) -> list[str]:
    """Return the last two thirds of a log, three lines at least."""
    return lines[min(len(lines) // 3, max(0, len(lines) - 3)) :]


DRESSES: dict[str, Callable[[list[str]], list[str]]] = {
    "its first third cut off": cut,
    "its last line cut in the middle": lambda lines: [
        *lines[:-1],
        *(line[: max(60, len(line) * 2 // 3)] for line in lines[-1:]),
    ],
    "as rank 0 of two": lambda lines: [f"[rank{rank}]: {line}" for line in lines for rank in (0, 1)],
    "coloured, after a progress bar": lambda lines: [f"12%|#   |\r\x1b[31m{line}\x1b[0m" for line in lines],
    "quoted in somebody's prose": lambda lines: [
        "Bonjour, ça ne marche plus :",
        "```",
        *lines,
        "```",
        "Danke für jede Hilfe! 谢谢",
    ],
    "with times before each line": lambda lines: [f"2026-11-29T10:00:00.123Z {line}" for line in lines],
}
"""How a log is changed before it is judged again: its lines in, other lines out."""


def judged(
    path: Path, dress: Callable[[list[str]], list[str]] = list
) -> list[tuple[dict[str, Any], Any, bool, bool, bool]]:
    """Return for each log: label, first cause, category right, fix right, whether a package change was invented."""
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        label = json.loads(line)
        causes = podfit.diagnose("\n".join(dress(label["log"].splitlines()))).causes
        first = causes[0] if causes else None
        known = {label["category"], *label.get("also_accept", ())}
        category = first is not None and first.category in known
        fix = first is not None and right_fix(label, first)
        invented = label["category"] == OTHER and first is not None and bool(first.packages)
        found.append((label, first, category, fix, invented))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", type=Path, nargs="+")
    parser.add_argument("--show", action="store_true", help="print the misses")
    parser.add_argument("--dressed", action="store_true", help="judge each log as people paste it, too")
    options = parser.parse_args()
    every = [one for path in options.labels for one in judged(path)]
    by_family: dict[str, Counter[str]] = {}
    for label, first, category, fix, invented in every:
        counts = by_family.setdefault(label["category"], Counter())
        counts.update(logs=1, category=int(category), fix=int(fix), invented=int(invented))
        if options.show and not (category and fix and not invented):
            said = f"{first.category} [{first.symptom}] {first.packages} {first.fix}" if first else "nothing"
            print(f"{label['id']}: {label['category']} {label['packages']} {label['fix']!r}\n    -> {said}")
    print("| category | logs | category right | fix right | changes invented |\n|---|---:|---:|---:|---:|")
    total: Counter[str] = Counter()
    for family, counts in sorted(by_family.items()):
        total.update(counts)
        print(f"| {family} | {counts['logs']} | {counts['category']} | {counts['fix']} | {counts['invented']} |")
    share = {key: f"{total[key]} ({100 * total[key] / total['logs']:.0f} %)" for key in ("category", "fix")}
    print(f"| all | {total['logs']} | {share['category']} | {share['fix']} | {total['invented']} |")
    for name, dress in DRESSES.items() if options.dressed else ():
        again = [one for path in options.labels for one in judged(path, dress)]
        if options.show:
            for (label, first, right, _, _), (_, _, before, _, _) in zip(again, every, strict=True):
                if before and not right:
                    print(f"{name}: {label['id']}: {label['category']} -> {first and first.category}")
        category, fix, invented = (sum(one[place] for one in again) for place in (2, 3, 4))
        shares = " | ".join(f"{count} ({100 * count / len(again):.0f} %)" for count in (category, fix))
        print(f"| all, {name} | {len(again)} | {shares} | {invented} |")


if __name__ == "__main__":
    main()
