"""The records of a WARC file, in order, with what is wrong with them.

fastwarc reads; it is several times as fast as other readers. What it does not do is done here: it
takes a cut file for a whole one, borrows the length of a record that has none, and stops at the
first broken record. After a break reading goes on at the next record that can be found, in plain
files by its first line, in compressed ones by a gzip member that begins with such a line.
"""

import io
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from fastwarc.warc import ArchiveIterator, HeaderMap, WarcRecordType

from ingest.errors import SourceError

MAX_HEADER_BYTES = 1 << 20
_CHUNK_BYTES = 1 << 20
_STEP_BYTES = 4096
_GZIP = b"\x1f\x8b\x08"
_START = re.compile(rb"\x1f\x8b\x08|(?<=\n)WARC/[01]\.\d")
_HEADER_END = re.compile(rb"\r?\n\r?\n")
_NEXT_INSIDE = re.compile(rb"\s*WARC/[01]\.\d+\r?\nWARC-|\s*WARC/[01]\.\d+\r?\nContent-")


@dataclass(slots=True)
class Framed:
    """A record: its headers, where it begins, its block where it was wanted and not too large.

    The headers' names are in lower case. With a `problem` the block is less than the whole one.
    """

    kind: WarcRecordType
    headers: dict[str, str]
    offset: int
    length: int
    block: bytes | None = None
    problem: str | None = None


def framed_records(
    file: BinaryIO,
    name: Path,
    wanted: WarcRecordType,
    max_bytes: int,
    damaged: Callable[[str], None],
) -> Iterator[Framed]:
    """All records; the blocks of those `wanted` that are no longer than `max_bytes`.

    Stretches that no whole record accounts for are told to `damaged`, once each. Raises SourceError
    where there is no record at all.
    """
    start: int | None = 0
    found_any, in_damage = False, False
    while start is not None:
        last, reason = None, None
        for step in _run(file, start, wanted, max_bytes):
            if isinstance(step, str):
                reason = step
                break
            if last is not None:
                found_any, in_damage = True, False
                yield last
            last = step
        if last is None and not found_any:
            raise SourceError(_no_warc(name, file))
        reason = reason or (last and (last.problem or _ends_early(file, last)))
        after = start + 1
        if last is not None:
            found_any, in_damage = True, in_damage and bool(last.problem)
            after = _judge(file, last, reason) if reason else 0
            yield last
        if not reason:
            return
        resume = _next_record(file, after)
        if not in_damage:
            rest = "nothing after it is readable" if resume is None else f"read on at byte {resume}"
            where = last.offset if last else start
            damaged(f"{name} is damaged in or after the record at byte {where} ({reason}); {rest}")
        in_damage, start = True, resume


def _run(file: BinaryIO, start: int, wanted, max_bytes: int) -> Iterator[Framed | str]:
    """Records from `start` on; as the last a text, the reason, where there is no going on."""
    file.seek(start)
    is_lf_only = re.match(rb"WARC/[01]\.\d+\n", b"".join(_some(_unpacked(file, start)))) is not None
    file.seek(start)
    is_first = True
    try:
        for record in ArchiveIterator(
            file, parse_http=False, quirks_mode=is_lf_only, max_header_len=MAX_HEADER_BYTES
        ):
            headers = _lower(record.headers)
            framed = Framed(record.record_type, headers, record.stream_pos, 0)
            length = headers.get("content-length", "")
            if not length.isdecimal():
                yield "a record without a length"
                return
            framed.length = int(length)
            if framed.kind & wanted and framed.length <= max_bytes:
                try:
                    framed.block = record.reader.read(framed.length)
                except OSError as error:
                    framed.block = _salvaged(file, framed)
                    framed.problem = str(error).lower()
                if len(framed.block) < framed.length:
                    framed.problem = framed.problem or "it ends before its length"
            is_first = False
            yield framed
            if framed.problem:
                return
    except OSError as error:
        if is_first and (framed := _broken_first(file, start, wanted, max_bytes)):
            framed.problem = str(error).lower()
            yield framed
        yield str(error).lower().rstrip(".")


def _lower(headers: HeaderMap) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.to_tuples()}


def _broken_first(file: BinaryIO, start: int, wanted, max_bytes: int) -> Framed | None:
    """What can be read of a record that fastwarc refuses: one in a damaged gzip member."""
    head = b"".join(_some(_unpacked(file, start), MAX_HEADER_BYTES))
    end = _HEADER_END.search(head)
    if not head.startswith(b"WARC/") or not end:
        return None
    parsed = HeaderMap()
    parsed.parse(io.BytesIO(head[: end.end()]))
    headers = _lower(parsed)
    length = headers.get("content-length", "")
    kind = getattr(WarcRecordType, headers.get("warc-type", ""), WarcRecordType.unknown)
    if not length.isdecimal() or int(length) > max_bytes or not kind & wanted:
        return None
    framed = Framed(kind, headers, start, int(length))
    framed.block = _salvaged(file, framed)
    return framed


