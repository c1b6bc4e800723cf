"""Text, Markdown, books, wiki dumps; wrong kinds, kills, and memory of what is known."""

import bz2
import gzip
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections import Counter

import duckdb
import pytest
from conftest import REAL, ROOT, run_aadhan

from ingest.errors import SourceError
from ingest.importers import import_path
from ingest.importers.known import Known
from ingest.importers.mediawiki import article_addresses
from ingest.page import canonical_url


def run(kind, path, lake, **more):
    return import_path(kind, path, lake, source="mine", **more)


def rows(lake, columns):
    pages = f"read_parquet('{lake}/raw/*/*/*.parquet')"
    return duckdb.sql(f"select {columns} from {pages} order by all").fetchall()


def test_text_files_land_as_bytes_without_a_charset(tmp_path):
    folder = tmp_path / "texts"
    (folder / "a").mkdir(parents=True)
    tscii = bytes([0xAA, 0xA2, 0xB0, 0xEC])
    (folder / "a" / "old.txt").write_bytes(tscii)
    (folder / "new.TXT").write_text("புதிய உரை", encoding="utf-8")
    (folder / "none.txt").write_bytes(b"")
    assert run("text", folder, tmp_path / "lake") == {"landed": 2, "empty files": 1}
    assert rows(tmp_path / "lake", "url, content_type, body")[0] == (
        "mine:a/old.txt",
        "text/plain",
        tscii,
    )


def test_per_line_takes_lines_or_what_stands_between_blank_lines(tmp_path):
    lines = tmp_path / "a.txt"
    lines.write_text("முதல்\nஇரண்டாவது\nமுதல்", encoding="utf-8")
    assert run("text", lines, tmp_path / "lake", per_line=True) == {"landed": 2, "known": 1}
    blank = tmp_path / "b.txt"
    blank.write_text("\n\nஒன்று\nஇரண்டு\n\r\n\nமூன்று\n", encoding="utf-8")
    assert run("text", blank, tmp_path / "lake2", per_line=True) == {"landed": 2}
    found = rows(tmp_path / "lake2", "decode(body), record::json ->> 'line'")
    assert found == [("ஒன்று\nஇரண்டு", "3"), ("மூன்று", "7")]


def test_per_line_counts_what_is_too_large(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"a" * 990 + b"\n" + b"b" * 3_000 + b"\nc\n")
    counts = run("text", tmp_path / "a.txt", tmp_path / "lake", per_line=True, max_record_bytes=999)
    assert counts == {"landed": 2, "too large": 1}
    (tmp_path / "u.txt").write_bytes("உரை\n".encode("utf-16"))
    with pytest.raises(SourceError, match="is UTF-16"):
        run("text", tmp_path / "u.txt", tmp_path / "lake", per_line=True)


def test_a_file_that_is_too_large_is_told_with_the_way_out(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"x" * 100)
    notes = []
    with pytest.raises(SourceError, match="1 too large"):
        run("text", tmp_path / "a.txt", tmp_path / "lake", max_record_bytes=9, on_note=notes.append)
    assert any("--per-line" in note for note in notes)


BOMB = "---\na: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n---\nஉரை\n"


@pytest.mark.parametrize(
    ("text", "record", "broken"),
    [
        ("---\ntitle: தலைப்பு\ndate: 2020-05-01\ntags: [a, b]\n---\nஉரை", ["2020-05-01"], 0),
        ('+++\ntitle = "தலைப்பு"\ndate = 2020-05-01T10:00:00Z\n+++\nஉரை', ["2020-05-01T10"], 0),
        ("\ufeff---\r\ntitle: தலைப்பு\r\n---\r\nஉரை", ["2009-01-02"], 0),
        ("# உரை\n\n---\n\nமேலும்", ["2009-01-02"], 0),
        ("---\ntitle: [unclosed\n---\nஉரை", ["2009-01-02"], 1),
        ("---\ndate: 2020-02-31\n---\nஉரை", ["2009-01-02"], 1),
        ("+++\ntitle = \n+++\nஉரை", ["2009-01-02"], 1),
        ("---\n- a\n- b\n---\nஉரை", ["2009-01-02"], 1),
        (BOMB, ["2009-01-02"], 1),
    ],
)
def test_markdown_lands_as_it_is_with_the_fields_of_its_front_matter(
    tmp_path, text, record, broken
):
    path = tmp_path / "2009-01-02-title.md"
    path.write_bytes(text.encode())
    counts = run("markdown", path, tmp_path / "lake")
    assert counts == {"landed": 1} | ({"broken front matter": 1} if broken else {})
    ((body, kind, fields),) = rows(tmp_path / "lake", "body, content_type, record")
    assert body == text.encode() and kind == "text/markdown"
    assert json.loads(fields)["date"].startswith(record[0])
    assert ("தலைப்பு" in fields) == ("தலைப்பு" in text)


