"""Tamil text functions: idempotent, lossless for letters, alike in Python and SQL."""

import unicodedata

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from warehouse import tamil
from warehouse.models import SQL_FOLDER

TAMIL_CODEPOINTS = [chr(c) for c in range(0x0B80, 0x0C00) if unicodedata.category(chr(c)) != "Cn"]
ODD = list("\u200c\u200d\u200b\u00ad\ufeff\x00\x07 \t\n\r\u00a0\u2028abc.,-1\u0bcd\u0bb7\u0bd7")
texts = st.one_of(
    st.text(st.sampled_from(TAMIL_CODEPOINTS + ODD), max_size=40),
    st.text(max_size=40),
)


@pytest.fixture(scope="module")
def connection():
    with duckdb.connect() as connection:
        connection.execute((SQL_FOLDER / "queries" / "tamil_normalise.sql").read_text("utf-8"))
        yield connection


@pytest.mark.parametrize(
    ("broken", "right"),
    [
        ("கெ\u0bbe", "கொ"),
        ("அவா்கள்", "அவர்கள்"),
        ("பாா்வை", "பார்வை"),
        ("போா்", "போர்"),
        ("அதிா்ச்சி", "அதிர்ச்சி"),
        ("பாாி", "பாரி"),
        ("வாாது", "வராது"),
        ("கௌி", "கெளி"),
        ("க்\u200cஷ", "க்\u200cஷ"),
        ("க்\u200dஷ", "க்ஷ"),
        ("தமி\u200cழ்", "தமிழ்"),
        ("அம்\x00மா", "அம்மா"),
        ("அ\u00a0\u2003ஆ \r\n  இ\n\n\n\nஈ ", "அ ஆ\nஇ\n\nஈ"),
        ("௧௨௩ 123", "௧௨௩ 123"),
    ],
)
def test_repairs(connection, broken, right):
    assert tamil.normalise(broken).text == right
    assert connection.execute("select tamil_normalise(?)", [broken]).fetchone()[0] == right


def test_repairs_are_counted():
    assert tamil.normalise("அவா்கள் பாா்த்தாா்\x00கள்").repair_count == 4
    assert tamil.normalise("அவர்கள்  பார்த்தார்கள்").repair_count == 0


def test_every_r_typed_as_aa_comes_back(demo_texts):
    """ர் typed as ா் throughout, as on real pages: every word of the demo corpus is restored."""
    words = {word for text in demo_texts.values() for word in tamil.words(text) if "ர்" in word}
    assert len(words) > 500
    assert [w for w in words if tamil.normalise(w.replace("ர்", "ா்")).text != w] == []


@given(texts)
@settings(max_examples=400)
@example("ொ" * 5 + "ா" * 5)
@example("\u0bc6\u200d\u0bbe")
def test_normalise_is_idempotent(text):
    once = tamil.normalise(text).text
    again = tamil.normalise(once)
    assert again.text == once
    assert again.repair_count == 0


@given(texts)
@settings(max_examples=400)
def test_no_letter_is_lost(text):
    """Base letters survive; the sign rules only ever add the letters that signs stood for."""

    def letters(value):
        return [c for c in value if "\u0b85" <= c <= "\u0bb9"]

    before = letters(unicodedata.normalize("NFC", text))
    after = letters(tamil.normalise(text).text)
    position = iter(after)
    assert all(letter in position for letter in before)


@given(texts)
@settings(max_examples=400)
def test_sql_and_python_agree(text):
    if "\x00" in text:  # DuckDB's driver takes no NUL in a parameter
        text = text.replace("\x00", "")
    with duckdb.connect() as connection:
        connection.execute((SQL_FOLDER / "queries" / "tamil_normalise.sql").read_text("utf-8"))
        found = connection.execute("select tamil_normalise(?)", [text]).fetchone()[0]
    assert found == tamil.normalise(text).text


def to_visual(text):
    """Logical to visual order, as old converters leave it."""
    import re

    for joined, parts in (("ொ", "\u0bc6\u0bbe"), ("ோ", "\u0bc7\u0bbe"), ("ௌ", "\u0bc6\u0bd7")):
        text = text.replace(joined, parts)
    return re.sub("(க்ஷ|[க-ஹ])([\u0bc6-\u0bc8])", r"\2\1", text)


def test_visual_order_is_seen_and_undone(demo_texts):
    for text in demo_texts.values():
        visual = to_visual(text)
        assert not tamil.is_visual_order(text)
        assert tamil.is_visual_order(visual)
        assert tamil.to_logical_order(visual).text == text


def test_words_are_not_split_at_vowel_signs():
    assert tamil.words("தமிழ் வாழ்க, a1b!") == ["தமிழ்", "வாழ்க", "a", "b"]


def test_tamil_ratio():
    assert tamil.tamil_ratio("தமிழ்") == 1.0
    assert tamil.tamil_ratio("தமிழ் abcde ௧௨") == 0.5
    assert tamil.tamil_ratio("123") == 0.0