def _salvaged(file: BinaryIO, framed: Framed) -> bytes:
    """As much of a block as can be unpacked before the damage."""
    raw = b"".join(_some(_unpacked(file, framed.offset), framed.length + MAX_HEADER_BYTES))
    end = _HEADER_END.search(raw)
    return raw[end.end() : end.end() + framed.length] if end else b""


def _unpacked(file: BinaryIO, offset: int) -> Iterator[bytes]:
    """Bytes from an offset on; of a gzip member its content, as far as it can be read."""
    file.seek(offset)
    chunk = file.read(_CHUNK_BYTES)
    if not chunk.startswith(_GZIP):
        while chunk:
            yield chunk
            chunk = file.read(_CHUNK_BYTES)
        return
    member = zlib.decompressobj(31)
    while chunk and not member.eof:
        for at in range(0, len(chunk), _STEP_BYTES):
            step, before = chunk[at : at + _STEP_BYTES], member.copy()
            try:
                yield member.decompress(step)
            except zlib.error:
                yield _up_to_error(before, step)
                return
        chunk = file.read(_CHUNK_BYTES)


def _up_to_error(member, step: bytes) -> bytes:
    """What a step unpacks to before it fails, byte by byte; zlib keeps it back otherwise."""
    out = b""
    try:
        for at in range(len(step)):
            out += member.decompress(step[at : at + 1])
    except zlib.error:
        pass
    return out


def _some(chunks: Iterator[bytes], count: int = 64) -> Iterator[bytes]:
    """Chunks until there are `count` bytes."""
    for chunk in chunks:
        yield chunk
        count -= len(chunk)
        if count <= 0:
            return


def _packing(file: BinaryIO, framed: Framed) -> str | None:
    """How a record lies in the file: plain, gzip, or None where its offset is not its own.

    Records that share one gzip member have none.
    """
    file.seek(framed.offset)
    mark = file.read(5)
    return "plain" if mark == b"WARC/" else "gzip" if mark.startswith(_GZIP) else None


def _ends_early(file: BinaryIO, last: Framed) -> str | None:
    """Why a file that seemed to end well did not, if so."""
    packing = _packing(file, last)
    if packing == "plain":
        tail = _tail(file, last)
        if tail is None:
            last.problem = "it ends before its length"
        is_more = tail is not None and tail.strip(b"\r\n\0")
        return last.problem or ("bytes that are no record follow" if is_more else None)
    if packing is None:
        return None
    file.seek(last.offset)
    member = zlib.decompressobj(31)
    try:
        while not member.eof:
            chunk = file.read(_CHUNK_BYTES >> 4)  # what it unpacks to may be much more
            if not chunk:
                return "the file is cut"
            member.decompress(chunk)
    except zlib.error as error:
        return str(error).lower()
    return "bytes that are no record follow" if member.unused_data or file.read(1) else None


def _tail(file: BinaryIO, framed: Framed) -> bytes | None:
    """Up to 8 bytes after a record's block; None where file or member end in the block."""
    skip, head, tail = None, b"", b""
    for chunk in _unpacked(file, framed.offset):
        if skip is None:
            head += chunk
            if not (end := _HEADER_END.search(head)):
                continue
            skip, chunk = end.end() + framed.length, head
        tail += chunk[skip : skip + 8]
        skip = max(0, skip - len(chunk))
        if len(tail) >= 8:
            break
    return tail[:8] if skip == 0 else None


def _judge(file: BinaryIO, last: Framed, reason: str) -> int:
    """Say whether the record before a break is whole, and from where to look for the next one.

    Where a length is too great, the block has swallowed the next record; it is cut there.
    """
    packing = _packing(file, last)
    if packing and not last.problem and "header" in reason:
        tail = _tail(file, last)
        if tail is None or tail[:4].strip(b"\r\n"):
            last.problem = "its length is wrong"
    if last.problem and last.block and (inside := _NEXT_INSIDE.search(last.block)):
        last.block = last.block[: inside.start()]
    is_whole = packing == "plain" and not last.problem
    return last.offset + (last.length if is_whole else 1)


def _next_record(file: BinaryIO, after: int) -> int | None:
    """Where the next record begins, in a plain file or at a gzip member."""
    at, kept = after, b""
    while True:
        file.seek(at)
        window = kept + file.read(_CHUNK_BYTES)
        base = at - len(kept)
        if len(window) <= len(kept):
            return None
        for match in _START.finditer(window):
            place = base + match.start()
            if match[0] != _GZIP or _is_member(file, place):
                return place
        at, kept = base + len(window), window[-8:]


def _is_member(file: BinaryIO, place: int) -> bool:
    return b"".join(_some(_unpacked(file, place), 5)).startswith(b"WARC/")


def _no_warc(name: Path, file: BinaryIO) -> str:
    """What a file without a record is, and what to do with it."""
    head = b"".join(_some(_unpacked(file, 0)))
    if not head:
        return f"{name} is empty or not one byte of it can be unpacked: fetch it again"
    if head.startswith(b"filedesc:"):
        return (
            f"{name} is an ARC file, the format before WARC, which aadhan does not read: "
            f"turn it into WARC first, e.g. with `warcio recompress {name.name} NEW.warc.gz`"
        )
    return f"{name} is no WARC file: it begins with {head[:20]!r} and not with WARC/1.0"
