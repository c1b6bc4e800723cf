"""PDFs: Tamil by the fonts' encodings, and a reason in words where there is no text."""

import statistics
import zlib
from collections import Counter

import pyarrow as pa
import pytest
from conftest import REAL
from glyphs import to_glyphs
from hypothesis import given, settings
from hypothesis import strategies as st
from pdfs import add, pdf, show, simple_font, stream, text_pdf, unicode_font

from warehouse import charts, pdf_bounds, pdf_pages, tamil
from warehouse.blocks import page_blocks
from warehouse.pdf import read_pdf

VERSE = [
    "அகர முதல எழுத்தெல்லாம் ஆதி",
    "பகவன் முதற்றே உலகு",
    "கற்றதனால் ஆய பயனென்கொல் வாலறிவன்",
    "நற்றாள் தொழாஅர் எனின்",
]
GARBLED = "PDF whose fonts do not say which letters they hold"


def read(body, content_type="application/pdf", record=None):
    row = {"page_id": "p", "content_type": content_type, "body": body, "record": record}
    schema = pa.schema([(name, pa.binary() if name == "body" else pa.string()) for name in row])
    return page_blocks(pa.RecordBatch.from_pylist([row], schema=schema)).to_pylist()[0]


def texts(row, path="pdf>p"):
    return [block["text"] for block in row["blocks"] if block["path"] == path]


def in_font(lines, encoding):
    return [charts.to_bytes(to_glyphs(line, encoding)) for line in lines]


@pytest.mark.parametrize(
    ("font", "encoding"),
    [
        ("ABCDEF+TSCInaimathi", "tscii"),
        ("Inaimathitsc", "tscii"),
        ("NoSuchFont", "tscii"),
        ("TAB-Anna", "tab"),
        ("TAM-Maduram", "tam"),
        ("ABCDEF+Bamini", "bamini"),
    ],
)
def test_fonts_of_old_encodings_are_read_by_their_charts(font, encoding):
    row = read(text_pdf([in_font(VERSE, encoding)], font))
    assert texts(row) == ["\n".join(VERSE)]
    assert row["encoding"] == encoding and row["extractor"] == "pdf"
    assert not row["is_truncated"]


def test_a_pdf_served_as_html_is_a_pdf():
    row = read(text_pdf([in_font(VERSE, "tscii")], "TSCMylai"), "text/html; charset=utf-8")
    assert texts(row) == ["\n".join(VERSE)]


def test_english_and_tamil_fonts_on_one_page():
    objects = [simple_font("TAM-Maduram").encode(), simple_font("Helvetica").encode()]
    content = show(in_font(VERSE, "tam")) + b"\n" + show([b"The Tamil text"], top=500, font="F2")
    row = read(pdf([content], objects, fonts="/F1 3 0 R /F2 4 0 R"))
    assert texts(row) == ["\n".join(VERSE), "The Tamil text"]


def test_unicode_in_visual_order_is_put_right():
    visual = [line.replace("ெ", "") for line in VERSE] + ["ெகாண்டு ேபானாள் ெசான்னாள் ைகயில் ேவைல ெகாடு"]
    objects = []
    font, glyphs = unicode_font(objects, "".join(visual))
    number = add(objects, font)
    encoded = [b"".join(glyphs[c].to_bytes(2, "big") for c in line) for line in visual]
    row = read(pdf([show(encoded)], objects, fonts=f"/F1 {number} 0 R"))
    assert row["encoding"] == "unicode-visual" and row["repair_count"] == 7
    assert texts(row)[0].endswith("கொண்டு போனாள் சொன்னாள் கையில் வேலை கொடு")


def test_glyphs_without_letters_are_no_text():
    objects = []
    font, glyphs = unicode_font(objects, "".join(VERSE))
    number = add(objects, font.replace("/ToUnicode", "/NoUnicode"))
    encoded = [b"".join(glyphs[c].to_bytes(2, "big") for c in line) for line in VERSE]
    row = read(pdf([show(encoded)], objects, fonts=f"/F1 {number} 0 R"))
    assert row["unread_reason"] == GARBLED
    assert row["encoding"] is None and row["blocks"] == []


def test_a_table_to_the_wrong_letters_is_no_text():
    wrong = str.maketrans("கதபமரலவன்ிுா", "ாிு்கதபமரலவன")
    garbled = [line.translate(wrong) for line in VERSE * 3]
    objects = []
    font, glyphs = unicode_font(objects, "".join(garbled))
    number = add(objects, font)
    encoded = [b"".join(glyphs[c].to_bytes(2, "big") for c in line) for line in garbled]
    row = read(pdf([show(encoded)], objects, fonts=f"/F1 {number} 0 R"))
    assert row["unread_reason"] == GARBLED


