"""Peak memory of imports as the input grows: it must not.

python -m bench.import_memory [--records 2000] [--times 10]
"""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from bench.material import write_jsonl, write_mediawiki, write_warc
from bench.measure import cost_of, table

WRITERS = {
    "warc": ("bench.warc.gz", write_warc),
    "mediawiki": ("bench.xml", write_mediawiki),
    "jsonl": ("bench.jsonl", write_jsonl),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=2_000)
    parser.add_argument("--times", type=int, default=10)
    asked = parser.parse_args()
    rows = []
    for kind, (name, write) in WRITERS.items():
        peaks, sizes = [], []
        for count in (asked.records, asked.records * asked.times):
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder, name)
                write(path, count)
                sizes.append(path.stat().st_size)
                command = [sys.executable, "-m", "aadhan", "import", kind, str(path)]
                command += ["--source", "bench", "--lake", "lake"]
                peaks.append(cost_of(command, Path(folder)).peak_rss_bytes)
                shutil.rmtree(Path(folder, "lake"))
        rows.append(
            [
                kind,
                *(f"{size / 1e6:,.0f}" for size in sizes),
                *(f"{peak / 1e6:,.0f}" for peak in peaks),
                f"{peaks[1] / peaks[0]:.2f}",
            ]
        )
    times = f"{asked.times}x"
    names = ["", "input MB", f"{times} input MB", "peak MB", f"{times} peak MB", "ratio"]
    print(table(names, rows))


if __name__ == "__main__":
    main()
