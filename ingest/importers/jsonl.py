"""JSON: lines (.jsonl, .ndjson), arrays and conversation packs (.json), each plain or gzip.

A file is read as what its content is. Lines and arrays are read piece by piece; a pack, which is
one object, is read whole and may take MAX_PACK_BYTES. A record without a text but with turns or
a prompt and its answer is a conversation. A file called train, validation or test gives its name
to its records as `split`. A broken line is counted and passed over; a broken array or pack is an
error, because nothing in it says where the next record begins.
"""

import codecs
import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from ingest.errors import SourceError
from ingest.importers.conversations import LOOKED_FOR, conversation, pack_records
from ingest.importers.fields import make_record, record_of, sampled, split_of, text_columns
from ingest.importers.record import Reading, Record, opened, parsed_json

MAX_PACK_BYTES = 256 << 20
# A codepoint of three bytes can be written as \uXXXX, of six: room for the largest record.
_ESCAPED = 3
_READ_BYTES = 1 << 20
_BETWEEN = re.compile(r"[\s,]*")
_DECODER = json.JSONDecoder()


def read(file: Path, reading: Reading) -> Iterator[Record]:
    """Records of one file of JSON.

    Raises SourceError where the file is cut, in another encoding, or one object of no known layout.
    """
    with opened(file, reading) as stream:
        start = stream.read(4096)
        if start.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise SourceError(f"{file} is UTF-16: turn it into UTF-8 first, e.g. with iconv")
        stream.seek(0)
        content = start.lstrip(b"\xef\xbb\xbf \t\r\n")
        is_json = ".json" in file.suffixes[-2:]
        if content.startswith(b"[") and not _is_lines(start):
            rows = _array(stream, file, reading)
        elif is_json and not _is_lines(start):
            yield from _pack(stream, file, reading)
            return
        else:
            rows = _lines(stream, file, reading)
        yield from _records(rows, file, reading)


def _is_lines(start: bytes) -> bool:
    """Whether the first line is JSON of its own and others follow."""
    first, newline, rest = start.lstrip(b"\xef\xbb\xbf \t\r\n").partition(b"\n")
    try:
        return bool(newline) and bool(rest.strip()) and parsed_json(first) is not None
    except ValueError:
        return False


def _records(rows: Iterator[dict], file: Path, reading: Reading) -> Iterator[Record]:
    split = split_of(file, reading.root)
    sample, rows = sampled(rows)
    columns = text_columns(sample, reading.text_column)
    for row in rows:
        if record := record_of(row, columns, reading.prefix, split):
            yield record
        elif found := conversation(row):
            text, rest = found
            yield _conversation(text, rest, reading.prefix, split)
        else:
            if not reading.counts["records without text"]:
                have = ", ".join(list(row)[:20])
                reading.note(f"{file}: no text in a record; its fields are {have} (--text-column)")
            reading.counts["records without text"] += 1


def _conversation(text: str, rest: dict, prefix: str, split: str | None) -> Record:
    return replace(make_record(text, rest, prefix, split), default_category="conversation")


def _lines(stream: BinaryIO, file: Path, reading: Reading) -> Iterator[dict]:
    limit = reading.max_record_bytes * _ESCAPED
    for number in itertools.count(1):
        line = stream.readline(limit)
        if not line:
            return
        if len(line) >= limit and not line.endswith(b"\n"):
            while line and not line.endswith(b"\n"):
                line = stream.readline(limit)
            reading.too_large(f"{file} line {number}")
            continue
        if not line.strip():
            continue
        try:
            row = parsed_json(line)
        except ValueError:
            reading.counts["broken lines"] += 1
            reading.note(f"{file} line {number} is no JSON")
            continue
        if isinstance(row, dict):
            yield row
        else:
            reading.counts["lines that are no object"] += 1


def _array(stream: BinaryIO, file: Path, reading: Reading) -> Iterator[dict]:
    """Elements of an array, however it is laid out, with about one of them in memory."""
    more = _text(stream, file)
    text = next(more, "")
    at, limit = text.index("[") + 1, reading.max_record_bytes * _ESCAPED
    for number in itertools.count(1):
        at = _BETWEEN.match(text, at).end()  # type: ignore[union-attr]
        while not text.startswith("]", at) and (found := _element(text, at)) is None:
            # Twice as much each time, so that a long element is not tried too often.
            text, at = text[at:], 0
            before = len(text)
            while len(text) <= 2 * before and (piece := next(more, "")):
                text += piece
            at = _BETWEEN.match(text).end()  # type: ignore[union-attr]
            if len(text) == before or before > limit:
                raise _broken_array(file, number, text[at : at + 30])
        if text.startswith("]", at):
            if text[at + 1 :].strip() or any(piece.strip() for piece in more):
                raise SourceError(f"{file} goes on after its array: write it as JSON lines")
            return
        row, at = found
        if isinstance(row, dict):
            yield row
        else:
            reading.counts["elements that are no object"] += 1


def _element(text: str, at: int) -> tuple[object, int] | None:
    """The JSON value that begins here and where it ends; None where its end is not there yet."""
    try:
        value, end = _DECODER.raw_decode(text, at)
    except (ValueError, RecursionError):
        return None
    return (value, end) if end < len(text) else None


def _broken_array(file: Path, number: int, begins: str) -> SourceError:
    return SourceError(
        f"{file} is cut, or element {number} of its array is no JSON or too large; it begins "
        f"{begins!r}: mend it there, or write the array as JSON lines; what comes before has landed"
    )


def _text(stream: BinaryIO, file: Path) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    try:
        while data := stream.read(_READ_BYTES):
            if piece := decoder.decode(data):
                yield piece
    except UnicodeDecodeError as error:
        raise SourceError(f"{file} is not UTF-8: turn it into UTF-8 first") from error


def _pack(stream: BinaryIO, file: Path, reading: Reading) -> Iterator[Record]:
    """The conversations of a pack, or the one record that a file's object is."""
    data = stream.read(MAX_PACK_BYTES + 1)
    if len(data) > MAX_PACK_BYTES:
        raise SourceError(
            f"{file} is one JSON object of more than {MAX_PACK_BYTES >> 20} MB: "
            "write its records as JSON lines"
        )
    try:
        pack = parsed_json(data)
    except ValueError as error:
        raise SourceError(
            f"{file} is cut or no JSON ({error}): mend it or fetch it again"
        ) from error
    split = split_of(file, reading.root)
    found_any = False
    if isinstance(pack, dict):
        columns = text_columns([pack], reading.text_column)
        if record := record_of(pack, columns, reading.prefix, split):
            yield record
            return
        for text, rest in pack_records(pack, reading.counts):
            found_any = True
            yield _conversation(text, {"pack": file.stem} | rest, reading.prefix, split)
    if not found_any:
        keys = ", ".join(list(pack)[:10]) if isinstance(pack, dict) else type(pack).__name__
        raise SourceError(
            f"{file} holds no text and no conversation (its keys: {keys}); {LOOKED_FOR}"
        )
