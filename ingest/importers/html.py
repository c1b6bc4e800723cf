"""HTML files: pages whose address is their path in the folder, under the given base."""

from collections.abc import Iterator
from pathlib import Path

from ingest.importers.record import Reading, Record


def read(file: Path, reading: Reading) -> Iterator[Record]:
    if (body := reading.whole_file(file)) is not None:
        address = reading.address(file)
        yield Record(address, address, body, "text/html", {})
