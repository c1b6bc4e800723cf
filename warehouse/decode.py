"""Bytes to text: which encoding, on what evidence, with what loss.

The order matters. Almost every Tamil page on the web today is UTF-8 whatever it declares, so a byte
order mark, UTF-16 by its zero bytes and strict UTF-8 come first; TSCII is tried before a declared
single-byte charset because its pages declare x-user-defined, Latin-1 or nothing; what is left is
read with replacement marks that are counted. Charset detectors say ISO-8859-5 or Windows-1252 for
TSCII and are not used. Encodings that only a font tells are read element by element (fonts.py).
"""

import codecs
import re
from html.entities import name2codepoint
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser

from warehouse import charts, fonts, tamil, tscii

_BOMS = [
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
]
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]+)", re.IGNORECASE)
_ENTITY = re.compile(rb"&([A-Za-z]{2,6}[0-9]?);")
_NO_CHARSETS = frozenset(["idna", "punycode", "raw-unicode-escape", "unicode-escape"])
_META_BYTES = 4096
# Latin-1 letters do not stand three in a row; TSCII read as Latin-1 and saved as UTF-8 does.
_LATIN_RUN = re.compile("[\x80-\xff]{3}")
_NOT_TAMIL = re.compile(f"[^{tamil.TAMIL}]+")
_TACE16 = re.compile("[\ue180-\ue38f]")
MIN_TACE16 = 8
# A page with one bad byte is still UTF-8; of TSCII read as UTF-8 nearly every character is bad.
MAX_BAD_UTF8 = 0.05


class Decoded(NamedTuple):
    text: str
    encoding: str
    evidence: str
    repair_count: int
    is_cut: bool


def decode(body: bytes, content_type: str | None) -> Decoded:
    """Text of a body, signs in logical order.

    `encoding` is utf-8, utf-16-le, utf-16-be, tscii, tace16 or a declared charset, with `-lossy`
    where bytes had to be replaced and `-visual` where signs stood in visual order. `is_cut` tells
    that the last character is incomplete: the body ends in the middle of it. Zero bytes within a
    text are dropped and counted as repairs, for they stand within words and letters.
    """
    encoding = _utf16_by_zeros(body)
    zero_count = 0 if encoding or body.startswith(tuple(m for m, _ in _BOMS[1:])) else body.count(0)
    body = body.replace(b"\0", b"") if zero_count else body
    text, encoding, evidence, is_cut = _read(body, content_type, encoding)
    text, zero_count = text.replace("\0", ""), zero_count + text.count("\0")
    repair_count = zero_count + (text.count("\ufffd") if encoding.endswith("-lossy") else 0)
    if converted := _in_private_use(text):
        return Decoded(converted, "tace16", "private use area", repair_count, is_cut)
    if tamil.is_visual_order(text):
        text, moved_count = tamil.to_logical_order(text)
        return Decoded(text, f"{encoding}-visual", evidence, repair_count + moved_count, is_cut)
    return Decoded(text, encoding, evidence, repair_count, is_cut)


def decode_html(body: bytes, content_type: str | None) -> tuple[Decoded, LexborHTMLParser]:
    """A page's text and its tree, where text in fonts of known encodings has become Unicode.

    `encoding` then names them (`bamini`, `tab+tscii`); the text of the tree is what counts.
    """
    decoded = decode(body, content_type)
    tree = LexborHTMLParser(decoded.text)
    charset = _charset_font(body, content_type)
    if not charset and not fonts.is_hinted(body):
        return decoded, tree
    return _charted(decoded, fonts.read_fonts(tree, charset)), tree


def decode_text(body: bytes, content_type: str | None) -> Decoded:
    """Plain text, which has no fonts but may be declared in the encoding of one."""
    decoded = decode(body, content_type)
    font = _charset_font(body, content_type)
    if not font or font.encoding == decoded.encoding or tamil.tamil_ratio(decoded.text):
        return decoded
    if (converted := fonts.read_text(decoded.text, font.encoding)) is None:
        return _charted(decoded, fonts.Charted([], [], [font.name]))
    charted = fonts.Charted([font.encoding], [font.name], [])
    return _charted(decoded, charted)._replace(text=converted)


def _charted(decoded: Decoded, charted: fonts.Charted) -> Decoded:
    evidence = [decoded.evidence]
    evidence += [f"font {name}" for name in charted.evidence]
    evidence += [f"font {name} unread" for name in charted.unread]
    encoding = decoded.encoding
    if charted.encodings:
        base, _, loss = encoding.partition("-lossy")
        names = {*charted.encodings, *({base} & charts.ENCODINGS)}
        encoding = "+".join(sorted(names)) + ("-lossy" if decoded.encoding != base else "")
    return decoded._replace(encoding=encoding, evidence=", ".join(evidence))


