"""Web archives: the responses and resources of WARC files as pages, as if they had been crawled.

A page's time is its record's own, so captures of one address are versions in their order. Bodies
land decoded, headers as they were, redirects and errors with the status a crawl would give them;
what its host reserves lands without body. Images, sound, film, fonts, scripts, styles and archives
are counted and do not land; everything else does, and the warehouse decides. A record whose digest
does not match lands and is told of.
"""

import base64
import codecs
import hashlib
from collections.abc import Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

from fastwarc.warc import WarcRecordType

from ingest.importers.http_payload import Payload, http_payload
from ingest.importers.record import EPOCH, Reading, Record, usable, utc_time
from ingest.importers.warc_framing import Framed, framed_records
from ingest.page import HTML_TYPES, as_json, media_type, plain
from ingest.rights import header_signals, html_tree, licence_of, page_signals, refusal

_WANTED = WarcRecordType.response | WarcRecordType.resource
_MEDIA = ("image/", "video/", "audio/", "font/", "model/", "application/font", "application/x-font")
_NO_TEXT = frozenset(
    "text/css text/javascript text/dns application/javascript application/x-javascript "
    "application/ecmascript application/wasm application/zip application/gzip application/x-gzip "
    "application/x-bzip2 application/zstd application/x-xz application/x-riff application/x-elf "
    "application/x-msdownload application/octet-stream application/x-shockwave-flash "
    "application/vnd.ms-fontobject application/x-tar application/x-rar-compressed "
    "application/x-7z-compressed application/java-archive application/ogg".split()
)
_RIGHTS_WORDS = (b"noai", b"noml", b"tdm-", b"license", b"creativecommons")
_HIGH_BYTES = bytes(range(0x80, 0x100))
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_BASE32 = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "0123456789abcdefghijklmnopqrstuv")


def read(file: Path, reading: Reading) -> Iterator[Record]:
    """Records of a WARC file; raises SourceError where it is none."""
    with open(file, "rb") as stream:
        reading.tell = stream.tell
        limit = reading.max_record_bytes
        for framed in framed_records(stream, file, _WANTED, limit, reading.damaged):
            if not framed.kind & _WANTED:
                reading.counts[f"{framed.kind} records"] += 1
            elif framed.block is None:
                reading.too_large(f"{address(framed)} in {file} at byte {framed.offset}")
            elif record := _record(framed, framed.block, file, reading):
                yield record


def _record(framed: Framed, block: bytes, file: Path, reading: Reading) -> Record | None:
    headers = framed.headers
    url = address(framed)
    if not url:
        reading.counts["records without an address"] += 1
        return None
    is_http = headers.get("content-type", "").lower().startswith("application/http")
    payload = None
    is_response = framed.kind == WarcRecordType.response
    if (is_http and is_response) or ((is_http or is_response) and block.startswith(b"HTTP/")):
        payload = http_payload(block, reading.max_record_bytes)
        if payload is None:
            reading.counts["responses that are no HTTP"] += 1
            reading.note(f"{file} at byte {framed.offset}: {url} does not begin like HTTP")
            return None
    body = payload.body if payload else block
    content_type = headers.get("content-type")
    if payload:
        guessed = headers.get("warc-identified-payload-type")
        content_type = payload.headers.get("Content-Type") or guessed
    if len(body) > reading.max_record_bytes:
        reading.too_large(f"{url} in {file} at byte {framed.offset}")
        return None
    kind = media_type(body, content_type)
    if kind in _NO_TEXT or kind.startswith(_MEDIA):
        reading.counts["media without text"] += 1
        return None
    status, detail = _status(payload, framed)
    if not framed.problem and (wrong := wrong_digest(headers, block, payload)):
        reading.counts["wrong digests"] += 1
        reading.note(f"{file} at byte {framed.offset}: the {wrong} digest of {url} does not match")
        detail = detail or f"the WARC record's {wrong} digest does not match"
    fetched_at = utc_time(headers.get("warc-date"))
    if fetched_at is None:
        reading.counts["records without a date"] += 1
        fetched_at = _http_date(payload) or EPOCH
    fields = payload.headers if payload else {}
    lines = payload.lines if payload else {}
    signals = _signals(lines, body if kind in HTML_TYPES else b"", url)
    if status in ("ok", "truncated") and (why := refusal(signals)):
        reading.counts["reserved by their host"] += 1
        status, detail, body = "refused", why, None
    return Record(
        url=url,
        identity=usable(url),
        body=body,
        licence=licence_of(signals),
        rights_signals=as_json(signals),
        content_type=content_type,
        fields={},
        fetched_at=fetched_at,
        fetch_status=status,
        fetch_detail=detail,
        http_status=payload.status if payload else None,
        headers=as_json(fields),
        etag=fields.get("Etag"),
        last_modified=fields.get("Last-Modified"),
    )


