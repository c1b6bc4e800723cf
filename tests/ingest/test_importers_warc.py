"""Web archives: what lands, what is counted, and what becomes of broken ones."""

import base64
import gzip
import hashlib
import json
import zlib
from collections import Counter

import brotli
import duckdb
import pytest
from conftest import REAL

from ingest.errors import SourceError
from ingest.importers import import_path

PAGE = "<html><body><p>தமிழ் உரை</p></body></html>".encode()
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"


def digest(data):
    return "sha1:" + base64.b32encode(hashlib.sha1(data).digest()).decode()


def record(number=0, block=OK + PAGE, *, kind="response", length=None, date=None, more=()):
    date = date or f"2020-01-01T00:00:{number:02d}Z"
    headers = [
        ("WARC-Type", kind),
        ("WARC-Target-URI", f"https://x.example/{number}"),
        ("WARC-Date", date),
        ("Content-Type", "application/http; msgtype=response"),
        ("Content-Length", str(len(block) if length is None else length)),
    ]
    headers = dict(headers) | dict(more)
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return b"WARC/1.0\r\n" + head.encode() + b"\r\n" + block + b"\r\n\r\n"


def response(body, *headers, status="200 OK", content_type="text/html"):
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {content_type}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@pytest.fixture
def load(tmp_path):
    """Import bytes as a WARC file: counts, the error's text or "", and the notes."""

    def run(data, name="a.warc", kind="warc", **more):
        path = tmp_path / name
        path.write_bytes(data)
        counts, notes = Counter(), []
        try:
            import_path(
                kind,
                path,
                tmp_path / "lake",
                source="x",
                counts=counts,
                on_note=notes.append,
                **more,
            )
            return counts, "", notes
        except SourceError as error:
            return counts, str(error), notes

    return run


def rows(tmp_path, columns="url, fetch_status, body"):
    files = f"{tmp_path}/lake/raw/*/*/*.parquet"
    return duckdb.sql(
        f"select {columns} from read_parquet('{files}') order by fetched_at"
    ).fetchall()


def test_a_response_lands_as_if_it_had_been_crawled(load, tmp_path):
    block = response(
        PAGE, 'ETag: "7"', "X-Robots-Tag: noindex", "Last-Modified: Mon, 01 Jan 2018 00:00:00 GMT"
    )
    assert load(record(3, block))[0] == {"landed": 1}
    columns = "url, fetched_at::varchar, http_status, fetch_status, content_type, headers, body"
    (row,) = rows(tmp_path, columns + ", etag, last_modified")
    assert row[0] == "https://x.example/3" and row[1].startswith("2020-01-01 00:00:03")
    assert row[2:5] == (200, "ok", "text/html")
    assert json.loads(row[5])["X-Robots-Tag"] == "noindex"
    assert row[6] == PAGE and row[7] == '"7"' and row[8].endswith("GMT")


RESERVED = PAGE.replace(b"<body>", b"<head><meta name=Robots content=NoAI></head><body>")
LICENSED = PAGE.replace(
    b"</body>", b"<a rel=license href='https://creativecommons.org/licenses/by/4.0/'>x</a></body>"
)


@pytest.mark.parametrize(
    ("block", "why"),
    [
        (response(PAGE, "X-Robots-Tag: noai"), "x-robots-tag: noai"),
        (response(PAGE, "TDM-Reservation: 1"), "tdm-reservation: 1"),
        (response(RESERVED), "robots: noai"),
        (
            response(PAGE, "X-Robots-Tag: googlebot: noindex", "X-Robots-Tag: noai"),
            "x-robots-tag: noai",
        ),
        (response(RESERVED.decode().encode("utf-16")), "robots: noai"),
    ],
)
def test_what_its_host_reserves_lands_without_body(load, tmp_path, block, why):
    assert load(record(1, block))[0]["reserved by their host"] == 1
    assert load(record(1, block))[0]["known"] == 1
    assert rows(tmp_path, "fetch_status, fetch_detail, body") == [("refused", why, None)]


def test_the_licence_a_page_states_for_itself_is_kept(load, tmp_path):
    load(record(1, response(LICENSED)))
    assert rows(tmp_path, "fetch_status, licence") == [("ok", "CC-BY-4.0")]


