"""An HTTP response as it went over the wire, to its status, headers and decoded body.

Archives are not strict: many keep the headers of a body that they have decoded already. So a
coding is undone where the bytes show it and left where they do not. What cannot be decoded to its
end is kept as far as it goes, and told.
"""

import io
import re
import zlib
from dataclasses import dataclass, field
from functools import lru_cache

from fastwarc.stream_io import BrotliReader, ZstdReader

_HEAD_END = re.compile(rb"\r?\n\r?\n")
_STATUS = re.compile(rb"HTTP/\d(?:\.\d)?\s+(\d{3})")
_CHUNK_SIZE = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]{0,1000})?\r?\n")
_STEP_BYTES = 1 << 16


@dataclass(slots=True)
class Payload:
    """A response. `raw` is the body as stored; `problem` says why `body` is less than it all.

    `headers` has the values of a name joined by commas, `lines` has them as they were sent.
    """

    status: int
    headers: dict[str, str]
    raw: bytes
    body: bytes = b""
    problem: str | None = None
    forms: list[bytes] = field(default_factory=list)
    lines: dict[str, list[str]] = field(default_factory=dict)


def http_payload(block: bytes, max_bytes: int) -> Payload | None:
    """The response in a WARC record's block; None where it does not begin like one."""
    found = _STATUS.match(block)
    if not found:
        return None
    end = _HEAD_END.search(block)
    head, raw = (block[: end.start()], block[end.end() :]) if end else (block, b"")
    lines = _lines(head)
    headers = {name: ", ".join(values) for name, values in lines.items()}
    payload = Payload(int(found[1]), headers, raw, raw, forms=[raw], lines=lines)
    _undo_transfer(payload)
    _undo_content(payload, max_bytes)
    return payload


def _lines(head: bytes) -> dict[str, list[str]]:
    """The values that each header was sent with."""
    lines: dict[str, list[str]] = {}
    name = ""
    for line in head.split(b"\n")[1:]:
        if line[:1] in (b" ", b"\t") and name:
            lines[name][-1] += " " + _text(line.strip())
            continue
        key, colon, value = line.partition(b":")
        if colon:
            name = _title(key)
            lines.setdefault(name, []).append(_text(value.strip()))
    return lines


@lru_cache(1024)
def _title(name: bytes) -> str:
    """A header's name in the one spelling that crawls land, too."""
    return _text(name.strip()).title()


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _undo_transfer(payload: Payload) -> None:
    coding = payload.headers.get("Transfer-Encoding", "").lower()
    length = payload.headers.get("Content-Length", "")
    if "chunked" in coding and _CHUNK_SIZE.match(payload.raw):
        payload.body, is_whole = _dechunked(payload.raw)
        payload.forms.append(payload.body)
        if not is_whole:
            payload.problem = "its last chunk is missing"
    elif not coding and length.isdecimal() and len(payload.raw) < int(length):
        payload.problem = f"{len(payload.raw)} of {int(length)} bytes"


def _dechunked(raw: bytes) -> tuple[bytes, bool]:
    """Chunks joined, and whether the last one, of size 0, was there.

    What is no chunk after the first is kept as it is: an archive had joined them already.
    """
    pieces, at = [], 0
    while found := _CHUNK_SIZE.match(raw, at):
        size = int(found[1], 16)
        if size == 0:
            return b"".join(pieces), True
        pieces.append(raw[found.end() : found.end() + size])
        at = found.end() + size
        if at > len(raw):
            return b"".join(pieces), False
        at += 2 if raw.startswith(b"\r\n", at) else 1 if raw.startswith(b"\n", at) else 0
        if at < len(raw) and not _CHUNK_SIZE.match(raw, at):
            return (raw, True) if len(pieces) == 1 else (b"".join(pieces), False)
    return b"".join(pieces), False


def _undo_content(payload: Payload, max_bytes: int) -> None:
    codings = payload.headers.get("Content-Encoding", "").lower().split(",")
    for coding in reversed([coding.strip() for coding in codings if coding.strip()]):
        if coding in ("identity", "none", "utf-8") or not payload.body:
            continue
        body, problem = _decoded(payload.body, coding, max_bytes)
        if body is not None:
            payload.body = body
            payload.forms.append(body)
        payload.problem = payload.problem or problem


def _decoded(body: bytes, coding: str, max_bytes: int) -> tuple[bytes | None, str | None]:
    """The body without one coding and what is wrong; None where it was not in that coding."""
    if coding in ("gzip", "x-gzip"):
        return _inflated(body, 31, max_bytes) if body.startswith(b"\x1f\x8b") else (None, None)
    if coding == "deflate":
        zlib_wrapped = body[0] & 0x0F == 8 and (body[0] << 8 | body[1 % len(body)]) % 31 == 0
        decoded = _inflated(body, 15 if zlib_wrapped else -15, max_bytes)
        return decoded if decoded[0] else (None, None)
    reader = {"br": BrotliReader, "zstd": ZstdReader}.get(coding)
    if reader is None:
        return None, f"content coding {coding[:20]} is not known"
    return _read_all(reader(io.BytesIO(body)), max_bytes)


def _inflated(body: bytes, bits: int, max_bytes: int) -> tuple[bytes | None, str | None]:
    """All gzip members; one byte beyond the limit tells that there is more."""
    pieces, room = [], max_bytes + 1
    while body and room > 0:
        member = zlib.decompressobj(bits)
        try:
            pieces.append(member.decompress(body, room))
        except zlib.error:
            return b"".join(pieces) + _until_error(body, bits, room), "its compression is damaged"
        room -= len(pieces[-1])
        if not member.eof:
            return b"".join(pieces), None if room <= 0 else "its compression is cut"
        body = member.unused_data if member.unused_data.startswith(b"\x1f\x8b") else b""
    return b"".join(pieces), None


def _until_error(body: bytes, bits: int, room: int) -> bytes:
    member, out = zlib.decompressobj(bits), b""
    try:
        for at in range(0, len(body), 256):
            out += member.decompress(body[at : at + 256], room)
            if len(out) >= room:
                break
    except zlib.error:
        pass
    return out


def _read_all(reader, max_bytes: int) -> tuple[bytes | None, str | None]:
    pieces, room = [], max_bytes + 1
    try:
        while room > 0 and (piece := reader.read(min(_STEP_BYTES, room))):
            pieces.append(piece)
            room -= len(piece)
    except OSError:
        # Nothing at all came out: it was stored decoded, under its old header.
        return (b"".join(pieces), "its compression is damaged") if pieces else (None, None)
    return b"".join(pieces), None
