"""Parquet and Arrow: rows with a column of text, some at a time.

Rows are read in batches of about BATCH_BYTES, and column chunks through a small buffer, so that
memory does not follow the size of a row group.
"""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ingest.errors import SourceError
from ingest.importers.fields import (
    TEXT_COLUMNS,
    no_text_column,
    record_of,
    sampled,
    split_of,
    text_columns,
)
from ingest.importers.record import Reading, Record
from ingest.landing import unreadable

BATCH_BYTES = 8 << 20
_BUFFER_BYTES = 1 << 20


def read(file: Path, reading: Reading) -> Iterator[Record]:
    """Records of a Parquet file.

    Raises LakeError where it is not readable, SourceError where it has no column of text.
    """
    yield from records(file, reading, _parquet)


def read_arrow(file: Path, reading: Reading) -> Iterator[Record]:
    """Records of an Arrow file, as `datasets` saves and caches them."""
    yield from records(file, reading, _arrow)


def records(file: Path, reading: Reading, open_rows) -> Iterator[Record]:
    if _is_pointer(file):
        raise SourceError(f"{file} is a Git LFS pointer: run git lfs pull where it came from")
    try:
        names, rows = open_rows(file, reading)
        wanted = reading.text_column
        if not set(names) & ({wanted} if wanted else set(TEXT_COLUMNS)):
            raise no_text_column(file, names, wanted)
        split = split_of(file, reading.root)
        sample, rows = sampled(rows)
        columns = text_columns(sample, wanted)
        for row in rows:
            if record := record_of(row, columns, reading.prefix, split):
                yield record
            else:
                reading.counts["records without text"] += 1
    except (pa.ArrowException, OSError) as error:
        raise unreadable(file, error) from error


def _parquet(file: Path, reading: Reading) -> tuple[list[str], Iterator[dict]]:
    reader = pq.ParquetFile(file, buffer_size=_BUFFER_BYTES)
    meta = reader.metadata
    groups = [meta.row_group(index) for index in range(meta.num_row_groups)]
    row_bytes = sum(group.total_byte_size for group in groups) // max(meta.num_rows, 1)
    batch_rows = min(1_000, max(1, BATCH_BYTES // max(row_bytes, 1)))
    size, done = file.stat().st_size, 0
    reading.tell = lambda: size * done // max(meta.num_rows, 1)

    def rows() -> Iterator[dict]:
        nonlocal done
        for batch in reader.iter_batches(batch_rows):
            yield from batch.to_pylist()
            done += batch.num_rows

    return reader.schema_arrow.names, rows()


def _arrow(file: Path, reading: Reading) -> tuple[list[str], Iterator[dict]]:
    """`datasets` writes the streaming format, others the file format."""
    source = pa.OSFile(str(file))
    is_file_format = source.read(6) == b"ARROW1"
    source.seek(0)
    reading.tell = source.tell
    if is_file_format:
        reader = pa.ipc.open_file(source)
        batches = (reader.get_batch(index) for index in range(reader.num_record_batches))
    else:
        reader = pa.ipc.open_stream(source)
        batches = iter(reader)
    rows = (
        row
        for batch in batches
        for start in range(0, batch.num_rows, 100)
        for row in batch.slice(start, 100).to_pylist()
    )
    return reader.schema.names, rows


def _is_pointer(file: Path) -> bool:
    with open(file, "rb") as stream:
        return stream.read(40).startswith(b"version https://git-lfs.github.com/spec/")