def chunked(body, size=10):
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def deflated(body):
    raw = zlib.compressobj(wbits=-15)
    return raw.compress(body) + raw.flush()


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (["Transfer-Encoding: chunked"], chunked(PAGE)),
        (["Content-Encoding: gzip"], gzip.compress(PAGE)),
        (["Content-Encoding: deflate"], zlib.compress(PAGE)),
        (["Content-Encoding: deflate"], deflated(PAGE)),
        (["Content-Encoding: br"], brotli.compress(PAGE)),
        (["Transfer-Encoding: chunked", "Content-Encoding: gzip"], chunked(gzip.compress(PAGE))),
        # Archives that decoded the body and kept its headers.
        (["Transfer-Encoding: chunked"], PAGE),
        (["Content-Encoding: gzip"], PAGE),
        (["Content-Encoding: br"], PAGE),
    ],
)
def test_bodies_land_decoded_once(load, tmp_path, headers, body):
    assert load(record(0, response(body, *headers)))[0] == {"landed": 1}
    assert rows(tmp_path) == [("https://x.example/0", "ok", PAGE)]


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (["Transfer-Encoding: chunked"], chunked(PAGE)[:-20]),
        (["Content-Encoding: gzip"], gzip.compress(PAGE * 50)[:-9]),
        (["Content-Length: 4000"], PAGE),
    ],
)
def test_a_body_shorter_than_it_says_lands_as_truncated(load, tmp_path, headers, body):
    counts, error, _ = load(record(0, response(body, *headers)))
    assert (counts, error) == ({"landed": 1, "landed as truncated": 1}, "")
    ((_, status, landed),) = rows(tmp_path)
    assert status == "truncated" and landed.startswith(PAGE[:20])


def test_warc_truncated_is_truncated(load, tmp_path):
    load(record(0, more={"WARC-Truncated": "length"}.items()))
    assert rows(tmp_path, "fetch_status, fetch_detail") == [("truncated", "WARC-Truncated: length")]


def test_redirects_and_errors_keep_their_status(load, tmp_path):
    moved = response(b"", "Location: /b", status="301 Moved Permanently")
    data = record(0, moved) + record(1, response(b"no", status="404 Not Found"))
    counts, _, _ = load(data + record(2, response(b"", status="304 Not Modified")))
    assert counts["landed"] == 3
    assert rows(tmp_path, "fetch_status, http_status") == [
        ("redirect", 301),
        ("http_error", 404),
        ("http_error", 304),
    ]


def test_what_is_no_page_is_counted(load):
    data = record(0)
    for number, kind in enumerate(["request", "revisit", "metadata", "warcinfo", "conversion"]):
        data += record(number, b"x: y\r\n", kind=kind)
    data += record(6, response(b"\x89PNG\r\n", content_type="image/png"))
    data += record(7, response(b"\x89PNG\r\n", content_type="text/html"))
    data += record(8, response(b"a{}", content_type="text/css"))
    assert load(data)[0] == {
        "landed": 1,
        "media without text": 3,
        **{f"{kind} records": 1 for kind in ("request", "revisit", "metadata", "warcinfo")},
        "conversion records": 1,
    }


def test_resources_and_pdf_land(load, tmp_path):
    more = {"Content-Type": "text/plain"}.items()
    data = record(0, "வணக்கம்".encode(), kind="resource", more=more)
    data += record(1, response(b"%PDF-1.4 ...", content_type="application/pdf"))
    assert load(data)[0] == {"landed": 2}
    assert [row[0] for row in rows(tmp_path, "content_type")] == ["text/plain", "application/pdf"]


def test_captures_of_one_address_are_versions_in_their_own_order(load, tmp_path):
    where = {"WARC-Target-URI": "https://x.example/same"}.items()
    data = record(5, OK + b"<p>new", more=where) + record(1, OK + b"<p>old", more=where)
    assert load(data)[0] == {"landed": 2}
    assert [row[0] for row in rows(tmp_path, "body")] == [b"<p>old", b"<p>new"]
    assert len(set(rows(tmp_path, "canonical_url"))) == 1
    assert load(data)[0] == {"known": 2}


@pytest.mark.parametrize("spell", [digest, lambda d: "sha1:" + hashlib.sha1(d).hexdigest()])
@pytest.mark.parametrize("which", ["WARC-Block-Digest", "WARC-Payload-Digest"])
def test_a_wrong_digest_is_counted_and_told_and_lands(load, tmp_path, which, spell):
    block = OK + PAGE
    right = {"WARC-Block-Digest": spell(block), "WARC-Payload-Digest": spell(PAGE)}
    assert load(record(0, block, more=right.items()))[0] == {"landed": 1}
    wrong = right | {which: spell(b"something else")}
    counts, error, notes = load(record(1, block, more=wrong.items()))
    assert counts == {"landed": 1, "wrong digests": 1} and error == ""
    assert "at byte 0" in notes[0] and "does not match" in notes[0]