CONTAINER = '<container><rootfiles><rootfile full-path="c.opf"/></rootfiles></container>'
OPF = """<package xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata>
<dc:title>பொன்னியின் செல்வன்</dc:title><dc:creator>கல்கி</dc:creator><dc:language>ta</dc:language>
<dc:date>1955-01-01</dc:date></metadata></package>"""


def epub(path, opf=OPF, **more):
    with zipfile.ZipFile(path, "w") as book:
        book.writestr("mimetype", "application/epub+zip")
        book.writestr("META-INF/container.xml", CONTAINER)
        if opf:
            book.writestr("c.opf", opf)
        for name, data in more.items():
            book.writestr(f"META-INF/{name}.xml", data)
    return path


def encrypted(algorithm):
    return f'<encryption><EncryptionMethod Algorithm="{algorithm}"/></encryption>'


def test_books_land_whole_with_their_metadata(tmp_path):
    folder = tmp_path / "books"
    folder.mkdir()
    epub(folder / "a.epub")
    epub(folder / "fonts.epub", encryption=encrypted("http://www.idpf.org/2008/embedding"))
    epub(folder / "bare.epub", opf=None)
    epub(folder / "bomb.epub", opf='<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>')
    epub(folder / "drm.epub", encryption=encrypted("http://www.w3.org/2001/04/xmlenc#aes128-cbc"))
    epub(folder / "adept.epub", rights="<rights/>")
    (folder / "no.epub").write_bytes(b"no zip")
    with zipfile.ZipFile(folder / "zip.epub", "w") as other:
        other.writestr("a.txt", "a")
    notes = []
    counts = run("epub", folder, tmp_path / "lake", on_note=notes.append)
    assert counts == {"landed": 4, "copy-protected": 2, "not an EPUB": 2}
    found = dict(rows(tmp_path / "lake", "url, record"))
    assert json.loads(found["mine:a.epub"]) == {
        "title": "பொன்னியின் செல்வன்",
        "author": "கல்கி",
        "language": "ta",
        "published_at": "1955-01-01",
    }
    assert found["mine:bomb.epub"] is None and found["mine:bare.epub"] is None
    assert len(notes) == 4 and any("drm.epub is copy-protected" in note for note in notes)


def test_a_pdf_lands_whole_and_what_is_none_is_counted(tmp_path):
    folder = tmp_path / "pdf"
    folder.mkdir()
    (folder / "a.pdf").write_bytes(b"%PDF-1.4\n...\n%%EOF\n")
    (folder / "b.pdf").write_bytes(b"<html>404</html>")
    (folder / "c.pdf").write_bytes(b"%PDF-1.4\n...")
    counts = run("pdf", folder, tmp_path / "lake")
    assert counts == {"landed": 2, "not a PDF": 1, "PDFs without their end": 1}
    assert rows(tmp_path / "lake", "distinct content_type") == [("application/pdf",)]


def wiki_page(title, text="உரை", ns=0, more="", stamp="2020-01-01T00:00:00Z", revision=5):
    return (
        f"<page><title>{title}</title><ns>{ns}</ns><id>7</id>{more}<revision><id>{revision}</id>"
        f"<timestamp>{stamp}</timestamp><contributor><username>ஒருவர்</username><id>9</id>"
        f"</contributor><model>wikitext</model><text xml:space='preserve'>{text}</text>"
        "</revision></page>"
    )


def wiki(*pages, base="https://ta.wikipedia.org/wiki/%E0%AE%AE%E0%AF%81"):
    head = "<mediawiki xmlns='http://www.mediawiki.org/xml/export-0.11/'><siteinfo>"
    return f"{head}<base>{base}</base></siteinfo>{''.join(pages)}</mediawiki>".encode()


