"""What a source has landed already, in 16 bytes a page.

Two numbers stand for a page: the hash of what it is known by and the first 60 bits of its page_id.
Both must agree before a record counts as known, so a chance match takes 2^124 pairs. The hash is
Python's own of this process; nothing of it is stored. Most entries lie in sorted arrays, the
latest in a dict: 10 million pages take 160 MB, and twice that while entries are folded in.
"""

from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ingest.importers.record import EPOCH
from ingest.landing import crawl_record, raw_files, unreadable

FOLD_ENTRIES = 1 << 20


class Known:
    """A map from hash to page number that keeps flat in memory."""

    def __init__(self):
        self._keys = np.empty(0, np.int64)
        self._values = np.empty(0, np.int64)
        self._recent: dict[int, int] = {}

    def get(self, key: int) -> int | None:
        if key in self._recent:
            return self._recent[key]
        place = int(self._keys.searchsorted(np.int64(key)))
        if place < len(self._keys) and self._keys[place] == key:
            return int(self._values[place])
        return None

    def set(self, key: int, value: int) -> None:
        self._recent[key] = value
        if len(self._recent) >= FOLD_ENTRIES:
            self.fold()

    def fold(self) -> None:
        """Move the latest entries into the arrays; of two with one key the later stays."""
        count = len(self._recent)
        keys = np.fromiter(self._recent.keys(), np.int64, count)
        values = np.fromiter(self._recent.values(), np.int64, count)
        self._recent = {}
        self._sort_in(np.concatenate([self._keys, keys]), np.concatenate([self._values, values]))

    def _sort_in(self, keys: np.ndarray, values: np.ndarray) -> None:
        order = keys.argsort(kind="stable")
        keys = keys[order]
        is_last = np.append(keys[1:] != keys[:-1], True) if len(keys) else np.empty(0, bool)
        self._keys, self._values = keys[is_last], values[order[is_last]]

    @classmethod
    def landed(cls, lake: Path, source: str, is_dated: bool) -> "Known":
        """The source's landed pages: the newest of each identity, or each page at its time.

        What a crawl has landed since does not make an imported file new again.
        """
        known = cls()
        files = [f for f in raw_files(lake, source) if is_dated or not crawl_record(f.parent)]
        parts = [_numbers(path, is_dated) for path in files]
        if parts:
            keys, values, times = (np.concatenate(column) for column in zip(*parts, strict=True))
            # The newest last, ties by page_id: of each key the last stays.
            order = np.lexsort((values, times))
            known._sort_in(keys[order], values[order])
        return known


def _numbers(path: Path, is_dated: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    keys, values, times = [], [], []
    try:
        file = pq.ParquetFile(path)
        for batch in file.iter_batches(8192, columns=["canonical_url", "page_id", "fetched_at"]):
            identities = batch.column("canonical_url").to_pylist()
            pages = batch.column("page_id").to_pylist()
            micros = batch.column("fetched_at").cast(pa.int64()).to_pylist()
            numbers = zip(pages, micros, strict=True) if is_dated else identities
            keys += map(hash, numbers)
            values += map(page_number, pages)
            times += micros
    except (pa.ArrowInvalid, OSError) as error:
        raise unreadable(path, error) from error
    return tuple(np.array(column, np.int64) for column in (keys, values, times))  # type: ignore


def page_number(page_id: str) -> int:
    return int(page_id[:15], 16)


def version_key(page_id: str, fetched_at: datetime) -> int:
    """The key of a page at its time: the same bytes at another time are another version."""
    age = fetched_at - EPOCH
    return hash((page_id, (age.days * 86_400 + age.seconds) * 1_000_000 + age.microseconds))
