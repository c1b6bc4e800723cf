"""Crash-safe landing of pages as Parquet: raw/source=…/run=…/NNNN.parquet.

A batch is written beside its final place as `*.tmp`, flushed to the disk and renamed, and then the
folder is flushed: a file that can be seen is whole. Scrapy's own feed export restarts its batch
numbers after a crash and appends to what is there, so it is not used.
"""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ingest.errors import LakeError, LandingError
from ingest.page import SCHEMA, Page

MAX_ROWS = 500
MAX_BYTES = 32 << 20
# Bodies do not repeat within a file; looking for repeats costs a third of the time of landing.
_REPEATING = [name for name in SCHEMA.names if name != "body"]


def write_atomically(path: Path, write) -> None:
    """Call `write(tmp_path)`, then publish the finished file as `path`, surviving a crash.

    Raises LandingError where the disk is full or the folder cannot be written.
    """
    tmp = path.with_name(path.name + ".tmp")
    try:
        write(tmp)
        with open(tmp, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(tmp, path)
        flush_folder(path.parent)
    except BaseException as error:
        with suppress(OSError):
            tmp.unlink()
        if not isinstance(error, OSError):
            raise
        reason = os.strerror(error.errno) if error.errno else error
        raise LandingError(
            f"cannot write {path} ({reason}): make room and run the same command again; "
            "everything finished before is kept"
        ) from error


def flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def locked(path: Path, busy: str) -> Iterator[None]:
    """Hold a lock file; it is gone when the holder ends, however it ends.

    Raises LakeError with the message `busy` where another process holds it.
    """
    while True:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = open(path, "a")
        except FileNotFoundError:
            continue  # another holder has just cleaned up the folder
        except OSError as error:
            raise LandingError(f"cannot write {path}: {error.strerror}") from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.close()
            raise LakeError(busy) from error
        # The last holder may have removed the file between opening and locking.
        if path.exists() and os.path.samestat(os.fstat(file.fileno()), path.stat()):
            break
        file.close()
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        file.close()
        for folder in list(path.parents)[:2]:
            with suppress(OSError):
                folder.rmdir()  # only where it is empty


def run_lock(lake: Path, source: str):
    """One crawl or import of a source at a time."""
    busy = f"a crawl or import of {source} is running in {lake}: wait for it, or stop it first"
    return locked(lake / "raw" / f"source={source}" / ".lock", busy)


def write_run_record(folder: Path, record: dict) -> None:
    text = json.dumps(record, indent=2, sort_keys=True) + "\n"
    write_atomically(folder / "run.json", lambda tmp: tmp.write_text(text))


class Lander:
    """Collects pages and lands them in batches, by rows, by bytes and by age.

    Continues the numbering of a run folder that already holds files, so a resumed run
    never overwrites what it landed before.
    """

    def __init__(self, run_folder: Path, *, max_rows: int = MAX_ROWS, max_seconds: float = 20.0):
        self.folder = run_folder
        self.max_rows = max_rows
        self.max_seconds = max_seconds
        self.landed_rows = 0
        self._rows: list[dict] = []
        self._bytes = 0
        self._since = time.monotonic()
        self._next = -1

    def open(self) -> None:
        """Make the folder, clear what a crash left half-written, find the next number."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LandingError(f"cannot create {self.folder}: {error.strerror}") from error
        for orphan in self.folder.glob("*.tmp"):
            orphan.unlink()
        numbers = [int(path.stem) for path in self.folder.glob("[0-9]*.parquet")]
        self._next = max(numbers, default=-1) + 1

    def add(self, page: Page) -> None:
        self.add_row(page.row())

    def add_row(self, row: dict) -> None:
        if not self._rows:
            self._since = time.monotonic()
        self._rows.append(row)
        self._bytes += len(row["body"] or b"")
        if len(self._rows) >= self.max_rows or self._bytes >= MAX_BYTES:
            self.flush()

    def flush_if_old(self) -> None:
        """Bounds what a crash can cost in time; asked at every page and when a crawl is idle."""
        if self._rows and time.monotonic() - self._since > self.max_seconds:
            self.flush()

    def flush(self) -> None:
        if not self._rows:
            return
        if self._next < 0:
            self.open()
        table = pa.Table.from_pylist(self._rows, schema=SCHEMA)
        self._rows, self._bytes = [], 0  # the bodies are not held twice while they are written
        path = self.folder / f"{self._next:04d}.parquet"
        write_atomically(path, lambda tmp: write_parquet(table, tmp, _REPEATING))
        self.landed_rows += table.num_rows
        self._next += 1


def write_parquet(table: pa.Table, path: Path, dictionaries: bool | list[str] = True) -> None:
    """Write a table; `dictionaries` names the columns whose values repeat, True for all."""
    # zstd level 3: 4.7:1 on real pages at 305 MB per CPU-second; level 9 is five times slower.
    options: dict = {"compression": "zstd", "compression_level": 3}
    pq.write_table(table, path, use_dictionary=dictionaries, **options)  # type: ignore[arg-type]


_RUN_ID = "%Y%m%dT%H%M%S%f"


def new_run_id() -> str:
    """The time in UTC to the microsecond: run folders sort by age."""
    return datetime.now(UTC).strftime(_RUN_ID)


def run_start(run_id: str) -> datetime:
    return datetime.strptime(run_id, _RUN_ID).replace(tzinfo=UTC)


def raw_files(lake: Path, source: str | None = None) -> list[Path]:
    """All landed files of a lake, in a fixed order."""
    return sorted((lake / "raw").glob(f"source={source or '*'}/run=*/[0-9]*.parquet"))


def crawl_record(run_folder: Path) -> dict:
    """The record of a crawl; empty for an import's and where there is none."""
    try:
        record = json.loads((run_folder / "run.json").read_text())
        return record if record["kind"] == "crawl" else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def last_crawl(lake: Path, source: str) -> Path | None:
    """The folder of a source's latest crawl."""
    runs = (lake / "raw" / f"source={source}").glob("run=*")
    return max((run for run in runs if crawl_record(run)), default=None)


def unfinished_crawls(lake: Path) -> list[str]:
    """Sources whose latest crawl was cut off."""
    sources = sorted(path.name.removeprefix("source=") for path in lake.glob("raw/source=*"))
    lasts = ((source, last_crawl(lake, source)) for source in sources)
    return [source for source, last in lasts if last and not crawl_record(last).get("finished")]


def landed_pages(files: list[Path], columns: list[str]) -> Iterator[dict]:
    """Rows of landed files, a batch at a time."""
    for path in files:
        try:
            for batch in pq.ParquetFile(path).iter_batches(64, columns=columns):
                yield from batch.to_pylist()
        except (pa.ArrowInvalid, OSError) as error:
            raise unreadable(path, error) from error


def unreadable(path: Path, error: Exception) -> LakeError:
    reason = str(error).splitlines()[0][:120]
    return LakeError(
        f"{path} is not readable Parquet ({reason}): restore it or move it away, then run again"
    )