@pytest.mark.parametrize(
    ("name", "pack"), [("a.xml", bytes), ("a.xml.bz2", bz2.compress), ("a.xml.gz", gzip.compress)]
)
def test_articles_of_a_wiki_dump_land_as_wikitext(tmp_path, name, pack):
    data = wiki(
        wiki_page("தமிழ் நாடு", "'''தமிழ்''' &lt;ref&gt; &amp;"),
        wiki_page("C++ என்ன?", stamp="2021-01-01T00:00:00Z"),
        wiki_page("பேச்சு:அ", ns=1),
        wiki_page("வழி", "#வழிமாற்று [[அ]]"),
        wiki_page("வழி 2", "", more="<redirect title='அ'/>"),
        wiki_page("வெறுமை", ""),
    )
    (tmp_path / name).write_bytes(pack(data))
    counts = run("mediawiki", tmp_path / name, tmp_path / "lake")
    assert counts == {
        "landed": 2,
        "redirects": 2,
        "pages of other namespaces": 1,
        "pages without text": 1,
    }
    columns = "url, decode(body), content_type, category, fetched_at::varchar, record"
    cpp, nadu = rows(tmp_path / "lake", columns)
    assert nadu[:4] == (
        "https://ta.wikipedia.org/wiki/தமிழ்_நாடு",
        "'''தமிழ்''' <ref> &",
        "text/x-wiki",
        "encyclopedia",
    )
    assert json.loads(nadu[5]) == {
        "title": "தமிழ் நாடு",
        "pageid": "7",
        "revid": "5",
        "published_at": "2020-01-01T00:00:00Z",
    }
    assert cpp[0].endswith("/wiki/C%2B%2B_என்ன%3F") and cpp[4].startswith("2021")
    assert run("mediawiki", tmp_path / name, tmp_path / "lake")["known"] == 2


def test_an_article_is_known_as_a_crawl_knows_it():
    address = article_addresses("https://ta.wikipedia.org/wiki/%E0%AE%AE")("தமிழ் நாடு (a/b)")
    asked = "https://ta.wikipedia.org/wiki/%E0%AE%A4%E0%AE%AE%E0%AE%BF%E0%AE%B4%E0%AF%8D_"
    asked += "%E0%AE%A8%E0%AE%BE%E0%AE%9F%E0%AF%81_(a/b)"
    assert canonical_url(address) == canonical_url(asked)
    assert article_addresses("http://w.org/index.php?title=Main")("A b").endswith("title=A_b")
    assert article_addresses("http://w.org/w/index.php/Main")("A") == "http://w.org/w/index.php/A"


def test_the_newest_revision_of_a_page_lands(tmp_path):
    page = wiki_page("அ", "பழைய", stamp="2019-01-01T00:00:00Z")
    newer = wiki_page("அ", "புதிய")[wiki_page("அ", "புதிய").index("<revision>") :]
    (tmp_path / "a.xml").write_bytes(wiki(page.replace("</page>", newer)))
    counts = run("mediawiki", tmp_path / "a.xml", tmp_path / "lake")
    assert counts == {"landed": 1, "older revisions": 1}
    assert rows(tmp_path / "lake", "decode(body)") == [("புதிய",)]


@pytest.mark.parametrize("pack", [bytes, bz2.compress, gzip.compress])
def test_of_a_cut_dump_all_whole_pages_land(tmp_path, pack):
    text = "".join(chr(0x0B95 + n * n % 30) for n in range(3_000))
    data = pack(wiki(*(wiki_page(f"அ {n}", f"{text[n:]}{n}") for n in range(400))))
    name = {b"B": "a.xml.bz2", b"\x1f": "a.xml.gz"}.get(data[:1], "a.xml")
    (tmp_path / name).write_bytes(data[: len(data) * 2 // 3])
    counts = Counter()
    with pytest.raises(SourceError, match="is cut or"):
        run("mediawiki", tmp_path / name, tmp_path / "lake", counts=counts)
    if name != "a.xml.bz2":  # bzip2 has blocks of 900 kB: one, here, and it is cut
        assert 100 < counts["landed"] < 400


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"<!DOCTYPE m [<!ENTITY a 'b'>]><mediawiki>&a;</mediawiki>", "document type declaration"),
        (b"<?xml version='1.0'?><rss></rss>", "begins with <rss>"),
        (b"<mediawiki><page><title>a</title></mediawiki>", "mismatched tag"),
        (b"", "is cut or broken"),
        (wiki(base=""), "it is empty"),
    ],
)
def test_what_is_no_dump_is_refused(tmp_path, data, says):
    (tmp_path / "a.xml").write_bytes(data)
    with pytest.raises(SourceError, match=says):
        run("mediawiki", tmp_path / "a.xml", tmp_path / "lake")


def test_a_page_that_is_too_large_is_counted(tmp_path):
    data = wiki(wiki_page("அ", "x" * 5_000), wiki_page("ஆ"))
    (tmp_path / "a.xml").write_bytes(data)
    counts = run("mediawiki", tmp_path / "a.xml", tmp_path / "lake", max_record_bytes=4_000)
    assert counts == {"landed": 1, "too large": 1}


