r"""Tamil text: one place for normalisation, words, and repair of sign order.

Every function is pure, idempotent where it returns text, and counts what it repairs. The same
rules stand as a SQL macro in sql/queries/tamil_normalise.sql; a property test holds both equal.

What it does not do: correct spelling, touch digits or quotes, transliterate, or guess.
"""

import re
import unicodedata
from typing import NamedTuple

import regex

TAMIL = "\u0b80-\u0bff"
LETTERS = "\u0b82-\u0bd7"  # letters and signs, without digits and symbols
CONSONANTS = "\u0b95-\u0bb9"
PULLI = "\u0bcd"
# Signs that hang on a consonant: vowel signs, pulli and the second half of au.
SIGNS_BUT_AA = "\u0bbf-\u0bc2\u0bc6-\u0bc8\u0bca-\u0bcd\u0bd7"
SIGNS = "\u0bbe" + SIGNS_BUT_AA

_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufeff\ufffe\uffff]")
# Zero-width and directional marks. ZWNJ says something in Tamil only between pulli and SSA, where
# it keeps the ligature க்ஷ apart; there it stays.
_INVISIBLE = regex.compile(
    rf"(?<={PULLI})\u200c(?=\u0bb7)(*SKIP)(*FAIL)|[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064]"
)
_SPACES = re.compile(r"[ \t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
_NEWLINES = re.compile(r"\r\n?|[\u0085\u2028\u2029]")
_LINE_ENDS = re.compile(r" ?\n ?")
_BLANK_LINES = re.compile(r"\n{3,}")

# After NFC, where a sign follows a sign that cannot take one, the first sign's second half was
# really a letter: ள typed as the au mark, ர typed as the aa sign (அவா்கள் for அவர்கள்). Of a run it is
# the last aa sign that was the letter (பாா்வை for பார்வை, போா் for போர்), so that rule comes first.
_SIGN_RULES = [
    (re.compile(rf"\u0bbe([{SIGNS_BUT_AA}])"), "\u0bb0\\1"),
    (re.compile(rf"\u0bcc([{SIGNS}])"), "\u0bc6\u0bb3\\1"),
    (re.compile(rf"\u0bca([{SIGNS}])"), "\u0bc6\u0bb0\\1"),
    (re.compile(rf"\u0bcb([{SIGNS}])"), "\u0bc7\u0bb0\\1"),
    (re.compile("\u0bbe(\u0bbe)"), "\u0bb0\\1"),
]

_WORD = regex.compile(r"[\p{L}\p{M}]+")
_TAMIL_LETTERS = re.compile(f"[{LETTERS}]+")

# Visual order, as old converters and PDFs leave it: the signs drawn left of a letter come before
# it. No logical-order word can begin with one.
_LEFT_SIGN = re.compile("[\u0bc6-\u0bc8]")
_LEADING_SIGN = re.compile(f"(?<![{TAMIL}])[\u0bc6-\u0bc8](?=[{CONSONANTS}])")
_VISUAL_SYLLABLE = re.compile(
    f"([\u0bc6-\u0bc8])(\u0b95\u0bcd\u0bb7|[{CONSONANTS}])([\u0bbe\u0bd7]?)"
)
_RIGHT_HALF = {
    "\u0bc6\u0bbe": "\u0bca",
    "\u0bc7\u0bbe": "\u0bcb",
    "\u0bc6\u0bd7": "\u0bcc",
}


class Repaired(NamedTuple):
    text: str
    repair_count: int


def normalise(text: str) -> Repaired:
    """NFC, sign repair, joiners, controls and white space; newlines stay, blank lines to one.

    The count is of sign repairs and removed control characters, which hint at a bad source.
    """
    text, control_count = _CONTROLS.subn("", _NEWLINES.sub("\n", text))
    text = unicodedata.normalize("NFC", _INVISIBLE.sub("", text))
    sign_count = 0
    # One pass sees every other sign of a run, two see all.
    for pattern, replacement in _SIGN_RULES * 2:
        text, count = pattern.subn(replacement, text)
        sign_count += count
    text = _LINE_ENDS.sub("\n", _SPACES.sub(" ", text))
    return Repaired(_BLANK_LINES.sub("\n\n", text).strip(" \n"), control_count + sign_count)


def is_visual_order(text: str) -> bool:
    """Whether a whole text has its left-hand signs before their letters.

    In logical order no word starts with such a sign; in visual order about two in five do.
    """
    signs = len(_LEFT_SIGN.findall(text))
    return signs >= 5 and len(_LEADING_SIGN.findall(text)) > 0.1 * signs


def to_logical_order(text: str) -> Repaired:
    """Move each left-hand sign behind its letter and join it with its right half."""

    def moved(match: re.Match) -> str:
        sign, letter, half = match.groups()
        return letter + _RIGHT_HALF.get(sign + half, sign + half)

    return Repaired(*_VISUAL_SYLLABLE.subn(moved, text))


def words(text: str) -> list[str]:
    r"""Words as runs of letters and marks. `\w` would split Tamil at every vowel sign."""
    return _WORD.findall(text)


def tamil_ratio(text: str) -> float:
    """Tamil codepoints among all letters and marks, 0 for a text without any."""
    letters = sum(map(len, _WORD.findall(text)))
    return sum(map(len, _TAMIL_LETTERS.findall(text))) / letters if letters else 0.0
