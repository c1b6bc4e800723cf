"""Plain text: a file is a record, or with --per-line a line is.

Bytes land as they are, without a word on their charset: the warehouse finds out whether they are
UTF-8, TSCII or something else. With --per-line a file that has a blank line within its first
megabyte holds documents between blank lines; without one, every line is a document. A document is
known by its content, so one that stands twice lands once.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from ingest.errors import SourceError
from ingest.importers.record import Reading, Record, opened

CONTENT_TYPE = "text/plain"
SAMPLE_BYTES = 1 << 20


def read(file: Path, reading: Reading) -> Iterator[Record]:
    """The file as a record, or its documents.

    Raises SourceError for UTF-16 with --per-line, which cannot be cut into lines as bytes.
    """
    if reading.per_line:
        yield from _documents(file, reading)
    elif (body := reading.whole_file(file)) is not None:
        address = reading.address(file)
        yield Record(address, address, body, CONTENT_TYPE, {})
    elif file.stat().st_size > reading.max_record_bytes:
        reading.note(f"{file}: --per-line takes it apart")


def _documents(file: Path, reading: Reading) -> Iterator[Record]:
    with opened(file, reading) as stream:
        sample = stream.read(SAMPLE_BYTES)
        if sample.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise SourceError(f"{file} is UTF-16: turn it into UTF-8 first, e.g. with iconv")
        has_blank = any(not line.strip() for line in sample.split(b"\n")[:-1])
        stream.seek(0)
        for first, body in _runs(stream, has_blank, reading.max_record_bytes):
            if body is None:
                reading.too_large(f"{file} line {first}")
                continue
            address = f"{reading.prefix}{hashlib.sha256(body).hexdigest()[:32]}"
            yield Record(address, address, body, CONTENT_TYPE, {"file": file.name, "line": first})


def _runs(stream: BinaryIO, has_blank: bool, limit: int) -> Iterator[tuple[int, bytes | None]]:
    """The first line's number and the bytes of each document, None where they are too many."""
    kept: list[bytes] = []
    size, first, number = 0, 1, 1
    while piece := stream.readline(limit + 1):
        is_line_end, is_blank = piece.endswith(b"\n"), not piece.strip()
        if not is_blank:
            first = first if size else number
            size += len(piece)
            kept.append(piece)
            if size > limit + 1:
                kept.clear()
        if size and is_line_end and (is_blank or not has_blank):
            yield first, b"".join(kept).strip() or None
            kept, size = [], 0
        number += is_line_end
    if size:
        yield first, b"".join(kept).strip() or None
