"""TSCII 1.7 to Unicode; Python has no codec for it.

TSCII is a glyph encoding of 8 bits: ASCII below 0x80, Tamil above, signs drawn left of a letter
stored before it. So bytes map to pieces of text, and then the order of signs is put right. The
table is laid out as the published TSCII 1.7 chart is. Unassigned bytes become U+FFFD, so that
nothing vanishes unseen.
"""

import codecs
import re
from typing import Any

import numpy as np

from warehouse.tamil import PULLI, join_halves, reads_as_tamil

_VOWELS = "அஆஇஈஉஊஎஏஐஒஓஔஃ"
_CONSONANTS = "கஙசஞடணதநபமயரலவழளறன"
_GRANTHA = ["ஜ", "ஷ", "ஸ", "ஹ", "க்ஷ"]
_WITH_U = "கசடணதநபமயரலவழளறன"

_TABLE: dict[int, Any] = {byte: chr(byte) for byte in range(0x80)}
_TABLE |= dict.fromkeys(range(0x80, 0x100), "\ufffd")
_TABLE |= dict(zip((0x80, 0x81, 0x8D, 0x8E, 0x8F, 0x90), "௦௧௨௩௪௫", strict=True))
_TABLE |= dict(zip((0x95, 0x96, 0x97, 0x98), "௬௭௮௯", strict=True))
_TABLE |= dict(zip((0x9D, 0x9E, 0x9F), "௰௱௲", strict=True))
_TABLE |= {0x82: "ஸ்ரீ"}
_TABLE |= dict(zip(range(0x83, 0x88), _GRANTHA, strict=True))
_TABLE |= {0x88 + i: letter + PULLI for i, letter in enumerate(_GRANTHA)}
_TABLE |= dict(zip(range(0x91, 0x95), "‘’“”", strict=True))
_TABLE |= {0x99: "ஙு", 0x9A: "ஞு", 0x9B: "ஙூ", 0x9C: "ஞூ"}
_TABLE |= {0xA0: " ", 0xA9: "©", 0xAA: "\u0bd7"}
_TABLE |= dict(
    zip(range(0xA1, 0xA9), "\u0bbe\u0bbf\u0bc0\u0bc1\u0bc2\u0bc6\u0bc7\u0bc8", strict=True)
)
_TABLE |= dict(zip(range(0xAB, 0xB8), _VOWELS, strict=True))
_TABLE |= dict(zip(range(0xB8, 0xCA), _CONSONANTS, strict=True))
_TABLE |= {0xCA: "டி", 0xCB: "டீ"}
_TABLE |= {0xCC + i: letter + "\u0bc1" for i, letter in enumerate(_WITH_U)}
_TABLE |= {0xDC + i: letter + "\u0bc2" for i, letter in enumerate(_WITH_U)}
_TABLE |= {0xEC + i: letter + PULLI for i, letter in enumerate(_CONSONANTS)}
# Files of TSCII 1.6 have இ at 0xFE, and converters pad with 0xFF.
_TABLE |= {0xFE: "இ", 0xFF: ""}
_DECODE = [_TABLE[byte] for byte in range(0x100)]

_LEFT_SIGNS = bytes(range(0xA6, 0xA9))
_LETTERS = bytes([*range(0x83, 0x88), *range(0xB8, 0xCA)])

_HIGH_RUN = re.compile(rb"[\x80-\xff]{3,}")
_SPACE = re.compile(rb"[\x00-\x20]+")
_TAGS = re.compile(rb"<[^<>]*>")
# A sign that hangs to the left must be followed by a letter it can hang on.
_ILLEGAL = re.compile(rb"[\xa6-\xa8](?![\x83-\x87\xb8-\xc9\xa6-\xa8])")
_SAMPLE_BYTES = 1 << 15
MIN_SCORE = 0.2
MAX_ILLEGAL = 0.05


def is_tscii(body: bytes, is_hinted: bool = False) -> bool:
    """Whether bytes that are not UTF-8 read as TSCII: runs of high bytes that spell Tamil.

    Where something else says so, such as the name of a font, few of them are enough.
    """
    text = _TAGS.sub(b" ", _sample(body))
    visible = len(text) - sum(map(len, _SPACE.findall(text)))
    runs = _HIGH_RUN.findall(text)
    if not runs or not is_hinted and sum(map(len, runs)) <= MIN_SCORE * visible:
        return False
    signs = sum(map(text.count, (b"\xa6", b"\xa7", b"\xa8")))
    if len(_ILLEGAL.findall(text)) > MAX_ILLEGAL * max(signs, 1):
        return False
    decoded = decode(b" ".join(runs))
    # A few words of another alphabet can pass for Tamil but for these signs.
    return reads_as_tamil(decoded) and (is_hinted or any(sign in decoded for sign in "ாிை"))


def _sample(body: bytes) -> bytes:
    """Beginning, middle and end of a long body."""
    if len(body) <= 3 * _SAMPLE_BYTES:
        return body
    middle = len(body) // 2
    parts = body[:_SAMPLE_BYTES], body[middle : middle + _SAMPLE_BYTES], body[-_SAMPLE_BYTES:]
    return b" ".join(parts)


def decode(body: bytes) -> str:
    """Unicode text in logical order of TSCII bytes.

    Signs change places with their letters while both are one byte; that is twice as fast as to
    move them in the text (bench/tscii.py).
    """
    return join_halves(codecs.charmap_decode(_in_logical_order(body), "strict", _TABLE)[0])


def _in_logical_order(body: bytes) -> bytes:
    """Each left-hand sign behind the letter that follows it."""
    glyphs = np.frombuffer(body, np.uint8).copy()
    is_left, is_letter = np.zeros((2, 0x100), bool)
    is_left[list(_LEFT_SIGNS)] = is_letter[list(_LETTERS)] = True
    at = np.flatnonzero(is_left[glyphs[:-1]] & is_letter[glyphs[1:]])
    signs = glyphs[at]
    glyphs[at] = glyphs[at + 1]
    glyphs[at + 1] = signs
    return glyphs.tobytes()
