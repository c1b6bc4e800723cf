"""Near-duplicate search: word shingles, MinHash signatures, band buckets, components.

The shingles are Tamil-safe: words are runs of letters and marks, so no pulli and no vowel sign is
lost before hashing (text-dedup splits at each vowel sign, datatrove strips them). Hashes are our
own, equal on every machine and engine. Which pairs share a bucket and whether they really are near
is settled in SQL, by Jaccard over the shingles themselves.

Steps are functions from record batch to record batch; rows do not see each other.
"""

import hashlib

import numpy as np
import pyarrow as pa
from rensa import RMinHash  # pyright: ignore[reportAttributeAccessIssue]

from warehouse.tamil import words

SHINGLE_WORDS = 5
BANDS = 25
BAND_ROWS = 4
SEED = 42

SHINGLE_SCHEMA = pa.schema([("id", pa.string()), ("shingles", pa.list_(pa.int64()))])
BAND_SCHEMA = pa.schema([("id", pa.string()), ("band", pa.int32()), ("bucket", pa.int64())])
COMPONENT_SCHEMA = pa.schema([("id", pa.string()), ("component", pa.string())])

# Odd, so that multiplying loses nothing modulo 2^64 (Knuth's MMIX multiplier).
_MULTIPLIER = np.uint64(6364136223846793005)


def shingles(batch: pa.RecordBatch) -> pa.RecordBatch:
    """(id, text) to (id, distinct 64-bit hashes of the word 5-grams, sorted).

    A text of fewer than five words is one shingle.
    """
    known: dict[str, int] = {}
    lists = [_shingle_hashes(text, known) for text in batch.column("text").to_pylist()]
    offsets = np.cumsum([0, *map(len, lists)], dtype=np.int32)
    values = np.concatenate(lists) if lists else np.empty(0, np.int64)
    column = pa.ListArray.from_arrays(pa.array(offsets), pa.array(values, pa.int64()))
    return pa.RecordBatch.from_arrays([batch.column("id"), column], schema=SHINGLE_SCHEMA)


def _shingle_hashes(text: str, known: dict[str, int]) -> np.ndarray:
    tokens = words(text)
    for token in tokens:
        if token not in known:
            digest = hashlib.blake2b(token.encode(), digest_size=8).digest()
            known[token] = int.from_bytes(digest, "little")
    hashes = np.fromiter(map(known.__getitem__, tokens), np.uint64, len(tokens))
    size = min(SHINGLE_WORDS, len(hashes))
    count = len(hashes) - size + 1 if size else 0
    rolled = np.zeros(count, np.uint64)
    for offset in range(size):
        rolled = rolled * _MULTIPLIER + hashes[offset : offset + count]
    return np.unique(rolled).view(np.int64)


def bands(batch: pa.RecordBatch) -> pa.RecordBatch:
    """(id, shingles) to (id, band, bucket): 25 rows for each passage with shingles.

    25 bands of 4 rows bring a pair of Jaccard s into one bucket with 1 - (1 - s^4)^25: .999 at .7,
    .80 at .5. What comes together by chance is sorted out by true Jaccard.
    """
    column = batch.column("shingles")
    ids = batch.column("id").to_numpy(zero_copy_only=False)
    offsets = column.offsets.to_numpy()
    filled = np.diff(offsets) > 0
    values = column.flatten().to_numpy().view(np.uint64)
    starts = (offsets - offsets[0]).astype(np.uint64)
    matrix = RMinHash.digest_matrix_from_flat_token_hashes(
        np.ascontiguousarray(values), starts, BANDS * BAND_ROWS, SEED
    )
    signatures = np.asarray(matrix.to_rows(), np.uint64).reshape(len(ids), BANDS, BAND_ROWS)
    buckets = np.zeros((len(ids), BANDS), np.uint64)
    for row in range(BAND_ROWS):
        buckets = buckets * _MULTIPLIER + signatures[:, :, row]
    return pa.RecordBatch.from_arrays(
        [
            pa.array(np.repeat(ids[filled], BANDS), pa.string()),
            pa.array(np.tile(np.arange(BANDS, dtype=np.int32), int(filled.sum()))),
            pa.array(buckets[filled].view(np.int64).ravel()),
        ],
        schema=BAND_SCHEMA,
    )


def components(pairs: pa.Table) -> pa.Table:
    """(id, other_id) pairs to (id, least id of its connected component)."""
    parent: dict[str, str] = {}

    def root(node: str) -> str:
        path = []
        while (above := parent.setdefault(node, node)) != node:
            path.append(node)
            node = above
        for below in path:
            parent[below] = node
        return node

    for left, right in zip(
        pairs.column("id").to_pylist(), pairs.column("other_id").to_pylist(), strict=True
    ):
        low, high = sorted((root(left), root(right)))
        parent[high] = low
    ids = sorted(parent)
    return pa.table([pa.array(ids), pa.array(map(root, ids))], schema=COMPONENT_SCHEMA)
