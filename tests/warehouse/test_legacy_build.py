"""Legacy encodings and PDFs through a whole build: kept, flagged, or refused with a reason."""

from datetime import UTC, datetime

from glyphs import to_glyphs
from pdfs import pdf, show, simple_font, text_pdf

from ingest.landing import Lander
from ingest.page import Page
from warehouse import charts
from warehouse.build import build
from warehouse.query import run_query


def wrap(text, width=60):
    lines, line = [], ""
    for word in text.split():
        if len(line) + len(word) > width:
            lines.append(line)
            line = ""
        line += f" {word}" if line else word
    return [*lines, line]


def in_font(lines, encoding):
    return [charts.to_bytes(to_glyphs(line, encoding)) for line in lines]


def make_pages(texts):
    lines = [line for text in texts[3:] for line in wrap(text)]
    pages = [lines[i : i + 8] for i in range(0, len(lines), 8)]
    content = [
        show([b"Running head"], top=770)
        + b"\n"
        + show(in_font(page, "tscii"), top=700)
        + b"\n"
        + show([b"%d" % number], x=300, top=20)
        for number, page in enumerate(pages, start=1)
    ]
    glyphs = to_glyphs(texts[1], "bamini").replace("&", "&amp;").replace("<", "&lt;")
    return {
        "book.pdf": pdf(content, [simple_font("TSCMylai").encode()], fonts="/F1 3 0 R"),
        "bamini.html": f"<html><body><font face=Bamini>{glyphs}</font></body></html>".encode(),
        "tscii.html": b"<html><body>" + in_font([texts[2]], "tscii")[0] + b"</body></html>",
        "english.html": b"<html><body style='font-family: Bamini'>" + b"English text " * 40,
        "scan.pdf": pdf([b""]),
        "odd.pdf": text_pdf([[bytes(range(0xC0, 0xFF))] * 9], "InaiKathir"),
    }


def test_old_encodings_and_pdfs_are_kept_flagged_or_refused(demo_texts, recipe, tmp_path):
    texts = ["".join(c for c in text if "\u0b82" <= c <= "\u0bcd" or c in " .")
             for text in sorted(demo_texts.values(), key=len)[-6:]]  # fmt: skip
    lander = Lander(tmp_path / "lake" / "raw" / "source=test" / "run=1")
    for name, body in make_pages(texts).items():
        lander.add(
            Page(
                url=f"http://site/{name}",
                source="test",
                category="literature",
                run_id="1",
                fetched_at=datetime(2026, 1, 1, tzinfo=UTC),
                content_type="text/html",
                body=body,
            )
        )
    lander.flush()
    snapshot = build(tmp_path / "lake", recipe(), gate=None)

    def ask(query):
        return dict(run_query(snapshot, query)[1])

    name = "regexp_extract(url, '[a-z.]+$')"
    encodings = ask(f"select {name}, encoding from documents")
    assert encodings == {
        "book.pdf": "tscii",
        "bamini.html": "bamini",
        "tscii.html": "tscii",
        "english.html": "utf-8",
        "scan.pdf": None,
        "odd.pdf": None,
    }
    rules = ask(
        f"select {name}, string_agg(rule, ' ' order by rule) from verdicts join documents "
        "using (doc_id) where stage = 'decode' group by 1"
    )
    assert rules == {
        "book.pdf": "legacy_encoding",
        "bamini.html": "legacy_encoding",
        "tscii.html": "legacy_encoding",
        "english.html": "font_encoding_unread",
        "scan.pdf": "unsupported_content",
        "odd.pdf": "unsupported_content",
    }
    documents = ask(f"select {name}, text from documents")
    assert documents["bamini.html"].split() == texts[1].split()
    assert documents["tscii.html"].split() == texts[2].split()
    assert documents["book.pdf"].split() == " ".join(texts[3:]).split()
    assert set(ask("select url, text from corpus")) == {
        f"http://site/{kept}" for kept in ("book.pdf", "bamini.html", "tscii.html")
    }
