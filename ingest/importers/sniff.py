"""Which kind a file is of, by its first bytes and its name: for a clear word on a wrong kind.

Only what is certain is refused. Text of any name may be read as text; a Parquet file may not.
"""

import bz2
import os
import zlib
from collections import Counter
from pathlib import Path

from ingest.errors import SourceError
from ingest.kinds import KINDS

HEAD_BYTES = 4096
_MARKS = (
    (b"PAR1", "parquet"),
    (b"ARROW1", "hf"),
    (b"%PDF-", "pdf"),
    (b"PK\x03\x04", "epub"),
    (b"WARC/", "warc"),
    (b"filedesc://", "warc"),
    (b"<mediawiki", "mediawiki"),
    (b"<!doctype html", "html"),
    (b"<html", "html"),
)
# Kinds that read what another kind's mark stands for.
_READ_TOO = {
    "hf": {"parquet", "jsonl"},
    "wet": {"warc"},
    "jsonl": {"hf"},
    "parquet": {"hf"},
}
# Kinds told apart by their content alone; a file of any name may be given to the others.
_BINARY = {"parquet", "hf", "epub", "pdf", "warc", "mediawiki"}


def check_kind(kind: str, path: Path) -> None:
    """Raise SourceError where a path is certainly of another kind, naming the command to use."""
    if path.is_file():
        head = _head(path)
        if head.startswith(b"version https://git-lfs.github.com/spec/"):
            raise SourceError(f"{path} is a Git LFS pointer: run git lfs pull where it came from")
        marked = _by_mark(head, path)
        found = marked or _by_name(path.name)
        is_json = head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"["))
        certain = bool(marked) or kind in _BINARY or (kind == "jsonl" and not is_json)
    else:
        names = [name for _, _, names in os.walk(path) for name in names]
        if any(name.lower().endswith(KINDS[kind].endings) for name in names):
            return
        # Half of the files at least: a README.md makes no folder of Markdown.
        kinds = Counter(_by_name(name) for name in names if not name.startswith("."))
        most = kinds.most_common(1)
        found = most[0][0] if most and 2 * most[0][1] >= kinds.total() else None
        certain = True
    if found and certain and found != kind and found not in _READ_TOO.get(kind, ()):
        raise SourceError(
            f"{path} is of kind {found}, not {kind}: run aadhan import {found} {path}"
        )


def _by_mark(head: bytes, path: Path) -> str | None:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith(b"<?xml"):
        start = start[start.find(b"?>") + 2 :].lstrip()
    kind = next((kind for mark, kind in _MARKS if start.startswith(mark.lower())), None)
    if kind == "epub" and b"application/epub+zip" not in head[:100]:
        return "epub" if path.suffix.lower() == ".epub" else None
    if b"warc-type: conversion" in start and b"warc-type: re" not in start and kind == "warc":
        return "wet"
    return kind


def _by_name(name: str) -> str | None:
    name = name.lower()
    return next((kind for kind, one in KINDS.items() if name.endswith(one.endings)), None)


def _head(path: Path) -> bytes:
    """The first bytes, unpacked where they are gzip or bzip2; as they are where they are broken."""
    with open(path, "rb") as file:
        head = file.read(HEAD_BYTES)
    try:
        if head.startswith(b"\x1f\x8b"):
            return zlib.decompressobj(31).decompress(head, HEAD_BYTES)
        if head.startswith(b"BZh"):
            return bz2.BZ2Decompressor().decompress(head, HEAD_BYTES) or head
    except (zlib.error, OSError, EOFError):
        pass
    return head