def _signals(lines: dict[str, list[str]], body: bytes, url: str) -> dict:
    """What the response says about its use, as a crawl would have read it.

    Parsing costs more than all else here, so only pages that hold one of the words are parsed.
    """
    signals = header_signals(lines, url)
    # Without its Tamil a page is short, and quickly searched.
    ascii_part = body.translate(None, _HIGH_BYTES).lower()
    if any(word in ascii_part for word in _RIGHTS_WORDS) or body[:2] in _UTF16_MARKS:
        signals |= page_signals(html_tree(body), url)
    return signals


def address(framed: Framed) -> str:
    # wget writes addresses in angle brackets.
    return plain((framed.headers.get("warc-target-uri") or "").strip().strip("<>"))


def _status(payload: Payload | None, framed: Framed) -> tuple[str, str | None]:
    """The fetch_status a crawl would have given, and what is missing."""
    missing = framed.headers.get("warc-truncated")
    missing = f"WARC-Truncated: {missing}" if missing else None
    if framed.headers.get("warc-segment-number"):
        missing = missing or "the first of several segments"
    if framed.problem:
        missing = f"damaged WARC record: {framed.problem}"
    missing = missing or (payload.problem if payload else None)
    if payload and payload.status != 200:
        is_redirect = 300 <= payload.status < 400 and payload.headers.get("Location")
        return ("redirect" if is_redirect else "http_error"), missing
    return ("truncated" if missing else "ok"), missing


def wrong_digest(headers, block: bytes, payload: Payload | None) -> str | None:
    """Which digest of a record does not match its bytes: block, payload or none.

    Archives disagree on whether a payload is meant before or after decoding; either will do.
    """
    if not _matches(headers.get("warc-block-digest"), [block]):
        return "block"
    if payload and not _matches(headers.get("warc-payload-digest"), payload.forms):
        return "payload"
    return None


def _matches(digest: str | None, forms: list[bytes]) -> bool:
    """Whether one of the forms has the digest; True where there is none or of no known kind."""
    algorithm, _, value = (digest or "").partition(":")
    algorithm = algorithm.strip().lower().replace("-", "")
    if algorithm not in ("sha1", "md5", "sha256", "sha512") or not value:
        return True
    value = value.strip().rstrip("=")
    return any(_is_spelt(value, hashlib.new(algorithm, form).digest()) for form in forms)


def _is_spelt(value: str, digest: bytes) -> bool:
    """Whether a text is a digest: in base32, as archives mostly write it, hex or base64."""
    number, size = int.from_bytes(digest), len(digest)
    try:
        if len(value) == 2 * size:
            return int(value, 16) == number
        if len(value) == -(-8 * size // 5):
            # Python's digits of base 32 are others; the last digit is padded with zeros.
            return int(value.upper().translate(_BASE32), 32) == number << (-8 * size % 5)
    except ValueError:
        pass
    return value == base64.b64encode(digest).decode().rstrip("=")


def _http_date(payload: Payload | None) -> datetime | None:
    try:
        found = parsedate_to_datetime(payload.headers["Date"] if payload else "")
    except (ValueError, KeyError, TypeError, OverflowError):
        return None
    return utc_time(found.isoformat())
