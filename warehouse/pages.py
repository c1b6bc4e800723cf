"""One raw file to its blocks: what a worker of the build does.

Apart from the rest, because workers need neither DuckDB nor SQL and start faster without.
"""

import multiprocessing
import os
import threading
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ingest.errors import LakeError
from ingest.landing import unreadable, write_atomically, write_parquet
from ingest.page import SCHEMA as PAGE_SCHEMA
from warehouse import blocks

READ_COLUMNS = ["page_id", "content_type", "body", "fetch_status", "record"]
BATCH_PAGES = 64


def die_with_parent() -> None:
    """End a worker whose build was killed; it would wait for work for ever."""

    def watch() -> None:
        if parent := multiprocessing.parent_process():
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def make_blocks(raw: Path, made: Path) -> None:
    """Read one raw file's pages into their blocks."""
    try:
        source = pq.ParquetFile(raw)
        if absent := set(PAGE_SCHEMA.names) - set(source.schema_arrow.names):
            raise LakeError(
                f"{raw} has no column {sorted(absent)[0]}: it is not a file of pages; "
                "move it out of the lake and bring it in with aadhan import"
            )
        batches = [
            blocks.page_blocks(readable(batch))
            for batch in source.iter_batches(BATCH_PAGES, columns=READ_COLUMNS)
        ]
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
        raise unreadable(raw, error) from error
    table = pa.Table.from_batches(batches, schema=blocks.SCHEMA)
    write_atomically(made, lambda tmp: write_parquet(table, tmp))


def readable(batch: pa.RecordBatch) -> pa.RecordBatch:
    statuses = batch.column("fetch_status").to_pylist()
    bodies = batch.column("body").is_valid().to_pylist()
    keep = [
        body and status in ("ok", "truncated")
        for status, body in zip(statuses, bodies, strict=True)
    ]
    return batch.filter(pa.array(keep, pa.bool_()))
