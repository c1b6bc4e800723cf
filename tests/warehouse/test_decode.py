"""Bytes to text: UTF-8 first, TSCII by its score, nothing guessed in silence."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse import tamil, tscii
from warehouse.decode import decode

_BYTE = {}
for _byte, _text in enumerate(tscii._DECODE):
    if _text not in ("", "\ufffd"):
        _BYTE.setdefault(_text, _byte)
_SYLLABLE = re.compile("(ஸ்ரீ|க்ஷ|[க-ஹ])([\u0bbe-\u0bcd]?)")
_HALVES = {"ொ": ("\u0bc6", "\u0bbe"), "ோ": ("\u0bc7", "\u0bbe"), "ௌ": ("\u0bc6", "\u0bd7")}


def to_tscii(text):
    """Unicode to TSCII 1.7, for tests: left-hand signs go before their letter."""
    out, place = bytearray(), 0
    while place < len(text):
        if match := _SYLLABLE.match(text, place):
            letter, sign = match.groups()
            place = match.end()
            if letter + sign in _BYTE:
                out.append(_BYTE[letter + sign])
                continue
            left, right = _HALVES.get(sign, (sign, "") if sign in "ெேை" else ("", sign))
            out += bytes(_BYTE[piece] for piece in (left, letter, right) if piece)
        else:
            out.append(_BYTE[text[place]])
            place += 1
    return bytes(out)


def test_the_demo_corpus_survives_tscii(demo_texts):
    known = set(_BYTE)
    for text in demo_texts.values():
        text = "".join(c for c in text if c in known or "\u0bbe" <= c <= "\u0bcd")
        assert tscii.decode(to_tscii(text)) == text


def test_tscii_is_found_without_a_charset(demo_texts):
    text = next(iter(demo_texts.values()))
    body = to_tscii("".join(c for c in text if c in _BYTE or "\u0bbe" <= c <= "\u0bcd"))
    decoded = decode(b"<html><body><p>" + body + b"</p></body></html>", "text/html")
    assert decoded.encoding == "tscii" and "\ufffd" not in decoded.text


def test_utf8_is_never_taken_for_tscii(demo_texts):
    for text in demo_texts.values():
        assert decode(text.encode(), None)[1:3] == ("utf-8", "strict")


@pytest.mark.parametrize(
    ("body", "content_type", "text", "encoding", "evidence"),
    [
        ("அ".encode("utf-8-sig"), None, "அ", "utf-8", "bom"),
        (b"\xff\xfe" + "அம்மா".encode("utf-16-le"), None, "அம்மா", "utf-16-le", "bom"),
        ("அ".encode(), "text/html; charset=iso-8859-1", "அ", "utf-8", "strict"),
        (b"caf\xe9", "text/html; charset=iso-8859-1", "café", "iso8859-1", "declared"),
        (b"<meta charset=windows-1252>\x93a\x94", None, None, "cp1252", "declared"),
        (b"a\xe9b", "text/html; charset=nosuch", "a\ufffdb", "utf-8-lossy", "last resort"),
        (b"", None, "", "utf-8", "strict"),
    ],
)
def test_order_of_evidence(body, content_type, text, encoding, evidence):
    decoded = decode(body, content_type)
    assert (decoded.encoding, decoded.evidence) == (encoding, evidence)
    assert text is None or decoded.text == text


def test_replaced_bytes_are_counted():
    assert decode(b"a\xe9b\xe9c", None).repair_count == 2


@pytest.mark.parametrize("cut", [1, 2])
def test_a_cut_last_character_is_a_cut_body(cut):
    decoded = decode("நன்றி".encode()[:-cut], None)
    assert decoded.is_cut and decoded.encoding == "utf-8" and "\ufffd" not in decoded.text


@given(st.binary(max_size=200), st.sampled_from([None, "text/html; charset=utf-8", "a/b"]))
def test_any_bytes_give_some_text_and_an_encoding(body, content_type):
    decoded = decode(body, content_type)
    assert isinstance(decoded.text, str) and decoded.encoding and decoded.evidence


@given(st.binary(max_size=200))
def test_tscii_takes_any_bytes(body):
    assert isinstance(tscii.decode(body), str)
    tscii.is_tscii(body)


def test_visual_order_is_told():
    visual = "ெகாண்டு ேபானாள் ெசான்னாள் ைகயில் ேவைல ெகாடு " * 3
    decoded = decode(visual.encode(), None)
    assert decoded.encoding == "utf-8-visual"
    assert decoded.text.startswith("கொண்டு போனாள் சொன்னாள் கையில் வேலை கொடு")
    assert decoded.repair_count == 21
    assert not tamil.is_visual_order(decoded.text)