def test_an_unknown_encoding_is_no_text():
    lines = [bytes(range(0xC0, 0xFF)), bytes(range(0xA1, 0xF0, 2))]
    assert read(text_pdf([lines], "InaiKathir"))["unread_reason"] == GARBLED


def test_scanned_pages_have_no_text():
    image = stream(b"\0" * 16, extra="/Type /XObject /Subtype /Image /Width 4 /Height 4"
                   " /BitsPerComponent 8 /ColorSpace /DeviceGray")  # fmt: skip
    row = read(pdf([b"q 600 0 0 700 0 0 cm /Im Do Q"] * 2, [image], xobjects="/Im 3 0 R"))
    assert row["unread_reason"] == "PDF without a text layer: scanned pages"


def test_empty_and_broken_pdfs_say_so():
    assert read(pdf([b""]))["unread_reason"] == "PDF without text: empty pages"
    assert read(pdf([]))["unread_reason"] == "PDF is damaged: no pages"
    assert read(b"%PDF-1.4 ...")["unread_reason"].startswith("PDF is damaged: ")
    locked = pdf([b""], trailer="/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <" + "00" * 32
                 + "> /U <" + "11" * 32 + "> >> /ID [<00> <00>]")  # fmt: skip
    assert read(locked)["unread_reason"] == "PDF is encrypted"


