"""PDF files: each lands whole. What begins like none is counted and named."""

from collections.abc import Iterator
from pathlib import Path

from ingest.importers.record import Reading, Record

CONTENT_TYPE = "application/pdf"
# Where readers still look for the mark: files from the web may begin with other bytes.
HEAD_BYTES = 1024


def read(file: Path, reading: Reading) -> Iterator[Record]:
    body = reading.whole_file(file)
    if body is None:
        return
    if b"%PDF-" not in body[:HEAD_BYTES]:
        reading.counts["not a PDF"] += 1
        reading.note(f"{file} is not a PDF: it begins with {body[:8]!r}")
        return
    if b"%%EOF" not in body[-HEAD_BYTES:]:
        reading.counts["PDFs without their end"] += 1
        reading.note(f"{file} has no end mark; it lands, but may be cut")
    address = reading.address(file)
    yield Record(address, address, body, CONTENT_TYPE, {})
