"""EPUB to blocks: chapters in reading order; what cannot be read says why."""

import io
import json
import time
import zipfile

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse import epub
from warehouse.blocks import page_blocks

CONTAINER = """<?xml version="1.0"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles><rootfile full-path="OEBPS/content.opf" media-type="application/oebps-package+xml"/>
</rootfiles></container>"""
PACKAGE = """<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:title>மழைக் காலம்</dc:title><dc:creator>வளவன்</dc:creator><dc:creator>மாறன்</dc:creator>
<dc:date>2019-08-07T00:00:00Z</dc:date></metadata>
<manifest>{items}</manifest><spine>{spine}</spine>
<guide><reference type="cover" href="text/muhappu.xhtml"/></guide></package>"""
XHTML = (
    '<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml">'
    "<head><title/><style/></head><body>{}</body></html>"
)
CHAPTERS = {
    "text/muhappu.xhtml": "<h1>அட்டை</h1>",
    "text/toc.xhtml": "<ol><li><a href='one.xhtml'>ஒன்று</a></li></ol>",
    "text/இரண்டு.xhtml": "<h2>இரண்டு</h2><p><a id='x'/>நிலவு<br/>வந்தது</p>",
    "text/one.xhtml": "<h2>ஒன்று</h2><p>மழை <i>பெய்தது</i>.</p><aside>குறிப்பு</aside>",
}
ORDER = ["text/muhappu.xhtml", "text/toc.xhtml", "text/one.xhtml", "text/இரண்டு.xhtml"]


def package(names=ORDER):
    items = "".join(
        f'<item id="i{i}" href="{name}" media-type="application/xhtml+xml"/>'
        for i, name in enumerate(names)
    )
    spine = "".join(f'<itemref idref="i{i}"/>' for i in range(len(names)))
    return PACKAGE.format(items=items, spine=spine)


def packed(files=(), without=(), opf=None, compression=zipfile.ZIP_DEFLATED):
    """The bytes of an EPUB; `files` are added or put in place of its own."""
    parts = {"mimetype": "application/epub+zip", "META-INF/container.xml": CONTAINER}
    parts["OEBPS/content.opf"] = opf or package()
    parts |= {f"OEBPS/{name}": XHTML.format(text) for name, text in CHAPTERS.items()}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, content in (parts | dict(files)).items():
            if name not in without:
                stored = zipfile.ZIP_STORED if name == "mimetype" else compression
                archive.writestr(name, content, stored)
    return out.getvalue()


def read(body, content_type="application/epub+zip", **page):
    row = {"page_id": "p", "content_type": content_type, "body": body} | page
    return page_blocks(pa.RecordBatch.from_pylist([row])).to_pylist()[0]


def test_a_book_is_read_in_the_order_of_its_spine():
    row = read(packed())
    assert [(b["ordinal"], b["text"], b["path"], b["is_heading"]) for b in row["blocks"]] == [
        (0, "அட்டை", "epub>nav>h1", True),
        (1, "ஒன்று", "epub>nav>ol>li", False),
        (2, "ஒன்று", "epub>h2", True),
        (3, "மழை பெய்தது.", "epub>p", False),
        (4, "குறிப்பு", "epub>aside", False),
        (5, "இரண்டு", "epub>h2", True),
        (6, "நிலவு\nவந்தது", "epub>p", False),
    ]
    assert (row["title"], row["author"], row["published_at"]) == (
        "மழைக் காலம்",
        "வளவன், மாறன்",
        "2019-08-07",
    )
    assert (row["extractor"], row["encoding"], row["is_truncated"]) == ("epub", "utf-8", False)


def test_a_catalogue_goes_before_the_book():
    row = read(packed(), record=json.dumps({"title": "பட்டியலில் உள்ள பெயர்"}))
    assert (row["title"], row["author"]) == ("பட்டியலில் உள்ள பெயர்", "வளவன், மாறன்")