def test_a_pdf_cut_in_half_gives_what_it_has_or_is_damaged():
    whole = text_pdf([in_font(VERSE, "tscii")] * 8, "TSCMylai")
    row = read(whole[: len(whole) // 2])
    assert row["is_truncated"] or row["unread_reason"].startswith("PDF is damaged")


@pytest.mark.parametrize(
    ("body", "extra"),
    [
        (zlib.compress(b"0" * (pdf_bounds.MAX_UNPACKED + 1)), "/FlateDecode"),
        (zlib.compress(zlib.compress(b" " * 10**9, 9), 9), "[/FlateDecode /FlateDecode]"),
        (b"\x81 " * 2_000_000, "/RunLengthDecode"),
    ],
    ids=["deflate", "twice", "runs"],
)
def test_a_bomb_is_not_unpacked(body, extra):
    row = read(pdf([stream(body, extra)]))
    assert row["unread_reason"].startswith("PDF is too large to read: ")


def test_a_form_that_draws_itself_many_times_over_is_not_followed(monkeypatch):
    monkeypatch.setattr(pdf_pages, "MAX_FORMS", 500)
    objects, last = [simple_font("Helvetica").encode()], 3
    for depth in range(12):
        content = show([b"x"]) if depth == 0 else b"/X Do " * 10
        extra = "/Type /XObject /Subtype /Form /BBox [0 0 9 9]"
        extra += f" /Resources << /XObject << /X {last} 0 R >> >>"
        last = add(objects, stream(content, extra=extra))
    row = read(pdf([b"/X Do"], objects, xobjects=f"/X {last} 0 R"))
    assert row["unread_reason"].startswith("PDF is too large to read: ")


def test_a_table_of_a_billion_letters_is_not_made():
    cmap = b"begincmap 1 beginbfrange <00000000> <3fffffff> <0041> endbfrange endcmap"
    font = simple_font("Helvetica").replace(">>", "/ToUnicode 3 0 R >>")
    body = pdf([show([b"a"])], [stream(cmap), font.encode()], fonts="/F1 4 0 R")
    assert read(body)["unread_reason"].startswith("PDF is too large to read: ")


def test_deep_nesting_kills_nothing():
    body = pdf([b"[" * 50_000 + b"]" * 50_000 + b" TJ"], [b"[" * 50_000 + b"]" * 50_000])
    assert read(body)["unread_reason"]


def test_running_heads_and_page_numbers_are_furniture():
    objects, pages = [simple_font("TSCMylai").encode()], []
    for number in range(1, 7):
        lines = [to_glyphs("திருக்குறள் மூலமும் உரையும்", "tscii")]
        content = show([charts.to_bytes(line) for line in lines], top=760)
        words = " ".join(VERSE).split()
        verse = [
            " ".join(words[i % 13] for i in (line, number, line * number)) for line in range(8)
        ]
        content += b"\n" + show(in_font(verse, "tscii"), top=700)
        pages.append(content + b"\n" + show([f"- {number} -".encode()], x=300, top=30))
    row = read(pdf(pages, objects, fonts="/F1 3 0 R"))
    assert texts(row, "pdf>header") == ["திருக்குறள் மூலமும் உரையும்"] * 6
    assert texts(row, "pdf>footer") == [f"- {number} -" for number in range(1, 7)]
    assert [len(text.splitlines()) for text in texts(row)] == [8] * 6


def test_paragraphs_part_at_wide_spaces_and_large_type_is_a_heading():
    content = show([b"A heading"], top=740, size=20)
    content += b"\n" + show([b"one line", b"another line"], top=700)
    content += b"\n" + show([b"after a space", b"and its end"], top=640)
    row = read(pdf([content], [simple_font("Helvetica").encode()], fonts="/F1 3 0 R"))
    assert [(b["path"], b["text"], b["is_heading"]) for b in row["blocks"]] == [
        ("pdf>h", "A heading", True),
        ("pdf>p", "one line\nanother line", False),
        ("pdf>p", "after a space\nand its end", False),
    ]


def test_columns_are_read_one_after_the_other():
    left = show([b"left %d and more of it" % i for i in range(8)], x=72)
    right = show([b"right %d and more of it" % i for i in range(8)], x=330)
    row = read(pdf([left + b"\n" + right], [simple_font("Helvetica").encode()], fonts="/F1 3 0 R"))
    sides = [line.split()[0] for text in texts(row) for line in text.splitlines()]
    assert sides == ["left"] * 8 + ["right"] * 8


def test_a_word_broken_at_the_margin_is_made_whole():
    lines = [b"a long line with a hyphen-", b"ated word and well-", b"known"]
    assert texts(read(text_pdf([lines]))) == ["a long line with a hyphenated word and well-\nknown"]


def test_overprinted_bold_is_read_once():
    word = in_font(["தமிழ்"], "tscii")
    content = show(word) + b"\n" + show(word, x=72.4) + b"\n" + show(word, x=72.8)
    row = read(pdf([content], [simple_font("TSCMylai").encode()], fonts="/F1 3 0 R"))
    assert texts(row) == ["தமிழ்"]


@pytest.mark.parametrize(
    ("info", "title"),
    [
        ("/Title (A title) /Author (A. Person)", "A title"),
        ("/Title (Microsoft Word - book.doc) /Author (Compaq)", None),
        ("/Title (file://E:\\\\pm\\\\a.html) /Author ()", None),
        ("/Title (*)", None),
        ("/Title <feff0ba40bae0bbf0bb40bcd>", "தமிழ்"),
        ("/Title <be c1 a2 fa>", "தமிழ்"),
        ("/Title <e2f4c0c1e9>", None),
    ],
)
def test_the_title_of_the_file_where_it_is_plausible(info, title):
    row = read(text_pdf([in_font(VERSE, "tscii")], "TSCMylai", info=info))
    assert (row["title"], row["author"]) == (title, None)


def test_the_catalogue_goes_before_the_file():
    body = text_pdf([in_font(VERSE, "tscii")], "TSCMylai", info="/Title (A title) /Author (Me)")
    row = read(body, record='{"title": "திருக்குறள்", "author": "திருவள்ளுவர்"}')
    assert (row["title"], row["author"]) == ("திருக்குறள்", "திருவள்ளுவர்")


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_damaged_pdfs_are_survived(data):
    body = bytearray(text_pdf([in_font(VERSE, "tscii")] * 3, "TSCMylai"))
    for _ in range(data.draw(st.integers(1, 8))):
        place = data.draw(st.integers(0, len(body) - 1))
        body[place : place + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=6))
    found = read_pdf(bytes(body))
    assert (found.decoded is None) == bool(found.unread_reason)


PDFS = REAL / "project_madurai_site" / "pm_etexts"


def similarity(one, other, size=4):
    """Twice the common runs of four Tamil codepoints over all of them."""
    first, second = (
        Counter(letters[i : i + size] for i in range(len(letters) - size + 1))
        for letters in ("".join(tamil._TAMIL_LETTERS.findall(text)) for text in (one, other))
    )
    return 2 * (first & second).total() / max(first.total() + second.total(), 1)


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.skipif(not REAL.exists(), reason="the real material is not beside the checkout")
def test_books_in_tscii_fonts_are_those_of_the_web():
    found = {}
    for path in sorted((PDFS / "pdf").glob("*.pdf")):
        row = read(path.read_bytes())
        if row["unread_reason"]:
            found[path.stem] = row["unread_reason"]
            continue
        web = read((PDFS / "utf8" / f"pmuni{path.stem[2:]}.html").read_bytes(), "text/html")
        main = "\n".join(texts(row) + texts(row, "pdf>h"))
        if row["encoding"] == "tscii":
            found[path.stem] = similarity(main, "\n".join(b["text"] for b in web["blocks"]))
    unread = {stem for stem, value in found.items() if isinstance(value, str)}
    assert unread <= {"pm0050", "pm0103", "pm0186"}, "their fonts are in Murasu's own encoding"
    shares = [value for value in found.values() if not isinstance(value, str)]
    assert len(shares) >= 41 and statistics.median(shares) >= 0.99
