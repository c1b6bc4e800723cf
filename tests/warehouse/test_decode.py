"""Bytes to text: UTF-8 first, TSCII by its score, nothing guessed in silence."""

import difflib
import re

import pytest
from conftest import REAL
from glyphs import to_glyphs
from hypothesis import given
from hypothesis import strategies as st

from warehouse import charts, tamil, tscii
from warehouse.decode import decode, decode_html


def to_tscii(text):
    return charts.to_bytes(to_glyphs(text, "tscii"))


def writable(text):
    """What TSCII has characters for."""
    return re.sub("[^\u0b82-\u0bcd௦-௲ -~\n]", "", text)


def test_the_demo_corpus_survives_tscii(demo_texts):
    for text in map(writable, demo_texts.values()):
        assert tscii.decode(to_tscii(text)) == text


@pytest.mark.parametrize(
    "content_type",
    [
        "text/html",
        "text/html; charset=utf-8",
        "text/html; charset=iso-8859-1",
        "text/html; charset=x-user-defined",
        "text/html; charset=tscii",
    ],
)
def test_tscii_is_found_whatever_is_declared(demo_texts, content_type):
    text = writable(next(iter(demo_texts.values())))
    body = b"<html><body><p>" + to_tscii(text) + b"</p></body></html>"
    decoded = decode(body, content_type)
    assert decoded.encoding == "tscii" and text in decoded.text


def test_tscii_saved_as_utf8_is_found(demo_texts):
    text = writable(next(iter(demo_texts.values())))
    for charset in ("latin-1", "cp1252"):
        body = to_tscii(text).decode(charset, "ignore").encode()
        decoded = decode(body, "text/html; charset=utf-8")
        assert decoded.encoding == "tscii" and decoded.text.split()[:3] == text.split()[:3]


def test_a_little_tscii_in_a_page_takes_a_hint():
    body = b"<p>" + b"An English page about poems. " * 40 + to_tscii("திருக்குறள்") + b"</p>"
    assert decode(body, "text/html").encoding == "utf-8-lossy"
    assert decode(body, "text/html; charset=x-user-defined").encoding == "tscii"
    named = body.replace(b"<p>", b"<p><font face=TSC_Avarangal>")
    assert "திருக்குறள்" in decode(named, "text/html").text


def test_glyphs_written_as_entities_are_read():
    body = to_tscii("திருக்குறள் மூலம் அகர முதல எழுத்தெல்லாம் ஆதி பகவன் முதற்றே உலகு")
    body = body.replace(b"\xc7", b"&Ccedil;").replace(b"\xa2", b"&cent;") + b" A &amp; B"
    decoded = decode(body, None)
    assert decoded.encoding == "tscii"
    assert decoded.text.endswith("முதற்றே உலகு A &amp; B") and "Ccedil" not in decoded.text


ALPHABETS = {
    "cp1251": "Все люди рождаются свободными и равными в своем достоинстве и правах",
    "koi8-r": "Все люди рождаются свободными и равными в своем достоинстве и правах",
    "iso8859-7": "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια",
    "cp1255": "כל בני האדם נולדו בני חורין ושווים בערכם ובזכויותיהם",
    "cp1256": "يولد جميع الناس أحرارا متساوين في الكرامة والحقوق",
    "gb18030": "人人生而自由在尊严和权利上一律平等他们赋有理性和良心并应以兄弟关系的精神相对待",
    "euc-kr": "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다",
    "shift-jis": "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等",
    "cp1252": "Alle Menschen sind frei und gleich an Würde und Rechten geboren – «Präambel»",
}


@pytest.mark.parametrize("charset", ALPHABETS)
def test_other_alphabets_are_not_tscii(charset):
    text = ALPHABETS[charset]
    decoded = decode(text.encode(charset), f"text/html; charset={charset}")
    assert decoded.text == text and decoded.evidence == "declared"


def test_utf8_is_never_taken_for_another(demo_texts):
    for text in demo_texts.values():
        for declared in (None, "text/html; charset=iso-8859-1", "text/html; charset=tscii"):
            assert decode(text.encode(), declared)[1:3] == ("utf-8", "strict")


@pytest.mark.parametrize("script", ["\u0c15\u0c3e", "\u0d15\u0d3e", "\u0915\u093e", "\u0d9a\u0dcf"])
def test_other_scripts_of_india_and_lanka_stay_as_they_are(script):
    text = (script + " ") * 50
    assert decode(text.encode(), None)[:3] == (text, "utf-8", "strict")


def test_one_bad_byte_makes_no_other_encoding(demo_texts):
    text = next(iter(demo_texts.values()))
    body = text.encode()[:600] + b"\xe9" + text.encode()[600:]
    decoded = decode(body, None)
    assert (decoded.encoding, decoded.evidence) == ("utf-8-lossy", "nearly utf-8")
    assert decoded.repair_count == 1


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", ["அம்மா இங்கே வா வா", "<p>only ASCII</p>", "<p>தமிழ் and ASCII</p>"])
def test_utf16_without_a_mark(encoding, text):
    decoded = decode(text.encode(encoding), "text/html; charset=utf-8")
    assert decoded[:3] == (text, encoding, "zero bytes")


def test_zero_bytes_split_no_word_and_are_counted():
    letter = "தமிழ்".encode()
    body = b"<p>" + letter[:4] + b"\0" + letter[4:] + b"\0\0</p><p>a\0b</p>"
    decoded, tree = decode_html(body, None)
    assert decoded.text == "<p>தமிழ்</p><p>ab</p>" and decoded.repair_count == 4
    assert [node.text() for node in tree.css("p")] == ["தமிழ்", "ab"]


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


LEGACY = REAL / "legacy_encodings" / "tests" / "data"
BOOKS = REAL / "project_madurai_site" / "pm_etexts"
needs_real = pytest.mark.skipif(
    not REAL.exists(), reason="the real material is not beside the checkout"
)


@pytest.mark.real
@needs_real
def test_real_legacy_texts_are_those_of_unicode():
    def read(name):
        return decode((LEGACY / name).read_bytes(), None)

    old, new = read("project_madurai_tscii.txt"), read("project_madurai_utf8.txt")
    assert old.encoding == "tscii" and new.encoding == "utf-8"
    texts = (tamil.normalise(read.text).text for read in (old, new))
    assert difflib.SequenceMatcher(None, *texts, autojunk=False).ratio() >= 0.995
    assert read("Sample.TSCII").text.startswith("அ ஆ இ ஈ உ ஊ எ ஏ ஐ ஒ ஓ ஔ ஃ")
    assert read("dumb.tscii").text == "அப்பாhello world!"
    assert read("utf16-demo.txt").text.split()[:2] == ["“உதவாது”", "என"]


@pytest.mark.real
@needs_real
def test_the_real_page_in_tscii():
    decoded = decode((BOOKS / "tscii" / "pmtsc0171.html").read_bytes(), "text/html")
    assert decoded.encoding == "tscii" and "\ufffd" not in decoded.text
    assert tamil.reads_as_tamil(decoded.text)


@pytest.mark.real
@needs_real
def test_no_real_page_in_utf8_is_taken_for_another():
    checked = 0
    for path in sorted(REAL.rglob("*")):
        if path.suffix not in (".html", ".md", ".txt") or "legacy_encodings" in path.parts:
            continue
        if "tscii" in path.parts:
            continue
        decoded = decode_html(path.read_bytes(), "text/html")[0]
        assert decoded.encoding == "utf-8" and "unread" not in decoded.evidence, path
        checked += 1
    assert checked > 2000
