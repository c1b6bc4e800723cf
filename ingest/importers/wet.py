"""Common Crawl's text extracts: the conversion records of WET files, as plain text.

A text has the address and the time of the capture it was made from.
"""

from collections.abc import Iterator
from pathlib import Path

from fastwarc.warc import WarcRecordType

from ingest.importers.record import EPOCH, Reading, Record, usable, utc_time
from ingest.importers.warc import address, wrong_digest
from ingest.importers.warc_framing import Framed, framed_records


def read(file: Path, reading: Reading) -> Iterator[Record]:
    """Texts of a WET file; raises SourceError where it is none."""
    with open(file, "rb") as stream:
        reading.tell = stream.tell
        wanted, limit = WarcRecordType.conversion, reading.max_record_bytes
        for framed in framed_records(stream, file, wanted, limit, reading.damaged):
            if framed.kind != wanted:
                reading.counts[f"{framed.kind} records"] += 1
            elif framed.block is None:
                reading.too_large(f"{address(framed)} in {file} at byte {framed.offset}")
            elif not address(framed):
                reading.counts["records without an address"] += 1
            else:
                yield _record(framed, framed.block, file, reading)


def _record(framed: Framed, block: bytes, file: Path, reading: Reading) -> Record:
    url, detail = address(framed), None
    if framed.problem:
        detail = f"damaged WARC record: {framed.problem}"
    elif wrong_digest(framed.headers, block, None):
        reading.counts["wrong digests"] += 1
        reading.note(f"{file} at byte {framed.offset}: the digest of {url} does not match")
        detail = "the WARC record's block digest does not match"
    fetched_at = utc_time(framed.headers.get("warc-date"))
    if fetched_at is None:
        reading.counts["records without a date"] += 1
    return Record(
        url=url,
        identity=usable(url),
        body=block,
        content_type="text/plain; charset=utf-8",
        fields={},
        fetched_at=fetched_at or EPOCH,
        fetch_status="truncated" if framed.problem else "ok",
        fetch_detail=detail,
    )
