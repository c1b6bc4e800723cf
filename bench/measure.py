"""What a command costs: CPU-seconds of its whole process tree, and its peak memory.

Both come from the kernel when the process ends (wait4), so nothing is sampled or missed. Wall time
is told too, but on a shared machine only CPU-seconds compare.
"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Cost:
    cpu_seconds: float
    wall_seconds: float
    peak_rss_bytes: int


def cost_of(command: list[str], cwd: Path) -> Cost:
    """Run a command to its end. Raises CalledProcessError, with its stderr, where it fails."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with open(cwd / "stderr.txt", "w+") as errors:
        began = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=cwd, env=environment, stdout=subprocess.DEVNULL, stderr=errors
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            errors.seek(0)
            raise subprocess.CalledProcessError(
                process.returncode, command, stderr=errors.read()[-2000:]
            )
    peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return Cost(usage.ru_utime + usage.ru_stime, wall, peak)


def interleaved(
    contenders: dict[str, Callable[[], list[str]]], repeats: int, cwd: Path
) -> dict[str, Cost]:
    """Medians of each contender, taken in turns, so that a busy moment hits all alike."""
    costs: dict[str, list[Cost]] = {name: [] for name in contenders}
    for _ in range(repeats):
        for name, command in contenders.items():
            costs[name].append(cost_of(command(), cwd))
    return {
        name: Cost(
            statistics.median(cost.cpu_seconds for cost in taken),
            statistics.median(cost.wall_seconds for cost in taken),
            round(statistics.median(cost.peak_rss_bytes for cost in taken)),
        )
        for name, taken in costs.items()
    }


def table(names: list[str], rows: list[list[str]]) -> str:
    """Columns as wide as they need, numbers to the right."""
    widths = [max(len(row[index]) for row in [names, *rows]) for index in range(len(names))]

    def line(row: list[str]) -> str:
        first, *rest = (cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        return "  ".join([row[0].ljust(len(first)), *rest])

    return "\n".join(line(row) for row in [names, *rows])