@pytest.mark.parametrize(
    "value", ["md5:" + hashlib.md5(PAGE).hexdigest(), "sha256:" + hashlib.sha256(PAGE).hexdigest()]
)
def test_digests_of_other_kinds_are_read(load, value):
    assert load(record(0, more={"WARC-Payload-Digest": value}.items()))[0] == {"landed": 1}


def test_a_payload_digest_may_be_of_the_decoded_body(load):
    block = response(chunked(PAGE), "Transfer-Encoding: chunked")
    for form in (PAGE, chunked(PAGE)):
        data = record(0, block, more={"WARC-Payload-Digest": digest(form)}.items())
        assert "wrong digests" not in load(data)[0]


def test_too_large_is_counted_and_does_not_land(load):
    data = record(0) + record(1, OK + b"a" * 5000) + record(2)
    bomb = record(3, response(gzip.compress(b"b" * 50_000), "Content-Encoding: gzip"))
    counts, error, notes = load(data + bomb, max_record_bytes=1000)
    assert counts == {"landed": 2, "too large": 2} and not error
    assert "larger than 1,000 bytes" in notes[0]


def member(*records):
    return b"".join(gzip.compress(one) for one in records)


R = [record(number) for number in range(5)]
GOOD = [f"https://x.example/{number}" for number in range(5)]
HALF = OK + b"<p>" + b"x" * 300


@pytest.mark.parametrize(
    ("data", "landed", "truncated", "says"),
    [
        (R[0] + R[1] + record(2, HALF)[:-200], [0, 1, 2], [2], "nothing after it is readable"),
        (R[0] + R[1] + R[2][:40], [0, 1], [], "a record without a length"),
        (member(R[0], R[1]) + member(R[2])[:-50], [0, 1, 2], [2], "it ends before"),
        (member(R[0], R[1]) + b"\0" * 20, [0, 1], [], "decompression"),
        (R[0] + b"junk\r\nmore junk\r\n" + R[1], [0, 1], [], "read on at byte"),
        (R[0] + record(1, length=60) + R[2], [0, 1, 2], [1], "read on at byte"),
        (R[0] + record(1, length=700) + R[2] + R[3], [0, 1, 2, 3], [1], "read on at byte"),
        (member(R[0], record(1, length=60), R[2]), [0, 1, 2], [1], "read on at byte"),
        (member(R[0], record(1, length=700), R[2], R[3]), [0, 1, 2, 3], [1], "read on"),
        (R[0] + record(1, length=10**15) + R[2], [0, 2], [], "it ends before its length"),
        (member(R[0], record(1, length=10**15), R[2]), [0, 2], [], "read on at byte"),
        (R[0] + record(1, length="many") + R[2], [0, 2], [], "without a length"),
    ],
)
def test_of_a_broken_file_lands_what_is_readable(load, tmp_path, data, landed, truncated, says):
    counts, error, _ = load(data, "a.warc")
    assert says in error and str(tmp_path / "a.warc") in error
    found = rows(tmp_path, "url, fetch_status")
    assert [url for url, _ in found] == [GOOD[number] for number in landed]
    assert [url for url, status in found if status == "truncated"] == [
        GOOD[number] for number in truncated
    ]
    assert load(data, "a.warc")[0]["known"] == counts["landed"]


def test_a_damaged_gzip_member_gives_what_it_still_holds(load, tmp_path):
    packed = [bytearray(gzip.compress(one)) for one in R[:3]]
    packed[1][-8:-4] = b"\0\0\0\0"  # its checksum
    counts, error, _ = load(b"".join(packed), "a.warc.gz")
    assert "read on at byte" in error and counts["landed as truncated"] == 1
    assert rows(tmp_path)[1] == (GOOD[1], "truncated", PAGE)


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("a.warc", b"", "is empty"),
        ("a.warc", b"hello\n" * 9, "is no WARC file"),
        ("a.warc.gz", gzip.compress(b"hello\n"), "is no WARC file"),
        ("a.arc", b"filedesc://x.arc 1.2.3.4 20200101000000 text/plain 7\n", "warcio recompress"),
        ("a.warc", b"PAR1" + b"x" * 40, "run aadhan import parquet"),
        ("a.warc", record(0, b"x", kind="request"), "1 request records"),
    ],
)
def test_what_is_no_web_archive_is_refused_with_its_reason(load, name, data, says):
    assert says in load(data, name)[1]


