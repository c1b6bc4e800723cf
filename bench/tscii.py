"""TSCII to Unicode: MB of TSCII per CPU-second, ours beside other ways on the same input.

    python bench/tscii.py [FILE]

FILE is a text in TSCII; without it the demo site's text is written in TSCII first. Ways that are
not installed are left out: glibc's iconv, and open-tamil's converter, whose licence is the GPL and
which is no dependency. The last column is the share of lines that a way reads as ours does.
"""

import contextlib
import io
import re
import resource
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "warehouse")]

from warehouse import charts, decode, tamil, tscii  # noqa: E402

BYTES = 8_000_000


def demo_text() -> bytes:
    from glyphs import to_glyphs  # pyright: ignore

    pages = sorted((ROOT / "data" / "demo" / "site").rglob("*.html"))
    whole = "\n".join(decode.decode(page.read_bytes(), None).text for page in pages)
    text = re.sub("[^\u0b82-\u0bcd ,.\n]", "", re.sub("<[^<>]*>", "", tamil.normalise(whole).text))
    return charts.to_bytes(to_glyphs(text, "tscii"))


def loop(body: bytes) -> str:
    """The plain way: a piece of text for each byte, then signs moved behind their letters."""
    return tamil.to_logical_order("".join(map(tscii._DECODE.__getitem__, body))).text


def iconv(body: bytes) -> str:
    command = ["iconv", "-f", "TSCII", "-t", "UTF-8", "-c"]
    return subprocess.run(command, input=body, capture_output=True).stdout.decode(
        "utf-8", "replace"
    )


def open_tamil(body: bytes) -> str:
    from tamil import tscii as converter  # pyright: ignore

    with contextlib.redirect_stdout(io.StringIO()):  # it prints warnings
        return converter.convert_to_unicode_from_bytes(body)


def cpu_seconds() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def main() -> None:
    text = Path(sys.argv[1]).read_bytes() if sys.argv[1:] else demo_text()
    body = text * (BYTES // len(text) + 1)
    ways = {"aadhan": tscii.decode, "table loop": loop, "iconv": iconv, "open-tamil": open_tamil}
    ours, expected = None, tamil.normalise(tscii.decode(text)).text.splitlines()
    print(f"{'way':<12}{'MB/CPU-s':>10}{'to ours':>10}{'lines alike':>13}")
    for name, way in ways.items():
        try:
            found = tamil.normalise(way(text)).text.splitlines()
            start = cpu_seconds()
            way(body)
            speed = len(body) / 1e6 / (cpu_seconds() - start)
        except (ImportError, FileNotFoundError, LookupError) as error:
            print(f"{name:<12}{'-':>10}{'-':>10}{'-':>13}  {type(error).__name__}")
            continue
        ours = ours or speed
        alike = sum(one == other for one, other in zip(found, expected, strict=False))
        print(f"{name:<12}{speed:>10.1f}{speed / ours:>10.2f}{alike / len(expected):>13.3f}")


if __name__ == "__main__":
    main()
