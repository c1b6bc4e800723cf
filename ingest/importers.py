"""Import what is already on disk: Parquet, JSONL, folders of HTML.

Imported records land as pages like everything else. A record's text becomes the body, its other
fields are kept as JSON, and its id or url makes the page's identity: importing twice adds nothing,
importing a changed text makes it the record's newest version.
"""

import gzip
import hashlib
import json
import os
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq

from ingest.errors import SourceError
from ingest.landing import (
    Lander,
    landed_pages,
    new_run_id,
    raw_files,
    run_lock,
    unreadable,
    write_run_record,
)
from ingest.page import Page, as_json, canonical_url, plain
from ingest.registry import CATEGORIES

# Columns known to hold the text and the identity of a record, in order of preference.
TEXT_COLUMNS = ("text", "content", "raw_content", "body", "tgt", "sentence")
URL_COLUMNS = ("url", "source_url", "link")
ID_COLUMNS = ("id", "doc_id", "record_id", "docid")
FLUSH_ROWS = 2_000


@dataclass(frozen=True, slots=True)
class Record:
    """A record as a reader found it. `identity` is its id where it has one, else its url."""

    url: str
    identity: str
    body: bytes
    content_type: str
    fields: dict


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
    with run_lock(lake, source):
        known = _landed_ids(lake, source)
        folder = lake / "raw" / f"source={source}" / f"run={new_run_id()}"
        lander = Lander(folder, max_rows=FLUSH_ROWS)
        counts: Counter = Counter()
        here: set[str] = set()
        for record in READERS[kind](path, counts, base_url or f"{source}:"):
            identity = canonical_url(record.identity)
            page = _page(record, identity, source, category, licence, folder.name)
            if identity in here and page["page_id"] != known[identity]:
                # Records of one address with other texts are records of their own.
                identity = f"record:{identity}#{hashlib.sha256(record.body).hexdigest()[:16]}"
                page = _page(record, identity, source, category, licence, folder.name)
            here.add(identity)
            if page["page_id"] == known.get(identity):
                counts["known"] += 1
            else:
                known[identity] = page["page_id"]
                lander.add_row(page)
                counts["landed"] += 1
            on_record(counts)
        lander.flush()
        if lander.landed_rows:
            record = {"kind": "import", "source": source, "finished": True, "counts": dict(counts)}
            write_run_record(folder, record)
    if not counts["landed"] and not counts["known"]:
        raise SourceError(f"{path}: no usable record of kind {kind}; {_why(counts)}")
    return counts


def _page(
    record: Record, identity: str, source: str, category: str, licence: str | None, run: str
) -> dict:
    """The row of an imported record; its own category and licence go before the given ones."""
    fields = record.fields
    own_category = str(fields.get("category") or "")
    own_licence = fields.get("licence") or fields.get("license")
    return Page(
        url=record.url,
        identity=identity,
        source=source,
        category=own_category if own_category in CATEGORIES else category,
        run_id=run.removeprefix("run="),
        fetched_at=datetime.now(UTC),
        content_type=record.content_type,
        body=record.body,
        licence=str(own_licence) if own_licence else licence,
        record=as_json(fields),
    ).row()


def _why(counts: Counter) -> str:
    reasons = [f"{count} {reason}" for reason, count in sorted(counts.items())]
    return ", ".join(reasons) or "it is empty"


def _landed_ids(lake: Path, source: str) -> dict[str, str]:
    """page_id of the newest version of each page a source has landed."""
    newest: dict[str, tuple] = {}
    columns = ["canonical_url", "page_id", "fetched_at"]
    for page in landed_pages(raw_files(lake, source), columns):
        version = (page["fetched_at"], page["page_id"])
        key = page["canonical_url"]
        newest[key] = max(newest.get(key, version), version)
    return {key: page_id for key, (_, page_id) in newest.items()}


def _files(path: Path, *endings: str) -> list[Path]:
    if path.is_file():
        return [path]
    files = sorted(file for file in path.rglob("*") if file.name.endswith(endings))
    files = [file for file in files if file.is_file()]
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
            except (EOFError, OSError, zlib.error) as error:
                raise SourceError(
                    f"{file} is cut or damaged ({error}): fetch it again; what was landed before "
                    "stays, and importing again goes on from there"
                ) from error


def _json_record(line: bytes, counts: Counter, prefix: str) -> Iterator[Record]:
    if not line.strip():
        return
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
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
    body = fields[column].encode("utf-8", "replace")
    rest = {key: _plain(value) for key, value in fields.items() if key != column}
    given = next((str(rest[name]) for name in ID_COLUMNS if rest.get(name) is not None), None)
    url = next((str(rest[name]) for name in URL_COLUMNS if rest.get(name)), None)
    if given is None and url is None:
        given = hashlib.sha256(body).hexdigest()[:32]
    identity = f"{prefix}{given}" if given is not None else _usable(str(url))
    url = _usable(url) if url else identity
    return Record(plain(url), plain(identity), body, "text/plain; charset=utf-8", rest)


def _usable(url: str) -> str:
    """The url, or, where it cannot be one, the same text as a record id."""
    try:
        canonical_url(plain(url))
        return url
    except ValueError:
        return f"record:{url}"


def _plain(value):
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def read_html(path: Path, counts: Counter, prefix: str) -> Iterator[Record]:
    """Pages of a folder of .html files; a page's address is its path in the folder."""
    root = path if path.is_dir() else path.parent
    for file in _files(path, ".html", ".htm", ".xhtml"):
        body = file.read_bytes()
        if body:
            joint = "" if prefix.endswith((":", "/")) else "/"
            # Quoted as bytes: names may hold #, ? or what is no UTF-8.
            address = f"{prefix}{joint}{quote(os.fsencode(file.relative_to(root)))}"
            yield Record(address, address, body, "text/html", {})
        else:
            counts["empty files"] += 1


READERS = {"html": read_html, "jsonl": read_jsonl, "parquet": read_parquet}
