"""A PDF to blocks: what its fonts' characters mean, and why there is no text where there is none.

Tamil stands in PDFs in three ways: in fonts of an old encoding, whose characters are read through
the chart of it, font by font, as in fonts.py; as Unicode in the order it is drawn, which
tamil.to_logical_order puts right; or as glyphs that no table relates to letters. The last gives no
text, nor do scanned pages: nothing is guessed, and `unread_reason` says which it was.
"""

import re
from typing import NamedTuple

from pdfminer.pdfdocument import PDFEncryptionError
from pdfminer.pdftypes import resolve1
from pdfminer.utils import decode_text

from warehouse import charts, fonts, pdf_layout, pdf_pages, tamil, tscii
from warehouse.decode import Decoded
from warehouse.pdf_bounds import TooLarge
from warehouse.pdf_layout import Row
from warehouse.pdf_pages import Document, Line

# More than this share of characters without a letter, and the document is not read.
MAX_UNREAD_RATIO = 0.2
_SUBSET = re.compile(r"^[A-Z]{6}\+|\+\d+$")
_UNKNOWN = re.compile("[\ufffd\x80-\x9f\ue000-\uf8ff]")
_HIGH = re.compile("[\x80-\xff\u2018-\u2022\u02c6\u02dc\u0192\u2030\u2039\u203a]")
_SIGNS = "\u0bbe\u0bbf\u0bc0\u0bcd"
_SPLIT_RIGHT = re.compile(f"(?<=[{tamil.CONSONANTS}]) +(?=[\u0bbe-\u0bc2\u0bcd\u0bd7])")
_SPLIT_LEFT = re.compile(f"(?<![{tamil.CONSONANTS}])([\u0bc6-\u0bc8]) +([{tamil.CONSONANTS}])")
# What pdfminer has for characters that are drawn as others.
_LIGATURES = {0xAD: "-", 0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl"}
_NO_TITLE = re.compile(
    r"^(microsoft |untitled|unknown|document ?\d*$|slide ?\d*$|file:|[a-z]:\\|no job name|print)"
    r"|\.(docx?|rtf|pdf|html?|txt|p65|pmd|qxd|indd|cdr|pptx?|xlsx?|tex|dvi|ps)$|^[\W\d_]*$|\ufffd",
    re.IGNORECASE,
)
_A_WORD = re.compile(r"[^\W\d_]{3}|[\u0b82-\u0bcd]{2}")


class Read(NamedTuple):
    """How a PDF was read, its blocks and its own metadata; or why it was not."""

    decoded: Decoded | None
    blocks: list[tuple[str, str, bool, int]]
    title: str | None
    unread_reason: str | None


def read_pdf(body: bytes) -> Read:
    try:
        document = pdf_pages.read_pages(body)
    except PDFEncryptionError:
        return _unread("PDF is encrypted")
    except TooLarge as error:
        return _unread(f"PDF is too large to read: {error}")
    # Files by strangers: pdfminer raises whatever it stumbles over, deep recursion included.
    except Exception as error:
        return _unread(f"PDF is damaged: {type(error).__name__}")
    if reason := _no_text(document):
        return _unread(reason)
    meanings = _meanings(document)
    if meanings.unread_ratio > MAX_UNREAD_RATIO:
        return _unread("PDF whose fonts do not say which letters they hold")
    return _read(document, meanings, is_cut=b"%%EOF" not in body[-2048:])


def _unread(reason: str) -> Read:
    return Read(None, [], None, reason)


def _no_text(document: Document) -> str | None:
    if any(line.runs for page in document.pages for line in page.lines):
        return None
    if document.damaged:
        return f"PDF is damaged: {document.damaged}"
    if not document.page_count:
        return "PDF is damaged: no pages"
    if any(page.image_count for page in document.pages):
        return "PDF without a text layer: scanned pages"
    return "PDF without text: empty pages"


class _Meanings(NamedTuple):
    """Encoding of each font: of a chart, "" for Unicode, None where nobody knows."""

    encodings: dict[str, str | None]
    evidence: list[str]
    unread_ratio: float


def _meanings(document: Document) -> _Meanings:
    texts: dict[str, list[str]] = {}
    for page in document.pages:
        for line in page.lines:
            for font, text in line.runs:
                texts.setdefault(font, []).append(text)
    families: dict[str, list[str]] = {}
    for font in texts:
        families.setdefault(_family(font), []).append(font)
    encodings, evidence, unread_count = {}, [], 0
    for family, members in sorted(families.items()):
        text = "\n".join(part for font in members for part in texts[font])
        encoding, hint = _encoding(family, text)
        encodings |= dict.fromkeys(members, encoding)
        evidence += [hint] if encoding else []
        unread_count += (
            len(text) if encoding is None else len(_UNKNOWN.findall(text)) * (not encoding)
        )
    whole = sum(len(part) for parts in texts.values() for part in parts)
    return _Meanings(encodings, evidence, unread_count / max(whole, 1))


def _family(font: str) -> str:
    """ABCDEF+Bamini+1 to Bamini: prefix and suffix of a subset."""
    return _SUBSET.sub("", _SUBSET.sub("", font))


def _encoding(family: str, text: str) -> tuple[str | None, str]:
    """What a font's text is written in, and on what evidence."""
    if tamil.letter_count(text):
        return "", "unicode"
    font = fonts.font_of(family)
    if font and font.encoding and fonts.needs_chart(text, font):
        converted = charts.to_unicode(text, font.encoding)
        if not tamil.letter_count(converted):
            return "", "unicode"
        return (font.encoding if tamil.reads_as_tamil(converted) else None), f"font {family}"
    high_count = len(_HIGH.findall(text))
    if high_count and tscii.is_tscii(charts.to_bytes(text)):
        return "tscii", "tscii score"
    # No alphabet of Latin-1 is mostly outside ASCII.
    if high_count > 0.4 * len("".join(text.split())) or font and high_count:
        return None, "unread"
    return "", "unicode"


def _read(document: Document, meanings: _Meanings, is_cut: bool) -> Read:
    pages = [[_row(line, meanings.encodings) for line in page.lines] for page in document.pages]
    pages = [[row for row in rows if row.text.strip()] for rows in pages]
    whole = "\n".join(row.text for rows in pages for row in rows)
    encoding = "+".join(sorted({name for name in meanings.encodings.values() if name})) or "unicode"
    moved_count = 0
    if is_visual := tamil.is_visual_order(whole):
        repaired = [[(row, tamil.to_logical_order(row.text)) for row in rows] for rows in pages]
        moved_count = sum(text.repair_count for rows in repaired for _, text in rows)
        pages = [[row._replace(text=text.text) for row, text in rows] for rows in repaired]
        whole = "\n".join(row.text for rows in pages for row in rows)
    if tamil.letter_count(whole) >= 50 and not tamil.reads_as_tamil(whole):
        return _unread("PDF whose fonts do not say which letters they hold")
    lost_count = whole.count("\ufffd")
    suffix = "-lossy" if lost_count else "-visual" if is_visual else ""
    evidence = ", ".join(meanings.evidence) or "pdf"
    if document.damaged:
        evidence += f", {document.damaged}"
    decoded = Decoded(
        *("", encoding + suffix, evidence, moved_count + lost_count),
        is_cut=is_cut or document.damaged is not None,
    )
    blocks = list(pdf_layout.to_blocks(pages))
    return Read(decoded, blocks, _title(document.info), None)


def _row(line: Line, encodings: dict[str, str | None]) -> Row:
    """A line with its characters as Unicode; neighbours of one encoding are read together."""
    parts: list[tuple[str | None, str]] = []
    for font, text in line.runs:
        encoding = encodings[font]
        if parts and encoding == "" and _is_sign(text, parts[-1][0]):
            encoding = parts[-1][0]
        if parts and parts[-1][0] == encoding:
            parts[-1] = (encoding, parts[-1][1] + text)
        else:
            parts.append((encoding, text))
    text = "".join(_letters(text, encoding) for encoding, text in parts)
    # No word begins with a sign, nor ends with one that has no letter: the space is the layout's.
    text = tamil.join_halves(_SPLIT_LEFT.sub(r"\2\1", _SPLIT_RIGHT.sub("", text)))
    return Row(" ".join(text.split()), line.x0, line.y0, line.x1, line.y1, line.size)


def _is_sign(text: str, encoding: str | None) -> bool:
    """Whether a character in a Latin font is a sign that strayed from the word before it."""
    return (
        bool(encoding)
        and charts.chart(encoding).get(ord(text[0]), "-") in _SIGNS
        and len(text) == 1
    )


def _letters(text: str, encoding: str | None) -> str:
    if encoding:
        return charts.to_unicode(text, encoding)
    if encoding is None:
        return re.sub(r"\S+", "\ufffd", text)
    return _UNKNOWN.sub("\ufffd", text.translate(_LIGATURES))


def _title(info: dict) -> str | None:
    """The title where a person seems to have given one.

    The author in a PDF's properties is whoever ran the program, and is not asked for.
    """
    text = _info_text(info.get("Title"))
    is_title = text and len(text) <= 300 and _A_WORD.search(text) and not _NO_TITLE.search(text)
    return text if is_title else None


def _info_text(value) -> str | None:
    value = resolve1(value)
    if not isinstance(value, bytes):
        return None
    text = " ".join(decode_text(value).replace("\0", "").split())
    if tamil.letter_count(text):
        return text
    high_count = len(_HIGH.findall(text))
    if not high_count:
        return text
    if tscii.is_tscii(value):
        return tscii.decode(value)
    return text if high_count < 0.2 * len(text) else None
