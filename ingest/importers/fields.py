"""Records of tables and JSON: which column holds the text, the address, the id.

The names are those of the corpora people have: Sangraha (text, doc_id), FineWeb-2 (text, id, url),
CulturaX (text, url), IndicCorp (text), Samanantar (idx, src, tgt), OSCAR (content, meta). Where
several columns could be the text, the first rows decide: the one with most Tamil is it.
"""

import hashlib
import itertools
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from ingest.errors import SourceError
from ingest.importers.record import Record, jsonable, usable
from ingest.page import plain

TEXT_COLUMNS = ("text", "content", "raw_content", "body", "tgt", "src", "sentence", "article")
URL_COLUMNS = ("url", "source_url", "link", "warc-target-uri")
ID_COLUMNS = ("id", "doc_id", "record_id", "docid", "idx")
# Where OSCAR keeps the address: inside these, at any depth.
_NESTED = ("meta", "metadata", "warc_headers")
SAMPLE_ROWS = 50
_TAMIL = re.compile("[\u0b80-\u0bff]")
_SPLIT = re.compile(r"(train|training|validation|valid|val|dev|test)(-\d+(-of-\d+)?)?(?=\.|$)")
_SPLITS = {"training": "train", "valid": "validation", "val": "validation", "dev": "validation"}


def text_columns(rows: Iterable[dict], wanted: str | None = None) -> list[str]:
    """The columns that may hold the text, the likeliest first."""
    if wanted:
        return [wanted]
    tamil: dict[str, int] = dict.fromkeys(TEXT_COLUMNS, 0)
    for row in rows:
        for name in TEXT_COLUMNS:
            if isinstance(value := row.get(name), str):
                tamil[name] += len(_TAMIL.findall(value[:10_000]))
    return sorted(TEXT_COLUMNS, key=lambda name: -tamil[name])


def sampled(rows: Iterator[dict]) -> tuple[list[dict], Iterator[dict]]:
    """The first rows to look at, and all rows; a failure among the first comes after them."""
    sample: list[dict] = []
    failure: Exception | None = None
    try:
        sample += itertools.islice(rows, SAMPLE_ROWS)
    except Exception as error:  # raised again where it belongs
        failure = error

    def every() -> Iterator[dict]:
        yield from sample
        if failure:
            raise failure
        yield from rows

    return sample, every()


def record_of(row: dict, columns: list[str], prefix: str, split: str | None) -> Record | None:
    """A row as a record, its text from the first column that has any; None where none has."""
    filled = (name for name in columns if isinstance(row.get(name), str) and row[name].strip())
    if (column := next(filled, None)) is None:
        return None
    return make_record(row[column], {k: v for k, v in row.items() if k != column}, prefix, split)


def make_record(text: str, rest: dict, prefix: str, split: str | None) -> Record:
    body = text.encode("utf-8", "replace")
    rest = jsonable(rest)
    if split:
        rest.setdefault("split", split)
    given = next((str(rest[name]) for name in ID_COLUMNS if rest.get(name) is not None), None)
    url = _url(rest)
    if given is None and url is None:
        given = hashlib.sha256(body).hexdigest()[:32]
    identity = plain(f"{prefix}{given}") if given is not None else usable(plain(str(url)))
    url = usable(plain(url)) if url else identity
    return Record(url, identity, body, "text/plain; charset=utf-8", rest)


def _url(fields: dict) -> str | None:
    for name in URL_COLUMNS:
        if fields.get(name):
            return str(fields[name])
    inner = (fields.get(name) for name in _NESTED)
    return next((url for one in inner if isinstance(one, dict) and (url := _url(one))), None)


def split_of(file: Path, root: Path) -> str | None:
    """The split a file holds, by its own name or its folder's: train-00000-of-00002.parquet."""
    for name in (file.name, file.parent.name if file != root else ""):
        if found := _SPLIT.match(name):
            return _SPLITS.get(found[1], found[1])
    return None


def no_text_column(file: Path, names: list[str], wanted: str | None) -> SourceError:
    have = ", ".join(names)
    if wanted:
        return SourceError(f"{file} has no text in column {wanted}: its columns are {have}")
    return SourceError(
        f"{file} has no text column: its columns are {have}; name it with --text-column"
    )
