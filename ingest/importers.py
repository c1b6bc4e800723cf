"""Import what is already on disk: Parquet, JSONL, folders of HTML.

Imported records land as pages like everything else. A record's text becomes the body, its other
fields are kept as JSON, and its id or url makes the page's identity: importing twice adds nothing.
"""

import gzip
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ingest.errors import SourceError
from ingest.landing import Lander, landed_pages, new_run_id, raw_files, unreadable
from ingest.page import Page, as_json, canonical_url, page_id

# Columns known to hold the text and the identity of a record, in order of preference.
TEXT_COLUMNS = ("text", "content", "raw_content", "body", "tgt", "sentence")
URL_COLUMNS = ("url", "source_url", "link")
ID_COLUMNS = ("id", "doc_id", "record_id", "docid")
FLUSH_ROWS = 2_000

Record = tuple[str, bytes, str, dict]  # url or id, body, content type, other fields


def import_path(
    kind: str,
    path: Path,
    lake: Path,
    *,
    source: str,
    category: str,
    licence: str | None = None,
    base_url: str | None = None,
    on_record: Callable[[Counter], None] = lambda counts: None,
) -> Counter:
    """Land the records of a file or folder; counts of landed, known and unusable ones.

    `base_url` is the public address of an HTML folder's root. Raises SourceError where the path
    is missing, is not of its kind, or holds no usable record.
    """
    if not path.exists():
        raise SourceError(f"no such file or folder: {path}")
    known = _landed_ids(lake, source)
    lander = Lander(lake / "raw" / f"source={source}" / f"run={new_run_id()}", max_rows=FLUSH_ROWS)
    counts: Counter = Counter()
    for url, body, content_type, fields in READERS[kind](path, counts, base_url or f"{source}:"):
        page = Page(
            url=url,
            source=source,
            category=str(fields.get("category") or category),
            run_id=lander.folder.name.removeprefix("run="),
            fetched_at=datetime.now(UTC),
            content_type=content_type,
            body=body,
            licence=licence,
            record=as_json(fields),
        )
        key = page_id(source, canonical_url(url), hashlib.sha256(body).hexdigest())
        if key in known:
            counts["known"] += 1
        else:
            known.add(key)
            lander.add(page)
            counts["landed"] += 1
        on_record(counts)
    lander.flush()
    if not lander.landed_rows:
        lander.folder.rmdir()
    if not counts["landed"] and not counts["known"]:
        raise SourceError(f"{path}: no usable record of kind {kind}; {_why(counts)}")
    return counts


def _why(counts: Counter) -> str:
    reasons = [f"{count} {reason}" for reason, count in sorted(counts.items())]
    return ", ".join(reasons) or "it is empty"


def _landed_ids(lake: Path, source: str) -> set[str]:
    return {page["page_id"] for page in landed_pages(raw_files(lake, source), ["page_id"])}


def _files(path: Path, *endings: str) -> list[Path]:
    if path.is_file():
        return [path]
    files = sorted(file for file in path.rglob("*") if file.name.endswith(endings))
    if not files:
        raise SourceError(f"{path} holds no {' or '.join(endings)} files")
    return files


def read_jsonl(path: Path, counts: Counter, prefix: str) -> Iterator[Record]:
    """Records of .jsonl and .jsonl.gz files; a broken line is counted and passed over."""
    for file in _files(path, ".jsonl", ".jsonl.gz", ".ndjson"):
        opener = gzip.open if file.suffix == ".gz" else open
        with opener(file, "rb") as lines:
            try:
                for line in lines:
                    yield from _json_record(line, counts, prefix)
            except (EOFError, OSError) as error:
                raise SourceError(f"{file} ends in the middle ({error})") from error


def _json_record(line: bytes, counts: Counter, prefix: str) -> Iterator[Record]:
    if not line.strip():
        return
    try:
        fields = json.loads(line)
    except ValueError:
        counts["broken lines"] += 1
        return
    if not isinstance(fields, dict):
        counts["lines that are no object"] += 1
        return
    column = next((name for name in TEXT_COLUMNS if isinstance(fields.get(name), str)), None)
    if column is None:
        counts["records without text"] += 1
        return
    yield _record(fields, column, prefix)


def read_parquet(path: Path, counts: Counter, prefix: str) -> Iterator[Record]:
    """Records of Parquet files, a batch at a time."""
    for file in _files(path, ".parquet"):
        try:
            reader = pq.ParquetFile(file)
            names = reader.schema_arrow.names
            column = next((name for name in TEXT_COLUMNS if name in names), None)
            if column is None:
                raise SourceError(
                    f"{file} has no text column: its columns are {', '.join(names)}; "
                    f"rename one to text"
                )
            for batch in reader.iter_batches(1_000):
                for fields in batch.to_pylist():
                    if isinstance(fields[column], str):
                        yield _record(fields, column, prefix)
                    else:
                        counts["records without text"] += 1
        except (pa.ArrowInvalid, OSError) as error:
            raise unreadable(file, error) from error


def _record(fields: dict, column: str, prefix: str) -> Record:
    text = fields[column]
    rest = {key: _plain(value) for key, value in fields.items() if key != column}
    url = next((str(rest[name]) for name in URL_COLUMNS if rest.get(name)), None)
    if url is None:
        given = next((str(rest[name]) for name in ID_COLUMNS if rest.get(name) is not None), None)
        body_hash = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]
        url = f"{prefix}{given or body_hash}"
    return url, text.encode("utf-8", "replace"), "text/plain; charset=utf-8", rest


def _plain(value):
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def read_html(path: Path, counts: Counter, prefix: str) -> Iterator[Record]:
    """Pages of a folder of .html files; a page's address is its path in the folder."""
    root = path if path.is_dir() else path.parent
    for file in _files(path, ".html", ".htm", ".xhtml"):
        body = file.read_bytes()
        if body:
            joint = "" if prefix.endswith((":", "/")) else "/"
            yield f"{prefix}{joint}{file.relative_to(root).as_posix()}", body, "text/html", {}
        else:
            counts["empty files"] += 1


READERS = {"html": read_html, "jsonl": read_jsonl, "parquet": read_parquet}