@pytest.mark.parametrize(
    ("kind", "name", "data", "says"),
    [
        ("jsonl", "a.parquet", b"PAR1....", "run aadhan import parquet"),
        ("parquet", "a.jsonl", b'{"text": "a"}', "run aadhan import jsonl"),
        ("jsonl", "a.txt", b"hello", "run aadhan import text"),
        ("text", "a.pdf", b"%PDF-1.4", "run aadhan import pdf"),
        (
            "pdf",
            "a.epub",
            b"PK\x03\x04" + b"." * 26 + b"mimetypeapplication/epub+zip",
            "import epub",
        ),
        ("html", "a.xml", b"<?xml version='1.0'?>\n<mediawiki>", "run aadhan import mediawiki"),
        ("markdown", "a.warc.gz", gzip.compress(b"WARC/1.0\r\n"), "run aadhan import warc"),
        ("mediawiki", "a.html", b"<!DOCTYPE html><p>", "run aadhan import html"),
    ],
)
def test_a_wrong_kind_is_told_which_one_fits(tmp_path, kind, name, data, says):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(SourceError, match=says):
        run(kind, tmp_path / name, tmp_path / "lake")
    with pytest.raises(SourceError, match=says):
        run(kind, tmp_path, tmp_path / "lake")


def test_a_folder_of_packed_files_says_to_unpack_them(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jsonl.zst").write_bytes(b"x")
    with pytest.raises(SourceError, match=r"unpack a\.jsonl\.zst"):
        run("jsonl", tmp_path / "in", tmp_path / "lake")


def test_known_pages_survive_folding(monkeypatch):
    monkeypatch.setattr("ingest.importers.known.FOLD_ENTRIES", 10)
    known, plain = Known(), {}
    for number in range(500):
        key, value = hash(str(number % 83)), number
        assert known.get(key) == plain.get(key)
        known.set(key, value)
        plain[key] = value
    assert all(known.get(key) == value for key, value in plain.items())
    assert known.get(hash("never")) is None


def test_known_is_the_newest_landed_version(tmp_path):
    path = tmp_path / "a.jsonl"
    for text in ("முதல்", "இரண்டாவது"):
        path.write_text(json.dumps({"id": 1, "text": text}))
        run("jsonl", path, tmp_path / "lake")
    assert run("jsonl", path, tmp_path / "lake") == {"known": 1}


@pytest.mark.slow
def test_kill_9_and_the_same_command_again_lands_every_record_once(tmp_path):
    records = 12_000
    with open(tmp_path / "a.jsonl", "w") as file:
        for number in range(records):
            file.write(json.dumps({"id": number, "text": f"உரை {number} " * 40}) + "\n")
    command = [sys.executable, "-m", "aadhan", "import", "jsonl", "a.jsonl", "--source", "mine"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for wanted in (1, 3):
        process = subprocess.Popen(command, cwd=tmp_path, env=environment)
        while process.poll() is None and len(list(tmp_path.rglob("*.parquet"))) < wanted:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert run_aadhan(*command[3:], cwd=tmp_path).returncode == 0
    found = rows(tmp_path / "data", "count(*), count(distinct page_id)")
    assert found == [(records, records)]
    done = run_aadhan(*command[3:], "--format", "json", cwd=tmp_path)
    assert json.loads(done.stdout) == [{"outcome": "known", "count": records}]


def test_counts_are_told_even_where_the_import_ends_in_an_error(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jsonl").write_text('{"text": "a"}\n')
    (tmp_path / "in" / "b.jsonl.gz").write_bytes(gzip.compress(b'{"text": "b"}\n' * 99)[:-9])
    done = run_aadhan("import", "jsonl", "in", "--source", "mine", "--format", "json", cwd=tmp_path)
    assert done.returncode == 1 and "b.jsonl.gz is cut or damaged" in done.stderr
    counts = {row["outcome"]: row["count"] for row in json.loads(done.stdout)}
    assert counts["landed"] >= 1


REAL_FOLDERS = {
    "premkumar_blog/tamil": ("markdown", {"landed": 89}),
    "storyweaver": ("markdown", {}),
    "tldr_pages": ("markdown", {"landed": 1317}),
    "udhr": ("html", {"landed": 11}),
    "legacy_encodings": ("text", {"landed": 69, "empty files": 4}),
    "project_madurai_site": ("pdf", {"landed": 45}),
}


@pytest.mark.real
@pytest.mark.skipif(not REAL.exists(), reason="no real material beside the checkout")
@pytest.mark.parametrize("name", REAL_FOLDERS)
def test_real_folders_land(tmp_path, name):
    kind, expected = REAL_FOLDERS[name]
    counts = run(kind, REAL / name, tmp_path / "lake")
    assert set(counts) <= {"landed", "empty files", "known"} and counts["landed"] > 10
    assert counts == expected or not expected
