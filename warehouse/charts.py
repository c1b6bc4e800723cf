"""Charts of the font encodings of Tamil: which glyph stands at which character.

Before Unicode each family of fonts drew Tamil over the characters of Windows-1252. TAB and TAM are
the 8-bit standards of Tamil Nadu (1999), Bamini is the layout of an old typewriter, TACE16 lies in
the private use area, one code for each syllable. Like TSCII all but the last draw signs left of a
letter before it. The charts are laid out here as the standards are, in rows of letters.

What is not here: the layouts of single newspapers and foundries (Vanavil, Shree-Tam, Mylai, …), of
which no chart under a permissive licence was found. Text in their fonts is flagged, not converted.
"""

import re
from functools import cache

from warehouse import tscii
from warehouse.tamil import CONSONANTS, PULLI, SIGNS, join_halves

_VOWELS = "அஆஇஈஉஊஎஏஐஒஓஃ"
_LETTERS = list("கஙசஞடணதநபமயரலவழளறன")
_GRANTHA = ["ஸ", "ஷ", "ஜ", "ஹ", "க்ஷ"]
_AA, _I, _II, _U, _UU, _E, _EE, _AI = "ாிீுூெேை"
_SYLLABLE_SIGNS = ["", _AA, _I, _II, _U, _UU, _E, _EE, _AI, "ொ", "ோ", "ௌ"]

_VISUAL = re.compile(f"([{_E}{_EE}{_AI}])(க்ஷ|[{CONSONANTS}])")
_AU_LETTER = re.compile(f"(ஒ|[{CONSONANTS}]{_E})ள(?![{SIGNS}])")
# Bamini draws ர with the sign of aa, and long u as short u with a tail.
_AA_FOR_RA = re.compile(f"{_AA}([{_I}{_II}{PULLI}])")
_U_WITH_TAIL = re.compile(f"{_U}[+}}{_AA}]")
_GRANTHA_U = re.compile("([ஜஷஸஹ])([{_])")


def _single_bytes(*ranges: tuple[int, int]) -> list[str]:
    """The characters of Windows-1252 at ranges of bytes, both ends included."""
    return [character(byte) for first, last in ranges for byte in range(first, last + 1)]


def character(byte: int) -> str:
    """A byte as Windows-1252 has it, and as Latin-1 where that has nothing."""
    try:
        return bytes([byte]).decode("cp1252")
    except UnicodeDecodeError:
        return chr(byte)


def _row(glyphs, letters, sign: str = "") -> dict[str, str]:
    return {
        glyph: letter + sign for glyph, letter in zip(glyphs, letters, strict=True) if glyph != " "
    }


def _tamil_nadu() -> dict[str, str]:
    """What TAB and TAM share."""
    chart = _row(_single_bytes((0xDC, 0xE7)), _VOWELS) | {"ÿ": "ஸ்ரீ"}
    chart |= _row(_single_bytes((0xE8, 0xF9)), _LETTERS)
    chart |= _row(_single_bytes((0xFA, 0xFE)), _GRANTHA)
    # The places that other systems use for spaces and dots are left free.
    chart |= _row(_single_bytes((0xB0, 0xB6), (0xB8, 0xC2)), _LETTERS, _U)
    chart |= _row(_single_bytes((0xC3, 0xC9), (0xCB, 0xCF), (0xD6, 0xDB)), _LETTERS, _UU)
    return chart | {"®": "டி", "¯": "டீ"} | _row("£§¨ª«¬", _AA + _U + _UU + _E + _EE + _AI)


def _tab() -> dict[str, str]:
    return _tamil_nadu() | _row("¢¤¦", PULLI + _I + _II) | _row("‚ƒ„…†‡ˆ‰", "௧௨௩௪௫௬௭௮")


