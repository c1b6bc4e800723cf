"""Page: one row for each fetch or imported record, raw bytes kept.

The schema is the contract between what lands pages and what reads them (docs/contracts.md).
A page that could not or must not be fetched is a row too, without body: `fetch_status` says why.
"""

import hashlib
import json
from dataclasses import dataclass, fields
from datetime import datetime

import pyarrow as pa

from ingest.urls import canonical_url

HTML_TYPES = ("text/html", "application/xhtml+xml")
# What a file's first bytes say it is; a label does not make it anything else.
_MAGIC = (
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"\x1f\x8b", "application/gzip"),
    (b"BZh", "application/x-bzip2"),
    (b"\x28\xb5\x2f\xfd", "application/zstd"),
    (b"\xfd7zXZ\x00", "application/x-xz"),
    (b"\x89PNG", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"RIFF", "application/x-riff"),
    (b"\xd0\xcf\x11\xe0", "application/x-ole-storage"),
    (b"{\\rtf", "application/rtf"),
    (b"\x7fELF", "application/x-elf"),
    (b"MZ\x90", "application/x-msdownload"),
)
_EPUB_MARK = b"mimetypeapplication/epub+zip"

SCHEMA = pa.schema(
    [
        pa.field("page_id", pa.string(), nullable=False),
        pa.field("url", pa.string(), nullable=False),
        pa.field("canonical_url", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("category", pa.string(), nullable=False),
        pa.field("run_id", pa.string(), nullable=False),
        pa.field("fetched_at", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("fetch_status", pa.string(), nullable=False),
        pa.field("fetch_detail", pa.string()),
        pa.field("http_status", pa.int16()),
        pa.field("content_type", pa.string()),
        pa.field("headers", pa.string()),
        pa.field("body", pa.binary()),
        pa.field("body_sha256", pa.string()),
        pa.field("etag", pa.string()),
        pa.field("last_modified", pa.string()),
        pa.field("licence", pa.string()),
        pa.field("rights_signals", pa.string()),
        pa.field("record", pa.string()),
    ]
)


FETCH_STATUSES = (
    "ok",
    "truncated",
    "not_modified",  # the same bytes as landed before: a 304, or a 200 that brought them again
    "redirect",
    "http_error",
    "disallowed",  # by robots.txt
    "refused",  # its host reserves it against AI training or text and data mining
    "blocked",  # not taken for safety: a private address, a body too long
    "failed",  # no answer, or one that says to come again; asked for again on resume
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One landed row. `headers`, `rights_signals` and `record` are JSON objects as text.

    `fetch_status` is one of FETCH_STATUSES; only ok and truncated rows are read. `identity` is what
    the page is known by where that is not its url.
    """

    url: str
    source: str
    category: str
    run_id: str
    fetched_at: datetime
    fetch_status: str = "ok"
    fetch_detail: str | None = None
    http_status: int | None = None
    content_type: str | None = None
    headers: str | None = None
    body: bytes | None = None
    etag: str | None = None
    last_modified: str | None = None
    licence: str | None = None
    rights_signals: str | None = None
    record: str | None = None
    identity: str | None = None

    def row(self, canonical: str | None = None) -> dict:
        """The page as a row of SCHEMA, with the ids that follow from its content.

        `canonical` is what the page is known by, where that has been worked out already.
        """
        canonical = canonical or canonical_url(self.identity or self.url)
        digest = hashlib.sha256(self.body).hexdigest() if self.body is not None else None
        row = {name: getattr(self, name) for name in _GIVEN}
        row["canonical_url"] = canonical
        row["body_sha256"] = digest
        row["page_id"] = page_id(self.source, canonical, digest)
        return row


_GIVEN = tuple(field.name for field in fields(Page) if field.name != "identity")


def page_id(source: str, canonical: str, body_sha256: str | None) -> str:
    """sha256 (hex) of source, canonical url and the body's own sha256."""
    key = "\n".join([source, canonical, body_sha256 or ""])
    return hashlib.sha256(key.encode()).hexdigest()


def media_type(body: bytes, content_type: str | None) -> str:
    """What a body is: by its first bytes where they tell, else as it was labelled.

    Servers label PDFs and archives as text/html, and HTML as anything; "" where nothing tells.
    """
    for magic, kind in _MAGIC:
        if body.startswith(magic):
            is_epub = kind == "application/zip" and _EPUB_MARK in body[:100]
            return "application/epub+zip" if is_epub else kind
    label = (content_type or "").split(";")[0].strip().lower()
    if label and label not in ("application/octet-stream", "unknown/unknown"):
        return label
    head = body[:512].lstrip().lower()
    return "text/html" if head.startswith((b"<!doctype html", b"<html")) else label


def as_json(value: dict) -> str | None:
    """Compact JSON with sorted keys, or None for an empty object; lone surrogates as ?."""
    return plain(json.dumps(value, ensure_ascii=False, sort_keys=True)) if value else None


def plain(text: str) -> str:
    """Text that UTF-8 can hold: lone surrogates become ?."""
    return text.encode("utf-8", "replace").decode()
