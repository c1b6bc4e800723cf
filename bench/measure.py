"""Measuring commands fairly on a shared machine: CPU-seconds of the process tree, peak memory.

Commands that are compared run in turn, several times, each in its own process; medians are told.
"""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Cost:
    cpu_seconds: float
    peak_bytes: int


def run(command: list, **options) -> Cost:
    """Run a command to its end. Raises SystemExit with its stderr where it fails."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, *map(str, command)],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        **options,
    )
    assert process.stderr
    told = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stderr.close()
    if process.returncode:
        sys.exit(f"{command}: {told.decode(errors='replace')[-2000:]}")
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def in_turn(
    commands: dict[str, list], rounds: int = 3, before=lambda name: None
) -> dict[str, Cost]:
    """The median cost of each command; `before(name)` makes things ready for it."""
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            before(name)
            costs[name].append(run(command))
    return {
        name: Cost(median(c.cpu_seconds for c in found), int(median(c.peak_bytes for c in found)))
        for name, found in costs.items()
    }


def table(head: list[str], rows: list[list]) -> None:
    """A Markdown table, numbers to the right."""
    cells = [head, *([f"{v:,.2f}" if isinstance(v, float) else str(v) for v in r] for r in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    for number, row in enumerate(cells):
        print("| " + " | ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) + " |")
        if number == 0:
            print("|" + "|".join("-" * (width + 2) for width in widths) + "|")