def _tam() -> dict[str, str]:
    chart = _tamil_nadu()
    pure = _single_bytes((0x82, 0x8C), (0x98, 0x9C), (0x9F, 0x9F), (0xA1, 0xA1))
    chart |= _row(pure, _LETTERS, PULLI) | _row("vwxyz", _GRANTHA, PULLI)
    chart |= _row("ABCD EFGHIJKLMNOPQ", _LETTERS, _I) | _row("RSTUV", _GRANTHA, _I)
    return chart | _row("WXYZ abcdefghijklm", _LETTERS, _II) | _row("nopqr", _GRANTHA, _II)


def _bamini() -> dict[str, str]:
    chart = _row("mM,<cCvVIxX/", _VOWELS) | _row("fqrQlzjegkauytoswd", _LETTERS)
    chart |= _row("F R LZJEGKAUYTOSWD", _LETTERS, _U) | {"=": "ஸ்ரீ", "H": "ர்", "b": "டி", "B": "டீ"}
    chart |= _row("$#^%&*", "கசடமரழ", _UU) | _row("]\\[`", _GRANTHA[:4])
    return chart | _row(";hpPnNi", PULLI + _AA + _I + _II + _E + _EE + _AI) | {">": ",", "–": "-"}


def _tace16() -> dict[str, str]:
    chart = _row(map(chr, range(0xE201, 0xE20E)), "அஆஇஈஉஊஎஏஐஒஓஔஃ") | {"\ue38d": "ஸ்ரீ"}
    rows = [*_LETTERS, "ஜ", "ஶ", "ஷ", "ஸ", "ஹ", "க்ஷ"]
    for place, letter in enumerate(rows, start=0xE21):
        syllables = [PULLI, *_SYLLABLE_SIGNS]
        chart |= {chr(place * 16 + i): letter + sign for i, sign in enumerate(syllables)}
    return chart


def _tscii() -> dict[str, str]:
    return {character(byte): tscii._DECODE[byte] for byte in range(0x80, 0x100)}


_CHARTS = {"tab": _tab, "tam": _tam, "bamini": _bamini, "tace16": _tace16, "tscii": _tscii}
ENCODINGS = frozenset(_CHARTS)
# Their ASCII is ASCII: text without a high character is what it seems.
BILINGUAL = frozenset(["tab", "tscii", "tace16"])


_TO_BYTE = {ord(character(byte)): byte for byte in range(0x80, 0x100)}


def to_bytes(text: str) -> bytes:
    """The bytes that were read as Windows-1252 or Latin-1; ? for what neither has."""
    return text.translate(_TO_BYTE).encode("latin-1", "replace")


@cache
def chart(encoding: str) -> dict[int, str]:
    """Character to Tamil, also for the ways in which a byte without one in Windows-1252 is read."""
    glyphs = {ord(glyph): text for glyph, text in _CHARTS[encoding]().items()}
    for byte in range(0x80, 0x100):
        if (text := glyphs.get(ord(character(byte)))) is not None:
            glyphs |= {0xF700 + byte: text}
            glyphs.setdefault(byte, text)
    # PDFs have a minus sign for the soft hyphen of Windows-1252.
    return glyphs | ({0x2212: glyphs[0xAD]} if 0xAD in glyphs else {})


def to_unicode(text: str, encoding: str) -> str:
    """Text of glyphs as Unicode in logical order; characters without a glyph stay."""
    text = text.translate(chart(encoding))
    if encoding == "tace16":
        return text
    if encoding == "bamini":
        text = _U_WITH_TAIL.sub(_UU, _AA_FOR_RA.sub(r"ர\1", text))
        text = _GRANTHA_U.sub(lambda match: match[1] + (_U if match[2] == "{" else _UU), text)
    text = _VISUAL.sub(r"\2\1", text)
    if encoding != "tscii":
        # There is no glyph for the right half of au but that of ள; no word has a bare ள there.
        text = _AU_LETTER.sub(lambda match: "ஔ" if match[1] == "ஒ" else match[1][0] + "ௌ", text)
    return join_halves(text)
