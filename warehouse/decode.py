"""Bytes to text: which encoding, on what evidence, with what loss.

The order matters. Almost every Tamil page on the web today is UTF-8 whatever it declares, so a byte
order mark and strict UTF-8 come first; TSCII is tried before a declared single-byte charset because
its pages declare x-user-defined, Latin-1 or nothing; what is left is read with replacement marks
that are counted. Charset detectors say ISO-8859-5 or Windows-1252 for TSCII and are not used.
"""

import codecs
import re
from typing import NamedTuple

from warehouse import tamil, tscii

_BOMS = [
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
]
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]+)", re.IGNORECASE)
_NO_CHARSETS = frozenset(["idna", "punycode", "raw-unicode-escape", "unicode-escape"])
_META_BYTES = 4096


class Decoded(NamedTuple):
    text: str
    encoding: str
    evidence: str
    repair_count: int
    is_cut: bool


def decode(body: bytes, content_type: str | None) -> Decoded:
    """Text of a body, signs in logical order.

    `encoding` is utf-8, utf-16-le, utf-16-be, tscii or a declared charset, with `-lossy` where
    bytes had to be replaced and `-visual` where signs stood in visual order. `is_cut` tells that
    the last character is incomplete: the body ends in the middle of it.
    """
    text, encoding, evidence, is_cut = _read(body, content_type)
    repair_count = text.count("\ufffd") if encoding.endswith("-lossy") else 0
    if tamil.is_visual_order(text):
        text, moved_count = tamil.to_logical_order(text)
        return Decoded(text, f"{encoding}-visual", evidence, repair_count + moved_count, is_cut)
    return Decoded(text, encoding, evidence, repair_count, is_cut)


def _read(body: bytes, content_type: str | None) -> tuple[str, str, str, bool]:
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            text = body[len(mark) :].decode(encoding, "replace")
            lossy = "-lossy" if "\ufffd" in text else ""
            return text, encoding + lossy, "bom", False
    try:
        return body.decode("utf-8"), "utf-8", "strict", False
    except UnicodeDecodeError as error:
        # An incomplete last character of a text that has whole ones is a cut body, not another
        # encoding; a single high byte at the end of ASCII may well be Latin-1.
        head = body[: error.start]
        if error.reason == "unexpected end of data" and not head.isascii():
            return head.decode("utf-8"), "utf-8", "strict, cut", True
    if tscii.is_tscii(body):
        return tscii.decode(body), "tscii", "tscii score", False
    declared = _declared(body, content_type)
    if declared and declared != "utf-8":
        try:
            return body.decode(declared), declared, "declared", False
        except (UnicodeError, LookupError):
            pass
    return body.decode("utf-8", "replace"), "utf-8-lossy", "last resort", False


def _declared(body: bytes, content_type: str | None) -> str | None:
    """The charset of the header, else of the head of the page, where Python knows it."""
    for place in ((content_type or "").encode("ascii", "replace"), body[:_META_BYTES]):
        if match := _CHARSET.search(place):
            try:
                # Python also knows codecs that are no charsets, such as hex.
                name = codecs.lookup(match[1].decode()).name
                "".encode(name)
                if name not in _NO_CHARSETS:
                    return name
            except (LookupError, UnicodeError):
                continue
    return None