def test_an_epub_is_known_by_its_container_too():
    assert read(packed(without=["mimetype"]), "text/html")["extractor"] == "epub"


def encryption(uri):
    return (
        '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container" '
        'xmlns:enc="http://www.w3.org/2001/04/xmlenc#"><enc:EncryptedData><enc:CipherData>'
        f'<enc:CipherReference URI="{uri}"/></enc:CipherData></enc:EncryptedData></encryption>'
    )


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (packed(without=["META-INF/container.xml"]), "no EPUB"),
        (packed(without=["OEBPS/content.opf"]), "without its package document"),
        (packed(opf="<package/>"), "lists no chapters"),
        (packed(opf="not xml"), "damaged EPUB"),
        (packed([("META-INF/container.xml", "")]), "damaged EPUB"),
        (packed(without=[f"OEBPS/{name}" for name in ORDER]), "none of whose chapters"),
        (packed([("META-INF/encryption.xml", encryption("OEBPS/text/one.xhtml"))]), "under DRM"),
        (packed([("OEBPS/a.bin", b"\0" * (5 << 20))]), "zip bomb"),
        (packed()[:700], "damaged EPUB"),
        (b"PK\x03\x04", "damaged EPUB"),
    ],
)
def test_what_cannot_be_read_says_why(body, reason):
    row = read(body)
    assert reason in row["unread_reason"]
    assert row["encoding"] is None and row["blocks"] == []


def test_scrambled_fonts_are_no_drm():
    row = read(packed([("META-INF/encryption.xml", encryption("OEBPS/fonts/a.ttf"))]))
    assert row["unread_reason"] is None and len(row["blocks"]) == 7


def test_a_missing_or_damaged_chapter_is_flagged_and_the_rest_read():
    row = read(packed(without=["OEBPS/text/one.xhtml"]))
    assert row["is_truncated"] and row["blocks"][-1]["text"] == "நிலவு\nவந்தது"
    body = packed(compression=zipfile.ZIP_STORED)
    row = read(body.replace("மழை <i>".encode(), "மலை <i>".encode()))
    assert row["is_truncated"] and "மலை" not in str(row["blocks"])


def test_a_book_too_large_is_refused_before_it_is_inflated(monkeypatch):
    monkeypatch.setattr(epub, "MAX_BOOK_BYTES", 500)
    assert "MB of text" in read(packed())["unread_reason"]
    monkeypatch.setattr(epub, "MAX_ENTRIES", 3)
    assert "more than 3 files" in read(packed())["unread_reason"]


def test_a_chapter_that_stands_often_in_the_spine_is_read_once():
    started = time.process_time()
    row = read(packed(opf=package(ORDER + ["text/one.xhtml"] * 5000)))
    assert len(row["blocks"]) == 7
    assert time.process_time() - started < 20


def test_entities_of_the_package_are_not_followed(tmp_path):
    (tmp_path / "secret").write_text("ரகசியம்")
    lols = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 12))
    outside = f'<!ENTITY x SYSTEM "file://{tmp_path}/secret">'
    doctype = f'<!DOCTYPE package [{outside}<!ENTITY l0 "lol">{lols}]>'
    opf = package().replace("<package", f"{doctype}<package", 1)
    row = read(packed(opf=opf.replace("மழைக் காலம்", "மழை &x;&l11;")))
    assert "ரகசியம்" not in str(row) and "lol" not in str(row)


def test_self_closed_tags_of_xhtml_swallow_nothing():
    assert epub.as_html("<title/><a id='x'/><br/><img src='a'/>") == (
        "<title></title><a id='x'></a><br/><img src='a'/>"
    )


@given(st.binary(max_size=400))
def test_any_archive_is_survived(noise):
    read(b"PK\x03\x04" + noise)


@given(st.data())
def test_any_damage_is_survived(data):
    body = bytearray(packed())
    for _ in range(data.draw(st.integers(1, 8))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    read(bytes(body))