def _read(body: bytes, content_type: str | None, utf16: str | None) -> tuple[str, str, str, bool]:
    if utf16:
        text = body.decode(utf16, "replace")
        return text, utf16 + ("-lossy" if "\ufffd" in text else ""), "zero bytes", False
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            text = body[len(mark) :].decode(encoding, "replace")
            lossy = "-lossy" if "\ufffd" in text else ""
            return text, encoding + lossy, "bom", False
    try:
        return *_saved_as_utf8(body.decode("utf-8")), False
    except UnicodeDecodeError as error:
        # An incomplete last character of a text that has whole ones is a cut body, not another
        # encoding; a single high byte at the end of ASCII may well be Latin-1.
        head = body[: error.start]
        if error.reason == "unexpected end of data" and not head.isascii():
            text, encoding, evidence = _saved_as_utf8(head.decode("utf-8"))
            return text, encoding, f"{evidence}, cut", True
    return *_read_other(body, content_type), False


def _read_other(body: bytes, content_type: str | None) -> tuple[str, str, str]:
    """What is not UTF-8: text, encoding, evidence."""
    text = body.decode("utf-8", "replace")
    bad_count = text.count("\ufffd")
    high_count = len(text) - len(text.encode("ascii", "ignore"))
    if bad_count <= MAX_BAD_UTF8 * high_count:
        return text, "utf-8-lossy", "nearly utf-8"
    glyphs = _ENTITY.sub(_entity_byte, body)
    if tscii.is_tscii(glyphs):
        return tscii.decode(glyphs), "tscii", "tscii score"
    labels = list(_labels(body, content_type))
    is_hinted = bool(fonts.is_hinted(body) or _charset_font(body, content_type))
    if (is_hinted or "x-user-defined" in labels) and tscii.is_tscii(glyphs, is_hinted=True):
        return tscii.decode(glyphs), "tscii", "font or charset, tscii order"
    if is_hinted:
        return "".join(map(charts.character, body)), "cp1252", "font or charset"
    declared = _declared(labels)
    if declared and declared != "utf-8":
        try:
            return body.decode(declared), declared, "declared"
        except (UnicodeError, LookupError):
            pass
    return text, "utf-8-lossy", "last resort"


def _entity_byte(match: re.Match[bytes]) -> bytes:
    """The byte that an entity stands for, such as 0xC3 for &Atilde;; editors wrote glyphs so."""
    codepoint = name2codepoint.get(match[1].decode(), 0)
    glyph = charts.to_bytes(chr(codepoint)) if codepoint > 0x7F else b"?"
    return match[0] if glyph == b"?" else glyph


def _saved_as_utf8(text: str) -> tuple[str, str, str]:
    """Strict UTF-8, which is also what TSCII becomes when it is opened as Latin-1 and saved."""
    if _LATIN_RUN.search(text) and tscii.is_tscii(charts.to_bytes(text)):
        text = _NOT_TAMIL.sub(lambda match: charts.to_unicode(match[0], "tscii"), text)
        return text, "tscii", "tscii score within utf-8"
    return text, "utf-8", "strict"


def _utf16_by_zeros(body: bytes) -> str | None:
    """UTF-16 without a mark: in Tamil and ASCII every other byte is 0x0B or zero, and only it."""
    head = body[: _META_BYTES & ~1]
    if len(head) < 4 or head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return None
    first, second = (
        sum(half.count(byte) for byte in (b"\0", b"\x0b")) / max(len(half), 1)
        for half in (head[::2], head[1::2])
    )
    if first > 0.8 and second < 0.1:
        return "utf-16-be"
    return "utf-16-le" if second > 0.8 and first < 0.1 else None


def _in_private_use(text: str) -> str | None:
    """TACE16 as Unicode; icons lie in the same area, so it must spell Tamil and be most of it."""
    count = len(_TACE16.findall(text))
    if count < MIN_TACE16 or count < tamil.letter_count(text):
        return None
    return fonts.read_text(text, "tace16")


def _labels(body: bytes, content_type: str | None):
    """The charsets that the header and the head of the page declare, as they spell them."""
    for place in ((content_type or "").encode("ascii", "replace"), body[:_META_BYTES]):
        if match := _CHARSET.search(place):
            yield match[1].decode().lower()


def _charset_font(body: bytes, content_type: str | None) -> fonts.Font | None:
    found = map(fonts.charset_font, _labels(body, content_type))
    return next(filter(None, found), None)


def _declared(labels: list[str]) -> str | None:
    """The first of declared charsets that Python knows."""
    for label in labels:
        try:
            # Python also knows codecs that are no charsets, such as hex.
            name = codecs.lookup(label).name
            "".encode(name)
            if name not in _NO_CHARSETS:
                return name
        except (LookupError, UnicodeError):
            continue
    return None
