"""TSCII 1.7 to Unicode; Python has no codec for it.

TSCII is a glyph encoding of 8 bits: ASCII below 0x80, Tamil above, signs drawn left of a letter
stored before it. So bytes map to pieces of text, and then the order of signs is put right. The
table is laid out as the published TSCII 1.7 chart is. Unassigned bytes become U+FFFD, so that
nothing vanishes unseen.
"""

import re

from warehouse.tamil import PULLI, to_logical_order

_VOWELS = "அஆஇஈஉஊஎஏஐஒஓஔஃ"
_CONSONANTS = "கஙசஞடணதநபமயரலவழளறன"
_GRANTHA = ["ஜ", "ஷ", "ஸ", "ஹ", "க்ஷ"]
_WITH_U = "கசடணதநபமயரலவழளறன"

_TABLE = {byte: chr(byte) for byte in range(0x80)}
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

_HIGH_RUN = re.compile(rb"[\x80-\xff]{3,}")
_SPACE = re.compile(rb"[\x00-\x20]+")
_TAGS = re.compile(rb"<[^<>]*>")
# A sign that hangs to the left must be followed by a letter it can hang on.
_ILLEGAL = re.compile(rb"[\xa6-\xa8](?![\x83-\x87\xb8-\xc9\xa6-\xa8])")
MIN_SCORE = 0.4
MAX_ILLEGAL = 0.05


def is_tscii(body: bytes) -> bool:
    """Whether bytes that are not UTF-8 read as TSCII: mostly runs of high bytes, in legal order."""
    text = _TAGS.sub(b" ", body)
    visible = len(text) - sum(map(len, _SPACE.findall(text)))
    in_runs = sum(map(len, _HIGH_RUN.findall(text)))
    if not visible or in_runs <= MIN_SCORE * visible:
        return False
    signs = len(re.findall(rb"[\xa6-\xa8]", text))
    return len(_ILLEGAL.findall(text)) <= MAX_ILLEGAL * max(signs, 1)


def decode(body: bytes) -> str:
    """Unicode text in logical order of TSCII bytes."""
    return to_logical_order("".join(map(_DECODE.__getitem__, body))).text
