"""What importing web archives costs, beside a loop over the same file with warcio.

    python -m bench.warc [--pages 10000] [--repeats 3]

Each contender runs in a process of its own, in turns; medians are told. `aadhan import` does all:
reads, checks both digests, decodes, hashes, lands in Parquet. The warcio loop reads and decodes
only. The rows between show what the difference is made of.
"""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from bench.material import write_warc
from bench.measure import interleaved, table


def loop_warcio(path: Path, check_digests: bool = False) -> None:
    from warcio.archiveiterator import ArchiveIterator

    with open(path, "rb") as file:
        for record in ArchiveIterator(file, check_digests=check_digests):
            if record.rec_type == "response":
                record.content_stream().read()


def loop_warcio_digests(path: Path) -> None:
    loop_warcio(path, check_digests=True)


def loop_fastwarc(path: Path) -> None:
    from fastwarc.warc import ArchiveIterator, WarcRecordType

    with open(path, "rb") as file:
        for record in ArchiveIterator(file, record_types=WarcRecordType.response):
            record.reader.read()


def loop_aadhan(path: Path) -> None:
    from ingest.importers import warc
    from ingest.importers.record import Reading

    for _ in warc.read(path, Reading(root=path, prefix="bench:")):
        pass


def loop_start(path: Path) -> None:
    """What it takes to load what an import needs."""
    import ingest.importers.warc  # noqa: F401


LOOPS = {
    "aadhan, start only": loop_start,
    "aadhan, reading and digests": loop_aadhan,
    "warcio loop": loop_warcio,
    "warcio loop, digests": loop_warcio_digests,
    "fastwarc loop": loop_fastwarc,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--loop", choices=LOOPS, help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.loop:
        LOOPS[asked.loop](asked.file)
        return
    with tempfile.TemporaryDirectory() as folder:
        compare(Path(folder), asked.pages, asked.repeats)


def compare(folder: Path, pages: int, repeats: int) -> None:
    path = folder / "bench.warc.gz"
    html_bytes = write_warc(path, pages)
    print(
        f"{pages} pages, {html_bytes / 1e6:.0f} MB of HTML, {path.stat().st_size / 1e6:.0f} MB gzip"
    )

    def aadhan_import() -> list[str]:
        shutil.rmtree(folder / "lake", ignore_errors=True)
        arguments = ["import", "warc", str(path), "--source", "bench", "--lake", "lake"]
        return [sys.executable, "-m", "aadhan", *arguments]

    contenders = {"aadhan import warc": aadhan_import}
    for name in LOOPS:
        command = [sys.executable, "-m", "bench.warc", "--loop", name, "--file", str(path)]
        contenders[name] = lambda command=command: command
    costs = interleaved(contenders, repeats, folder)
    base = costs["warcio loop"].cpu_seconds
    rows = [
        [
            name,
            f"{pages:,}",
            f"{html_bytes / 1e6:,.0f}",
            f"{cost.cpu_seconds:.2f}",
            f"{pages / cost.cpu_seconds:,.0f}",
            f"{html_bytes / 1e6 / cost.cpu_seconds:,.0f}",
            f"{cost.peak_rss_bytes / 1e6:,.0f}",
            f"{base / cost.cpu_seconds:.2f}",
        ]
        for name, cost in costs.items()
    ]
    names = [
        "",
        "records",
        "MB HTML",
        "CPU-s",
        "records/CPU-s",
        "MB/CPU-s",
        "peak MB",
        "of warcio's",
    ]
    print(table(names, rows))


if __name__ == "__main__":
    main()