def test_one_broken_file_does_not_stop_the_others(load, tmp_path):
    folder = tmp_path / "many"
    folder.mkdir()
    for name, data in (("a.warc", b"no"), ("b.warc", R[0]), ("c.arc", b"filedesc://c")):
        (folder / name).write_bytes(data)
    counts = Counter()
    with pytest.raises(SourceError, match=r"2 places of 3 files .*a\.warc is no WARC.*c\.arc is"):
        import_path("warc", folder, tmp_path / "lake", source="x", counts=counts)
    assert counts == {"landed": 1}


def test_records_without_date_or_address_or_http(load, tmp_path):
    data = record(0, date="yesterday")
    data += record(1, response(PAGE, "Date: Wed, 01 Jan 2020 10:00:00 GMT"), date="?")
    data += record(2, more={"WARC-Target-URI": ""}.items()) + record(3, b"not http at all")
    counts, error, notes = load(data)
    assert counts == {
        "landed": 2,
        "records without a date": 2,
        "records without an address": 1,
        "responses that are no HTTP": 1,
    }
    assert [row[0][:13] for row in rows(tmp_path, "fetched_at::varchar")] == [
        "1970-01-01 00",
        "2020-01-01 10",
    ]
    assert not error and "does not begin like HTTP" in notes[0]


def test_lines_that_end_in_lf_only_are_read(load):
    data = record(0, b"x" * 10, kind="resource").replace(b"\r\n", b"\n")
    assert load(data + data.replace(b"/0", b"/1"))[0]["landed"] == 2


def test_wet_texts_land_with_the_address_and_time_of_their_capture(load, tmp_path):
    more = {"Content-Type": "text/plain"}.items()
    data = record(0, b"x", kind="warcinfo") + record(
        4, "பொங்கல்\nவாழ்த்து".encode(), kind="conversion", more=more
    )
    assert load(data, "a.warc.wet", "wet")[0] == {"landed": 1, "warcinfo records": 1}
    assert rows(tmp_path, "url, content_type, decode(body)") == [
        ("https://x.example/4", "text/plain; charset=utf-8", "பொங்கல்\nவாழ்த்து")
    ]
    assert "run aadhan import wet" in load(record(0, b"x", kind="conversion"), "b.warc")[1]
    assert load(data + data[:-20], "c.wet", "wet")[0]["landed as truncated"] == 1


EXPECTED = {
    "common_crawl/whirlwind.warc": (1, ""),
    "common_crawl/whirlwind.warc.gz": (1, ""),
    "common_crawl/whirlwind.warc.wat": (0, "no usable record"),
    "common_crawl/whirlwind.warc.wat.gz": (0, "no usable record"),
    "common_crawl/CC-MAIN-2024-22.warc.paths.gz": (0, "is no WARC file"),
    "warcio/test/data/bad.arc": (0, "is an ARC file"),
    "warcio/test/data/example.arc": (0, "is an ARC file"),
    "warcio/test/data/example.arc.gz": (0, "is an ARC file"),
    "warcio/test/data/example-space-in-url.arc": (0, "is an ARC file"),
    "warcio/test/data/example.warc": (1, ""),
    "warcio/test/data/example.warc.gz": (1, ""),
    "warcio/test/data/example-bad-non-chunked.warc.gz": (1, ""),
    "warcio/test/data/example-bad.warc.gz.bad": (2, ""),
    "warcio/test/data/example-digest.warc": (0, "4 request records"),
    "warcio/test/data/example-iana.org-chunked.warc": (1, ""),
    "warcio/test/data/example-resource.warc.gz": (1, ""),
    "warcio/test/data/example-space-in-target-uri.warc.gz": (0, "1 media without text"),
    "warcio/test/data/example-trunc.warc": (1, "at byte 1197 (invalid warc header); read on at"),
    "warcio/test/data/example-wget-bad-target-uri.warc.gz": (3, ""),
    "warcio/test/data/example-wrong-chunks.warc.gz": (1, ""),
    "warcio/test/data/post-test.warc.gz": (3, ""),
}


@pytest.mark.real
@pytest.mark.skipif(not (REAL / "warc").exists(), reason="no real material beside the checkout")
@pytest.mark.parametrize("name", EXPECTED)
def test_real_archives_land_or_are_refused_with_their_reason(tmp_path, name):
    landed, says = EXPECTED[name]
    counts, error = Counter(), ""
    try:
        import_path("warc", REAL / "warc" / name, tmp_path / "lake", source="x", counts=counts)
    except SourceError as refused:
        error = str(refused)
    assert counts["landed"] == landed and says in error and bool(says) == bool(error)
    if landed:
        for body, kind in rows(tmp_path, "body, content_type"):
            assert not body.startswith((b"\x1f\x8b", b"HTTP/")), kind
