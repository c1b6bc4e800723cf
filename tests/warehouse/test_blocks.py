"""Pages to blocks: text in order, verse lines kept, nothing thrown away."""

import subprocess
import sys

import pyarrow as pa
import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st

from warehouse.blocks import MAX_BLOCK_CODEPOINTS, READERS, page_blocks, split_block
from warehouse.cache import MODULES


def read(body, content_type="text/html"):
    batch = pa.RecordBatch.from_pylist(
        [{"page_id": "p", "content_type": content_type, "body": body}]
    )
    return page_blocks(batch).to_pylist()[0]


def texts(html):
    return [block["text"] for block in read(html.encode())["blocks"]]


def test_blocks_stand_in_document_order_with_their_path():
    html = (
        "<body><nav><a href=/>முகப்பு</a></nav><main class='a1 b'><h1>தலை</h1>உரை <b>தடி</b><p>பத்தி"
    )
    row = read(html.encode())
    assert [(b["ordinal"], b["text"], b["path"], b["is_heading"]) for b in row["blocks"]] == [
        (0, "முகப்பு", "body>nav", False),
        (1, "தலை", "body>main.a>h1", True),
        (2, "உரை தடி", "body>main.a", False),
        (3, "பத்தி", "body>main.a>p", False),
    ]
    assert row["blocks"][0]["link_codepoints"] == len("முகப்பு")


def test_verse_lines_stay_lines_and_source_lines_do_not():
    assert texts("<p>ஒன்று\n  இரண்டு<br>மூன்று<br/>\nநான்கு</p>") == ["ஒன்று இரண்டு\nமூன்று\nநான்கு"]
    assert texts("<pre>அ\n ஆ\n</pre>") == ["அ\nஆ"]


def test_scripts_and_styles_are_no_text():
    assert texts("<p>அ<script>x()</script><style>b{}</style>ஆ</p><template>t</template>") == ["அஆ"]


def test_deep_nesting_is_no_recursion():
    assert texts("<div>" * 3000 + "உள்ளே" + "</div>" * 3000)[0] == "உள்ளே"


def test_metadata():
    row = read(
        "<head><title> தலை  ப்பு </title><meta name=Author content='ஆசிரியர்'>"
        "<meta property='article:published_time' content='2026-03-04T10:00:00+05:30'>".encode()
    )
    assert (row["title"], row["author"], row["published_at"]) == (
        "தலை ப்பு",
        "ஆசிரியர்",
        "2026-03-04",
    )


@pytest.mark.parametrize(
    ("body", "is_truncated"),
    [
        ("<html><body><p>முழு</p></body></html>", False),
        ("<html><body><p>முழு</p>", False),
        ("<html><body><p>பாதி", True),
    ],
)
def test_a_page_that_ends_in_the_middle_is_told(body, is_truncated):
    assert read(body.encode())["is_truncated"] is is_truncated


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"%PDF-1.4 ...", "text/html"),
        (b"\x1f\x8b\x08", "text/html"),
        (b"a", "image/png"),
        (b"a", ""),
    ],
)
def test_what_is_no_text_has_no_encoding_and_no_blocks(body, content_type):
    row = read(body, content_type)
    assert row["encoding"] is None and row["blocks"] == []


def test_plain_text_is_cut_at_blank_lines():
    row = read("ஒன்று\nவரி\n\nஇரண்டு".encode(), "text/plain; charset=utf-8")
    assert [block["text"] for block in row["blocks"]] == ["ஒன்று\nவரி", "இரண்டு"]


@given(st.text(st.sampled_from("அஆ .\n"), max_size=400), st.integers(1, 40))
def test_long_blocks_are_cut_without_losing_a_letter(text, times):
    text = (text * times).strip()
    parts = split_block(text)
    assert "".join("".join(parts).split()) == "".join(text.split())
    for part in parts:
        assert len(part) <= MAX_BLOCK_CODEPOINTS or not set(part) & set(" \n")


@given(st.binary(max_size=300))
def test_any_bytes_are_survived(body):
    read(body)


def test_an_anchor_without_address_is_no_link():
    """Old pages leave <a name=top> open: the whole book would be link text."""
    row = read(("<a name=top><p>" + "பாடல் " * 50 + "<p><a href=/>மேலே</a>").encode())
    assert [block["link_codepoints"] for block in row["blocks"]] == [0, len("மேலே")]


def test_link_text_is_counted_as_it_reads_and_shared_among_parts():
    long = "சொல் " * 2000
    row = read(f"<div>{long}<a href=/>{'இணைப்பு ' * 100}</a></div>".encode())
    blocks = row["blocks"]
    assert len(blocks) > 2
    assert all(block["link_codepoints"] < 0.2 * len(block["text"]) for block in blocks)
    (block,) = read(f"<p>ஆறு சொற்கள் <a href=/>அ{' ' * 600}ஆ</a></p>".encode())["blocks"]
    assert block["link_codepoints"] == 3


@pytest.mark.parametrize("charset", ["hex", "base64", "undefined", "idna", "unicode_escape"])
def test_codecs_that_are_no_charsets_are_not_believed(charset):
    row = read(f"<meta charset={charset}><p>".encode() + b"caf\xe9 text")
    assert row["encoding"] == "utf-8-lossy"


def test_titles_lose_markup_and_line_breaks():
    row = read("<title>ஒன்று &lt;br&gt;\nஇரண்டு</title><p>x".encode())
    assert row["title"] == "ஒன்று இரண்டு"


def test_a_reader_is_loaded_when_its_format_comes_and_the_cache_knows_its_modules():
    code = (
        "import sys, pyarrow as pa, warehouse.pages\n"
        "from warehouse.blocks import page_blocks\n"
        "loaded = lambda: {name.split('.')[1] for name in sys.modules "
        "if name.startswith('warehouse.')}\n"
        "libraries = {'lxml', 'markdown_it', 'mwparserfromhell'}\n"
        "print(*libraries & sys.modules.keys(), sep=',')\n"
        f"for kind in {sorted(READERS)}:\n"
        "    row = {'page_id': 'p', 'content_type': kind, 'body': b'x'}\n"
        "    page_blocks(pa.RecordBatch.from_pylist([row]))\n"
        "print(*sorted(loaded()), sep=',')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["", ",".join(sorted(MODULES))]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_blank_lines_part_the_blocks_of_a_text(newline):
    body = newline.join(["ஒன்று", "", "இரண்டு", " ", "மூன்று"]).encode()
    batch = pa.RecordBatch.from_pylist(
        [{"page_id": "1", "content_type": "text/plain", "body": body, "record": None}]
    )
    (row,) = page_blocks(batch).to_pylist()
    assert [block["text"] for block in row["blocks"]] == ["ஒன்று", "இரண்டு", "மூன்று"]
