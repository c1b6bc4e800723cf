"""Unicode to the font encodings, for tests: the charts read backwards."""

import re

from warehouse import charts

_SYLLABLE = re.compile("(ஸ்ரீ|க்ஷ|[க-ஹ])([\u0bbe-\u0bcd]?)")
_HALVES = {"ொ": ("ெ", "ா"), "ோ": ("ே", "ா"), "ௌ": ("ெ", "ள")}
_BAMINI_UU = dict(zip("ஙஞணதநபயலவளறன", "++}}}++}+}}}", strict=True))


def to_glyphs(text, encoding):
    """The characters that show a Unicode text in a font of an encoding."""
    glyph = _backwards(encoding)
    if encoding == "tscii":
        halves = _HALVES | {"ௌ": ("ெ", "\u0bd7")}
    else:
        halves = _HALVES
        text = text.replace("ஔ", "ஒள") if encoding != "tace16" else text
    out, place = [], 0
    while place < len(text):
        match = _SYLLABLE.match(text, place)
        if not match:
            out.append(glyph.get(text[place], text[place]))
            place += 1
            continue
        place = match.end()
        letter, sign = match.groups()
        if letter + sign in glyph:
            out.append(glyph[letter + sign])
        elif letter == "க்ஷ" and letter not in glyph:
            out += [to_glyphs("க்", encoding), to_glyphs("ஷ" + sign, encoding)]
        elif encoding == "bamini" and sign in ("ு", "ூ"):
            tail = _BAMINI_UU.get(letter) if sign == "ூ" else None
            out += [glyph[letter + "ு"], tail] if tail else [glyph[letter], "{_"[sign == "ூ"]]
        else:
            left, right = halves.get(sign, (sign, "") if sign in "ெேை" else ("", sign))
            out += [glyph[piece] for piece in (left, letter, right) if piece]
    return "".join(out)


def _backwards(encoding):
    glyph = {}
    for codepoint, text in charts.chart(encoding).items():
        if text not in ("", "\ufffd") and text != " ":
            glyph.setdefault(text, chr(codepoint))
    return glyph
